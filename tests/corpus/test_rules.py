# SPDX-License-Identifier: GPL-3.0-or-later
"""rules.jsonl against the model, and the model of rules against rule.c."""

import importlib.util
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "vm" / "lib")]

import judge  # noqa: E402
import product  # noqa: E402
from model import cast, expect, follow, rules, rulesets  # noqa: E402

PATH = HERE / "rules.jsonl"
ENTRIES = judge.load(PATH)
TOOL = os.environ.get("RULE_TOOL")
RANDOM = 1500           # Flows for each set.


def exchange(entry):
    """The receivers of each frame, as the model has them."""
    tenant = rulesets.tenant(entry["rules"])
    host = follow.Host(cast.fabric(), rulesets.ends(tenant))
    return host.exchange(zip(entry["senders"], entry["bytes"]))


class Corpus(unittest.TestCase):
    def test_model_agrees(self):
        wrong = []
        for e in ENTRIES:
            sent = exchange(e)
            if [sorted(s.receivers) for s in sent] != [
                    sorted(g) for g in e["receivers"]]:
                wrong.append("%s %s: %s" % (e["id"], e["title"], [
                    (sorted(s.receivers), s.reason) for s in sent]))
        self.assertEqual([], wrong)

    def test_verdict_is_of_what_is_got(self):
        for e in ENTRIES:
            self.assertTrue(expect.fulfilled(
                e["verdict"], [set(g) for g in e["receivers"]]), e["id"])

    def test_entries_of_other_corpora_that_rules_drop(self):
        found = [e for e in map(judge.served, judge.load(
            HERE / "port-security.jsonl")) if e]
        self.assertIn("A336", {e["id"] for e in found})
        self.assertGreater(len(found), 5)
        for e in found:
            self.assertTrue(expect.fulfilled(
                e["verdict"], [set(g) for g in e["receivers"]]), e["id"])

    def test_each_has_its_twin(self):
        self.assertGreater(len(ENTRIES), 100)
        for may, may_not in zip(ENTRIES[::2], ENTRIES[1::2], strict=True):
            self.assertEqual("PASS", may["verdict"], may["id"])
            self.assertTrue(may_not["verdict"].startswith("DROP"))
            self.assertEqual(may["title"] + " (not)", may_not["title"])
            self.assertEqual(may["rules"], may_not["rules"])
            self.assertNotEqual(may["frames"], may_not["frames"])

    def test_rules_are_what_decides(self):
        """All but a few are passed by port security alone, and the reasons
        are each there."""
        reasons = {}
        for e in ENTRIES:
            reason = exchange(e)[-1].reason
            if e["verdict"] != "PASS":
                reasons.setdefault(reason, []).append(e["id"])
        for reason in ("ingress", "egress", "invalid", "incomplete"):
            self.assertGreater(len(reasons.pop(reason)), 3, reason)
        self.assertLess(sum(map(len, reasons.values())), 10, reasons)

    def test_every_set_is_used(self):
        self.assertEqual(set(rulesets.SETS), {e["rules"] for e in ENTRIES})

    @unittest.skipUnless(importlib.util.find_spec("scapy"), "no scapy")
    def test_the_file_is_made_from_the_table(self):
        done = subprocess.run([sys.executable, HERE / "make_rules"],
                              text=True, stdout=subprocess.PIPE, check=True)
        self.assertEqual(PATH.read_text(encoding="utf-8"), done.stdout)


# Around the edges of what the sets' rules have.
TYPES = (0, 3, 8, 13, 17, 128, 129, 130, 132, 133, 137, 138, 143, 144)
ADDRESSES = [a for _, found, _ in rulesets.GUESTS.values() for a in found]
ADDRESSES += ["10.0.0.7", "10.0.0.8", "10.0.0.11", "10.0.1.0", "10.0.1.255",
              "10.0.2.0", "10.0.0.1", "198.51.99.255", "198.51.100.0",
              "198.51.100.127", "198.51.100.128", "203.0.113.7",
              "255.255.255.255", "224.0.0.251", "fd00:1::", "fd00:2::",
              "2001:db8:0:ffff::", "2001:db8:1::", "2001:db8:2::", "ff02::fb",
              "fe80::1", "2001:db8:1:ffff:ffff:ffff:ffff:ffff"]
