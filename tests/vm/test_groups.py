# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants' rules with real peers: what they allow passes, its twin does not.
A and P are acme's, B is globex'; the far end of the trunk plays hosts beyond
the uplink."""

import socket

import pytest

from groupbed import (DB, REMOTE, REMOTE_MAC, connections, connects, grouped,
                      inject, listening, net, packet, pings, remote, sends,
                      table, talks, tcp_socket, udp_socket)
from frames import IP, VLAN, udp
from netns import inside
from shell import sh, until


# What rules allow.

def test_nft_lists_the_rules(net):
    """An operator can look at them with Debian's nft."""
    listed = sh("nft list ruleset")
    for name in ("table bridge cordon", "table netdev cordon", "vmap @egress",
                 "ct state", "tcp dport 80", "@acme/db"):
        assert name in listed, (name, listed[-6000:])


def test_ports(net):
    assert connects("P", "A", 80)
    assert not connects("P", "A", 22, timeout=1)
    assert connects("P", "A", 8000) and connects("P", "A", 8009)
    assert not connects("P", "A", 8010, timeout=1)
    assert sends("P", "A", 53)
    assert not sends("P", "A", 54)


def test_remote(net):
    assert connects("R", "A", 80)
    assert not connects("R", "A", 22, timeout=1)
    # Of no group.
    assert not connects("R", "A", 8000, timeout=1)
    assert connects("A", "R", 22)


def test_peer(net):
    assert connects("A", "P", 5432)
    assert not connects("R", "P", 5432, timeout=1)
    assert not connects("A", "P", 80, timeout=1)


def test_icmp(net):
    assert pings("P", "A") and pings("A", "R")
    assert not pings("A", "P")


def test_replies(net):
    """What A asks is answered; what it did not ask for does not come."""
    with udp_socket("A", 4000) as a, udp_socket("R", 4001) as r:
        r.sendto(b"unasked", (IP["A"], 4000))
        with pytest.raises(OSError):
            a.recv(100)
        a.sendto(b"question", (REMOTE["acme"], 4001))
        assert r.recv(100) == b"question"
        r.sendto(b"answer", (IP["A"], 4000))
        assert a.recv(100) == b"answer"
        with udp_socket("R", 4002) as other:
            other.sendto(b"injected", (IP["A"], 4000))
            with pytest.raises(OSError):
                a.recv(100)


def test_neighbour_without_groups(net):
    """B's tenant has no rules: all of its segment passes."""
    remote(net, "globex")
    with udp_socket("B", 4000) as b:
        with inside("trunk"):
            r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with r:
            r.sendto(b"hello", (IP["B"], 4000))
            assert b.recv(100) == b"hello"


def test_the_rules_decide(net):
    """Without them, what they forbid passes."""
    assert not connects("P", "A", 22, timeout=1)
    with net.agent.daemon.stopped():
        for chain in ("from", "to"):
            sh("nft insert rule bridge cordon %s "
               "mark set mark or 0x8000 return" % chain)
        assert connects("P", "A", 22)
    until(lambda: not connects("P", "A", 22, timeout=0.5), "repaired", 5)


def test_stateless(net):
    """Replies are judged like all else; nothing is remembered."""
    bare = {"stateless": True, "ingress": [
        {"allow": "tcp", "ports": [80], "from": "any"},
        {"allow": "udp", "ports": [4000], "from": REMOTE["acme"]}]}
    net.agent.reload(grouped(net.doc, {"web": bare, "db": DB}))
    net.agent.settled(10)
    assert connects("R", "A", 80)
    assert not connects("A", "R", 22, timeout=1)
    assert not connects("R", "A", 22, timeout=1)
    with udp_socket("A", 4000) as a, udp_socket("R", 4001) as r:
        r.sendto(b"one", (IP["A"], 4000))
        assert a.recv(100) == b"one"
        a.sendto(b"two", (REMOTE["acme"], 4001))
        assert r.recv(100) == b"two"
    assert not [e for e in connections() if IP["A"] in e
                and IP["P"] not in e]


def test_defaults(net):
    """A tenant's defaults decide about interfaces without groups."""
    remote(net, "globex")
    doc = grouped(net.doc)
    doc["tenants"]["globex"]["defaults"] = {"ingress": "deny",
                                            "egress": "allow"}
    net.agent.reload(doc)
    net.agent.settled(10)
    with inside("trunk"):
        r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    r.settimeout(0.6)
    r.bind((REMOTE["globex"], 4001))
    with r, udp_socket("B", 4000) as b:
        r.sendto(b"unasked", (IP["B"], 4000))
        with pytest.raises(OSError):
            b.recv(100)
        b.sendto(b"question", (REMOTE["globex"], 4001))
        assert r.recv(100) == b"question"
        r.sendto(b"answer", (IP["B"], 4000))
        assert b.recv(100) == b"answer"


