# SPDX-License-Identifier: GPL-3.0-or-later
"""The model gives every entry of the corpus the verdict that it has there.

Run: python3 -m unittest discover -t tests -s tests/model   (or pytest)
"""

import json
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from model import cast, expect, groups, mutate, packet  # noqa: E402
from model.config import (BROADCAST, Host, Port, State, address,  # noqa: E402
                          mac)
from model.deliver import (UPLINK, from_uplink, tagged,  # noqa: E402
                           to_guest)
from model.portsec import from_guest  # noqa: E402

CORPUS = HERE.parent / "corpus" / "port-security.jsonl"
TRUNK = HERE.parent / "corpus" / "uplink.jsonl"
SHARED = HERE.parent / "corpus" / "shared.jsonl"
MORE = HERE.parent / "corpus" / "more.jsonl"


def entries(path=CORPUS):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def deliveries(entry):
    frames = [bytes.fromhex(f) for f in entry["frames"]]
    fabric = cast.fabric(**cast.declarations(entry))
    seen = [set(d.receivers) for d in
            fabric.deliver_all("A", frames, State())]
    if cast.needs_tenant_rules(entry["verdict"], all(seen)):
        admits = groups.Filter(cast.OPEN_PORTS).admits
        seen = [got if admits(f) else got - {"P"}
                for got, f in zip(seen, frames)]
    return seen


class Corpus(unittest.TestCase):
    def test_every_entry_has_its_verdict(self):
        wrong = []
        for entry in entries() + entries(MORE):
            seen = deliveries(entry)
            if not expect.fulfilled(entry["verdict"], seen):
                wrong.append((entry["id"], entry["verdict"],
                              expect.summary(seen), entry["title"]))
        self.assertEqual([], wrong)
        self.assertEqual(267, len(entries()))

    def test_a_model_without_rules_would_fail(self):
        """The same comparison notices what is not dropped."""
        missed = sum(not expect.fulfilled(e["verdict"], [{"P"}] *
                                          len(e["frames"]))
                     for e in entries())
        self.assertGreater(missed, 200)

    def test_passing_entries_reach_their_addressee(self):
        for entry in entries():
            if not expect.wants_pass(entry["verdict"]):
                continue
            for frame, got in zip(entry["frames"], deliveries(entry)):
                frame = bytes.fromhex(frame)
                who = {cast.MAC_P: {"P"}, cast.MAC_G: {"uplink"}}.get(
                    frame[:6], {"P", "uplink"})
                # A router solicitation or the like may be to a group.
                self.assertEqual(who, got, entry["id"])

    def test_extra_pair_only_where_declared(self):
        entry = next(e for e in entries() if e["id"] == "A035")
        frame = bytes.fromhex(entry["frames"][0])
        self.assertTrue(cast.fabric(declared=True).deliver("A", frame).verdict)
        self.assertEqual("spoofed-ip",
                         cast.fabric().deliver("A", frame).verdict.reason)

    def test_entries_for_a_tenants_filter(self):
        """Port security passes just these; they need connections."""
        port, found = cast.fabric().ports["A"], []
        for entry in entries():
            frames = [bytes.fromhex(f) for f in entry["frames"]]
            if cast.needs_tenant_rules(entry["verdict"],
                                       from_guest(port, frames).passed):
                found.append(entry["id"])
        self.assertEqual(["A328", "A329", "A334", "A335", "A336", "A339"],
                         found)

    def test_the_tenants_filter_lets_connections_in(self):
        frame = bytearray(bytes.fromhex(next(
            e["frames"][0] for e in entries() if e["id"] == "A328")))
        filter_ = groups.Filter(cast.OPEN_PORTS)
        ack = bytes(frame)
        frame[14 + 20 + 13] = groups.SYN
        self.assertFalse(filter_.admits(ack))
        self.assertTrue(filter_.admits(bytes(frame)))
        self.assertTrue(filter_.admits(ack))


