# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios A368, A374, A375, A378, A383: a guest that sends from the first
instant while its port comes and goes, under old names and indices too."""

import socket
import struct
import time

import lab as lab_
import rtnl
from frames import VLAN, arp, beacon, spoofs, tagged, unicast
from lab import BRIDGE, DEVICE, PORT, UPLINK, changed, closed, is_up, stopped
from traffic import Sender
from netns import ifindex, link_info
from shell import sh, until

CYCLES = 40


def hostile():
    """A beacon that is legitimate once the port is open, between spoofs."""
    frames = []
    for spoof in spoofs("S"):
        frames += [spoof, beacon("A", "b")]
    return frames


def nothing_leaked(seen):
    assert not seen.rows("S"), "spoofed frames: %s" % seen.rows("S")
    assert not seen.others(), "unknown frames: %s" % seen.others()
    for row in seen.rows("b"):
        assert (row["place"], row["vlan"]) in (
            ("P", 0), ("uplink", VLAN["A"])), "beacon where: %s" % row


def test_traffic_before_the_filter(lab):
    """A tap's guest sends spoofs and beacons while it is plugged in and
    taken away, CYCLES times."""
    lab.unplug("A")
    with lab.watch() as watch:
        for i in range(CYCLES):
            before = watch.seen().got("b", "P") if i % 10 == 0 else None
            with Sender(DEVICE["A"], hostile(), usec=300, tap=True) as tap:
                until(lambda: link_info(DEVICE["A"]), "the tap is there",
                      every=0.002)
                # Every other one goes away in the middle of being set up.
                if i % 2 == 0:
                    lab.agent.wait_open(DEVICE["A"])
                    tap.wait_sent(30)
            if before is not None:
                seen = watch.seen()
                assert seen.got("b", "P") > before, "the beacon arrives"
                nothing_leaked(seen)
        seen = watch.seen()
        nothing_leaked(seen)
        assert seen.got("b", "P") and seen.got("b", "uplink")


def test_the_watch_sees_what_a_filter_that_comes_late_lets_out(lab):
    """The twin: a bridge port that is up before its filter leaks, and these
    tests would see it."""
    lab.agent.stop()
    lab.unplug("A")
    lab.plug("A")
    with lab.watch() as watch, lab.send("A", hostile(), 300) as sender:
        sh("ip link set %s master %s up" % (DEVICE["A"], BRIDGE))
        sh("bridge vlan add dev %s vid %d pvid untagged"
           % (DEVICE["A"], VLAN["A"]))
        # Without the lock of the peer's port, as such a host is.
        for device in (DEVICE["P"], UPLINK):
            sh("tc qdisc del dev %s clsact" % device)
        sh("nft flush ruleset")
        sender.wait_sent(40)
        seen = watch.seen()
        assert seen.got("S", "P") and seen.got("S", "uplink")


def test_every_step_of_opening_keeps_it_closed(lab):
    """The agent is stopped after every netlink message that writes: the port
    passes nothing before it is up, and nothing forged then."""
    fault, agent = lab.fault, lab.agent
    lab.unplug("A")
    agent.settled()
    steps = opened_at = 0
    with lab.watch() as watch, lab.send("A", hostile(), 300) as sender:
        fault.arm(1, lab_.Fault.STOP, sticky=True, writes=True)
        lab.plug("A")
        while True:
            end = time.monotonic() + 3
            until(lambda e=end: stopped(agent.daemon.pid)
                  or time.monotonic() > e and is_up(DEVICE["A"]),
                  "the next step", every=0.002)
            if not stopped(agent.daemon.pid):
                break
            steps += 1
            before = watch.seen().got("b")
            sender.wait_sent(20, None) if is_up(DEVICE["A"]) else None
            seen = watch.seen()
            nothing_leaked(seen)
            if closed(DEVICE["A"]):
                assert seen.got("b") == before, "step %d" % steps
            elif not opened_at:
                opened_at = steps
            agent.daemon.signal(18)     # SIGCONT
        fault.disarm()
        assert steps >= 4 and opened_at > 1, (steps, opened_at)
        before = watch.seen().got("b", "P")
        until(lambda: watch.seen().got("b", "P") > before, "it is open")
        nothing_leaked(watch.seen())


class VlanMonitor:
    """All VLANs that devices were members of while the block ran, from the
    kernel's own notifications."""

    RTNLGRP_BRVLAN, RTM_NEWVLAN = 33, 112
    SOL_NETLINK, ADD_MEMBERSHIP, RCVBUFFORCE = 270, 1, 33

    def __init__(self):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                          rtnl.NETLINK_ROUTE)
        s.setsockopt(socket.SOL_SOCKET, self.RCVBUFFORCE, 8 << 20)
        s.bind((0, 0))
        s.setsockopt(self.SOL_NETLINK, self.ADD_MEMBERSHIP,
                     self.RTNLGRP_BRVLAN)
        s.setblocking(False)
        self.socket = s
        self.seen = set()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def vlans(self, indices):
        """Those of the devices that have, or had, these ifindices."""
        try:
            while True:
                self._read(self.socket.recv(1 << 16))
        except BlockingIOError:
            return {vid for index, vid in self.seen if index in indices}

    def _read(self, data):
        while len(data) >= 16:
            length, kind = struct.unpack_from("IH", data)
            body, data = data[16:length], data[(length + 3) & ~3:]
            if kind != self.RTM_NEWVLAN:
                continue
            index = struct.unpack_from("I", body, 4)[0]
            for _, entry in rtnl.attributes(body[8:]):
                self._entry(index, dict(rtnl.attributes(entry)))

    def _entry(self, index, found):
        first = struct.unpack_from("HH", found[1])[1]
        last = struct.unpack("H", found.get(2, found[1][2:4]))[0]
        self.seen |= {(index, vid) for vid in range(first, last + 1)}


