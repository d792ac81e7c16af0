# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the frames that the Xen tests send, with the checksums right.

Frames are bytes; addresses are text.  Only what the attacks of attacks.py
and their harmless twins need.
"""

import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86dd
ICMP, TCP, UDP, ICMPV6, VRRP, IGMP = 1, 6, 17, 58, 112, 2


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip4(text):
    return socket.inet_pton(socket.AF_INET, text)


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def eui64(text):
    """The link-local address that a MAC makes."""
    m = mac(text)
    host = bytes((m[0] ^ 2,)) + m[1:3] + b"\xff\xfe" + m[3:]
    return socket.inet_ntop(socket.AF_INET6, ip6("fe80::")[:8] + host)


def group_mac(address):
    """The multicast MAC of an IPv4 or IPv6 group."""
    if ":" in address:
        return "33:33:" + ip6(address)[-4:].hex(":")
    a = ip4(address)
    return "01:00:5e:" + bytes((a[1] & 0x7f, a[2], a[3])).hex(":")


def solicited_node(address):
    return socket.inet_ntop(socket.AF_INET6, ip6("ff02::1:ff00:0")[:13]
                            + ip6(address)[13:])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(dst, src, ethertype, payload):
    """At least 60 bytes, as on a wire."""
    data = mac(dst) + mac(src) + struct.pack(">H", ethertype) + payload
    return data.ljust(60, b"\0")


def tagged(data, *tags):
    """A frame with VLAN tags in front of its EtherType, the outer first;
    a tag is a VLAN id, or a pair of EtherType and VLAN id."""
    words = b""
    for tag in tags:
        kind, vid = tag if isinstance(tag, tuple) else (0x8100, tag)
        words += struct.pack(">HH", kind, vid)
    return data[:12] + words + data[12:]


def untagged(data):
    """(VLAN id or None, frame without its outer 0x8100 tag)."""
    if data[12:14] == b"\x81\x00":
        return (struct.unpack(">H", data[14:16])[0] & 0xfff,
                data[:12] + data[16:])
    return None, data


def arp(op, src, source_mac, spa, target_mac, tpa, dst=BROADCAST):
    return ethernet(dst, src, ARP,
                    struct.pack(">HHBBH", 1, IPV4, 6, 4, op) + mac(source_mac)
                    + ip4(spa) + mac(target_mac) + ip4(tpa))


def ipv4(dst, src, source, target, protocol, payload, ttl=64, options=b""):
    words = 5 + len(options) // 4
    head = struct.pack(">BBHHHBBH4s4s", 0x40 | words, 0,
                       words * 4 + len(payload), 1, 0, ttl, protocol, 0,
                       ip4(source), ip4(target)) + options
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return ethernet(dst, src, IPV4, head + payload)


def ipv6(dst, src, source, target, protocol, payload, hops=64):
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, hops)
    return ethernet(dst, src, IPV6, head + ip6(source) + ip6(target)
                    + payload)


def _pseudo(source, target, protocol, length):
    if ":" in source:
        return ip6(source) + ip6(target) + struct.pack(">II", length,
                                                       protocol)
    return ip4(source) + ip4(target) + struct.pack(">HH", protocol, length)


def udp(source, target, sport, dport, payload):
    """A datagram, to be given to ipv4() or ipv6() as payload."""
    head = struct.pack(">HHH", sport, dport, 8 + len(payload))
    total = checksum(_pseudo(source, target, UDP, 8 + len(payload))
                     + head + b"\0\0" + payload)
    return head + struct.pack(">H", total or 0xffff) + payload


def udp4(dst, src, source, target, sport, dport, payload):
    return ipv4(dst, src, source, target, UDP,
                udp(source, target, sport, dport, payload))


def udp6(dst, src, source, target, sport, dport, payload):
    return ipv6(dst, src, source, target, UDP,
                udp(source, target, sport, dport, payload))


def icmpv6(dst, src, source, target, kind, code, body, hops=255):
    data = struct.pack(">BBH", kind, code, 0) + body
    total = checksum(_pseudo(source, target, ICMPV6, len(data)) + data)
    return ipv6(dst, src, source, target, ICMPV6,
                data[:2] + struct.pack(">H", total) + data[4:], hops)


def link_layer(kind, address):
    """A neighbour discovery option: 1 source, 2 target link-layer."""
    return bytes((kind, 1)) + mac(address)


def advertisement(dst, src, source, target, about, lladdr, flags=0x20):
    """Neighbour advertisement about an address; override by default."""
    return icmpv6(dst, src, source, target, 136, 0,
                  struct.pack(">I", flags << 24) + ip6(about)
                  + link_layer(2, lladdr))


def solicitation(src, source, about, lladdr):
    group = solicited_node(about)
    return icmpv6(group_mac(group), src, source, group, 135, 0,
                  b"\0\0\0\0" + ip6(about) + link_layer(1, lladdr))


def router_advertisement(src, source, prefix, dst=None, target="ff02::1"):
    body = struct.pack(">BBHII", 64, 0, 1800, 0, 0) \
        + struct.pack(">BBBBIII", 3, 4, 64, 0xc0, 86400, 14400, 0) \
        + ip6(prefix) + link_layer(1, src)
    return icmpv6(dst or group_mac(target), src, source, target, 134, 0, body)


def router_solicitation(src, source):
    return icmpv6(group_mac("ff02::2"), src, source, "ff02::2", 133, 0,
                  b"\0\0\0\0" + link_layer(1, src))


def dhcp(op, chaddr, kind, yiaddr="0.0.0.0", xid=0x1234):
    """A BOOTP message with a DHCP message type and, from a server, a
    router; padded to 300 bytes."""
    options = bytes((53, 1, kind))
    if op == 2:
        options += bytes((54, 4)) + ip4("10.0.0.11") \
            + bytes((3, 4)) + ip4("10.0.0.11")
    data = struct.pack(">BBBBIHH", op, 1, 6, 0, xid, 0, 0x8000) \
        + ip4("0.0.0.0") + ip4(yiaddr) + ip4("0.0.0.0") + ip4("0.0.0.0") \
        + mac(chaddr).ljust(16, b"\0") + bytes(192) \
        + b"\x63\x82\x53\x63" + options + b"\xff"
    return data.ljust(300, b"\0")
