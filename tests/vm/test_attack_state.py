# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests do to get past tenants' rules by what is remembered of
connections. A and P are acme's, on this host; whoever is behind the trunk is
with the one who attacks. Each attack has its twin: the same frames where rules
allow them. And each gets through once the rule that stops it is weakened."""

import contextlib
import socket
import struct

import pytest

from groupbed import (REMOTE, conntrack_flush, drops, grouped, inject, net,
                      packet)
from frames import IP, MAC, VLAN, mark, tagged
from lab import DEVICE, UPLINK
from shell import quiesce, sh, sysctl, until

ANY_IN = [{"allow": "any", "from": "any"}]
ANY_OUT = [{"allow": "any", "to": "any"}]
AWAY = bytes.fromhex("020000000050")    # Behind the trunk.
ICMP, UDP = 1, 17
IP6 = {"A": "fd00::a"}

HOW = pytest.mark.parametrize("how", ["attack", "twin", "weakened"])
PASSES = "meta mark set meta mark or 0x8000 accept"     # Judged.


def rules(net, a, p, **keys):
    """Sets the rules of A and of P: (ingress, egress) each."""
    groups = {name: {"ingress": ingress, "egress": egress}
              for name, (ingress, egress) in (("web", a), ("db", p))}
    net.agent.reload(grouped(net.doc, groups, **keys))
    net.agent.settled(10)
    conntrack_flush()
    # The bridge knows where they are behind the trunk.
    inject(VLAN["A"], "A", packet(REMOTE["acme"], IP["A"], b"",
                                  ports=(1, 1)), AWAY.hex())


def frame(src, dst, data):
    """An Ethernet frame of a guest's to a guest, or to a MAC."""
    data = MAC.get(dst, dst) + MAC[src] + b"\x08\x00" + data
    return data + bytes(max(0, 60 - len(data)))


def datagram(src, dst, ports, stream="x"):
    """An IPv4 packet of UDP with a stream's mark."""
    return packet(IP.get(src, src), IP.get(dst, dst), mark(stream) + bytes(6),
                  ports=ports)


def error(src, dst, inner, stream="x"):
    """A packet of ICMP: port unreachable, with a mark behind what it tells
    of."""
    data = (struct.pack("!BBHI", 3, 3, 0, 0) + inner[:28] + mark(stream)
            + bytes(6))
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    return packet(IP[src], IP[dst],
                  data[:2] + struct.pack("!H", ~total & 0xffff) + data[4:],
                  proto=ICMP)


def arrives(net, src, dst, data, to=None):
    """Whether a guest's frame reaches a place; 'to' is the guest, or MAC, that
    it is for."""
    with net.watch() as watch:
        load = net.send(src, [frame(src, to or dst, data)], 20000)
        load.wait_sent(3)
        return watch.seen_after([load]).got("x", dst) > 0


def entries():
    """What the kernel tracks in acme's segment."""
    listed = sh("conntrack -L -w %d" % VLAN["A"], check=False)[1]
    return [line for line in listed.splitlines() if "src=" in line]


@contextlib.contextmanager
def weakened(net, how, chain, rule):
    """With a rule ahead of a chain's, and without an agent that takes it out,
    if that is how it is."""
    if how != "weakened":
        yield
        return
    net.agent.daemon.stop()
    sh("nft insert rule bridge cordon %s %s" % (chain, rule))
    try:
        yield
    finally:
        net.agent.launch()
        net.agent.wait_open()
        net.agent.settled(10)


# One entry serves both ends.

