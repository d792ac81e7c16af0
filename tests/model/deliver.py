# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest may be sent, what the uplink may bring, and who gets what.

`to_guest` judges a frame at the receiving port, `from_uplink` at the trunk,
and a Fabric puts ports, uplink and the host together.
"""

import ipaddress
import struct
from collections import namedtuple

from . import packet as pk
from . import upper
from .config import BROADCAST, ETH_HEADER, PASS, Verdict, drop, is_group
from .portsec import FRAGMENTED6, from_guest, is_router_alert6

LOCAL, UPLINK = "local port", "uplink"


class Arriving:
    """A frame at a port that it may leave by."""

    def __init__(self, port, data):
        self.port, self.frame = port, pk.Frame(data)
        self.ip4 = self.ip6 = None
        if self.frame.ethertype == pk.IPV4:
            self.ip4 = pk.Packet4(self.frame.body)
        elif self.frame.ethertype == pk.IPV6:
            self.ip6 = pk.Packet6(self.frame.body)
        self.ip = self.ip4 or self.ip6


def to_guest(port, data, source=LOCAL, segment=None):
    """The verdict on an untagged frame of `segment` (the port's own unless
    given) that came in by `source`."""
    a = Arriving(port, data)
    if segment not in (None, port.segment):
        return drop("wrong-segment")
    if a.frame.complete and not port.hears(a.frame.src):
        return drop("not-gateway")
    if not a.frame.complete or len(data) > port.mtu + ETH_HEADER:
        return drop("malformed")
    reason = kind_of_frame(a) or addressed(a)
    if not reason and source == UPLINK:
        reason = from_outside(a, port.host, port.segment)
    return drop(reason) if reason else PASS


def through_uplink(host, segment, data):
    """The same for all ports of the segment: the verdict where the frame, now
    untagged, comes in, for a guard that judges there."""
    a = Arriving(None, data)
    reason = kind_of_frame(a)
    if not reason and is_group(a.frame.dst) and not is_ip_group(a.frame.dst):
        reason = "control-mac"
    reason = reason or from_outside(a, host, segment)
    return drop(reason) if reason else PASS


def kind_of_frame(a):
    if a.frame.ethertype in pk.TAGS:
        return "tagged"
    if a.frame.ethertype < 0x0600:
        return "llc"
    if a.frame.ethertype not in (pk.IPV4, pk.ARP, pk.IPV6):
        return "ethertype"
    if a.ip is not None and not a.ip.ok:
        return "malformed"
    if a.frame.ethertype == pk.ARP and a.frame.arp() is None:
        return "arp-malformed"
    return None


def is_ip_group(mac_):
    return (mac_ == BROADCAST or mac_[:2] == b"\x33\x33"
            or mac_[:3] == b"\x01\x00\x5e" and mac_[3] < 0x80)


def addressed(a):
    dst, port = a.frame.dst, a.port
    if is_group(dst):
        if not is_ip_group(dst):
            return "control-mac"
        if port.isolated and asks_others(a):
            return "not-addressed"
    elif dst not in port.macs:
        return "not-addressed"
    if a.ip is None or port.router:
        return None
    to = a.ip.dst
    if to.is_multicast or to == upper.ALL_ONES:
        return None
    if is_group(dst) and port.is_directed_broadcast(to):
        return None
    return None if port.owns(to) else "not-addressed"


def asks_others(a):
    """Whether the frame, which is to a group, asks for an address that is
    not the port's. A gateway that asks for its own tells everybody of it."""
    if a.frame.ethertype == pk.ARP:
        op, target = a.frame.arp()[4], a.frame.arp()[8]
        return op == 1 and not (
            a.port.owns(target)
            or a.port.host.believed(a.port.segment, a.frame.src, target))
    if a.ip6 is None or a.ip6.extensions or a.ip6.is_fragment or (
            a.ip6.proto != pk.ICMPV6):
        return False
    message = a.ip6.l4
    if not message or message[0] != upper.NS:
        return False
    return len(message) < 24 or not a.port.owns(
        ipaddress.IPv6Address(message[8:24]))


