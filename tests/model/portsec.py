# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest may send: one function per row, in the order of the rows.

Each takes a Context and returns None (go on) or the reason to drop. The
rules that look into UDP, ICMP and Neighbour Discovery are in upper.py.
"""

from . import packet as pk
from . import upper
from .config import (BROADCAST, ETH_HEADER, PASS, VIF_MAC, State, Verdict,
                     drop, is_group)
from .config import address

ZERO4, ZERO6 = address("0.0.0.0"), address("::")
ALL_ONES = address("255.255.255.255")
ROUTER_ALERT4 = b"\x94\x04\x00\x00"


class Context:
    """A frame from a port, read once, and what the port remembers."""

    def __init__(self, port, data, state, now=0.0):
        self.port, self.state, self.now = port, state, now
        self.frame = pk.Frame(data)
        self.ip4 = self.ip6 = None
        if self.frame.ethertype == pk.IPV4:
            self.ip4 = pk.Packet4(self.frame.body)
        elif self.frame.ethertype == pk.IPV6:
            self.ip6 = pk.Packet6(self.frame.body)
        self.ip = self.ip4 or self.ip6

    @property
    def virtual(self):
        """Whether the source MAC is a virtual router's."""
        return self.frame.src in self.port.vrrp_macs


def row_1_source_mac(c):
    src = c.frame.src
    if (src not in c.port.macs or is_group(src) or not any(src)
            or src in (c.port.host.bridge_mac, VIF_MAC)):
        return "spoofed-mac"
    return None


def row_2_tag(c):
    return "tagged" if c.frame.ethertype in pk.TAGS else None


def row_3_llc(c):
    return "llc" if c.frame.ethertype < 0x0600 else None


def row_4_destination(c):
    """Groups are those of IP alone, and say the same as the IP packet."""
    dst, ip_dst = c.frame.dst, c.frame.destination()
    if dst == c.frame.src:
        return "control-mac"
    if dst == BROADCAST:
        if ip_dst is None:
            return None
        good = ip_dst == ALL_ONES or c.port.is_directed_broadcast(ip_dst)
        return None if good else "mac-ip-mismatch"
    if dst[:3] == b"\x01\x00\x5e" and dst[3] < 0x80:
        if (c.frame.ethertype == pk.IPV4 and ip_dst is not None
                and (not ip_dst.is_multicast or dst != group_mac(ip_dst))):
            return "mac-ip-mismatch"
        return "mac-ip-mismatch" if c.frame.ethertype in (
            pk.ARP, pk.IPV6) else None
    if dst[:2] == b"\x33\x33":
        if (c.frame.ethertype == pk.IPV6 and ip_dst is not None
                and (not ip_dst.is_multicast or dst != group_mac(ip_dst))):
            return "mac-ip-mismatch"
        return "mac-ip-mismatch" if c.frame.ethertype in (
            pk.ARP, pk.IPV4) else None
    if is_group(dst):
        return "control-mac"
    if ip_dst is not None and (ip_dst.is_multicast or ip_dst == ALL_ONES):
        return "mac-ip-mismatch"
    return None


def group_mac(addr):
    if addr.version == 4:
        low = int(addr) & 0x7fffff
        return b"\x01\x00\x5e" + low.to_bytes(3, "big")
    return b"\x33\x33" + addr.packed[12:]


def row_5_ethertype(c):
    good = c.frame.ethertype in (pk.IPV4, pk.ARP, pk.IPV6)
    return None if good else "ethertype"


def row_6_arp(c):
    if c.frame.ethertype != pk.ARP:
        return None
    arp = c.frame.arp()
    if arp is None or arp[:4] != (1, pk.IPV4, 6, 4) or oversize(c):
        return "arp-malformed"
    op, sha, spa, _, tpa = arp[4:]
    if op not in (1, 2):
        return "arp-malformed"
    if sha != c.frame.src:
        return "arp-spoof"
    if spa == ZERO4:
        probe = op == 1 and c.port.owns(tpa, c.frame.src)
        return None if probe else "arp-spoof"
    return None if c.port.owns(spa, c.frame.src) else "arp-spoof"


def oversize(c):
    return len(c.frame.data) > c.port.mtu + ETH_HEADER


def row_7_ipv4(c):
    if c.ip4 is None:
        return None
    if not c.ip4.ok or oversize(c) or c.ip4.proto == 255:
        return "malformed"
    if c.ip4.src == ZERO4:
        return None if upper.is_dhcp_discovery(c) else "spoofed-ip"
    return None if may_use_source(c, c.ip4.src) else "spoofed-ip"


def may_use_source(c, src):
    """Own with this MAC; advertisements of a virtual router (RFC 5798) also
    own address with virtual MAC and the reverse; a router: anything that is
    nobody else's here."""
    port = c.port
    if port.owns(src, c.frame.src):
        return True
    if c.ip.ok and c.ip.proto == 112 and port.vrrp_macs and port.owns(src):
        return True
    if not port.router or c.virtual:
        return False
    special = (src.is_multicast or src.is_loopback or src.is_unspecified
               or src.is_link_local)
    special = special or (int(src) >> 28 == 15 if src.version == 4
                          else src.ipv4_mapped is not None)
    return not (special or port.is_others(src) or port.host.in_underlay(src)
                or port.is_directed_broadcast(src))


