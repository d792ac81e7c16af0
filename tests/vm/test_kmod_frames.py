# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: which frames pass from port to port, to and from the
uplink and the host; large ones, and those whose checksum is still to be
written.
"""

import errno
import os
import socket
import struct
import subprocess

import pytest

import guard
from guard import macs, u16, u32
from netns import addresses, forwards, ifindex
from shell import quiesce, sh, until
from wire import Wire
from guardbed import (DEVICE, IP, MAC, SEGMENT, VLAN, beacon, checksum, hosts,
                      lab, module, set_port, tagged, udp)


def test_two_tenants_in_one_vlan_by_mistake(lab):
    """The twin: without the guard on both they talk."""
    lab.move("B", VLAN[100])
    for src, dst in (("A", "B"), ("B", "A"), ("B", "P")):
        assert not lab.arrives(src, beacon(src), dst)
        assert lab.dropped(dst, "out", "wrong-segment") >= 3
    assert lab.arrives("A", beacon("A"), "P")
    for name in "AB":
        lab.g.release(lab.index(name))
    assert lab.arrives("A", beacon("A"), "B")
    assert lab.arrives("B", beacon("B"), "A")
    assert not lab.arrives("B", beacon("B"), "P")


def test_no_mark_no_egress(lab):
    """What dom0 itself sends has no mark. The twin: with the segment's mark,
    which takes root to set, it arrives."""
    frame = udp("P", "A", "P", "A")
    with Wire(DEVICE["A"]) as wire:
        def sends(mark):
            s = wire._socket        # pylint: disable=protected-access
            s.setsockopt(socket.SOL_SOCKET, 36, mark)
            lab.wires["A"].clear()
            wire.send(frame)
            return lab.wires["A"].frames().count(frame)
        assert sends(0) == 0
        assert sends(200 << 16) == 0
        assert sends(100) == 0
        assert sends(100 << 16) == 1
        assert sends(100 << 16 | 0xffff) == 1
    assert lab.dropped("A", "out", "wrong-segment") == 3


def test_uplink(lab):
    """VLAN and segment belong together, both ways."""
    g = lab.g
    frame = udp("G", "A", "G", "A")
    assert lab.arrives("U", tagged(1100, frame), "A", seen=frame)
    assert not lab.arrives("U", tagged(1200, frame), "A", seen=frame)
    assert not lab.arrives("U", tagged(1300, frame), "A", seen=frame)
    assert not lab.arrives("U", frame, "A")
    assert lab.dropped("U", "in", "unknown-vlan") == 6
    to_gateway = udp("A", "G", "A", "G")
    assert lab.arrives("A", to_gateway, "U", seen=tagged(1100, to_gateway))
    # By mistake in the other tenant's VLAN: not on the trunk either.
    lab.move("A", 1200)
    assert not lab.arrives("A", to_gateway, "U",
                           seen=tagged(1200, to_gateway))
    assert lab.dropped("U", "out", "wrong-segment") >= 3
    # Nor does what comes from that VLAN reach it.
    assert not lab.arrives("U", tagged(1200, frame), "A", seen=frame)
    # The twin: the segment is of that VLAN now.
    g.ask("SEGMENT_SET", u32("SEGMENT_ID", 200), u16("SEGMENT_VLAN", 1201))
    g.segment(100, 1200)
    assert lab.arrives("A", to_gateway, "U", seen=tagged(1200, to_gateway))
    assert lab.arrives("U", tagged(1200, frame), "A", seen=frame)


def test_local_mac_on_the_uplink(lab):
    """Nobody outside has a guest's MAC, but for one that may roam; and only
    as long as the guest is here. In another segment it is another's."""
    def came(source, reason, vlan=1100):
        before = lab.dropped("U", "in", reason) if reason else 0
        frame = udp(MAC.get(source, source), "A", "10.0.0.77", "A")
        came = lab.arrives("U", tagged(vlan, frame), "A", seen=frame)
        if reason:
            assert lab.dropped("U", "in", reason) == before + 3
        return came

    assert came("G", None)
    assert not came("P", "local-mac")
    assert not came("A", "local-mac")
    assert not came("01:00:00:00:00:01", "spoofed-mac")
    assert not came("00:00:00:00:00:00", "spoofed-mac")
    assert not came("02:63:6f:72:64:6e", "spoofed-mac")
    assert came("B", None)
    lab.g.ask(*set_port(macs("PORT_ROAMING", [MAC["P"]]), index=lab.index("P"),
                        macs=macs("PORT_MACS", [MAC["P"]]),
                        leave=["pairs"])(0))
    assert came("P", None)
    lab.guard(lab.g, "P")
    assert not came("P", "local-mac")
    for _ in range(3):
        lab.guard(lab.g, "P")
    lab.g.delete(lab.index("P"))
    assert came("P", None)
    lab.guard(lab.g, "P")
    assert not came("P", "local-mac")
    sh("ip link del " + DEVICE["P"])
    assert came("P", None)
    lab.plug("P")


