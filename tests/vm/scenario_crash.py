# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios A371, A372: the agent dies, or replaces a port's addresses, under
load. Nothing that must drop is delivered, nothing that may pass is lost."""

import json
import os
import pathlib
import random
import time

import pytest

import lab as lab_
from frames import IP, VLAN, spoofs, tagged, udp, unicast
from lab import DEVICE, PORT, UPLINK, changed
from shell import sh, until

KILLS = int(os.environ.get("KILLS", "200"))
UPDATES = int(os.environ.get("UPDATES", "1000"))
OLD, NEW = "10.0.0.20", "10.0.0.21"
CORPUS = (pathlib.Path(__file__).resolve().parents[1]
          / "corpus/port-security.jsonl")


def drops(limit=80):
    """Frames of the corpus that no policy lets through, and own spoofs."""
    frames = list(spoofs("S"))
    with open(CORPUS, encoding="utf-8") as f:
        for entry in map(json.loads, f):
            if entry["verdict"] == "DROP" and len(frames) < limit:
                frames += [bytes.fromhex(x) for x in entry["frames"]]
    return frames


def versions(lab):
    """Two policies that differ in an address of A's."""
    return [changed(lab.doc, "A", addresses=[IP["A"], extra, "fd00::a"])
            for extra in (OLD, NEW)]


def senders(lab):
    """PASS streams: u, v between guests, w from the trunk, x to it."""
    return [lab.send("A", [unicast("A", "P", "u"), unicast("A", "G", "x")],
                     3000),
            lab.send("P", [unicast("P", "A", "v")], 5000),
            lab.send("uplink", [tagged(VLAN["A"], unicast("G", "P", "w"))],
                     5000)]


PASS = {"u": ("A", "P"), "v": ("P", "A"), "w": ("uplink", "P"),
        "x": ("A", "uplink")}


def judge(seen, sent):
    """Everything that passes arrived, once and in order, and only there."""
    assert not seen.others(), seen.others()
    assert not seen.rows("S"), seen.rows("S")
    for stream, (_, place) in PASS.items():
        rows = seen.rows(stream)
        assert [r["place"] for r in rows] == [place], rows
        assert rows[0]["got"] == sent[stream] and not rows[0]["missing"], (
            stream, sent[stream], rows)
    assert all(sent[s] > 100 for s in PASS), sent


def test_killed_at_random_points_under_load(lab):
    """kill -9 at random points of its start and of its work, the policy
    being replaced each time."""
    rng = random.Random(371)
    agent, docs = lab.agent, versions(lab)
    # Apart from time, a kill is at a message: early ones and late ones.
    lab.fault.arm(0, lab_.Fault.NONE)
    agent.daemon.kill()
    agent.write(docs[0])
    begin = time.monotonic()
    agent.launch()
    agent.wait_open()
    agent.settled()
    start = time.monotonic() - begin
    most = lab.fault.seen
    with lab.watch() as watch:
        load = senders(lab) + [lab.send("A", drops(), 2000)]
        killed = 0
        for i in range(KILLS):
            if agent.daemon.alive():
                agent.daemon.kill()
            agent.write(docs[(i + 1) % 2])
            # If no message is due any more, and every fourth time, some
            # moment will do.
            delay = 2 * start if i % 4 else rng.random() * start
            if i % 4:
                lab.fault.arm(rng.randint(1, most), lab_.Fault.KILL)
            else:
                lab.fault.disarm()
            agent.launch()
            end = time.monotonic() + delay
            until(lambda e=end: not agent.daemon.alive()
                  or time.monotonic() >= e, "it is dead", every=0.002)
            killed += not agent.daemon.alive()
        assert killed > KILLS / 4, killed
        lab.fault.disarm()
        if agent.daemon.alive():
            agent.daemon.kill()
        agent.launch()
        agent.wait_open()
        judge(watch.seen_after(load), watch.sent)


def test_restart_without_drift_writes_nothing(lab):
    agent = lab.agent
    agent.daemon.kill()
    agent.launch()
    agent.wait_open()
    summary = agent.settled()
    assert summary["writes"] == 0 and summary["messages"] == 0, summary


