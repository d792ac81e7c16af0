# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon witness on files: what a capture on a port or the uplink has, against
a policy. Run from a build directory by tests/audit/check."""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from model import mutate  # noqa: E402

CORDON = os.environ.get("CORDON", "./cordon")
MAC = {d: bytes([2, 0, 0, 0, 0, n]) for d, n in (
    ("a", 1), ("b", 2), ("c", 3), ("g", 0xfe))}
IP = {"a": "10.0.0.11", "b": "10.0.0.12", "c": "10.0.0.13", "g": "10.0.0.1"}
POLICY = """version: 1
host: { uplink: up0 }
tenants:
  acme:
    networks:
      net: { vlan: 110, subnets: [10.0.0.0/24], gateways: [
        { mac: "02:00:00:00:00:fe", addresses: [10.0.0.1] } ] }
    guests:
      a: { interfaces: [ { mac: "02:00:00:00:00:01", addresses: [10.0.0.11],
                           network: net } ] }
      b: { interfaces: [ { mac: "02:00:00:00:00:02", addresses: [10.0.0.12],
                           network: net } ] }
  globex:
    networks: { net: { vlan: 120, subnets: [10.0.0.0/24] } }
    guests:
      c: { interfaces: [ { mac: "02:00:00:00:00:03", addresses: [10.0.0.13],
                           network: net } ] }
