# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's side of the conversation with a guest over its Xen console.

tests/xen/guest/init is the other side.  xenconsoled gives the console as a
terminal named in xenstore.  One command runs at a time.
"""

import os
import re
import select
import termios
import threading
import time
import tty

from shell import sh, until


class ConsoleError(Exception):
    pass


class Console:
    def __init__(self, name, domid):
        self.name = name
        self.text = ""
        self._position = 0
        self._number = 0
        self._lock = threading.Lock()
        path = until(
            lambda: sh(["xenstore-read",
                        "/local/domain/%d/console/tty" % domid],
                       check=False)[1].strip()
            if sh(["xenstore-exists",
                   "/local/domain/%d/console/tty" % domid],
                  check=False)[0] == 0 else "",
            "console of " + name)
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd, termios.TCSANOW)

    def wait_ready(self, timeout):
        """Wait until the guest takes commands.

        What it wrote before the console was opened is gone, its first words
        perhaps among it; so it is asked until it answers."""
        end = time.monotonic() + timeout
        while True:
            try:
                return self.run("true", min(2, timeout))
            except ConsoleError:
                if time.monotonic() > end:
                    raise

    def run(self, command, timeout=60):
        """(exit code, output) of a shell command line in the guest."""
        if "\n" in command:
            raise ValueError("a command is one line")
        with self._lock:
            self._number += 1
            self._write("%d %s\n" % (self._number, command))
            pattern = re.compile(
                r"@@%d begin\r?\n(.*?)\r?\n?@@%d end (\d+)\r?\n"
                % (self._number, self._number), re.S)
            match = self._wait(pattern, timeout)
        if not match:
            raise ConsoleError("%s: no answer within %g s to %r; it wrote:\n%s"
                               % (self.name, timeout, command[:200],
                                  self.text[-3000:]))
        output = match.group(1).replace("\r\n", "\n")
        return int(match.group(2)), output

    def close(self):
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _wait(self, pattern, timeout):
        end = time.monotonic() + timeout
        while True:
            match = pattern.search(self.text, self._position)
            if match:
                self._position = match.end()
                return match
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                return None

    def _read(self, timeout):
        if not select.select([self._fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return True
        except OSError as e:
            raise ConsoleError("%s: the console is gone (%s); it wrote:\n%s"
                               % (self.name, e, self.text[-3000:])) from e
        self.text += data.decode(errors="replace")
        return bool(data)

    def _write(self, text):
        data = text.encode()
        while data:
            # Reading meanwhile keeps the two from waiting for each other.
            readable, writable, _ = select.select([self._fd], [self._fd], [],
                                                  30)
            if readable:
                self._read(0)
            if writable:
                data = data[os.write(self._fd, data[:512]):]
            elif not readable:
                raise ConsoleError("%s: the console takes nothing"
                                   % self.name)
