# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants do not meet in conntrack: equal flows and fragments of two, and what
one may have there, of fragments and connections."""

import contextlib
import socket
import struct

from groupbed import (REMOTE, WEB, connections, connects,
                      conntrack_flush, drops, grouped, hears, inject, listening,
                      net, packet, tcp_socket, udp_socket)
from frames import IP, MAC, VLAN
from lab import DEVICE
from netns import inside
from shell import sh, until


def twins(net):
    """A policy in which B has A's address, and rules of its own."""
    doc = grouped(net.doc)
    globex = doc["tenants"]["globex"]
    globex["groups"] = {"web": {"ingress": WEB["ingress"][2:]}}
    keys = globex["guests"]["b"]["interfaces"][0]
    keys.update(addresses=[IP["A"]], groups=["web"])
    net.agent.reload(doc)
    net.agent.settled(10)
    sh("ip addr flush dev eth0", ns="gB")
    sh("ip addr add %s/24 dev eth0" % IP["A"], ns="gB")
    for name, tenant in (("A", "acme"), ("B", "globex")):
        sh("ip neigh replace 10.0.0.70 lladdr 02:00:00:00:00:77 dev eth0",
           ns="g" + name)


def bound(name, port):
    with inside("g" + name):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((IP["A"], port))
    return s


def test_equal_tuples(net):
    """Two tenants, one address, one flow: the answer to the one's question is
    none to the other's, and both are answered at once when both have
    asked."""
    twins(net)
    answer = packet("10.0.0.70", IP["A"], b"answer", ports=(4001, 4000))
    # The bridge knows where they are.
    for name in "AB":
        inject(VLAN[name], name, packet("10.0.0.70", IP["A"], b"",
                                        ports=(4001, 53)))
    def tracked(name):
        return any("sport=4000 dport=4001" in e
                   and "zone=%d" % VLAN[name] in e.split()
                   for e in connections())

    with bound("A", 4000) as a, bound("B", 4000) as b:
        a.sendto(b"question", ("10.0.0.70", 4001))
        until(lambda: tracked("A"), "A's question is tracked", 5)
        inject(VLAN["B"], "B", answer)
        assert hears(b) is None
        inject(VLAN["A"], "A", answer)
        assert hears(a) == b"answer", (connections(),
                                       net.agent.cordon("show", "drops"))
        assert not tracked("B")
        b.sendto(b"question", ("10.0.0.70", 4001))
        until(lambda: tracked("B"), "B's question is tracked", 5)
        for vlan, name, s in ((VLAN["B"], "B", b), (VLAN["A"], "A", a)):
            inject(vlan, name, answer)
            assert hears(s) == b"answer"
        zones = [e for e in connections() if "sport=4000 dport=4001" in e]
        assert sorted(z for e in zones for z in e.split() if "zone" in z) == [
            "zone=%d" % VLAN["A"], "zone=%d" % VLAN["B"]]


def pieces(ident, text):
    """A datagram to port 53 in two fragments."""
    whole = struct.pack("!HHHH", 4001, 53, 8 + len(text), 0) + text
    return (packet("10.0.0.70", IP["A"], whole[:24], ident=ident, frag=0x2000),
            packet("10.0.0.70", IP["A"], whole[24:], ident=ident, frag=3))


def test_fragments_of_two_tenants(net):
    """Fragments of one identification are not put together across tenants."""
    twins(net)
    first, last = pieces(77, b"a" * 40)
    other, end = pieces(77, b"b" * 40)
    with bound("A", 53) as a, bound("B", 53) as b:
        inject(VLAN["A"], "A", first)
        inject(VLAN["B"], "B", end)
        assert hears(a) is None and hears(b) is None
        inject(VLAN["A"], "A", last)
        assert hears(a) == b"a" * 40
        inject(VLAN["B"], "B", other)
        assert hears(b) == b"b" * 40


def test_fragments(net):
    """What is longer than a frame passes if its port may, and not else."""
    text = bytes(range(256)) * 16
    for port, allowed in ((53, True), (54, False)):
        with udp_socket("A", port) as a, udp_socket("P") as p:
            p.sendto(text, (IP["A"], port))
            a.settimeout(1)
            try:
                assert a.recv(8000) == text and allowed
            except OSError:
                assert not allowed
    with udp_socket("A") as a, udp_socket("R", 4001) as r:
        a.sendto(text, (REMOTE["acme"], 4001))
        assert r.recv(8000) == text


def test_fragment_rate(net):
    """A port may send so many fragments and no more; others theirs."""
    first, _ = pieces(1, b"x" * 40)
    frame = (MAC["A"] + MAC["P"] + b"\x08\x00"
             + packet(IP["P"], IP["A"], first[20:], ident=9, frag=0x2000))
    with net.watch():
        load = net.send("P", [frame + bytes(60 - len(frame))], 0)
        load.wait_sent(6000)
        load.stop()
    assert drops(net, DEVICE["P"], "fragment-rate") > 0
    assert drops(net, DEVICE["A"], "fragment-rate") == 0
    text = bytes(3000)
    with udp_socket("A") as a, udp_socket("R", 4001) as r:
        a.sendto(text, (REMOTE["acme"], 4001))
        assert r.recv(8000) == text


def test_max_connections(net):
    """As many as the interface may have, and those of others."""
    net.agent.reload(grouped(net.doc, max_connections=5))
    net.agent.settled(10)
    conntrack_flush()
    with listening("A", 80), contextlib.ExitStack() as held:
        sockets = [held.enter_context(tcp_socket("R", 0.5)) for _ in range(9)]
        for s in sockets:
            with contextlib.suppress(OSError):
                s.connect((IP["A"], 80))
        assert len([s for s in sockets if peer_of(s)]) == 5
        # They take nothing of what A may open; P has its own.
        assert connects("A", "R", 22)
        assert connects("P", "R", 22)
    assert drops(net, DEVICE["A"], "connections") > 0
    until(lambda: connects("R", "A", 80, timeout=0.5), "they are over", 5)
    conntrack_flush()
    with listening("R", 22), contextlib.ExitStack() as held:
        sockets = [held.enter_context(tcp_socket("A", 0.5)) for _ in range(9)]
        for s in sockets:
            with contextlib.suppress(OSError):
                s.connect((REMOTE["acme"], 22))
        assert len([s for s in sockets if peer_of(s)]) == 5
        # Nor do those that A has opened keep others from it.
        assert connects("R", "A", 80)


def peer_of(s):
    try:
        return s.getpeername()
    except OSError:
        return None
