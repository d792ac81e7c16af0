# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that the claims are made about.

dom0 with an uplink whose far end is the switch, the gateway of each tenant
behind it, the agent with demo-policy.yaml, and the guests of two tenants.
Also what is asked again and again: who got a frame, what was counted.
"""

import json
import os
import shutil
import time

import frames as f
from daemon import Daemon
from dom0 import Uplink
from guest import Guest, XlError, create
from netns import addresses
from shell import quiesce, sh, until
from wire import Wire

HERE = os.path.dirname(os.path.realpath(__file__))
POLICY = "/etc/cordon/policy.yaml"
CONTROL = "/run/cordon/cordond.ctl"
BRIDGE = "cordon0"
GATEWAY_MAC = "00:16:3e:00:00:fe"
VLAN = {"acme": 110, "globex": 120}
# What dom0 is known by, on a device of its own.
DOM0_IPV4, DOM0_IPV6 = "198.51.100.1", "2001:db8:d0::1"
UNDERLAY = "192.0.2.10"


class Ear:
    """Keeps everything that a Wire receives."""

    def __init__(self, wire):
        self.wire = wire
        self.frames = []

    def listen(self):
        """Take what has arrived; all of it since clear()."""
        while True:
            data = self.wire.receive()
            if data is None:
                return self.frames
            self.frames.append(data)

    def clear(self):
        self.listen()
        self.frames = []

    def wait(self, body, timeout=60):
        """Wait until a frame has 'body' in it."""
        start = 0

        def heard():
            nonlocal start
            seen = self.listen()
            new, start = seen[start:], len(seen)
            return any(body in frame for frame in new)

        until(heard, "a frame with %r at %s" % (body, self.wire.link),
              timeout)


class Bed:
    def __init__(self, say=lambda text: None):
        self.say = say
        self.once = {}
        self.beacons = 0
        self.uplink = None
        self.agent = None
        self.switch = self.dom0 = None
        self.gateway = {}
        self.web1 = self.guest("web1", "acme", "00:16:3e:00:00:01", 11)
        self.web2 = self.guest("web2", "acme", "00:16:3e:00:00:02", 12)
        self.app1 = self.guest("app1", "globex", "00:16:3e:00:00:01", 11)
        self.app2 = self.guest("app2", "globex", "00:16:3e:00:00:04", 13)
        self.guests = [self.web1, self.web2, self.app1, self.app2]

    @staticmethod
    def guest(name, tenant, mac, number, **options):
        """A guest that may be in the policy; not created yet."""
        guest = Guest(name, mac=mac, tenant=tenant, script="vif-cordon",
                      ips=["10.0.0.%d/24" % number,
                           "fd00:a::%d/64" % number], **options)
        guest.ipv4 = "10.0.0.%d" % number
        guest.ipv6 = "fd00:a::%d" % number
        guest.link_local = f.eui64(mac)
        return guest

    # Building it

    def build(self):
        """Everything but the guests."""
        self.uplink = Uplink()
        self.switch = Ear(self.uplink.wire)
        for tenant, vlan in VLAN.items():
            ns = self.uplink.host(vlan, "10.0.0.1/24", "fd00:a::1/64",
                                  "fe80::1/64", mac=GATEWAY_MAC)
            self.gateway[tenant] = ns
        sh("ip link add name dom0net type dummy")
        addresses("dom0net", DOM0_IPV4 + "/24", DOM0_IPV6 + "/64",
                  UNDERLAY + "/24")
        sh("ip link set dev dom0net up")
        os.makedirs(os.path.dirname(POLICY), exist_ok=True)
        shutil.copy(os.path.join(HERE, "demo-policy.yaml"), POLICY)
        # Where an installed one is; the hotplug script looks nowhere else.
        os.makedirs("/usr/local/bin", exist_ok=True)
        os.symlink(shutil.which("cordon"), "/usr/local/bin/cordon")
        os.makedirs("/run/cordon", exist_ok=True)
        os.makedirs("/var/lib/cordon", exist_ok=True)
        self.agent = Daemon("cordond", ["cordond", "--policy=" + POLICY,
                                        "--control=" + CONTROL,
                                        "--pidfile=/run/cordon/cordond.pid",
                                        "-vconsole:info"])
        self.start_agent()
        # Not promiscuous: the bridge lets a capture have what it keeps from
        # the host's stack.
        self.dom0 = Ear(Wire(BRIDGE, promiscuous=False))

    def create_guests(self):
        create(*self.guests)
        for guest in self.guests:
            # They shall take no addresses from the routers that are tried,
            # and look for dom0 where it could be: next to them.
            guest.run("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra; "
                      "ip route add %s dev eth0; ip route add %s dev eth0; "
                      "ip -6 route add %s dev eth0"
                      % (DOM0_IPV4, UNDERLAY, DOM0_IPV6))

    # The agent

    def start_agent(self):
        self.agent.start()
        self.agent.wait_ready(
            lambda: self.show().get("state") == "converged", "converged", 120)

    def cordon(self, *words):
        """(exit code, what it wrote) of a cordon command."""
        return sh(["cordon", "--control=" + CONTROL, *words], check=False)

    def show(self, *what):
        """What "cordon --json show" says; {} if there is no answer."""
        code, text = self.cordon("--json", "show", *what)
        return json.loads(text) if code == 0 else {}

    def ports(self):
        """{port name: {"state": ...}} of all ports."""
        return {p["port"]: p for p in self.show("ports").get("ports", [])}

    def drops(self, device=None):
        """{reason: packets}, of one device or of all."""
        counted = {}
        for drop in self.show("drops")["drops"]:
            if device is None or drop["device"] == device:
                reason = drop["reason"]
                counted[reason] = counted.get(reason, 0) + drop["packets"]
        return counted

    # Talking

    def ping(self, source, address):
        return "answer" if source.ping(address) else "no answer"

    def tcp(self, client, server, address, port=8080):
        """What a TCP client reads from a server that says its name."""
        server.run("(echo I am %s | nc -l -p %d > /tmp/tcp 2>&1 & echo $! > "
                   "/tmp/tcp.pid)" % (server, port))
        _, text = client.try_run("echo hello | nc -w 3 %s %d 2>&1"
                                 % (address, port))
        server.run("kill $(cat /tmp/tcp.pid) 2>/dev/null; true")
        return text.strip() if "I am" in text else "no answer"

    def beacon(self, guest):
        """A harmless broadcast frame, each one different; and its body."""
        self.beacons += 1
        text = b"beacon-%05d" % self.beacons
        return f.udp4(f.BROADCAST, guest.mac, guest.ipv4, "255.255.255.255",
                      9, 9, text), text

    # Seeing

    def peer(self, guest):
        return next(g for g in self.guests
                    if g.tenant == guest.tenant and g is not guest)

    def listen(self):
        """Start to record, everywhere."""
        for guest in self.guests:
            guest.capture_start()
        self.switch.clear()
        self.dom0.clear()

    def heard(self):
        """{place: frames} since listen(), of every place.

        Each guest has got everything sent to it before: a beacon of its
        peer, sent now, has arrived."""
        for guest in self.guests:
            frame, body = self.beacon(self.peer(guest))
            self.peer(guest).send_frames(frame)
            until(lambda g=guest, b=body: g.try_run(
                "grep -q %s /tmp/capture.*" % b.hex())[0] == 0,
                "%s gets its peer's beacon" % guest, every=0.05)
        places = {g.name: g.capture_stop() for g in self.guests}
        quiesce()
        places["dom0"] = self.dom0.listen()
        places["switch"] = self.switch.listen()
        return places

    # Xen

    def refused(self, guest):
        """What xl says when it does not create 'guest'."""
        try:
            guest.start()
        except XlError as e:
            return str(e)
        finally:
            if guest.exists():
                guest.destroy()
        return "created"

    def diagnosis(self):
        """What helps if the bed itself cannot be built."""
        lines = []
        for command in ("xl list", "ps -eo pid,stat,wchan:24,args",
                        "ip -br link show"):
            lines.append(sh(command, check=False)[1])
        if self.agent:
            for name in ("stack", "status"):
                path = "/proc/%d/%s" % (self.agent.pid, name)
                if os.path.exists(path):
                    with open(path) as text:
                        lines.append(text.read())
            lines.append(self.agent.log()[-2000:])
        return "\n".join(lines)


def body(frame):
    """What is left of a frame wherever it is seen: without MACs, tags and
    padding, but more than an ICMP error quotes."""
    return frame[12:].rstrip(b"\0")


def who(places, text):
    """Where a frame with 'text' in it has been, as words: "web2
    switch/110"."""
    found = []
    for place, seen in places.items():
        for frame in seen:
            if text in frame:
                vlan, _ = f.untagged(frame)
                name = place if place != "switch" else \
                    "switch/%s" % (vlan if vlan is not None else "untagged")
                if name not in found:
                    found.append(name)
    return " ".join(found) or "nobody"


def pause(seconds):
    """Let time pass, where that is what is tried."""
    time.sleep(seconds)