class Shared(unittest.TestCase):
    """The shared network: A and P are a community, B is another's."""

    def test_every_entry_has_its_verdict(self):
        there = cast.fabric(shared=True)
        remote = cast.fabric(shared=True, remote=("A",))
        for entry in entries(SHARED):
            frames = [bytes.fromhex(f) for f in entry["frames"]]
            if entry.get("sender") == "uplink":
                seen = [set(remote.deliver_uplink(f).receivers)
                        for f in frames]
                self.assertEqual(expect.wants_pass(entry["verdict"]),
                                 all(seen), entry["id"])
                self.assertEqual(all(seen), any(seen), entry["id"])
                continue
            seen = [set(d.receivers)
                    for d in there.deliver_all("A", frames, State())]
            wanted = set(entry.get("got", ()))
            self.assertEqual([wanted] * len(frames), seen, entry["id"])
            self.assertTrue(expect.fulfilled(entry["verdict"], seen))

    def test_a_network_that_is_not_would_fail(self):
        """Were guests not isolated, most of this would be otherwise."""
        there = cast.fabric(shared=True)
        for port in there.ports.values():
            port.isolated = False
        wrong = 0
        for entry in entries(SHARED):
            for frame in map(bytes.fromhex, entry["frames"]):
                if entry.get("sender") != "uplink":
                    got = set(there.deliver("A", frame).receivers)
                    wrong += got != set(entry.get("got", ()))
        self.assertGreater(wrong, 25)

    def test_without_a_community(self):
        """Then A's frames do not even reach its tenant's P."""
        there = cast.fabric(shared=True)
        for port in there.ports.values():
            port.community = set()
        frame = bytes.fromhex(entries(SHARED)[0]["frames"][0])
        self.assertEqual(set(), set(there.deliver("A", frame).receivers))
        self.assertEqual("not-gateway",
                         to_guest(there.ports["P"], frame).reason)


class Declared(unittest.TestCase):
    """What a key of the policy allows, and that nothing does without it."""

    def frame(self, entry_id, at=0):
        entry = next(e for e in entries() if e["id"] == entry_id)
        return bytes.fromhex(entry["frames"][at])

    def both(self, entry_id, at=0, **more):
        frame, host = self.frame(entry_id, at), cast.host()
        without = from_guest(cast.port("A", host), [frame])
        with_ = from_guest(cast.port("A", host, **more), [frame])
        return without.passed, with_.passed

    def test_vrrp(self):
        vrrp = [{"id": 5, "addresses": ["10.0.0.250"]}]
        self.assertEqual((False, True), self.both("A049", vrrp=vrrp))
        vrrp[0]["id"] = 6
        self.assertEqual((False, False), self.both("A049", vrrp=vrrp))

    def test_router(self):
        for entry_id in ("A190", "A168", "A110", "A111", "A204"):
            self.assertEqual((False, True),
                             self.both(entry_id, router=True), entry_id)
        # Not with somebody else's addresses, nor behind other headers.
        for entry_id in ("A192", "A193", "A197", "A086", "A300", "A055"):
            self.assertEqual((False, False),
                             self.both(entry_id, router=True), entry_id)

    def test_dhcp_server(self):
        for entry_id in ("A097", "A102", "A227"):
            self.assertEqual((False, True),
                             self.both(entry_id, dhcp_server=True), entry_id)
        self.assertEqual((False, False),
                         self.both("A098", dhcp_server=True))

    def test_link_local(self):
        frame = bytearray(self.frame("A013"))
        frame[14 + 8:14 + 24] = bytes.fromhex("fe80" + "00" * 6 + "11" * 8)
        host = cast.host()
        for how, passes in (("eui64", False), ("any", True),
                            ("fe80::1111:1111:1111:1111", True),
                            ("fe80::1", False)):
            port = cast.port("A", host, link_local=how)
            self.assertEqual(passes, from_guest(
                port, [bytes(frame)]).passed, how)

    def test_any_link_local_is_nobody_elses(self):
        port = cast.port("A", cast.host(), link_local="any")
        for text, own in (("fe80::1234", True),
                          (cast.GATEWAY[2], False),         # Gateway's.
                          ("fe80::ff:fe00:c", False),       # P's.
                          ("fe80::ff:fe00:b", True)):       # Elsewhere.
            self.assertEqual(own, port.owns(address(text)), text)

    def test_storm(self):
        port = cast.port("A", cast.host(), storm=3)
        frame, state = self.frame("A007"), State()
        got = from_guest(port, [frame] * 5, state).frames
        self.assertEqual([None] * 3 + ["storm"] * 2,
                         [v.reason for v in got])
        self.assertTrue(from_guest(port, [frame], state, now=1.0))


