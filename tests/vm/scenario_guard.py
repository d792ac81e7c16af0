# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of the kernel module as the guard: it takes over from nftables
and gives back under load, and holds whatever happens to the agent, to
nftables and to the bridge. What a guest may send passes throughout, what it
may not never does."""

import copy
import os
import signal

import pytest

import guard
import product
from frames import VLAN, beacon, spoofs, unicast
from lab import BRIDGE, DEVICE, changed, closed
from netns import ifindex
from shell import CommandError, quiesce, sh, until
from xdp import Xdp

LOADED = "/sys/module/cordon"


def insmod(*options):
    sh(["insmod", product.MODULE, *options])


def rmmod():
    """The module is in use, too, while somebody asks it for something."""
    until(lambda: sh("rmmod cordon", check=False)[0] == 0, "the module goes")


def guard_of(lab):
    return lab.agent.summary().get("guard")


def wait_guard(lab, name):
    until(lambda: guard_of(lab) == name
          and lab.agent.summary()["state"] == "converged",
          "the guard is %s (%s)" % (name, guard_of(lab)), 30)


def with_host(doc, **keys):
    doc = copy.deepcopy(doc)
    doc["host"].update(keys)
    return doc


def nft_tables():
    return sh("nft list tables")


def load(lab):
    """Legitimate streams u, v, x and forged ones, S."""
    return [lab.send("A", [unicast("A", "P", "u"), *spoofs("S"),
                           unicast("A", "G", "x")], 1000),
            lab.send("P", [unicast("P", "A", "v"), beacon("P", "b")], 1000),
            lab.send("B", [unicast("B", "A", "S"), beacon("B", "T")], 1000)]


def check(watch, seen):
    """All of what may pass, nothing of what may not."""
    assert not seen.rows("S"), seen.rows("S")
    for row in seen.rows("T"):
        assert row["place"] == "uplink", row
    for stream, place in (("u", "P"), ("v", "A"), ("x", "uplink"),
                          ("b", "A")):
        assert seen.got(stream, place) == watch.sent[stream] > 20, (
            stream, seen.got(stream, place), watch.sent[stream])
        assert not seen.missing(stream, place)


@pytest.fixture
def module(lab):
    """The lab with the module as its guard; gone afterwards."""
    insmod()
    wait_guard(lab, "module")
    yield lab
    if os.path.exists(LOADED):
        lab.agent.reload(with_host(lab.doc, guard="nftables"))
        wait_guard(lab, "nftables")
        rmmod()


def test_takes_over_and_gives_back_under_load(lab):
    """Not a frame is lost, and none passes, while the module is loaded, takes
    over, gives back and is removed. It cannot be removed before."""
    assert guard_of(lab) == "nftables"
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        insmod("adopt=1")
        wait_guard(lab, "module")
        assert "cordon" not in nft_tables()
        senders[0].wait_sent(200)
        with pytest.raises(CommandError):
            sh("rmmod cordon")
        lab.agent.reload(with_host(lab.doc, guard="nftables"))
        wait_guard(lab, "nftables")
        assert "cordon" in nft_tables()
        rmmod()
        senders[0].wait_sent(200)
        seen = watch.seen_after(senders)
    check(watch, seen)


def test_upgrade_with_guests_running(module):
    """Out with one module, in with another, under load, by way of nftables
    and the lock."""
    lab = module
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        lab.agent.reload(with_host(lab.doc, guard="nftables"))
        wait_guard(lab, "nftables")
        rmmod()
        insmod("adopt=1")
        lab.agent.reload(lab.doc)
        wait_guard(lab, "module")
        senders[0].wait_sent(200)
        seen = watch.seen_after(senders)
    check(watch, seen)


def test_agent_dies_and_returns(module):
    """The module holds without the agent; who starts again writes nothing."""
    lab = module
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        lab.agent.daemon.signal(signal.SIGKILL)
        until(lambda: not lab.agent.daemon.alive(), "it dies")
        senders[0].wait_sent(200)
        lab.agent.launch()
        lab.agent.wait_open(*DEVICE.values())
        summary = lab.agent.settled()
        senders[0].wait_sent(200)
        seen = watch.seen_after(senders)
    check(watch, seen)
    assert summary["writes"] == 0 and summary["guard"] == "module"


def test_foreign_flush_changes_nothing(module):
    lab = module
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        sh("nft flush ruleset")
        senders[0].wait_sent(200)
        seen = watch.seen_after(senders)
    check(watch, seen)
    assert guard_of(lab) == "module"


def test_tenants_bridged_together_by_mistake(module):
    """With the agent stopped, somebody puts B's vif into A's VLAN. The twin:
    A's peer still talks to A."""
    lab = module
    lab.agent.daemon.signal(signal.SIGSTOP)
    try:
        sh("bridge vlan del dev %s vid %d" % (DEVICE["B"], VLAN["B"]))
        sh("bridge vlan add dev %s vid %d pvid untagged"
           % (DEVICE["B"], VLAN["A"]))
        sh("bridge link set dev %s flood on mcast_flood on bcast_flood on "
           "locked off" % DEVICE["B"])
        with lab.watch() as watch:
            senders = [lab.send("B", [unicast("B", "A", "S"),
                                      beacon("B", "S")], 1000),
                       lab.send("A", [beacon("A", "a"),
                                      unicast("A", "B", "S")], 1000),
                       lab.send("P", [unicast("P", "A", "v")], 1000)]
            senders[0].wait_sent(300)
            seen = watch.seen_after(senders)
    finally:
        lab.agent.daemon.signal(signal.SIGCONT)
    assert not seen.rows("S"), seen.rows("S")
    assert not seen.rows("a", "B")
    assert seen.got("a", "P") == watch.sent["a"] > 20
    assert seen.got("v", "A") == watch.sent["v"] > 20
    lab.agent.settled()


