# SPDX-License-Identifier: GPL-3.0-or-later
"""The cast's tenant with rules: one set for each thing that is tried.

A set has what a policy says of the tenant, and the groups of its guests by
name: a and p are the cast's, q, r and d live on other hosts.
"""

from . import cast
from .config import mac

MAC_Q, MAC_R = mac("02:00:00:00:00:1a"), mac("02:00:00:00:00:1b")
NETWORKS = {
    "net": {"vlan": cast.VLAN_A, "subnets": list(cast.SUBNETS)},
    "db": {"vlan": 101, "subnets": ["10.0.1.0/24", "fd00:1::/64"]},
}
GUESTS = {
    "a": (cast.MAC_A, cast.ADDRESSES["A"], "net"),
    "p": (cast.MAC_P, cast.ADDRESSES["P"], "net"),
    "q": (MAC_Q, ("10.0.0.26", "fd00::1a"), "net"),
    "r": (MAC_R, ("10.0.0.27", "fd00::1b"), "net"),
    "d": (mac("02:00:00:00:00:1c"), ("10.0.1.5", "fd00:1::5"), "db"),
}


def rule(allow, *ports, **more):
    """A rule of a list; from and to are words of Python and come as `of` and
    `to`."""
    found = {"allow": allow}
    if ports:
        found["ports"] = list(ports)
    if "of" in more:
        found["from"] = more.pop("of")
    return dict(found, **more)


ALL_IN, ALL_OUT = [rule("any", of="any")], [rule("any", to="any")]

SETS = {
    # P's rules let in by protocol, A's do not matter.
    "in": {
        "groups": {
            "client": {},
            "server": {"ingress": [
                rule("tcp", 22, 80, "8000-8099", of="any"),
                rule("tcp", "1-3", 65535, of="any"),
                rule("udp", 53, "5000-5003", of="any"),
                rule(17, 7000, of="any"),
                rule("icmp", type=8, code=0, of="any"),
                rule("icmp", type=13, of="any"),
                rule("icmpv6", type=128, of="any"),
                rule("sctp", 9000, "9100-9101", of="any"),
                rule("esp", of="any"),
                rule(47, of="any"),
            ]},
        },
        "members": {"a": ["client"], "p": ["server"]},
    },
    # The same for A, towards P and the gateway.
    "out": {
        "groups": {
            "client": {"egress": [
                rule("tcp", 80, "90-99", to="any"),
                rule("udp", 53, to="10.0.0.1"),
                rule("udp", 5353, to=["224.0.0.251", "ff02::fb"]),
                rule("udp", 9, to="255.255.255.255"),
                rule("icmp", type=8, to="any"),
                rule("icmpv6", type=128, code=0, to="any"),
                rule("any", to=["198.51.100.0/25", "2001:db8:1::/48"]),
                rule("tcp", 1003, to="group:server"),
                rule("tcp", 1004, to="group:apart"),
                rule("tcp", 1005, to="network:db"),
                rule("sctp", 9000, to="any"),
                rule("esp", to="any"),
            ]},
            "server": {"ingress": ALL_IN},
            "apart": {},
        },
        "members": {"a": ["client"], "p": ["server"], "r": ["apart"]},
    },
    # P's rules let in by peer.
    "peers": {
        "groups": {
            "friend": {}, "apart": {},
            "server": {"ingress": [
                rule("tcp", 1001, of="10.0.0.8/30"),
                rule("tcp", 1002, of=["198.51.100.0/25",
                                      "2001:db8:1::/48"]),
                rule("tcp", 1003, of="group:friend"),
                rule("tcp", 1004, of="group:apart"),
                rule("tcp", 1005, of="network:db"),
                rule("tcp", 1006, of="network:net"),
                rule("udp", 1007, of=["10.0.0.10", "fd00::a"]),
                rule("tcp", 1008, of="0.0.0.0/0"),
                rule("tcp", 1009, of="::/0"),
                rule("any", of=["203.0.113.7", "group:friend"])]
                + [rule("udp", 1010, of="group:server")]},
        },
        "members": {"p": ["server"], "q": ["friend"], "r": ["apart"]},
    },
    # Several groups, some of which say nothing of a direction.
    "union": {
        "groups": {
            "web": {"ingress": [rule("tcp", 80, of="any")]},
            "ops": {"ingress": [rule("tcp", 22, of="10.0.0.0/24")]},
            "quiet": {"description": "no lists"},
            "surf": {"egress": [rule("tcp", 80, to="any")]},
            "admin": {"egress": [rule("tcp", 22, 443, to="group:ops"),
                                 rule("udp", 53, to="any")],
                      "stateless": True},
        },
        "members": {"a": ["surf", "admin", "quiet"],
                    "p": ["web", "ops", "quiet"]},
    },
    # For entries of other corpora that a tenant's rules are to drop.
    "served": {
        "groups": {"server": {"ingress": [rule("tcp", *cast.OPEN_PORTS,
                                               of="any")]}},
        "members": {"p": ["server"]},
    },
    # No groups at all: ingress is denied, egress is not.
    "defaults": {"defaults": {}, "groups": {}, "members": {}},
    # The reverse; P's empty list lets nothing in all the same.
    "turned": {
        "defaults": {"ingress": "allow", "egress": "deny"},
        "groups": {"shut": {"ingress": [], "egress": ALL_OUT}},
        "members": {"p": ["shut"]},
    },
    # A keeps no connections; P neither.
    "stateless": {
        "groups": {
            "fast": {"stateless": True,
                     "ingress": [rule("udp", "40000-40999", of="any"),
                                 rule("tcp", 40000, of="any"),
                                 rule("icmp", type=0, of="any")],
                     "egress": [rule("udp", 53, to="any"),
                                rule("udp", to="10.0.0.1"),
                                rule("tcp", 80, to="any"),
                                rule("icmp", type=8, to="any")]},
            "open": {"stateless": True, "ingress": ALL_IN,
                     "egress": ALL_OUT},
        },
        "members": {"a": ["fast"], "p": ["open"]},
    },
    # One end without rules.
    "one-end": {
        "groups": {"shut": {"ingress": [], "egress": [
            rule("udp", 53, 123, to="any"), rule("tcp", 80, to="any"),
            rule("icmp", type=8, to="any"), rule("icmpv6", to="any"),
            rule("sctp", 9000, to="any"), rule("esp", to="any")]}},
        "members": {"a": ["shut"]},
    },
}


def tenant(name):
    """The tenant of set `name` as a policy has it, without gateways and
    devices."""
    return made(SETS[name])


def made(found):
    guests = {guest: {"interfaces": [
        {"mac": mac_.hex(":"), "addresses": list(addresses),
         "network": network, "groups": found["members"].get(guest, [])}]}
        for guest, (mac_, addresses, network) in GUESTS.items()}
    keys = {k: found[k] for k in ("defaults", "groups") if k in found}
    return dict(keys, networks=NETWORKS, guests=guests)


def ends(tenant_):
    """For follow.Host: the ports of the cast that the tenant has."""
    return {guest.upper(): (tenant_, tenant_["guests"][guest]["interfaces"][0])
            for guest in "ap"}