class Towards(unittest.TestCase):
    def setUp(self):
        self.fabric = cast.fabric(remote=("A",))
        self.p = self.fabric.ports["P"]
        self.udp = bytes.fromhex(next(
            e["frames"][0] for e in entries() if e["id"] == "A003"))

    def test_own_and_others(self):
        self.assertTrue(to_guest(self.p, self.udp))
        self.assertEqual("wrong-segment",
                         to_guest(self.p, self.udp, UPLINK, 200).reason)
        other = self.udp[:30] + bytes([10, 0, 0, 99]) + self.udp[34:]
        self.assertEqual("not-addressed", to_guest(self.p, other).reason)
        self.assertEqual("not-addressed", to_guest(
            self.p, cast.MAC_B + self.udp[6:]).reason)

    def test_uplink(self):
        for frame, reason in (
                (tagged(100, self.udp), None),
                (tagged(200, self.udp), "not-addressed"),
                (tagged(300, self.udp), "unknown-vlan"),
                (tagged(0, self.udp), "unknown-vlan"),
                (self.udp, "unknown-vlan"),
                (tagged(100, tagged(100, self.udp)), "tagged"),
                (tagged(100, self.udp[:6] + cast.MAC_P + self.udp[12:]),
                 "local-mac")):
            got = self.fabric.deliver_uplink(frame)
            self.assertEqual(reason, got.verdict.reason)
            self.assertEqual({"P"} if reason is None else set(),
                             set(got.receivers))

    def test_every_entry_of_the_trunk_has_its_verdict(self):
        for entry in entries(TRUNK):
            for frame in entry["frames"]:
                got = self.fabric.deliver_uplink(bytes.fromhex(frame))
                self.assertEqual(expect.wants_pass(entry["verdict"]),
                                 bool(got.receivers), entry["id"])
                self.assertEqual(bool(got.receivers), bool(got.verdict))

    def test_same_mac_in_two_tenants(self):
        """A local MAC is a spoof in its own segment alone."""
        frame = tagged(200, BROADCAST + cast.MAC_P + self.udp[12:])
        verdict = from_uplink(self.fabric.host,
                              self.fabric.ports.values(), frame)[0]
        self.assertTrue(verdict)

    def test_router_advertisement(self):
        ra = next(e["frames"][0] for e in entries() if e["id"] == "A192")
        ra = bytes.fromhex(ra)          # With the gateway's address.
        self.assertEqual("rogue-ra", to_guest(self.p, ra, UPLINK).reason)
        true = ra[:6] + cast.MAC_G + ra[12:]
        self.assertTrue(to_guest(self.p, true, UPLINK))


class Generator(unittest.TestCase):
    def test_same_seed_same_frames(self):
        one = [f for f, _ in mutate.frames(200, seed=3)]
        self.assertEqual(one, [f for f, _ in mutate.frames(200, seed=3)])
        self.assertNotEqual(one, [f for f, _ in mutate.frames(200, seed=4)])

    def test_both_verdicts_and_most_reasons(self):
        port = cast.fabric().ports["A"]
        got = [from_guest(port, [f]) for f, _ in mutate.frames(5000)]
        passed = sum(v.passed for v in got)
        self.assertGreater(passed, 500)
        self.assertGreater(len(got) - passed, 1500)
        self.assertGreater(len({v.reason for v in got}), 17)


class Parsing(unittest.TestCase):
    def test_no_prefix_of_a_frame_upsets_it(self):
        port = cast.fabric().ports["A"]
        for entry in entries():
            for text in entry["frames"][:2]:
                data = bytes.fromhex(text)
                for cut in range(0, min(len(data), 140)):
                    from_guest(port, [data[:cut]])
                    to_guest(port, data[:cut], UPLINK)

    def test_chain(self):
        frame = bytes.fromhex(next(e["frames"][0] for e in entries()
                                   if e["id"] == "A195"))
        ip = packet.Packet6(frame[14:])
        self.assertEqual([60, 60, 60], ip.extensions)
        self.assertEqual((58, True), (ip.proto, ip.chain_ok))

    def test_unspecified_port(self):
        port = Port("02:00:00:00:00:0a", ["10.0.0.10"], 5, host=Host())
        self.assertEqual({mac("02:00:00:00:00:0a")}, port.macs)


if __name__ == "__main__":
    unittest.main()
