# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to the kernel module over generic netlink, apart from the agent's own
code: numbers are read from include/uapi/cordon.h, which specifies them.

A refusal raises Refused with the error's number, the kernel's own text and
the name of the attribute that it points to.
"""

import errno
import os
import re
import socket
import struct

from netns import inside
from rtnl import attributes
from shell import sh

NETLINK_GENERIC, GENL_ID_CTRL = 16, 16
SOL_NETLINK, ADD_MEMBERSHIP, CAP_ACK, EXT_ACK, STRICT = 270, 1, 10, 11, 12
REQUEST, ACK, DUMP, DUMP_INTR = 1, 4, 0x300, 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
NESTED = 0x8000
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
MODULE = os.environ.get("CORDON_MODULE", "/cordon/cordon.ko")


def _constants():
    """Every name of the header's enums and plain #defines."""
    text = open(os.path.join(TOP, "include/uapi/cordon.h")).read()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        value = -1
        for item in filter(None, (x.strip() for x in body.split(","))):
            name, _, given = (x.strip() for x in item.partition("="))
            value = int(given, 0) if given else value + 1
            found[name] = value
    for name, value in re.findall(r"#define (CORDON_\w+)\s+(\d+)$", text,
                                  re.M):
        found[name] = int(value)
    return found


C = {name[len("CORDON_"):] if name.startswith("CORDON_") else name: value
     for name, value in _constants().items()}
A = {name[2:]: value for name, value in C.items() if name.startswith("A_")}
CMD = {name[4:]: value for name, value in C.items()
       if name.startswith("CMD_")}
REASON = {value: name[5:].lower().replace("_", "-")
          for name, value in C.items() if name.startswith("DROP_")}
REASON[0] = "pass"


class Refused(Exception):
    def __init__(self, number, text, attribute):
        super().__init__("%s: %s (attribute %s)" % (
            errno.errorcode.get(number, number), text, attribute))
        self.errno = number
        self.text = text or ""
        self.attribute = attribute


def attr(kind, data=b""):
    length = 4 + len(data)
    return struct.pack("HH", length, kind) + data + bytes(-length % 4)


def u8(name, value):
    return attr(A[name], struct.pack("B", value))


def u16(name, value):
    return attr(A[name], struct.pack("H", value))


def u32(name, value):
    return attr(A[name], struct.pack("I", value))


def u64(name, value):
    return attr(A[name], struct.pack("Q", value))


def nest(name, *items):
    return attr(A[name] | NESTED, b"".join(items))


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def prefix_bytes(text):
    address, _, length = text.partition("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    raw = socket.inet_pton(family, address)
    return struct.pack("BBxx16s", family, int(length or 8 * len(raw)), raw)


def prefix(text):
    return attr(A["PREFIX"], prefix_bytes(text))


def pair(address, text):
    return attr(A["PAIR"], mac(address) + b"\0\0" + prefix_bytes(text))


def member(community, address):
    return attr(A["MEMBER"], struct.pack("I6s2x", community, mac(address)))


def macs(name, addresses):
    return nest(name, *(attr(A["MAC"], mac(m)) for m in addresses))


class Genl:
    """A socket to a generic netlink family, in namespace 'ns'."""

    def __init__(self, family, ns=None):
        with inside(ns):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                        NETLINK_GENERIC)
        self.socket.setsockopt(SOL_NETLINK, CAP_ACK, 0)
        self.socket.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, STRICT, 1)
        self.socket.bind((0, 0))
        self.socket.settimeout(30)
        self.sequence = 0
        self.family = GENL_ID_CTRL
        (answer,) = self.ask_raw(3, attr(2, family.encode() + b"\0"))
        found = dict(attributes(answer))
        self.family = struct.unpack("H", found[1])[0]
        # Multicast groups, by name.
        self.groups = {}
        for _, group in attributes(found.get(7, b"")):
            group = dict(attributes(group))
            self.groups[group[1].rstrip(b"\0").decode()] = struct.unpack(
                "I", group[2])[0]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def message(self, command, data=b"", flags=REQUEST | ACK, version=1):
        """The next request's bytes."""
        self.sequence += 1
        body = struct.pack("BBH", command, version, 0) + data
        return struct.pack("IHHII", 16 + len(body), self.family, flags,
                           self.sequence, 0) + body

    def send(self, *words):
        self.socket.send(self.message(*words))

    def answers(self):
        """[(flags, attributes)] of what is answered to the last request."""
        found = []
        while True:
            data = self.socket.recv(1 << 20)
            while len(data) >= 16:
                length, kind, flags, sequence, _ = struct.unpack_from(
                    "IHHII", data)
                body, data = data[16:length], data[(length + 3) & ~3:]
                if sequence != self.sequence:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code = struct.unpack_from("i", body)[0]
                    if code < 0:
                        _refused(kind, flags, -code, body)
                    return found
                found.append((flags, body[4:]))

    def ask_raw(self, command, data=b"", flags=REQUEST | ACK, version=1,
                echo=False):
        self.send(command, data, flags | (8 if echo else 0), version)
        return [body for _, body in self.answers()]


