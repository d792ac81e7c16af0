# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch under a guard: what of the guard it keeps, and what it goes
past. These are the facts that a dataplane on it is built on."""

import pytest

from netns import veth
from shell import sh, until
from vswitch import Vswitch, packets_of
from wire import Wire

MAC = {name: bytes([2, 0, 0, 0, 0, number])
       for name, number in (("a", 10), ("b", 11))}
MARK, OTHER = 0x640000, 0xc80000        # Segments 100 and 200.


def frame(number):
    """From a to b; of no protocol that a host would answer."""
    return (MAC["b"] + MAC["a"] + b"\x88\xb5" + b"frame %06d" % number
            + bytes(40))


@pytest.fixture(name="switch", scope="module")
def _switch():
    with Vswitch() as switch:
        yield switch


class Pair:
    """Two devices on a bridge that has no flows, and what is behind them."""

    def __init__(self, switch, namespaces, datapath):
        self.switch, self.number = switch, 0
        self.wires = {}
        switch.command("add-br", "br0", "--", "set", "bridge", "br0",
                       "fail_mode=secure", "datapath_type=" + datapath)
        for number, name in enumerate("ab", 1):
            ns = namespaces("g" + name)
            veth("v" + name, "eth0", peer_ns=ns)
            switch.command("add-port", "br0", "v" + name, "--", "set",
                           "interface", "v" + name,
                           "ofport_request=%d" % number)
            self.wires[name] = Wire("eth0", ns)

    def send(self):
        """Whether a frame from a arrives at b."""
        self.number += 1
        self.wires["a"].send(frame(self.number))
        return self.arrives("b", frame(self.number))

    def passes(self):
        """The first frame that passes asked the daemon, which may have been
        busy; those after it are the datapath's own."""
        until(self.send, "a frame passes")
        return self.send() and self.send()

    def stops(self):
        return not any([self.send(), self.send(), self.send()])

    def arrives(self, name, wanted, timeout=1):
        try:
            self.wires[name].expect(wanted, timeout)
        except AssertionError:
            return False
        return True

    def close(self):
        for wire in self.wires.values():
            wire.close()
        self.switch.command("del-br", "br0")
        for name in "ab":
            sh("ip link del v" + name, check=False)
        sh("nft flush ruleset")


@pytest.fixture(name="pair")
def _pair(request, switch, namespaces):
    pair = Pair(switch, namespaces, request.param)
    yield pair
    pair.close()


def hook(device, direction, rule):
    """One rule where the guard is."""
    sh("nft add table netdev guard")
    sh("nft add chain netdev guard here { type filter hook %s device %s "
       "priority 0; }" % (direction, device))
    sh("nft add rule netdev guard here " + rule)


def mark(device, value):
    """What the guard does: a frame from the device is marked."""
    hook(device, "ingress", "mark set %#x" % value)


def lock(device, value):
    """What the lock does: to the device goes what is marked."""
    sh("tc qdisc add dev %s clsact" % device)
    sh("tc filter add dev %s egress prio 1 handle %#x/0xffff0000 fw "
       "action pass" % (device, value))
    sh("tc filter add dev %s egress prio 9 matchall action drop" % device)


KERNEL = pytest.mark.parametrize("pair", ["system"], indirect=True)
USERSPACE = pytest.mark.parametrize("pair", ["netdev"], indirect=True)
BOTH = pytest.mark.parametrize("pair", ["system", "netdev"], indirect=True)


@BOTH
def test_closed_until_told(pair):
    """fail_mode=secure: without flows nothing passes, with them it does."""
    assert pair.stops()
    pair.switch.add_flow("br0", "in_port=1,actions=output:2")
    assert pair.passes()
    pair.switch.del_flows("br0")
    assert pair.stops()


@KERNEL
def test_mark_survives(pair):
    """The guard's mark reaches OpenFlow, and the lock behind it; frames of no
    mark or another one are stopped by each of the two."""
    pair.switch.add_flow("br0", "cookie=7,in_port=1,actions=output:2")
    assert pair.passes()
    lock("vb", MARK)
    assert pair.stops()
    mark("va", MARK)
    assert pair.passes()
    pair.switch.del_flows("br0")
    pair.switch.add_flow("br0", "cookie=8,in_port=1,pkt_mark=%#x/0xffff0000,"
                         "actions=output:2" % MARK)
    assert pair.passes()
    n = packets_of(pair.switch, "br0", 8)
    assert n >= 3
    sh("nft flush ruleset")
    assert pair.stops()
    mark("va", OTHER)
    assert pair.stops()
    sh("tc qdisc del dev vb clsact")
    assert pair.stops()
    assert packets_of(pair.switch, "br0", 8) == n


@KERNEL
def test_guard_is_first(pair):
    """What the guard drops at a device does not reach the switch; what it
    drops on the way out does not reach the guest."""
    pair.switch.add_flow("br0", "cookie=9,in_port=1,actions=output:2")
    assert pair.passes()
    n = packets_of(pair.switch, "br0", 9)
    assert n >= 3
    hook("va", "ingress", "drop")
    assert pair.stops()
    assert packets_of(pair.switch, "br0", 9) == n
    sh("nft flush ruleset")
    hook("vb", "egress", "drop")
    assert pair.stops()
    assert packets_of(pair.switch, "br0", 9) == n + 3


@USERSPACE
def test_userspace_goes_past_ingress(pair):
    """The datapath in userspace reads a device ahead of the netdev hook: what
    comes from a guest only OpenFlow can judge. What goes to one, a hook
    still stops."""
    pair.switch.add_flow("br0", "in_port=1,actions=output:2")
    hook("va", "ingress", "drop")
    assert pair.passes()
    lock("vb", MARK)
    assert pair.stops()


def reconfigured(switch, device):
    """Once a device has changed, the next change to its bridge, whatever it
    is, has the daemon set up the device's queues and policing anew."""
    sh("ip link set %s mtu 1400" % device)
    switch.command("set", "bridge", "br0", "external_ids:x=%s" % device)


@KERNEL
def test_lock_stays(pair):
    """The daemon leaves the lock's clsact on a device as it is; a qdisc of
    the kind that its own policing uses, it takes away."""
    pair.switch.add_flow("br0", "in_port=1,actions=output:2")
    lock("vb", MARK)
    sh("tc qdisc add dev va ingress")
    for name in "ab":
        reconfigured(pair.switch, "v" + name)
    assert "ingress" not in sh("tc qdisc show dev va")
    assert "clsact" in sh("tc qdisc show dev vb")
    assert pair.stops()
    mark("va", MARK)
    assert pair.passes()


@KERNEL
def test_without_the_daemon(pair):
    """While ovs-vswitchd is away, the datapath does what it was told, and
    nothing new; with no flows of its own, a new one forwards nothing."""
    pair.switch.add_flow("br0", "in_port=1,actions=output:2")
    assert pair.passes()
    pair.switch.switch.kill()
    assert pair.send() and pair.send()
    back = MAC["a"] + MAC["b"] + frame(0)[12:]
    pair.wires["b"].send(back)
    assert not pair.arrives("a", back)
    pair.switch.start_switch()
    until(pair.stops, "what the datapath was told is forgotten")
    pair.switch.add_flow("br0", "in_port=1,actions=output:2")
    assert pair.passes()