# The table goes.

@pytest.mark.parametrize("how", (
    "flush table bridge cordon", "delete table bridge cordon",
    "flush chain bridge cordon to", "flush set bridge cordon unfiltered"))
def test_flushed_table_opens_nothing(net, how):
    """What the rules forbid does not pass without them, nor does anything in
    that segment; another tenant's does, if all of the table goes. Then all is
    as before."""
    forbidden = udp("P", "A", IP["P"], IP["A"], "f")
    allowed = udp("A", bytes.fromhex("020000000050"), IP["A"],
                  REMOTE["acme"], "a")
    other = udp("B", bytes.fromhex("020000000051"), IP["B"],
                REMOTE["globex"], "o")
    # The bridge knows where they are.
    for tenant, name in (("acme", "A"), ("globex", "B")):
        inject(VLAN[name], name, packet(REMOTE[tenant], IP[name], b"",
                                        ports=(4001, 53)),
               REMOTE_MAC[tenant].replace(":", ""))
    with net.watch() as watch:
        loads = [net.send("P", [forbidden], 200), net.send("A", [allowed], 500),
                 net.send("B", [other], 500)]
        loads[0].wait_sent(100)
        for _ in range(5):
            sh("nft " + how)
            until(lambda: "mark set" in (table() or ""), "repaired", 5)
            loads[0].wait_sent(200)
        seen = watch.seen_after(loads)
    assert seen.got("f", "A") == 0
    assert seen.got("a", "uplink") > 0 and seen.got("o", "uplink") > 0
    if "table" in how:
        assert seen.missing("o", "uplink") == 0
    net.agent.settled(10)
    assert connects("P", "A", 80)
    assert not connects("P", "A", 22, timeout=1)


def test_flushed_table_and_no_agent(net):
    with net.agent.daemon.stopped():
        sh("nft flush table bridge cordon")
        assert not connects("P", "A", 80, timeout=1)
        assert not connects("P", "A", 22, timeout=1)
    until(lambda: connects("P", "A", 80, timeout=0.5), "repaired", 5)


# The agent.

def test_restart(net):
    """Connections live on; nothing is written."""
    with listening("A", 80) as listener:
        s = tcp_socket("R")
        s.connect((IP["A"], 80))
        other, _ = listener.accept()
        before = table()
        net.agent.daemon.stop()
        assert talks(s, other)
        net.agent.launch()
        net.agent.wait_open()
        assert net.agent.settled()["writes"] == 0
        assert table() == before
        assert talks(s, other)
        s.close()
        other.close()


def test_without_groups(net):
    """A policy without them has no such table, and the lock asks for what it
    asked for before."""
    judged = "handle 0x%x" % (VLAN["A"] << 16 | 0x8000)
    block = "tc filter show block %d" % (0xc1000000 | VLAN["A"])
    assert table() and judged in sh(block)
    with net.watch() as watch:
        load = net.send("A", [udp("A", bytes.fromhex("020000000050"), IP["A"],
                                  REMOTE["acme"], "a")], 500)
        load.wait_sent(50)
        net.agent.reload(net.doc)
        net.agent.settled(10)
        assert table() is None and judged not in sh(block)
        load.wait_sent(50)
        net.agent.reload(grouped(net.doc))
        net.agent.settled(10)
        assert table() and judged in sh(block)
        load.wait_sent(50)
        seen = watch.seen_after([load])
    # Neither way costs a frame.
    assert seen.missing("a", "uplink") == 0
    assert connects("P", "A", 80)
    assert not connects("P", "A", 22, timeout=1)


def test_member_joins(net):
    """A member more is an element more."""
    doc = grouped(net.doc)
    doc["tenants"]["acme"]["guests"]["far"] = {"interfaces": [
        {"mac": REMOTE_MAC["acme"], "addresses": [REMOTE["acme"]],
         "network": "net"}]}
    assert not connects("R", "A", 8000, timeout=1)
    net.agent.reload(doc)
    net.agent.settled(10)
    assert not connects("R", "A", 8000, timeout=1)
    doc["tenants"]["acme"]["guests"]["far"]["interfaces"][0]["groups"] = ["db"]
    before = table()
    net.agent.reload(doc)
    net.agent.settled(10)
    assert connects("R", "A", 8000)
    changed = set(table().splitlines()) ^ set(before.splitlines())
    assert all("10.0.0." in line for line in changed), changed