def test_replug_has_no_vlan_but_its_own(lab):
    """Never, not even for an instant, another VLAN than its own: also when
    it comes back in another network."""
    with lab.watch() as watch, lab.send("A", [beacon("A", "b")], 300):
        with VlanMonitor() as monitor:
            indices = set()
            for _ in range(10):
                lab.unplug("A")
                lab.plug("A")
                lab.agent.wait_open(DEVICE["A"])
                indices.add(ifindex(DEVICE["A"]))
            assert len(indices) == 10
            assert monitor.vlans(indices) == {VLAN["A"]}, monitor.seen
        seen = watch.seen()
        assert seen.got("b", "P") and not seen.got("b", "B")
        nothing_leaked(seen)


def test_the_monitor_sees_a_vlan_of_an_instant(lab):
    """The twin of the last."""
    index = ifindex(DEVICE["A"])
    with VlanMonitor() as monitor:
        sh("bridge vlan add dev %s vid 4000" % DEVICE["A"])
        sh("bridge vlan del dev %s vid 4000" % DEVICE["A"], check=False)
        assert 4000 in monitor.vlans({index})
    lab.agent.settled()


def test_a_renamed_device_keeps_its_filter(lab):
    """A name does not open or close anything that a filter stands for: what
    bears vifA's name next is another device."""
    index = ifindex(DEVICE["A"])
    with lab.watch() as watch, lab.send("A", hostile(), 300) as sender:
        until(lambda: watch.seen().got("b", "P"), "it is open")
        # A device that is up cannot be renamed, and the agent would put it
        # up again.
        lab.agent.daemon.signal(19)
        sh("ip link set %s down" % DEVICE["A"])
        sh("ip link set %s name old0" % DEVICE["A"])
        lab.extra.append("old0")
        sh("ip link set old0 up")
        sender.wait_sent(20)
        nothing_leaked(watch.seen())
        lab.agent.daemon.signal(18)
        until(lambda: closed("old0"), "the renamed device is closed", 10)
        count = watch.seen().got("b")
        sender.wait_sent(20) if is_up("old0") else None
        assert watch.seen().got("b") == count
        nothing_leaked(watch.seen())
        sh("ip link set old0 down")
        sh("ip link set old0 name " + DEVICE["A"])
        lab.agent.wait_open(DEVICE["A"])
        assert ifindex(DEVICE["A"]) == index
        until(lambda: watch.seen().got("b", "P") > count, "it opens again")
        nothing_leaked(watch.seen())


