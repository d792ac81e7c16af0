# SPDX-License-Identifier: GPL-3.0-or-later
"""Running connections follow the rules: TCP, UDP and SCTP between guests with
sockets of their own. What a new policy no longer allows is cut at once and
stays cut, whichever end sends; what it allows survives; what it allows again
revives. Another tenant has the same addresses and ports at the same time.
"""

import errno
import itertools
import json
import re
import socket

import pytest

import state
from lab import BRIDGE, UPLINK, Agent, Fault
from netns import NetNS, addresses, inside, veth
from shell import sh, until

VLAN = {"acme": 110, "globex": 120}
IP = {"c": "10.0.0.1", "s": "10.0.0.2", "G": "10.0.0.254"}
IP6 = {"c": "fd00::1", "s": "fd00::2"}
MAC = {"c": "02:00:00:00:00:01", "s": "02:00:00:00:00:02",
       "G": "02:00:00:00:00:fe"}
ANY = [{"allow": "any", "from": "any"}]
CLIENT_PORT = 50000

# Those that stay allowed, and those that are cut.
KEPT = [("tcp", 80), ("udp", 53), ("sctp", 9000)]
CUT = [("tcp", 22), ("udp", 54), ("sctp", 9001)]

PROTOCOL = {"tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
            "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
            "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP)}


def allow(which, peer="any"):
    return [{"allow": protocol, "ports": [port], "from": peer}
            for protocol, port in which]


def policy(ingress, egress=None, members=("c",), limit=4096):
    """acme's server takes what 'ingress' allows, its client may send what
    'egress' does; globex allows everything."""
    doc = {"version": 1, "host": {"uplink": UPLINK}, "tenants": {}}
    for tenant, vlan in VLAN.items():
        groups = {"server": {"ingress": ANY}, "client": {}, "members": {}}
        joined = {"c": ["client"], "s": ["server"]}
        if tenant == "acme":
            groups["server"]["ingress"] = ingress
            if egress is not None:
                groups["client"]["egress"] = egress
            for guest in members:
                joined[guest].append("members")
        doc["tenants"][tenant] = {
            "networks": {"net": {
                "vlan": vlan, "subnets": ["10.0.0.0/24", "fd00::/64"],
                "gateways": [{"mac": MAC["G"], "addresses": [IP["G"]]}]}},
            "groups": groups,
            "guests": {guest: {"interfaces": [{
                "mac": MAC[guest], "addresses": [IP[guest], IP6[guest]],
                "network": "net", "groups": joined[guest],
                "max_connections": limit, "device": device(tenant, guest),
            }]} for guest in joined}}
    return doc


def device(tenant, guest):
    return "v%s%s" % (tenant[0], guest)


class Talk:
    """A client and a server that have spoken to each other."""

    numbers = itertools.count()

    def __init__(self, protocol, port, tenant="acme", client="c", server="s"):
        self.name = "%s %d" % (protocol, port)
        kind, number = PROTOCOL[protocol]
        with inside(tenant[0] + client):
            self.client = socket.socket(socket.AF_INET, kind, number)
        with inside(tenant[0] + server):
            listener = socket.socket(socket.AF_INET, kind, number)
        for s in (self.client, listener):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.settimeout(20)
        self.client.bind((IP[client], CLIENT_PORT))
        listener.bind((IP[server], port))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        self.client.connect((IP[server], port))
        if kind == socket.SOCK_STREAM:
            self.server = listener.accept()[0]
            listener.close()
        else:
            self.server = listener
            self.server.connect((IP[client], CLIENT_PORT))
        self.read = {self.client: b"", self.server: b""}
        for s in self.read:
            s.setblocking(False)
        assert self.passes()

    def ends(self):
        return (self.client, self.server), (self.server, self.client)

    def send(self, sender):
        """Sends a word; what will arrive of it."""
        word = b"<%d>" % next(self.numbers)
        sender.send(word)
        return word

    def has(self, receiver, word):
        try:
            while data := receiver.recv(65536):
                self.read[receiver] += data
        except BlockingIOError:
            pass
        return word in self.read[receiver]

    def passes(self):
        """Each end hears the other one."""
        for sender, receiver in self.ends():
            word = self.send(sender)
            until(lambda: self.has(receiver, word),
                  "%s: %s arrives" % (self.name, word))
        return True

    def close(self):
        for s in self.read:
            s.close()


def cut(talks, control, ends=("client", "server")):
    """Assert that nothing passes, by what is sent before and does not arrive
    before what 'control' sends."""
    sent = []
    for talk in talks:
        for sender, receiver in talk.ends():
            if (sender is talk.client and "client" in ends
                    or sender is talk.server and "server" in ends):
                sent += [(talk, receiver, talk.send(sender))
                         for _ in range(3)]
    assert control.passes()
    for talk, receiver, word in sent:
        assert not talk.has(receiver, word), talk.name


def marks():
    """{(zone, protocol, destination port): mark} of what the kernel
    tracks."""
    found = {}
    for line in state.conntrack():
        m = re.match(r"(\S+) > (\S+) proto (\w\w) (\w{4}) (\w{4}).*"
                     r" zone (\w+) mark (\w+)", line)
        if m:
            found[int(m[6], 16), int(m[3], 16), int(m[5], 16)] = int(m[7], 16)
    return found


def mark(talk, tenant="acme"):
    protocol, port = talk.name.split()
    return marks()[VLAN[tenant], PROTOCOL[protocol][1], int(port)]


class Host:
    def __init__(self):
        self.spaces = [NetNS(t[0] + g) for t in VLAN for g in "cs"]
        self.spaces.append(NetNS("trunk"))
        for tenant in VLAN:
            for guest in "cs":
                ns = tenant[0] + guest
                veth(device(tenant, guest), "eth0", peer_ns=ns,
                     peer_mac=MAC[guest])
                addresses("eth0", IP[guest] + "/24", IP6[guest] + "/64",
                          ns=ns)
        veth(UPLINK, "eth0", peer_ns="trunk", peer_mac=MAC["G"])
        self.fault = Fault()
        self.agent = Agent(self.fault.environment)
        self.talks = []

    def start(self, doc):
        self.agent.begin(doc)

    def talk(self, *words, **keys):
        self.talks.append(Talk(*words, **keys))
        return self.talks[-1]

    def remove(self):
        self.fault.disarm()
        self.agent.keep_log()
        if self.agent.daemon and self.agent.daemon.alive():
            self.agent.daemon.stop()
        for talk in self.talks:
            talk.close()
        for ns in self.spaces:
            ns.delete()
        for link in (UPLINK, BRIDGE,
                     *(device(t, g) for t in VLAN for g in "cs")):
            sh(["ip", "link", "del", link], check=False)
        sh("nft flush ruleset")
        sh("conntrack -F", check=False)


@pytest.fixture
def host():
    host_ = Host()
    yield host_
    host_.remove()


@pytest.fixture
def talks(host):
    """All of KEPT and CUT, open under a policy that allows both; and one of
    globex with the ports of one that will be cut."""
    host.start(policy(allow(KEPT + CUT)))
    kept = [host.talk(*which) for which in KEPT]
    gone = [host.talk(*which) for which in CUT]
    other = host.talk(*CUT[0], tenant="globex")
    return kept, gone, other


def test_tightening_cuts(host, talks):
    kept, gone, other = talks
    host.agent.reload(policy(allow(KEPT)))
    cut(gone, kept[1])
    for talk in kept:
        assert talk.passes()
        assert mark(talk) & 1 == 0
    for talk in gone:
        assert mark(talk) & 1 == 1
    assert other.passes() and mark(other, "globex") & 1 == 0
    assert any(row["port"] == "acme/s/0" and row["reason"] == "ct-blocked"
               for row in host.agent.cordon("show", "drops")["drops"])


def test_stays_cut_when_server_sends(host, talks):
    """The client is silent, for good: nothing that the server sends makes a
    connection of its own."""
    kept, gone, _ = talks
    host.agent.reload(policy(allow(KEPT)))
    before = sorted(marks())
    for _ in range(5):
        cut(gone, kept[1], ends=("server",))
    assert sorted(marks()) == before
    for talk in gone:
        assert mark(talk) & 1 == 1


def test_loosening_revives(host, talks):
    kept, gone, _ = talks
    host.agent.reload(policy(allow(KEPT)))
    cut(gone, kept[1])
    host.agent.reload(policy(allow(KEPT + CUT[:2])))
    for talk in gone[:2]:
        assert talk.passes()
        assert mark(talk) & 1 == 0
    cut(gone[2:], kept[1])
    assert mark(gone[2]) & 1 == 1


def test_sender_decides_too(host, talks):
    """What the client may no longer send, the server's rules do not save."""
    kept, gone, _ = talks
    to = [dict(rule, to="any") for rule in allow(KEPT)]
    for rule in to:
        del rule["from"]
    host.agent.reload(policy(allow(KEPT + CUT), egress=to))
    cut(gone, kept[1])
    assert all(talk.passes() for talk in kept)


def test_leaving_a_group_cuts(host):
    rules = allow(KEPT, "group:members") + allow(CUT[:1])
    host.start(policy(rules))
    member, anybody = host.talk(*KEPT[1]), host.talk(*CUT[0])
    host.agent.reload(policy(rules, members=()))
    cut([member], anybody)
    assert mark(member) & 1 == 1 and mark(anybody) & 1 == 0
    host.agent.reload(policy(rules))
    assert member.passes()


@pytest.mark.parametrize("message", [1, 2], ids=["read", "cut"])
def test_agent_dies_between_rules_and_cut(host, talks, message):
    """Killed when the rules are in the kernel, and connections are about to
    be read, or marked."""
    kept, gone, other = talks
    settle(host)
    host.fault.arm(message, Fault.KILL, writes=2)
    host.agent.write(policy(allow(KEPT)))
    host.agent.hangup()
    until(lambda: not host.agent.daemon.alive(), "the agent dies")
    host.fault.disarm()
    assert all(mark(talk) & 1 == 0 for talk in gone)

    host.agent.launch()
    host.agent.wait_open()
    host.agent.settled()
    cut(gone, kept[1])
    assert all(talk.passes() for talk in kept)
    assert other.passes()


def settle(host):
    """Wait until connections have been judged for the second time."""
    host.fault.arm(1, Fault.NONE, writes=2)
    host.agent.reload(json.loads(open(host.agent.path).read()))
    until(lambda: host.fault.seen >= 2, "judged twice")
    host.fault.disarm()


def test_every_protocol_is_cut(host):
    """What has no ports is found again too, to be marked."""
    host.start(policy(ANY))
    sh("ping -c 1 -W 20 " + IP["s"], ns="ac")
    sh("ping -c 1 -W 20 " + IP6["s"], ns="ac")
    with inside("ac"):
        for protocol in (47, 50, 253):
            with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                               protocol) as s:
                s.sendto(bytes(8), (IP["s"], 0))

    def tracked(value):
        return {line.split(" proto ")[1][:2] for line in state.conntrack()
                if " zone %04x" % VLAN["acme"] in line
                and int(line.split(" mark ")[1], 16) & 1 == value}
    everything = {"01", "3a", "2f", "32", "fd"}
    until(lambda: tracked(0) == everything, "all are tracked")
    host.agent.reload(policy(allow(KEPT)))
    assert tracked(1) == everything
    assert "ttl" not in sh("ping -c 1 -W 1 " + IP["s"], ns="ac",
                           check=False)[1]
    host.agent.reload(policy(ANY))
    assert everything <= tracked(0)
    sh("ping -c 1 -W 20 " + IP["s"], ns="ac")