def from_outside(a, host, segment):
    """RA, redirects and DHCP come from what is declared alone. A frame that
    is no gateway's was guarded at its own port, so a header chain that hides
    them is nobody's; one that cannot be read to its end is not even a
    gateway's."""
    if a.ip is None:
        return None
    ip, src = a.ip, a.frame.src
    believed = host.believed(segment, src, ip.src)
    if a.ip6 is not None:
        kind = upper.icmp6_type(a)
        if kind in (upper.RA, upper.REDIRECT) and (
                not believed or ip.extensions or ip.is_fragment):
            return "rogue-ra"
        if not ip.chain_ok or (hides(a)
                               and not host.is_gateway(segment, src)):
            return "ext-header"
    if believed or ip.offset or ip.proto != pk.UDP:
        return None
    # Judged as far as it is there.
    sport = pk.u16(ip.l4, 0) if len(ip.l4) >= 2 else None
    dport = pk.u16(ip.l4, 2) if len(ip.l4) >= 4 else None
    if sport in (67, 547) or dport in (68, 546):
        return "rogue-dhcp"
    return None


# What a receiver walks over to find what is behind it.
WALKED = (pk.HOPOPT, pk.ROUTING, pk.FRAGMENT, pk.AH, pk.DSTOPT)


def hides(a):
    """Whether the header chain is one that no guest could have sent, behind
    which anything may be. A later fragment is judged by the first, unless it
    is of more headers."""
    ip = a.ip6
    if ip.fragment_headers > 1:
        return True
    if ip.offset:
        return bool(ip.extensions) or ip.proto in WALKED
    if ip.is_fragment and ip.proto not in FRAGMENTED6 + (pk.GRE,):
        return True
    if not ip.extensions:
        return False
    return not (ip.extensions == [pk.HOPOPT] and not ip.is_fragment
                and upper.is_mld(a) and is_router_alert6(ip.hop_by_hop))


def from_uplink(host, ports, data):
    """A frame on the trunk: (verdict, VLAN id, frame without its tag).
    Local source MACs are spoofs; only VLANs in use come in."""
    if len(data) < 18 or pk.u16(data, 12) != 0x8100:
        return drop("unknown-vlan"), None, data
    vid = pk.u16(data, 14) & 0xfff
    inner = data[:12] + data[16:]
    used = {p.segment for p in ports}
    if vid not in used:
        return drop("unknown-vlan"), vid, inner
    src = data[6:12]
    if is_group(src) or not any(src) or src == host.bridge_mac:
        return drop("spoofed-mac"), vid, inner
    if any(src in p.macs - set(p.vrrp_macs) for p in ports
           if p.segment == vid):
        return drop("local-mac"), vid, inner
    return PASS, vid, inner


def tagged(vid, data):
    return data[:12] + struct.pack("!HH", 0x8100, vid) + data[12:]


# Who got an entry, and the verdict at its source.
Delivery = namedtuple("Delivery", "verdict receivers")


class Fabric:
    """Ports by name on one host with an uplink named 'uplink'. Where a MAC
    is, is known from the policy; a MAC that nobody has is nowhere."""

    def __init__(self, host, ports):
        self.host, self.ports = host, ports

    def deliver(self, name, data, state=None):
        """Sends one frame from port `name`."""
        port = self.ports[name]
        verdict = from_guest(port, [data], state)
        if not verdict:
            return Delivery(verdict, frozenset())
        got = set(self._locals(data, port.segment, LOCAL, name))
        dst = data[:6]
        if is_group(dst) or self.host.is_gateway(port.segment, dst):
            got.add("uplink")
        return Delivery(verdict, frozenset(got))

    def deliver_all(self, name, frames, state):
        """Sends an entry; the receivers of each frame."""
        return [self.deliver(name, f, state) for f in frames]

    def deliver_uplink(self, data):
        """Brings one tagged frame in by the uplink."""
        verdict, vid, inner = from_uplink(self.host, self.ports.values(),
                                          data)
        if not verdict:
            return Delivery(verdict, frozenset())
        got = set(self._locals(inner, vid, UPLINK, None))
        if got:
            return Delivery(PASS, frozenset(got))
        reasons = [to_guest(p, inner, UPLINK, vid).reason
                   for p in self.ports.values() if p.segment == vid]
        return Delivery(Verdict(False, reasons[0] if reasons else
                                "not-addressed", ()), frozenset())

    def _locals(self, data, segment, source, sender):
        for name, port in self.ports.items():
            if name == sender or port.segment != segment:
                continue
            if to_guest(port, data, source):
                yield name
