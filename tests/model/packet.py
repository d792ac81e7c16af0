# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads frames. Answers None where bytes are missing; judges nothing.

Only `struct` is used, so that the model shares no parser with what it is
compared to.
"""

import ipaddress
import struct

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86dd
TAGS = (0x8100, 0x88a8, 0x9100, 0x9200, 0x9300)
ICMP, IGMP, TCP, UDP, ICMPV6, ESP, SCTP, GRE = 1, 2, 6, 17, 58, 50, 132, 47
HOPOPT, ROUTING, FRAGMENT, AH, DSTOPT = 0, 43, 44, 51, 60
EXTENSIONS = (HOPOPT, ROUTING, DSTOPT, AH, 135, 139, 140)
CHAIN_MAX = 512         # Headers past this many bytes of frame: too long.


def u16(data, at):
    return struct.unpack_from("!H", data, at)[0]


class Frame:
    """Ethernet, and whatever IP or ARP packet is in it."""

    def __init__(self, data):
        self.data = data
        self.complete = len(data) >= 14
        self.dst, self.src = data[0:6], data[6:12]
        self.ethertype = u16(data, 12) if self.complete else None
        self.body = data[14:]

    def arp(self):
        """Its nine fields in their order, or None if it is cut short."""
        if len(self.body) < 28:
            return None
        f = struct.unpack_from("!HHBBH6s4s6s4s", self.body)
        return f[:6] + (ipaddress.IPv4Address(f[6]), f[7],
                        ipaddress.IPv4Address(f[8]))

    def destination(self):
        """The IP destination as far as it is there, else None."""
        if self.ethertype == IPV4 and len(self.body) >= 20:
            return ipaddress.IPv4Address(self.body[16:20])
        if self.ethertype == IPV6 and len(self.body) >= 40:
            return ipaddress.IPv6Address(self.body[24:40])
        return None


class Packet4:
    """An IPv4 packet. `ok` is whether its lengths are consistent."""

    def __init__(self, body):
        self.ok = len(body) >= 20
        if not self.ok:
            return
        self.version, self.header_len = body[0] >> 4, (body[0] & 15) * 4
        self.total_len = u16(body, 2)
        word = u16(body, 6)
        self.offset = (word & 0x1fff) * 8
        self.more = bool(word & 0x2000)
        self.id, self.proto = u16(body, 4), body[9]
        self.src = ipaddress.IPv4Address(body[12:16])
        self.dst = ipaddress.IPv4Address(body[16:20])
        self.ok = (self.version == 4 and self.header_len >= 20
                   and self.header_len <= self.total_len <= len(body))
        self.options = body[20:self.header_len]
        self.l4 = body[self.header_len:self.total_len]
        self.is_fragment = self.more or self.offset > 0
        self.extensions = ()
        self.hop_limit = body[8]


class Packet6:
    """An IPv6 packet and its header chain.

    extensions  the types of the headers before the upper layer, in order,
                Fragment not among them
    proto       the upper layer; None if the chain cannot be read to its end
    chain_ok    the chain ends within the packet, and within CHAIN_MAX
    """

    def __init__(self, body):
        self.ok = len(body) >= 40
        if not self.ok:
            return
        self.version = body[0] >> 4
        self.payload_len = u16(body, 4)
        self.hop_limit = body[7]
        self.src = ipaddress.IPv6Address(body[8:24])
        self.dst = ipaddress.IPv6Address(body[24:40])
        self.ok = (self.version == 6
                   and 0 < self.payload_len <= len(body) - 40)
        self.total_len = 40 + self.payload_len
        self.more, self.offset, self.id = False, 0, None
        self.extensions, self.fragment_headers = [], 0
        self.hop_by_hop = b""
        self.proto, self.chain_ok, self.l4 = None, False, b""
        if self.ok:
            self._walk(body[:self.total_len])
        self.is_fragment = self.fragment_headers > 0

    def _walk(self, packet):
        kind, at = packet[6], 40
        while kind in EXTENSIONS or kind == FRAGMENT:
            if at + 8 > len(packet) or at + 8 > CHAIN_MAX:
                return
            if kind == FRAGMENT:
                self.fragment_headers += 1
                word = u16(packet, at + 2)
                self.offset, self.more = word & 0xfff8, bool(word & 1)
                self.id = packet[at + 4:at + 8]
                size = 8
                if self.offset:
                    self.proto, self.l4 = packet[at], packet[at + 8:]
                    self.chain_ok = True
                    return
            else:
                self.extensions.append(kind)
                size = (packet[at + 1] + 2) * 4 if kind == AH else \
                    (packet[at + 1] + 1) * 8
                if kind == HOPOPT:
                    self.hop_by_hop = packet[at + 2:at + size]
            kind, at = packet[at], at + size
            if at > len(packet) or at > CHAIN_MAX:
                return
        self.proto, self.l4, self.chain_ok = kind, packet[at:], True


def options6(data):
    """(type, value) of Hop-by-Hop options; None if they do not fit."""
    found, at = [], 0
    while at < len(data):
        if data[at] == 0:
            found.append((0, b""))
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            return None
        found.append((data[at], data[at + 2:at + 2 + data[at + 1]]))
        at += 2 + data[at + 1]
    return found


ND_FIXED = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}


def nd_options(message):
    """(type, value) of a Neighbour Discovery message's options; None if the
    message is too short or too long, or an option has no length or does not
    fit."""
    at = ND_FIXED[message[0]]
    if not at <= len(message) <= CHAIN_MAX:
        return None
    found = []
    while at < len(message):
        if at + 2 > len(message):
            return None
        size = message[at + 1] * 8
        if size == 0 or at + size > len(message):
            return None
        found.append((message[at], message[at + 2:at + size]))
        at += size
    return found
