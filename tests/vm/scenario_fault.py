# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios A369, A370: what the kernel refuses closes the port that it is
for, says why, and nothing else."""

import errno

import pytest

from frames import beacon, spoofs, unicast
from lab import DEVICE, Fault, changed, closed
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
            until(lambda: lab.agent.state(DEVICE["A"]) in ("failed", "open"),
                  "A is decided")
            if at > n - 3 and not lab.fault.done:
                break           # Less was written than when it was counted.
            port = lab.agent.wait_state(DEVICE["A"], "failed")
            assert port["why"], port
            assert closed(DEVICE["A"]), (at, link_info(DEVICE["A"]))
            sender.wait_sent(0)
            assert clean(watch).got("b") == before, at
            # P's segment lacks what is A's in it, so P is not called open
            # for sure; but it works, as the loss of none below shows.
            assert lab.agent.state(DEVICE["B"]) == "open"
            assert not closed(DEVICE["P"]) and not closed(DEVICE["B"])
            lab.fault.disarm()
            lab.agent.hangup()
            lab.agent.wait_open(DEVICE["A"])
            until(lambda: watch.seen().got("b") > before, "A sends")
        seen = clean(watch)
        assert seen.got("p", "uplink") and not seen.missing("p", "uplink")


READS = 20


@pytest.mark.parametrize("writes", (True, False))
def test_a_message_fails_once(lab, writes):
    """Every message that writes, and some of the many that read, fail once:
    by itself the agent comes to an open port, nothing forged having got
    out."""
    n = messages(lab, writes)
    taken = tried = 0
    with lab.watch() as watch, lab.send("A", hostile(), 2000):
        for at in range(1, n + 1, 1 if writes else max(1, n // READS)):
            action, error = KINDS[at % len(KINDS)]
            lab.unplug("A")
            lab.agent.settled()
            lab.fault.arm(at, action, error, writes=writes)
            lab.plug("A")
            lab.agent.wait_open(DEVICE["A"])
            tried += 1
            taken += lab.fault.done
            lab.fault.disarm()
        until(lambda: watch.seen().got("b", "P"), "A sends")
        clean(watch)
    # How much is read varies: what cannot have changed is not read again.
    assert taken >= (tried - 2 if writes else tried // 2), (taken, tried)
    assert lab.agent.daemon.alive()


def decided(lab):
    """A's port has failed, or its device is where it belongs."""
    def look():
        state = lab.agent.state(DEVICE["A"])
        return state == "failed" or state == "open" and (
            link_info(DEVICE["A"]).get("master") == "cordon0")
    until(look, "A has failed or is where it belongs")


@pytest.mark.parametrize("kind", ("bridge", "vrf table 10"))
def test_a_device_that_belongs_to_another(lab, kind):
    """It is in another's bridge or VRF: it fails, or is taken; and nobody
    else notices."""
    sh("ip link add foreign0 type " + kind)
    lab.extra.append("foreign0")
    sh("ip link set foreign0 up")
    with lab.watch() as watch, \
            lab.send("P", [unicast("P", "G", "p")], 2000):
        lab.unplug("A")
        lab.plug("A")
        sh("ip link set %s master foreign0" % DEVICE["A"], check=False)
        decided(lab)
        lab.agent.wait_open(DEVICE["P"], DEVICE["B"])
        seen = clean(watch)
        assert seen.got("p", "uplink") and not seen.missing("p", "uplink")
    sh("ip link del foreign0")


def test_a_poisonous_entry_hurts_itself_alone(lab):
    """A device that the kernel puts in no bridge, a bridge itself: that port
    fails with the reason, and the others come and go as ever."""
    sh("ip link add poison0 type bridge")
    lab.extra.append("poison0")
    with lab.watch() as watch, \
            lab.send("P", [unicast("P", "G", "p")], 2000):
        lab.unplug("A")
        lab.agent.write(changed(lab.doc, "A", device="poison0"))
        lab.agent.hangup()
        port = lab.agent.wait_state("poison0", "failed")
        assert port["why"], port
        assert "master" not in link_info("poison0")
        lab.unplug("B")
        lab.plug("B")
        lab.agent.wait_open(DEVICE["P"], DEVICE["B"])
        with lab.send("B", [unicast("B", "G", "q")], 2000):
            until(lambda: watch.seen().got("q", "uplink"), "B works")
        seen = clean(watch)
        assert seen.got("p", "uplink") and not seen.missing("p", "uplink")
        # Without the poison, it opens.
        sh("ip link del poison0")
        lab.plug("A")
        lab.agent.reload(lab.doc)
        lab.agent.wait_open(DEVICE["A"])
