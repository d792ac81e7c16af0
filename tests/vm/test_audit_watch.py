# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon audit --watch: what is broken by hand on a host that cordond has set
up is told, and that it is whole again; what changes nothing is not told.
"""

import json
import os
import re
import signal
import subprocess
import time

import test_agent as agent
from test_audit import MARK, first_rule, host, sh   # noqa: F401

SECONDS = 240       # Until a change is told: QEMU may be slow.


class Watch:
    def __init__(self, *words):
        self.log = open("/tmp/watch.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["cordon", "audit", "--watch", "--policy", agent.POLICY, *words],
            stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def text(self):
        with open("/tmp/watch.log", encoding="utf-8") as f:
            return f.read()

    def wait(self, condition):
        """How long it took until condition(text)."""
        begin = time.monotonic()
        while not condition(self.text()):
            assert self.process.poll() is None, self.text()
            assert time.monotonic() - begin < SECONDS, self.text()
            time.sleep(0.05)
        return time.monotonic() - begin

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(30)


def verdicts(text):
    """Of the lines that are not about what has gone or come."""
    return [line.rsplit(": ", 1)[1] for line in text.splitlines()
            if not line.startswith("  ")]


def test_leak_and_back(host):   # noqa: F811
    with Watch() as w:
        w.wait(lambda text: verdicts(text) == ["isolated"])
        # This changes much, and nothing that matters.
        sh("ip link add aside type dummy; ip link del aside; "
           "nft add table netdev aside; nft delete table netdev aside")
        sh("nft insert rule netdev cordon in meta mark set %s accept" % MARK)
        number = first_rule("in")
        try:
            took = w.wait(lambda text: "leak" in verdicts(text))
        finally:
            sh("nft delete rule netdev cordon in handle " + number)
        back = w.wait(lambda text: len(verdicts(text)) == 3)
        print("leak told after %.1f s, its end after %.1f s" % (took, back))
        text = w.text()
        assert verdicts(text) == ["isolated", "leak", "isolated"], text
        came = [line for line in text.splitlines() if line[:4] == "  + "]
        gone = [line for line in text.splitlines() if line[:4] == "  - "]
        assert any("leak: spoofed-ip: va" in line and "rule " + number in line
                   for line in came), text
        assert sorted(line[4:] for line in gone) == \
            sorted(line[4:] for line in came), text
        assert w.end(signal.SIGTERM) == 0


def dropped(process):
    """News that the kernel could not put into a process' sockets."""
    folder = "/proc/%d/fd/" % process
    inodes = {re.sub(r"\D", "", os.readlink(folder + fd))
              for fd in os.listdir(folder)}
    with open("/proc/net/netlink", encoding="ascii") as f:
        rows = [row.split() for row in f.readlines()[1:]]
    return sum(int(row[8]) for row in rows if row[9] in inodes)


def test_more_news_than_it_can_hold(host):      # noqa: F811
    with open("/tmp/many.nft", "w", encoding="ascii") as f:
        f.write("table netdev aside {\n chain c {\n%s }\n}\n"
                % ("  counter\n" * 10000))
    with Watch() as w:
        w.wait(lambda text: verdicts(text) == ["isolated"])
        w.process.send_signal(signal.SIGSTOP)
        assert dropped(w.process.pid) == 0
        sh("nft -f /tmp/many.nft; nft delete table netdev aside; "
           "nft insert rule netdev cordon in meta mark set %s accept" % MARK)
        number = first_rule("in")
        try:
            assert dropped(w.process.pid) > 0
            w.process.send_signal(signal.SIGCONT)
            w.wait(lambda text: verdicts(text) == ["isolated", "leak"])
        finally:
            sh("nft delete rule netdev cordon in handle " + number)
        w.wait(lambda text: verdicts(text) == ["isolated", "leak", "isolated"])


def test_ends_with_the_last_verdict(host):      # noqa: F811
    sh("nft insert rule netdev cordon in meta mark set %s accept" % MARK)
    number = first_rule("in")
    try:
        with Watch("--json", "--html", "/tmp/watch.html") as w:
            w.wait(lambda text: text.endswith("\n"))
            assert json.loads(w.text())["verdict"] == "leak"
            with open("/tmp/watch.html", encoding="utf-8") as f:
                assert "<span>leak</span>" in f.read()
            assert w.end(signal.SIGINT) == 1
    finally:
        sh("nft delete rule netdev cordon in handle " + number)


def test_not_of_a_snapshot():
    r = subprocess.run(["cordon", "audit", "--watch", "--snapshot", "/x"],
                       capture_output=True, text=True, check=False)
    assert r.returncode == 2 and "usage" in r.stderr, r
