# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections: what a host with a tenant's rules does to frames that are sent
one after the other, from several ends.

Port security comes first (deliver.py), then the sender's rules, then the
receiver's. Both see the connections of their segment.
"""

from collections import namedtuple

from . import packet as pk
from . import rules, upper
from .config import State, is_group
from .groups import SYN, valid_flags

# What opens a connection; other ICMP messages answer, or are about others.
REQUESTS = {pk.ICMP: (8, 13, 15, 17), pk.ICMPV6: (128, 139)}
ANSWERS = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 139: 140}
ANSWERS.update({answer: request for request, answer in ANSWERS.items()})
SCTP_INIT = 1
# Of a datagram that was put together, the largest fragment has this size at
# least, or Linux does not take it apart again (br_ip6_fragment()).
MTU6_MIN = 1280

# Who got a frame, and what kept it from the others: None, or "egress",
# "ingress", "invalid", "incomplete", "small", or a reason of port security's.
Sent = namedtuple("Sent", "receivers reason")


class Connection:
    """`agreed` are the ends that have let it be opened, "src" and "dst" of
    its first packet: those others are judged by rules all along."""

    def __init__(self, key):
        self.key = key
        self.answered = False
        self.agreed = set()

    def end(self, forth, direction):
        """Which end has a frame in that direction, from who opened it or to
        it."""
        return "src" if forth == (direction == rules.EGRESS) else "dst"


class Zone:
    """The connections of a segment."""

    def __init__(self):
        self.known = {}

    def state(self, ip):
        """('new', 'established', 'related' or 'invalid', the Connection, and
        whether it goes from who opened that)."""
        if is_error(ip):
            inner = embedded(ip)
            found = inner and self.find(inner)
            if not found or ip.dst != inner[1]:
                return "invalid", None, True
            return "related", found, found.key != inner
        key = tuple_of(ip)
        if key is None or not opens_or_goes_on(ip):
            return "invalid", None, True
        found = self.find(key)
        if found:
            if found.key != key:
                found.answered = True
            return ("established" if found.answered else "new", found,
                    found.key == key)
        return ("new" if opens(ip) else "invalid"), Connection(key), True

    def find(self, key):
        return self.known.get(key) or self.known.get(reverse(key))

    def confirm(self, connection):
        self.known.setdefault(connection.key, connection)


def tuple_of(ip):
    """(protocol, source, destination, what tells flows between them
    apart)."""
    if ip.proto in rules.WITH_PORTS:
        if len(ip.l4) < 8:
            return None
        return ip.proto, ip.src, ip.dst, (pk.u16(ip.l4, 0), pk.u16(ip.l4, 2))
    if ip.proto in REQUESTS:
        if len(ip.l4) < 8:
            return None
        return ip.proto, ip.src, ip.dst, (ip.l4[0], pk.u16(ip.l4, 4))
    return ip.proto, ip.src, ip.dst, ()


def reverse(key):
    proto, src, dst, more = key
    if proto in rules.WITH_PORTS:
        more = more[::-1]
    elif proto in REQUESTS:
        more = (ANSWERS.get(more[0]), more[1])
    return proto, dst, src, more


def is_error(ip):
    errors = {pk.ICMP: upper.ERRORS4, pk.ICMPV6: upper.ERRORS6}
    return ip.proto in errors and ip.l4[:1] and (
        ip.l4[0] in errors[ip.proto])


def embedded(ip):
    """The tuple of the packet that an ICMP error is about."""
    kind = pk.Packet4 if ip.proto == pk.ICMP else pk.Packet6
    inner = kind(ip.l4[8:])
    return tuple_of(inner) if inner.ok and not inner.offset else None


def opens(ip):
    """Whether a packet of no connection may begin one."""
    if ip.proto == pk.TCP:
        return ip.l4[13] & 0x3f == SYN
    if ip.proto == pk.SCTP:
        return ip.l4[12:13] == bytes([SCTP_INIT])
    if ip.proto in REQUESTS:
        return ip.l4[0] in REQUESTS[ip.proto]
    return True


def opens_or_goes_on(ip):
    return ip.proto != pk.TCP or valid_flags(ip.l4[13] & 0x3f)


class Host:
    """`fabric` with rules: `ends` are (tenant, interface) by the name of a
    port."""

    def __init__(self, fabric, ends):
        self.fabric, self.ends = fabric, ends
        self.zones = {}
        self.servers = [a for gs in fabric.host.gateways.values() for g in gs
                        for a in g.addresses]

    def exchange(self, steps):
        """`steps` are (sender, frame), 'uplink' and its tagged frame among
        them. A Sent for each. A datagram's fragments are judged when it is
        complete, where connections are tracked."""
        states = {name: State() for name in self.fabric.ports}
        sent, waiting = [], {}
        for sender, data in steps:
            if sender == "uplink":
                d = self.fabric.deliver_uplink(data)
                segment = pk.u16(data, 14) & 0xfff
                data = data[:12] + data[16:]
            else:
                d = self.fabric.deliver(sender, data, states[sender])
                segment = self.fabric.ports[sender].segment
            sent.append(Sent(frozenset(), d.verdict.reason))
            if d.receivers:
                whole = self._gather(waiting, len(sent) - 1, sender, segment,
                                     data)
                got, reason = self._judge(sender, segment, whole,
                                          d.receivers) if whole else (
                                              frozenset(), "incomplete")
                for at in whole.numbers if whole else [len(sent) - 1]:
                    sent[at] = Sent(got, reason)
        return sent

    def _gather(self, waiting, number, sender, segment, data):
        """The Whole that this frame completes, or None."""
        whole = Whole(data, number)
        if (whole.ip is None or not whole.ip.is_fragment
                or not self._is_tracked(sender, segment, data)):
            return whole
        key = (segment, whole.ip.src, whole.ip.dst, whole.ip.id)
        parts = waiting.setdefault(key, [])
        parts.append(whole)
        joined = join(parts)
        if joined:
            del waiting[key]
        return joined

    def _is_tracked(self, sender, segment, data):
        """Whether one of the ends there are on this host keeps state."""
        if is_group(data[:6]):
            return False
        return self._is_stateful(sender) or any(
            data[:6] in port.macs and port.segment == segment
            and self._is_stateful(name)
            for name, port in self.fabric.ports.items())

    def _is_stateful(self, name):
        return name in self.ends and rules.is_stateful(*self.ends[name])

    def _judge(self, sender, segment, whole, receivers):
        """(receivers, reason)."""
        if whole.ip is None:
            return receivers, None
        zone = self.zones.setdefault(segment, Zone())
        state, found, forth = "untracked", None, True
        if self._is_tracked(sender, segment, whole.data):
            state, found, forth = zone.state(whole.ip)
        seen = (state, found, forth)
        reason = self._side(sender, rules.EGRESS, whole.ip, seen)
        if not reason and whole.largest < MTU6_MIN:
            reason = "small"
        if reason:
            return frozenset(), reason
        refused = {r: self._side(r, rules.INGRESS, whole.ip, seen)
                   for r in receivers}
        got = frozenset(r for r in receivers if not refused[r])
        if got and found and state in ("new", "established"):
            if forth and not rules.is_essential(rules.flow_of(whole.ip),
                                                self.servers):
                self._agree(found, segment, sender, got, whole.ip)
            zone.confirm(found)
        return got, next(filter(None, refused.values()), None)

    def _agree(self, connection, segment, sender, receivers, ip):
        """Notes the ends that have let it pass: who has the address, or
        whoever it is if nobody here has it who keeps state."""
        for end, addr, those in (("src", ip.src, {sender}),
                                 ("dst", ip.dst, receivers)):
            owners = {name for name, port in self.fabric.ports.items()
                      if port.segment == segment and self._is_stateful(name)
                      and port.owns(addr)}
            if not owners or owners & set(those):
                connection.agreed.add(end)

    def _side(self, name, direction, ip, seen):
        """Why this end does not want it, or None."""
        state, found, forth = seen
        if name not in self.ends or not rules.is_filtered(*self.ends[name]):
            return None
        f = rules.flow_of(ip)
        if rules.is_essential(f, self.servers):
            return None
        if state == "invalid":
            return "invalid"
        if (state in ("established", "related") and self._is_stateful(name)
                and found.end(forth, direction) in found.agreed):
            return None
        return None if rules.allows(*self.ends[name], direction, f,
                                    self.servers) else direction


class Whole:
    """A frame, or the datagram that fragments make: `numbers` are of the
    frames."""

    def __init__(self, data, number):
        self.data, self.numbers = data, [number]
        self.largest = MTU6_MIN
        frame = pk.Frame(data)
        self.ip = (pk.Packet4(frame.body) if frame.ethertype == pk.IPV4 else
                   pk.Packet6(frame.body) if frame.ethertype == pk.IPV6
                   else None)


def join(parts):
    """One Whole of fragments that are all there, or None."""
    parts = sorted(parts, key=lambda w: w.ip.offset)
    at = 0
    for w in parts:
        if w.ip.offset != at:
            return None
        at += len(w.ip.l4)
    if parts[-1].ip.more:
        return None
    first = parts[0]
    first.ip.l4 = b"".join(w.ip.l4 for w in parts)
    if first.ip.version == 6:
        first.largest = max(w.ip.total_len for w in parts)
    first.numbers = [n for w in parts for n in w.numbers]
    return first
