# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model knows about ports and the host, and how it answers.

Addresses are `ipaddress` objects, MACs are 6 bytes. A port's pairs are what
it may send from: (MAC, prefix). Nothing here looks at a frame.
"""

import ipaddress
from collections import namedtuple

REASONS = (
    "spoofed-mac", "tagged", "llc", "control-mac", "mac-ip-mismatch",
    "ethertype", "arp-malformed", "arp-spoof", "spoofed-ip", "malformed",
    "ip-options", "fragment", "nd-spoof", "rogue-ra", "ext-header",
    "rogue-dhcp", "rogue-router", "encapsulation", "icmp-embedded", "storm",
    "wrong-segment", "not-addressed", "unknown-vlan", "local-mac", "to-host",
    "not-gateway",
)
NOT_GATEWAY = 37        # Its number; those before it are numbered from 1.

BROADCAST = b"\xff" * 6
VIF_MAC = bytes.fromhex("feffffffffff")      # What netback gives every vif.
LINK_LOCAL = ipaddress.ip_network("fe80::/64")
ETH_HEADER = 14


def mac(text):
    """'02:00:00:00:00:0a', or bytes already, to bytes."""
    return text if isinstance(text, bytes) else bytes.fromhex(
        text.replace(":", ""))


def prefix(text):
    return ipaddress.ip_network(text)


def address(text):
    return ipaddress.ip_address(text)


def eui64(mac_):
    """The link-local address that a MAC makes (RFC 4291, appendix A)."""
    tail = bytes([mac_[0] ^ 2]) + mac_[1:3] + b"\xff\xfe" + mac_[3:]
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + tail)


def is_group(mac_):
    return bool(mac_[0] & 1)


class Verdict(namedtuple("Verdict", "passed reason frames")):
    """`reason` is None if passed, else that of the first dropped frame.
    `frames` holds a Verdict for each frame of an entry, or is empty."""

    def __bool__(self):
        return self.passed

    def __str__(self):
        return "PASS" if self.passed else "DROP (%s)" % self.reason


PASS = Verdict(True, None, ())


def drop(reason):
    assert reason in REASONS, reason
    return Verdict(False, reason, ())


class Gateway:
    """A router or service that guests of a network may believe."""

    def __init__(self, mac_, addresses):
        self.mac = mac(mac_)
        self.addresses = [address(a) for a in addresses]


class Host:
    """What ports of one host share."""

    def __init__(self, underlay=(), bridge_mac="02:00:00:00:00:fe",
                 gateways=None, services=None):
        self.underlay = [prefix(p) for p in underlay]
        self.bridge_mac = mac(bridge_mac)
        # By segment (VLAN id).
        self.gateways = gateways or {}
        self.services = services or {}

    def trusted(self, segment):
        """Those whom all guests of a shared network hear."""
        return (self.gateways.get(segment, [])
                + self.services.get(segment, []))

    def in_underlay(self, addr):
        return any(addr in p for p in self.underlay)

    def believed(self, segment, mac_, addr):
        """Whether RA and DHCP of this source are the declared ones."""
        return any(g.mac == mac_ and addr in g.addresses
                   for g in self.trusted(segment))

    def is_gateway(self, segment, mac_):
        return any(g.mac == mac_ for g in self.gateways.get(segment, []))


class Port:
    """One interface of a guest, bound to a device."""

    def __init__(self, mac_, addresses, segment, link_local="eui64", extra=(),
                 router=False, dhcp_server=False, vrrp=(), host=None,
                 storm=1000, subnets=(), others=(), mtu=1500, isolated=False,
                 community=()):
        self.mac = mac(mac_)
        self.segment = segment
        self.router = router
        self.dhcp_server = dhcp_server
        self.host = host or Host()
        self.storm = storm
        self.subnets = [prefix(s) for s in subnets]
        self.others = [prefix(o) for o in others]  # Of the same network.
        self.mtu = mtu
        self.isolated = isolated        # In a shared network, and a guest.
        self.community = {mac(m) for m in community}
        self.pairs = [(self.mac, prefix(a)) for a in addresses]
        self.pairs += self._link_local(link_local)
        for mac_text, prefixes in extra:
            self.pairs += [(mac(mac_text), prefix(p)) for p in prefixes]
        self.vrrp_macs = {}
        for router_ in vrrp:
            self._add_vrrp(router_["id"], router_["addresses"])
        self.macs = {self.mac} | {m for m, _ in self.pairs}
        self.macs |= set(self.vrrp_macs)

    def _link_local(self, how):
        if how == "any":
            return [(self.mac, LINK_LOCAL)]
        own = eui64(self.mac) if how == "eui64" else address(how)
        return [(self.mac, prefix(str(own)))]

    def _add_vrrp(self, number, addresses):
        """The virtual router's MACs, with its addresses and the own ones."""
        own = [p for m, p in self.pairs if m == self.mac]
        for version in (4, 6):
            virtual = bytes([0, 0, 0x5e, 0, 1 if version == 4 else 2, number])
            its = [address(a) for a in addresses
                   if address(a).version == version]
            if its:
                self.vrrp_macs[virtual] = its
                self.pairs += [(virtual, prefix(str(a))) for a in its]
                self.pairs += [(virtual, p) for p in own
                               if p.version == version]

    def hears(self, mac_):
        """Whether the port is to receive what is sent from that MAC."""
        if not self.isolated or mac_ in self.community:
            return True
        return any(g.mac == mac_ for g in self.host.trusted(self.segment))

    def owns(self, addr, mac_=None):
        """Whether `addr` is the port's, with that MAC if one is given. Any
        link-local address is, if it is not declared for somebody else."""
        return any(addr in p for m, p in self.pairs
                   if p.version == addr.version and mac_ in (None, m)
                   and not (p == LINK_LOCAL and self.is_others(addr)))

    def is_others(self, addr):
        """Whether it is declared for somebody else of the network."""
        gateways = self.host.gateways.get(self.segment, [])
        return (any(addr in o for o in self.others
                    if o.version == addr.version)
                or any(addr in g.addresses for g in gateways))

    def is_directed_broadcast(self, addr):
        return any(s.version == 4 and s.prefixlen < 31
                   and addr == s.broadcast_address for s in self.subnets)


class State:
    """What a port remembers between frames: fragments and the storm limit.
    Time is given by the caller, in seconds."""

    def __init__(self):
        self.fragments = {}
        self.tokens = None
        self.last = 0.0

    def overlaps(self, key, start, end):
        """Notes a fragment; True if it overlaps an earlier one of the same
        datagram, or the datagram is already spoilt by one that did."""
        seen = self.fragments.setdefault(key, [])
        spoilt = None in seen or any(start < e and s < end
                                     for s, e in filter(None, seen))
        seen.append(None if spoilt else (start, end))
        return spoilt

    def storm(self, limit, now):
        """Takes a token of `limit` a second; True if there is none."""
        if self.tokens is None:
            self.tokens = float(limit)
        self.tokens = min(limit, self.tokens + (now - self.last) * limit)
        self.last = now
        if self.tokens < 1:
            return True
        self.tokens -= 1
        return False
