# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: counters, events and limits."""

import struct

import guard
import pytest
from guard import C, Refused, number, u32, u64
from shell import quiesce, until
from wire import Wire
from guardbed import (DEVICE, IP, MAC, beacon, checksum, hosts, lab, module,
                      tagged, udp)


def test_counters(lab):
    """Frames and bytes, with the Ethernet header; new rules do not reset
    them."""
    index = lab.index("A")

    def found():
        return guard.counters(lab.g.ask("STATS_GET",
                                        u32("PORT_IFINDEX", index)))
    frame = udp("A", "P", "A", "P", size=100)
    spoof = udp("P", "P", "A", "P", size=100)
    assert lab.arrives("A", frame, "P", count=5)
    assert not lab.arrives("A", spoof, "P", count=7)
    assert lab.arrives("P", udp("P", "A", "P", "A"), "A", count=4)
    expect = {("in", "pass"): (5, 5 * len(frame)),
              ("in", "spoofed-mac"): (7, 7 * len(spoof)),
              ("out", "pass"): (4, 4 * 68)}
    assert found() == expect
    lab.guard(lab.g, "A")
    lab.g.delete(index)
    lab.guard(lab.g, "A")
    assert found() == expect
    dumped = {number(s["PORT_IFINDEX"]): guard.counters(s)
              for s in lab.g.dump("STATS_GET")}
    assert dumped[index] == expect and len(dumped) == 4


def test_events(lab):
    """Who, why, and the first 64 bytes, with the tag that was taken out."""
    frame = udp("P", "P", "A", "P", size=100)
    with guard.Guard() as listener:
        listener.listen()
        lab.wires["A"].send(frame)
        event = listener.event()
        assert number(event["PORT_IFINDEX"]) == lab.index("A")
        assert event["PORT_NAME"] == DEVICE["A"].encode() + b"\0"
        assert number(event["PORT_COOKIE"]) == lab.g.cookie(lab.index("A"))
        assert number(event["REASON"]) == C["DROP_SPOOFED_MAC"]
        assert "INGRESS" in event and event["FRAME"] == frame[:64]
        lab.wires["A"].send(tagged(7, frame))
        event = listener.event()
        assert number(event["REASON"]) == C["DROP_SPOOFED_MAC"]
        assert event["FRAME"] == tagged(7, frame)[:64]
        lab.wires["A"].send(beacon("A")[:60])
        lab.wires["U"].send(udp("G", "A", "G", "A")[:50])
        event = listener.event()
        assert number(event["REASON"]) in (C["DROP_MALFORMED"],
                                           C["DROP_UNKNOWN_VLAN"])
        with Wire(DEVICE["A"]) as wire:
            wire.send(udp("P", "A", "P", "A"))
        event = until(lambda: next(
            (e for e in iter(lambda: listener.event(5), None)
             if number(e["REASON"]) == C["DROP_WRONG_SEGMENT"]), None), "it")
        assert "INGRESS" not in event
        assert event["FRAME"] == udp("P", "A", "P", "A")[:64]
        # What passes is not told of.
        assert lab.arrives("A", beacon("A"), "P")
        assert listener.event(0.5) is None


def test_events_are_few(lab):
    """One port's flood does not silence another's."""
    spoof = udp("P", "P", "A", "P")
    with guard.Guard() as listener:
        listener.listen()
        lab.wires["A"].send(*[spoof] * 300)
        quiesce()
        lab.wires["B"].send(spoof)
        seen = list(iter(lambda: listener.event(1), None))
        of_a = [e for e in seen
                if number(e["PORT_IFINDEX"]) == lab.index("A")]
        assert 10 <= len(of_a) < 150
        assert len(seen) == len(of_a) + 1
        lab.wires["A"].send(spoof)
        last = listener.event()
        lost = sum(number(e.get("LOST", b"")) for e in [*of_a, last])
        assert len(of_a) + 1 + lost == 301 and lost
    assert lab.dropped("A", "in", "spoofed-mac") == 301


def test_storm(lab):
    """As many groups a second as said, with a burst of a second's worth; 0
    is none. The twin: unicast is not limited by it."""
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 20)
    got = lab.arrivals("A", beacon("A"), "P", 100)
    assert 20 <= got < 100
    assert lab.dropped("A", "in", "storm") == 100 - got
    assert lab.arrives("A", udp("A", "P", "A", "P"), "P", count=100)
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 0)
    assert lab.arrivals("A", beacon("A"), "P", 10) == 0


def test_bytes(lab):
    """Bytes count, with the Ethernet header. The twin: 0 is no limit."""
    frame = udp("A", "P", "A", "P")
    limit = [u64("PORT_BYTES", 1000), u32("PORT_BURST", 20 * len(frame))]
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000, *limit)
    got = lab.arrivals("A", frame, "P", 100)
    assert 20 <= got < 100
    assert lab.dropped("A", "in", "policed") == 100 - got
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                u64("PORT_BYTES", 0), limit[1])
    assert lab.arrivals("A", frame, "P", 100) == 100
    for attributes in (limit[:1], limit[1:],
                       [u64("PORT_BYTES", 1), u32("PORT_BURST", 400)]):
        with pytest.raises(Refused) as refused:
            lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                        *attributes)
        assert refused.value.attribute in ("PORT_BYTES", "PORT_BURST")


def test_rate(lab):
    """All frames count that are not refused otherwise. The twin: 0 is no
    limit."""
    frame = udp("A", "P", "A", "P")
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                u32("PORT_RATE", 20))
    got = lab.arrivals("A", frame, "P", 100)
    assert 20 <= got < 100
    assert lab.dropped("A", "in", "rate") == 100 - got
    assert lab.arrivals("A", udp("B", "P", "A", "P"), "P", 100) == 0
    assert lab.dropped("A", "in", "spoofed-mac") == 100
    lab.guard(lab.g, "A")
    assert lab.arrives("A", frame, "P", count=100)


def part(number, word):
    """A fragment of a datagram from A to P: its first (0x2000) or last."""
    frame = udp("A", "P", "A", "P", size=64)
    head = frame[14:18] + struct.pack("!HHBBH", number, word, 64, 17, 0)
    head += frame[26:34]
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return frame[:14] + head + frame[34:]


def test_rate_takes_fragments(lab):
    """The rest of a datagram that a limit took a fragment of is not waited
    for: others' pass. The twin: where none was sent, there is an end."""
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                u32("PORT_RATE", 60))

    def begin(first):
        """How many of sixty datagrams' beginnings arrive."""
        lab.wires["P"].clear()
        for number in range(first, first + 60):
            lab.wires["A"].send(part(number, 0x2000))
        quiesce()
        return len(lab.wires["P"].frames())

    assert begin(0) == 60
    for number in range(60):
        lab.wires["A"].send(part(number, 9))
    quiesce()
    assert lab.dropped("A", "in", "rate") > 30
    lab.guard(lab.g, "A")
    assert begin(100) == 60
    assert lab.dropped("A", "in", "fragment") == 0
    assert begin(200) < 60