"""


def udp(src, dst, source=None, mac=None, ports=(1000, 2000), word=0):
    def raw(text):
        return bytes(int(x) for x in text.split("."))
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 36, 7, word, 64, 17, 0)
    packet += raw(source or IP[src]) + raw(IP[dst])
    return (MAC[dst] + (mac or MAC[src]) + b"\x08\x00" + packet
            + struct.pack("!HHHH", *ports, 16, 0) + bytes(8))


def tagged(vid, frame):
    return frame[:12] + struct.pack("!HH", 0x8100, vid) + frame[12:]


def pcap(frames, link=1, cut=0):
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link)
    for n, frame in enumerate(frames):
        kept = frame[:len(frame) - cut]
        out += struct.pack("<IIII", 1000 + n, 0, len(kept), len(frame)) + kept
    return out


class Witness(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        os.chmod(self.dir.name, 0o755)
        self.policy = self.file("policy.yaml", POLICY.encode())

    def file(self, name, data):
        path = os.path.join(self.dir.name, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def run_it(self, *words):
        return subprocess.run([CORDON, "--json", "witness", *words],
                              capture_output=True, check=False)

    def witness(self, frames, where, *words, **more):
        """Status, findings and summary."""
        done = self.run_it("--policy", self.policy, "-r",
                           self.file("in.pcap", pcap(frames, **more)),
                           "-i", where, *words)
        out = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, out[:-1], out[-1]

    def told(self, frames, where, *words):
        status, found, summary = self.witness(frames, where, *words)
        self.assertEqual(len(frames), summary["frames"])
        return status, [(f["verdict"], f["way"], f["reason"]) for f in found]

    def test_nothing_forbidden(self):
        status, found, summary = self.witness(
            [udp("a", "b"), udp("b", "a"), udp("g", "a")], "acme/a/0")
        self.assertEqual((0, [], []), (status, found, summary["forbidden"]))
        self.assertEqual((3, 0, 0), (summary["frames"], summary["violations"],
                                     summary["attempts"]))

    def test_attempts(self):
        """Of which the guards' drops are not seen here: they hold."""
        self.assertEqual(
            (0, [("attempt", "from-guest", "spoofed-ip"),
                 ("attempt", "from-guest", "tagged")]),
            self.told([udp("a", "b", source="10.0.0.12"), udp("a", "b"),
                       tagged(110, udp("a", "b"))], "acme/a/0"))

    def test_violations_at_a_port(self):
        """Each, and the same with what is forbidden taken out."""
        for frame, reason in (
                (udp("b", "a", source="10.0.0.13"), "spoofed-ip"),
                (udp("c", "a"), "wrong-segment"),
                (tagged(110, udp("b", "a")), "tagged"),
                (udp("b", "a", ports=(67, 68)), "rogue-dhcp")):
            self.assertEqual((1, [("violation", "to-guest", reason)]),
                             self.told([udp("b", "a"), frame], "acme/a/0"))
        frame = udp("b", "c")
        self.assertEqual(
            (1, [("violation", "to-guest", "not-addressed")]),
            self.told([frame], "acme/a/0", "--way", "to-guest"))

    def test_overlapping_fragments(self):
        twice = [udp("b", "a", word=0x2000), udp("b", "a", word=0x2000)]
        self.assertEqual((1, [("violation", "to-guest", "fragment")]),
                         self.told(twice, "acme/a/0"))
        self.assertEqual((0, []), self.told(twice[:1], "acme/a/0"))

    def test_uplink(self):
        for vid, frame, reason in (
                (110, udp("a", "g"), None),
                (120, udp("a", "g"), "wrong-segment"),
                (130, udp("a", "g"), "unknown-vlan"),
                (110, udp("a", "g", source="10.0.0.12"), "spoofed-ip"),
                (110, udp("a", "g", mac=bytes([2, 0, 0, 0, 0, 9])),
                 "spoofed-mac"),
                (130, udp("g", "g", mac=MAC["g"][:5] + b"\x77"), None)):
            self.assertEqual(
                (1 if reason else 0,
                 [("violation", "to-uplink", reason)] if reason else []),
                self.told([tagged(vid, frame)], "up0", "--way", "to-uplink"))
        self.assertEqual(
            (1, [("violation", "from-uplink", "rogue-dhcp")]),
            self.told([tagged(110, udp("g", "a")),
                       tagged(110, udp("b", "a", ports=(67, 68)))], "up0"))

    def test_frames_are_kept(self):
        bad = udp("c", "a")
        kept = os.path.join(self.dir.name, "out.pcap")
        self.witness([udp("b", "a"), bad], "acme/a/0", "-w", kept)
        with open(kept, "rb") as f:
            data = f.read()
        self.assertTrue(data.endswith(bad))
        self.assertEqual(24 + 16 + len(bad), len(data))

    def test_frames_that_were_cut(self):
        """Cannot be judged, so that it holds is not known."""
        status, found, summary = self.witness([udp("c", "a")], "acme/a/0",
                                              cut=10)
        self.assertEqual((2, [], 1), (status, found, summary["cut"]))

    def test_mutated_frames(self):
        """Whatever they hold, the end is reached, all are counted, and what
        is forbidden is told or counted."""
        frames = [f for f, _ in mutate.frames(5000, 3) if len(f) > 14]
        for where in ("acme/a/0", "up0"):
            _, found, summary = self.witness(frames, where)
            self.assertEqual(len(frames), summary["frames"])
            total = sum(x["frames"] for x in summary["forbidden"])
            self.assertEqual(total, summary["attempts"]
                             + summary["violations"])
            self.assertEqual(min(total, 1000), len(found))

    def test_mistakes(self):
        good = self.file("good.pcap", pcap([]))
        for words, why in (
                (["--policy", self.policy, "-r", good], "-r needs -i"),
                (["--policy", self.policy, "-r", good, "-i", "acme/x/0"],
                 "acme/x/0: is no port"),
                (["--policy", self.policy, "-r", good, "-i", "up0", "--way",
                  "to-guest"], "--way to-guest: not on up0"),
                (["--policy", self.policy, "-r", good, "-i", "up0", "--way",
                  "up"], "--way up: is from-guest"),
                (["--policy", self.policy, "--for", "soon"],
                 "--for soon: is no time"),
                (["--policy", self.dir.name + "/none", "-r", good, "-i",
                  "up0"], "none"),
                (["--policy", self.policy, "-i", "acme/a/0", "-r",
                  self.file("bad.pcap", b"no")], "bad.pcap"),
                (["--policy", self.policy, "-i", "acme/a/0", "-r",
                  self.file("any.pcap", pcap([], link=113))],
                 "lost their Ethernet header"),
                (["-r", good], "usage")):
            done = self.run_it(*words)
            self.assertEqual(2, done.returncode, words)
            self.assertIn(why, json.loads(done.stdout)["error"])


if __name__ == "__main__":
    unittest.main()
