# SPDX-License-Identifier: GPL-3.0-or-later
"""The cast of the corpus: who is who, as ports of the model.

A attacker and P peer are on VLAN 100, B the victim of another tenant on 200;
the gateway G is behind the uplink; H is the host's bridge.
"""

from .config import Gateway, Host, Port, mac
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

# Entries whose note asks for more of A than its own addresses.
EXTRA = {"A035": [(MAC_A, ["10.9.0.0/24"])]}
# Entries that are about connections: a stateful filter of the tenant's drops
# them. Port security alone passes them to the peer.
STATEFUL = ("A328", "A329", "A334", "A335", "A336", "A339")
# What the tenant's filter lets into P there.
OPEN_PORTS = (21, 22, 80, 443)


def host():
    gateways = [Gateway(MAC_G, GATEWAY)]
    return Host(UNDERLAY, MAC_H,
                gateways={VLAN_A: gateways, VLAN_B: gateways})


def port(name, host_, **more):
    macs = {"A": MAC_A, "P": MAC_P, "B": MAC_B}
    segment = VLAN_B if name == "B" else VLAN_A
    others = [a for n, addrs in ADDRESSES.items() for a in addrs
              if n != name and (n == "B") == (name == "B")]
    return Port(macs[name], ADDRESSES[name], segment, host=host_,
                subnets=SUBNETS, others=others, **more)


def fabric(entry_id=None, remote=()):
    """The cast's host; the ports named in `remote` are behind the uplink."""
    host_ = host()
    ports = {n: port(n, host_, extra=EXTRA.get(entry_id, ())
                     if n == "A" else ())
             for n in "APB" if n not in remote}
    return Fabric(host_, ports)
