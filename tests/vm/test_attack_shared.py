# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared network of customers with rules: what a stranger sends straight to
a guest is not delivered, and takes none of the guest's connections. The twins:
the gateway, and a neighbour of its community."""

import pytest

import state
from shell import quiesce, sh
from test_shared import customers, policy
from twohosts import GATEWAY, GATEWAY_IPS, VLAN, Lab, ip4

ALL = {"ingress": [{"allow": "any", "from": "any"}]}


def ruled(number):
    """a1 and b1, on the first host, take everything."""
    doc = policy("nftables")
    for tenant, name in (("acme", "a1"), ("globex", "b1")):
        doc["tenants"][tenant]["groups"] = {"open": ALL}
        guest = doc["tenants"][tenant]["guests"][name]
        guest["interfaces"][0]["groups"] = ["open"]
    return doc


@pytest.fixture(scope="module")
def lab():
    there = Lab(customers())
    there.guards = {1: "nftables", 2: "nftables"}
    try:
        there.start(ruled)
        yield there
    finally:
        there.close()


def tracked(ip):
    return [line for line in state.conntrack()
            if ip in line and " zone %04x" % VLAN in line]


@pytest.mark.parametrize("sender, receiver, heard", [
    ("a3", "a1", False), ("b2", "a1", False), ("b3", "b1", True),
    ("gateway", "a1", True)])
def test_strangers_take_no_connections(lab, sender, receiver, heard):
    to = lab.customers[receiver]
    sh("conntrack -F", check=False)
    if sender == "gateway":
        frame = ip4(GATEWAY_IPS[0], to.ip4, GATEWAY, to.mac)
        lab.from_trunk(frame)
        got = lab.arrived(receiver, [frame])
    else:
        by = lab.customers[sender]
        got = lab.delivered(sender, receiver,
                            [ip4(by.ip4, to.ip4, by.mac, to.mac)])
    quiesce()
    assert bool(got) == heard
    assert bool(tracked(to.ip4)) == heard
