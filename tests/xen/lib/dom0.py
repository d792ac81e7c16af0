# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's surroundings: an uplink into a namespace that plays the network.

The namespace "switch" stands for the physical switch and everything behind
it.  "up0" is dom0's NIC, "wire" its other end; what dom0 sends to the network
arrives at "wire" with its VLAN tags.
"""

import netns
from shell import sh
from wire import Wire

UPLINK = "up0"
WIRE = "wire"


class Uplink:
    """A trunk.  'wire' is a Wire on its far end: exact frames with tags."""

    def __init__(self, name=UPLINK, ns="switch"):
        self.name = name
        self.ns = netns.NetNS(ns)
        netns.veth(name, WIRE, peer_ns=self.ns)
        self.wire = Wire(WIRE, self.ns)

    def host(self, vlan, *ips, mac=None):
        """A host of the network on a VLAN: the namespace "vlanN" with eth0.

        Returns the namespace, for run()."""
        ns = netns.NetNS("vlan%d" % vlan)
        link = "%s.%d" % (WIRE, vlan)
        self.ns.run("ip link add link %s name %s type vlan id %d"
                    % (WIRE, link, vlan))
        # A device cannot keep its VLANs when it leaves a namespace, but a
        # VLAN device can leave alone.
        self.ns.run("ip link set dev %s name eth0 netns %s" % (link, ns))
        if mac:
            ns.run("ip link set dev eth0 address " + mac)
        ns.run("ip link set dev eth0 up")
        netns.addresses("eth0", *ips, ns=ns)
        return ns

    def close(self):
        self.wire.close()
        self.ns.delete()


def bridge(name, *ports):
    """A plain bridge, as vif-bridge expects one."""
    sh("ip link add name %s type bridge" % name)
    sh("ip link set dev %s up" % name)
    for port in ports:
        sh("ip link set dev %s master %s" % (port, name))


def xenstore(path):
    """{node: value} of all that is below a path of xenstore."""
    code, text = sh(["xenstore-ls", "-f", path], check=False)
    found = {}
    if code == 0:
        for line in text.splitlines():
            node, equals, value = line.partition(" = ")
            if equals:
                found[node] = value.strip('"')
    return found