def test_two_devices_of_one_guest(lab):
    """vif and tap of a guest have one MAC: it stays local when one goes."""
    frame = udp("P", "A", "P", "A")
    sh("ip link add vif8-emu type dummy")
    lab.g.guest(ifindex("vif8-emu"), 100, MAC["P"], [IP["P"]])
    assert not lab.arrives("U", tagged(1100, frame), "A", seen=frame)
    sh("ip link del vif8-emu")
    assert not lab.arrives("U", tagged(1100, frame), "A", seen=frame)
    lab.g.delete(lab.index("P"))
    assert lab.arrives("U", tagged(1100, frame), "A", seen=frame)


class Listener:
    """A socket of dom0's stack."""

    def __init__(self, device, vlan=None):
        if vlan:
            sh("ip link add link %s name dom0 type vlan id %d"
               % (device, vlan))
            device = "dom0"
        else:
            sh("ip link add dom0 type dummy")
        sh("ip link set dom0 up")
        sh("ip addr add 10.0.0.254/24 dev " + device)
        for name in ("all", device):
            with open("/proc/sys/net/ipv4/conf/%s/rp_filter" % name,
                      "w") as f:
                f.write("0")
        self.mac = open("/sys/class/net/%s/address" % device).read().strip()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("10.0.0.254", 5000))
        self.socket.setblocking(False)

    def heard(self):
        quiesce()
        n = 0
        while True:
            try:
                self.socket.recv(2000)
                n += 1
            except BlockingIOError:
                return n

    def close(self):
        self.socket.close()
        sh("ip link del dom0")


def test_port_of_no_bridge(lab):
    """Frames would go to the host. The twin: without the guard they do."""
    sh("ip link set %s nomaster" % DEVICE["A"])
    listener = Listener(DEVICE["A"])
    try:
        frame = udp("A", listener.mac, "A", "10.0.0.254")
        lab.wires["A"].send(frame, frame)
        assert listener.heard() == 0
        assert lab.dropped("A", "in", "to-host") == 2
        lab.g.release(lab.index("A"))
        lab.wires["A"].send(frame, frame)
        assert listener.heard() == 2
    finally:
        listener.close()


def test_bridge_device(lab):
    """What reaches the bridge itself reaches nobody. The twin: without a
    guard there dom0 hears it."""
    sh("bridge vlan add dev br0 vid 1100 self")
    listener = Listener("br0", 1100)
    try:
        frame = udp("A", listener.mac, "A", "10.0.0.254")
        lab.g.other(ifindex("br0"), "HOST")
        lab.wires["A"].send(frame, frame)
        assert listener.heard() == 0
        assert lab.g.stats(ifindex("br0"))["in", "to-host"] == 2
        lab.g.release(ifindex("br0"))
        lab.wires["A"].send(frame, frame)
        assert listener.heard() == 2
    finally:
        listener.close()


def test_open_vswitch(lab):
    """The mark survives its datapath, be it by a flow or by a daemon that is
    asked for each frame. Again two tenants are on one switch by mistake; the
    twin: without the guard they talk."""
    from ovs import Datapath
    sh("modprobe openvswitch", check=False)
    for name in DEVICE:
        sh("ip link set %s nomaster" % DEVICE[name])
    assert not lab.arrives("A", beacon("A"), "P")
    dp = Datapath("dp0")
    try:
        for name in DEVICE:
            dp.add(DEVICE[name])
        # The daemon's way.
        for wire in lab.wires.values():
            wire.clear()
        lab.wires["A"].send(beacon("A"), beacon("A"))
        assert dp.handle_upcalls(DEVICE["A"]) == 2
        assert lab.wires["P"].frames().count(beacon("A")) == 2
        assert lab.wires["B"].frames().count(beacon("A")) == 0
        assert lab.dropped("B", "out", "wrong-segment") >= 2
        # By flows.
        for name in DEVICE:
            dp.flood(DEVICE[name])
        assert lab.arrives("A", beacon("A"), "P")
        assert not lab.arrives("A", beacon("A"), "B")
        assert not lab.arrives("B", beacon("B"), "A")
        assert not lab.arrives("A", beacon("P"), "P")
        for name in "AB":
            lab.g.release(lab.index(name))
        assert lab.arrives("A", beacon("A"), "B")
        assert not lab.arrives("A", beacon("A"), "P")
    finally:
        dp.delete()