def test_a_name_of_another_tenants_device_is_reused(lab):
    """A's device goes; a device of B's guest appears under its name: it is
    what the policy says of that name, and nothing of B's gets through."""
    bs = [beacon("B", "S"), unicast("B", "P", "S"), arp("B", "S")]
    lab.unplug("A")
    lab.unplug("B")
    lab.agent.settled()
    with lab.watch() as watch:
        lab.plug("B", device=DEVICE["A"])
        with lab.send("B", bs, 300) as sender:
            lab.agent.wait_open(DEVICE["A"])
            sender.wait_sent(30)
            nothing_leaked(watch.seen())
    sh("ip link del " + DEVICE["A"])
    lab.plug("A")
    lab.plug("B")
    with lab.watch() as watch:
        with lab.send("A", hostile(), 300), lab.send("B", [beacon("B", "q")],
                                                     300):
            lab.agent.wait_open()
            until(lambda: watch.seen().got("b", "P")
                  and watch.seen().got("q", "uplink"), "both work")
            seen = watch.seen()
            assert not seen.got("q", "P") and not seen.got("b", "B")
            nothing_leaked_but(seen, "q")


def nothing_leaked_but(seen, stream):
    assert not seen.rows("S") and not seen.others()
    assert {(r["place"], r["vlan"]) for r in seen.rows(stream)} <= {
        ("uplink", VLAN["B"])}


def test_an_ifindex_of_another_tenant_is_reused(lab):
    """Nothing that was keyed by A's ifindex serves B, which gets it."""
    index = ifindex(DEVICE["A"])
    frames = [beacon("A", "S"), unicast("A", "P", "S"), arp("A", "S"),
              beacon("B", "q")]
    for _ in range(5):
        lab.unplug("A")
        lab.unplug("B")
        with lab.watch() as watch:
            # At once, so that the agent may not even have seen it go.
            lab.plug("B", index=index)
            with lab.send("B", frames, 300) as sender:
                lab.agent.wait_open(DEVICE["B"])
                sender.wait_sent(40)
                until(lambda: watch.seen().got("q", "uplink"), "B works")
                nothing_leaked_but(watch.seen(), "q")
        assert ifindex(DEVICE["B"]) == index
        lab.unplug("B")
        lab.plug("A", index=index)
        lab.plug("B")
        lab.agent.wait_open(*DEVICE.values())
    with lab.watch() as watch, lab.send("A", hostile(), 300):
        until(lambda: watch.seen().got("b", "P"), "A works")
        nothing_leaked(watch.seen())


def entries():
    """Where A's MAC is."""
    return sorted(line for line in sh("bridge fdb show br " + BRIDGE)
                  .splitlines() if line.startswith("02:00:00:00:00:0a"))


def test_same_mac_and_address_in_two_tenants(lab):
    """B gets A's MAC and address: both work, apart."""
    doc = changed(lab.doc, "B", mac="02:00:00:00:00:0a",
                  addresses=["10.0.0.10", "fd00::a"])
    lab.unplug("B")
    lab.agent.reload(doc)
    lab.plug("B", mac=lab_.MAC["A"])
    lab.agent.wait_open(*DEVICE.values())
    fdb = entries()
    with lab.watch() as watch:
        to_a, to_b = (tagged(VLAN[n], unicast("G", "A", s))
                      for n, s in (("A", "x"), ("B", "y")))
        with lab.send("A", [beacon("A", "b"), unicast("A", "P", "u")], 300), \
                lab.send("B", [beacon("A", "q")], 300), \
                lab.send("uplink", [to_a, to_b], 300) as sender:
            sender.wait_sent(60)
            seen = watch.seen()
    assert seen.got("b", "P") and seen.got("u", "P")
    assert seen.got("x", "A") and seen.got("y", "B")
    assert not seen.got("x", "B") and not seen.got("y", "A")
    assert {(r["stream"], r["vlan"]) for r in seen.rows(place="uplink")} == {
        ("b", VLAN["A"]), ("q", VLAN["B"])}
    assert not seen.got("q", "P") and not seen.got("b", "B")
    assert not seen.missing("x", "A") and not seen.missing("u", "P")
    assert entries() == fdb, "no entry flaps"
    assert len(fdb) == 2 and PORT["B"] in {
        p["port"] for p in lab.agent.ports().values()}
    lab.unplug("B")
