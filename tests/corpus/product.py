# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about starting what is tested: the policy, the programs, the
wait until all ports are open.

A dataplane has a bridge, start(), apply(), stop(), and knows whether it
enforces tenant rules. PlainBridge is no product: a VLAN bridge without any
filter, on which the runner itself is tested.
"""

import json
import os
import signal

from daemon import Daemon
from netns import forwards
from shell import sh, sysctl, until

from model import cast

UPLINK = "up0"
BRIDGE = "cordon0"
DEVICES = {name: "vif" + name for name in "APB"}
RUN = "/run/cordon-corpus"
CONTROL = RUN + "/control"
OPEN_TIMEOUT = 40
MODULE = "/cordon/cordon.ko"


def mac_text(mac):
    return mac.hex(":")


def flow(value):
    """A value in YAML's flow style, which JSON's is."""
    return json.dumps(value)


def interface(name, declared=False, storm=None, link_local=None):
    mac = {"A": cast.MAC_A, "P": cast.MAC_P, "B": cast.MAC_B}[name]
    keys = {"mac": mac_text(mac), "addresses": list(cast.ADDRESSES[name]),
            "network": "net", "device": DEVICES[name]}
    if storm:
        keys["storm"] = storm
    if name == "A" and link_local:
        keys["link_local"] = link_local
    if name == "A" and declared:
        keys["extra"] = [{"mac": mac_text(m), "addresses": p}
                         for m, p in cast.EXTRA]
        keys["vrrp"] = cast.VRRP
    return keys


def policy(dataplane="linux", guard="nftables", declared=False, remote=(),
           storm=None, link_local=None, shared=False, ruled=None):
    """The cast as a policy file. Both tenants have the same subnets, or are
    in one shared network. `ruled`, a tenant with rules, is in A's and P's place."""
    gateway = {"mac": mac_text(cast.MAC_G), "addresses": list(cast.GATEWAY)}
    host = {"uplink": UPLINK, "bridge": BRIDGE, "dataplane": dataplane,
            "guard": guard, "underlay": list(cast.UNDERLAY)}
    lines = ["version: 1", "host: " + flow(host), "tenants:"]
    if shared:
        return "\n".join(lines + shared_tenants(gateway)) + "\n"
    for tenant, vlan, guests in (("acme", cast.VLAN_A, "AP"),
                                 ("globex", cast.VLAN_B, "B")):
        network = {"vlan": vlan, "subnets": list(cast.SUBNETS),
                   "gateways": [gateway]}
        if ruled and "A" in guests:
            lines.append(ruled_tenant(ruled, gateway))
            continue
        lines += ["  %s:" % tenant, "    networks:",
                  "      net: " + flow(network), "    guests:"]
        for name in guests:
            if name not in remote:
                lines += ["      %s:" % name.lower(), "        interfaces:",
                          "          - " + flow(interface(
                              name, declared, storm, link_local))]
    return "\n".join(lines) + "\n"


def ruled_tenant(tenant, gateway):
    """A tenant of the model's as the policy has it on this host."""
    found = json.loads(json.dumps(tenant))
    found["networks"]["net"]["gateways"] = [gateway]
    for guest, keys in found["guests"].items():
        if guest.upper() in DEVICES:
            keys["interfaces"][0]["device"] = DEVICES[guest.upper()]
    return "  acme: " + flow(found)


def shared_tenants(gateway):
    """All are in one network; who is remote, too: that is what makes it A."""
    network = {"vlan": cast.VLAN_A, "subnets": list(cast.SUBNETS),
               "gateways": [gateway], "shared": True}
    lines = ["  provider:", "    networks:", "      net: " + flow(network)]
    for tenant, community, guests in (("acme", True, "AP"),
                                      ("globex", False, "B")):
        lines += ["  %s:" % tenant, "    community: " + flow(community),
                  "    guests:"]
        for name in guests:
            keys = dict(interface(name), network="provider/net")
            lines += ["      %s:" % name.lower(), "        interfaces:",
                      "          - " + flow(keys)]
    return lines


