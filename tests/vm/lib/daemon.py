# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends a long-running program, and keeps what it writes.

Logs go to /out, so that they are on the host after the run.
"""

import contextlib
import os
import re
import signal
import subprocess

from shell import argv_of, until


class Daemon:
    def __init__(self, name, command, ns=None, env=None, folder="/out"):
        self.name = name
        self.argv = argv_of(command, ns)
        self.env = dict(os.environ, **(env or {}))
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, name + ".log")
        self.process = None
        self._start_of_log = 0

    def start(self):
        """Start it; the log of an earlier run is kept before this one's."""
        with open(self.path, "ab") as log:
            self._start_of_log = log.tell()
            self.process = subprocess.Popen(
                self.argv, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        return self

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        """What it wrote since it was last started."""
        with open(self.path, "rb") as f:
            f.seek(self._start_of_log)
            return f.read().decode(errors="replace")

    def wait_log(self, pattern, timeout=30):
        """Wait until its log has a match of 'pattern'; the match."""
        def seen():
            match = re.search(pattern, self.log(), re.M)
            if not match and not self.alive():
                raise AssertionError(self._ended("while waiting for %r"
                                                 % pattern))
            return match
        return until(seen, "%s logs %r; its log:\n%s"
                     % (self.name, pattern, self.log()[-3000:]), timeout)

    def wait_ready(self, condition, what, timeout=30):
        """Wait until condition() is true; it must not end meanwhile."""
        def ready():
            value = condition()
            if not value and not self.alive():
                raise AssertionError(self._ended("before " + what))
            return value
        return until(ready, "%s: %s" % (self.name, what), timeout)

    def signal(self, number):
        self.process.send_signal(number)

    @contextlib.contextmanager
    def stopped(self):
        """It does nothing meanwhile: nothing is repaired."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9, and gone when this returns."""
        self.process.kill()
        return self.process.wait(30)

    def stop(self, timeout=30):
        """SIGTERM; its exit status, negative if a signal ended it."""
        if self.alive():
            self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(10)
            raise AssertionError(self._ended("only by SIGABRT")) from None

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, *error):
        if self.alive():
            self.stop()

    def _ended(self, when):
        return "%s ended (%s) %s; its log:\n%s" % (
            self.name, self.process.returncode, when, self.log()[-4000:])
