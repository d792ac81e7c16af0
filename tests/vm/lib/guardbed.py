# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the kernel module alone: guests, an uplink, one bridge that floods
to all, so that what does not arrive, the guard has dropped; fixtures that make
it.
"""

import socket
import struct

import pytest

import guard
from guard import macs, nest, pair, prefix, Refused, u32, u8
from netns import forwards, ifindex, NetNS, veth
from shell import quiesce, sh, until
from wire import Wire

MAC = {"A": "02:00:00:00:00:0a", "P": "02:00:00:00:00:0c",
       "B": "02:00:00:00:00:0b", "G": "02:00:00:00:00:01"}
IP = {"A": "10.0.0.10", "P": "10.0.0.12", "B": "10.0.0.11", "G": "10.0.0.1"}
SEGMENT = {"A": 100, "P": 100, "B": 200}
VLAN = {100: 1100, 200: 1200}
DEVICE = {name: "vif%s-emu" % name for name in SEGMENT}
BROADCAST = "ff:ff:ff:ff:ff:ff"


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp(src, dst, src_ip, dst_ip, size=26, port=5000):
    """A frame; names of the cast or addresses."""
    payload = b"CORDON".ljust(size, b".")
    upper = struct.pack("!HHHH", 4000, port, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(upper), 0, 0, 64, 17, 0)
    ends = socket.inet_aton(IP.get(src_ip, src_ip)) + socket.inet_aton(
        IP.get(dst_ip, dst_ip))
    head = head[:10] + struct.pack("!H", checksum(head + ends)) + ends
    return (guard.mac(MAC.get(dst, dst)) + guard.mac(MAC.get(src, src))
            + b"\x08\x00" + head + upper)


def beacon(src):
    return udp(src, BROADCAST, src, "255.255.255.255")


def tagged(vlan, frame):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


class Host:
    """Guests A and P of one segment, B of another, and an uplink whose other
    end is a wire; on one bridge that floods."""

    def __init__(self, offload=False):
        self.spaces, self.wires, self.offload = {}, {}, offload
        self.g = None
        sh("ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0 "
           "mcast_snooping 0")
        sh("ip link set br0 addrgenmode none up")
        for name in [*DEVICE, "U"]:
            self.spaces[name] = NetNS("ns" + name)
            self.plug(name)

    @staticmethod
    def device(name):
        return DEVICE.get(name, "uplink0")

    def index(self, name):
        return ifindex(self.device(name))

    def plug(self, name):
        """A new device for a guest that has none."""
        veth(self.device(name), "eth0", peer_ns=self.spaces[name],
             peer_mac=MAC.get(name), offload=self.offload, up=False)
        sh("ip link set %s addrgenmode none" % self.device(name))
        sh("ip link set eth0 up", ns=self.spaces[name])
        self.join(name)

    def join(self, name, vlan=None):
        device = self.device(name)
        sh("ip link set %s master br0 up" % device)
        until(lambda: forwards(device), device + " forwards")
        if name == "U":
            sh("bridge vlan add dev %s vid 1000-1999" % device)
        else:
            self.move(name, vlan or VLAN[SEGMENT[name]])
        if name in self.wires:
            self.wires.pop(name).close()
        self.wires[name] = Wire("eth0", self.spaces[name])

    def move(self, name, vlan):
        """Puts a guest's port into a VLAN, by mistake or not."""
        sh("bridge vlan del dev %s vid 1-4094" % self.device(name))
        sh("bridge vlan add dev %s vid %d pvid untagged"
           % (self.device(name), vlan))

    def guard(self, g, *who):
        """Gives ports their rules."""
        self.g = g
        for name in who or [*DEVICE, "U"]:
            if name == "U":
                g.other(self.index(name), "UPLINK")
            else:
                g.guest(self.index(name), SEGMENT[name], MAC[name],
                        [IP[name]])

    def arrivals(self, src, frame, dst, count=3, seen=None):
        """How many of some frames arrive."""
        for wire in self.wires.values():
            wire.clear()
        for _ in range(count):
            self.wires[src].send(frame)
        quiesce()
        return self.wires[dst].frames().count(seen or frame)

    def arrives(self, src, frame, dst, count=3, seen=None):
        """Whether all of some frames arrive, or none; else fails."""
        got = self.arrivals(src, frame, dst, count, seen)
        assert got in (0, count)
        return bool(got)

    def dropped(self, name, direction, reason):
        return self.g.stats(self.index(name)).get((direction, reason), 0)

    def close(self):
        for wire in self.wires.values():
            wire.close()
        for name in self.spaces:
            sh(["ip", "link", "del", self.device(name)], check=False)
        for ns in self.spaces.values():
            ns.delete()
        sh("ip link del br0", check=False)


@pytest.fixture
def module():
    """A function that loads the module; it is unloaded when the test ends,
    which it must let happen."""
    def load(*parameters):
        guard.load(*parameters)
        g = guard.Guard()
        g.host()
        for number_, vlan in VLAN.items():
            g.segment(number_, vlan,
                      nest("SEGMENT_BROADCAST", prefix("10.0.0.255")))
        opened.append(g)
        return g

    opened = []
    yield load
    for g in opened:
        g.close()
    if guard.is_loaded():
        until(lambda: sh("rmmod cordon", check=False)[0] == 0,
              "the module goes")


@pytest.fixture
def hosts():
    """A function that makes a host, before or after the module is loaded."""
    def make(**options):
        made.append(Host(**options))
        return made[-1]

    made = []
    yield make
    for h in made:
        h.close()


@pytest.fixture
def lab(module, hosts):
    """Module first, as on a real host; all ports guarded."""
    g = module()
    h = hosts()
    h.guard(g)
    return h


def refused(function, *arguments):
    with pytest.raises(Refused) as error:
        function(*arguments)
    return error.value


def set_port(*more, leave=(), index=None, **replace):
    """PORT_SET of a good guest, but for what is said."""
    parts = {
        "index": lambda i: u32("PORT_IFINDEX", i),
        "kind": lambda i: u8("PORT_KIND", 0),
        "segment": lambda i: u32("PORT_SEGMENT", 100),
        "storm": lambda i: u32("PORT_STORM", 100),
        "macs": lambda i: macs("PORT_MACS", [MAC["A"]]),
        "pairs": lambda i: nest("PORT_PAIRS", pair(MAC["A"], IP["A"])),
    }

    def data(i):
        made = [replace.get(key) or make(index or i)
                for key, make in parts.items() if key not in leave]
        return "PORT_SET", *made, *more
    return data
