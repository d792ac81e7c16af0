#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What judging running connections costs the agent; runs in the test VM as
root.

A hundred ports, each in a group of 100 rules that name another group, and
100,000 connections between them.

connections.judge.ms       CPU time of cordond, the kernel's for its requests
                           included, to read them all and judge each, when
                           none has to be marked
connections.cut.ms         the same when the rules come to allow none of them,
                           so that all are marked
connections.idle.ms        a second in which nothing changes
"""

import json
import os
import socket
import struct
import subprocess
import sys
import time

CONNECTIONS = int(os.environ.get("CONNECTIONS", "100000"))
PORTS = 100
RULES = 100
VLAN = 110
TRIES = 3
RUN = "/run/bench"
POLICY = RUN + "/policy.yaml"
CONTROL = RUN + "/ctl"


def sh(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def address(i):
    return "10.0.0.%d" % (i + 1)


def write_policy(allowed):
    """All ports are in group "web", whose last rule allows what there is."""
    rules = [{"allow": "tcp", "ports": [i + 1], "from": "group:web"}
             for i in range(RULES - 1)]
    rules.append({"allow": "udp", "ports": [9 if allowed else 10],
                  "from": "group:web"})
    guests = {"g%d" % i: {"interfaces": [{
        "mac": "02:00:00:00:00:%02x" % i, "addresses": [address(i)],
        "network": "net", "groups": ["web"], "device": "d%d" % i}]}
        for i in range(PORTS)}
    doc = {"version": 1, "host": {"uplink": "up0"}, "tenants": {"acme": {
        "networks": {"net": {"vlan": VLAN, "subnets": ["10.0.0.0/24"]}},
        "groups": {"web": {"ingress": rules}}, "guests": guests}}}
    with open(POLICY, "w", encoding="ascii") as f:
        json.dump(doc, f)


def attr(kind, data):
    size = 4 + len(data)
    return struct.pack("HH", size, kind) + data + bytes(-size % 4)


def nested(kind, *parts):
    return attr(kind | 0x8000, b"".join(parts))


def entry(number):
    """A request for connection 'number' (linux/netfilter/
    nfnetlink_conntrack.h)."""
    pair = number % (PORTS * (PORTS - 1))
    source, target = divmod(pair, PORTS - 1)
    target += target >= source
    src, dst = (socket.inet_aton(address(x)) for x in (source, target))
    port = struct.pack("!H", 1000 + number // (PORTS * (PORTS - 1)))
    service = struct.pack("!H", 9)

    def tuple_(kind, a, b, a_port, b_port):
        return nested(kind, nested(1, attr(1, a), attr(2, b)),
                      nested(2, attr(1, b"\x11"), attr(2, a_port),
                             attr(3, b_port)))
    body = (struct.pack("BBH", socket.AF_INET, 0, 0)
            + tuple_(1, src, dst, port, service)
            + tuple_(2, dst, src, service, port)
            + attr(3, struct.pack("!I", 0x2 | 0x8))      # Seen, confirmed.
            + attr(7, struct.pack("!I", 3600))
            + attr(18, struct.pack("!H", VLAN)))
    return struct.pack("IHHII", 16 + len(body), 1 << 8, 0x401, number, 0) + body


def fill():
    """Puts all connections into the kernel's table."""
    with open("/proc/sys/net/netfilter/nf_conntrack_max", "w") as f:
        f.write("%d" % (2 * CONNECTIONS))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        for first in range(0, CONNECTIONS, 200):
            s.send(b"".join(entry(i) for i in range(
                first, min(first + 200, CONNECTIONS))))
            s.setblocking(False)
            try:
                sys.exit("refused: %r" % s.recv(4096))
            except BlockingIOError:
                pass
    count = int(open("/proc/sys/net/netfilter/nf_conntrack_count").read())
    if count < CONNECTIONS:
        sys.exit("%d connections" % count)


def busy():
    """CPU time of cordond so far, in ms."""
    pid = int(open(RUN + "/pid").read())
    return int(open("/proc/%d/schedstat" % pid).read().split()[0]) / 1e6


def blocked():
    shown = json.loads(sh("cordon", "--control", CONTROL, "--json", "show",
                          "port", "acme/g0/0"))
    if shown["connections"] < CONNECTIONS // PORTS:
        sys.exit("not all connections are seen: %r" % shown)
    return shown["connections_blocked"] / shown["connections"]


def apply(allowed):
    """CPU time of a policy's coming into force, and of the second judging."""
    before = busy()
    write_policy(allowed)
    sh("cordon", "--control", CONTROL, "apply", "--timeout", "600", POLICY)
    first = busy() - before
    time.sleep(3)
    return first, busy() - before - first


def idle():
    before, begin = busy(), time.monotonic()
    time.sleep(5)
    return (busy() - before) / (time.monotonic() - begin)


def figure(name, value, unit, budget=None):
    print(json.dumps({"name": "connections." + name, "value": value,
                      "unit": unit, "budget": budget}), flush=True)


def main():
    os.makedirs(RUN, exist_ok=True)
    for module in ("nft_ct", "nf_conntrack_bridge", "nft_connlimit"):
        sh("modprobe", module)
    for name in ["up0"] + ["d%d" % i for i in range(PORTS)]:
        subprocess.run(["ip", "link", "del", name], check=False,
                       stderr=subprocess.DEVNULL)
        sh("ip", "link", "add", name, "type", "dummy")
    write_policy(True)
    subprocess.run(
        ["cordond", "--no-xen", "--policy=" + POLICY, "--control=" + CONTROL,
         "--pidfile=" + RUN + "/pid", "--state-dir=" + RUN + "/state",
         "--detach", "--log-file=" + RUN + "/log"], check=True,
        stdout=subprocess.DEVNULL)
    apply(True)
    empty = min(apply(True)[0] for _ in range(TRIES))
    fill()
    judged = [apply(True)[0] - empty for _ in range(TRIES)]
    if blocked():
        sys.exit("a connection is cut that is allowed")
    cut = apply(False)[0] - empty
    if blocked() != 1:
        sys.exit("not all connections are cut")
    figure("judge.ms", min(judged), "CPU ms, 100,000")
    figure("cut.ms", cut, "CPU ms, 100,000")
    figure("idle.ms", idle(), "CPU ms in a second")


if __name__ == "__main__":
    main()
