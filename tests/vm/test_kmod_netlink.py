# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: what it is told over netlink, what it refuses, and
what it answers.
"""

import errno
import struct
import subprocess

import guard
from guard import (A, C, attr, macs, nest, number, pair, prefix, Refused, u16,
                   u32, u64, u8)
from shell import sh
from guardbed import (BROADCAST, IP, MAC, beacon, hosts, lab,
                      module, refused, set_port, tagged, udp)


def raw_pair(length=32, family=2, address="0a00000a", reserved=0, last=0,
             source=MAC["A"]):
    prefix_ = struct.pack("BBBB", family, length, reserved, 0) \
        + bytes.fromhex(address).ljust(15, b"\0") + bytes([last])
    return nest("PORT_PAIRS", attr(A["PAIR"], guard.mac(source) + b"\0\0"
                                   + prefix_))


BAD = {
    "no index": (set_port(leave=["index"]), "EINVAL", "PORT_IFINDEX"),
    "no kind": (set_port(leave=["kind"]), "EINVAL", "PORT_KIND"),
    "no segment": (set_port(leave=["segment"]), "EINVAL", "PORT_SEGMENT"),
    "no storm": (set_port(leave=["storm"]), "EINVAL", "PORT_STORM"),
    "no macs": (set_port(leave=["macs", "pairs"]), "EINVAL", "PORT_MACS"),
    "kind": (set_port(kind=u8("PORT_KIND", 3)), "ERANGE", "range"),
    "index 0": (set_port(index=0, leave=["index"]), "EINVAL", "IFINDEX"),
    "no device": (set_port(index=99999), "ENODEV", "no such device"),
    "loopback": (set_port(index=1), "EOPNOTSUPP", "not Ethernet"),
    "unknown segment": (set_port(segment=u32("PORT_SEGMENT", 77)), "ENOENT",
                        "no such segment"),
    "group": (set_port(macs=macs("PORT_MACS", ["01:00:5e:00:00:01"])),
              "EINVAL", "group"),
    "zero": (set_port(macs=macs("PORT_MACS", ["00:00:00:00:00:00"])),
             "EINVAL", "zero"),
    "bridge's": (set_port(macs=macs("PORT_MACS", ["02:63:6f:72:64:6e"]),
                          leave=["pairs"]), "EINVAL", "bridge"),
    "netback's": (set_port(macs=macs("PORT_MACS", ["fe:ff:ff:ff:ff:ff"]),
                           leave=["pairs"]), "EINVAL", "netback"),
    "roaming": (set_port(macs("PORT_ROAMING", [MAC["B"]])), "EINVAL",
                "PORT_ROAMING"),
    "pair's MAC": (set_port(pairs=raw_pair(source=MAC["B"])), "EINVAL",
                   "PORT_PAIRS"),
    "family": (set_port(pairs=raw_pair(family=3)), "EINVAL", "family"),
    "length": (set_port(pairs=raw_pair(length=33)), "EINVAL", "longer"),
    "bits": (set_port(pairs=raw_pair(length=24)), "EINVAL", "past"),
    "bytes": (set_port(pairs=raw_pair(last=1)), "EINVAL", "past"),
    "reserved": (set_port(pairs=raw_pair(reserved=1)), "EINVAL", "Reserved"),
    "flags": (set_port(u32("PORT_FLAGS", 8)), "EINVAL", "reserved bit"),
    "mtu": (set_port(u32("PORT_MTU", 67)), "EINVAL", "MTU"),
    "long mtu": (set_port(u32("PORT_MTU", 65536)), "EINVAL", "MTU"),
    "vrrp 0": (set_port(attr(A["PORT_VRRP"], b"\1\0")), "EINVAL",
               "virtual router"),
    "no vrrp": (set_port(attr(A["PORT_VRRP"])), "ERANGE", "size"),
    "short mac": (set_port(nest("PORT_MACS", attr(A["MAC"], b"\2\0\0\0\0"))),
                  "ERANGE", "size"),
    "long mac": (set_port(nest("PORT_MACS", attr(A["MAC"], bytes(7)))),
                 "ERANGE", "size"),
    "not a mac": (set_port(nest("PORT_MACS", prefix("10.0.0.1"))), "EINVAL",
                  ""),
    "not nested": (set_port(attr(A["PORT_MACS"], bytes(8))), "EINVAL", ""),
    "long u32": (set_port(attr(A["PORT_RATE"], bytes(8))), "EINVAL",
                 "length"),
    "unknown": (set_port(attr(C["__CORDON_A_MAX"], bytes(4))), "EINVAL",
                "attribute"),
    "answer's": (set_port(u8("PORT_STATE", 1)), "EINVAL", "Unsupported"),
    "segment's": (set_port(u16("SEGMENT_VLAN", 1)), "EINVAL",
                  "Unsupported"),
    "uplink with macs": (set_port(kind=u8("PORT_KIND", 1)), "EINVAL",
                         "guest"),
    "host with storm": (set_port(kind=u8("PORT_KIND", 2),
                                 leave=["segment", "macs", "pairs"]),
                        "EINVAL", "guest"),
    "stale": (set_port(u64("PORT_COOKIE", 1 << 40)), "ESTALE", "cookie"),
    "segment 0": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 0),
                             u16("SEGMENT_VLAN", 5)), "ERANGE", ""),
    "segment without": (lambda i: ("SEGMENT_SET", u16("SEGMENT_VLAN", 5)),
                        "EINVAL", "SEGMENT_ID"),
    "vlan": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 5),
                        u16("SEGMENT_VLAN", 4095)), "ERANGE", ""),
    "no vlan": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 5)), "EINVAL",
                "SEGMENT_VLAN"),
    "vlan of another": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 5),
                                   u16("SEGMENT_VLAN", 1100)), "EEXIST",
                        "VLAN"),
    "large segment": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 65536),
                                 u16("SEGMENT_VLAN", 5)), "ERANGE", "mask"),
    "broadcast": (lambda i: ("SEGMENT_SET", u32("SEGMENT_ID", 5),
                             u16("SEGMENT_VLAN", 5),
                             nest("SEGMENT_BROADCAST", prefix("fd00::1"))),
                  "EINVAL", "Broadcast"),
    "used segment": (lambda i: ("SEGMENT_DEL", u32("SEGMENT_ID", 100)),
                     "EBUSY", "Ports"),
    "no segment to delete": (lambda i: ("SEGMENT_DEL",
                                        u32("SEGMENT_ID", 5)),
                             "ENOENT", "no such"),
    "mask in use": (lambda i: ("HOST_SET", u32("HOST_MARK_MASK", 0xffff),
                               attr(A["HOST_BRIDGE_MAC"], b"\2\0\0\0\0\1")),
                    "EBUSY", "mask"),
    "mask with gaps": (lambda i: ("HOST_SET", u32("HOST_MARK_MASK", 0xf0f),
                                  attr(A["HOST_BRIDGE_MAC"],
                                       b"\2\0\0\0\0\1")), "EINVAL", "gaps"),
    "small mask": (lambda i: ("HOST_SET", u32("HOST_MARK_MASK", 1 << 31),
                              attr(A["HOST_BRIDGE_MAC"], b"\2\0\0\0\0\1")),
                   "EBUSY", "does not fit"),
    "bridge has A's": (lambda i: ("HOST_SET",
                                  u32("HOST_MARK_MASK", 0xffff0000),
                                  attr(A["HOST_BRIDGE_MAC"],
                                       guard.mac(MAC["A"]))), "EBUSY",
                       "bridge"),
    "del without": (lambda i: ("PORT_DEL",), "EINVAL", "PORT_IFINDEX"),
    "release of none": (lambda i: ("PORT_DEL", u32("PORT_IFINDEX", 1),
                                   attr(A["PORT_RELEASE"])),
                        "ENOENT", "no guarded"),
    "del of loopback": (lambda i: ("PORT_DEL", u32("PORT_IFINDEX", 1)),
                        "ENOTSUP", "not Ethernet"),
    "get of none": (lambda i: ("PORT_GET", u32("PORT_IFINDEX", 1)), "ENOENT",
                    "no guarded"),
    "stats of none": (lambda i: ("STATS_GET", u32("PORT_IFINDEX", 1)),
                      "ENOENT", "no guarded"),
    "no segment to show": (lambda i: ("SEGMENT_GET", u32("SEGMENT_ID", 5)),
                           "ENOENT", "no such"),
    "add without": (lambda i: ("TABLE_ADD",), "ENOENT", "no table"),
    "commit without": (lambda i: ("TABLE_COMMIT",), "ENOENT", "no table"),
    "table of nothing": (lambda i: ("TABLE_BEGIN",), "EINVAL", "TABLE"),
    "table of gets": (lambda i: ("TABLE_BEGIN", u16(
        "TABLE", guard.CMD["SEGMENT_GET"])), "EINVAL", "alone"),
    "table of both": (lambda i: ("TABLE_BEGIN", u16(
        "TABLE", guard.CMD["SEGMENT_SET"]), *set_port()(i)[1:]), "EINVAL",
        "table is of"),
    "get with more": (lambda i: ("HOST_GET", u32("PORT_IFINDEX", 1)),
                      "EINVAL", ""),
}


def test_refusals(lab):
    """Each with its error and text; and nothing has changed."""
    index = lab.index("A")
    before = lab.g.dump("PORT_GET"), lab.g.dump("SEGMENT_GET")
    wrong = []
    for name, (make, code, text) in BAD.items():
        command, *data = make(index)
        try:
            lab.g.ask(command, *data)
            wrong.append((name, "not refused"))
        except Refused as error:
            if (error.errno != getattr(errno, code)
                    or text not in error.text or not error.text):
                wrong.append((name, str(error)))
    assert not wrong
    assert (lab.g.dump("PORT_GET"), lab.g.dump("SEGMENT_GET")) == before
    lab.g.ask(*set_port()(index))
    assert lab.arrives("A", beacon("A"), "P")


def test_refusal_names_the_attribute(lab):
    error = refused(lab.g.ask, *set_port(
        attr(A["PORT_VRRP"], b"\0"))(lab.index("A")))
    assert error.attribute == "PORT_VRRP"


def test_read_back(lab):
    """What was set is what is shown; lists are sorted."""
    index = lab.index("A")
    declared = ["10.0.0.0/24", "10.0.0.7", "fd00::7", "fd00::/64"]
    lab.g.host(underlay=["192.0.2.0/24", "fd00:ffff::/64"])
    lab.g.segment(100, 1101, nest("SEGMENT_BROADCAST", prefix("10.0.0.255")),
                  nest("SEGMENT_BELIEVED", pair(MAC["G"], IP["G"])),
                  macs("SEGMENT_GATEWAYS", [MAC["G"]]),
                  nest("SEGMENT_DECLARED", *map(prefix, declared)))
    lab.g.ask("PORT_SET", u32("PORT_IFINDEX", index), u8("PORT_KIND", 0),
              u32("PORT_SEGMENT", 100), u32("PORT_STORM", 7),
              u32("PORT_RATE", 8), u32("PORT_MTU", 1400),
              u32("PORT_FLAGS", 3), attr(A["PORT_VRRP"], b"\5\1"),
              macs("PORT_MACS", [MAC["P"], MAC["A"], MAC["A"]]),
              macs("PORT_ROAMING", [MAC["P"]]),
              nest("PORT_PAIRS", pair(MAC["P"], "fd00::/64"),
                   pair(MAC["A"], IP["A"])))
    found = lab.g.port(index)
    assert found["PORT_STATE"] == b"\1" and found["PORT_KIND"] == b"\0"
    assert [number(found["PORT_" + n]) for n in
            ("SEGMENT", "STORM", "RATE", "MTU", "FLAGS")] == [
                100, 7, 8, 1400, 3]
    assert found["PORT_VRRP"] == b"\5\1"
    assert found["PORT_MACS"] == macs("PORT_MACS",
                                      [MAC["A"], MAC["P"]])[4:]
    assert found["PORT_ROAMING"] == macs("PORT_ROAMING", [MAC["P"]])[4:]
    assert found["PORT_PAIRS"] == pair(MAC["A"], IP["A"]) + pair(
        MAC["P"], "fd00::/64")
    found = lab.g.ask("SEGMENT_GET", u32("SEGMENT_ID", 100))
    assert number(found["SEGMENT_VLAN"]) == 1101
    assert set(guard.attributes(found["SEGMENT_DECLARED"])) == {
        (A["PREFIX"], guard.prefix_bytes(p)) for p in declared}
    found = lab.g.ask("HOST_GET")
    assert found["HOST_VERSION"] == b"0.1.0\0"
    assert number(found["HOST_MARK_MASK"]) == 0xffff0000
    assert len(found["HOST_UNDERLAY"]) == 2 * 24
    assert number(found["HOST_GUARDED"]) == 4


def test_generation(lab):
    """Every change moves it, reading does not."""
    def generation():
        return number(lab.g.ask("HOST_GET")["GENERATION"])
    index = lab.index("A")
    for change in (lambda: lab.guard(lab.g, "A"),
                   lambda: lab.g.segment(100, 1100),
                   lambda: lab.g.segment(300, 1300),
                   lambda: lab.g.ask("SEGMENT_DEL", u32("SEGMENT_ID", 300)),
                   lab.g.host, lambda: lab.g.delete(index),
                   lambda: sh("ip link add vif9-emu type dummy"),
                   lambda: sh("ip link del vif9-emu")):
        before = generation()
        assert generation() == before
        lab.g.dump("PORT_GET")
        change()
        assert generation() != before


def test_torn_dump_is_marked(lab):
    """A change between two parts of a dump shows in the next part."""
    for i in range(300):
        lab.g.segment(1000 + i, 2000 + i, nest(
            "SEGMENT_DECLARED", *(prefix("10.1.%d.0/24" % j)
                                  for j in range(20))))
    for change in (False, True):
        lab.g.send(guard.CMD["SEGMENT_GET"], b"",
                   guard.REQUEST | guard.ACK | guard.DUMP)
        if change:
            with guard.Guard() as other:
                other.segment(999, 1999)
        torn = [flags & guard.DUMP_INTR for flags, _ in lab.g.answers()]
        assert len(torn) >= 300
        assert any(torn) is change


def test_long_tables(lab):
    """A table in parts is one change; what is refused or left changes
    nothing."""
    g, index = lab.g, lab.index("A")
    many = ["10.%d.%d.%d" % (i >> 14 & 63, i >> 7 & 127, i & 127)
            for i in range(5000)]

    def begin():
        g.ask("TABLE_BEGIN", u16("TABLE", guard.CMD["PORT_SET"]),
              *set_port()(index)[1:])

    def add(some):
        for at in range(0, len(some), 100):
            g.ask("TABLE_ADD", nest("PORT_PAIRS", *(
                pair(MAC["A"], a) for a in some[at:at + 100])))

    before = g.port(index)
    begin()
    add(many[:200])
    assert g.port(index) == before
    assert refused(begin).errno == errno.EBUSY
    g.ask("TABLE_ABORT")
    assert g.port(index) == before
    begin()
    assert refused(g.ask, "TABLE_ADD", nest(
        "SEGMENT_DECLARED", prefix("10.0.0.1"))).errno == errno.EINVAL
    assert refused(g.ask, "TABLE_COMMIT").errno == errno.ENOENT
    begin()
    add(many)
    g.ask("TABLE_COMMIT")
    assert "dump" in refused(g.port, index).text
    found = [p for p in g.dump("PORT_GET")
             if number(p["PORT_IFINDEX"]) == index]
    assert len(found) > 1 and "PORT_NAME" not in found[1]
    elements = [e for p in found for e in guard.attributes(p["PORT_PAIRS"])]
    assert len(elements) == len(set(elements)) == 5000
    assert lab.arrives("A", udp("A", BROADCAST, many[4321],
                                "255.255.255.255"), "P")
    assert not lab.arrives("A", udp("A", BROADCAST, "10.63.0.1",
                                    "255.255.255.255"), "P")
    # A socket that closes takes its table with it, and only its own.
    with guard.Guard() as other:
        other.ask("TABLE_BEGIN", u16("TABLE", guard.CMD["PORT_SET"]),
                  *set_port()(index)[1:])
        begin()
    g.ask("TABLE_COMMIT")
    assert len(g.port(index)["PORT_PAIRS"]) == 32


def test_who_may_ask(lab):
    """A user namespace's root may not, neither in the initial network
    namespace nor in one of its own. The twin: root may."""
    script = """
