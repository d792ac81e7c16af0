# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios A369, A370: what the kernel refuses closes the port that it is
for, says why, and nothing else."""

import errno

import pytest

from lab import (DEVICE, Fault, beacon, changed, closed, spoofs, unicast)
from netns import link_info
from shell import sh, until

KINDS = ((Fault.ERROR, errno.ENOMEM), (Fault.ERROR, errno.EPERM),
         (Fault.REFUSE, 0), (Fault.ERROR, errno.EINVAL))


def hostile():
    return [f for s in spoofs("S") for f in (s, beacon("A", "b"))]


def clean(watch):
    seen = watch.seen()
    assert not seen.rows("S") and not seen.others(), (seen.rows("S"),
                                                      seen.others())
    return seen


def messages(lab, writes):
    """How many messages it takes to open A's port."""
    lab.unplug("A")
    lab.agent.settled()
    lab.fault.arm(0, Fault.NONE, writes=writes)
    lab.plug("A")
    lab.agent.wait_open(DEVICE["A"])
    lab.fault.disarm()
    return lab.fault.seen


def test_install_fails_from_each_message_on(lab):
    """The kernel takes the first messages only, for every number of them:
    the port stays closed and says why, until the kernel takes them again."""
    n = messages(lab, writes=True)
    assert n >= 4, n
    with lab.watch() as watch, lab.send("A", hostile(), 500) as sender, \
            lab.send("P", [unicast("P", "G", "p")], 2000):
        for at in range(1, n + 1):
            action, error = KINDS[at % len(KINDS)]
            lab.unplug("A")
            lab.agent.settled()
            lab.fault.arm(at, action, error, sticky=True, writes=True)
            before = watch.seen().got("b")
            lab.plug("A")
            port = lab.agent.wait_state(DEVICE["A"], "failed")
            assert port["why"], port
            assert closed(DEVICE["A"]), (at, link_info(DEVICE["A"]))
            sender.wait_sent(0)
            assert clean(watch).got("b") == before, at
            for other in ("P", "B"):
                assert lab.agent.state(DEVICE[other]) == "open", other
            assert lab.fault.done, "message %d was never reached" % at
            lab.fault.disarm()
            lab.agent.hangup()
            lab.agent.wait_open(DEVICE["A"])
            until(lambda: watch.seen().got("b") > before, "A sends")
        seen = clean(watch)
        assert seen.got("p", "uplink") and not seen.missing("p", "uplink")


@pytest.mark.parametrize("kind", range(3))
def test_each_message_fails_once(lab, kind):
    """Every message, those that read too, fails once: by itself the agent
    comes to an open port, nothing forged having got out."""
    n = messages(lab, writes=False)
    action, error = KINDS[kind]
    taken = 0
    with lab.watch() as watch, lab.send("A", hostile(), 1000):
        for at in range(1 + kind, n + 1, 3):
            lab.unplug("A")
            lab.fault.arm(at, action, error)
            lab.plug("A")
            lab.agent.wait_open(DEVICE["A"])
            taken += lab.fault.done
            lab.fault.disarm()
        seen = clean(watch)
    assert seen.got("b", "P") and taken >= (n - kind) // 3 - 2, (taken, n)
    assert lab.agent.daemon.alive()


def test_a_poisonous_entry_hurts_itself_alone(lab):
    """A device that cannot be in a bridge (it is in another), and one whose
    guest has a foreign hand in front of the guard: each fails alone."""
    sh("ip link add foreign0 type bridge")
    lab.extra.append("foreign0")
    sh("ip link set %s nomaster" % DEVICE["A"])
    lab.unplug("A")
    lab.plug("A")
    sh("ip link set %s master foreign0" % DEVICE["A"])
    sh("ip link set foreign0 up")
    with lab.watch() as watch, lab.send("A", hostile(), 500), \
            lab.send("P", [unicast("P", "G", "p")], 2000), \
            lab.send("B", [unicast("B", "G", "q")], 2000):
        # A device in another's bridge is taken from it or fails; open it is
        # in ours alone.
        until(lambda: lab.agent.state(DEVICE["A"]) in ("failed", "open"),
              "A is decided")
        if lab.agent.state(DEVICE["A"]) == "open":
            assert link_info(DEVICE["A"])["master"] == "cordon0"
        lab.unplug("A")
        # lo can be in no bridge.
        doc = changed(lab.doc, "A", device="lo")
        lab.agent.write(doc)
        lab.agent.hangup()
        lo = lab.agent.wait_state("lo", "failed")
        assert lo["why"]
        # The others come and go meanwhile.
        lab.unplug("B")
        lab.plug("B")
        lab.agent.wait_open(DEVICE["P"], DEVICE["B"])
        before = watch.seen().got("q", "uplink")
        until(lambda: watch.seen().got("q", "uplink") > before, "B works")
        seen = clean(watch)
        assert not seen.missing("p", "uplink")
    sh("ip link del foreign0")
    assert "UP" in link_info("lo")["flags"], "the host's own lo stays up"


def test_a_guests_device_that_is_a_bond_slave(lab):
    """The kernel itself refuses: a device of another master kind."""
    sh("ip link add vrf0 type vrf table 10")
    lab.extra.append("vrf0")
    lab.unplug("A")
    lab.plug("A")
    sh("ip link set vrf0 up")
    sh("ip link set %s master vrf0" % DEVICE["A"], check=False)
    until(lambda: lab.agent.state(DEVICE["A"]) in ("failed", "open"),
          "A is decided")
    lab.agent.wait_open(DEVICE["P"], DEVICE["B"])
    if lab.agent.state(DEVICE["A"]) == "open":
        assert link_info(DEVICE["A"])["master"] == "cordon0"
    else:
        assert closed(DEVICE["A"]) or (
            link_info(DEVICE["A"])["master"] == "vrf0")
