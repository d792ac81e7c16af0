# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attacker tries: frames from inside a guest and from the trunk.

Each attack is one forged frame with a harmless twin that differs in little
more than what is forged.  The forged frame must reach nobody and be counted
by its reason; the twin must arrive, or a dead network would look isolated.
"""

import struct

import frames as f

GATEWAY = "00:16:3e:00:00:fe"
BRIDGE_MAC = "02:63:6f:72:64:6e"
ALL_NODES = "ff02::1"


class Attack:
    """'reason' is what the drop is counted by, 'twin_at' who gets the twin,
    'at' who may get the frame itself ("nobody", but for frames that are no
    forgery and go astray only)."""

    _serial = 0

    def __init__(self, title, reason, make, twin, twin_at, tags=(),
                 at="nobody"):
        self.title = title
        self.reason = reason
        self.frame = make(self._marker())
        self.body = self.frame[12:].rstrip(b"\0")
        if tags:
            self.frame = f.tagged(self.frame, *tags)
        self.twin = twin(self._marker())
        self.twin_tags = ()
        self.twin_body = self.twin[12:].rstrip(b"\0")
        self.twin_at = twin_at
        self.at = at

    @classmethod
    def _marker(cls):
        cls._serial += 1
        return b"cordon-test-%04d" % cls._serial


def from_guest(a, p, v, vlan, other_vlan):
    """Attacks of guest 'a' with peer 'p', and 'v' of another tenant."""
    switch = "switch/%d" % vlan
    both = "%s %s" % (p, switch)
    found = []

    def add(*words, **options):
        found.append(Attack(*words, **options))

    def ip(dst=p.mac, src=a.mac, source=a.ipv4, target=p.ipv4):
        return lambda m: f.udp4(dst, src, source, target, 1000, 1000, m)

    def ip6(dst=p.mac, src=a.mac, source=a.ipv6, target=p.ipv6):
        return lambda m: f.udp6(dst, src, source, target, 1000, 1000, m)

    def raw(ethertype, dst=p.mac):
        return lambda m: f.ethernet(dst, a.mac, ethertype, m)

    def fixed(frame):
        return lambda m: frame

    out = {"dst": GATEWAY, "target": "203.0.113.7"}
    out6 = {"dst": GATEWAY, "target": "2001:db8:1::7"}

    add("takes its peer's MAC", "spoofed-mac", ip(src=p.mac, **out),
        ip(**out), switch)
    add("takes the gateway's MAC", "spoofed-mac", ip(src=GATEWAY), ip(),
        p.name)
    add("takes the MAC of a guest of another tenant", "spoofed-mac",
        ip(src=v.mac), ip(), p.name)
    add("takes the MAC of its vif in dom0", "spoofed-mac",
        ip(src="fe:ff:ff:ff:ff:ff"), ip(), p.name)

    add("says by ARP that it is the gateway", "arp-spoof",
        fixed(f.arp(2, a.mac, a.mac, "10.0.0.1", f.BROADCAST, "10.0.0.1")),
        fixed(f.arp(2, a.mac, a.mac, a.ipv4, f.BROADCAST, a.ipv4)), both)
    add("says by ARP that its peer's address is its own", "arp-spoof",
        fixed(f.arp(1, a.mac, a.mac, p.ipv4, "00:00:00:00:00:00",
                    "10.0.0.1")),
        fixed(f.arp(1, a.mac, a.mac, a.ipv4, "00:00:00:00:00:00",
                    "10.0.0.99")), both)
    add("says by ARP that another MAC has its address", "arp-spoof",
        fixed(f.arp(2, a.mac, GATEWAY, a.ipv4, f.BROADCAST, a.ipv4)),
        fixed(f.arp(1, a.mac, a.mac, a.ipv4, "00:00:00:00:00:00", a.ipv4)),
        both)

    add("sends from its peer's IPv4 address", "spoofed-ip",
        ip(source=p.ipv4, **out), ip(**out), switch)
    add("sends from an address of the Internet", "spoofed-ip",
        ip(source="203.0.113.9"), ip(), p.name)
    add("sends from its peer's IPv6 address", "spoofed-ip",
        ip6(source=p.ipv6, **out6), ip6(**out6), switch)
    add("sends from its peer's link-local address", "spoofed-ip",
        ip6(source=p.link_local, dst=GATEWAY, target="fe80::1"),
        ip6(source=a.link_local, dst=GATEWAY, target="fe80::1"), switch)

    all_nodes = f.group_mac(ALL_NODES)
    add("advertises the gateway's IPv6 address", "nd-spoof",
        fixed(f.advertisement(all_nodes, a.mac, a.link_local, ALL_NODES,
                              "fe80::1", a.mac)),
        fixed(f.advertisement(all_nodes, a.mac, a.link_local, ALL_NODES,
                              a.link_local, a.mac)), both)
    add("advertises its peer's IPv6 address", "nd-spoof",
        fixed(f.advertisement(GATEWAY, a.mac, a.ipv6, "fd00:a::1", p.ipv6,
                              a.mac, 0x60)),
        fixed(f.advertisement(GATEWAY, a.mac, a.ipv6, "fd00:a::1", a.ipv6,
                              a.mac, 0x60)), switch)
    add("solicits with its peer's MAC inside", "nd-spoof",
        fixed(f.solicitation(a.mac, a.ipv6, "fd00:a::98", p.mac)),
        fixed(f.solicitation(a.mac, a.ipv6, "fd00:a::98", a.mac)), both)
    add("advertises itself as router", "rogue-ra",
        fixed(f.router_advertisement(a.mac, a.link_local, "2001:db8:bad::")),
        fixed(f.router_solicitation(a.mac, a.link_local)), both)
    add("redirects by ICMP", "rogue-router",
        lambda m: f.ipv4(p.mac, a.mac, a.ipv4, p.ipv4, f.ICMP,
                         _icmp(5, 1, f.ip4(a.ipv4) + _inner(p, m))),
        lambda m: f.ipv4(p.mac, a.mac, a.ipv4, p.ipv4, f.ICMP,
                         _icmp(0, 0, b"\0\1\0\1" + m)), p.name)
    add("plays VRRP", "rogue-router",
        lambda m: f.ipv4(f.group_mac("224.0.0.18"), a.mac, a.ipv4,
                         "224.0.0.18", f.VRRP,
                         b"\x31\x01\xff\x01\0\1\0\0" + m, ttl=255),
        lambda m: f.udp4(f.group_mac("224.0.0.251"), a.mac, a.ipv4,
                         "224.0.0.251", 5353, 5353, m), both)
    add("answers DHCP as a server", "rogue-dhcp",
        fixed(f.udp4(f.BROADCAST, a.mac, a.ipv4, "255.255.255.255", 67, 68,
                     f.dhcp(2, p.mac, 2, p.ipv4))),
        fixed(f.udp4(f.BROADCAST, a.mac, "0.0.0.0", "255.255.255.255", 68,
                     67, f.dhcp(1, a.mac, 1))), both)
    add("answers DHCPv6 as a server", "rogue-dhcp",
        lambda m: f.udp6(p.mac, a.mac, a.link_local, p.link_local, 547, 546,
                         b"\x02\0\0\1" + m),
        lambda m: f.udp6(f.group_mac("ff02::1:2"), a.mac, a.link_local,
                         "ff02::1:2", 546, 547, b"\x01\0\0\1" + m), both)

    for title, tags in (
            ("tags with VLAN 0", (0,)),
            ("tags with its own VLAN", (vlan,)),
            ("tags with the other tenant's VLAN", (other_vlan,)),
            ("tags twice, the other tenant's VLAN inside",
             (vlan, other_vlan)),
            ("tags with 802.1ad", ((0x88a8, other_vlan),))):
        add(title, "tagged", ip(dst=f.BROADCAST, target="255.255.255.255"),
            ip(dst=f.BROADCAST, target="255.255.255.255"), both, tags=tags)
    add("hides a router advertisement in VLAN 0", "tagged",
        fixed(f.router_advertisement(a.mac, a.link_local, "2001:db8:b0::")),
        lambda m: ip6(dst=all_nodes, target=ALL_NODES)(m), both, tags=(0,))

    add("sends LLDP", "control-mac",
        raw(0x88cc, "01:80:c2:00:00:0e"), ip(), p.name)
    add("sends a spanning tree BPDU", "llc",
        lambda m: f.ethernet("01:80:c2:00:00:00", a.mac, 38,
                             b"\x42\x42\x03\0\0\0\0\0" + m),
        ip(), p.name)
    add("sends MPLS", "ethertype", raw(0x8847), ip(), p.name)
    add("sends from where the route comes (source routing)", "ip-options",
        lambda m: f.ipv4(p.mac, a.mac, a.ipv4, p.ipv4, f.UDP,
                         f.udp(a.ipv4, p.ipv4, 1000, 1000, m),
                         options=b"\x83\x07\x04" + f.ip4("10.0.0.1")
                         + b"\0"),
        ip(), p.name)
    add("hides behind an IPv6 extension header", "ext-header",
        lambda m: f.ipv6(p.mac, a.mac, a.ipv6, p.ipv6, 60,
                         b"\x11\0\1\4\0\0\0\0"
                         + f.udp(a.ipv6, p.ipv6, 1000, 1000, m)),
        ip6(), p.name)
    add("sends to the host's tunnel endpoint", "encapsulation",
        ip(dst=GATEWAY, target="192.0.2.10"), ip(**out), switch)
    return found


def _icmp(kind, code, rest):
    data = struct.pack(">BBH", kind, code, 0) + rest
    return data[:2] + struct.pack(">H", f.checksum(data)) + data[4:]


def _inner(p, marker):
    """The packet inside an ICMP error about what 'p' has sent."""
    frame = f.udp4(p.mac, p.mac, p.ipv4, "203.0.113.7", 1000, 1000, marker)
    return frame[14:]


def from_trunk(web1, web2, app1):
    """What the trunk may not bring; the twins show what it does bring."""
    found = []
    other = "02:00:00:00:00:99"

    def ip(dst, target, src=GATEWAY, source="10.0.0.1"):
        return lambda m: f.udp4(dst, src, source, target, 1000, 1000, m)

    def add(title, reason, make, tags, twin, twin_tags, twin_at):
        a = Attack(title, reason, make, twin, twin_at)
        a.frame = f.tagged(a.frame, *tags)
        a.twin = f.tagged(a.twin, *twin_tags)
        found.append(a)

    to_web1 = ip(web1.mac, web1.ipv4)
    everyone = ip(f.BROADCAST, "255.255.255.255")
    add("brings an untagged frame", "unknown-vlan", everyone, (), everyone,
        (110,), "web1 web2")
    add("brings a frame in VLAN 1", "unknown-vlan", everyone, (1,), everyone,
        (120,), "app1 app2")
    add("brings a frame in a VLAN nobody has", "unknown-vlan", to_web1,
        (130,), to_web1, (110,), web1.name)
    add("brings VLAN 120 inside VLAN 110", "tagged", everyone, (110, 120),
        ip(app1.mac, app1.ipv4), (120,), app1.name)
    add("brings web2's own MAC", "local-mac",
        ip(web1.mac, web1.ipv4, web2.mac, web2.ipv4), (110,),
        ip(web1.mac, web1.ipv4, other, "10.0.0.50"), (110,), web1.name)
    add("brings a router advertisement of a stranger", "rogue-ra",
        lambda m: f.router_advertisement(other, f.eui64(other),
                                         "2001:db8:bad::"), (110,),
        lambda m: f.router_advertisement(GATEWAY, "fe80::1",
                                         "2001:db8:900d::"), (110,),
        "web1 web2")
    add("brings a DHCP offer of a stranger", "rogue-dhcp",
        lambda m: f.udp4(f.BROADCAST, other, "10.0.0.50", "255.255.255.255",
                         67, 68, f.dhcp(2, web1.mac, 2, "10.0.0.66")),
        (110,),
        lambda m: f.udp4(f.BROADCAST, GATEWAY, "10.0.0.1", "255.255.255.255",
                         67, 68, f.dhcp(2, web1.mac, 2, web1.ipv4)),
        (110,), "web1 web2")
    return found
