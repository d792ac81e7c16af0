# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: isolated ports of a shared network, on a bridge that
floods.
"""

import pytest

import guard
from guard import A, Refused, macs, member, nest, number, u32
from guardbed import (BROADCAST, IP, MAC, VLAN, beacon, hosts, lab, module,
                      set_port, tagged, udp)

ISOLATED = 1 << 2        # CORDON_PORT_F_ISOLATED


def share(lab, members=(), **communities):
    """All three are in segment 100, and isolated; what hears whom is what
    'members' (community, name) say."""
    lab.move("B", VLAN[100])
    segment(lab, members)
    for name in "APB":
        more = [u32("PORT_FLAGS", ISOLATED)]
        if name in communities:
            more.append(u32("PORT_COMMUNITY", communities[name]))
        lab.g.guest(lab.index(name), 100, MAC[name], [IP[name]], 1000, *more)


def segment(lab, members=()):
    lab.g.segment(100, VLAN[100],
                  nest("SEGMENT_BROADCAST", guard.prefix("10.0.0.255")),
                  macs("SEGMENT_TRUSTED", [MAC["G"]]),
                  nest("SEGMENT_MEMBERS", *(member(n, MAC[name])
                                            for n, name in members)))


def talks(lab, src, dst):
    """By unicast and by broadcast, which agree."""
    got = {lab.arrives(src, f, dst)
           for f in (udp(src, dst, src, dst), beacon(src))}
    assert len(got) == 1
    return got.pop()


def from_gateway(lab, dst):
    """Whether the gateway behind the uplink reaches a guest."""
    plain = udp("G", dst, "192.0.2.9", dst)
    return lab.arrives("U", tagged(VLAN[100], plain), dst, seen=plain)


def test_nobody_but_the_gateway(lab):
    """The twin: before, A and P talk."""
    assert talks(lab, "A", "P")
    share(lab)
    for src, dst in ("AP", "PA", "AB", "BA", "BP"):
        assert not talks(lab, src, dst), (src, dst)
        assert lab.dropped(dst, "out", "not-gateway") >= 6
    for name in "APB":
        assert from_gateway(lab, name)
        frame = udp(name, "G", name, "198.51.100.1")
        assert lab.arrives(name, frame, "U", seen=tagged(VLAN[100], frame))
    stranger = udp("02:00:00:00:00:1a", "A", "10.0.0.26", "A")
    assert not lab.arrives("U", tagged(VLAN[100], stranger), "A",
                           seen=stranger)


def test_community(lab):
    share(lab, [(7, "A"), (7, "P"), (9, "B")], A=7, P=7, B=9)
    assert talks(lab, "A", "P") and talks(lab, "P", "A")
    for src, dst in ("AB", "BA", "BP", "PB"):
        assert not talks(lab, src, dst), (src, dst)
    # Of no community any more, though the segment still has it.
    share(lab, [(7, "A"), (7, "P"), (9, "B")], P=7, B=9)
    assert not talks(lab, "P", "A")
    assert talks(lab, "A", "P")


def test_number_of_another_community(lab):
    """A segment in which the number has become another tenant's does not let
    that tenant in before the port has its new one."""
    share(lab, [(7, "A"), (7, "P")], A=7, P=7)
    segment(lab, [(7, "B"), (8, "A"), (8, "P")])
    assert not talks(lab, "B", "A")
    assert not talks(lab, "B", "P")
    # The port itself is as it was: with the old table all is as before.
    segment(lab, [(7, "A"), (7, "P")])
    assert talks(lab, "A", "P")


def arp(src, target, op=1):
    def address(text):
        return bytes(map(int, text.split(".")))
    mac = guard.mac(MAC[src])
    return (guard.mac(BROADCAST) + mac + b"\x08\x06\0\1\x08\0\6\4\0"
            + bytes([op]) + mac + address(IP[src]) + bytes(6)
            + address(IP.get(target, target))).ljust(60, b"\0")


def test_requests_go_to_who_has(lab):
    share(lab, [(7, "A"), (7, "P")], A=7, P=7)
    assert lab.arrives("A", arp("A", "P"), "P")
    assert not lab.arrives("A", arp("A", "10.0.0.99"), "P")
    assert lab.dropped("P", "out", "not-addressed") == 3
    for target in "APB":
        frame = arp("G", target)
        for name in "APB":
            assert lab.arrives("U", tagged(VLAN[100], frame), name,
                               seen=frame) == (name == target)


def test_read_back(lab):
    share(lab, [(9, "B"), (7, "P"), (7, "A"), (7, "A")], A=7)
    found = lab.g.ask("SEGMENT_GET", u32("SEGMENT_ID", 100))
    assert found["SEGMENT_TRUSTED"] == macs("SEGMENT_TRUSTED", [MAC["G"]])[4:]
    assert found["SEGMENT_MEMBERS"] == b"".join(
        member(n, MAC[name]) for n, name in ((7, "A"), (7, "P"), (9, "B")))
    found = lab.g.port(lab.index("A"))
    assert number(found["PORT_FLAGS"]) == ISOLATED
    assert number(found["PORT_COMMUNITY"]) == 7
    assert "PORT_COMMUNITY" not in lab.g.port(lab.index("B"))


BAD = {
    "community 0": ("PORT_COMMUNITY", [u32("PORT_FLAGS", ISOLATED),
                                       u32("PORT_COMMUNITY", 0)]),
    "not isolated": ("PORT_COMMUNITY", [u32("PORT_COMMUNITY", 7)]),
}
BAD_SEGMENT = {
    "member of 0": ("MEMBER", nest("SEGMENT_MEMBERS", member(0, MAC["A"]))),
    "group": ("MEMBER", nest("SEGMENT_MEMBERS",
                             member(7, "01:00:5e:00:00:01"))),
    "reserved": ("MEMBER", nest("SEGMENT_MEMBERS", guard.attr(
        A["MEMBER"], member(7, MAC["A"])[4:14] + b"\0\1"))),
    "trusted group": ("MAC", macs("SEGMENT_TRUSTED", [BROADCAST])),
}


def test_refusals(lab):
    share(lab)
    before = lab.g.dump("PORT_GET"), lab.g.dump("SEGMENT_GET")
    for name, (attribute, more) in BAD.items():
        with pytest.raises(Refused) as error:
            lab.g.ask(*set_port(*more)(lab.index("A")))
        assert error.value.attribute == attribute, name
    for name, (attribute, more) in BAD_SEGMENT.items():
        with pytest.raises(Refused) as error:
            lab.g.segment(100, VLAN[100], more)
        assert error.value.attribute == attribute, name
    assert (lab.g.dump("PORT_GET"), lab.g.dump("SEGMENT_GET")) == before