@HOW
def test_answer_to_what_was_never_delivered(net, how):
    """A opens a connection to P, but not there. What P sends is no answer to
    anything; it is if A has sent it to P, whose rules allow that."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN if how == "twin" else [], []))
    question = datagram("A", "P", (4000, 4001))
    answer = datagram("P", "A", (4001, 4000))
    if how == "twin":
        assert arrives(net, "A", "P", question)
    else:
        assert arrives(net, "A", "uplink", question, to=AWAY)
    assert len([e for e in entries() if "sport=4000" in e]) == 1
    with weakened(net, how, "judge", "ct state established " + PASSES):
        assert arrives(net, "P", "A", answer) == (how != "attack")
        assert arrives(net, "A", "P", question) == (how != "attack")


@HOW
def test_answer_by_the_victim_alone(net, how):
    """The same, to get past A's ingress: what P may send does not come to A as
    an answer if A has sent nothing."""
    rules(net, ([], ANY_OUT if how == "twin" else []), (ANY_IN, ANY_OUT))
    question = datagram("A", "P", (4000, 4001))
    answer = datagram("P", "A", (4001, 4000))
    if how == "twin":
        assert arrives(net, "A", "P", question)
    else:           # By somebody with A's address.
        inject(VLAN["A"], "P", question, AWAY.hex())
        until(lambda: [e for e in entries() if "sport=4000" in e], "tracked")
    with weakened(net, how, "judge", "ct state established " + PASSES):
        assert arrives(net, "P", "A", answer) == (how != "attack")
        # Nor has A asked, who may not.
        assert arrives(net, "A", "P", question) == (how != "attack")


@HOW
def test_error_about_nothing(net, how):
    """An error of ICMP is related to what its receiver has a part in."""
    rules(net, (ANY_IN, ANY_OUT), ([], ANY_OUT))
    flow = datagram("P", "A", (4001, 4000))
    if how == "twin":
        assert arrives(net, "P", "A", flow)
    else:
        assert arrives(net, "A", "uplink", datagram("A", "P", (4000, 4001)),
                       to=AWAY)
    with weakened(net, how, "judge", "ct state related " + PASSES):
        assert arrives(net, "A", "P", error("A", "P", flow)) == \
            (how != "attack")


def test_marks_of_an_agent_before(net):
    """Connections of which nothing is noted go on, though rules would not
    allow them the other way round."""
    rules(net, ([], ANY_OUT), (ANY_IN, []))
    question = datagram("A", "P", (4000, 4001))
    answer = datagram("P", "A", (4001, 4000))
    assert arrives(net, "A", "P", question)
    assert arrives(net, "P", "A", answer)
    net.agent.daemon.stop()
    assert [e for e in entries() if "mark=6 " in e]
    sh("nft delete table bridge cordon")
    conntrack_flush()
    sh("conntrack -I -p udp -s %s -d %s --sport 4000 --dport 4001 -w %d"
       " -t 600 -u SEEN_REPLY" % (IP["A"], IP["P"], VLAN["A"]))
    assert entries() and not [e for e in entries() if "mark=6 " in e]
    net.agent.launch()
    net.agent.wait_open()
    net.agent.settled(10)
    assert [e for e in entries() if "mark=6 " in e]
    assert arrives(net, "P", "A", answer)
    # The twin: nobody has asked for this.
    assert not arrives(net, "P", "A", datagram("P", "A", (4002, 4000)))


@pytest.mark.parametrize("how", ["attack", "weakened"])
def test_no_zone(net, how):
    """What is tracked in no segment's zone does not count as established. The
    twin: it does in the zone."""
    rules(net, ([], ANY_OUT), (ANY_IN, []))
    question = datagram("A", "P", (4000, 4001))
    answer = datagram("P", "A", (4001, 4000))
    net.agent.daemon.stop()
    try:
        sh("nft flush chain bridge cordon track")
        if how == "weakened":
            sh("nft insert rule bridge cordon judge ct state established "
               + PASSES)
        assert arrives(net, "A", "P", question)
        assert arrives(net, "P", "A", answer) == (how == "weakened")
    finally:
        net.agent.launch()
        net.agent.wait_open()
        net.agent.settled(10)
    assert arrives(net, "A", "P", question)
    assert arrives(net, "P", "A", answer)


def change(net, a, p):
    """Other rules, while connections run."""
    groups = {name: {"ingress": ingress, "egress": egress}
              for name, (ingress, egress) in (("web", a), ("db", p))}
    net.agent.reload(grouped(net.doc, groups))


def test_the_other_way_round(net):
    """What is cut does not keep its other end from what that may open, though
    it is the same to the kernel: a little later, and not at once, or it would
    not have been cut. Where rules do not let that end, it stays cut."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    forth = {port: datagram("A", "P", (port, 500)) for port in (500, 501)}
    back = {port: datagram("P", "A", (500, port)) for port in (500, 501)}
    for port in (500, 501):
        assert arrives(net, "A", "P", forth[port])
        assert arrives(net, "P", "A", back[port])
    change(net, ([{"allow": "udp", "ports": [500], "from": "any"}], ANY_OUT),
           ([], ANY_OUT))
    for port in (500, 501):
        assert not arrives(net, "A", "P", forth[port])
        assert not arrives(net, "P", "A", back[port])
    until(lambda: arrives(net, "P", "A", back[500]), "the other way", 100)
    assert arrives(net, "A", "P", forth[500])
    assert not arrives(net, "P", "A", back[501])
    assert not arrives(net, "A", "P", forth[501])