def test_without_bridge_nothing_reaches_the_host(module):
    """A vif that somebody takes out of the bridge gives this host's own stack
    nothing, with the agent stopped."""
    lab = module
    lab.agent.daemon.signal(signal.SIGSTOP)
    try:
        sh("ip link set %s nomaster" % DEVICE["A"])
        before = sh("nstat -azs IpInReceives Ip6InReceives")
        with lab.send("A", [unicast("A", "P", "u"), beacon("A", "u"),
                            unicast("A", "G", "u")], 1000) as sender:
            sender.wait_sent(200)
        quiesce()
        assert sh("nstat -azs IpInReceives Ip6InReceives") == before
    finally:
        lab.agent.daemon.signal(signal.SIGCONT)
    lab.agent.wait_open(*DEVICE.values())


def test_module_is_required(lab):
    """A host whose policy wants the module is closed without it, and says
    why; once it is loaded, ports open."""
    lab.agent.write(with_host(lab.doc, guard="module"))
    lab.agent.hangup()
    port = lab.agent.wait_state(DEVICE["A"], "failed")
    assert "not loaded" in port["why"]
    assert all(closed(d) for d in DEVICE.values())
    insmod()
    try:
        lab.agent.wait_open(*DEVICE.values())
        assert guard_of(lab) == "module"
    finally:
        lab.agent.reload(with_host(lab.doc, guard="nftables"))
        wait_guard(lab, "nftables")
        rmmod()


def test_xdp_closes_the_port(module):
    lab = module
    with Xdp(DEVICE["A"]):
        lab.agent.wait_state(DEVICE["A"], "failed")
        assert closed(DEVICE["A"])
        assert lab.agent.state(DEVICE["P"]) == "open"
    lab.agent.wait_open(DEVICE["A"])


