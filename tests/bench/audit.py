#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long cordon audit takes, by one of this machine's own processors, of
snapshots taken in a network namespace made for it: a bridge whose ports the
nftables guard guards, as tests/unit/guard_tool makes it of a policy, and 100
rules behind it for each port:

    tests/bench/audit.py BUILD-DIRECTORY [N FOLDER own|shared]

(with N: only makes policy.N and snapshot.N in the folder)

audit.10.seconds    of 10 ports; most of it is the lemma of their class
audit.100.seconds   of 100
audit.full.seconds  of 1,000 ports with 100 rules each
audit.full.mib      the most memory it needed for that
audit.port.ms       what one port more costs, of 1,000: what is left to do for
                    a port that has changed when the lemma of its class is
                    there

audit.shared.N.seconds  of N ports in one network that as many tenants as half
                    of them share, without rules behind the guard

The ports are proven isolated, or it fails. Reading the snapshot and the
policy is part of it. Needs root and a kernel with veth, bridge and nftables.
Times are processor time, in the program and in the kernel for it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

RULES = 100
SIZES = (10, 100, 1000)


def tenants(n):
    return max(n // 10, 2)


def mac(i):
    return f"02:00:00:00:{i >> 8:02x}:{i & 255:02x}"


def policy(n):
    count = tenants(n)
    yield "version: 1"
    yield "host: { underlay: [192.0.2.0/24, \"fd00:ffff::/64\"] }"
    yield "tenants:"
    for t in range(count):
        yield f"  t{t}:"
        yield (f"    networks: {{ net: {{ vlan: {100 + t}, subnets: "
               f"[10.{t}.0.0/16, \"fd00:{t:x}::/64\"] }} }}")
        yield "    guests:"
        for i in range(t, n, count):
            yield (f"      g{i}: {{ interfaces: [ {{ mac: \"{mac(i + 1)}\", "
                   f"addresses: [10.{t}.1.{1 + i // count}, "
                   f"\"fd00:{t:x}::{i + 1:x}\"], network: net, device: d{i} "
                   f"}} ] }}")


def shared_policy(n):
    count = max(n // 2, 2)
    yield "version: 1"
    yield "host: { underlay: [192.0.2.0/24, \"fd00:ffff::/64\"] }"
    yield "tenants:"
    yield "  provider:"
    yield ("    networks: { all: { vlan: 100, shared: true, subnets: "
           "[10.0.0.0/16, \"fd00:a::/64\"], gateways: [ { mac: "
           "\"02:ff:00:00:00:01\", addresses: [10.0.0.1] } ] } }")
    for t in range(count):
        yield f"  t{t}:"
        yield "    guests:"
        for i in range(t, n, count):
            yield (f"      g{i}: {{ interfaces: [ {{ mac: \"{mac(i + 1)}\", "
                   f"addresses: [10.0.{1 + i // 250}.{1 + i % 250}, "
                   f"\"fd00:a::{i + 1:x}\"], network: provider/all, "
                   f"device: d{i} }} ] }}")


def links(n):
    yield "link add br0 type bridge mcast_snooping 0"
    for i in range(n):
        yield f"link add d{i} type veth peer name p{i} netns guests"
        yield f"link set d{i} addrgenmode none up"


def ports(n):
    for i in range(n):
        yield f"link set d{i} master br0"
    yield "link set br0 addrgenmode none up"


def locked(n):
    for i in range(n):
        yield f"link set dev d{i} learning off locked on"
        yield f"fdb replace {mac(i + 1)} dev d{i} master static sticky"


def shut():
    """The host takes no frame of guests."""
    yield "table netdev shut {"
    yield "chain in {"
    yield "type filter hook ingress device br0 priority 0; policy drop"
    yield "}"
    yield "}"


def rules(n):
    """And rules of each port."""
    yield from shut()
    yield "table bridge t {"
    for i in range(n):
        yield f"chain c{i} {{"
        for j in range(RULES):
            yield (f"ip saddr 10.{i % tenants(n)}.{j}.0/24 "
                   f"tcp dport {1000 + j} accept")
        yield "drop"
        yield "}"
    yield "chain forward {"
    yield "type filter hook forward priority 0"
    yield "oifname vmap { " + ", ".join(f"d{i} : jump c{i}"
                                        for i in range(n)) + " }"
    yield "}"
    yield "}"


def sh(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def feed(command, lines):
    subprocess.run(command, input="\n".join(lines) + "\n", text=True,
                   check=True, stdout=subprocess.DEVNULL)


def run(*words):
    """Seconds of processor time, MiB of memory."""
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    result = json.loads(out)
    assert process.returncode == 0 and result["verdict"] == "isolated", words
    return (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
            len(result["ports"]))


def figure(name, value, unit, budget=None):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit,
                      "budget": budget}), flush=True)


def make(build, n, folder, shared):
    """A snapshot of 'n' ports."""
    sh("mount", "-t", "tmpfs", "none", "/run")
    os.mkdir("/run/netns")
    sh("ip", "netns", "add", "guests")
    feed(["ip", "-batch", "-"], links(n))
    feed(["ip", "-n", "guests", "-batch", "-"],
         (f"link set p{i} up" for i in range(n)))
    path = f"{folder}/policy.{n}"
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join((shared_policy if shared else policy)(n)) + "\n")
    sh(build + "/tests/unit/guard_tool", "-q", path)
    feed(["ip", "-batch", "-"], ports(n))
    feed(["bridge", "-batch", "-"], locked(n))
    feed(["nft", "-f", "-"], shut() if shared else rules(n))
    sh(build + "/cordon", "snapshot", f"{folder}/snapshot.{n}")


def measure_one(build, n, folder, kind):
    """What run() says of 'n' ports."""
    done = subprocess.run(["unshare", "-n", "-m", sys.executable, __file__,
                           build, str(n), folder, kind], check=False)
    assert done.returncode == 0
    seconds, mib, found = run(
        build + "/cordon", "--json", "audit", "--snapshot",
        f"{folder}/snapshot.{n}", "--policy", f"{folder}/policy.{n}")
    assert found == n
    return seconds, mib


def measure(build, folder):
    took = {}
    for n in SIZES:
        seconds, mib = measure_one(build, n, folder, "own")
        took[n] = seconds
        if n == SIZES[-1]:
            figure("audit.full.seconds", seconds, f"s, {n} ports", 20)
            figure("audit.full.mib", mib, "MiB", 1024)
        else:
            figure(f"audit.{n}.seconds", seconds, f"s, {n} ports")
    a, b = SIZES[-2:]
    figure("audit.port.ms", 1000 * (took[b] - took[a]) / (b - a),
           "ms for each port more", 50)
    for n in SIZES:
        seconds, _ = measure_one(build, n, folder, "shared")
        figure(f"audit.shared.{n}.seconds", seconds,
               f"s, {n} ports of {max(n // 2, 2)} tenants")


def main():
    build = str(pathlib.Path(sys.argv[1]).resolve())
    if len(sys.argv) > 2:
        make(build, int(sys.argv[2]), sys.argv[3], sys.argv[4] == "shared")
        return 0
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        measure(build, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
