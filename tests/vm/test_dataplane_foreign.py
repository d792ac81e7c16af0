# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody else has made on the host or makes there: it is left alone, or
taken away, or keeps a port closed, and no other."""

import json
import os

import pytest

from frames import VLAN, beacon, spoofs, unicast
from kernelview import (INGRESS, TRUNK, chains, fdb, links, ports,
                        segment_block, vlans)
from lab import BRIDGE, DEVICE, UPLINK, changed, is_up
from netns import link_info
from shell import CommandError, sh, until


def test_foreign_filter_is_refused(lab):
    """By the kernel: the device's blocks are shared."""
    for device in (DEVICE["A"], UPLINK):
        for hook in ("ingress", "egress"):
            with pytest.raises(CommandError) as error:
                sh("tc filter add dev %s %s matchall action pass"
                   % (device, hook))
            assert "shared" in str(error.value)
    assert lab.agent.settled()["failed"] == 0


@pytest.mark.parametrize("who", ["A", "uplink", "ingress"])
def test_foreign_filter_in_a_block(lab, who):
    """Closes the ports that use the block, until it goes."""
    block, closed = {"A": (segment_block("A"), "AP"), "uplink": (TRUNK, ""),
                     "ingress": (INGRESS, "APB")}[who]
    sh("tc filter add block %d pref 7 matchall action pass" % block)
    for name, device in DEVICE.items():
        if name in closed:
            port = lab.agent.wait_state(device, "failed")
            assert "foreign filter" in port["why"]
            until(lambda d=device: not is_up(d), "it is down")
            assert device not in ports()
        else:
            assert lab.agent.state(device) == "open"
    if who != "A":
        until(lambda: UPLINK not in ports(), "the uplink is out")
        assert is_up(UPLINK)
    sh("tc filter del block %d pref 7" % block)
    lab.agent.wait_open()
    until(lambda: UPLINK in ports(), "the uplink is in")


@pytest.mark.parametrize("kind", ["ingress", "clsact"])
def test_foreign_qdisc(lab, kind):
    """In the lock's place: the port is failed, down and out of the bridge,
    others stay open; what is foreign stays."""
    device = DEVICE["A"]
    with lab.agent.daemon.stopped():
        sh("tc qdisc del dev %s clsact" % device)
        sh("tc qdisc add dev %s %s" % (device, kind))
        sh("tc filter add dev %s ingress matchall action pass" % device)
    port = lab.agent.wait_state(device, "failed")
    assert "foreign qdisc" in port["why"]
    until(lambda: not is_up(device), "it is down")
    assert device not in ports()
    assert lab.agent.state(DEVICE["P"]) == "open"
    assert "matchall" in sh("tc filter show dev %s ingress" % device)
    sh("tc qdisc del dev %s %s" % (device, kind))
    lab.agent.wait_open()


def test_bridge_of_somebody_else(lab):
    """A bridge of the wanted name that is not ours is not touched, and
    nothing is opened."""
    sh("ip link add other0 type bridge ageing_time 1234")
    lab.extra.append("other0")
    before = links()["other0"]
    doc = changed(lab.doc, "A")
    doc["host"]["bridge"] = "other0"
    lab.agent.write(doc)
    lab.agent.call("apply", "30", lab.agent.path)
    for device in DEVICE.values():
        port = lab.agent.wait_state(device, "failed")
        assert "other0" in port["why"], port
        until(lambda d=device: not is_up(d), "it is down")
    assert links()["other0"] == before
    lab.agent.reload(lab.doc)
    lab.agent.wait_open()
    sh("ip link del other0")


def test_another_name_for_the_bridge(lab):
    """All ports move, the old bridge goes."""
    doc = changed(lab.doc, "A")
    doc["host"]["bridge"] = "cordon9"
    lab.extra.append("cordon9")
    lab.agent.reload(doc)
    until(lambda: link_info(BRIDGE) is None, "the old bridge has gone")
    for device in [*DEVICE.values(), UPLINK]:
        assert link_info(device)["master"] == "cordon9"
    lab.agent.reload(lab.doc)
    until(lambda: link_info("cordon9") is None, "and so has this one")
    lab.agent.wait_open()
    assert set(ports()) == {*DEVICE.values(), UPLINK}


TROUBLE = {
    "address": ("ip addr add 192.0.2.99/24 dev up0",
                "ip addr del 192.0.2.99/24 dev up0", "address"),
    "vlan": ("ip link add link up0 name up0.100 type vlan id 100",
             "ip link del up0.100", "up0.100"),
}