class Cordon:
    """cordond and cordon, from PATH; the kernel module where it is the
    guard."""

    bridge = BRIDGE
    tenant_rules = False        # None are in its policy, unless asked for.

    @property
    def remembers(self):
        """Whether it remembers fragments that it has seen."""
        return self.guard == "module"

    def __init__(self, dataplane, guard):
        self.dataplane = dataplane
        self.guard = guard
        self.daemon = None
        self.path = RUN + "/policy.yaml"
        os.makedirs(RUN, exist_ok=True)

    def policy(self, **options):
        return policy(self.dataplane, self.guard, **options)

    def start(self, text):
        self._write(text)
        if self.guard == "module" and not os.path.exists(
                "/sys/module/cordon"):
            sh(["insmod", MODULE])
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

    def forget(self):
        """As if A had sent nothing yet."""
        for verb in ("unplug", "plug"):
            self._cordon(verb, DEVICES["A"])
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


class WithoutRules(Cordon):
    """The product, with tenants' rules passed over behind its back and the
    agent kept from seeing it: for the runner's own test. What nobody has
    rules for is judged as ever."""

    def apply(self, text):
        os.kill(self.daemon.pid, signal.SIGCONT)
        super().apply(text)
        os.kill(self.daemon.pid, signal.SIGSTOP)
        for chain in ("from", "to"):
            sh("nft insert rule bridge cordon %s "
               "mark set mark or 0x8000 return" % chain)

    def drops(self):
        return {}

    def stop(self):
        if self.daemon:
            os.kill(self.daemon.pid, signal.SIGCONT)
        super().stop()


class PlainBridge:
    """A VLAN-aware bridge, access ports, a trunk, known MACs. It isolates
    VLANs and learns; nothing else. With `host` the bridge device is in both
    VLANs."""

    bridge = BRIDGE
    tenant_rules = False
    remembers = False

    def __init__(self, host=False):
        self.host = host

    def policy(self, **options):
        return policy(**options)

    def start(self, text):
        sh("ip link add %s type bridge vlan_filtering 1 vlan_default_pvid 0"
           " mcast_snooping 0" % BRIDGE)
        sysctl("net.ipv6.conf.%s.disable_ipv6" % BRIDGE, 1)
        sh("ip link set %s address %s up" % (BRIDGE, mac_text(cast.MAC_H)))
        ports = []
        for name, vlan, mac in (("A", cast.VLAN_A, cast.MAC_A),
                                ("P", cast.VLAN_A, cast.MAC_P),
                                ("B", cast.VLAN_B, cast.MAC_B)):
            device = DEVICES[name]
            if '"%s"' % device in text:
                sysctl("net.ipv6.conf.%s.disable_ipv6" % device, 1)
                sh("ip link set %s master %s up" % (device, BRIDGE))
                ports.append(device)
                sh("bridge vlan add dev %s vid %d pvid untagged"
                   % (device, vlan))
                self._known(mac, device, vlan)
        sh("ip link set %s master %s up" % (UPLINK, BRIDGE))
        ports.append(UPLINK)
        for vlan in (cast.VLAN_A, cast.VLAN_B):
            sh("bridge vlan add dev %s vid %d" % (UPLINK, vlan))
            self._known(cast.MAC_G, UPLINK, vlan)
            if self.host:
                sh("bridge vlan add dev %s vid %d self" % (BRIDGE, vlan))
        until(lambda: all(map(forwards, ports)), "the bridge forwards")

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


DATAPLANES = {"nft": lambda: Cordon("linux", "nftables"),
              "module": lambda: Cordon("linux", "module"),
              "unruled": lambda: WithoutRules("linux", "nftables"),
              "none": PlainBridge, "open": lambda: PlainBridge(host=True)}
# Where each says what it cannot do.
EXCEPTIONS = {"nft": "exceptions-nft.json"}


def make(name):
    return DATAPLANES[name]()
