# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts with cordon, joined by a trunk: one in the machine's own network
namespace, the other in namespace "host2", where the kernel module does not
see. Between them is a switch, with the network's gateway behind it.
"""

import json
import os
import socket
import struct

import product
from bed import checksum
from daemon import Daemon
from netns import NetNS, addresses, forwards, inside, veth
from shell import quiesce, sh, sysctl, until
from wire import Wire

VLAN = 300
BRIDGE, UPLINK = "cordon0", "up0"
BROADCAST = b"\xff" * 6
GATEWAY = bytes.fromhex("00163e0000fe")
GATEWAY_IPS = ("198.51.100.1", "2001:db8:1::1")
GATEWAY_LINK_LOCAL = "fe80::1"


class Customer:
    """A guest. `number` makes its addresses."""

    def __init__(self, name, tenant, host, number):
        self.name, self.tenant, self.host = name, tenant, host
        self.mac = bytes([0, 0x16, 0x3e, 0, 1, number])
        self.ip4 = "198.51.100.%d" % number
        self.ip6 = "2001:db8:1::%x" % number
        self.device = "vif-" + name
        self.ns = "c-" + name
        self.wire = None

    def interface(self, network):
        return {"mac": self.mac.hex(":"), "addresses": [self.ip4, self.ip6],
                "network": network, "device": self.device}

    def ping(self, address):
        """Whether an answer comes."""
        return sh(["ping", "-n", "-c", "2", "-i", "0.3", "-W", "2", address],
                  ns=self.ns, check=False)[0] == 0


class Host:
    """The agent of a host; `ns` None: of the machine itself."""

    def __init__(self, name, ns):
        self.name, self.ns = name, ns
        self.run = "/run/cordon-" + name
        os.makedirs(self.run, exist_ok=True)
        self.daemon = None

    def start(self, doc):
        self.write(doc)
        self.daemon = Daemon("cordond-" + self.name, [
            "cordond", "--no-xen", "--policy=%s/policy.yaml" % self.run,
            "--control=%s/control" % self.run, "--pidfile=%s/pid" % self.run,
            "--state-dir=%s/state" % self.run], ns=self.ns)
        self.daemon.start()

    def write(self, doc):
        with open(self.run + "/policy.yaml", "w", encoding="utf-8") as f:
            f.write(json.dumps(doc, indent=1))

    def apply(self, doc):
        self.write(doc)
        sh(["cordon", "--control", self.run + "/control", "apply",
            self.run + "/policy.yaml"])

    def show(self, *words):
        code, text = sh(["cordon", "--control", self.run + "/control",
                         "--json", "show", *words], check=False)
        return json.loads(text) if code in (0, 1) else {}

    def states(self):
        return {p["device"]: p["state"]
                for p in self.show("ports").get("ports", [])}

    def wait_open(self, devices):
        def all_open():
            with inside(self.ns):
                return self.states() == dict.fromkeys(devices, "open")
        try:
            self.daemon.wait_ready(all_open, "has its ports open", 90)
            until(lambda: all(forwards(d, self.ns) for d in devices),
                  "the bridge forwards")
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, self.show("ports"))) from None

    def drops(self):
        """{reason: frames}, all ports together."""
        total = {}
        for row in self.show("drops").get("drops", []):
            total[row["reason"]] = (total.get(row["reason"], 0)
                                    + int(row["packets"]))
        return total


class Lab:
    """Customers of both hosts, all in one network."""

    def __init__(self, customers):
        self.customers = {c.name: c for c in customers}
        self.hosts = [Host("1", None), Host("2", "host2")]
        self.spaces = [NetNS("host2"), NetNS("switch"), NetNS("gw")]
        sh("ip link add br0 type bridge vlan_filtering 0 mcast_snooping 0",
           ns="switch")
        sh("ip link set br0 addrgenmode none up", ns="switch")
        for host in self.hosts:
            veth("u" + host.name, "t" + host.name, ns=host.ns,
                 peer_ns="switch", up=False)
            sh(["ip", "link", "set", "t" + host.name, "up"], ns="switch")
            sh(["ip", "link", "set", "u" + host.name, "name", UPLINK],
               ns=host.ns)
            sh(["ip", "link", "set", UPLINK, "up"], ns=host.ns)
            sysctl("net.ipv6.conf.%s.disable_ipv6" % UPLINK, 1, ns=host.ns)
            sh(["ip", "link", "set", "t" + host.name, "master", "br0"],
               ns="switch")
        veth("eth0", "tg", ns="gw", peer_ns="switch")
        sh("ip link set tg master br0", ns="switch")
        self._gateway()
        for c in customers:
            self._customer(c)
        self.trunk = Wire("tg", "switch")

    def _gateway(self):
        sh("ip link add link eth0 name v type vlan id %d" % VLAN, ns="gw")
        sh("ip link set v address %s up" % GATEWAY.hex(":"), ns="gw")
        addresses("v", GATEWAY_IPS[0] + "/24", GATEWAY_IPS[1] + "/64",
                  GATEWAY_LINK_LOCAL + "/64", ns="gw")
        for where in ("all", "v"):
            sysctl("net.ipv4.conf.%s.send_redirects" % where, 0, ns="gw")

    def _customer(self, c):
        """Down on the host's side, as a vif is that netback just made."""
        self.spaces.append(NetNS(c.ns))
        host = self.hosts[c.host - 1]
        veth(c.device, "eth0", ns=host.ns, peer_ns=c.ns,
             peer_mac=c.mac.hex(":"), up=False)
        sh("ip link set eth0 up", ns=c.ns)
        c.wire = Wire("eth0", c.ns)

    def routes(self):
        """All that a customer's stack knows is the gateway; addresses are
        given when its port is open."""
        for c in self.customers.values():
            addresses("eth0", c.ip4 + "/32", c.ip6 + "/128", ns=c.ns)
            for family, gateway in (("-4", GATEWAY_IPS[0]),
                                    ("-6", GATEWAY_IPS[1])):
                sh(["ip", family, "route", "add", gateway, "dev", "eth0"],
                   ns=c.ns)
                sh(["ip", family, "route", "add", "default", "via", gateway],
                   ns=c.ns)

    def start(self, policy):
        """`policy` is a function of the host's number."""
        for number, host in enumerate(self.hosts, 1):
            host.start(policy(number))
        for number, host in enumerate(self.hosts, 1):
            host.wait_open([c.device for c in self.customers.values()
                            if c.host == number])
        self.routes()
        # Every switch knows where everybody is.
        for c in self.customers.values():
            c.wire.send(c_broadcast(c))
        quiesce()

    def clear(self):
        for c in self.customers.values():
            c.wire.clear()

    def arrived(self, name, frames):
        """How many of `frames` have arrived since the last call."""
        seen = self.customers[name].wire.frames()
        return sum(f in seen for f in frames)

    def delivered(self, src, dst, frames):
        """How many of the frames that `src` sends reach `dst`."""
        self.clear()
        self.customers[src].wire.send(*frames)
        quiesce()
        return self.arrived(dst, frames)

    def from_trunk(self, *frames):
        """From behind the trunk, as if by the gateway's port."""
        with Wire("eth0", "gw") as wire:
            self.clear()
            wire.send(*(f[:12] + struct.pack("!HH", 0x8100, VLAN) + f[12:]
                        for f in frames))
            quiesce()

    def close(self):
        for host in self.hosts:
            if host.daemon and host.daemon.alive():
                host.daemon.stop()
        for c in self.customers.values():
            c.wire.close()
        self.trunk.close()
        for device in [UPLINK, BRIDGE] + [c.device for c in
                                          self.customers.values()]:
            sh(["ip", "link", "del", device], check=False)
        for space in self.spaces:
            space.delete()
        sh("nft flush ruleset")


