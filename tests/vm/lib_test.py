# SPDX-License-Identifier: GPL-3.0-or-later
"""The helpers in lib/ against the kernel of the VM they are used in."""

import os
import signal
import struct
import time

import pytest

import netns
import state
from daemon import Daemon
from shell import CommandError, sh, sysctl, until
from wire import Wire

UDP = ("02000000000c02000000000a08004500001c00004000401126ba0a00000a0a00000c"
       "0fa00fa1000864a0")
TAGGED = UDP[:24] + "81000064" + UDP[24:]
PAD = "00" * 18


def bridge(ns, *ports):
    ns.run("ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0"
           " mcast_snooping 1")
    ns.run("ip link set br0 up")
    for port in ports:
        join(ns, port)


def join(ns, port):
    ns.run("ip link set dev %s master br0" % port)
    until(lambda: netns.forwards(port, ns), port + " forwards")


@pytest.fixture
def lab(namespaces):
    """a0 and c0 in namespaces of their own, on one bridge in "sw"."""
    sw, a, c = namespaces("sw", "a", "c")
    netns.veth("a0", "p1", ns=a, peer_ns=sw, mac="02:00:00:00:00:0a")
    netns.veth("c0", "p2", ns=c, peer_ns=sw, mac="02:00:00:00:00:0c")
    bridge(sw, "p1", "p2")
    for port in ("p1", "p2"):
        sw.run("bridge vlan add dev %s vid 100 pvid untagged" % port)
    return sw, a, c


def test_sh_raises_with_output():
    with pytest.raises(CommandError, match="exit 3\nwhy"):
        sh(["sh", "-c", "echo why; exit 3"])
    assert sh("false", check=False) == (1, "")


def test_until_gives_up():
    with pytest.raises(AssertionError, match="the impossible"):
        until(lambda: 0, "the impossible", timeout=0.05)


def test_namespaces_are_apart(namespaces):
    one, two = namespaces("one", "two")
    netns.veth("x0", "x1", ns=one, peer_ns=two)
    assert netns.link_info("x0", one) and not netns.link_info("x0", two)
    assert netns.link_info("x0") is None
    sysctl("net.ipv4.ip_forward", 1, ns=one)
    assert sysctl("net.ipv4.ip_forward", ns=one) == "1"
    assert sysctl("net.ipv4.ip_forward", ns=two) == "0"


def test_frames_are_exact(lab):
    _, a, c = lab
    with Wire("a0", a) as sender, Wire("c0", c) as receiver:
        for data in (UDP + PAD, UDP + "00" * 1400, UDP):
            assert sender.send(data)
            assert receiver.expect(data).hex() == data
        assert receiver.frames() == [] and sender.frames() == []


def test_tag_is_given_back(namespaces):
    one, two = namespaces("one", "two")
    netns.veth("x0", "x1", ns=one, peer_ns=two)
    with Wire("x0", one) as sender, Wire("x1", two) as receiver:
        for tag in ("81000064", "88a80064", "81006000", "8100006481000065"):
            data = UDP[:24] + tag + UDP[24:] + PAD
            sender.send(data)
            assert [f.hex() for f in receiver.frames()] == [data]


def test_access_port_tags_and_drops(lab):
    sw, a, c = lab
    netns.veth("up", "wire", ns=sw)
    join(sw, "up")
    sw.run("bridge vlan add dev up vid 100")
    with Wire("a0", a) as sender, Wire("wire") as trunk, \
            Wire("c0", c) as peer:
        trunk.clear()
        sender.send(UDP + PAD)
        trunk.expect(TAGGED + PAD)
        peer.clear()
        trunk.send(UDP[:24] + "81000065" + UDP[24:] + PAD, UDP + PAD)
        assert peer.frames() == []
        trunk.send(TAGGED + PAD)
        peer.expect(UDP + PAD)
    netns.delete_link("wire")


def test_kernel_refusal_is_told(lab):
    _, a, _ = lab
    with Wire("a0", a) as sender:
        assert not sender.send("0200")
        assert not sender.send(UDP + "00" * 1600)