@pytest.mark.parametrize("what", TROUBLE)
def test_uplink_in_other_use(lab, what):
    """Nothing is open while dom0 uses the uplink itself; it is let go of,
    not put down."""
    begin, end, word = TROUBLE[what]
    sh(begin)
    try:
        for device in DEVICE.values():
            port = lab.agent.wait_state(device, "failed")
            assert word in port["why"], port
            until(lambda d=device: not is_up(d), "it is down")
        until(lambda: UPLINK not in ports(), "the uplink is out")
        assert is_up(UPLINK)
    finally:
        sh(end)
    lab.agent.wait_open()
    until(lambda: UPLINK in ports(), "the uplink is in")


def test_stranger_in_our_bridge(lab):
    """A device that somebody puts into our bridge is put out again, and not
    otherwise touched."""
    sh("ip link add stranger type dummy")
    lab.extra.append("stranger")
    sh("ip link set stranger up master " + BRIDGE)
    until(lambda: "master" not in link_info("stranger"), "it is out")
    assert is_up("stranger")
    lab.agent.wait_open()
    sh("ip link del stranger")


def test_device_replaced_unnoticed(lab):
    """One of the same name and number took its place between two turns: the
    guard of the one that has gone is not taken for the new one's."""
    device = DEVICE["A"]
    index = link_info(device)["ifindex"]
    with lab.agent.daemon.stopped():
        lab.unplug("A")
        lab.plug("A", index=index)
    assert link_info(device)["ifindex"] == index
    until(lambda: device in ports(), "it is in the bridge")
    lab.agent.wait_open(device)
    until(lambda: {"in-%d" % index, "out-%d" % index} <= chains(),
          "the guard is back")
    with lab.watch() as watch, lab.send("A", spoofs("S")
                                        + [beacon("A", "b")], 500):
        until(lambda: watch.seen().got("b", "P"), "A sends")
        assert not watch.seen().rows("S")


HOOKS = 1024    # MAX_HOOK_COUNT, net/netfilter/core.c
OLD = """table netdev cordon {
    comment "cordon 0"
    chain in-%(index)d {
        type filter hook ingress device %(device)s priority 0; policy accept;
    }
}
"""


def occupy(device, count):
    """Leaves no room for another chain at the ingress of a device."""
    chains_ = "".join(
        " chain c%d { type filter hook ingress device %s priority 1; }\n"
        % (i, device) for i in range(count))
    sh(["nft", "-f", "-"], stdin="table netdev crowd {\n%s}\n" % chains_)


@pytest.mark.parametrize("old", (False, True))
def test_refused_device(lab, old):
    """The kernel refuses one device's chain: that port fails and says why, the
    others go on; also when the table of another version is replaced, which
    takes away what the device had."""
    device = DEVICE["A"]
    index = link_info(device)["ifindex"]
    with lab.agent.daemon.stopped():
        sh("nft delete table netdev cordon")
        if old:
            sh(["nft", "-f", "-"],
               stdin=OLD % {"device": device, "index": index})
        occupy(device, HOOKS - old)
    try:
        with lab.watch() as watch, \
                lab.send("P", [unicast("P", "G", "p")], 2000), \
                lab.send("A", spoofs("S"), 500):
            if old:     # It makes room by going.
                lab.agent.wait_open(device)
                assert "Argument list too long" in lab.agent.daemon.log()
            else:
                port = lab.agent.wait_state(device, "failed")
                assert "nf_tables" in port["why"], port
                assert not is_up(device)
            for name in "PB":
                assert lab.agent.state(DEVICE[name]) == "open"
            before = watch.seen().got("p", "uplink")
            until(lambda: watch.seen().got("p", "uplink") > before,
                  "P goes on")
            assert not watch.seen().rows("S")
    finally:
        sh("nft delete table netdev crowd")
    lab.agent.hangup()
    lab.agent.wait_open()


def test_neighbours_stay_open(lab):
    """What is a guest's alone in its segment is none of its neighbours'
    business."""
    seen = set()

    def both():
        ports_ = lab.agent.ports()
        seen.add(ports_[DEVICE["P"]]["state"])
        return ports_.get(DEVICE["A"], {}).get("state"), seen

    for _ in range(3):
        for change, state in ((lab.unplug, None), (lab.plug, "open")):
            change("A")
            until(lambda: both()[0] in (state, state or "absent"), "A follows")
    assert seen == {"open"}, seen


def test_port_that_leaves_the_policy(lab):
    """Its device leaves the bridge, with all that was ours on it, and its
    VLAN leaves the uplink."""
    doc = json.loads(json.dumps(lab.doc))
    del doc["tenants"]["globex"]["guests"]["b"]
    lab.agent.reload(doc)
    device = DEVICE["B"]
    until(lambda: device not in ports(), "it is out")
    lab.agent.settled()
    assert vlans()[UPLINK] == [(VLAN["A"], [])]
    assert "clsact" not in sh("tc qdisc show dev " + device)
    assert not [e for e in fdb() if e[1] == VLAN["B"]]
    assert os.path.exists("/sys/class/net/" + device)
    lab.agent.reload(lab.doc)
    lab.agent.wait_open()
