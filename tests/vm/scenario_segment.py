# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of the segment: what the trunk sends in a guest's name, A391 (a
promiscuous guest), the storm limit, and the tables of the host."""

import time

import state
from bed import host_received
from frames import (BROADCAST, IP, MAC, VLAN, beacon, spoofs, tagged, udp,
                    unicast)
from lab import BRIDGE, DEVICE, changed
from shell import sh, until

STRANGER = bytes.fromhex("020000000077")


def fdb():
    """Without what B's network learns of the trunk, where A's MAC is one
    like others."""
    return sorted(line for line in sh("bridge fdb show br " + BRIDGE)
                  .splitlines()
                  if " dev up0 vlan %d " % VLAN["B"] not in line)


def from_trunk(frame, guest="A"):
    return tagged(VLAN[guest], frame)


def test_trunk_in_the_name_of_a_local_guest(lab):
    """Frames from the trunk with A's MAC move nothing, reach nobody, and
    A's own traffic goes on without a loss. The twin: the gateway's arrive."""
    forged = [from_trunk(unicast("A", "P", "S")),
              from_trunk(beacon("A", "S")),
              from_trunk(udp(MAC["A"], STRANGER, IP["A"], "10.0.0.77", "S")),
              tagged(VLAN["B"], beacon("A", "S")), beacon("A", "S")]
    with lab.watch() as watch:
        load = [lab.send("A", [unicast("A", "P", "u"),
                               unicast("A", "G", "x")], 1000),
                lab.send("P", [unicast("P", "A", "v")], 1000),
                lab.send("uplink", [from_trunk(unicast("G", "A", "g"))],
                         3000)]
        until(lambda: watch.seen().got("g", "A"), "traffic flows")
        before = fdb()
        # A2's frames are what the switch would learn by.
        forger = lab.send("uplink", forged, 1000)
        forger.wait_sent(100)
        assert fdb() == before
        seen = watch.seen_after(load + [forger])
        assert fdb() == before
    assert not seen.others(), seen.others()
    # B's network has a guest of A's name nowhere: there its MAC is free.
    for row in seen.rows("S"):
        assert row["place"] == "B", row
    for stream, place in (("u", "P"), ("v", "A"), ("x", "uplink"),
                          ("g", "A")):
        assert seen.got(stream, place) == watch.sent[stream] > 20
        assert not seen.missing(stream, place)


def test_promiscuous_guest_sees_its_own_alone(lab):
    """Unknown unicast, a peer's unicast and other networks' frames are not
    for A; broadcasts of its network and its own frames are."""
    foreign = [from_trunk(unicast("G", "P", "S")),
               from_trunk(udp("G", STRANGER, IP["G"], "10.0.0.77", "S")),
               from_trunk(udp("G", "B", IP["G"], IP["B"], "S")),
               tagged(VLAN["B"], udp("G", BROADCAST, IP["G"],
                                     "255.255.255.255", "S")),
               tagged(VLAN["B"], udp("G", "A", IP["G"], IP["A"], "S")),
               udp("G", BROADCAST, IP["G"], "255.255.255.255", "S"),
               tagged(999, beacon("G", "S"))]
    with lab.watch() as watch:
        load = [lab.send("uplink", foreign + [
            from_trunk(beacon("G", "b")), from_trunk(unicast("G", "A", "u"))
            ], 500), lab.send("P", [unicast("P", "G", "S"), beacon("P", "c")],
                              2000),
            lab.send("B", [beacon("B", "S"), unicast("B", "G", "S")], 2000)]
        load[0].wait_sent(200)
        seen = watch.seen_after(load)
    assert {r["stream"] for r in seen.rows(place="A")} == {"b", "u", "c"}, (
        seen.rows(place="A"))
    for stream in "bu":
        assert seen.got(stream, "A") == watch.sent[stream]
    assert seen.got("c", "A") and not seen.others().get("A")
    assert not seen.rows(place="H"), "the host gets nothing"


def test_storm_limit(lab):
    """A flood of broadcasts is cut to about the port's limit, counted as
    storm, and costs A's unicast and the others nothing."""
    limit = 100
    lab.agent.reload(changed(lab.doc, "A", storm=limit))
    lab.agent.settled()
    flood = [beacon("A", "b")] * 9 + [unicast("A", "P", "u")]
    with lab.watch() as watch:
        begin = time.monotonic()
        load = [lab.send("A", flood),
                lab.send("P", [unicast("P", "A", "v"), beacon("P", "c")],
                         20000)]
        # Long enough that a burst at its beginning does not count.
        until(lambda: time.monotonic() - begin > 4, "four seconds")
        seen = watch.seen_after(load)
        took = time.monotonic() - begin
    sent, got = watch.sent["b"], seen.got("b", "P")
    assert sent > 5 * limit * took, "no flood: %d in %.1f s" % (sent, took)
    assert 0.5 * limit * took <= got <= 1.5 * limit * (took + 1), (got, took)
    for stream, place in (("u", "P"), ("v", "A"), ("c", "A")):
        assert seen.got(stream, place) == watch.sent[stream] > 10
    assert lab.agent.drops().get("storm", 0) >= sent - got
    assert not seen.got("b", "B")


def test_below_the_storm_limit_nothing_is_lost(lab):
    """The twin of the last."""
    lab.agent.reload(changed(lab.doc, "A", storm=1000000))
    lab.agent.settled()
    before = lab.agent.drops().get("storm", 0)
    with lab.watch() as watch:
        load = [lab.send("A", [beacon("A", "b")])]
        load[0].wait_sent(3000)
        seen = watch.seen_after(load)
    assert seen.got("b", "P") == watch.sent["b"]
    assert lab.agent.drops().get("storm", 0) == before


def test_no_table_of_the_host_moves(lab):
    """Under everything that a guest must not send: FDB, groups, neighbours,
    tracked connections, and what the host's own IP has received."""
    foreign = [udp("A", "B", IP["A"], IP["B"], "S"),
               udp(STRANGER, BROADCAST, IP["A"], "255.255.255.255", "S")]
    macs = {row: None for row in fdb()}
    host = host_received()
    with lab.watch() as watch:
        with state.unmoved(None):
            load = [lab.send("A", spoofs("S") + foreign, 300),
                    lab.send("B", spoofs("S", "B"), 300)]
            load[0].wait_sent(200)
            seen = watch.seen_after(load)
    assert not seen.rows("S") and not seen.others(), seen.rows("S")
    assert host_received() == host and fdb() == list(macs)
    drops = lab.agent.drops()
    for reason in ("spoofed-mac", "spoofed-ip", "arp-spoof", "tagged"):
        assert drops.get(reason), (reason, drops)


def test_the_tables_are_watched(lab):
    """The twin: the same frames on ports that learn move the table."""
    lab.agent.daemon.kill()
    for device in DEVICE.values():
        sh("tc qdisc del dev %s clsact" % device)
        sh("bridge link set dev %s learning on locked off" % device)
    sh("nft flush ruleset")
    before = state.snapshot(None)
    with lab.send("A", spoofs("S"), 300) as sender:
        sender.wait_sent(20)
    assert [m for m in state.changes(before, state.snapshot(None))
            if m.startswith("+fdb")]
