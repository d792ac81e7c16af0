# SPDX-License-Identifier: GPL-3.0-or-later
"""The cast in namespaces, and a trial: frames sent, everything watched.

Guests A, P and B each have a namespace and a veth to the host; the trunk's
far end is a namespace too. A trial sends frames and then a marker, a
legitimate frame from the same sender to P: when that has arrived, whatever
the frames before it caused has arrived too, because nothing on veth and
bridge overtakes. No time passes waiting for frames that do not come.
"""

import os
import struct
import time
from collections import namedtuple

import state
from netns import NetNS, veth
from shell import quiesce, sh, sysctl
from wire import Wire

import product
from model import cast
from model.deliver import tagged

MARKER_TIMEOUT = 10
GUEST_MTU = 9200        # So that a frame above the port's MTU can be sent.

# got: for each frame the set of receivers; "p~" if P got what was not sent.
# refused: frames that the sender's own kernel did not take. moved: what
# changed in the host's tables. strange: (receiver, frame) of each that was not
# sent.
Outcome = namedtuple("Outcome", "got refused moved strange")


def aged(line):
    """Whether a change of state is that the bridge has learned something
    outside and heard nothing of it for long: time passing."""
    return line.startswith("-fdb ") and " dev %s " % product.UPLINK in line \
        and " state 0x2 " in line


class Bed:
    def __init__(self, remote=()):
        os.sched_setaffinity(0, {0})
        self.remote = remote
        self.macs = {"A": cast.MAC_A, "P": cast.MAC_P, "B": cast.MAC_B}
        self.number = 0
        self.wires = {}
        for name, device in product.DEVICES.items():
            if name in remote:
                continue
            self._namespace("g" + name)
            # Down on the host's side, as a vif is that netback just made.
            self._link(device, "g" + name, self.macs[name])
        self._namespace("trunk")
        self._link(product.UPLINK, "trunk", cast.MAC_G)
        sysctl("net.ipv6.conf.%s.disable_ipv6" % product.UPLINK, 1)
        sh(["ip", "link", "set", product.UPLINK, "up"])

    @staticmethod
    def _link(device, ns, mac):
        veth(device, "eth0", peer_ns=ns, peer_mac=product.mac_text(mac),
             up=False)
        sh("ip link set eth0 mtu %d up" % GUEST_MTU, ns=ns)

    @staticmethod
    def _namespace(name):
        sysctl("net.ipv6.conf.all.disable_ipv6", 1, ns=NetNS(name))

    def watch(self, bridge):
        """Starts to listen; the product is up. The host's ear is on the
        bridge device, not promiscuous, which would itself let frames in."""
        for name in product.DEVICES:
            if name not in self.remote:
                self.wires[name] = Wire("eth0", ns="g" + name)
        self.wires["uplink"] = Wire("eth0", ns="trunk")
        self.wires["H"] = Wire(bridge, promiscuous=False)
        with open("/sys/class/net/%s/address" % bridge,
                  encoding="ascii") as f:
            self.bridge_mac = bytes.fromhex(f.read().strip().replace(":", ""))
        self.settle()
        self.before = self.tables()

    def settle(self):
        for wire in self.wires.values():
            wire.clear()

    def tables(self):
        tables = state.snapshot(None)
        tables["host"] = {"%s %d" % item for item in host_received().items()}
        return tables

    def real(self, frame):
        """A frame of the corpus with this host's bridge MAC for H's."""
        for at in (0, 6):
            if frame[at:at + 6] == cast.MAC_H:
                frame = frame[:at] + self.bridge_mac + frame[at + 6:]
        return frame

    def marker(self, sender):
        self.number += 1
        payload = b"marker %06d" % self.number
        udp = struct.pack("!HHHH", 40009, 9, 8 + len(payload), 0) + payload
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64,
                           17, 0)
        src, dst = bytes([10, 0, 0, 10]), bytes([10, 0, 0, 12])
        head = head[:10] + checksum(head + src + dst)
        data = (cast.MAC_P + cast.MAC_A + b"\x08\x00" + head + src + dst
                + udp)
        return tagged(cast.VLAN_A, data) if sender == "uplink" else data

    def trial(self, sender, frames, snapshot=True):
        """Sends `frames` from 'A' or 'uplink'; an Outcome."""
        wire = self.wires[sender]
        refused = {i for i, f in enumerate(frames) if not wire.send(f)}
        arrived = {name: [] for name in self.wires}
        self._mark(sender, arrived)
        quiesce()
        for name, ear in self.wires.items():
            arrived[name] += ear.frames()
        got, strange = attribute(frames, arrived, sender)
        moved = []
        if snapshot:
            after = self.tables()
            moved = [line for line in state.changes(self.before, after)
                     if not aged(line)]
            self.before = after
        return Outcome(got, refused, moved, strange)

    def exchange(self, steps):
        """Sends (sender, frame) one after the other; an Outcome. No
        connection is there before."""
        sh(["conntrack", "-F"], check=False)
        self.before = self.tables()
        refused = set()
        for i, (sender, frame) in enumerate(steps):
            if not self.wires[sender].send(frame):
                refused.add(i)
            quiesce()
        arrived = {name: [] for name in self.wires}
        self._mark("A", arrived, arp_marker)
        for name, ear in self.wires.items():
            arrived[name] += ear.frames()
        sent = [untagged(f) if sender == "uplink" else f
                for sender, f in steps]
        got, strange = match(sent, arrived, without_id)
        after = self.tables()
        moved = state.changes(self.before, after)
        return Outcome(got, refused, moved, strange)

    def _mark(self, sender, arrived, make=None):
        """Sends a marker and takes in what arrives at P before it. One that
        is lost is sent again: a port that is shut shows as a failure. `make`
        makes a marker of its number."""
        ear, end = self.wires["P"], time.monotonic() + MARKER_TIMEOUT
        while True:
            if make:
                self.number += 1
                marker = make(self.number)
            else:
                marker = self.marker(sender)
            want = untagged(marker) if sender == "uplink" else marker
            self.wires[sender].send(marker)
            quiesce()
            while (data := ear.receive()) is not None:
                if data == want:
                    return
                arrived["P"].append(data)
            if time.monotonic() > end:
                raise AssertionError("marker from %s to P does not arrive: "
                                     "the port is shut" % sender)
            time.sleep(0.01)


