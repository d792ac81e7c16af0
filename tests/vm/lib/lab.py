# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with cordon on it and guests that send: for the scenarios.

The cast is the corpus' (tests/corpus): A and P of tenant acme on VLAN 100, B
of globex on 200, behind devices vifA, vifP, vifB; the trunk's far end is in
namespace "trunk". A Lab's policy is a dict.
"""

import copy
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess

import product
from bed import Bed
from daemon import Daemon
from frames import MAC
from model import cast
from netns import forwards, link_info
from shell import CommandError, sh, sysctl, until
from traffic import Sender, Watch, tool

DEVICE = product.DEVICES
BRIDGE = product.BRIDGE
UPLINK = product.UPLINK
PORT = {"A": "acme/a/0", "P": "acme/p/0", "B": "globex/b/0"}


class Fault:
    """What tools/fault.c does to the agent's netlink messages."""

    FIELDS = ("armed", "writes", "at", "sticky", "action", "error", "seen",
              "done")
    NONE, ERROR, REFUSE, STOP, KILL = range(5)
    PATH = "/tmp/fault"

    def __init__(self):
        with open(self.PATH, "wb") as f:
            f.write(bytes(4096))
        with open(self.PATH, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)
        self.environment = {
            "FAULT": self.PATH,
            "LD_PRELOAD": tool("fault.so", "fault.c", "-shared", "-fPIC")}

    def __getattr__(self, name):
        at = 4 * self.FIELDS.index(name)
        return struct.unpack_from("I", self.map, at)[0]

    def set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("I", self.map, 4 * self.FIELDS.index(name),
                             int(value))

    def arm(self, at, action, error=0, sticky=False, writes=False):
        self.set(armed=0)
        self.set(at=at, action=action, error=error, sticky=sticky,
                 writes=writes, seen=0, done=0)
        self.set(armed=1)

    def disarm(self):
        self.set(armed=0)


class Agent(product.Cordon):
    """cordond; its log is in /out/cordond.log after each test: writing there
    takes the host's time for each line."""

    def __init__(self, environment=None, options=()):
        super().__init__("linux", "auto")
        self.environment = environment
        self.options = list(options)

    def write(self, doc):
        """Replaces the policy file at once, as a careful editor does."""
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            f.write(json.dumps(doc, indent=1))
        os.rename(self.path + ".new", self.path)

    def launch(self):
        """Starts it and does not wait."""
        if self.daemon is None:
            self.daemon = Daemon("cordond", [
                "cordond", "--no-xen", "--policy=" + self.path,
                "--control=" + product.CONTROL,
                "--pidfile=" + product.RUN + "/pid",
                "--state-dir=" + product.RUN + "/state", *self.options],
                env=self.environment, folder="/tmp/log")
        self.daemon.start()

    def keep_log(self):
        if self.daemon:
            shutil.copy(self.daemon.path, "/out")

    def begin(self, doc):
        """Starts it with a policy; ready when its ports are open."""
        self.write(doc)
        self.launch()
        self.wait_open()

    def call(self, method, *words, timeout=90):
        """(exit status, what it prints) of a method of the control socket;
        None as status if nobody answers."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            try:
                s.connect(product.CONTROL)
                s.sendall(json.dumps({
                    "method": method, "params": ["json", *words],
                    "id": 0}).encode())
                data = b""
                while more := s.recv(1 << 16):
                    data += more
                    if data.endswith(b"}"):
                        try:
                            reply = json.loads(data)
                        except ValueError:
                            continue
                        return (reply["result"]["status"],
                                reply["result"]["output"])
            except (ConnectionError, FileNotFoundError, TimeoutError):
                pass
        return None, ""

    def cordon(self, *words, check=True):
        code, text = self.call(*words)
        if check:
            assert code in (0, 1), text
        return json.loads(text) if code in (0, 1) and text else {}

    def ports(self):
        """{device: {"state", "why"...}}."""
        return {p.get("device"): p
                for p in self.cordon("show", "ports", check=False)
                .get("ports", [])}

    def state(self, device):
        return self.ports().get(device, {}).get("state")

    def wait_state(self, device, state, timeout=20):
        return until(lambda: self.state(device) == state
                     and self.ports()[device],
                     "%s is %s (%s)" % (device, state, self.ports()),
                     timeout)

    def wait_open(self, *devices, timeout=60):
        """Wait until these ports are open; without any, all there are."""
        def opened():
            assert self.daemon.alive(), self.daemon.log()[-3000:]
            ports = self.ports()
            wanted = devices or [d for d, p in ports.items()
                                 if p["state"] != "absent"]
            return wanted and all(d in ports and ports[d]["state"] == "open"
                                  and forwards(d) for d in wanted)
        try:
            until(opened, "ports are open", timeout)
        except AssertionError as e:
            raise AssertionError("%s\n%s\n%s" % (
                e, self.ports(), self.daemon.log()[-3000:])) from None

    def settled(self, timeout=20):
        """Wait until the kernel holds all that is wanted."""
        return until(lambda: self.summary().get("state") == "converged"
                     and self.summary(), "converged", timeout)

    def summary(self):
        return self.cordon("show", check=False)

    def reload(self, doc):
        """Replaces the policy and waits until it holds."""
        self.write(doc)
        code, text = self.call("apply", "60", self.path)
        assert code == 0, text

    def hangup(self):
        self.daemon.signal(signal.SIGHUP)


# The host.

class Lab(Bed):
    def __init__(self):
        super().__init__()
        self.macs = dict(MAC)
        self.doc = policy()
        self.agent = None
        self.fault = Fault()
        self.extra = []
        sysctl("net.core.netdev_max_backlog", 100000)

    def start(self, options=()):
        """The agent, with the fault library in it, disarmed."""
        self.fault.disarm()
        self.agent = Agent(self.fault.environment, options)
        self.agent.begin(self.doc)

    def places(self):
        places = {n: ("eth0", "g" + n, True) for n in DEVICE
                  if link_info("eth0", "g" + n)}
        places["uplink"] = ("eth0", "trunk", True)
        places["H"] = (BRIDGE, None, False)
        return places

    def watch(self):        # pylint: disable=arguments-differ
        """A Watch on everybody who is plugged in now."""
        return Watch(self.places())

    def send(self, name, frames, usec=0):
        """A Sender in a guest, or on the trunk's far end ("uplink")."""
        return Sender("eth0", frames, "trunk" if name == "uplink"
                      else "g" + name, usec)

    def unplug(self, name):
        """Takes a guest's device away; its namespace stays."""
        sh("ip link del " + DEVICE[name])

    def plug(self, name, device=None, index=None, mac=None):
        """A new device for a guest, down as a vif is at first."""
        device = device or DEVICE[name]
        words = ["ip", "link", "add", "name", device]
        if index is not None:
            words += ["index", str(index)]
        words += ["type", "veth", "peer", "name", "eth0", "netns", "g" + name,
                  "address", product.mac_text(mac or self.macs[name])]
        sh(words)
        sh("ethtool -K %s tx off" % device)
        sh("ip link set eth0 mtu 9200 up", ns="g" + name)
        sh("ethtool -K eth0 tx off", ns="g" + name)

    def restore(self):
        """All three guests open under the first policy."""
        assert self.agent.daemon and self.agent.daemon.alive(), (
            "the agent has gone")
        assert not stopped(self.agent.daemon.pid), "the agent is stopped"
        self.fault.disarm()
        for name, device in DEVICE.items():
            if link_info(device) is None:
                self.plug(name)
        self.agent.reload(self.doc)
        self.agent.wait_open(*DEVICE.values(), timeout=15)
        self.agent.settled(10)

    def remove(self):
        """Everything, so that another Lab can be made."""
        if self.agent:
            self.agent.keep_log()
        if self.agent and self.agent.daemon and self.agent.daemon.alive():
            if stopped(self.agent.daemon.pid):
                self.agent.daemon.signal(signal.SIGCONT)
            self.agent.daemon.stop()
        for device in [*DEVICE.values(), UPLINK, BRIDGE, *self.extra]:
            sh(["ip", "link", "del", device], check=False)
        for ns in ("gA", "gP", "gB", "trunk"):
            sh(["ip", "netns", "del", ns], check=False)
        sh("nft flush ruleset")


