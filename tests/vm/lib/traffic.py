# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic, made and counted by tools/traffic.c."""

import json
import pathlib
import shutil
import signal
import subprocess

from netns import inside
from shell import quiesce, sh, until

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"


def tool(name, source, *flags):
    """A program of tools/, built beforehand by `make check-vm` or now."""
    built = shutil.which(name, path="/cordon/bin:/tmp")
    if built:
        return built
    sh(["gcc", "-O1", "-D_GNU_SOURCE", *flags, "-o", "/tmp/" + name,
        str(TOOLS / source)])
    return "/tmp/" + name


class _Traffic:
    """One process of traffic.c. Senders have a lower priority: guests have
    processors of their own."""

    def __init__(self, ns, *words, stdin=None):
        nice = ["nice", "-n", "5"] if stdin else []
        with inside(ns):
            self.process = subprocess.Popen(
                [*nice, tool("traffic", "traffic.c", "-static"), *words],
                text=True,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE)
        if stdin:
            self.process.stdin.write(stdin)
            self.process.stdin.close()
        assert self.process.stdout.readline() == "ready\n"

    def report(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self):
        """Ends it; its last report."""
        if self.process.poll() is not None:
            return None
        self.process.terminate()
        line = self.process.stdout.readline()
        self.process.wait(10)
        self.process.stdout.close()
        return json.loads(line)


class Sender(_Traffic):
    """Sends frames in turn until it is stopped."""

    def __init__(self, link, frames, ns=None, usec=0, tap=False):
        super().__init__(ns, "tap" if tap else "send", link, str(usec),
                         stdin="".join(f.hex() + "\n" for f in frames))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def wait_sent(self, more, stream=None):
        """Wait until that many more were taken by the kernel."""
        def sent():
            got = self.report()
            return got["streams"].get(stream, 0) if stream else got["sent"]
        start = sent()
        until(lambda: sent() >= start + more, "%d frames sent" % more, 60,
              every=0.05)


class Watcher(_Traffic):
    """Counts what arrives on a link from the moment that it is made."""

    def __init__(self, link, ns=None, promiscuous=True):
        super().__init__(ns, "watch", link, *([] if promiscuous
                                              else ["host"]))


class Seen:
    """What watchers of several places have seen, at one moment."""

    def __init__(self, reports):
        self.reports = reports
        for place, report in reports.items():
            assert not report["overrun"], "%s: the test itself lost frames" \
                % place

    def rows(self, stream=None, place=None):
        return [dict(row, place=p) for p, report in self.reports.items()
                for row in report["streams"]
                if (stream is None or row["stream"] in stream)
                and (place is None or p == place)]

    def got(self, stream, place=None):
        return sum(row["got"] for row in self.rows(stream, place))

    def missing(self, stream, place):
        return sum(row["missing"] for row in self.rows(stream, place))

    def others(self):
        return {p: report["other"] for p, report in self.reports.items()
                if report["others"]}


class Watch:
    """Watchers at every guest, on the trunk and on the bridge device."""

    def __init__(self, places):
        self.watchers = {p: Watcher(link, ns, promiscuous)
                         for p, (link, ns, promiscuous) in places.items()}
        self.sent = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for watcher in self.watchers.values():
            watcher.stop()

    def seen_after(self, senders):
        """Stops the senders; what was seen once all of it has arrived. What
        was sent is in 'sent', by stream."""
        self.sent = {}
        for sender in senders:
            for stream, n in sender.stop()["streams"].items():
                self.sent[stream] = self.sent.get(stream, 0) + n
        return self.seen()

    def seen(self):
        quiesce()
        return Seen({p: w.report() for p, w in self.watchers.items()})
