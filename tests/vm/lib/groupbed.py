# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with tenants' rules and real peers. A and P are acme's, B is
globex'; R, the far end of the trunk, plays hosts beyond the uplink."""

import contextlib
import copy
import socket
import struct

import pytest

from bed import checksum
from frames import IP, MAC, VLAN, tagged
from lab import DEVICE
from netns import inside
from shell import sh

REMOTE = {"acme": "10.0.0.50", "globex": "10.0.0.51"}
REMOTE_MAC = {"acme": "02:00:00:00:00:50", "globex": "02:00:00:00:00:51"}
WEB = {"ingress": [{"allow": "tcp", "ports": [80], "from": "any"},
                   {"allow": "tcp", "ports": ["8000-8009"],
                    "from": "group:db"},
                   {"allow": "udp", "ports": [53], "from": "any"},
                   {"allow": "icmp", "type": 8, "code": 0, "from": "any"}]}
DB = {"ingress": [{"allow": "tcp", "ports": [5432], "from": "group:web"}]}


def grouped(doc, groups=None, **keys):
    """The lab's policy with A in group web and P in group db."""
    doc = copy.deepcopy(doc)
    acme = doc["tenants"]["acme"]
    acme["groups"] = groups or {"web": WEB, "db": DB}
    for guest, group in (("a", "web"), ("p", "db")):
        acme["guests"][guest]["interfaces"][0]["groups"] = [group]
    acme["guests"]["a"]["interfaces"][0].update(keys)
    return doc


# Peers.

@pytest.fixture
def net(lab):
    """The lab with addresses in guests' namespaces and beyond the uplink, and
    groups in its policy."""
    for name in "APB":
        sh("ip link set eth0 mtu 1500", ns="g" + name)
        sh("ip addr replace %s/24 dev eth0" % IP[name], ns="g" + name)
    for tenant, name in (("acme", "A"), ("globex", "B")):
        vlan = "v%d" % VLAN[name]
        sh("ip link add link eth0 name %s type vlan id %d" % (vlan, VLAN[name]),
           ns="trunk", check=False)
        sh("ip link set %s address %s up mtu 1500" % (vlan, REMOTE_MAC[tenant]),
           ns="trunk")
    remote(lab, "acme")
    lab.agent.reload(grouped(lab.doc))
    lab.agent.wait_open(*DEVICE.values(), timeout=20)
    lab.agent.settled(10)
    yield lab
    for name in "APB":
        sh("ip addr flush dev eth0", ns="g" + name)
    sh("ip link set eth0 mtu 9200", ns="gA", check=False)
    for vlan in set(VLAN.values()):
        sh("ip link del v%d" % vlan, ns="trunk", check=False)
    conntrack_flush()


def remote(lab, tenant, address=None):
    """Gives the far end of the trunk an address in one tenant's network, and
    in no other."""
    for t, name in (("acme", "A"), ("globex", "B")):
        sh("ip addr flush dev v%d" % VLAN[name], ns="trunk")
        if t == tenant:
            sh("ip addr add %s/24 dev v%d" % (address or REMOTE[t],
                                              VLAN[name]), ns="trunk")


def conntrack_flush():
    """Forgets all connections: entries go with the table's last rule."""
    sh("conntrack -F", check=False)


def space(name):
    return "trunk" if name == "R" else "g" + name


def address(name):
    return REMOTE["acme"] if name == "R" else IP[name]


def tcp_socket(name, timeout=2):
    with inside(space(name)):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s


def udp_socket(name, port=0, timeout=0.6):
    with inside(space(name)):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(timeout)
    s.bind((address(name), port))
    return s


@contextlib.contextmanager
def listening(name, port):
    s = tcp_socket(name)
    s.bind((address(name), port))
    s.listen(64)
    try:
        yield s
    finally:
        s.close()


def connects(client, server, port, timeout=2):
    """Whether a TCP connection comes about and carries both ways."""
    with listening(server, port) as listener:
        s = tcp_socket(client, timeout)
        try:
            s.connect((address(server), port))
            other, _ = listener.accept()
        except OSError:
            return False
        finally:
            if s.fileno() < 0:
                s.close()
        try:
            return talks(s, other)
        finally:
            s.close()
            other.close()


def talks(a, b, timeout=2):
    """Whether a connection carries a byte each way."""
    for one, other in ((a, b), (b, a)):
        one.settimeout(timeout)
        other.settimeout(timeout)
        try:
            one.sendall(b"x")
            if other.recv(1) != b"x":
                return False
        except OSError:
            return False
    return True


def sends(client, server, port, sport=0):
    """Whether a datagram arrives."""
    with udp_socket(server, port) as there, udp_socket(client, sport) as here:
        here.sendto(b"hello", (address(server), port))
        try:
            return there.recv(100) == b"hello"
        except OSError:
            return False


def pings(client, server):
    code, _ = sh("ping -n -c 1 -W 1 " + address(server), ns=space(client),
                 check=False)
    return code == 0


def drops(lab, device, reason):
    for port in lab.agent.cordon("show", "drops").get("drops", []):
        if port.get("device") == device and port.get("reason") == reason:
            return port["packets"]
    return 0


def table():
    code, text = sh("nft list table bridge cordon", check=False)
    return text if code == 0 else None


def connections():
    """Entries of conntrack, a line each."""
    return sh("conntrack -L", check=False)[1].splitlines()


# Packets from beyond the uplink.

def packet(src, dst, payload, proto=17, ident=1, frag=0, ports=(0, 0)):
    """An IPv4 packet, UDP's header in front of the payload if there are
    ports."""
    if ports[0]:
        payload = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident,
                       frag, 64, proto, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    return head[:10] + checksum(head) + head[12:] + payload


def inject(vlan, name, data, source="020000000077"):
    """Sends an IPv4 packet to a guest from beyond the uplink."""
    frame = (MAC[name] + bytes.fromhex(source) + b"\x08\x00" + data
             + bytes(max(0, 46 - len(data))))
    with inside("trunk"):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with s:
        s.bind(("eth0", 0))
        s.send(tagged(vlan, frame))


def hears(s, timeout=0.6):
    s.settimeout(timeout)
    try:
        return s.recv(4000)
    except OSError:
        return None
