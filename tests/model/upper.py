# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that look above IP: DHCP, Neighbour Discovery, ICMP, MLD, IGMP.

Called from portsec.py; each takes its Context.
"""

import ipaddress

from . import packet as pk
from .config import address

ALL_ONES = address("255.255.255.255")
ZERO4, ZERO6 = address("0.0.0.0"), address("::")

ERRORS4 = (3, 4, 11, 12)
ERRORS6 = (1, 2, 3, 4)
PLAIN6 = ERRORS6 + (128, 129)           # May be fragmented.
MLD_QUERY, MLD_REPORTS, MLD_DONE = 130, (131, 143), 132
RS, RA, NS, NA, REDIRECT = 133, 134, 135, 136, 137
MRD6 = (151, 152, 153)                  # RFC 4286
LINK_LAYER = (1, 2)                     # Source, target.
IGMP_FROM_HOSTS = (0x12, 0x16, 0x17, 0x22)
ROUTING = (88, 89, 103)                 # EIGRP, OSPF, PIM.
VRRP = 112


def whole_udp(ip):
    """The UDP payload of an unfragmented or first fragment, else None."""
    if ip.proto != pk.UDP or ip.offset or len(ip.l4) < 8:
        return None
    return ip.l4[8:]


def ports(ip):
    return pk.u16(ip.l4, 0), pk.u16(ip.l4, 2)


# DHCP ---------------------------------------------------------------------

def is_dhcp_discovery(c):
    """From 0.0.0.0: row 7's one exception."""
    ip = c.ip4
    return (ip.dst == ALL_ONES and not ip.is_fragment
            and whole_udp(ip) is not None and ports(ip) == (68, 67)
            and own_dhcp(c, whole_udp(ip)))


def own_dhcp(c, payload):
    """Whether a DHCP request is the port's own and not relayed."""
    if len(payload) < 34:
        return False
    ciaddr = ipaddress.IPv4Address(payload[12:16])
    giaddr = ipaddress.IPv4Address(payload[24:28])
    chaddr = payload[28:34]
    return (giaddr == ZERO4 and chaddr == c.frame.src
            and (ciaddr == ZERO4 or c.port.owns(ciaddr, c.frame.src)))


def dhcp(c):
    ip, payload = c.ip, whole_udp(c.ip)
    if payload is None or c.port.dhcp_server:
        return None
    sport, dport = ports(ip)
    if sport in (67, 547) or dport in (68, 546):
        return "rogue-dhcp"
    if dport == 67 and c.ip4 is not None:
        own = not ip.is_fragment and own_dhcp(c, payload)
        return None if own else "rogue-dhcp"
    if dport == 547 and payload[:1] in (b"\x0c", b"\x0d"):
        return "rogue-dhcp"     # A relay's messages (RFC 8415, 7.3).
    return None


# Neighbour Discovery ------------------------------------------------------

def icmp6_type(c):
    ip = c.ip6
    if ip is None or ip.proto != pk.ICMPV6 or ip.offset or not ip.l4:
        return None
    return ip.l4[0]


def solicited_node(addr):
    low = addr.packed[13:]
    return ipaddress.IPv6Address(bytes.fromhex(
        "ff0200000000000000000001ff") + low)


def may_be_unspecified(c):
    """From `::`: detecting duplicates of an own address, asking for routers
    without a link-layer option, reporting groups."""
    ip, kind = c.ip6, icmp6_type(c)
    if kind in MLD_REPORTS:
        return not ip.is_fragment
    if kind not in (RS, NS) or ip.extensions or ip.is_fragment:
        return False
    options = pk.nd_options(ip.l4)
    if options is None or any(kind_ in LINK_LAYER for kind_, _ in options):
        return False
    if kind == RS:
        return True
    target = ipaddress.IPv6Address(ip.l4[8:24])
    return (c.port.owns(target, c.frame.src)
            and ip.dst == solicited_node(target))