def test_the_kernel_goes_on_without_the_agent(lab):
    """Stopped by SIGTERM or killed, what must drop drops and what may pass
    passes."""
    for how in ("stop", "kill"):
        getattr(lab.agent.daemon, how)()
        with lab.watch() as watch:
            load = senders(lab) + [lab.send("A", drops(), 500)]
            for sender in load:
                sender.wait_sent(250)
            judge(watch.seen_after(load), watch.sent)
        lab.agent.launch()
        lab.agent.wait_open()


@pytest.mark.parametrize("lock", ("tc", "without"))
def test_the_load_shows_a_hole(lab, lock):
    """The twin: with guard and lock gone the same load shows DROP frames
    delivered; with the guard alone gone, the lock closes and PASS frames
    are lost."""
    lab.agent.daemon.kill()
    if lock == "without":
        for device in [*DEVICE.values(), UPLINK]:
            sh("tc qdisc del dev %s clsact" % device)
    sh("nft flush ruleset")
    with lab.watch() as watch:
        load = senders(lab) + [lab.send("A", drops(), 500)]
        load[-1].wait_sent(200)
        seen = watch.seen_after(load)
    if lock == "without":
        assert seen.others() and seen.rows("S")
    else:
        assert not seen.others() and not seen.rows("S")
        assert not seen.got("uvwx")
    with pytest.raises(AssertionError):
        judge(seen, watch.sent)


class Flips:
    """Counts how often a receiver's view of two alternating streams breaks:
    both or neither of two frames sent one after the other got through."""

    def __init__(self, wire):
        self.wire = wire
        self.last = None
        self.broken = 0
        self.frames = 0

    def take(self):
        while (data := self.wire.receive()) is not None:
            at = data.find(b"CDN!")
            if at < 0 or data[at + 4] not in b"on":
                continue
            self.frames += 1
            # o0 n0 o1 n1 ...: one of two neighbours gets through.
            place = 2 * int.from_bytes(data[at + 8:at + 12], "big") + (
                data[at + 4] == ord("n"))
            if self.last is not None and place != self.last + 2:
                self.broken += 1
            self.last = place


def test_addresses_replaced_under_load(lab):
    """1,000 times: every frame sees the old or the new addresses, never
    both or none, and what is valid in both is never lost."""
    from wire import Wire
    agent, docs = lab.agent, versions(lab)
    agent.reload(docs[0])
    agent.settled()
    old, new, never = (udp("A", "P", ip, IP["P"], s)
                       for ip, s in ((OLD, "o"), (NEW, "n"),
                                     ("10.0.0.99", "S")))
    with lab.watch() as watch, Wire("eth0", "gP") as wire:
        flips = Flips(wire)
        load = [lab.send("A", [old, new, unicast("A", "P", "u"), never,
                               unicast("A", "G", "x")], 1500),
                lab.send("P", [unicast("P", "A", "v")], 3000),
                lab.send("uplink", [tagged(VLAN["A"],
                                           unicast("G", "P", "w"))], 3000)]
        for i in range(UPDATES):
            agent.reload(docs[(i + 1) % 2])
            flips.take()
        seen = watch.seen_after(load)
        flips.take()
    judge_updates(seen, watch.sent, flips)


def judge_updates(seen, sent, flips):
    half = (sent["o"] + sent["n"]) / 2
    assert abs(seen.got("on", "P") - half) <= UPDATES + 1, (
        seen.rows("on"), sent)
    assert seen.got("o", "P") and seen.got("n", "P")
    # A change between two frames of a pair shows once.
    assert flips.frames == seen.got("on", "P")
    assert flips.broken <= UPDATES, flips.broken
    for row in seen.rows("on"):
        assert row["place"] == "P", row
    judge(seen, sent)


def test_a_policy_that_is_refused_changes_nothing(lab):
    """Bad input, alternating with good, under load."""
    bad = changed(lab.doc, "A", addresses=["10.9.9.9"])
    with lab.watch() as watch:
        load = senders(lab) + [lab.send("A", drops(), 1000)]
        for _ in range(5):
            lab.agent.write(bad)
            code, text = lab.agent.call("apply", "30", lab.agent.path)
            assert code == 1 and "policy.yaml:" in text, text
            for sender in load:
                sender.wait_sent(50)
        judge(watch.seen_after(load), watch.sent)
    assert {p["port"] for p in lab.agent.ports().values()} == set(
        PORT.values())
