# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's rules say of a flow: groups, defaults, peers.

A tenant is its part of a policy file, as a dict. Nothing here knows what
dataplanes make of rules; connections are in follow.py.
"""

import ipaddress
from collections import namedtuple

from . import packet as pk
from .config import address, prefix

INGRESS, EGRESS = "ingress", "egress"
DEFAULTS = {INGRESS: "deny", EGRESS: "allow"}
PEER = {INGRESS: "from", EGRESS: "to"}
PROTOCOLS = {"tcp": pk.TCP, "udp": pk.UDP, "icmp": pk.ICMP,
             "icmpv6": pk.ICMPV6, "sctp": pk.SCTP, "esp": pk.ESP}
ALL = address("255.255.255.255")
WITH_PORTS = (pk.TCP, pk.UDP, pk.SCTP)
WITH_TYPES = (pk.ICMP, pk.ICMPV6)

# Ports, or type and code, are None where the protocol has none, and where
# they are not there to be read: in later fragments.
Flow = namedtuple("Flow", "proto src dst sport dport type code")


def flow(proto, src, dst, sport=None, dport=None, type_=None, code=None):
    proto = PROTOCOLS.get(proto, proto)
    return Flow(proto, address(src), address(dst), sport, dport, type_, code)


def flow_of(packet):
    """The flow of a Packet4 or Packet6, as far as it is there to be read."""
    sport = dport = kind = code = None
    l4 = packet.l4 if not packet.offset else b""
    if packet.proto in WITH_PORTS and len(l4) >= 4:
        sport, dport = pk.u16(l4, 0), pk.u16(l4, 2)
    if packet.proto in WITH_TYPES and len(l4) >= 2:
        kind, code = l4[0], l4[1]
    return Flow(packet.proto, packet.src, packet.dst, sport, dport, kind,
                code)


def is_essential(f, servers=()):
    """What segments do not work without, and port security judges. `servers`
    are believed in DHCP."""
    four = f.src.version == 4
    if f.proto == pk.UDP:
        server, client = (67, 68) if four else (547, 546)
        if (f.sport, f.dport) == (server, client):
            return True
        everybody = f.dst == ALL if four else f.dst.is_multicast
        return (f.sport, f.dport) == (client, server) and (
            everybody or f.dst in servers)
    if f.proto == pk.IGMP:
        return four and f.dst.is_multicast
    if f.proto == pk.ICMPV6 and not four and f.type is not None:
        return 133 <= f.type <= 137 or (f.type in (130, 131, 132, 143)
                                        and f.dst.is_multicast)
    return False


def interfaces(tenant):
    for guest in tenant.get("guests", {}).values():
        yield from guest["interfaces"]


def is_filtered(tenant, interface):
    return bool(interface.get("groups")) or "defaults" in tenant


def is_stateful(tenant, interface):
    groups = interface.get("groups", [])
    if not groups:
        return is_filtered(tenant, interface)
    return not all(tenant["groups"][g].get("stateless") for g in groups)


def lists(tenant, interface, direction):
    """The rules of its groups, a list for each that has one."""
    groups = [tenant["groups"][g] for g in interface.get("groups", [])]
    return [g[direction] for g in groups if direction in g]


def is_restricted(tenant, interface, direction):
    """Whether there is anything that does not pass."""
    if not is_filtered(tenant, interface):
        return False
    default = dict(DEFAULTS, **tenant.get("defaults", {}))[direction]
    return bool(lists(tenant, interface, direction)) or default == "deny"


def dhcp_servers(tenant, interface):
    """Whom the interface may believe in DHCP, as far as the tenant says."""
    network = tenant["networks"][interface["network"]]
    found = [*network.get("gateways", ()),
             *(s for s in network.get("services", {}).values()
               if s.get("dhcp")),
             *(i for i in interfaces(tenant)
               if i["network"] == interface["network"]
               and (i.get("dhcp_server") or i.get("router")))]
    return [address(a) for keys in found for a in keys["addresses"]
            if "/" not in a]


def allows(tenant, interface, direction, f, servers=()):
    """Whether the flow may be opened, as far as this end decides. `servers`
    are believed in DHCP besides those that the tenant names."""
    servers = [*servers, *dhcp_servers(tenant, interface)]
    if (not is_restricted(tenant, interface, direction)
            or is_essential(f, servers)):
        return True
    return any(matches(tenant, rule, direction, f)
               for rules in lists(tenant, interface, direction)
               for rule in rules)


def matches(tenant, rule, direction, f):
    if not of_service(rule, f):
        return False
    other = f.src if direction == INGRESS else f.dst
    peers = rule[PEER[direction]]
    if isinstance(peers, str):
        peers = [peers]
    return any(is_peer(tenant, p, other) for p in peers)


def of_service(rule, f):
    allow = PROTOCOLS.get(rule["allow"], rule["allow"])
    if allow == "any":
        return True
    if allow != f.proto:
        return False
    if "ports" in rule and not any(f.dport is not None and low <= f.dport
                                   <= high for low, high in
                                   map(port_range, rule["ports"])):
        return False
    return all(rule.get(key, value) == value
               for key, value in (("type", f.type), ("code", f.code)))


def port_range(text):
    """80 or "8000-8099" to (first, last)."""
    first, _, last = str(text).partition("-")
    return int(first), int(last or first)


def is_peer(tenant, peer, addr):
    kind, _, name = peer.partition(":")
    if peer == "any":
        return True
    if kind == "group":
        return any(addr in p for p in members(tenant, name)
                   if p.version == addr.version)
    if kind == "network":
        found = map(prefix, tenant["networks"][name]["subnets"])
    else:
        found = [prefix(peer)]
    return any(addr in p for p in found if p.version == addr.version)


def members(tenant, group):
    """All that the group's members may send from, but link-local."""
    for interface in interfaces(tenant):
        if group not in interface.get("groups", []):
            continue
        texts = list(interface["addresses"])
        for more in interface.get("extra", []) + interface.get("vrrp", []):
            texts += more["addresses"]
        for text in texts:
            p = ipaddress.ip_network(text)
            if not p.network_address.is_link_local:
                yield p
