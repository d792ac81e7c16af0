# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: dom0 is out of reach, and guests that get nowhere."""

import re

import attacks
import frames as f
from bed import (BRIDGE, DOM0_IPV4, DOM0_IPV6, GATEWAY_MAC, UNDERLAY, body,
                 pause, who)
from claim import claim
from look import refused
from shell import sh


# dom0

@claim("frames that dom0's stack got from guests and trunk meanwhile", "0",
       says="dom0 is out of reach:")
def _(bed):
    assert bed.once["heard during web1"] > 50
    return str(bed.once["dom0 during web1"] + bed.once["dom0 during trunk"])


@claim("web1 sends to dom0's bridge, its vif and every station; dom0 got",
       "nothing; web2 got the broadcast")
def _(bed):
    bed.listen()
    a = bed.web1
    link_local = f.eui64(attacks.BRIDGE_MAC)
    all_nodes = f.group_mac("ff02::1")
    a.send_frames(
        f.udp4(attacks.BRIDGE_MAC, a.mac, a.ipv4, DOM0_IPV4, 1000, 1000,
               b"to dom0 1"),
        f.udp6(attacks.BRIDGE_MAC, a.mac, a.link_local, link_local, 1000,
               1000, b"to dom0 2"),
        f.udp4("fe:ff:ff:ff:ff:ff", a.mac, a.ipv4, DOM0_IPV4, 1000, 1000,
               b"to dom0 3"),
        f.solicitation(a.mac, a.link_local, link_local, a.mac),
        f.arp(1, a.mac, a.mac, a.ipv4, "00:00:00:00:00:00", DOM0_IPV4),
        f.udp4(f.BROADCAST, a.mac, a.ipv4, "255.255.255.255", 1000, 1000,
               b"to dom0 4"),
        f.udp6(all_nodes, a.mac, a.link_local, "ff02::1", 1000, 1000,
               b"to dom0 5"))
    places = bed.heard()
    got = len(places["dom0"])
    return "%s; web2 got %s" % (
        "%d frames" % got if got else "nothing",
        "the broadcast" if "web2" in who(places, b"to dom0 4").split()
        else "nothing")


def _ping_dom0(name, address):
    @claim("web1 pings %s; dom0 itself" % name, "no answer; answer")
    def _(bed):
        command = ["busybox", "ping6" if ":" in address else "ping", "-c1",
                   "-W2", address]
        own = "answer" if sh(command, check=False)[0] == 0 else "no answer"
        return "%s; %s" % (bed.ping(bed.web1, address), own)


_ping_dom0("dom0's address", DOM0_IPV4)
_ping_dom0("dom0's IPv6 address", DOM0_IPV6)
_ping_dom0("dom0's tunnel endpoint", UNDERLAY)


@claim("the bridge and the vifs have no address, not even link-local",
       "none; dom0's own device has some")
def _(bed):
    with_address = [name for name in [BRIDGE] + [g.vif() for g in bed.guests]
                    if "inet" in sh(["ip", "addr", "show", "dev", name])]
    own = "inet6" in sh("ip addr show dev dom0net")
    return "%s; dom0's own device has %s" % (
        ", ".join(with_address) or "none", "some" if own else "none")


# Guests that get nowhere

@claim("xl create of a guest that no policy has says why, and fails",
       "vif-cordon: vifN.0: domain stranger (UUID) is in no policy; its vif "
       "never up, never in a bridge", says="Guests that get nowhere:")
def _(bed):
    return refused(bed, bed.guest("stranger", "acme", "00:16:3e:00:00:77",
                                   77))


@claim("xl create of a guest with another MAC than its policy",
       "vif-cordon: vifN.0: MAC 00:16:3e:00:00:66 of vif N.0 differs from the "
       "policy's 00:16:3e:00:00:03; its vif never up, never in a bridge")
def _(bed):
    said = refused(bed, bed.guest("web3", "acme", "00:16:3e:00:00:66", 14))
    return re.sub(r"of vif (vifN|[0-9]+)\.", "of vif N.", said)


@claim("web1 writes another MAC into its frontend directory; its port is",
       "open with 00:16:3e:00:00:01; its frame reaches web2, one from that "
       "MAC nobody")
def _(bed):
    a = bed.web1
    node = "/local/domain/%d/device/vif/0/mac" % a.domid
    sh(["xenstore-write", node, "00:16:3e:00:00:02"])
    pause(1)
    port = bed.show("port", "acme/web1/0")
    bed.listen()
    forged = f.udp4(GATEWAY_MAC, "00:16:3e:00:00:02", a.ipv4, "203.0.113.7",
                    1000, 1000, b"frontend")
    own = f.udp4(bed.web2.mac, a.mac, a.ipv4, bed.web2.ipv4, 1000, 1000,
                 b"frontend")
    a.send_frames(forged, own)
    places = bed.heard()
    sh(["xenstore-write", node, a.mac])
    return "%s with %s; its frame reaches %s, one from that MAC %s" % (
        port["state"], port["mac"], who(places, body(own)),
        who(places, body(forged)))