def test_mtu(lab):
    """The port's own, or its device's, whatever becomes of that."""
    frame = udp("A", "P", "A", "P", size=1300 - 28)
    assert lab.arrives("A", frame, "P")
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                u32("PORT_MTU", 1299))
    assert not lab.arrives("A", frame, "P")
    lab.g.guest(lab.index("A"), 100, MAC["A"], [IP["A"]], 1000,
                u32("PORT_MTU", 1300))
    assert lab.arrives("A", frame, "P")
    lab.guard(lab.g, "A")
    sh("ip link set %s mtu 1299" % DEVICE["A"])
    assert not lab.arrives("A", frame, "P")
    sh("ip link set %s mtu 1500" % DEVICE["A"])
    assert lab.arrives("A", frame, "P")


TALK = """
import socket, sys, threading
server, client, port, size, zerocopy = sys.argv[1:6]
size = int(size)
family = socket.AF_INET6 if ":" in server else socket.AF_INET
data = bytes(range(256)) * (size // 256)
if client == "-":
    s = socket.socket(family)
    s.bind((server, int(port)))
    s.listen(1)
    s.settimeout(60)
    print("ready", flush=True)
    c, _ = s.accept()
    c.settimeout(60)
    got = bytearray()
    while len(got) < len(data):
        part = c.recv(1 << 20)
        if not part:
            break
        got += part
    print("same" if got == data else "different %d" % len(got), flush=True)
    c.send(b"x")
else:
    s = socket.socket(family)
    s.settimeout(4)
    s.connect((server, int(port)))
    s.settimeout(60)
    flags = 0
    if zerocopy == "1":
        s.setsockopt(socket.SOL_SOCKET, 60, 1)
        flags = 0x4000000
    sent, view = 0, memoryview(data)
    while sent < len(data):
        sent += s.send(view[sent:sent + 65536], flags)
    s.recv(1)
"""


