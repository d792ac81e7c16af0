# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about starting what is tested: the policy, the programs, the
wait until all ports are open.

A dataplane has a bridge, start(), apply(), stop(), and knows whether it
enforces tenant rules. PlainBridge is no product: a VLAN bridge without any
filter, on which the runner itself is tested.
"""

import json
import os

from daemon import Daemon
from shell import sh, sysctl

from model import cast

UPLINK = "up0"
BRIDGE = "cordon0"
DEVICES = {name: "vif" + name for name in "APB"}
RUN = "/run/cordon-corpus"
CONTROL = RUN + "/control"
OPEN_TIMEOUT = 40


def mac_text(mac):
    return mac.hex(":")


def flow(value):
    """A value in YAML's flow style, which JSON's is."""
    return json.dumps(value)


def interface(name, declared, storm):
    mac = {"A": cast.MAC_A, "P": cast.MAC_P, "B": cast.MAC_B}[name]
    keys = {"mac": mac_text(mac), "addresses": list(cast.ADDRESSES[name]),
            "network": "net", "device": DEVICES[name]}
    if storm:
        keys["storm"] = storm
    if name == "A" and declared:
        keys["extra"] = [{"mac": mac_text(m), "addresses": p}
                         for m, p in cast.EXTRA]
        keys["vrrp"] = cast.VRRP
    return keys


def policy(dataplane="linux", declared=False, remote=(), storm=None):
    """The cast as a policy file. Both tenants have the same subnets."""
    gateway = {"mac": mac_text(cast.MAC_G), "addresses": list(cast.GATEWAY)}
    host = {"uplink": UPLINK, "bridge": BRIDGE, "dataplane": dataplane,
            "underlay": list(cast.UNDERLAY)}
    lines = ["version: 1", "host: " + flow(host), "tenants:"]
    for tenant, vlan, guests in (("acme", cast.VLAN_A, "AP"),
                                 ("globex", cast.VLAN_B, "B")):
        network = {"vlan": vlan, "subnets": list(cast.SUBNETS),
                   "gateways": [gateway]}
        lines += ["  %s:" % tenant, "    networks:",
                  "      net: " + flow(network), "    guests:"]
        for name in guests:
            if name not in remote:
                lines += ["      %s:" % name.lower(), "        interfaces:",
                          "          - " + flow(interface(name, declared,
                                                          storm))]
    return "\n".join(lines) + "\n"


def forwards(device):
    """Whether the bridge forwards on 'device'. It begins when the kernel has
    noticed the carrier, up to a second after the device is up."""
    with open("/sys/class/net/%s/brport/state" % device,
              encoding="ascii") as f:
        return f.read().strip() == "3"


class Cordon:
    """cordond and cordon, from PATH."""

    bridge = BRIDGE
    tenant_rules = False        # `groups` is refused.

    def __init__(self, dataplane):
        self.dataplane = dataplane
        self.daemon = None
        self.path = RUN + "/policy.yaml"
        os.makedirs(RUN, exist_ok=True)

    def policy(self, **options):
        return policy(self.dataplane, **options)

    def start(self, text):
        self._write(text)
        self.daemon = Daemon("cordond", [
            "cordond", "--no-xen", "--policy=" + self.path,
            "--control=" + CONTROL, "--pidfile=" + RUN + "/pid",
            "--state-dir=" + RUN + "/state"])
        self.daemon.start()
        self._wait_open()

    def apply(self, text):
        """Another policy for the running agent."""
        self._write(text)
        sh(["cordon", "--control", CONTROL, "apply", self.path],
           timeout=OPEN_TIMEOUT)
        self._wait_open()

    def stop(self):
        if self.daemon:
            self.daemon.stop()
            self.daemon = None

    def drops(self):
        """{reason: frames}, all ports together."""
        total = {}
        for row in json.loads(self._cordon("show", "drops")).get("drops", []):
            total[row["reason"]] = (total.get(row["reason"], 0)
                                    + int(row["packets"]))
        return total

    def _write(self, text):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)

    def _cordon(self, *words):
        code, text = sh(["cordon", "--control", CONTROL, "--json", *words],
                        check=False)
        return text if code in (0, 1) else "{}"

    def _states(self):
        ports = json.loads(self._cordon("show", "ports")).get("ports", [])
        return {p["device"]: p["state"] for p in ports}

    def _wait_open(self):
        def all_open():
            states = self._states()
            return (states and set(states.values()) == {"open"}
                    and all(forwards(device) for device in states))
        try:
            self.daemon.wait_ready(all_open, "has all ports open",
                                   OPEN_TIMEOUT)
        except AssertionError as e:
            raise AssertionError("%s\n%s\n%s" % (
                e, self._cordon("show"), self._cordon("show", "ports")))


class PlainBridge:
    """A VLAN-aware bridge, access ports, a trunk, known MACs. It isolates
    VLANs and learns; nothing else. With `host` the bridge device is in both
    VLANs."""

    bridge = BRIDGE
    tenant_rules = False

    def __init__(self, host=False):
        self.host = host

    def policy(self, **options):
        return policy(**options)

    def start(self, text):
        sh("ip link add %s type bridge vlan_filtering 1 vlan_default_pvid 0"
           " mcast_snooping 0" % BRIDGE)
        sysctl("net.ipv6.conf.%s.disable_ipv6" % BRIDGE, 1)
        sh("ip link set %s address %s up" % (BRIDGE, mac_text(cast.MAC_H)))
        for name, vlan, mac in (("A", cast.VLAN_A, cast.MAC_A),
                                ("P", cast.VLAN_A, cast.MAC_P),
                                ("B", cast.VLAN_B, cast.MAC_B)):
            device = DEVICES[name]
            if '"%s"' % device in text:
                sysctl("net.ipv6.conf.%s.disable_ipv6" % device, 1)
                sh("ip link set %s master %s up" % (device, BRIDGE))
                sh("bridge vlan add dev %s vid %d pvid untagged"
                   % (device, vlan))
                self._known(mac, device, vlan)
        sh("ip link set %s master %s up" % (UPLINK, BRIDGE))
        for vlan in (cast.VLAN_A, cast.VLAN_B):
            sh("bridge vlan add dev %s vid %d" % (UPLINK, vlan))
            self._known(cast.MAC_G, UPLINK, vlan)
            if self.host:
                sh("bridge vlan add dev %s vid %d self" % (BRIDGE, vlan))

    @staticmethod
    def _known(mac, device, vlan):
        sh("bridge fdb add %s dev %s master static sticky vlan %d"
           % (mac_text(mac), device, vlan))

    def apply(self, text):
        pass

    def stop(self):
        sh("ip link del " + BRIDGE, check=False)

    def drops(self):
        return {}


DATAPLANES = {"nft": lambda: Cordon("linux"), "none": PlainBridge,
              "open": lambda: PlainBridge(host=True)}
# Where each says what it cannot do.
EXCEPTIONS = {"nft": "exceptions-nft.json"}


def make(name):
    return DATAPLANES[name]()
