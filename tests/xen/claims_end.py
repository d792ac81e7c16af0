# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: a guest ends without residue, and comes back."""

import re

from claim import claim
from look import residue
from shell import sh, until


@claim("before web2 ends, the kernel knows it in", "nft fdb vlan tc links",
       says="A guest ends and comes back:")
def _(bed):
    return residue(bed, bed.web2.mac, bed.web2.vif())


@claim("web2 is destroyed; what is left of it is in", "nothing")
def _(bed):
    g = bed.web2
    bed.once["web2 was"] = g.domid
    g.destroy()
    until(lambda: residue(bed, g.mac) == "nothing", "cleared away", 60)
    return residue(bed, g.mac, g.vif())


@claim("the port of web2 is then", "not there; web1's is open")
def _(bed):
    ports = bed.ports()
    return "%s; web1's is %s" % (
        ports.get("acme/web2/0", {}).get("state", "not there"),
        ports["acme/web1/0"]["state"])


def _uplink_vlans(bed):
    text = sh(["bridge", "vlan", "show", "dev", bed.uplink.name])
    return " ".join(re.findall(r"\b(\d+)(?: .*)?$", text, re.M))


@claim("web2 is created again; it has another domid and talks to web1",
       "another, answer, answer")
def _(bed):
    g = bed.web2
    bed.web2.start()
    bed.web2.wait()
    return "%s, %s, %s" % (
        "another" if g.domid != bed.once["web2 was"] else "the same",
        bed.ping(g, bed.web1.ipv4), bed.ping(bed.web1, g.ipv6))


@claim("web2's twin in the other tenant is still out of its reach",
       "10.0.0.13: no answer")
def _(bed):
    return "10.0.0.13: %s" % bed.ping(bed.web2, "10.0.0.13")


@claim("both guests of globex end; the trunk's VLANs before and after",
       "110 120, 110")
def _(bed):
    before = _uplink_vlans(bed)
    bed.app1.destroy()
    bed.app2.destroy()
    until(lambda: _uplink_vlans(bed) != before, "the VLAN goes", 60)
    return "%s, %s" % (before, _uplink_vlans(bed))


@claim("what is left of app2 is in", "nothing")
def _(bed):
    return residue(bed, bed.app2.mac, bed.app2.vif())


@claim("web1 and web2 still talk", "answer")
def _(bed):
    return bed.ping(bed.web1, bed.web2.ipv4)
