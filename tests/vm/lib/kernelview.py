# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridge, lock and guard as the kernel has them, read with ip, bridge, tc and
nft and not with what is tested."""

import json

from frames import MAC, VLAN
from lab import BRIDGE
from shell import sh

# Blocks of filters that devices share: src/dataplane/linux/lock.h.
INGRESS, HOST, TRUNK = 0xc0000001, 0xc0000002, 0xc0000003


def segment_block(name):
    return 0xc1000000 | VLAN[name]


def ours(text):
    return json.loads(text or "[]")


def ports():
    return {p["ifname"]: p for p in ours(sh("bridge -d -j link show"))
            if p.get("master") == BRIDGE}


def vlans():
    """{device: [(vlan, flags)]} of all that has a VLAN."""
    return {d["ifname"]: [(v["vlan"], sorted(v.get("flags", [])))
                          for v in d["vlans"]]
            for d in ours(sh("bridge -j vlan show"))}


def fdb():
    """{(device, vlan, MAC)} of the static entries of the bridge."""
    return {(e["ifname"], e.get("vlan"), e["mac"])
            for e in ours(sh("bridge -j fdb show br " + BRIDGE))
            if e.get("state") == "static" and "sticky" in e["flags"]}


def place(name, vlan):
    """Where the bridge thinks a MAC is."""
    mac = MAC[name].hex(":")
    return [e["ifname"] for e in ours(sh("bridge -j fdb show br " + BRIDGE))
            if e["mac"] == mac and e.get("vlan") == vlan]


def chains():
    """Names of the guard's chains."""
    return {o["chain"]["name"] for o in json.loads(
        sh("nft -j list chains netdev"))["nftables"]
        if "chain" in o and o["chain"]["table"] == "cordon"}


def filters(block):
    return [line.strip() for line in
            sh("tc filter show block %d" % block).splitlines()
            if "handle" in line or "action order" in line]


def dropped(block):
    """Frames that the last filter of a block has dropped."""
    text = sh("tc -s filter show block %d" % block)
    return int(text.rpartition("(dropped ")[2].partition(",")[0])


def links():
    """All links, without timers."""
    found = {}
    for link in ours(sh("ip -d -j link show")):
        info = link.get("linkinfo", {})
        for part in ("info_data", "info_slave_data"):
            info[part] = {k: v for k, v in info.get(part, {}).items()
                          if "timer" not in k}
        found[link["ifname"]] = link
    return found


def tables():
    """All that is configured."""
    return links(), ports(), vlans(), fdb(), sh("tc qdisc show")