def arp_marker(number):
    """From A to P: what no tenant's rules can stop."""
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 2, cast.MAC_A,
                      bytes([10, 0, 0, 10]), cast.MAC_P,
                      bytes([10, 0, 0, 12]))
    return (cast.MAC_P + cast.MAC_A + b"\x08\x06" + arp
            + b"marker %06d" % number)


def without_id(frame):
    """The frame with no identification if it is a fragment of IPv6: a host
    that puts datagrams together and takes them apart again gives another."""
    if frame[12:14] == b"\x86\xdd" and frame[20:21] == b"\x2c":
        return frame[:58] + bytes(4) + frame[62:]
    return frame


def untagged(frame):
    return frame[:12] + frame[16:]


def checksum(head):
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xffff)


def is_marker(data):
    return b"marker " in data[42:60]


def attribute(frames, arrived, sender):
    """Who got which frame. On the trunk, frames of A's bear its VLAN, and
    they may on the bridge device. What is equal to no frame sent counts for
    the first, as altered."""
    sent = [untagged(f) if sender == "uplink" else f for f in frames]
    return match(sent, arrived)


def match(sent, arrived, like=lambda frame: frame):
    """The same for frames without tags; `like` is what has to be equal."""
    tag = struct.pack("!HH", 0x8100, cast.VLAN_A)
    got, strange = [set() for _ in sent], []
    for name, seen in arrived.items():
        left = list(range(len(sent)))
        for data in seen:
            if is_marker(data):
                continue
            plain = data
            if name in ("uplink", "H") and data[12:16] == tag:
                plain = untagged(data)
            match = next((i for i in left
                          if like(sent[i]) == like(plain)), None)
            if match is None or name == "uplink" and plain is data:
                got[0].add(name.lower() + "~")
                strange.append((name, data))
            else:
                left.remove(match)
                got[match].add(name)
    return got, strange


def host_received():
    """What the host's own IP has been given."""
    counts = {}
    with open("/proc/net/snmp", encoding="ascii") as f:
        names = f.readline().split()
        counts["ip"] = int(f.readline().split()[names.index("InReceives")])
    with open("/proc/net/snmp6", encoding="ascii") as f:
        counts["ip6"] = int(f.readline().split()[1])
    return counts