@HOW
def test_never_answered(net, how):
    """Of a connection that both ends have agreed to, rules are not asked any
    more before it is answered, either: it is cut like others."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    question = datagram("A", "P", (4000, 4001))
    assert arrives(net, "A", "P", question)
    assert [e for e in entries() if "UNREPLIED" in e and "mark=6 " in e]
    change(net, (ANY_IN, ANY_OUT), (ANY_IN if how == "twin" else [], ANY_OUT))
    with weakened(net, how, "judge", "ct mark and 6 == 6 " + PASSES):
        assert arrives(net, "A", "P", question) == (how != "attack")
        kept, = [e for e in entries() if "sport=4000" in e]
        assert ("mark=6 " in kept) == (how == "twin")


@HOW
def test_what_looks_like_dhcp(net, how):
    """What a client of DHCP sends goes to all and to the gateway; to others,
    as rules say."""
    rules(net, ([], ANY_OUT if how == "twin" else []), (ANY_IN, ANY_OUT))
    text = bytes(28) + MAC["A"] + bytes(10) + mark("x") + bytes(6)
    asks = {to: packet(IP["A"], IP.get(to, to), text, ports=(68, 67))
            for to in ("P", "10.0.0.1", "255.255.255.255")}
    with weakened(net, how, "essential-ask4", "goto essential-dhcp"):
        assert arrives(net, "A", "P", asks["P"]) == (how != "attack")
        assert arrives(net, "A", "uplink", asks["10.0.0.1"], to="G")
        assert arrives(net, "A", "uplink", asks["255.255.255.255"],
                       to=b"\xff" * 6)


# What all share.

def test_room_for_all(net):
    """What conntrack holds is enough for all ports' connections."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT), max_connections=16384)
    most = int(sysctl("net.netfilter.nf_conntrack_max"))
    assert most >= 65536 + 2 * (16384 + 4096)
    assert int(sysctl("net.netfilter.nf_conntrack_buckets")) >= most // 8
    # Somebody lowers it; more than is needed is left.
    sysctl("net.netfilter.nf_conntrack_max", 1000)
    until(lambda: int(sysctl("net.netfilter.nf_conntrack_max")) > 65536,
          "raised", 40)
    sysctl("net.netfilter.nf_conntrack_max", 1000000)
    net.agent.settled(10)
    assert int(sysctl("net.netfilter.nf_conntrack_max")) == 1000000


def test_fragments_do_not_wait(net):
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    for name in ("net.ipv4.ipfrag_time",
                 "net.netfilter.nf_conntrack_frag6_timeout"):
        assert int(sysctl(name)) <= 3
    for name in ("net.ipv4.ipfrag_high_thresh",
                 "net.netfilter.nf_conntrack_frag6_high_thresh"):
        assert int(sysctl(name)) >= 2 * 4 << 20


