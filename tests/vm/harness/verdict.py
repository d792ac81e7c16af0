# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a run: what the guest reported and what its kernel complained of.

A command's exit code counts only if the guest wrote it out itself, at the
end of a complete report.  A run whose kernel complained is a failure
whatever the command thinks of it.
"""

import re

# Exit codes of the harness itself, beside those of the command.
NO_REPORT = 125
TIME_OUT = 124
KERNEL = 123

# TAINT_OOT_MODULE and TAINT_UNSIGNED_MODULE: a module of our own.
TAINT_ALLOWED = 1 << 12 | 1 << 13

_COMPLAINTS = re.compile(
    r"WARNING:|BUG:|Oops:|Kernel panic|general protection fault"
    r"|kernel NULL pointer|unable to handle|double fault|stack guard page"
    r"|possible (circular|recursive|irq lock|deadlock)"
    r"|inconsistent lock state|suspicious RCU usage|held lock freed"
    r"|bad unlock balance|scheduling while atomic|sleeping function called"
    r"|detected stall|self-detected stall|soft lockup|hard LOCKUP"
    r"|blocked for more than|refcount_t:|unregister_netdevice: waiting"
    r"|use-after-free(?! debug)|list_(add|del) corruption|Out of memory|oom-kill"
    r"|Call Trace:|sysrq: Trigger a crash|segfault at|traps: ")

# The report is the kernel's log, then these two lines.
_REPORT = re.compile(r"(.*?)^taint (\d+)\nexit (\d+)\n\Z", re.M | re.S)


def parse_report(text):
    """(log, taint, exit code) of a complete report, else None."""
    match = _REPORT.match(text)
    if not match:
        return None
    return match.group(1), int(match.group(2)), int(match.group(3))


def complaints(log):
    """Lines of a kernel log that no run may have."""
    lines = []
    for line in log.splitlines():
        if _COMPLAINTS.search(line):
            # The first line of a console has the firmware's before it.
            line = line[max(line.find("[ "), 0):].strip()
            if line not in lines:
                lines.append(line)
    return lines


def judge(report, console, timed_out=None):
    """(exit code, lines that say why) of a run.

    'report' is the text the guest wrote, 'console' its serial console,
    'timed_out' the limit in seconds if that ended the run."""
    lines = []
    parsed = parse_report(report)
    log = parsed[0] if parsed else ""
    code = parsed[2] if parsed else NO_REPORT
    if timed_out is not None:
        lines.append("no end after %g s; the machine was stopped" % timed_out)
        code = TIME_OUT
    elif not parsed:
        lines.append("the machine ended without a complete report")
    seen = complaints(log)
    seen += [line for line in complaints(console) if line not in seen]
    for line in seen[:20]:
        lines.append("kernel: " + line)
    if len(seen) > 20:
        lines.append("kernel: and %d lines more" % (len(seen) - 20))
    if parsed and parsed[1] & ~TAINT_ALLOWED:
        seen.append("taint")
        lines.append("kernel: tainted, /proc/sys/kernel/tainted is %d"
                     % parsed[1])
    if seen and code == 0:
        code = KERNEL
    if not parsed:
        tail = console.splitlines()[-25:]
        lines.append("the console's last lines:" if tail
                     else "the console is empty")
        lines += ["  " + line for line in tail]
    return code, lines
