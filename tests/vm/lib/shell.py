# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs, in a network namespace if asked, and waits for conditions.

Used inside the test machines only.  A program that fails raises with its
command line and everything it wrote, which is all a failed test needs.
"""

import os
import shlex
import subprocess
import time


class CommandError(Exception):
    def __init__(self, argv, code, output):
        super().__init__("%s: exit %d\n%s" % (shlex.join(argv), code, output))
        self.code = code
        self.output = output

# These need nothing of a namespace but the namespace; the rest gets its
# /sys too, by "ip netns exec".
_PLAIN = {"ip", "bridge", "tc", "nft", "ethtool", "ping", "busybox",
          "sysctl"}


def argv_of(command, ns=None):
    argv = shlex.split(command) if isinstance(command, str) else list(command)
    if ns is not None:
        argv = ["ip", "netns", "exec", str(ns)] + argv
    return argv


def sh(command, ns=None, check=True, stdin=None, timeout=120):
    """Run a command line or a list of words; what it wrote, as text.

    With check false, (exit code, text) instead of raising."""
    from netns import inside
    argv = argv_of(command)
    if argv[0] not in _PLAIN:
        argv, ns = argv_of(argv, ns), None
    with inside(ns):
        done = subprocess.run(
            argv, input=stdin, text=True, timeout=timeout, errors="replace",
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if not check:
        return done.returncode, done.stdout
    if done.returncode:
        raise CommandError(argv, done.returncode, done.stdout)
    return done.stdout


def line(command, check=True):
    """Run a line of the shell's language; what it wrote."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True,
                          check=False)
    if check and done.returncode:
        raise CommandError(["sh", "-c", command], done.returncode,
                           done.stdout + done.stderr)
    return done.stdout


def sysctl(name, value=None, ns=None):
    """Read a sysctl, or write it; "net.ipv4.ip_forward"."""
    path = "/proc/sys/" + name.replace(".", "/")
    return write_or_read(path, value, ns)


def write_or_read(path, value=None, ns=None):
    from netns import inside
    with inside(ns):
        if value is None:
            with open(path) as f:
                return f.read().strip()
        with open(path, "w") as f:
            f.write(str(value))
        return None


def until(condition, what, timeout=20, every=0.01):
    """Wait until condition() is true; its value.

    The wait is only as long as needed; running out of time is a failure
    that names 'what' and the last value seen."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError("not within %g s: %s (last: %r)"
                                 % (timeout, what, value))
        time.sleep(every)


def quiesce():
    """Wait until no frame is left in a per-processor receive queue.

    After it, a frame sent before has been delivered or dropped: on veth and
    bridge nothing else holds frames back."""
    idle = 0

    def empty():
        nonlocal idle
        os.sched_yield()
        with open("/proc/net/softnet_stat") as f:
            # Field 11 is the length of the backlog queues.
            busy = any(int(line.split()[11], 16) for line in f)
        idle = 0 if busy else idle + 1
        return idle >= 3

    until(empty, "receive queues empty", every=0)
