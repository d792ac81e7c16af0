# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the bed that several claims share."""

import re

import frames as f
from bed import GATEWAY_MAC, body, who
from events import LinkWatch
from shell import sh


def refused(bed, guest):
    """What xl says of a guest that it does not create, and whether the
    guest's vif was ever up or in a bridge."""
    with LinkWatch() as links:
        said = bed.refused(guest)
        moved = links.opened("vif", [g.vif() for g in bed.guests])
    words = " ".join(re.findall(r"vif-cordon: [^\n\"]*", said)[:1])
    words = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "UUID", words)
    words = re.sub(r"\bvif[0-9]+\.", "vifN.", words)
    bed.say("    " + "\n    ".join(
        line for line in said.splitlines()
        if "vif-cordon" in line or line.startswith("xl ")))
    return "%s; its vif %s" % (words or "(no reason) " + said[-200:], moved)


def forge(bed):
    """Who gets a forged frame, and who its harmless twin."""
    a = bed.web1
    bed.beacons += 1
    text = b"forged? %05d" % bed.beacons
    forged = f.udp4(bed.web2.mac, GATEWAY_MAC, "10.0.0.1", bed.web2.ipv4,
                    1000, 1000, text)
    own = f.udp4(bed.web2.mac, a.mac, a.ipv4, bed.web2.ipv4, 1000, 1000, text)
    bed.listen()
    a.send_frames(forged, own)
    places = bed.heard()
    return "%s; twin: %s" % (who(places, body(forged)),
                             who(places, body(own)))


def residue(bed, *names):
    """What of a guest that is gone is still somewhere in the kernel."""
    everything = {
        "nft": sh("nft list ruleset"), "fdb": sh("bridge fdb show"),
        "vlan": sh("bridge vlan show"), "tc": sh("tc qdisc show"),
        "links": sh("ip link show")}
    return " ".join(what for what, text in everything.items()
                    if any(name in text for name in names)) or "nothing"