def test_state_moves_are_seen(lab):
    sw, a, c = lab
    netns.addresses("c0", "10.0.0.12/24", ns=c)
    with Wire("a0", a) as sender, Wire("c0", c) as receiver:
        receiver.clear()
        before = state.snapshot("sw", "c")
        with state.unmoved("sw", "c"):
            receiver.frames()
        request = ("ffffffffffff02000000000a0806000108000604000102000000000a"
                   "0a00000a0000000000000a00000c")
        sender.send(request + PAD)
        receiver.expect(request + PAD)
        after = until(lambda: [
            line for line in state.changes(before, state.snapshot("sw", "c"))
            if line.startswith("+neighbour")], "the neighbour is known")
        assert after == ["+neighbour c: 10.0.0.10 dev c0 at "
                         "02:00:00:00:00:0a known"]
        moved = state.changes(before, state.snapshot("sw"))
        assert any(line.startswith("+fdb sw: 02:00:00:00:00:0a dev p1 vlan "
                                   "100") for line in moved)
        with pytest.raises(AssertionError, match="state moved: .fdb"):
            with state.unmoved("sw"):
                sender.send(UDP[:12] + "02000000000d" + UDP[24:] + PAD)
                receiver.frames()


def test_router_port_and_group_are_seen(lab):
    sw, a, _ = lab
    sw.run("ip link set br0 type bridge mcast_query_response_interval 100")
    before = state.snapshot("sw")
    # IGMPv2: a general query, then a report for 239.1.2.3.
    query = _igmp("01005e000001", "e0000001", "1164ee9b00000000")
    report = _igmp("01005e010203", "ef010203", "1600f8faef010203")
    with Wire("a0", a) as sender:
        sender.send(query, report)
        until(lambda: {line.split()[0] for line in state.changes(
            before, state.snapshot("sw"))} >= {"+mdb", "+router"},
            "group and router port", timeout=5)


def _igmp(mac, group, message):
    """An IGMP frame from 10.0.0.10, with Router Alert."""
    head = bytes.fromhex("46000020000100000102" "0000" "0a00000a" + group
                         + "94040000")
    total = sum(struct.unpack(">12H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    head = head[:10] + struct.pack(">H", total ^ 0xffff) + head[12:]
    return mac + "02000000000a0800" + head.hex() + message + "00" * 14


def test_conntrack_is_seen(namespaces):
    one, two = namespaces("one", "two")
    netns.veth("x0", "x1", ns=one, peer_ns=two)
    netns.addresses("x0", "10.9.0.1/24", ns=one)
    netns.addresses("x1", "10.9.0.2/24", ns=two)
    two.run("nft -f -", stdin="table ip t { chain c { type filter hook input "
            "priority 0; ct state established accept; }; }")
    before = state.snapshot(two)
    one.run("ping -c1 -W5 10.9.0.2" if os.path.exists("/usr/bin/ping")
            else "busybox ping -c1 -W5 10.9.0.2")
    moved = state.changes(before, state.snapshot(two))
    assert any(m.startswith("+conntrack two: 10.9.0.1 > 10.9.0.2")
               for m in moved), moved


def test_daemon(tmp_path):
    d = Daemon("sample", ["sh", "-c", "trap 'echo bye; exit 4' TERM; "
                          "echo up; while :; do sleep 0.05; done"],
               folder=str(tmp_path))
    with d:
        d.wait_log("^up$")
        assert d.alive()
        assert d.stop() == 4
        assert d.log() == "up\nbye\n"
    d.start().wait_log("^up$")
    assert d.kill() == -signal.SIGKILL
    assert d.log() == "up\n"


def test_daemon_that_ends_is_told(tmp_path):
    d = Daemon("short", ["sh", "-c", "echo no luck; exit 1"],
               folder=str(tmp_path))
    started = time.monotonic()
    with pytest.raises(AssertionError, match="no luck"):
        d.start().wait_log("never", timeout=60)
    assert time.monotonic() - started < 30