# Frames, each good at its sender's port.

def ip4(src, dst, mac, to_mac, payload=b"CORDON" * 5, port=9):
    segment = struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64,
                       17, 0)
    ends = socket.inet_aton(src) + socket.inet_aton(dst)
    return (to_mac + mac + b"\x08\x00" + head[:10] + checksum(head + ends)
            + ends + segment)


def address6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def ip6(src, dst, mac, to_mac, kind, upper, hops=255):
    return (to_mac + mac + b"\x86\xdd" + struct.pack(
        "!IHBB", 6 << 28, len(upper), kind, hops) + address6(src)
            + address6(dst) + upper)


def arp(mac, ip, target, to_mac=BROADCAST, op=1):
    return (to_mac + mac + b"\x08\x06" + struct.pack(
        "!HHBBH", 1, 0x0800, 6, 4, op) + mac + socket.inet_aton(ip)
            + (bytes(6) if op == 1 else to_mac) + socket.inet_aton(target))


def solicitation(mac, ip, target):
    low = address6(target)[13:]
    group = "ff02::1:ff%02x:%x" % (low[0], low[1] << 8 | low[2])
    return ip6(ip, group, mac, b"\x33\x33\xff" + low, 58,
               struct.pack("!BBHI", 135, 0, 0, 0) + address6(target)
               + b"\1\1" + mac)


def advertisement(mac, ip, to_ip, to_mac):
    return ip6(ip, to_ip, mac, to_mac, 58,
               struct.pack("!BBHI", 136, 0, 0, 0x60000000) + address6(ip)
               + b"\2\1" + mac)


def c_broadcast(c):
    return ip4(c.ip4, "255.255.255.255", c.mac, BROADCAST)


def frames_to(c, d):
    """What customer c may try to reach d with, by kind."""
    upper = struct.pack("!HHHH", 40000, 9, 38, 0) + b"CORDON" * 5
    return {
        "UDP": ip4(c.ip4, d.ip4, c.mac, d.mac),
        "UDP to an unused port": ip4(c.ip4, d.ip4, c.mac, d.mac, port=99),
        "UDP, IPv6": ip6(c.ip6, d.ip6, c.mac, d.mac, 17, upper, 64),
        "ARP request": arp(c.mac, c.ip4, d.ip4),
        "ARP request, unicast": arp(c.mac, c.ip4, d.ip4, d.mac),
        "ARP reply": arp(c.mac, c.ip4, d.ip4, d.mac, 2),
        "gratuitous ARP": arp(c.mac, c.ip4, c.ip4, BROADCAST, 2),
        "solicitation": solicitation(c.mac, c.ip6, d.ip6),
        "advertisement": advertisement(c.mac, c.ip6, d.ip6, d.mac),
        "broadcast": c_broadcast(c),
        "multicast": ip4(c.ip4, "224.0.0.251", c.mac,
                         bytes.fromhex("01005e0000fb"), port=5353),
        "multicast, IPv6": ip6(c.ip6, "ff02::fb", c.mac,
                               bytes.fromhex("3333000000fb"), 17, upper, 64),
    }


__all__ = ["Customer", "Host", "Lab", "Wire", "product"]
