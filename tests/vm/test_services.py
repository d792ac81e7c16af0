# SPDX-License-Identifier: GPL-3.0-or-later
"""Services on a host: what a guest of the network gets, its twin elsewhere
does not; nobody else serves, and the host has no part in it.
"""

import contextlib
import socket
import struct

import pytest

from bed import checksum
from frames import tagged
from netns import inside
from servicebed import (DEVICE, FAR_MAC, GATEWAY_MAC, METADATA, SERVICE_MAC,
                        SHARED, VLAN, ask, connection, drops, fetch,
                        host_addresses, ip, lab, lease, listening, mac, page,
                        route)
from shell import quiesce, sh, sysctl, until
from twohosts import BROADCAST, arp, ip4


# Guests of the network, and others.

def test_dhcp(lab):
    """Its own network's server; all of them at once. Where there is none,
    nobody else's."""
    assert lease("a1") == ["10.0.0.11", "10.0.0.2", METADATA + "/32",
                           "10.0.0.2"]
    assert lease("b1")[:2] == ["10.0.0.11", "10.0.0.2"]
    assert lease("a2")[:2] == ["10.0.0.12", "10.0.0.2"]
    leases = {t: open("/tmp/%s/leases" % t, encoding="ascii").read()
              for t in ("acme", "globex")}
    assert "10.0.0.12" in leases["acme"]
    assert "10.0.0.12" not in leases["globex"]
    assert lease("d1") is None
    assert "10.0.0.13" not in leases["acme"] + leases["globex"]


def test_dhcp_only_if_declared(lab):
    """A service that does not answer DHCP cannot."""
    lab.apply(dhcp=False)
    try:
        assert lease("a1") is None
        assert drops(lab, "acme/web:infra")["rogue-dhcp"] > 0
        assert lease("b1") is not None
    finally:
        lab.apply()
    assert lease("a1") is not None


def test_dns(lab):
    assert ask("a1", "10.0.0.2") == ask("a2", "10.0.0.2") == "acme"
    assert ask("b1", "10.0.0.2") == "globex"
    assert ask("d1", "10.0.0.2") is None


def test_metadata(lab):
    """By the route that the lease has, and on the link."""
    for words in (["via", "10.0.0.2"], ["dev", "eth0"]):
        with contextlib.ExitStack() as stack:
            for guest in ("a1", "b1", "d1"):
                stack.enter_context(route(guest, METADATA, *words))
                sh("ip neigh flush dev eth0", ns=guest)
            assert fetch("a1", METADATA) == "acme"
            assert fetch("b1", METADATA) == "globex"
            assert fetch("d1", METADATA) is None


def test_overlapping_tenants_at_once(lab):
    """Equal at both ends, in MACs, addresses and ports; the same time."""
    with connection("a1", "10.0.0.2", 80, 40001) as a, \
            connection("b1", "10.0.0.2", 80, 40001) as b:
        assert a.getsockname() == b.getsockname()
        assert page(b) == "globex" and page(a) == "acme"
    assert ask("a1", "10.0.0.2", 40002) == "acme"
    assert ask("b1", "10.0.0.2", 40002) == "globex"


def test_other_ports_of_a_service(lab):
    name = "acme/web:infra"
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with listening(name, kind, 8080) as s:
            def reached(s=s, kind=kind):
                with inside("a1"):
                    c = socket.socket(socket.AF_INET, kind)
                with c:
                    c.settimeout(1)
                    try:
                        c.connect(("10.0.0.2", 8080))
                        if kind == socket.SOCK_DGRAM:
                            c.send(b"x")
                            return s.recv(10) == b"x"
                        s.accept()[0].close()
                        return True
                    except OSError:
                        return False
            assert not reached()
            lab.apply(allow=[{"protocol": "udp", "ports": [53, 8080]},
                             {"protocol": "tcp", "ports": ["8000-8099"]}])
            try:
                assert reached()
                assert ask("a1", "10.0.0.2") == "acme"
                assert fetch("a1", "10.0.0.2") is None
            finally:
                lab.apply()
            assert not reached()
    assert drops(lab, name)["group-ingress"] > 0
    assert fetch("a1", "10.0.0.2") == "acme"