def test_restart_cuts_nothing(host, talks):
    kept, gone, _ = talks
    host.agent.daemon.kill()
    assert all(talk.passes() for talk in kept + gone)
    host.agent.launch()
    host.agent.wait_open()
    host.agent.settled()
    assert all(talk.passes() for talk in kept + gone)
    host.agent.reload(policy(allow(KEPT)))
    cut(gone, kept[1])


def test_failure_is_shown_and_retried(host, talks):
    kept, gone, _ = talks
    settle(host)
    host.fault.arm(1, Fault.ERROR, errno.ENOBUFS, sticky=True, writes=2)
    host.agent.write(policy(allow(KEPT)))
    code, text = host.agent.call("apply", "60", host.agent.path)
    assert code == 1 and "running connections" in text
    assert "running connections" in host.agent.summary()["host_problem"]
    # What is new goes by the new rules; open ports stay open.
    assert all(p["state"] == "open" for p in host.agent.ports().values())

    host.fault.disarm()
    until(lambda: not host.agent.summary().get("host_problem"), "judged")
    cut(gone, kept[1])
    assert all(talk.passes() for talk in kept)


def test_foreign_entries_are_untouched(host, talks):
    """Equal addresses in a zone that is no segment's; a segment's zone with
    addresses that no port has."""
    kept, gone, _ = talks
    for zone, src, dst, value in ((999, IP["c"], IP["s"], 0),
                                  (998, IP["c"], IP["s"], 1),
                                  (997, IP["c"], IP["s"], 0x36),
                                  (VLAN["acme"], "192.0.2.1", "192.0.2.2", 1)):
        sh("conntrack -I -p udp -s %s -d %s --sport 1 --dport 1111 -w %d"
           " -t 600 -m %d" % (src, dst, zone, value))
    sh("conntrack -I -p udp -s %s -d %s --sport 7 --dport 7777 -w %d -t 600"
       " -m 0x36" % (IP["c"], IP["s"], VLAN["acme"]))
    host.agent.reload(policy(allow(KEPT)))
    cut(gone, kept[1])
    found = marks()
    assert found[999, 17, 1111] == 0
    assert found[998, 17, 1111] == 1
    assert found[997, 17, 1111] == 0x36
    assert found[VLAN["acme"], 17, 1111] == 1
    # Of ours, other bits are others'.
    assert found[VLAN["acme"], 17, 7777] == 0x37
    host.agent.reload(policy(ANY))
    assert marks()[VLAN["acme"], 17, 7777] == 0x36


def test_show(host, talks):
    kept, gone, _ = talks
    host.agent.reload(policy(allow(KEPT), limit=2000))
    shown = host.agent.cordon("show", "port", "acme/s/0")
    assert shown["max_connections"] == 2000
    assert shown["connections"] == len(kept + gone)
    assert shown["connections_blocked"] == len(gone)
    shown = host.agent.cordon("show", "port", "globex/s/0")
    assert shown["connections"] == 1 and shown["connections_blocked"] == 0