def neighbour_discovery(c):
    kind, ip, port = icmp6_type(c), c.ip6, c.port
    if kind not in pk.ND_FIXED:
        return None
    if kind in (RA, REDIRECT) and not port.router:
        return "rogue-ra"
    bad = "rogue-ra" if kind in (RA, REDIRECT) else "nd-spoof"
    if ip.hop_limit != 255 or ip.is_fragment or ip.extensions:
        return bad
    if len(ip.l4) < 2 or ip.l4[1] != 0:
        return bad
    options = pk.nd_options(ip.l4)
    if options is None:
        return bad
    if kind != REDIRECT and any(value != c.frame.src for type_, value
                                in options if type_ in LINK_LAYER):
        return bad
    if kind == NA:
        target = ipaddress.IPv6Address(ip.l4[8:24])
        if not port.owns(target, c.frame.src):
            return "nd-spoof"
        if ip.l4[4] & 0x80 and not port.router:
            return "nd-spoof"
    return None


# Servers and routers ------------------------------------------------------

def is_mld(c):
    return icmp6_type(c) in (MLD_QUERY, MLD_DONE) + MLD_REPORTS


def server_or_router(c):
    ip, port = c.ip, c.port
    if not ip.is_fragment and is_truncated(ip):
        return "malformed"
    if ip.proto in ROUTING and not port.router:
        return "rogue-router"
    if ip.proto == VRRP and not may_advertise(c):
        return "rogue-router"
    if ip.proto == pk.UDP:
        return dhcp(c) or hot_standby(c)
    if c.ip4 is not None:
        return router4(c)
    return router6(c)


def is_truncated(ip):
    """The headers that say what a packet is must be there. An ICMP header
    of 4 bytes will do."""
    if ip.proto == pk.TCP:
        return len(ip.l4) < 20 or not 20 <= (ip.l4[12] >> 4) * 4 <= len(ip.l4)
    if ip.proto == pk.UDP:
        return len(ip.l4) < 8
    if ip.proto in (pk.ICMP, pk.ICMPV6):
        return len(ip.l4) < 4
    return ip.proto == pk.IGMP and len(ip.l4) < 8


def may_advertise(c):
    """VRRP: to the routers' group alone, unfragmented, TTL 255, and only
    routers that are declared."""
    group = "224.0.0.18" if c.ip4 is not None else "ff02::12"
    if (not c.port.vrrp_macs or c.ip.dst != address(group)
            or c.ip.is_fragment or len(c.ip.l4) < 8):
        return False
    number = c.ip.l4[1]
    return any(m[5] == number for m in c.port.vrrp_macs)


def hot_standby(c):
    """HSRP's hellos (RFC 2281, and version 2 for IPv6)."""
    ip = c.ip
    if ip.offset or len(ip.l4) < 8 or not ip.dst.is_multicast:
        return None
    hello = ports(ip)[1] in (1985, 2029)
    return "rogue-router" if hello and not c.port.router else None


def router4(c):
    ip = c.ip4
    if ip.offset or not ip.l4 or c.port.router:
        return None
    if ip.proto == pk.ICMP and ip.l4[0] in (5, 9):
        return "rogue-router"
    if ip.proto == pk.IGMP and ip.l4[0] not in IGMP_FROM_HOSTS:
        return "rogue-router"
    return None


def router6(c):
    kind = icmp6_type(c)
    if kind is None or kind in PLAIN6 or kind in (RS, NS, NA):
        return None
    if kind in MLD_REPORTS or kind == MLD_DONE:
        return None
    if c.port.router and kind in (RA, REDIRECT, MLD_QUERY) + MRD6:
        return None
    return "rogue-router" if kind in (MLD_QUERY,) + MRD6 else "nd-spoof"


# ICMP errors --------------------------------------------------------------

def icmp_embedded(c):
    """An error is about a packet that its receiver sent to its sender."""
    ip = c.ip
    if ip.offset or not ip.l4 or c.port.router:
        return None
    if c.ip4 is not None:
        if ip.proto != pk.ICMP or ip.l4[0] not in ERRORS4:
            return None
        inner = ip.l4[8:]
        if len(inner) < 20 or inner[0] >> 4 != 4:
            return "icmp-embedded"
        src = ipaddress.IPv4Address(inner[12:16])
        dst = ipaddress.IPv4Address(inner[16:20])
    else:
        if icmp6_type(c) not in ERRORS6:
            return None
        inner = ip.l4[8:]
        if len(inner) < 40 or inner[0] >> 4 != 6:
            return "icmp-embedded"
        src = ipaddress.IPv6Address(inner[8:24])
        dst = ipaddress.IPv6Address(inner[24:40])
    good = src == ip.dst and c.port.owns(dst)
    return None if good else "icmp-embedded"
