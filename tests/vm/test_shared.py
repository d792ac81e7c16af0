# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared network on two hosts: customers of two tenants on each, and the
gateway behind the trunk. acme's guests are on their own; globex says that its
are a community.
"""

import os
import signal

import pytest

import guard as module
from shell import quiesce, sh, sysctl, until
from twohosts import (BROADCAST, GATEWAY, GATEWAY_IPS,
                      GATEWAY_LINK_LOCAL, VLAN, Customer, Lab, arp,
                      frames_to, ip4, solicitation)

COMMUNITY = "globex"


def customers():
    return [Customer("a1", "acme", 1, 11), Customer("a2", "acme", 1, 12),
            Customer("b1", "globex", 1, 21), Customer("b2", "globex", 1, 22),
            Customer("a3", "acme", 2, 13), Customer("b3", "globex", 2, 23)]


def policy(guard, community=COMMUNITY):
    """The same for both hosts but for the guard."""
    network = {"vlan": VLAN, "shared": True,
               "subnets": ["198.51.100.0/24", "2001:db8:1::/64"],
               "gateways": [{"mac": GATEWAY.hex(":"),
                             "addresses": [*GATEWAY_IPS,
                                           GATEWAY_LINK_LOCAL]}]}
    tenants = {"provider": {"networks": {"public": network}}}
    for c in customers():
        tenant = tenants.setdefault(c.tenant, {"guests": {}})
        tenant["guests"][c.name] = {
            "interfaces": [c.interface("provider/public")]}
        if c.tenant == community:
            tenant["community"] = True
    return {"version": 1, "host": {"uplink": "up0", "guard": guard},
            "tenants": tenants}


@pytest.fixture(scope="module", params=["nftables", "module"])
def lab(request):
    """The module guards the first host only: it is the machine's."""
    guards = {1: request.param, 2: "nftables"}
    if request.param == "module":
        module.load()
    there = Lab(customers())
    there.guards = guards
    try:
        there.start(lambda number: policy(guards[number]))
        yield there
    finally:
        there.close()
        if request.param == "module":
            sh("rmmod cordon")


def pairs(lab):
    names = sorted(lab.customers)
    return [(lab.customers[a], lab.customers[b])
            for a in names for b in names if a != b]


def test_each_reaches_the_gateway(lab):
    for c in lab.customers.values():
        for address in GATEWAY_IPS:
            assert c.ping(address), (c.name, address)


def test_nft_lists_the_rules(lab):
    """An operator can look at them with Debian's nft."""
    for number, host in enumerate(lab.hosts, 1):
        if lab.guards[number] == "nftables":
            listed = sh("nft list ruleset", ns=host.ns)
            assert "community-" in listed and "neighbours" in listed


def test_nobody_reaches_another_customer(lab):
    """On the same host and across; by all kinds of frames. Those who are a
    community do, by the same frames."""
    wrong = []
    for c, d in pairs(lab):
        together = c.tenant == d.tenant == COMMUNITY
        frames = frames_to(c, d)
        if lab.delivered(c.name, d.name, list(frames.values())) != (
                len(frames) if together else 0):
            wrong += [(c.name, d.name, kind) for kind, f in frames.items()
                      if lab.delivered(c.name, d.name, [f]) != together]
    assert not wrong
    for host in lab.hosts:
        assert host.drops()["not-gateway"] > 50


def test_pings(lab):
    """Stacks agree: with a route to each other on the link, a community's
    guests do, others do not; not even those of one tenant."""
    for src, dst, reached in (("b1", "b3", True), ("b1", "b2", True),
                              ("a1", "a2", False), ("a1", "a3", False),
                              ("a1", "b1", False), ("b3", "a3", False)):
        c, d = lab.customers[src], lab.customers[dst]
        for a, b in ((c, d), (d, c)):
            sh(["ip", "route", "add", b.ip4, "dev", "eth0"], ns=a.ns)
            sh(["ip", "-6", "route", "add", b.ip6, "dev", "eth0"], ns=a.ns)
        try:
            assert c.ping(d.ip4) == reached, (src, dst)
            assert c.ping(d.ip6) == reached, (src, dst)
        finally:
            for a, b in ((c, d), (d, c)):
                sh(["ip", "route", "del", b.ip4, "dev", "eth0"], ns=a.ns)
                sh(["ip", "-6", "route", "del", b.ip6, "dev", "eth0"],
                   ns=a.ns)


