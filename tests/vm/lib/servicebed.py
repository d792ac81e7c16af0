# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with services and real servers: dnsmasq and an HTTP server behind
cordon-service's namespaces. acme and globex have the same subnet, the same
service and even the same guest; acme's other network has that subnet too and
no service; provider's is shared by both.
"""

import contextlib
import json
import os
import socket
import struct

import pytest

import guard as module
from daemon import Daemon
from netns import NetNS, addresses, inside, veth
from shell import quiesce, sh, sysctl, until
from twohosts import Host
from wire import Wire

SUBNET = "10.0.0.0/24"
METADATA = "169.254.169.254"
SERVICE = {"mac": "00:16:3e:00:00:02", "addresses": ["10.0.0.2", METADATA],
           "allow": [{"protocol": "udp", "ports": [53]},
                     {"protocol": "tcp", "ports": [53, 80]}], "dhcp": True}
SERVICE_MAC = bytes.fromhex("00163e000002")
GATEWAY_MAC = bytes.fromhex("00163e0000fe")
FAR_MAC = bytes.fromhex("00163e000003")
SHARED = {"mac": "00:16:3e:03:00:02",
          "addresses": ["198.51.100.2", "2001:db8:1::2"],
          "allow": [{"protocol": "udp", "ports": [53]}]}
VLAN = {"acme": 110, "other": 111, "globex": 120, "public": 300}

# Guest: (tenant, network, number). a1 and b1 have one MAC and one address.
GUESTS = {"a1": ("acme", "web", 11), "a2": ("acme", "web", 12),
          "b1": ("globex", "web", 11), "d1": ("acme", "other", 13),
          "c1": ("acme", "provider/public", 31),
          "c2": ("globex", "provider/public", 32)}
DEVICE = {"acme/web:infra": "svc-acme", "globex/web:infra": "svc-globex",
          "provider/public:dns": "svc-public"}


def mac(guest):
    return bytes([0, 0x16, 0x3e, 0, 1, GUESTS[guest][2]])


def ip(guest):
    net = "198.51.100" if "/" in GUESTS[guest][1] else "10.0.0"
    return "%s.%d" % (net, GUESTS[guest][2])


def ips(guest):
    """A shared network has IPv6, too."""
    more = ["2001:db8:1::%d" % GUESTS[guest][2]]
    return [ip(guest), *(more if "/" in GUESTS[guest][1] else [])]


def space(service):
    """The namespace that cordon-service makes."""
    return "cordon-" + service.replace("/", ":")


def policy(guard, **keys):
    """`keys` change acme's service."""
    gateway = {"mac": GATEWAY_MAC.hex(":"), "addresses": ["10.0.0.1"]}

    def network(vlan, **more):
        return {"vlan": vlan, "subnets": [SUBNET], "gateways": [gateway],
                **more}
    doc = {"version": 1, "host": {"uplink": "up0", "guard": guard},
           "tenants": {
        "acme": {"networks": {
            "web": network(VLAN["acme"], services={
                "infra": {**SERVICE, "device": "svc-acme", **keys},
                "far": {"mac": FAR_MAC.hex(":"), "addresses": ["10.0.0.3"],
                        "device": "svc-far"}}),
            "other": network(VLAN["other"])}},
        "globex": {"networks": {"web": network(VLAN["globex"], services={
            "infra": {**SERVICE, "device": "svc-globex"}})}},
        "provider": {"networks": {"public": {
            "vlan": VLAN["public"], "shared": True,
            "subnets": ["198.51.100.0/24", "2001:db8:1::/64"],
            "services": {"dns": {**SHARED, "device": "svc-public"}}}}}}}
    for guest, (tenant, net, _) in GUESTS.items():
        guests = doc["tenants"][tenant].setdefault("guests", {})
        guests[guest] = {"interfaces": [
            {"mac": mac(guest).hex(":"), "addresses": ips(guest),
             "network": net, "device": "v" + guest}]}
    return doc