def talk(lab, src, dst, address, zerocopy=0, size=4 << 20):
    """Sends megabytes over TCP; whether they have come as they were."""
    words = [address, "-", "7000", str(size), str(zerocopy)]
    server = subprocess.Popen(
        ["ip", "netns", "exec", str(lab.spaces[dst]), "python3", "-c", TALK,
         *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline() == "ready\n"
        words[1] = "connect"
        code, text = sh(["python3", "-c", TALK, *words],
                        ns=lab.spaces[src], check=False)
        if code:
            assert "imed out" in text or "No route" in text, text
            return False
        assert server.stdout.readline() == "same\n"
        return True
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("zerocopy", [0, 1])
def test_large_frames(module, hosts, v6, zerocopy):
    """TCP with segmentation offload and checksums left to be filled in, from
    pages of the sender's. The twin: to another tenant nothing goes."""
    g = module()
    h = hosts(offload=True)
    h.g = g
    address = {n: "fd00::" + IP[n].split(".")[3] if v6 else IP[n]
               for n in IP}
    for name in DEVICE:
        g.guest(h.index(name), SEGMENT[name], MAC[name],
                [address[name]])
        h.wires[name].close()
        addresses("eth0", address[name] + ("/64" if v6 else "/24"),
                  ns=h.spaces[name])
    h.move("B", 1100)
    assert talk(h, "A", "P", address["P"], zerocopy)
    frames, size = guard.counters(g.ask(
        "STATS_GET", u32("PORT_IFINDEX", h.index("A"))))["in", "pass"]
    # Larger than what goes over a wire, though less so where all is slow.
    assert size > 4 << 20 and size / frames > 2000
    assert not talk(h, "A", "B", address["B"], zerocopy)


class Tap:
    """A guest's device whose frames have a header that says how they are to
    be completed, as QEMU's have."""

    def __init__(self, lab, name):
        import fcntl
        self.fd = os.open("/dev/net/tun", os.O_RDWR)
        # IFF_TAP, IFF_NO_PI, IFF_VNET_HDR.
        fcntl.ioctl(self.fd, 0x400454ca, struct.pack(
            "16sH", name.encode(), 0x5002))
        sh("ip link set %s addrgenmode none" % name)
        sh("ip link set %s master br0 up" % name)
        sh("bridge vlan add dev %s vid 1100 pvid untagged" % name)
        until(lambda: forwards(name), name + " forwards")
        self.index = ifindex(name)
        lab.g.guest(self.index, 100, "02:00:00:00:00:0d", ["10.0.0.13"])

    def send(self, frame, start=None, offset=0, gso=0, size=0, length=0):
        flags = 0 if start is None else 1
        os.write(self.fd, struct.pack("<BBHHHH", flags, gso, length, size,
                                      start or 0, offset) + frame)

    def close(self):
        os.close(self.fd)


def test_checksum_that_overwrites(lab):
    """A checksum yet to be filled in must not be put over what was judged.
    The twins: where it belongs, and that of a packet in a tunnel."""
    tap = Tap(lab, "vif7-emu")
    me, mine = "02:00:00:00:00:0d", "10.0.0.13"
    plain = udp(me, "P", mine, "P", size=100)
    tunnel = udp(me, "P", mine, "P", size=100, port=4789)
    dhcp = udp(me, "P", mine, "P", size=300, port=67)
    try:
        def came(frame, *how):
            lab.wires["P"].clear()
            before = lab.g.stats(tap.index).get(("in", "pass"), 0)
            try:
                tap.send(frame, *how)
            except OSError as e:
                # Newer kernels see some of it themselves.
                assert e.errno == errno.EINVAL
            quiesce()
            got = lab.wires["P"].frames()
            assert len(got) == lab.g.stats(tap.index).get(
                ("in", "pass"), 0) - before
            return got

        assert came(plain) == [plain]
        (got,) = came(plain, 34, 6)
        assert got[:40] == plain[:40] and got[42:] == plain[42:]
        # Over the source address, the ports, the data, the MAC.
        for start, offset in ((14, 12), (26, 0), (34, 0), (34, 2), (34, 8),
                              (34, 16), (6, 0), (0, 6), (60, 6)):
            got = came(plain, start, offset)
            if (start, offset) == (60, 6):
                assert len(got) == 1
            else:
                assert got == [], (start, offset)
        assert lab.g.stats(tap.index)["in", "malformed"] >= 4
        assert len(came(tunnel, 80, 16)) == 1
        assert came(dhcp, 60, 6) == []
    finally:
        tap.close()


def tcp(src, dst, src_ip, dst_ip, options=b"", size=4000, fragment=0):
    """Like udp(); options are those of TCP."""
    upper = struct.pack("!HHIIBBHHH", 4000, 5000, 1, 1,
                        0x50 + (len(options) // 4 << 4), 0x10, 1000, 0, 0)
    upper += options + bytes(size)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(upper), 7, fragment, 64,
                     6, 0)
    ip += socket.inet_aton(src_ip) + socket.inet_aton(IP.get(dst_ip, dst_ip))
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return udp(src, dst, src_ip, dst_ip)[:14] + ip + upper


def test_segments_beyond_the_mtu(lab):
    """Headers count. And what is to be cut as IPv6, but is IPv4; what is to be
    cut into fragments, or is one. The twin: at most as large as it, and
    IPv4."""
    tap = Tap(lab, "vif7-emu")
    me, mine = "02:00:00:00:00:0d", "10.0.0.13"
    plain = tcp(me, "P", mine, "P")
    stamped = tcp(me, "P", mine, "P", b"\1\1\x08\x0a" + bytes(8))
    try:
        def came(frame, size, gso=1, start=34):
            lab.wires["P"].clear()
            tap.send(frame, start, 16, gso, size, 54)
            quiesce()
            return len(lab.wires["P"].frames())

        def refused_as(reason):
            return lab.g.stats(tap.index).get(("in", reason), 0)
        assert came(plain, 1000) == 4
        assert came(plain, 1460) == 3
        assert came(stamped, 1448) == 3
        assert refused_as("malformed") == 0
        assert came(plain, 1461) == 0
        assert came(stamped, 1449) == 0
        assert came(plain, 3000) == 0
        assert came(plain, 1000, 4) == 0
        assert refused_as("malformed") == 4
        assert came(udp(me, "P", mine, "P", size=4000), 1000, 3, None) == 0
        assert refused_as("malformed") == 5
        assert came(plain, 1000, 1, None) == 4
        assert came(tcp(me, "P", mine, "P", fragment=0x2000), 1000, 1,
                    None) == 0
        assert refused_as("fragment") == 1
        # The device's MTU, not one of long ago.
        sh("ip link set vif7-emu mtu 1400")
        assert came(plain, 1361) == 0
        assert came(plain, 1360) == 3
    finally:
        tap.close()


def test_segments_to_a_group(lab):
    """Each of what a frame is cut into counts for the storm limit, and none of
    it passes if all do not. The twin: fewer."""
    tap = Tap(lab, "vif7-emu")
    me, mine = "02:00:00:00:00:0d", "10.0.0.13"
    group = tcp(me, "01:00:5e:01:01:01", mine, "239.1.1.1")
    try:
        def came(frame, size):
            lab.wires["P"].clear()
            tap.send(frame, 34, 16, 1, size, 54)
            quiesce()
            return len(lab.wires["P"].frames())

        def refused_as(reason):
            return lab.g.stats(tap.index).get(("in", reason), 0)
        lab.g.guest(tap.index, 100, me, [mine], 20)
        assert came(group, 1000) == 4
        assert refused_as("storm") == 0
        assert came(group, 100) == 0
        assert refused_as("storm") == 1
    finally:
        tap.close()