def test_by_the_gateway(lab):
    """Customers reach each other if it routes between them, or not at all."""
    a1, b3 = lab.customers["a1"], lab.customers["b3"]
    assert not a1.ping(b3.ip4) and not a1.ping(b3.ip6)
    sysctl("net.ipv4.ip_forward", 1, ns="gw")
    sysctl("net.ipv6.conf.all.forwarding", 1, ns="gw")
    try:
        assert a1.ping(b3.ip4) and a1.ping(b3.ip6)
        assert a1.ping(lab.customers["a2"].ip4)
    finally:
        sysctl("net.ipv4.ip_forward", 0, ns="gw")
        sysctl("net.ipv6.conf.all.forwarding", 0, ns="gw")
    assert not a1.ping(b3.ip4)


def test_a_request_reaches_who_has_the_address(lab):
    """The gateway's, and a neighbour's."""
    for target in lab.customers.values():
        for frame in (arp(GATEWAY, GATEWAY_IPS[0], target.ip4),
                      solicitation(GATEWAY, GATEWAY_IPS[1], target.ip6)):
            lab.from_trunk(frame)
            assert [n for n in lab.customers if lab.arrived(n, [frame])] == [
                target.name]
    b1, b3 = lab.customers["b1"], lab.customers["b3"]
    frame = arp(b1.mac, b1.ip4, b3.ip4)
    lab.clear()
    b1.wire.send(frame)
    quiesce()
    assert [n for n in lab.customers if lab.arrived(n, [frame])] == ["b3"]


def test_the_gateways_news_reach_all(lab):
    news = [arp(GATEWAY, GATEWAY_IPS[0], GATEWAY_IPS[0], op=op)
            for op in (1, 2)]
    news.append(ip4(GATEWAY_IPS[0], "255.255.255.255", GATEWAY, BROADCAST))
    lab.from_trunk(*news)
    assert {lab.arrived(n, news) for n in lab.customers} == {len(news)}
    # The same from somebody else behind the trunk.
    stranger = bytes.fromhex("00163e000201")
    forged = [f.replace(GATEWAY, stranger) for f in news]
    lab.from_trunk(*forged)
    assert {lab.arrived(n, forged) for n in lab.customers} == {0}


def reload(lab, community):
    for number, host in enumerate(lab.hosts, 1):
        host.apply(policy(lab.guards[number], community))


def test_community_comes_and_goes(lab):
    """Within one tenant; the other's neighbours are as they were."""
    def all_of(src, dst):
        frames = list(frames_to(lab.customers[src],
                                lab.customers[dst]).values())
        got = lab.delivered(src, dst, frames)
        assert got in (0, len(frames))
        return got > 0
    try:
        reload(lab, "acme")
        for src, dst in (("a1", "a2"), ("a1", "a3"), ("a3", "a2")):
            assert all_of(src, dst)
        for src, dst in (("b1", "b2"), ("b1", "b3"), ("a1", "b1"),
                         ("b3", "a3")):
            assert not all_of(src, dst)
    finally:
        reload(lab, COMMUNITY)
    assert all_of("b1", "b3") and not all_of("a1", "a2")


def test_without_the_rule_they_meet(lab):
    """What the tests above look for is there when the rule is taken away
    while the agents cannot repair it."""
    for host in lab.hosts:
        host.daemon.signal(signal.SIGSTOP)
    try:
        if lab.guards[1] == "nftables":
            sh("nft insert rule netdev cordon out-shared accept")
        else:
            open_in_module(lab, lab.customers["a2"])
        sh("nft insert rule netdev cordon out-shared accept", ns="host2")
        for src, dst in (("a1", "a2"), ("a1", "a3"), ("b1", "a3"),
                         ("b2", "a2")):
            c, d = lab.customers[src], lab.customers[dst]
            frames = frames_to(c, d)
            got = lab.delivered(src, dst, list(frames.values()))
            assert got == len(frames), (src, dst)
    finally:
        for host in lab.hosts:
            host.daemon.signal(signal.SIGCONT)
    for src, dst in (("a1", "a2"), ("b1", "a3")):
        c, d = lab.customers[src], lab.customers[dst]
        until(lambda: not lab.delivered(src, dst, list(  # noqa: B023
            frames_to(c, d).values())), "repaired", 20)  # noqa: B023


def open_in_module(lab, c):
    """Gives a customer's port its rules without the one."""
    with open("/sys/class/net/%s/ifindex" % c.device, encoding="ascii") as f:
        index = int(f.read())
    with module.Guard() as g:
        g.guest(index, VLAN, c.mac.hex(":"), [c.ip4, c.ip6], 1000)


assert os.geteuid() == 0, "runs in a test machine"
