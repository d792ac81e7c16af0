# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: tenants' own rules, rates, and customers of a shared network.

The policy is edited and applied as an operator would; at the end it is as it
was.
"""

from bed import GATEWAY_MAC
from claim import claim
from edit import apply, interface, policy
from shell import until

WEB = """
    groups:
      web:
        ingress:
          - { allow: tcp, ports: [80], from: any, description: the shop }
"""
SSH = "          - { allow: tcp, ports: [22], from: any }\n"
PUBLIC = """  hosting:
    networks:
      public:
        vlan: 130
        shared: true
        subnets: [10.0.0.0/24, "fd00:a::/64"]
        gateways:
          - mac: "%s"
            addresses: [10.0.0.1, "fd00:a::1", "fe80::1"]
""" % GATEWAY_MAC


def _grouped(bed, more=""):
    text = policy(bed).replace("  acme:\n", "  acme:" + WEB + more)
    return interface(text, "web2", "groups: [web]")


def _reaches(bed, client, server, ports=(80, 22)):
    return ", ".join("%d: %s" % (port, bed.tcp(client, server, server.ipv4,
                                               port)) for port in ports)


@claim("web2 joins group web, which lets TCP port 80 in; web1 reaches web2 "
       "on", "80: I am web2, 22: no answer; by ping: no answer",
       says="Tenants have rules of their own:")
def _(bed):
    apply(bed, _grouped(bed))
    return "%s; by ping: %s" % (_reaches(bed, bed.web1, bed.web2),
                                bed.ping(bed.web1, bed.web2.ipv4))


@claim("web2 reaches web1 and its gateway, for replies come in",
       "22: I am web1; by ping: answer, answer")
def _(bed):
    return "%s; by ping: %s, %s" % (
        _reaches(bed, bed.web2, bed.web1, [22]),
        bed.ping(bed.web2, bed.web1.ipv4), bed.ping(bed.web2, "10.0.0.1"))


@claim("what web2's group kept out is counted as", "group-ingress")
def _(bed):
    dropped = bed.drops(bed.web2.vif())
    return "group-ingress" if dropped.get("group-ingress") else str(dropped)


HANG_UP = "killall sleep nc; true"


def _serve(guest, port, file):
    """A guest writes what comes to a port to a file; it says nothing, and
    does not end before its client, until HANG_UP."""
    guest.run("(sleep 1000 | nc -l -p %d > %s 2>&1 &)" % (port, file))


def _says(bed, text):
    """web1 says a line on its connection to web2; whether web2 gets it."""
    bed.web1.run("echo %s >> /tmp/say" % text)
    try:
        until(lambda: text in bed.web2.run("cat /tmp/hear"), text, 6,
              every=0.5)
        return "heard"
    except AssertionError:
        return "not heard"


@claim("port 22 is let in, and not any more, while web1 is connected to it; "
       "what web1 says before, after", "heard, not heard; port 80: I am web2")
def _(bed):
    apply(bed, _grouped(bed, SSH))
    _serve(bed.web2, 22, "/tmp/hear")
    bed.web1.run("echo hello > /tmp/say; (tail -f /tmp/say | nc %s 22 "
                 "> /dev/null 2>&1 &)" % bed.web2.ipv4)
    before = _says(bed, "before")
    apply(bed, _grouped(bed))
    after = _says(bed, "after")
    bed.web1.run("killall tail nc; true")
    bed.web2.run(HANG_UP)
    return "%s, %s; port 80: %s" % (
        before, after, bed.tcp(bed.web1, bed.web2, bed.web2.ipv4, 80))


RATE = 400      # kbit/s: much less than guests get without hardware help
LENGTH = 400 << 10


def _kilobits(bed, sender, receiver):
    """How fast a stream of TCP arrives, by the receiver's clock."""
    _serve(receiver, 9000, "/tmp/stream")
    sender.run("(head -c %d /dev/zero | nc %s 9000 &)"
               % (LENGTH, receiver.ipv4))
    size = "wc -c < /tmp/stream; cut -d' ' -f1 /proc/uptime"
    seen = []

    def done():
        got, now = receiver.run(size).split()
        seen.append((int(got), float(now)))
        return int(got) == LENGTH

    until(done, "all has arrived", 60, every=0.2)
    receiver.run(HANG_UP)
    flowing = [s for s in seen if LENGTH / 4 < s[0] < LENGTH]
    if len(flowing) < 2:
        return float("inf")
    (got1, at1), (got2, at2) = flowing[0], flowing[-1]
    return 8 * (got2 - got1) / (at2 - at1) / 1e3 if at2 > at1 else \
        float("inf")


def _about(bed, measured):
    bed.say("    measured: %.0f kbit/s" % measured)
    # Bytes of TCP, without headers.
    return "the rate" if 0.8 * RATE < measured < 1.05 * RATE else \
        "more" if measured > RATE else "%.0f" % measured


@claim("web2 gets a rate of %d kbit/s in both directions; TCP to web2, from "
       "web2, between it and web1 without" % RATE,
       "the rate, the rate, more")
def _(bed):
    apply(bed, interface(policy(bed), "web2", "rate: %dkbit" % RATE))
    to = _about(bed, _kilobits(bed, bed.web1, bed.web2))
    back = _about(bed, _kilobits(bed, bed.web2, bed.web1))
    apply(bed, policy(bed))
    free = _about(bed, _kilobits(bed, bed.web1, bed.web2))
    return "%s, %s, %s" % (to, back, free)


@claim("web2 of acme and app2 of globex move to one shared network; web2 "
       "reaches app2, its gateway", "no answer, answer",
       says="Customers share a network and do not see one another:")
def _(bed):
    if "public" not in bed.gateway:
        bed.gateway["public"] = bed.uplink.host(
            130, "10.0.0.1/24", "fd00:a::1/64", "fe80::1/64",
            mac=GATEWAY_MAC)
    text = policy(bed).rstrip("\n") + "\n" + PUBLIC
    for guest in ("web2", "app2"):
        text = interface(text, guest, network="hosting/public")
    apply(bed, text)
    return "%s, %s" % (bed.ping(bed.web2, bed.app2.ipv4),
                       bed.ping(bed.web2, "10.0.0.1"))


@claim("app2 reaches web2, its gateway, also by IPv6",
       "no answer, answer; no answer, answer")
def _(bed):
    return "%s, %s; %s, %s" % (
        bed.ping(bed.app2, bed.web2.ipv4), bed.ping(bed.app2, "10.0.0.1"),
        bed.ping(bed.app2, bed.web2.ipv6), bed.ping(bed.app2, "fd00:a::1"))


@claim("with the first policy again, web2 reaches web1, app2 reaches app1, "
       "web2 reaches app2", "answer, answer, no answer")
def _(bed):
    apply(bed, policy(bed))
    return "%s, %s, %s" % (bed.ping(bed.web2, bed.web1.ipv4),
                           bed.ping(bed.app2, bed.app1.ipv4),
                           bed.ping(bed.web2, bed.app2.ipv4))
