# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: what runs ahead of it closes the port."""

import time

import pytest

import guard
from guard import C, number
from shell import CommandError, sh, until
from xdp import Xdp
from guardbed import DEVICE, beacon, hosts, lab, module, refused


def is_up(device):
    return int(open("/sys/class/net/%s/flags" % device).read(), 16) & 1


class Filter:
    """At tc ingress; passes everything."""

    def __init__(self, device):
        self.device = device

    def __enter__(self):
        sh("tc qdisc add dev %s clsact" % self.device)
        sh("tc filter add dev %s ingress matchall action pass" % self.device)
        return self

    def __exit__(self, *error):
        sh("tc filter del dev %s ingress" % self.device)


AHEAD = {"tc": Filter, "generic XDP": Xdp,
         "native XDP": lambda device: Xdp(device, "xdpdrv")}


@pytest.mark.parametrize("kind", AHEAD)
@pytest.mark.parametrize("state", ["guarded", "quarantined"])
def test_blocked(lab, kind, state):
    """Closed within seconds, cannot be opened, told of; until the cause has
    gone and the rules are set again."""
    device, index = DEVICE["A"], lab.index("A")
    if state == "quarantined":
        lab.g.delete(index)
    with guard.Guard() as listener:
        listener.listen()
        with AHEAD[kind](device):
            until(lambda: not is_up(device), "it is closed")
            assert lab.g.state(index) == "blocked"
            event = until(lambda: next(
                (e for e in iter(lambda: listener.event(5), None)
                 if "PORT_WHY" in e), None), "an event")
            with pytest.raises(CommandError) as error:
                sh("ip link set %s up" % device)
            assert "cordon" in str(error.value)
            assert "ahead" in refused(lab.guard, lab.g, "A").text
            assert number(lab.g.ask("HOST_GET")["HOST_GUARDED"]) == 3
    assert number(event["PORT_IFINDEX"]) == index
    assert number(event["REASON"]) == C["DROP_BLOCKED"]
    assert ("tc" if kind == "tc" else "XDP") in event["PORT_WHY"].decode()
    with pytest.raises(CommandError):
        sh("ip link set %s up" % device)
    assert lab.g.state(index) == "blocked"
    lab.guard(lab.g, "A")
    assert lab.g.state(index) == "guarded"
    lab.join("A")
    assert lab.arrives("A", beacon("A"), "P")


def test_not_opened_while_something_is_ahead(lab):
    """Even if that came while the device was down."""
    device = DEVICE["A"]
    sh("ip link set %s down" % device)
    with Filter(device), pytest.raises(CommandError):
        sh("ip link set %s up" % device)
    lab.guard(lab.g, "A")
    lab.join("A")
    assert lab.arrives("A", beacon("A"), "P")


def test_what_is_behind_does_not_matter(lab):
    """An empty clsact, and filters at egress, stay."""
    device = DEVICE["A"]
    sh("tc qdisc add dev %s clsact" % device)
    sh("tc filter add dev %s egress matchall action pass" % device)
    lab.guard(lab.g, "A")
    time.sleep(2.5)
    assert is_up(device) and lab.g.state(lab.index("A")) == "guarded"
    assert lab.arrives("A", beacon("A"), "P")