def test_a_service_opens_nothing(lab):
    """It answers; what it asks itself does not leave it."""
    name = "acme/web:infra"
    frame = ip4("10.0.0.2", ip("a1"), SERVICE_MAC, mac("a1"), port=7)
    before = drops(lab, name).get("group-egress", 0)
    assert lab.delivered(name, "a1", frame) == 0
    assert drops(lab, name)["group-egress"] > before
    # A guest's own of the same kind arrives: nothing filters a1.
    frame = ip4(ip("a2"), ip("a1"), mac("a2"), mac("a1"), port=7)
    assert lab.delivered("a2", "a1", frame) == 1


def test_nobody_from_beyond_the_gateway(lab):
    """What a router brings from elsewhere is no guest of the network."""
    for src, reached in (("10.0.0.50", True), ("203.0.113.9", False),
                         ("10.0.1.11", False)):
        frame = ip4(src, "10.0.0.2", GATEWAY_MAC, SERVICE_MAC, port=53)
        lab.wire["acme/web:infra"].clear()
        lab.wire["trunk"].send(tagged(VLAN["acme"], frame))
        quiesce()
        assert lab.arrived("acme/web:infra", [frame]) == reached, src


def test_elsewhere(lab):
    """A service whose device this host does not have is behind the uplink,
    for guests of its network."""
    frame = ip4(ip("a1"), "10.0.0.3", mac("a1"), FAR_MAC, port=99)
    lab.wire["trunk"].clear()
    lab.wire["a1"].send(frame)
    lab.wire["d1"].send(ip4(ip("d1"), "10.0.0.3", mac("d1"), FAR_MAC))
    quiesce()
    seen = lab.wire["trunk"].frames()
    assert tagged(VLAN["acme"], frame) in seen
    assert not [f for f in seen if f[14:16] == b"\0\x6f" and
                f[:6] == FAR_MAC]
    answer = ip4("10.0.0.3", ip("a1"), FAR_MAC, mac("a1"), port=98)
    for vlan, reached in ((VLAN["acme"], 1), (VLAN["globex"], 0)):
        lab.wire["a1"].clear()
        lab.wire["trunk"].send(tagged(vlan, answer))
        quiesce()
        assert lab.arrived("a1", [answer]) == reached


def test_shared_network(lab):
    """Customers of both tenants reach the service, and not one another; it
    reaches none of them but with answers."""
    name = "provider/public:dns"
    for guest in ("c1", "c2"):
        for address in SHARED["addresses"]:
            assert ask(guest, address) == "provider", (guest, address)
    request = arp(bytes.fromhex(SHARED["mac"].replace(":", "")),
                  "198.51.100.2", ip("c1"))
    assert lab.delivered(name, "c1", request) == 1
    assert lab.delivered("c1", name, arp(mac("c1"), ip("c1"),
                                         "198.51.100.2")) == 1
    for frame in (arp(mac("c2"), ip("c2"), ip("c1")),
                  ip4(ip("c2"), ip("c1"), mac("c2"), mac("c1")),
                  ip4(ip("c2"), "255.255.255.255", mac("c2"), BROADCAST)):
        assert lab.delivered("c2", "c1", frame) == 0
    frame = ip4("198.51.100.2", ip("c1"), bytes.fromhex(
        SHARED["mac"].replace(":", "")), mac("c1"), port=7)
    assert lab.delivered(name, "c1", frame) == 0
    # Another port of it, and the other tenants' services.
    frame = ip4(ip("c1"), "198.51.100.2", mac("c1"), bytes.fromhex(
        SHARED["mac"].replace(":", "")), port=54)
    assert lab.delivered("c1", name, frame) == 0
    with route("c1", "10.0.0.2", "dev", "eth0"):
        assert ask("c1", "10.0.0.2") is None


# Rogues.

def dhcp_answer(src_mac, src, dst_mac, client):
    body = (struct.pack("!BBBBIHH", 2, 1, 6, 0, 0x1234, 0, 0) + bytes(4)
            + socket.inet_aton("10.0.0.66") + socket.inet_aton(src)
            + bytes(4) + client + bytes(10 + 64 + 128)
            + bytes.fromhex("63825363350102ff"))
    segment = struct.pack("!HHHH", 67, 68, 8 + len(body), 0) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64,
                       17, 0)
    ends = socket.inet_aton(src) + socket.inet_aton("255.255.255.255")
    return (dst_mac + src_mac + b"\x08\0" + head[:10] + checksum(head + ends)
            + ends + segment)


