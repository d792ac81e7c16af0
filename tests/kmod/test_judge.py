# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard's judge against the corpus and against the model.

Run from a build directory by tests/kmod/check; KMOD_ALL=1 tries all frames,
else a part of those that are many.
"""

import itertools
import json
import os
import pathlib
import random
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "corpus")]

from judge import aim, is_for_trunk  # noqa: E402  (the corpus runner's)
from kmod.ask import Judge  # noqa: E402
from model import cast, deliver, expect, mutate  # noqa: E402
from model.config import (State, address, eui64, is_group,  # noqa: E402
                          mac, prefix)
from model.portsec import from_guest  # noqa: E402

PROGRAM = os.environ.get("KMOD_JUDGE", "tests/kmod/judge")
ALL = bool(os.environ.get("KMOD_ALL"))
STORM = 10 ** 9         # The limit is the caller's.
FLIPPED = 64            # Bytes of a frame whose bits are flipped.


def entries(*names):
    found = []
    for name in names or ("port-security", "more"):
        path = HERE.parent / "corpus" / (name + ".jsonl")
        with open(path, encoding="utf-8") as f:
            found += [json.loads(line) for line in f]
    for entry in found:
        entry["bytes"] = [bytes.fromhex(x) for x in entry["frames"]]
    return found


def part(items, n):
    """All of them, or every n-th."""
    return items if ALL else itertools.islice(items, 0, None, n)


def judge(declared=False, remote=(), **more):
    fabric = cast.fabric(declared, remote, storm=STORM, **more) if (
        not remote) else cast.fabric(remote=remote)
    return Judge(PROGRAM, fabric.host, fabric.ports)


ROLES = {
    "plain": {}, "router": {"router": True}, "jumbo": {"mtu": 9000},
    "dhcp": {"dhcp_server": True}, "link-local": {"link_local": "any"},
    "vrrp": {"vrrp": cast.VRRP, "extra": cast.EXTRA},
    "virtual router": {"vrrp": cast.VRRP, "extra": cast.EXTRA,
                       "router": True},
}


def everywhere(frames):
    """Questions about frames from A, towards P and through the uplink."""
    for data in frames:
        yield "from", "A", data
        for aimed in {data, aim(data)}:
            yield "to", "P", aimed
            yield "uplink", str(cast.VLAN_A), aimed


class Host:
    """Ports and uplink of one host whose guard is the judge; what
    deliver.Fabric is to the model."""

    def __init__(self, judge_):
        self.judge = judge_

    def local(self, frame, segment, sender=None):
        return {name: ("to", name, frame)
                for name, port in self.judge.ports.items()
                if name != sender and port.segment == segment}

    def got(self, before, frame, questions):
        """Who of `questions` gets the frame, if `before` have let it in."""
        answers = self.judge.ask(before + list(questions.values()))
        if any(answers[:len(before)]):
            return set()
        return {name for name, reason in zip(questions,
                                             answers[len(before):])
                if reason is None}

    def send(self, frames):
        """Who gets each frame of an entry that A sends."""
        verdicts = self.judge.ask([("from", "A", f) for f in frames],
                                  apart=False)
        seen = []
        for frame, reason in zip(frames, verdicts):
            if reason is not None:
                seen.append(set())
                continue
            got = self.got([], frame, self.local(frame, cast.VLAN_A, "A"))
            if is_group(frame[:6]) or frame[:6] == cast.MAC_G:
                got.add("uplink")
            seen.append(got)
        return seen

    def bring(self, frame):
        """Who gets a tagged frame that the uplink brings."""
        verdict, vid, inner = deliver.from_uplink(
            self.judge.host, self.judge.ports.values(), frame)
        if not verdict:
            return set()
        return self.got([("uplink", str(vid), inner)], inner,
                        self.local(inner, vid))


class Corpus(unittest.TestCase):
    def test_from_the_guest(self):
        hosts = {}
        wrong, not_ours = [], []
        for entry in entries():
            verdict = entry["verdict"]
            more = cast.declarations(entry)
            key = tuple(sorted(more.items()))
            if key not in hosts:
                hosts[key] = Host(judge(**more))
            seen = hosts[key].send(entry["bytes"])
            if cast.needs_tenant_rules(verdict, all(seen)):
                not_ours.append(entry["id"])
            elif not expect.fulfilled(verdict, seen):
                wrong.append((entry["id"], verdict, expect.summary(seen)))
        self.assertEqual([], wrong)
        self.assertEqual(["A328", "A329", "A334", "A335", "A336", "A339"],
                         not_ours)

    def test_reasons_of_whole_entries(self):
        """Frames of an entry are one after the other: fragments."""
        j, port = judge(), cast.fabric(storm=STORM).ports["A"]
        for entry in entries():
            wanted = [v.reason for v in
                      from_guest(port, entry["bytes"], State()).frames]
            got = j.ask([("from", "A", f) for f in entry["bytes"]],
                        apart=False)
            self.assertEqual(wanted, got, entry["id"])

    def test_towards_the_guest(self):
        """Each entry as it would come in by the uplink, A being remote."""
        host = Host(judge(remote=("A",)))
        fabric = cast.fabric(remote=("A",))
        passed = 0
        for entry in entries("port-security", "more", "uplink"):
            for frame in entry["bytes"]:
                if not is_for_trunk(entry):
                    frame = deliver.tagged(cast.VLAN_A, aim(frame))
                got = host.bring(frame)
                wanted = set(fabric.deliver_uplink(frame).receivers)
                self.assertEqual(wanted, got, entry["id"])
                if is_for_trunk(entry):
                    self.assertEqual(expect.wants_pass(entry["verdict"]),
                                     bool(got), entry["id"])
                passed += bool(got)
        self.assertGreater(passed, 50)

    def test_a_judge_without_rules_would_fail(self):
        """What is compared above is not what any program says."""
        host = Host(judge())
        host.judge.ask = lambda questions, apart=True: [None] * len(questions)
        wrong = [e["id"] for e in entries()
                 if not expect.fulfilled(e["verdict"], host.send(e["bytes"]))]
        self.assertGreater(len(wrong), 200)


def udp(size, source=cast.MAC_A):
    """A packet from A to P."""
    packet = bytes([0x45, 0]) + size.to_bytes(2, "big") + bytes(5)
    packet += b"\x11\0\0" + bytes([10, 0, 0, 10, 10, 0, 0, 12])
    return (cast.MAC_P + source + b"\x08\x00" + packet
            + bytes(size - len(packet)))


class Model(unittest.TestCase):
    """Verdict and reason are the model's."""

    def same(self, judge_, questions, have=0):
        self.assertEqual([], judge_.disagreements(questions, have))

    def test_random_frames(self):
        frames = [f for f, _ in mutate.frames(5000)]
        for have in (0, 128):
            self.same(judge(), everywhere(frames), have)

    def test_random_frames_of_every_role(self):
        for seed, (role, more) in enumerate(ROLES.items(), 2):
            frames = mutate.frames(5000 if ALL else 1500, seed)
            with self.subTest(role):
                self.same(judge(**more), (("from", "A", f)
                                          for f, _ in frames))

    def test_flipped_bits(self):
        good = {f for e in entries() if expect.wants_pass(e["verdict"])
                for f in e["bytes"] if len(f) <= 1514}
        self.assertGreater(len(good), 60)
        flipped = (f[:at] + bytes([f[at] ^ 1 << bit]) + f[at + 1:]
                   for f in sorted(good) for at in range(FLIPPED)
                   if at < len(f) for bit in range(8))
        self.same(judge(declared=True),
                  (("from", "A", f) for f in part(flipped, 3)))

    def test_every_truncation(self):
        frames = {f for e in entries() for f in e["bytes"]}
        cut = (f[:n] for f in sorted(frames) for n in range(14, len(f) + 1))
        self.same(judge(), everywhere(part(cut, 23)))

    def test_reserved_macs(self):
        """What nobody sends from, whoever were to declare it."""
        for text, reason in (("02:00:00:00:00:fe", "spoofed-mac"),
                             ("fe:ff:ff:ff:ff:ff", "spoofed-mac"),
                             ("00:00:00:00:00:00", "spoofed-mac"),
                             ("03:00:00:00:00:0a", "spoofed-mac"),
                             ("02:00:00:00:00:0d", None)):
            source = mac(text)
            j = judge(extra=[(source, ["10.0.0.10"])])
            arp = bytes.fromhex("0001080006040001") + source
            arp += bytes([10, 0, 0, 10]) + bytes(6) + bytes([10, 0, 0, 12])
            for frame in (udp(60, source),
                          b"\xff" * 6 + source + b"\x08\x06" + arp):
                question = [("from", "A", frame)]
                for have in (0, 128):
                    self.assertEqual([reason], j.ask(question, have))
                self.same(j, question)

    def test_sizes(self):
        """Around the MTU."""
        questions = [(way, who, udp(n)) for n in (1499, 1500, 1501, 9000,
                                                  9001)
                     for way, who in (("from", "A"), ("to", "P"))]
        for mtu in (1500, 9000):
            j = judge(mtu=mtu)
            self.same(j, questions)
            self.assertIn(None, j.ask(questions))
            self.assertIn("malformed", j.ask(questions))


