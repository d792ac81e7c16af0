#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long cordon snapshot takes, by this machine's own kernel and one of its
processors, in a network namespace made for it:

    tests/bench/snapshot.py BUILD-DIRECTORY

snapshot.seconds        1,000 ports of a bridge and 100,000 rules of nftables
snapshot.mib            the most memory it needed for that
snapshot.read.seconds   reading and verifying the file
snapshot.small.seconds  10 ports and 1,000 rules, for orientation

Needs root and a kernel with veth, bridge and nftables; without, it
fails. Times are processor time, in the program and in the kernel for it, the
shortest of three: others may use the machine.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

PORTS, RULES = 1000, 100


def links(n):
    yield "link add br0 type bridge"
    for i in range(0, n, 2):
        yield "link add p%d type veth peer name p%d" % (i, i + 1)
        yield "link set p%d master br0 up" % i
        yield "link set p%d master br0 up" % (i + 1)


def rules(n):
    yield "table bridge t {"
    for i in range(n):
        yield "chain c%d {" % i
        for j in range(RULES):
            yield ("ether saddr 00:16:3e:00:%02x:%02x ip saddr 10.%d.%d.%d "
                   "tcp dport %d counter accept"
                   % (i >> 8, i & 255, i >> 8, i & 255, j, 1000 + j))
        yield "}"
    yield "}"


def feed(command, lines):
    subprocess.run(command, input="\n".join(lines) + "\n", text=True,
                   check=True, stdout=subprocess.DEVNULL)


def run(*words):
    """The least of three: seconds of processor time, MiB of memory."""
    best = None
    for _ in range(3):
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, words
        took = (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        best = took if best is None else min(best, took)
    return best


def figure(name, value, unit, budget=None):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit,
                      "budget": budget}), flush=True)


def check(path, n):
    """That it is all there."""
    with open(path, encoding="utf-8") as f:
        parts = {p["name"]: p for p in json.load(f)["parts"]}
    size = len(parts["nft.rule"]["data"]) * 3 // 4
    assert size > n * RULES * 400, size
    assert len(parts["link"]["data"]) > n * 1000


def measure(cordon, n, budget, path):
    feed(["ip", "-batch", "-"], links(n))
    feed(["nft", "-f", "-"], rules(n))
    took, mib = run(cordon, "snapshot", path)
    check(path, n)
    if budget is None:
        figure("snapshot.small.seconds", took, "s, %d rules" % (n * RULES))
        return
    figure("snapshot.seconds", took, "s, %d rules" % (n * RULES), budget)
    figure("snapshot.mib", mib, "MiB")
    took, _ = run(cordon, "snapshot", "--verify", path)
    figure("snapshot.read.seconds", took, "s")


def main():
    if len(sys.argv) == 2:
        # Once for each size, in a namespace of its own.
        for n in (10, PORTS):
            done = subprocess.run(
                ["unshare", "-n", sys.executable, __file__, sys.argv[1],
                 str(n)], check=False)
            if done.returncode:
                return done.returncode
        return 0
    cordon = str(pathlib.Path(sys.argv[1]).resolve() / "cordon")
    n = int(sys.argv[2])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        measure(cordon, n, 2 if n == PORTS else None, folder + "/snapshot")
    return 0


if __name__ == "__main__":
    sys.exit(main())