def forgeries(src):
    """What only the service may send, as a guest would: by its MAC and
    address, or the guest's MAC with the service's address."""
    own = mac(src)
    return {
        "DHCP": ("rogue-dhcp", dhcp_answer(own, ip(src), BROADCAST,
                                           mac("a1"))),
        "DHCP, forged": ("spoofed-mac", dhcp_answer(
            SERVICE_MAC, "10.0.0.2", BROADCAST, mac("a1"))),
        "ARP": ("arp-spoof", arp(own, "10.0.0.2", ip("a1"), mac("a1"), 2)),
        "ARP of metadata": ("arp-spoof", arp(own, METADATA, ip("a1"),
                                             mac("a1"), 2)),
        "ARP, forged": ("spoofed-mac", arp(SERVICE_MAC, "10.0.0.2", ip("a1"),
                                           mac("a1"), 2)),
        "IP": ("spoofed-ip", ip4("10.0.0.2", ip("a1"), own, mac("a1"))),
        "IP of metadata": ("spoofed-ip", ip4(METADATA, ip("a1"), own,
                                             mac("a1"))),
    }


def test_rogue_servers(lab):
    for kind, (reason, frame) in forgeries("a2").items():
        before = drops(lab, "acme/a2/0").get(reason, 0)
        assert lab.delivered("a2", "a1", frame) == 0, kind
        assert drops(lab, "acme/a2/0")[reason] == before + 1, kind
    # From the service itself they arrive: its DHCP and its ARP.
    name = "acme/web:infra"
    for kind in ("DHCP, forged", "ARP, forged"):
        frame = forgeries("a2")[kind][1]
        assert lab.delivered(name, "a1", frame) == 1, kind
    for source in (name, "trunk"):
        frame = arp(SERVICE_MAC, METADATA, ip("a1"), mac("a1"), 2)
        lab.wire["a1"].clear()
        lab.wire[source].send(frame if source == name
                              else tagged(VLAN["acme"], frame))
        quiesce()
        assert lab.arrived("a1", [frame]) == (source == name)


def test_service_keeps_to_its_own(lab):
    """It is guarded as a guest is."""
    name = "acme/web:infra"
    for reason, frame in (
            ("spoofed-mac", ip4("10.0.0.2", ip("a1"), mac("a2"), mac("a1"))),
            ("spoofed-ip", ip4("10.0.0.1", ip("a1"), SERVICE_MAC,
                               mac("a1"))),
            ("arp-spoof", arp(SERVICE_MAC, "10.0.0.1", ip("a1"))),
            ("tagged", tagged(VLAN["globex"], arp(SERVICE_MAC, "10.0.0.2",
                                                  ip("b1"))))):
        before = drops(lab, name).get(reason, 0)
        assert lab.delivered(name, "a1", frame) == 0
        assert drops(lab, name)[reason] == before + 1


# The host.

def test_host_has_no_part(lab):
    """No address, route or neighbour of a tenant's in the host's own stack,
    which cannot reach what guests reach."""
    assert ask("a1", "10.0.0.2") == "acme"
    assert host_addresses() == ([], [], [])
    for device in DEVICE.values():
        assert sysctl("net.ipv6.conf.%s.disable_ipv6" % device) == "1"
        assert sysctl("net.ipv4.conf.%s.arp_ignore" % device) == "8"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        with pytest.raises(OSError):
            s.connect(("10.0.0.2", 53))


def test_agents_restart(lab):
    """Connections last, and new ones come about while it is away."""
    with connection("a1", "10.0.0.2", 80) as s:
        lab.host.daemon.kill()
        assert ask("a2", "10.0.0.2") == "acme"
        assert ask("d1", "10.0.0.2") is None
        assert page(s) == "acme"
    with connection("b1", "10.0.0.2", 80) as s:
        lab.host.daemon.start()
        until(lambda: lab.host.show().get("state") == "converged",
              "converged", 60)
        assert page(s) == "globex"
    assert lab.host.show()["writes"] == 0
    assert fetch("a1", "10.0.0.2") == "acme" and lease("a2")