def test_entries_go_with_the_port(net):
    """And those of others stay."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    assert arrives(net, "A", "uplink", datagram("A", REMOTE["acme"],
                                                (4000, 4001)), to=AWAY)
    assert arrives(net, "P", "uplink", datagram("P", REMOTE["acme"],
                                                (4002, 4001)), to=AWAY)
    assert len(entries()) >= 2
    net.agent.settled(10)
    net.unplug("P")
    until(lambda: not [e for e in entries() if "src=%s " % IP["P"] in e],
          "P's have gone", 20)
    assert [e for e in entries() if "sport=4000" in e]
    net.plug("P")
    net.agent.wait_open()


@pytest.mark.parametrize("how", ["attack", "twin"])
def test_entries_of_who_went_unseen(net, how):
    """Nor are they left to who has the address next if the port went while
    there was no agent. The twin: it stayed, and gets its answers."""
    rules(net, (ANY_IN, ANY_OUT), ([], ANY_OUT))
    answer = datagram(REMOTE["acme"], "P", (4001, 4000))
    assert arrives(net, "P", "uplink", datagram("P", REMOTE["acme"],
                                                (4000, 4001)), to=AWAY)
    inject(VLAN["A"], "P", answer, AWAY.hex())
    until(lambda: [e for e in entries() if "sport=4000" in e
                   and "mark=6 " in e and "UNREPLIED" not in e], "answered")
    net.agent.settled(10)
    net.agent.daemon.stop()
    if how == "attack":
        net.unplug("P")
        net.plug("P")
    net.agent.launch()
    net.agent.wait_open()
    with net.watch() as watch:
        inject(VLAN["A"], "P", answer, AWAY.hex())
        if how == "twin":
            until(lambda: watch.seen().got("x", "P"), "its answer")
        else:
            quiesce()
            assert not watch.seen().got("x", "P")


@pytest.mark.parametrize("how", ["attack", "weakened"])
def test_openings_are_limited(net, how):
    """A flood of connections costs its sender's alone."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT), max_connections=16384)
    before = drops(net, DEVICE["A"], "connections")
    flood = [frame("A", AWAY, datagram("A", REMOTE["acme"], (port, 9)))
             for port in range(10000, 10900)]
    with weakened(net, how, "opens", "return"):
        load = net.send("A", flood)
        load.wait_sent(len(flood))
        load.stop()
        if how == "weakened":
            until(lambda: len(entries()) >= len(flood), "all are tracked")
            return
    assert drops(net, DEVICE["A"], "connections") > before
    assert len(entries()) < len(flood)
    assert arrives(net, "P", "uplink", datagram("P", REMOTE["acme"],
                                                (4000, 4001)), to=AWAY)
    assert drops(net, DEVICE["P"], "connections") == 0


def fragment6(src, headers):
    """A first fragment of IPv6, without the others; options ahead of it if
    'headers'."""
    data = struct.pack("!BBHI", UDP, 0, 1, 77) + mark("x") + bytes(13)
    first = 44
    if headers:
        data, first = struct.pack("!BB", 44, 0) + bytes([1, 4, 0, 0, 0, 0]
                                                        ) + data, 60
    ends = b"".join(socket.inet_pton(socket.AF_INET6, a)
                    for a in (IP6[src], "fd00::50"))
    return (AWAY + MAC[src] + b"\x86\xdd"
            + struct.pack("!IHBB", 6 << 28, len(data), first, 64) + ends
            + data)


@pytest.mark.parametrize("headers, reason", [(False, "fragment-rate"),
                                             (True, "ext-header")],
                         ids=["plain", "options"])
def test_fragments_are_counted(net, headers, reason):
    """Of IPv6, too; of guests with options ahead of them, none pass."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    before = drops(net, DEVICE["A"], reason)
    load = net.send("A", [fragment6("A", headers)])
    load.wait_sent(4000)
    load.stop()
    assert drops(net, DEVICE["A"], reason) > before


@pytest.mark.parametrize("how", ["attack", "weakened"])
def test_fragments_from_afar(net, how):
    """Those for one guest do not use up what another may get."""
    rules(net, (ANY_IN, ANY_OUT), (ANY_IN, ANY_OUT))
    lone = packet(REMOTE["acme"], IP["A"], bytes(24), ident=9, frag=0x2000)
    lone = MAC["A"] + AWAY + b"\x08\x00" + lone
    before = drops(net, UPLINK, "fragment-rate")
    text = mark("x") + bytes(22)
    whole = struct.pack("!HHHH", 4001, 4000, 8 + len(text), 0) + text
    # Weakened: a limit that all have together.
    with weakened(net, how, "fragment-to",
                  "limit rate over 2/second goto drop-fragment-rate-from"):
        load = net.send("uplink", [tagged(VLAN["A"], lone + bytes(20))])
        load.wait_sent(4000)
        with net.watch() as watch:
            for piece, frag in ((whole[:24], 0x2000), (whole[24:], 3)):
                inject(VLAN["A"], "P", packet(REMOTE["acme"], IP["P"], piece,
                                              ident=7, frag=frag), AWAY.hex())
            if how == "weakened":
                quiesce()
                assert not watch.seen().got("x", "P")
            else:
                until(lambda: watch.seen().got("x", "P"), "P gets its own")
        load.stop()
    assert drops(net, UPLINK, "fragment-rate") > before