def service(host, *words, check=True):
    """Runs cordon-service against the host's agent."""
    return sh(["env", "CORDON_CONTROL=%s/control" % host.run,
               "CORDON_SERVICE_TIMEOUT=40", "cordon-service", *words],
              check=check)


class Servers:
    """What answers in a service's namespace: DHCP and DNS by dnsmasq, HTTP by
    busybox. Each says whose it is."""

    def __init__(self, name):
        self.name = name
        self.owner = name.partition("/")[0]
        self.folder = "/tmp/" + self.owner
        os.makedirs(self.folder, exist_ok=True)
        with open(self.folder + "/index.html", "w", encoding="ascii") as f:
            f.write("I am " + self.owner)
        self.daemons = []

    def start(self):
        ns = space(self.name)
        options = ["--keep-in-foreground", "--conf-file=/dev/null",
                   "--user=root", "--log-facility=-", "--pid-file=",
                   "--interface=eth0", "--no-hosts", "--no-resolv",
                   "--no-ping", "--txt-record=who.test," + self.owner]
        if self.owner != "provider":
            options += ["--dhcp-range=10.0.0.0,static,255.255.255.0,1h",
                        "--dhcp-host=%s,10.0.0.11" % mac("a1").hex(":"),
                        "--dhcp-host=%s,10.0.0.12" % mac("a2").hex(":"),
                        "--dhcp-host=%s,10.0.0.13" % mac("d1").hex(":"),
                        "--dhcp-leasefile=%s/leases" % self.folder,
                        "--dhcp-option=option:router",
                        "--dhcp-option=121,%s/32,10.0.0.2" % METADATA]
        self.daemons = [Daemon("dnsmasq-" + self.owner,
                               ["dnsmasq", *options], ns=ns).start()]
        if self.owner != "provider":
            self.daemons.append(Daemon(
                "httpd-" + self.owner, ["busybox", "httpd", "-f", "-p", "80",
                                        "-h", self.folder], ns=ns).start())
        self.daemons[0].wait_log("started, version")

    def stop(self):
        for daemon in self.daemons:
            daemon.stop()


class Lab:
    def __init__(self, guard):
        self.guard = guard
        self.host = Host("services", None)
        self.spaces = [NetNS("trunk")]
        self.servers = {name: Servers(name) for name in DEVICE}
        self.up = set()
        veth("up0", "eth0", peer_ns="trunk", up=False)
        sh("ip link set eth0 up", ns="trunk")
        sysctl("net.ipv6.conf.up0.disable_ipv6", 1)
        sh("ip link set up0 up")
        self.wire = {"trunk": Wire("eth0", "trunk")}
        for guest in GUESTS:
            self.spaces.append(NetNS(guest))
            veth("v" + guest, "eth0", peer_ns=guest,
                 peer_mac=mac(guest).hex(":"), up=False)
            sh("ip link set eth0 up", ns=guest)
            self.wire[guest] = Wire("eth0", guest)

    def start(self):
        self.host.start(policy(self.guard))
        self.host.wait_open(["v" + g for g in GUESTS])
        for name in DEVICE:
            self.make(name)
        for guest in GUESTS:
            addresses("eth0", *(a + ("/64" if ":" in a else "/24")
                                for a in ips(guest)), ns=guest)

    def make(self, name):
        service(self.host, "up", name)
        self.up.add(name)
        until(lambda: self.host.states().get(DEVICE[name]) == "open",
              "the port of the service is open")
        self.wire[name] = Wire("eth0", space(name))
        self.servers[name].start()

    def unmake(self, name):
        self.servers[name].stop()
        self.wire.pop(name).close()
        service(self.host, "down", name)
        self.up.discard(name)

    def apply(self, **keys):
        self.host.apply(policy(self.guard, **keys))

    def arrived(self, place, frames):
        seen = self.wire[place].frames()
        return sum(f in seen for f in frames)

    def delivered(self, src, dst, *frames):
        """How many of the frames that `src` sends reach `dst`."""
        quiesce()
        self.wire[dst].clear()
        self.wire[src].send(*frames)
        quiesce()
        return self.arrived(dst, frames)

    def close(self):
        for name in list(self.up):
            self.unmake(name)
        if self.host.daemon and self.host.daemon.alive():
            self.host.daemon.stop()
        for wire in self.wire.values():
            wire.close()
        for device in ["up0", "cordon0"] + ["v" + g for g in GUESTS]:
            sh(["ip", "link", "del", device], check=False)
        for ns in self.spaces:
            ns.delete()
        sh("nft flush ruleset")