_kept = None


def take():
    """The Lab that there is, or a new one."""
    global _kept
    if _kept is None:
        lab = Lab()
        try:
            lab.start()
        except BaseException:
            lab.remove()
            raise
        _kept = lab
    return _kept


def give_back(intact):
    """Puts the Lab in its first state; if it cannot be, it goes."""
    global _kept
    lab = _kept
    lab.agent.keep_log()
    try:
        if not intact:
            raise AssertionError("a test failed")
        lab.restore()
    except (AssertionError, OSError, CommandError,
            subprocess.TimeoutExpired) as e:
        print("the lab is made anew: %s" % e)
        _kept = None
        lab.remove()


def policy():
    """The cast's policy, as a dict that a test may change a copy of."""
    gateway = {"mac": product.mac_text(cast.MAC_G),
               "addresses": list(cast.GATEWAY)}
    doc = {"version": 1,
           "host": {"uplink": UPLINK, "bridge": BRIDGE,
                    "dataplane": "linux", "underlay": list(cast.UNDERLAY)},
           "tenants": {}}
    for tenant, vlan, guests in (("acme", cast.VLAN_A, "AP"),
                                 ("globex", cast.VLAN_B, "B")):
        doc["tenants"][tenant] = {
            "networks": {"net": {"vlan": vlan, "gateways": [gateway],
                                 "subnets": list(cast.SUBNETS)}},
            "guests": {g.lower(): {"interfaces": [
                product.interface(g)]} for g in guests}}
    return doc


def changed(doc, guest, **keys):
    """A copy of a policy with keys of a guest's interface replaced."""
    doc = copy.deepcopy(doc)
    tenant = "globex" if guest == "B" else "acme"
    guests = doc["tenants"][tenant]["guests"]
    guests[guest.lower()]["interfaces"][0].update(keys)
    return doc


def is_up(device):
    info = link_info(device)
    return bool(info) and "UP" in info["flags"]


def closed(device):
    """Nothing can pass a device: it is down, or in no bridge."""
    info = link_info(device)
    return info is None or "UP" not in info["flags"] or (
        "master" not in info)


def stopped(pid):
    """Whether a process has been stopped by a signal."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0] in "tT"
    except FileNotFoundError:
        return False
