#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel module costs a frame; runs in the test VM, whose clock
counts instructions, as root. See portsec.py for the method and the bridge.
Prints JSON lines:

guard.added           both hooks together, on a common frame; the worse of
                      IPv4 and IPv6
guard.flatness        a frame's whole time with 1,000 guarded ports / with 2
guard.vs_nft          what the nftables guard adds in this run / guard.added
guard.port_set.us     one port replaced, with 1,000 ports guarded
"""

import os
import sys
import time

import portsec
from portsec import (PORTS, RUN, address, address6, both, figure, guard, mac,
                     make_guest, make_others, sh)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../vm/lib"))

import guard as client   # noqa: E402
from guard import nest, number, prefix   # noqa: E402
from netns import ifindex   # noqa: E402

SEGMENT = 100
REPLACED = 200


def set_port(g, i):
    g.guest(ifindex("vif%d" % i), SEGMENT, mac(i), [address(i), address6(i)])


def set_ports(g, first, last):
    for i in range(first, last + 1):
        set_port(g, i)


def replace_time(g):
    """Virtual microseconds that the kernel takes to replace a port's rules:
    of the request's sending, with which it is done, the answer waiting."""
    total = 0
    index = ifindex("vif%d" % (PORTS // 2))
    for _ in range(REPLACED):
        request = g.message(client.CMD["PORT_SET"], b"".join(
            g.guest_attributes(index, SEGMENT, mac(PORTS // 2),
                               [address(PORTS // 2), address6(PORTS // 2)])))
        before = time.monotonic_ns()
        g.socket.send(request)
        total += time.monotonic_ns() - before
        g.answers()
    return total / REPLACED / 1000


def main():
    os.makedirs(RUN, exist_ok=True)
    for module in ("pktgen", "nf_tables", "nft_meta_bridge", "nft_limit"):
        sh("modprobe", module)
    sh("sysctl", "-qw",
       "net.core.netdev_max_backlog=%d" % (4 * portsec.FRAMES))
    for i in (1, 2):
        make_guest(i)

    # cordond's bridge, with the nftables guard alone, and with nothing.
    guard(2)
    for i in (1, 2):
        sh("tc", "qdisc", "del", "dev", "vif%d" % i, "clsact")
    nft = both()
    sh("nft", "flush", "ruleset")
    bare = both()

    client.load("adopt=1")
    g = client.Guard()
    g.host()
    g.segment(SEGMENT, portsec.VLAN,
              nest("SEGMENT_BROADCAST", prefix("10.0.255.255")))
    set_ports(g, 1, 2)
    few = both()
    make_others(PORTS)
    set_ports(g, 3, PORTS)
    many = both()
    assert number(g.ask("HOST_GET")["HOST_GUARDED"]) == PORTS
    stats = g.stats(ifindex("vif1")), g.stats(ifindex("vif2"))
    assert stats[0]["in", "pass"] and stats[1]["out", "pass"], stats

    added = {v: few[v] - bare[v] for v in bare}
    worst = max(added.values())
    figure("guard.added", worst, "virtual ns/frame", 500)
    figure("guard.flatness", max(many[v] / few[v] for v in few), "ratio",
           1.02)
    ratio = min((nft[v] - bare[v]) / added[v] for v in added)
    figure("guard.vs_nft", ratio, "times cheaper, at least 5")
    figure("guard.vs_nft.inverse", 1 / ratio, "of the nftables guard's cost",
           0.2)
    figure("guard.port_set.us", replace_time(g), "virtual us", 50)
    for v in added:
        figure("guard.added.ipv%d" % v, added[v], "virtual ns/frame")
        figure("guard.nft.ipv%d" % v, nft[v] - bare[v], "virtual ns/frame")


if __name__ == "__main__":
    main()