@pytest.fixture(scope="module", params=["nftables", "module"])
def lab(request):
    if request.param == "module":
        module.load()
    there = Lab(request.param)
    try:
        there.start()
        yield there
    finally:
        there.close()
        if request.param == "module":
            sh("rmmod cordon")


# Clients.

def lease(guest, tries=3):
    """(address, server) of the lease that a DHCP client gets; None: none."""
    script = "/tmp/udhcpc-script"
    with open(script, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\n[ \"$1\" != bound ] ||"
                " echo \"BOUND $ip $serverid $staticroutes\"\n")
    os.chmod(script, 0o755)
    code, text = sh(["busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n",
                     "-t", str(tries), "-T", "1", "-O", "staticroutes", "-s",
                     script], ns=guest,
                    check=False)
    found = [line.split()[1:] for line in text.splitlines()
             if line.startswith("BOUND ")]
    assert bool(found) == (code == 0), text
    return found[0] if found else None


def question(name="who.test", ident=0x4344):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return (struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels
            + b"\0" + struct.pack("!HH", 16, 1))


def ask(guest, server, sport=0, timeout=1):
    """Who the name server says it is; None: no answer."""
    with inside(guest):
        s = socket.socket(socket.AF_INET6 if ":" in server
                          else socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        s.settimeout(timeout)
        s.bind(("", sport))
        s.connect((server, 53))
        for _ in range(3):
            try:
                s.send(question())
                answer = s.recv(1500)
            except OSError:
                continue
            # A TXT record's one string ends the message.
            return next((w for w in ("acme", "globex", "provider")
                         if answer.endswith(bytes([len(w)]) + w.encode())),
                        answer)
    return None


def fetch(guest, server, sport=0, timeout=3):
    """Whose page an HTTP server has; None if it is not reached."""
    try:
        with connection(guest, server, 80, sport, timeout) as s:
            return page(s)
    except OSError:
        return None


def connection(guest, server, port, sport=0, timeout=3):
    with inside(guest):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.settimeout(timeout)
        s.bind(("0.0.0.0", sport))
        s.connect((server, port))
    except OSError:
        s.close()
        raise
    return s


def page(s):
    s.send(b"GET /index.html HTTP/1.0\r\n\r\n")
    text = b""
    while data := s.recv(4096):
        text += data
    return text.rpartition(b"I am ")[2].decode() if b"I am " in text else None


@contextlib.contextmanager
def route(guest, *words):
    sh(["ip", "route", "add", *words], ns=guest)
    try:
        yield
    finally:
        sh(["ip", "route", "del", *words], ns=guest)


@contextlib.contextmanager
def listening(name, kind, port):
    """A socket in a service's namespace, without servers of ours."""
    with inside(space(name)):
        s = socket.socket(socket.AF_INET, kind)
    with s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", port))
        s.settimeout(1)
        if kind == socket.SOCK_STREAM:
            s.listen()
        yield s


def drops(lab, port):
    rows = lab.host.show("port", port)["drops"]
    return {row["reason"]: int(row["packets"]) for row in rows}


def host_addresses():
    found = [a["local"] for link in json.loads(sh("ip -j addr"))
             for a in link["addr_info"] if link["ifname"] != "lo"]
    routes = [r["dst"] for family in ("-4", "-6")
              for r in json.loads(sh("ip -j %s route show table all"
                                     % family) or "[]")
              if r.get("dev") != "lo"]
    neighbours = json.loads(sh("ip -j neigh") or "[]")
    return found, routes, neighbours