import errno, os, sys
sys.path.insert(0, "/cordon/tests/vm/lib")
import guard
try:
    g = guard.Guard()
except guard.Refused as e:
    print("family", errno.errorcode[e.errno])
    sys.exit()
for command in ("HOST_GET", "PORT_SET", "PORT_DEL", "TABLE_BEGIN"):
    try:
        g.ask(command)
        print(command, "answered")
    except guard.Refused as e:
        print(command, errno.errorcode[e.errno])
try:
    g.listen()
    print("listens")
except OSError as e:
    print("listen", errno.errorcode[e.errno])
"""

    def run(*words):
        return subprocess.run([*words, "python3", "-c", script], check=True,
                              text=True, stdout=subprocess.PIPE,
                              cwd="/").stdout.split("\n")[:-1]

    nobody = ["setpriv", "--reuid", "65534", "--clear-groups"]
    denied = ["%s EPERM" % c for c in
              ("HOST_GET", "PORT_SET", "PORT_DEL", "TABLE_BEGIN", "listen")]
    assert run(*nobody) == denied
    assert run(*nobody, "unshare", "--user", "--map-root-user") == denied
    assert run(*nobody, "unshare", "--user", "--map-root-user",
               "--net") == ["family ENOENT"]
    assert run() == ["HOST_GET answered", "PORT_SET EINVAL",
                     "PORT_DEL EINVAL", "TABLE_BEGIN EINVAL", "listens"]


def test_segments_and_host_are_replaced_under_ports(lab):
    """What a segment or the host says holds for ports that are there."""
    frame = udp("A", BROADCAST, "A", "10.0.0.127")
    assert not lab.arrives("A", frame, "P")
    lab.g.segment(100, 1100, nest("SEGMENT_BROADCAST", prefix("10.0.0.127")))
    assert lab.arrives("A", frame, "P")
    lab.g.segment(100, 1100)
    assert not lab.arrives("A", frame, "P")
    frame = udp("A", "G", "A", "192.0.2.1")
    there = tagged(1100, frame)
    assert lab.arrives("A", frame, "U", seen=there)
    lab.g.host(underlay=["192.0.2.0/24"])
    assert not lab.arrives("A", frame, "U", seen=there)
    assert lab.dropped("A", "in", "encapsulation") == 3
    lab.g.host()
    assert lab.arrives("A", frame, "U", seen=there)
