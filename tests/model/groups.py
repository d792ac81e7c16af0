# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of a tenant's stateful filter as the corpus' notes ask for.

Port security comes first and knows no connections. The entries about
connections need a filter at the receiver that lets in new connections to some
TCP ports and nothing else; this is that filter, for one direction.
"""

import struct

from . import packet as pk

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


class Filter:
    """Lets in new TCP connections to `ports`, what belongs to connections
    and what answers. Takes no helper's word for anything."""

    def __init__(self, ports):
        self.ports = frozenset(ports)
        self.connections = set()

    def admits(self, data):
        frame = pk.Frame(data)
        if frame.ethertype != pk.IPV4:
            return False
        ip = pk.Packet4(frame.body)
        if not ip.ok or ip.proto != pk.TCP or len(ip.l4) < 20:
            return False
        sport, dport = struct.unpack_from("!HH", ip.l4)
        flags = ip.l4[13] & 0x3f
        if not valid_flags(flags):
            return False
        key = (ip.src, sport, ip.dst, dport)
        if flags == SYN and dport in self.ports:
            self.connections.add(key)
        return key in self.connections


def valid_flags(flags):
    """The combinations that a TCP may send (RFC 9293)."""
    flags &= ~(PSH | URG) if flags & ACK else ~0
    return flags in (SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK)
