# SPDX-License-Identifier: GPL-3.0-or-later
"""The cast of the corpus: who is who, as ports of the model.

A attacker and P peer are on VLAN 100, B the victim of another tenant on 200;
the gateway G is behind the uplink; H is the host's bridge.

In the shared network, entries of which say so, all three are on VLAN 100; A
and P are a community.
"""

from .config import Gateway, Host, Port, eui64, mac
from .deliver import Fabric

VLAN_A, VLAN_B = 100, 200
MAC_A, MAC_P = mac("02:00:00:00:00:0a"), mac("02:00:00:00:00:0c")
MAC_B, MAC_G = mac("02:00:00:00:00:0b"), mac("02:00:00:00:00:01")
MAC_H = mac("02:00:00:00:00:fe")
SUBNETS = ("10.0.0.0/24", "fd00::/64")
UNDERLAY = ("192.0.2.0/24", "fd00:ffff::/64")
ADDRESSES = {"A": ("10.0.0.10", "fd00::a"), "P": ("10.0.0.12", "fd00::c"),
             "B": ("10.0.0.11", "fd00::b")}
GATEWAY = ("10.0.0.1", "fd00::1", "fe80::ff:fe00:1")

# What an interface may be declared to have more: for entries that pass only
# then (PASS*).
EXTRA = [(MAC_A, ["10.9.0.0/24"])]
VRRP = [{"id": 5, "addresses": ["10.0.0.250"]}]
# Entries that are about connections: a stateful filter of the tenant's drops
# them, port security alone passes them to the peer. What that filter lets
# into P:
OPEN_PORTS = (21, 22, 80, 443)


def host():
    gateways = [Gateway(MAC_G, GATEWAY)]
    return Host(UNDERLAY, MAC_H,
                gateways={VLAN_A: gateways, VLAN_B: gateways})


def port(name, host_, shared=False, **more):
    macs = {"A": MAC_A, "P": MAC_P, "B": MAC_B}
    segment = VLAN_B if name == "B" and not shared else VLAN_A
    if shared:
        more = dict(more, isolated=True,
                    community=() if name == "B" else (MAC_A, MAC_P))
    others = [a for n, addrs in ADDRESSES.items()
              for a in addrs + (str(eui64(macs[n])),)
              if n != name and (shared or (n == "B") == (name == "B"))]
    return Port(macs[name], ADDRESSES[name], segment, host=host_,
                subnets=SUBNETS, others=others, **more)


def fabric(declared=False, remote=(), shared=False, **more):
    """The cast's host, with A's declared extras if asked for. The ports named
    in `remote` are behind the uplink; `more` is for A's port."""
    host_ = host()
    if declared:
        more = dict(more, extra=EXTRA, vrrp=VRRP)
    return Fabric(host_, {n: port(n, host_, shared,
                                  **(more if n == "A" else {}))
                          for n in "APB" if n not in remote})


def declarations(entry):
    """What A is declared with when this entry is tried: for fabric(), and for
    the policy of a dataplane."""
    options = {"declared": True} if entry["verdict"] == "PASS*" else {}
    if "link_local" in entry:
        options["link_local"] = entry["link_local"]
    if entry.get("network") == "shared":
        options["shared"] = True
    return options


def needs_tenant_rules(verdict, passed):
    """Whether an entry that port security `passed` is for a tenant's filter
    to drop."""
    return passed and verdict in ("DROP(state)", "DROP*")