def _refused(kind, flags, number, body):
    text = at = None
    if flags & 0x200:
        request, rest = b"", body[4:]
        if kind == NLMSG_ERROR:
            # The request stands between, unless it is capped.
            length = 16 if flags & 0x100 else struct.unpack_from(
                "I", body, 4)[0]
            request = body[4:4 + length]
            rest = body[4 + ((length + 3) & ~3):]
        more = dict(attributes(rest))
        text = more.get(1, b"").rstrip(b"\0").decode()
        offset = struct.unpack("I", more[2])[0] if 2 in more else 0
        if 16 <= offset <= len(request) - 4:
            at = struct.unpack_from("HH", request, offset)[1] & 0x3fff
    raise Refused(number, text, _NAMES.get(at))


class Guard(Genl):
    """A socket to the module."""

    def __init__(self, ns=None):
        super().__init__("cordon", ns)
        self.group = self.groups["drops"]

    def ask(self, command, *data):
        """The attributes {name: bytes} of the answer, if there is one."""
        found = self.ask_raw(CMD[command], b"".join(data))
        return names(found[0]) if found else {}

    def dump(self, command, *data):
        """[{name: bytes}]; torn dumps are repeated. Messages that continue
        the one before are given as they are."""
        while True:
            self.send(CMD[command], b"".join(data), REQUEST | ACK | DUMP)
            found = self.answers()
            if not any(flags & DUMP_INTR for flags, _ in found):
                return [names(body) for _, body in found]

    def listen(self):
        self.socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.group)

    def event(self, timeout=10):
        """The next event {name: bytes}, None if none comes in time."""
        self.socket.settimeout(timeout)
        try:
            data = self.socket.recv(65536)
        except (TimeoutError, BlockingIOError):
            return None
        return names(data[20:])

    # What tests say most.

    def host(self, mask=0xffff0000, bridge="02:63:6f:72:64:6e", underlay=()):
        self.ask("HOST_SET", u32("HOST_MARK_MASK", mask),
                 attr(A["HOST_BRIDGE_MAC"], mac(bridge)),
                 nest("HOST_UNDERLAY", *map(prefix, underlay)))

    def segment(self, number, vlan, *more):
        self.ask("SEGMENT_SET", u32("SEGMENT_ID", number),
                 u16("SEGMENT_VLAN", vlan), *more)

    @staticmethod
    def guest_attributes(index, segment, address, pairs=(), storm=1000,
                         *more):
        return (u32("PORT_IFINDEX", index),
                u8("PORT_KIND", C["PORT_GUEST"]),
                u32("PORT_SEGMENT", segment), u32("PORT_STORM", storm),
                macs("PORT_MACS", [address]),
                nest("PORT_PAIRS", *(pair(address, p) for p in pairs)),
                *more)

    def guest(self, *arguments):
        self.ask("PORT_SET", *self.guest_attributes(*arguments))

    def other(self, index, kind):
        self.ask("PORT_SET", u32("PORT_IFINDEX", index),
                 u8("PORT_KIND", C["PORT_" + kind]))

    def delete(self, index, *more):
        self.ask("PORT_DEL", u32("PORT_IFINDEX", index), *more)

    def release(self, index):
        self.delete(index, attr(A["PORT_RELEASE"]))

    def port(self, index):
        return self.ask("PORT_GET", u32("PORT_IFINDEX", index))

    def state(self, index):
        return {0: "quarantined", 1: "guarded", 2: "blocked"}[
            self.port(index)["PORT_STATE"][0]]

    def cookie(self, index):
        return struct.unpack("Q", self.port(index)["PORT_COOKIE"])[0]

    def stats(self, index):
        """{(direction, reason): packets}"""
        found = self.ask("STATS_GET", u32("PORT_IFINDEX", index))
        return {key: packets
                for key, (packets, _) in counters(found).items()}


def counters(answer):
    """{(direction, reason): (packets, bytes)} of an answer's STATS."""
    found = {}
    for _, stat in attributes(answer["STATS"]):
        reason, ingress, packets, size = struct.unpack("IB3xQQ", stat)
        found["in" if ingress else "out", REASON[reason]] = packets, size
    return found


_NAMES = {value: name for name, value in A.items()}


def names(body):
    found = {}
    for kind, value in attributes(body):
        found.setdefault(_NAMES.get(kind, kind), value)
    return found


def number(value):
    return int.from_bytes(value, "little")


def load(*parameters):
    sh(["insmod", MODULE, *parameters])


def unload():
    sh("rmmod cordon")


def is_loaded():
    return os.path.exists("/sys/module/cordon")
