# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: peers of a tenant talk, tenants do not."""

import frames as f
from bed import who
from claim import claim


# Guests come up

@claim("all four ports are open", "web1 open, web2 open, app1 open, app2 open")
def _(bed):
    ports = bed.ports()
    return ", ".join("%s %s" % (g, ports.get("%s/%s/0" % (g.tenant, g),
                                             {}).get("state", "unknown"))
                     for g in bed.guests)


@claim("netback was told so by the hotplug script",
       "connected connected connected connected")
def _(bed):
    return " ".join(str(g.backend("hotplug-status")) for g in bed.guests)


# Peers talk, tenants do not

def _ping(source, target, address, expected, says=None, **options):
    @claim("%s pings %s" % (source, target), expected, says=says, **options)
    def _(bed):
        return bed.ping(getattr(bed, source.split()[0]), address)


_ping("web1", "its peer web2, IPv4", "10.0.0.12", "answer",
      says="Peers of a tenant talk, and reach their gateway by the trunk:")
_ping("web1", "its peer web2, IPv6", "fd00:a::12", "answer")
_ping("app2", "its peer app1, IPv4", "10.0.0.11", "answer")
_ping("app2", "its peer app1, IPv6", "fd00:a::11", "answer")
_ping("web1", "its gateway, IPv4", "10.0.0.1", "answer")
_ping("web1", "its gateway, IPv6", "fd00:a::1", "answer")
_ping("app1", "its gateway, which has the same address", "10.0.0.1",
      "answer")


@claim("web1 and web2 talk by TCP", "I am web2")
def _(bed):
    return bed.tcp(bed.web1, bed.web2, bed.web2.ipv4)


@claim("10.0.0.11 is web1 for web2 and app1 for app2", "I am web1, I am app1")
def _(bed):
    return "%s, %s" % (bed.tcp(bed.web2, bed.web1, "10.0.0.11"),
                       bed.tcp(bed.app2, bed.app1, "10.0.0.11"))


_ping("app1", "app2 of its tenant", "10.0.0.13", "answer",
      says="Tenants do not talk, whatever their addresses:")
_ping("web1", "app2 of the other tenant, IPv4", "10.0.0.13", "no answer")
_ping("web1", "app2 of the other tenant, IPv6", "fd00:a::13", "no answer")
_ping("app1", "web2 of the other tenant, IPv4", "10.0.0.12", "no answer")
_ping("app1", "web2 of the other tenant, IPv6", "fd00:a::12", "no answer")


@claim("app2 serves TCP for its own tenant only",
       "app1: I am app2, web1: no answer")
def _(bed):
    own = bed.tcp(bed.app1, bed.app2, bed.app2.ipv4)
    return "app1: %s, web1: %s" % (
        own, bed.tcp(bed.web1, bed.app2, bed.app2.ipv4))


def _crossing(bed):
    """One and the same frame from web1 and app1, which look alike, to each
    of their peers; an ARP request for each peer."""
    if "crossing" in bed.once:
        return bed.once["crossing"]
    web1, app1 = bed.web1, bed.app1
    for a, b in ((web1.mac, app1.mac), (web1.ipv4, app1.ipv4)):
        assert a == b, "web1 and app1 shall look alike"
    found = {}
    bed.listen()
    for sender in (web1, app1):
        for target in (bed.web2, bed.app2):
            for what, frame in (
                    ("frame", f.udp4(target.mac, sender.mac, sender.ipv4,
                                     target.ipv4, 1000, 1000,
                                     b"crossing " + sender.name.encode()
                                     + target.name.encode())),
                    ("arp", f.arp(1, sender.mac, sender.mac, sender.ipv4,
                                  "00:00:00:00:00:00", target.ipv4))):
                found[sender.name, target.name, what] = frame
    for (sender, _, _), frame in found.items():
        getattr(bed, sender).send_frames(frame)
    bed.once["crossing"] = found, bed.heard()
    return bed.once["crossing"]


def _frame_crosses(sender, target, expected):
    @claim("a frame of %s to %s's MAC and address is seen by"
           % (sender, target), expected)
    def _(bed):
        found, places = _crossing(bed)
        return who(places, found[sender, target, "frame"][12:].rstrip(b"\0"))


_frame_crosses("web1", "web2", "web2")
_frame_crosses("app1", "app2", "app2")
# Nor does it leave by the trunk, which gets no unknown unicast.
_frame_crosses("web1", "app2", "nobody")
_frame_crosses("app1", "web2", "nobody")


def _arp_crosses(address, expected):
    @claim("ARP requests for %s, from either tenant, are seen by" % address,
           expected)
    def _(bed):
        found, places = _crossing(bed)
        name = "web2" if address == "10.0.0.12" else "app2"
        body = found["web1", name, "arp"][12:].rstrip(b"\0")
        lines = []
        for place, seen in places.items():
            n = sum(body in frame for frame in seen)
            if n:
                lines.append("%s %d" % (place, n))
        return ", ".join(lines)


# Each tenant's peer sees the one of its own tenant, the switch sees both.
_arp_crosses("10.0.0.12", "web2 1, app2 1, switch 2")
_arp_crosses("10.0.0.13", "web2 1, app2 1, switch 2")