ETH4 = cast.MAC_P + cast.MAC_A + b"\x08\x00"
ETH6 = cast.MAC_P + cast.MAC_A + b"\x86\xdd"
GATE6 = cast.MAC_A + cast.MAC_G + b"\x86\xdd"
A4, P4, A6, P6 = mutate.IPS4[:2] + mutate.IPS6[:2]
GROUP6 = bytes.fromhex("ff02") + bytes(13) + b"\x16"
ALERT = bytes.fromhex("050200000100")


def ip4(src, dst, proto, payload, word=0):
    return (b"\x45\0" + (20 + len(payload)).to_bytes(2, "big") + b"\0\7"
            + word.to_bytes(2, "big") + bytes([64, proto]) + bytes(2) + src
            + dst + payload)


def to_group6(src, kind, payload):
    return (mutate.group6(GROUP6) + cast.MAC_A + b"\x86\xdd"
            + mutate.ip6(src, GROUP6, kind, payload))


def options(kind, size):
    """An extension header of `size` bytes that is padding."""
    return bytes([kind, size // 8 - 1]) + bytes(size - 2)


UDP8 = bytes.fromhex("03e803e800080000")
REPORT = bytes([143]) + bytes(7)
SOLICIT = bytes([135]) + bytes(7) + P6
NONCE = b"\x0e\1" + bytes(6)
LATER = bytes.fromhex("1100001000000007") + bytes(16)
ADVERTISE = bytes([134]) + bytes(15)
GATE_LOCAL = eui64(cast.MAC_G).packed
UDP547 = bytes.fromhex("0222022300100000")
ARP = (b"\xff" * 6 + cast.MAC_A + b"\x08\x06"
       + bytes.fromhex("0001080006040001") + cast.MAC_A + A4 + bytes(6) + P4)
TCP60 = bytes(12) + b"\xf0" + bytes(47)

# (what it is, way, frame, reason): where one comparison more or less decides.
CORNERS = [
    ("own", "from", ETH4 + ip4(A4, P4, 17, UDP8), None),
    ("the start of an own IPv6 address as IPv4 source", "from",
     ETH4 + ip4(A6[:4], P4, 17, UDP8 * 5), "spoofed-ip"),
    ("the start of the own link-local address as IPv4 source", "from",
     ETH4 + ip4(b"\xfe\x80\0\0", P4, 17, UDP8 * 5), "spoofed-ip"),
    ("the own IPv4 address as the start of an IPv6 source", "from",
     ETH6 + mutate.ip6(A4 + bytes(12), P6, 17, UDP8 * 5), "spoofed-ip"),
    ("MLD behind Router Alert", "from",
     to_group6(A6, 0, b"\x3a\0" + ALERT + REPORT), None),
    ("MLD behind Router Alert in 16 bytes", "from",
     to_group6(A6, 0, b"\x3a\1" + ALERT + bytes(8) + REPORT), "ext-header"),
    ("MLD behind two Router Alerts", "from",
     to_group6(A6, 0, b"\0\0" + ALERT + b"\x3a\0" + ALERT + REPORT),
     "ext-header"),
    ("a first fragment with all of TCP's options", "from",
     ETH4 + ip4(A4, P4, 6, TCP60 + bytes(4), 0x2000), None),
    ("a first fragment without the end of TCP's options", "from",
     ETH4 + ip4(A4, P4, 6, TCP60[:56], 0x2000), "fragment"),
    ("the last byte of IPv4", "from",
     ETH4 + ip4(A4, P4, 17, bytes(65515 - 8189 * 8), 8189), None),
    ("one past the last byte of IPv4", "from",
     ETH4 + ip4(A4, P4, 17, bytes(65516 - 8189 * 8), 8189), "fragment"),
    ("the own MAC in a link-layer option", "from",
     ETH6 + mutate.ip6(A6, P6, 58, SOLICIT + b"\1\1" + cast.MAC_A), None),
    ("the own MAC in a link-layer option of 16 bytes", "from",
     ETH6 + mutate.ip6(A6, P6, 58, SOLICIT + b"\1\2" + cast.MAC_A
                       + bytes(8)), "nd-spoof"),
    ("Neighbour Discovery of 512 bytes", "from",
     ETH6 + mutate.ip6(A6, P6, 58, SOLICIT + NONCE * 61), None),
    ("Neighbour Discovery of 520 bytes", "from",
     ETH6 + mutate.ip6(A6, P6, 58, SOLICIT + NONCE * 62), "nd-spoof"),
    ("ARP of the MTU", "from", ARP + bytes(1500 - 28), None),
    ("ARP past the MTU", "from", ARP + bytes(1501 - 28), "arp-malformed"),
    ("a DHCPv6 request", "from",
     ETH6 + mutate.ip6(A6, P6, 17, UDP547 + b"\3" + bytes(7)), None),
    ("a DHCPv6 relay's request", "from",
     ETH6 + mutate.ip6(A6, P6, 17, UDP547 + b"\x0c" + bytes(7)),
     "rogue-dhcp"),
    ("a DHCPv6 relay's answer", "from",
     ETH6 + mutate.ip6(A6, P6, 17, UDP547 + b"\x0d" + bytes(7)),
     "rogue-dhcp"),
    ("the gateway's advertisement", "uplink",
     GATE6 + mutate.ip6(GATE_LOCAL, A6, 58, ADVERTISE), None),
    ("the gateway's advertisement behind Hop-by-Hop", "uplink",
     GATE6 + mutate.ip6(GATE_LOCAL, A6, 0, options(58, 8) + ADVERTISE),
     "rogue-ra"),
    ("the gateway's advertisement in one fragment", "uplink",
     GATE6 + mutate.ip6(GATE_LOCAL, A6, 44, b"\x3a" + bytes(7) + ADVERTISE),
     "rogue-ra"),
    ("the gateway's echo behind Hop-by-Hop", "uplink",
     GATE6 + mutate.ip6(GATE_LOCAL, A6, 0, options(58, 8) + b"\x80"
                        + bytes(7)), None),
    ("a router's chain of 472 bytes", "uplink",
     GATE6 + mutate.ip6(P6, A6, 60, options(17, 472) + UDP8), None),
    ("a router's chain of 480 bytes", "uplink",
     GATE6 + mutate.ip6(P6, A6, 60, options(17, 480) + UDP8), "ext-header"),
    ("a router's chain that ends with its first header", "uplink",
     GATE6 + mutate.ip6(P6, A6, 60, options(17, 16)[:8]), "ext-header"),
    ("a router's chain with a later fragment", "uplink",
     GATE6 + mutate.ip6(P6, A6, 60, options(44, 464) + LATER), None),
    ("a router's chain with a later fragment past 512", "uplink",
     GATE6 + mutate.ip6(P6, A6, 60, options(44, 472) + LATER), "ext-header"),
]


class Shared(unittest.TestCase):
    """Towards isolated ports."""

    def host(self, **more):
        fabric = cast.fabric(shared=True, storm=STORM, **more) if (
            not more) else cast.fabric(shared=True, **more)
        return Host(Judge(PROGRAM, fabric.host, fabric.ports)), fabric

    def test_every_entry(self):
        there, _ = self.host()
        remote, fabric = self.host(remote=("A",))
        passed = 0
        for entry in entries("shared"):
            if is_for_trunk(entry):
                for frame in entry["bytes"]:
                    got = remote.bring(frame)
                    wanted = set(fabric.deliver_uplink(frame).receivers)
                    self.assertEqual(wanted, got, entry["id"])
                    passed += bool(got)
            else:
                got = there.send(entry["bytes"])
                self.assertEqual([set(entry.get("got", ()))] * len(got), got,
                                 entry["id"])
        self.assertGreater(passed, 20)

    def test_random_frames(self):
        """From the gateway, a neighbour, a stranger; to each."""
        there, _ = self.host()
        judge_ = there.judge
        stranger = mac("02:00:00:00:00:1a")
        for have in (0, 128):
            questions = [("to", to, aim(f)[:6] + source + aim(f)[12:])
                         for f, _ in mutate.frames(5000 if ALL else 1500, 9)
                         for to in "PB"
                         for source in (cast.MAC_G, cast.MAC_A, stranger)]
            self.assertEqual([], judge_.disagreements(questions, have))

    def test_flipped_bits(self):
        there, _ = self.host()
        frames = [f for e in entries("shared") for f in e["bytes"]
                  if not is_for_trunk(e)]
        frames += [f[:12] + f[16:] for e in entries("shared")
                   for f in e["bytes"] if is_for_trunk(e)]
        questions = [("to", to, flip(f, bit)) for f in part(frames, 19)
                     for bit in range(8 * min(len(f), FLIPPED + 30))
                     for to in "PB"]
        self.assertEqual([], there.judge.disagreements(questions))

    def test_communities_apart(self):
        """Two of them: each hears its own. Many, so that a search in halves
        meets both ends."""
        macs = [bytes([2, 0, 0, 1, i // 4, i % 4]) for i in range(40)]
        groups = [macs[i::4] for i in range(4)]
        fabric = cast.fabric(shared=True)
        ports = {}
        for n, group in enumerate(groups):
            port = cast.port("P", fabric.host, shared=True)
            port.community = set(group)
            ports["P%d" % n] = port
        judge_ = Judge(PROGRAM, fabric.host, ports)
        frame = entries("shared")[0]["bytes"][0]
        questions = [("to", name, frame[:6] + m + frame[12:])
                     for name in ports for m in macs]
        self.assertEqual([], judge_.disagreements(questions))
        self.assertEqual(40, judge_.ask(questions).count(None))


def flip(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


class Corners(unittest.TestCase):
    def test_corners(self):
        j = judge()
        for what, way, frame, reason in CORNERS:
            where = "100" if way == "uplink" else "A"
            for have in (0, 128):
                self.assertEqual([reason], j.ask([(way, where, frame)], have),
                                 what)
            self.assertEqual([], j.disagreements([(way, where, frame)]), what)


class Kept(unittest.TestCase):
    """What tenants' rules and connection tracking look at behind the guard is
    not in pages that the guest can write to. The twin: data may be."""

    BODY = bytes(range(200))
    ERROR4 = b"\3\1" + bytes(6) + ip4(P4, A4, 6, bytes(400))
    ERROR6 = b"\1\4" + bytes(6) + mutate.ip6(P6, A6, 6, bytes(400))
    LEAST = [   # (what it is, frame, bytes)
        ("SCTP", ETH4 + ip4(A4, P4, 132, BODY), 20 + 12),
        ("SCTP over IPv6", ETH6 + mutate.ip6(A6, P6, 132, BODY), 40 + 12),
        ("SCTP's first fragment", ETH4 + ip4(A4, P4, 132, BODY, 0x2000),
         20 + 12),
        ("TCP in a Fragment header", ETH6 + mutate.ip6(
            A6, P6, 44, b"\6\0\0\0\0\0\0\7" + bytes(12) + b"\x50"
            + bytes(187)), 48 + 20),
        ("a code", ETH4 + ip4(A4, P4, 1, b"\x08\1" + BODY), 20 + 8),
        ("a code of ICMPv6", ETH6 + mutate.ip6(A6, P6, 58, b"\x80\1" + BODY),
         40 + 8),
        ("an error", ETH4 + ip4(A4, P4, 1, ERROR4), 20 + 8 + 20 + 8),
        ("an error of ICMPv6", ETH6 + mutate.ip6(A6, P6, 58, ERROR6),
         40 + 8 + 40 + 8),
        ("all there is", ETH4 + ip4(A4, P4, 132, bytes(12)), 20 + 12),
    ]

    def test_kept(self):
        j = judge()
        for what, frame, least in self.LEAST:
            self.assertEqual([None], j.ask([("from", "A", frame)]), what)
            kept = j.kept("A", frame)
            self.assertGreaterEqual(kept, least, what)
            self.assertLessEqual(kept, 128, what)


class Sources(unittest.TestCase):
    """What a router may send from, and nobody else."""

    BAD = ["127.0.0.1", "169.254.1.1", "224.0.0.5", "240.0.0.1",
           "255.255.255.255", "0.0.0.0", "10.0.0.12", "10.0.0.1",
           "10.0.0.255", "192.0.2.77", "10.7.3.2",
           "fe80::1", "::1", "::", "ff02::5", "::ffff:10.0.0.10", "fd00::c",
           "fd00::1", "fd00:ffff::9", "fd00:7:0:3::1"]
    GOOD = ["10.0.0.77", "198.51.100.7", "10.6.255.255", "10.8.0.0",
            "192.0.3.1", "::2", "2001:db8::1", "fd00:7:0:4::1",
            "fd00:6:ffff:ffff::1"]
    OTHERS = ["10.7.0.0/16", "fd00:7::/62", "10.200.0.0/24"]

    def frames(self, texts, source):
        for text in texts:
            raw = address(text).packed
            yield text, cast.MAC_P + source + (
                b"\x08\x00" + ip4(raw, P4, 17, UDP8 * 5) if len(raw) == 4
                else b"\x86\xdd" + mutate.ip6(raw, P6, 17, UDP8 * 5))

    def judge(self, **more):
        host = cast.host()
        port = cast.port("A", host, storm=STORM, **more)
        port.others += [prefix(o) for o in self.OTHERS]
        return Judge(PROGRAM, host, {"A": port})

    def check(self, texts, reason, source=cast.MAC_A, **more):
        j = self.judge(**more)
        for text, frame in self.frames(texts, source):
            question = [("from", "A", frame)]
            self.assertEqual([reason], j.ask(question), text)
            self.assertEqual([], j.disagreements(question), text)

    def test_router(self):
        self.check(self.GOOD, None, router=True)
        self.check(self.BAD, "spoofed-ip", router=True)

    def test_no_router(self):
        self.check(self.GOOD + self.BAD, "spoofed-ip")

    def test_virtual_router(self):
        """Its address is for its MAC alone; its MAC is for the interface's own
        addresses, too."""
        virtual = mac("00:00:5e:00:01:05")
        self.check(self.GOOD, None, router=True, vrrp=cast.VRRP)
        self.check(self.GOOD + self.BAD, "spoofed-ip", virtual, router=True,
                   vrrp=cast.VRRP)
        self.check(["10.0.0.250"], None, virtual, vrrp=cast.VRRP)
        self.check(["10.0.0.250"], "spoofed-ip", vrrp=cast.VRRP)
        self.check(["10.0.0.10"], None, virtual, vrrp=cast.VRRP)
        self.check(["10.0.0.10"], "spoofed-mac", virtual)


def fragment(offset, size, more, number=7, v6=False):
    """UDP from A to P."""
    word = offset // 8
    payload = bytes(size)
    if v6:
        head = bytes([17, 0]) + (word << 3 | more).to_bytes(2, "big")
        packet = b"\x60\0\0\0" + (size + 8).to_bytes(2, "big") + b"\x2c\x40"
        packet += mutate.IPS6[0] + mutate.IPS6[1]
        packet += head + number.to_bytes(4, "big")
    else:
        packet = b"\x45\0" + (size + 20).to_bytes(2, "big")
        packet += number.to_bytes(2, "big")
        packet += (word | more << 13).to_bytes(2, "big") + b"\x40\x11\0\0"
        packet += mutate.IPS4[0] + mutate.IPS4[1]
    return (cast.MAC_P + cast.MAC_A + (b"\x86\xdd" if v6 else b"\x08\x00")
            + packet + payload)


class Fragments(unittest.TestCase):
    """Overlaps, and the limits of what is remembered."""

    def send(self, *frames):
        return judge().ask([("from", "A", f) for f in frames], apart=False)

    def test_random_sequences(self):
        """As the model, which remembers all: as long as no datagram gets
        whole."""
        r, j = random.Random(1), judge()
        port = cast.fabric(storm=STORM).ports["A"]
        overlaps = passed = 0
        for _ in range(400 if ALL else 100):
            frames = [fragment(*r.choice([(0, 16), (16, 8), (16, 16),
                                          (24, 8), (32, 16), (40, 24),
                                          (48, 8), (64, 64), (60 * 8, 8)]),
                               more=True, number=r.choice([1, 2]),
                               v6=r.random() < 0.5) for _ in range(9)]
            wanted = [v.reason for v in
                      from_guest(port, frames, State()).frames]
            self.assertEqual(wanted, j.ask([("from", "A", f) for f in frames],
                                           apart=False))
            overlaps += wanted.count("fragment")
            passed += wanted.count(None)
        self.assertGreater(min(overlaps, passed), 50)

    def test_spoilt(self):
        for v6 in (False, True):
            self.assertEqual(
                [None, "fragment", "fragment", None], self.send(
                    fragment(0, 16, True, v6=v6),
                    fragment(0, 24, True, v6=v6),
                    fragment(24, 8, False, v6=v6),
                    fragment(24, 8, False, 8, v6=v6)))

    def test_whole_datagrams_are_forgotten(self):
        for v6 in (False, True):
            whole = [fragment(0, 16, True, v6=v6),
                     fragment(32, 8, False, v6=v6),
                     fragment(16, 16, True, v6=v6)]
            for order in itertools.permutations(whole):
                self.assertEqual([None] * 9, self.send(*order * 3))

    def test_holes(self):
        """Eight ranges, not nine; and what fills a hole makes room."""
        ranges = [fragment(32 * i, 16, True) for i in range(8)]
        ninth = fragment(32 * 8, 16, True)
        self.assertEqual([None] * 8 + ["fragment"] * 2, self.send(
            *ranges, ninth, fragment(16, 16, True)))
        self.assertEqual([None] * 10, self.send(
            *ranges, fragment(16, 16, True), ninth))

    def test_many_datagrams(self):
        many = [fragment(0, 16, True, i) for i in range(64)]
        one_more = fragment(0, 16, True, 64)
        self.assertEqual([None] * 64 + ["fragment", None, None], self.send(
            *many, one_more, fragment(16, 8, False, 5), one_more))

    def test_time(self):
        def send(*when_what):
            lines = []
            for when, data in when_what:
                lines += ["now %d" % when, "from A %s" % data.hex()]
            return judge().tell(lines)

        for v6, until in ((False, 30000), (True, 60000)):
            first = fragment(0, 16, True, v6=v6)
            for late, reason in ((1, "fragment"), (until - 1, "fragment"),
                                 (until, None)):
                self.assertEqual([None, reason], send((1, first),
                                                      (1 + late, first)))
        many = [(1, fragment(0, 16, True, i)) for i in range(64)]
        more = fragment(0, 16, True, 64)
        self.assertEqual([None] * 64 + ["fragment", None],
                         send(*many, (2, more), (30001, more)))


if __name__ == "__main__":
    unittest.main()
