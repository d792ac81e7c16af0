# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus' cast, and frames of theirs that bear a stream's letter and a
number each, which tools/traffic.c fills in and counts by."""

import socket
import struct

from bed import checksum
from model import cast

MAC = {"A": cast.MAC_A, "P": cast.MAC_P, "B": cast.MAC_B, "G": cast.MAC_G}
IP = {"A": "10.0.0.10", "P": "10.0.0.12", "B": "10.0.0.11", "G": "10.0.0.1"}
VLAN = {"A": cast.VLAN_A, "P": cast.VLAN_A, "B": cast.VLAN_B}
BROADCAST = b"\xff" * 6


def mark(stream):
    """What traffic numbers and counts by."""
    return b"CDN!" + stream.encode() + bytes(7)


def udp(src, dst, src_ip, dst_ip, stream, room=0):
    """An IPv4 UDP frame with a mark; MACs are bytes or a name of the cast's.
    At least 60 bytes long."""
    payload = mark(stream) + bytes(max(room, 6))
    segment = struct.pack("!HHHH", 40000, 9000, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64,
                       17, 0)
    ends = socket.inet_aton(src_ip) + socket.inet_aton(dst_ip)
    return (MAC.get(dst, dst) + MAC.get(src, src) + b"\x08\x00" + head[:10]
            + checksum(head + ends) + ends + segment)


def unicast(src, dst, stream):
    return udp(src, dst, IP[src], IP[dst], stream)


def beacon(src, stream):
    """A broadcast that a guest may send."""
    return udp(src, BROADCAST, IP[src], "255.255.255.255", stream)


def arp(src, stream, sha=None, spa=None, tpa="10.0.0.1"):
    """A broadcast ARP request, the mark in its padding."""
    sha, spa = sha or MAC[src], spa or IP[src]
    return (BROADCAST + MAC[src] + b"\x08\x06"
            + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + sha
            + socket.inet_aton(spa) + bytes(6) + socket.inet_aton(tpa)
            + mark(stream) + bytes(6))


def spoofs(stream, src="A"):
    """What a guest must never get out: MAC, IP and ARP of others, tags."""
    plain = udp(src, "P", IP[src], IP["P"], stream)
    other = MAC["A" if src == "B" else "B"]
    return [udp(other, BROADCAST, IP[src], "255.255.255.255", stream),
            udp(MAC["G"], "P", IP["G"], IP["P"], stream),
            udp(src, "P", IP["G"], IP["P"], stream),
            arp(src, stream, spa=IP["G"]), arp(src, stream, sha=MAC["G"]),
            plain[:12] + b"\x81\0\0\xc8" + plain[12:],
            plain[:12] + b"\x81\0\0\0" + plain[12:],
            b"\x01\x80\xc2\0\0\x0e" + MAC[src] + b"\x88\xcc" + mark(stream)
            + bytes(40)]


def tagged(vlan, frame):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]