PORTS = [rules.port_range(p) for found in rulesets.SETS.values()
         for group in found["groups"].values()
         for direction in (rules.INGRESS, rules.EGRESS)
         for rule in group.get(direction, []) for p in rule.get("ports", [])]
PORTS += [(67, 68), (546, 547), (40000, 40000)]


def flows(tenant, seed):
    """Random flows near the rules: (guest, direction, Flow)."""
    dice = random.Random(seed)
    addresses = [rules.address(a) for a in ADDRESSES]
    edges = sorted({p for low, high in PORTS
                    for p in (low - 1, low, high, high + 1)
                    if 0 <= p <= 65535})
    for _ in range(RANDOM):
        src = dice.choice(addresses)
        dst = dice.choice([a for a in addresses if a.version == src.version])
        proto = dice.choice((1, 2, 6, 6, 6, 17, 17, 17, 47, 50, 58, 132, 0,
                             255))
        f = rules.Flow(proto, src, dst, None, None, None, None)
        if proto in rules.WITH_PORTS:
            f = f._replace(sport=dice.choice(edges), dport=dice.choice(edges))
        if proto in rules.WITH_TYPES:
            f = f._replace(type=dice.choice(TYPES), code=dice.choice((0, 1)))
        yield (dice.choice(sorted(tenant["guests"])),
               dice.choice((rules.INGRESS, rules.EGRESS)), f)


def corpus_flows(name):
    """What can be asked about the corpus' entries of a set: whole IP
    packets, at both ends."""
    for e in ENTRIES:
        if e["rules"] != name:
            continue
        for sender, data in zip(e["senders"], e["bytes"]):
            if sender == "uplink":
                data = data[:12] + data[16:]
            ip = follow.Whole(data, 0).ip
            if ip is None or ip.is_fragment:
                continue
            for guest in "ap":
                for direction in (rules.INGRESS, rules.EGRESS):
                    yield guest, direction, rules.flow_of(ip)


@unittest.skipUnless(TOOL, "RULE_TOOL is not set")
class Compiled(unittest.TestCase):
    """rule.c has the same opinion, of the corpus' flows and of others."""

    def ask(self, tenant, questions):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            f.write(product.policy(ruled=tenant))
            f.flush()
            done = subprocess.run(
                [TOOL, f.name], text=True, capture_output=True, check=False,
                input="".join("acme/%s/0 %s %d %s %s %d %d %d %d\n" % (
                    guest, direction, flow.proto, flow.src, flow.dst,
                    *(x or 0 for x in flow[3:]))
                    for guest, direction, flow in questions))
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return [line == "allow" for line in done.stdout.split()]

    def compare(self, tenant, questions):
        """How many are allowed."""
        wanted = [rules.allows(tenant, tenant["guests"][g]["interfaces"][0],
                               d, f) for g, d, f in questions]
        got = self.ask(tenant, questions)
        self.assertEqual(len(questions), len(got))
        self.assertEqual([], [(q, w) for q, w, g in zip(
            questions, wanted, got) if w != g][:10])
        return sum(wanted)

    def test_corpus(self):
        asked = 0
        for name in rulesets.SETS:
            questions = list(corpus_flows(name))
            self.compare(rulesets.tenant(name), questions)
            asked += len(questions)
        self.assertGreater(asked, 300)

    def test_random(self):
        for seed, name in enumerate(rulesets.SETS):
            tenant = rulesets.tenant(name)
            allowed = self.compare(tenant, list(flows(tenant, seed)))
            self.assertTrue(RANDOM / 50 < allowed < RANDOM, (name, allowed))


if __name__ == "__main__":
    unittest.main()
