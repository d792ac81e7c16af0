# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts QEMU, passes the guest's output on and keeps the time limit.

The processor is always emulated (TCG).  The guest's command writes to a
virtio port that is QEMU's standard output; its report and its console go to
files.  With 'icount' the guest's clock counts instructions, so that a time
measured inside is the same on every host.
"""

import contextlib
import fcntl
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time


class MachineError(Exception):
    pass


def program():
    path = shutil.which("qemu-system-x86_64")
    if not path:
        raise MachineError("there is no qemu-system-x86_64; "
                           "install qemu-system-x86")
    return path


def share(tag, path, writable):
    """Options for a directory of the host as 9p share 'tag'."""
    quoted = path.replace(",", ",,")
    return ["-fsdev", "local,id=%s,path=%s,security_model=none,"
            "multidevs=remap%s" % (tag, quoted,
                                   "" if writable else ",readonly=on"),
            "-device", "virtio-9p-pci,fsdev=%s,mount_tag=%s" % (tag, tag)]


def port(name, chardev, options):
    """Options for the virtio port cordon.'name'."""
    return ["-chardev", "%s,id=%s%s" % (chardev, name, options),
            "-device", "virtserialport,chardev=%s,name=cordon.%s"
            % (name, name)]


def common(smp, memory, icount, real_idle=False):
    options = [program(), "-nographic", "-no-user-config", "-nodefaults",
               "-no-reboot", "-net", "none", "-monitor", "none",
               "-smp", str(smp), "-m", str(memory)]
    if icount:
        options += ["-accel", "tcg,thread=single",
                    "-icount",
                    "shift=0,sleep=" + ("on" if real_idle else "off")]
    else:
        options += ["-accel", "tcg,thread=multi"]
    return options


@contextlib.contextmanager
def slot(directory):
    """One of as many places as there are processors: emulated machines that
    share a processor run into their time limits."""
    files = []
    try:
        while True:
            for i in range(1 + os.cpu_count()):
                f = open(os.path.join(directory, "slot-%d" % i), "w")
                files.append(f)
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield
                    return
            while files:
                files.pop().close()
            time.sleep(0.2)
    finally:
        for f in files:
            f.close()


class Run:
    """One run of QEMU: start(), then wait()."""

    def __init__(self, options, timeout, output=None):
        self.options = options
        self.timeout = timeout
        self.timed_out = False
        self.output = output or sys.stdout.buffer
        self._process = None

    def start(self):
        # Nothing is ever written to the input, but its end would close the
        # virtio port.
        self._process = subprocess.Popen(
            self.options, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)

    def wait(self):
        """Pass output on until QEMU ends; its exit status."""
        deadline = time.monotonic() + self.timeout
        pipe = self._process.stdout
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(pipe, selectors.EVENT_READ)
                while True:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        self.timed_out = True
                        break
                    if not selector.select(left):
                        continue
                    data = os.read(pipe.fileno(), 65536)
                    if not data:
                        break
                    self.output.write(data)
                    self.output.flush()
            if self.timed_out:
                self._process.kill()
            return self._process.wait(30)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise


def stop_on_sigterm():
    """Make SIGTERM unwind like an interrupt, so that QEMU is ended."""
    def handler(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, handler)
