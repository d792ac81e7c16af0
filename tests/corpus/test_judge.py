# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner's judgement, without root.

Run: python3 -m unittest discover -s tests/corpus   (or pytest)
"""

import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "vm" / "lib")]

import bed  # noqa: E402
import judge  # noqa: E402
import product  # noqa: E402
from model import cast  # noqa: E402
from model.deliver import tagged  # noqa: E402

CORPUS = HERE / "port-security.jsonl"
ENTRIES = {e["id"]: e for e in judge.load(CORPUS)}


def outcome(*got, refused=(), moved=(), strange=()):
    return bed.Outcome([set(g) for g in got], set(refused), list(moved),
                       list(strange))


class FromGuest(unittest.TestCase):
    def status(self, entry_id, *got, **more):
        return judge.from_guest(ENTRIES[entry_id], outcome(*got, **more),
                                False).status

    def test_pass(self):
        self.assertEqual("ok", self.status("A003", "P"))
        self.assertEqual("FAIL", self.status("A003", ""))
        self.assertEqual("FAIL", self.status("A003", "PB"))
        self.assertEqual("FAIL", self.status("A003", "PH"))
        self.assertEqual("FAIL", self.status("A003", ["P", "p~"]))
        self.assertEqual("FAIL", self.status("A003", "P", refused=[0]))

    def test_drop(self):
        self.assertEqual("ok", self.status("A037", ""))
        for got in ("P", "B", "H", "A", ["uplink"], ["p~"]):
            self.assertEqual("FAIL", self.status("A037", got), got)
        moved = ["+fdb 02:00:00:00:00:0b dev vifA vlan 100"]
        self.assertEqual("FAIL", self.status("A037", "", moved=moved))
        moved = ["+host ip 3"]
        self.assertEqual("FAIL", self.status("A003", "P", moved=moved))

    def test_drop_of_some(self):
        self.assertEqual("ok", self.status("A129", "", "P", "P"))
        self.assertEqual("FAIL", self.status("A129", "P", "", ""))
        self.assertEqual("ok", self.status("A131", "P", ""))
        self.assertEqual("FAIL", self.status("A131", "P", "P"))
        self.assertEqual("ok", self.status("A340", ["P", "uplink"]))
        self.assertEqual("FAIL", self.status("A340", "PH"))

    def test_for_tenant_rules(self):
        self.assertEqual("n/a", self.status("A328", "P"))
        self.assertEqual("ok", self.status("A328", ""))
        self.assertEqual("FAIL", self.status("A328", "PB"))
        self.assertEqual("FAIL", judge.from_guest(
            ENTRIES["A328"], outcome("P"), True).status)

    def test_exceptions(self):
        line = judge.from_guest(ENTRIES["A037"], outcome("P"), False)
        known = {"A037": "why"}
        self.assertEqual("xfail", judge.excepted(line, known).status)
        self.assertEqual("FAIL", judge.excepted(line, {}).status)
        good = judge.from_guest(ENTRIES["A037"], outcome(""), False)
        self.assertEqual("FAIL", judge.excepted(good, known).status)


class ToGuest(unittest.TestCase):
    def test_as_the_model_says(self):
        entry = ENTRIES["A003"]
        for want, got, status in (("P", "P", "ok"), ("P", "", "FAIL"),
                                  ("", "P", "FAIL"), ("", "", "ok")):
            line = judge.to_guest(entry, outcome(got), [set(want)])
            self.assertEqual(status, line.status)

    def test_local_entries_stay(self):
        for moved, status in (
                ("+fdb 02:00:00:00:00:0a dev up0 vlan 100", "ok"),
                ("-fdb 02:00:00:00:00:0c dev vifP vlan 100", "FAIL")):
            line = judge.to_guest(ENTRIES["A003"],
                                  outcome("P", moved=[moved]), [{"P"}])
            self.assertEqual(status, line.status)

    def test_aim(self):
        for entry_id in ("A010", "A018", "A047", "A226", "A299"):
            frame = judge.aim(ENTRIES[entry_id]["bytes"][0])
            self.assertEqual(cast.MAC_P, frame[:6], entry_id)
        for entry_id in ("A018", "A047", "A226"):
            got = cast.fabric(remote=("A",)).deliver_uplink(tagged(
                cast.VLAN_A, judge.aim(ENTRIES[entry_id]["bytes"][0])))
            self.assertNotEqual("not-addressed", got.verdict.reason)


class Bed(unittest.TestCase):
    def test_aged(self):
        line = "%sfdb 02:00:00:00:00:0c dev %s vlan 100 state %s flags 0x0"
        self.assertTrue(bed.aged(line % ("-", product.UPLINK, "0x2")))
        for change in (("+", product.UPLINK, "0x2"), ("-", "vifP", "0x2"),
                       ("-", product.UPLINK, "0x80")):
            self.assertFalse(bed.aged(line % change), change)

    def test_attribute(self):
        a, b = b"\1" * 60, b"\2" * 60
        arrived = {"P": [b, a], "uplink": [tagged(100, a)],
                   "H": [], "B": [b"\3" * 60]}
        got, strange = bed.attribute([a, b], arrived, "A")
        self.assertEqual([{"P", "uplink", "b~"}, {"P"}], got)
        self.assertEqual([("B", b"\3" * 60)], strange)
        # On the trunk, a frame without the tenant's tag is not the frame.
        got, _ = bed.attribute([a], {"uplink": [a]}, "A")
        self.assertEqual([{"uplink~"}], got)
        got, _ = bed.attribute([a], {"uplink": [tagged(200, a)]}, "A")
        self.assertEqual([{"uplink~"}], got)


class Files(unittest.TestCase):
    def test_policy_is_of_the_cast(self):
        text = product.policy(declared=True)
        for word in ("vifA", "vifB", "10.9.0.0/24", "vrrp", "up0"):
            self.assertIn(word, text)
        self.assertNotIn("vifA", product.policy(remote=("A",)))

    def test_bad_files(self):
        for text in ("", "{}\n", "[]\n", "x\n", '{"id": "1", "verdict": '
                     '"PASS", "frames": ["zz"]}\n',
                     '{"id": "1", "verdict": "PASS", "frames": []}\n'):
            with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
                f.write(text)
                f.flush()
                with self.assertRaises(SystemExit):
                    judge.load(f.name)

    def test_at_most_five_exceptions_each_with_a_reason(self):
        self.assertIn("from", judge.load_exceptions(
            HERE / "exceptions-nft.json"))
        many = '{"from": {%s}}' % ", ".join('"A%d": "x"' % i
                                            for i in range(6))
        for text in (many, '{"from": {"A1": ""}}'):
            with tempfile.NamedTemporaryFile("w") as f:
                f.write(text)
                f.flush()
                with self.assertRaises(SystemExit):
                    judge.load_exceptions(f.name)


if __name__ == "__main__":
    unittest.main()
