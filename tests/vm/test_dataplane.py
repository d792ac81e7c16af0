# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridge, lock and ports as the kernel has them, and what each of them does
alone."""

import socket
import struct

from frames import BROADCAST, IP, MAC, VLAN, beacon, tagged, udp, unicast
from kernelview import (HOST, INGRESS, TRUNK, dropped, fdb, filters, ours,
                        place, ports, segment_block, tables, vlans)
from lab import BRIDGE, DEVICE, UPLINK
from netns import link_info
from shell import sh, sysctl, until

BRIDGE_MAC = "02:63:6f:72:64:6e"
STRANGER = bytes.fromhex("020000000077")
MARK = {name: "%#x/0xffff0000" % (vlan << 16) for name, vlan in VLAN.items()}


def passes(lab, sender, frame, stream, where, count=20):
    """How many of at least 'count' frames arrive somewhere."""
    with lab.watch() as watch:
        load = lab.send(sender, [frame], 1000)
        load.wait_sent(count)
        seen = watch.seen_after([load])
        return seen.got(stream, where)


# As wanted.

def test_bridge(lab):
    info = link_info(BRIDGE)
    data = info["linkinfo"]["info_data"]
    assert info["address"] == BRIDGE_MAC and info["ifalias"] == "cordon"
    assert {"UP", "NOARP"} <= set(info["flags"])
    assert (data["vlan_filtering"], data["vlan_default_pvid"]) == (1, 0)
    assert (data["stp_state"], data["mcast_snooping"]) == (0, 0)
    assert int(str(data["group_fwd_mask"]), 0) == 0
    assert data["no_linklocal_learn"] == 1
    for key in ("nf_call_iptables", "nf_call_ip6tables",
                "nf_call_arptables"):
        assert not data.get(key)
    assert BRIDGE not in vlans()
    assert not ours(sh("ip -j addr show dev " + BRIDGE))[0]["addr_info"]
    assert sysctl("net.ipv6.conf.%s.disable_ipv6" % BRIDGE) == "1"
    assert set(ports()) == {*DEVICE.values(), UPLINK}


def test_ports(lab):
    for name, device in DEVICE.items():
        port = ports()[device]
        for key in ("learning", "flood", "hairpin", "isolated",
                    "neigh_suppress", "fastleave", "mcast_to_unicast",
                    "vlan_tunnel"):
            assert port[key] is False, (device, key)
        for key in ("locked", "mcast_flood", "bcast_flood", "guard",
                    "root_block"):
            assert port[key] is True, (device, key)
        assert port["state"] == "forwarding"
        assert {"UP", "NOARP"} <= set(link_info(device)["flags"])
        assert vlans()[device] == [(VLAN[name], ["Egress Untagged", "PVID"])]
        for key, value in (("ipv6.conf.%s.disable_ipv6", "1"),
                           ("ipv4.conf.%s.arp_ignore", "8"),
                           ("ipv4.conf.%s.forwarding", "0"),
                           ("ipv4.conf.%s.proxy_arp", "0"),
                           ("ipv4.conf.%s.route_localnet", "0"),
                           ("ipv4.conf.%s.drop_unicast_in_l2_multicast",
                            "1")):
            assert sysctl("net." + key % device) == value, key


def test_uplink(lab):
    port = ports()[UPLINK]
    assert port["learning"] is True and port["flood"] is False
    assert port["mcast_flood"] is True and port["bcast_flood"] is True
    assert port["locked"] is False
    assert vlans()[UPLINK] == [(VLAN["A"], []), (VLAN["B"], [])]


def test_fdb(lab):
    gateway = MAC["G"].hex(":")
    assert fdb() == {(device, VLAN[name], MAC[name].hex(":"))
                     for name, device in DEVICE.items()} | {
        (UPLINK, VLAN["A"], gateway), (UPLINK, VLAN["B"], gateway)}


def test_lock(lab):
    def qdisc(device):
        return [q for q in ours(sh("tc -j qdisc show dev " + device))
                if q["kind"] in ("clsact", "ingress")]

    for name, device in DEVICE.items():
        (q,) = qdisc(device)
        assert (q["ingress_block"], q["egress_block"]) == (
            INGRESS, segment_block(name))
        (mark, allow, rest, deny) = filters(segment_block(name))
        assert mark.endswith(" fw chain 0 handle " + MARK[name])
        assert "pass" in allow and "matchall" in rest and "drop" in deny
    (q,) = qdisc(UPLINK)
    assert (q["ingress_block"], q["egress_block"]) == (INGRESS, TRUNK)
    text = filters(TRUNK)
    assert [MARK[n] in "".join(text) for n in "AB"] == [True, True]
    assert len([t for t in text if "pass" in t]) == 2
    assert "drop" in text[-1]
    (q,) = qdisc(BRIDGE)
    assert q["ingress_block"] == HOST
    assert "drop" in filters(HOST)[-1] and len(filters(HOST)) == 2
    assert not filters(INGRESS)


def test_restart_writes_nothing(lab):
    before = tables()
    lab.agent.daemon.stop()
    lab.agent.launch()
    lab.agent.wait_open()
    assert lab.agent.settled()["writes"] == 0
    assert tables() == before


# What each part does when it is alone.

def test_flush_and_lock(lab):
    """After a foreign flush nothing has a mark: the lock drops and counts
    it. The twin: without the lock it passes."""
    frame = unicast("A", "P", "u")
    assert passes(lab, "A", frame, "u", "P") >= 20
    with lab.agent.daemon.stopped():
        sh("nft flush ruleset")
        before = dropped(segment_block("P"))
        assert passes(lab, "A", frame, "u", "P") == 0
        assert dropped(segment_block("P")) >= before + 20
        for device in DEVICE.values():
            sh("tc qdisc del dev %s clsact" % device)
        assert passes(lab, "A", frame, "u", "P") >= 20
    lab.agent.wait_open()


def test_lock_drops_are_shown(lab):
    with lab.agent.daemon.stopped():
        sh("nft flush ruleset")
        passes(lab, "A", unicast("A", "P", "u"), "u", "P")
    lab.agent.settled()
    rows = lab.agent.cordon("show", "drops")["drops"]
    assert [r for r in rows if r["reason"] == "wrong-segment"
            and r["packets"] >= 20], rows


def test_two_tenants_in_one_vlan_by_mistake(lab):
    """B's port is put into A's VLAN: they still cannot talk, by guard and
    lock, nor by the lock alone. The twin: without both they can."""
    to_b = udp("A", BROADCAST, IP["A"], "255.255.255.255", "b")
    device = DEVICE["B"]
    with lab.agent.daemon.stopped():
        sh("bridge vlan del dev %s vid %d" % (device, VLAN["B"]))
        sh("bridge vlan add dev %s vid %d pvid untagged" % (device,
                                                            VLAN["A"]))
        assert passes(lab, "A", to_b, "b", "B") == 0
        assert passes(lab, "A", to_b, "b", "P") >= 20
        assert passes(lab, "B", beacon("B", "c"), "c", "A") == 0
        sh("nft flush ruleset")
        assert passes(lab, "A", to_b, "b", "B") == 0
        assert passes(lab, "B", beacon("B", "c"), "c", "A") == 0
        for other in DEVICE.values():
            sh("tc qdisc del dev %s clsact" % other)
        assert passes(lab, "A", to_b, "b", "B") >= 20
    lab.agent.wait_open()
    assert passes(lab, "A", to_b, "b", "B") == 0


def test_sticky(lab):
    """A frame from the trunk with a guest's MAC does not move its entry,
    even with no guard on the uplink. The twin: a static one moves."""
    forged = tagged(VLAN["A"], udp("A", BROADCAST, IP["A"],
                                   "255.255.255.255", "S"))
    with lab.agent.daemon.stopped():
        sh("nft flush ruleset")
        passes(lab, "uplink", forged, "S", "P")
        assert place("A", VLAN["A"]) == [DEVICE["A"]]
        sh("bridge fdb del %s dev %s master vlan %d"
           % (MAC["A"].hex(":"), DEVICE["A"], VLAN["A"]))
        sh("bridge fdb add %s dev %s master static vlan %d"
           % (MAC["A"].hex(":"), DEVICE["A"], VLAN["A"]))
        passes(lab, "uplink", forged, "S", "P")
        assert place("A", VLAN["A"]) == [UPLINK]
    lab.agent.wait_open()
    until(lambda: place("A", VLAN["A"]) == [DEVICE["A"]], "it is back")


def test_unknown_unicast_stays_on_the_host(lab):
    """The twin: what is for the gateway leaves, though it has never sent."""
    frame = udp("A", STRANGER, IP["A"], "10.0.0.77", "n")
    for where in ("uplink", "P", "B", "H"):
        assert passes(lab, "A", frame, "n", where) == 0
    assert passes(lab, "A", unicast("A", "G", "g"), "g", "uplink") >= 20


class Dom0Listener:
    """A socket of dom0's stack, at an address that guests may send to, with
    a VLAN device on the bridge, without which the stack would not take a
    frame of that VLAN."""

    ADDRESS = "10.0.0.254"

    def __enter__(self):
        sh("ip link add listen type dummy")
        sh("ip addr add %s/32 dev listen" % self.ADDRESS)
        sh("ip link set listen up")
        sh("ip link add link %s name on-bridge type vlan id %d"
           % (BRIDGE, VLAN["A"]))
        sh("ip link set on-bridge up")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.ADDRESS, 9000))
        self.socket.setblocking(False)
        # Something that captures on the bridge, as tcpdump does.
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        index = socket.if_nametoindex(BRIDGE)
        self.tap.setsockopt(263, 1, struct.pack("iHH8s", index, 1, 0, b""))
        return self

    def heard(self):
        n = 0
        while True:
            try:
                self.socket.recv(2000)
                n += 1
            except BlockingIOError:
                return n

    def __exit__(self, *error):
        self.tap.close()
        self.socket.close()
        sh("ip link del on-bridge")
        sh("ip link del listen")


def test_promiscuous_bridge_delivers_nothing(lab):
    """A capture on the bridge device makes it take all frames: dom0's stack
    hears none, be it for the guard there, or for the drop at its ingress
    alone. The twin: without both it hears them."""
    frame = udp("A", bytes.fromhex(BRIDGE_MAC.replace(":", "")), IP["A"],
                Dom0Listener.ADDRESS, "h")

    def heard():
        with lab.send("A", [frame], 1000) as load:
            load.wait_sent(20)
        return listener.heard()

    with Dom0Listener() as listener:
        assert link_info(BRIDGE)["promiscuity"] == 1
        assert heard() == 0
        with lab.agent.daemon.stopped():
            sh("nft flush ruleset")
            before = dropped(HOST)
            assert heard() == 0
            assert dropped(HOST) >= before + 20
            sh("tc qdisc del dev %s clsact" % BRIDGE)
            assert heard() >= 20
        lab.agent.wait_open()
        until(lambda: filters(HOST) if "clsact" in sh(
            "tc qdisc show dev " + BRIDGE) else None, "it is back")
        lab.agent.settled()
        assert heard() == 0