def test_blocked_is_closed(lab):
    """A port that the module has blocked before the agent sees it is as closed
    as it should be: nftables' guard goes."""
    index = ifindex(DEVICE["A"])
    lab.agent.daemon.signal(signal.SIGSTOP)
    try:
        insmod("patterns=" + DEVICE["A"])
        with Xdp(DEVICE["A"]), guard.Guard() as g:
            until(lambda: g.state(index) == "blocked", "it is blocked")
            lab.agent.daemon.signal(signal.SIGCONT)
            until(lambda: guard_of(lab) == "module", "nftables' guard goes",
                  30)
            assert lab.agent.state(DEVICE["A"]) == "failed"
            assert g.state(index) == "blocked" and closed(DEVICE["A"])
            assert "cordon" not in nft_tables()
            lab.agent.wait_open(DEVICE["P"])
        lab.agent.wait_open(DEVICE["A"])
    finally:
        lab.agent.daemon.signal(signal.SIGCONT)
        lab.agent.reload(with_host(lab.doc, guard="nftables"))
        wait_guard(lab, "nftables")
        rmmod()


def test_policy_changes(module):
    """Addresses, the mark's mask, a port that goes and comes."""
    lab = module
    lab.agent.reload(changed(lab.doc, "A", addresses=["10.0.0.77"]))
    with lab.watch() as watch:
        senders = load(lab)
        senders[0].wait_sent(300)
        seen = watch.seen_after(senders)
    assert not seen.rows("u") and not seen.rows("S")
    assert seen.got("v", "A") == 0      # It is not to an address of A's.
    lab.agent.reload(with_host(lab.doc, mark_mask=0x00ffff00))
    lab.agent.wait_open(*DEVICE.values())
    lab.unplug("A")
    until(lambda: lab.agent.state(DEVICE["A"]) in (None, "absent"), "it goes")
    lab.plug("A")
    lab.agent.wait_open(*DEVICE.values())
    with lab.watch() as watch:
        senders = load(lab)
        senders[0].wait_sent(300)
        seen = watch.seen_after(senders)
    check(watch, seen)
    assert BRIDGE in sh("ip link show dev " + DEVICE["A"])


def again(g, index, *more):
    """Gives a port the rules that it has, and more."""
    port = g.port(index)
    lists = {"PORT_MACS", "PORT_ROAMING", "PORT_PAIRS"}
    g.ask("PORT_SET", *(
        guard.attr(guard.A[name] | (guard.NESTED if name in lists else 0),
                   port[name])
        for name in ("PORT_IFINDEX", "PORT_KIND", "PORT_SEGMENT", "PORT_FLAGS",
                     "PORT_STORM", "PORT_VRRP", *lists) if name in port),
          *more)


def test_foreign_limits(module):
    """What somebody else gives a port is taken back, what the policy does not
    speak of too. The twin: what is as it was is not written again."""
    lab = module
    index = ifindex(DEVICE["A"])
    with guard.Guard() as g:
        for name, value in (("PORT_RATE", 5), ("PORT_MTU", 1000)):
            again(g, index, guard.u32(name, value))
            assert guard.number(g.port(index)[name]) == value
            lab.agent.hangup()
            until(lambda n=name: guard.number(g.port(index)[n]) == 0,
                  name + " is taken back")
        writes = lab.agent.settled()["writes"]
        again(g, index)
        lab.agent.reload(lab.doc)
        assert lab.agent.settled()["writes"] == writes


def test_out_of_the_policy(module):
    """A guest that the policy does not name any more is closed, not let go
    of: its device may be a guest's still. It comes back with its name."""
    lab = module
    index = ifindex(DEVICE["A"])
    doc = copy.deepcopy(lab.doc)
    for tenant in doc["tenants"].values():
        for name in [n for n, g in tenant["guests"].items()
                     if g["interfaces"][0].get("device") == DEVICE["A"]]:
            del tenant["guests"][name]
    lab.agent.reload(doc)
    with guard.Guard() as g:
        until(lambda: g.state(index) == "quarantined", "it is closed")
        assert lab.agent.settled()["state"] == "converged"
        assert g.state(index) == "quarantined"
        lab.agent.reload(lab.doc)
        lab.agent.wait_open(*DEVICE.values())
        assert g.state(index) == "guarded"