def row_8_ipv4_options_and_fragments(c):
    if c.ip4 is None:
        return None
    if c.ip4.options and not (c.ip4.options == ROUTER_ALERT4
                              and c.ip4.proto == pk.IGMP):
        return "ip-options"
    return fragment(c)


# What a first fragment must hold of the upper layer.
WHOLE_HEADER = {pk.TCP: 20, pk.UDP: 8, pk.ICMP: 8, pk.ICMPV6: 8, pk.ESP: 8,
                pk.SCTP: 12}


def fragment(c):
    """Both families: no tiny first fragment, no offset 1, no end past
    65,535. IGMP is never fragmented."""
    ip = c.ip
    if not ip.is_fragment:
        return None
    header = ip.header_len if ip.ok and c.ip4 else 0
    if ip.offset == 8 or ip.offset + len(ip.l4) + header > 65535:
        return "fragment"
    if c.ip4 and ip.proto == pk.IGMP:
        return "fragment"
    if ip.offset == 0 and len(ip.l4) < WHOLE_HEADER.get(ip.proto, 8):
        return "fragment"
    if ip.offset == 0 and ip.proto == pk.TCP and ip.more and (
            len(ip.l4) < (ip.l4[12] >> 4) * 4):
        return "fragment"
    return None


def row_9_ipv6(c):
    if c.ip6 is None:
        return None
    if not c.ip6.ok or oversize(c):
        return "malformed"
    if c.ip6.src == ZERO6:
        return None if upper.may_be_unspecified(c) else "spoofed-ip"
    return None if may_use_source(c, c.ip6.src) else "spoofed-ip"


def row_10_neighbour_discovery(c):
    return upper.neighbour_discovery(c) if c.ip6 is not None else None


# What a guest may send over IPv6; all else is an unreadable chain.
UPPER6 = (pk.TCP, pk.UDP, pk.ICMPV6, pk.ESP, pk.SCTP, pk.GRE)
FRAGMENTED6 = (pk.TCP, pk.UDP, pk.ICMPV6, pk.ESP, pk.SCTP)


def row_11_extension_headers(c):
    ip = c.ip6
    if ip is None:
        return None
    if not ip.chain_ok:
        return "fragment" if ip.is_fragment else "ext-header"
    if ip.extensions:
        alone = ip.extensions == [pk.HOPOPT] and not ip.is_fragment
        if not (alone and upper.is_mld(c)
                and is_router_alert6(ip.hop_by_hop)):
            return "ext-header"
    if ip.is_fragment:
        return fragment6(c)
    if ip.proto in UPPER6 or may_route(c, ip.proto):
        return None
    return "ext-header"


def may_route(c, proto):
    return (proto == 112 and bool(c.port.vrrp_macs)
            or proto in (88, 89, 103) and c.port.router)


def is_router_alert6(data):
    found = pk.options6(data)
    if len(data) != 6 or found is None:
        return False
    real = [o for o in found if o[0] not in (0, 1)]
    return real == [(5, b"\0\0")]


def fragment6(c):
    ip = c.ip6
    if ip.proto not in FRAGMENTED6 or ip.fragment_headers > 1:
        return "fragment"
    if ip.proto == pk.ICMPV6:
        # A later fragment may be of anything; Neighbour Discovery and MLD
        # are what goes to groups.
        if ip.dst.is_multicast:
            return "fragment"
        if ip.offset == 0 and ip.l4[:1] and ip.l4[0] not in upper.PLAIN6:
            return "fragment"
    return fragment(c)


def row_12_servers_and_routers(c):
    return upper.server_or_router(c) if c.ip is not None else None


def row_13_underlay(c):
    if c.ip is not None and c.port.host.in_underlay(c.ip.dst):
        return "encapsulation"
    return None


def row_14_icmp_embedded(c):
    return upper.icmp_embedded(c) if c.ip is not None else None


def overlap(c):
    """Row 8's last: nothing twice. A frame that is dropped for another reason
    leaves no trace, so this comes last."""
    ip = c.ip
    if ip is None or not ip.is_fragment:
        return None
    if not ip.more and ip.offset == 0:
        return None             # All of it (RFC 6946).
    key = (ip.src, ip.dst, ip.id, ip.proto if c.ip4 else None)
    if c.state.overlaps(key, ip.offset, ip.offset + len(ip.l4)):
        return "fragment"
    return None


def row_15_storm(c):
    if not is_group(c.frame.dst):
        return None
    return "storm" if c.state.storm(c.port.storm, c.now) else None


ROWS = (row_1_source_mac, row_2_tag, row_3_llc, row_4_destination,
        row_5_ethertype, row_6_arp, row_7_ipv4,
        row_8_ipv4_options_and_fragments, row_9_ipv6,
        row_10_neighbour_discovery, row_11_extension_headers,
        row_12_servers_and_routers, row_13_underlay, row_14_icmp_embedded,
        overlap, row_15_storm)


def frame_from_guest(port, data, state=None, now=0.0):
    """The verdict on one frame."""
    c = Context(port, data, state or State(), now)
    if not c.frame.complete:
        return drop("malformed")
    for row in ROWS:
        reason = row(c)
        if reason:
            return drop(reason)
    return PASS


def from_guest(port, frames, state=None, now=0.0):
    """The verdict on an entry: passed if all its frames are."""
    state = state or State()
    verdicts = tuple(frame_from_guest(port, f, state, now) for f in frames)
    first = next((v.reason for v in verdicts if not v), None)
    return Verdict(first is None, first, verdicts)
