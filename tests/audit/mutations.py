# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be changed behind the agent's back on a host that cordond has set
up: each rule and some elements of its tables deleted, each chain opened, each
flag of a port, VLAN, FDB entry, filter and sysctl weakened. Used by
tests/audit/mutants.

A Mutation has a name that is the same on each host that was set up the same
way, and the commands that make it; the agent takes it back, but for what is
none of its own, which `undo` does.
"""

import collections
import json
import re
import subprocess

from shell import sh

ELEMENTS = 3            # Of a set, that are deleted one by one.
TABLES = (("netdev", "cordon"), ("bridge", "cordon"))
FLAGS = ("learning on", "flood on", "mcast_flood on", "bcast_flood on",
         "hairpin on", "locked off", "isolated off", "guard off",
         "mcast_to_unicast on", "neigh_suppress off", "fastleave on",
         "proxy_arp on")

TIMER = re.compile(r"\w+_timer +[\d.]+")
REMEMBERED = ("drops",)  # What frames put into sets.

DOCUMENT = "/tmp/mutation.json"

# command: a shell's, or a document for nft -j. undo: a shell's.
Mutation = collections.namedtuple("Mutation", "name command undo",
                                  defaults=("",))


def listing():
    """What nft lists, by kind: [(kind, item)]."""
    text = sh("nft -j -s -a list ruleset")
    found = []
    for document in json.loads(text)["nftables"]:
        for kind, item in document.items():
            if kind == "metainfo" or (item["family"], item.get(
                    "table", item.get("name"))) not in TABLES:
                continue
            if item.get("name") in REMEMBERED:
                item["elem"] = []
            found.append((kind, item))
    return found


def rules_and_chains(items):
    at = collections.Counter()
    for kind, item in items:
        where = {k: item[k] for k in ("family", "table") if k in item}
        if kind == "chain":
            name = "%s %s" % (item["family"], item["name"])
            opened = {"insert": {"rule": dict(
                where, chain=item["name"], expr=[{"accept": None}])}}
            yield Mutation("chain %s accepts" % name, opened)
            if "hook" in item:
                yield Mutation(
                    "chain %s is no more" % name,
                    "nft flush chain %s %s %s; nft delete chain %s %s %s"
                    % ((item["family"], item["table"], item["name"]) * 2))
        elif kind == "rule":
            name = "%s %s %d" % (item["family"], item["chain"],
                                 at[item["family"], item["chain"]])
            at[item["family"], item["chain"]] += 1
            yield Mutation("rule %s is no more" % name, {"delete": {
                "rule": dict(where, chain=item["chain"],
                             handle=item["handle"])}})


def elements(items):
    for kind, item in items:
        if kind not in ("set", "map"):
            continue
        listed = sorted(item.get("elem", []), key=json.dumps)
        step = max(1, len(listed) // ELEMENTS)
        for n, elem in enumerate(listed[::step][:ELEMENTS]):
            yield Mutation("element %s %s %d is no more" % (
                item["family"], item["name"], n), {"delete": {"element": {
                    "family": item["family"], "table": item["table"],
                    "name": item["name"], "elem": [elem]}}})


def bridge(name, guests, uplink, vlans):
    """`guests`: {device: VLAN}."""
    for device in [*guests, uplink]:
        for flag in FLAGS:
            yield Mutation("%s %s" % (device, flag),
                           "bridge link set dev %s %s" % (device, flag))
        for vlan in [*vlans, 4000]:
            if guests.get(device) == vlan:
                yield Mutation(
                    "%s is not in VLAN %d" % (device, vlan),
                    "bridge vlan del dev %s vid %d" % (device, vlan))
                continue
            yield Mutation("%s is in VLAN %d" % (device, vlan),
                           "bridge vlan add dev %s vid %d" % (device, vlan))
            yield Mutation(
                "%s is in VLAN %d alone" % (device, vlan),
                "bridge vlan add dev %s vid %d pvid untagged"
                % (device, vlan))
        yield Mutation("%s is in no bridge" % device,
                       "ip link set %s nomaster" % device)
        yield Mutation("%s answers ARP" % device,
                       "ip link set %s arp on" % device)
        yield Mutation("%s has no clsact" % device,
                       "tc qdisc del dev %s clsact" % device)
        yield Mutation("%s hands over to the next" % device,
                       "tc qdisc replace dev %s root pfifo" % device,
                       "tc qdisc del dev %s root" % device
                       if device == uplink else "")
    for vlan in vlans:
        yield Mutation("the host is in VLAN %d" % vlan,
                       "bridge vlan add dev %s vid %d self" % (name, vlan))
    for option in ("vlan_filtering 0", "mcast_snooping 1", "mcast_querier 1",
                   "vlan_default_pvid 100", "no_linklocal_learn 0",
                   "group_fwd_mask 0xfff8", "stp_state 1",
                   "nf_call_iptables 1"):
        yield Mutation("the bridge has " + option,
                       "ip link set %s type bridge %s" % (name, option))


def fdb(name, vlans):
    text = sh("bridge -j fdb show br " + name)
    for entry in json.loads(text):
        if "vlan" in entry and "static" in (entry.get("state") or "") or \
                "sticky" in entry.get("flags", []):
            mac, vlan, device = entry["mac"], entry["vlan"], entry["ifname"]
            of = "%s in VLAN %d" % (mac, vlan)
            yield Mutation("no FDB entry " + of, "bridge fdb del %s dev %s "
                           "master vlan %d" % (mac, device, vlan))


def filters():
    """What tc's blocks and devices have."""
    text = sh("tc -j qdisc show")
    seen = set()
    for qdisc in json.loads(text):
        for way in ("ingress", "egress"):
            block = qdisc.get(way + "_block")
            if block and block not in seen:
                seen.add(block)
                yield from _filters("block %d" % block)
        if qdisc["kind"] == "clsact":
            for way in ("ingress", "egress"):
                if not qdisc.get(way + "_block"):
                    yield from _filters("dev %s %s" % (qdisc["dev"], way))


def _filters(where):
    text = sh("tc filter show " + where)
    for pref in sorted({int(n) for n in re.findall(r"\bpref (\d+)", text)}):
        yield Mutation("no filter %d of %s" % (pref, where),
                       "tc filter del %s pref %d" % (where, pref))


def redirections(guests, uplink):
    """Frames past the hooks; where there is a block the kernel refuses a
    filter of the device's own, and tc puts it in the block."""
    devices = list(guests)
    for action in ("mirror", "redirect"):
        yield Mutation(
            "tc of %s does %s" % (devices[0], action),
            "b=$(tc qdisc show dev %s clsact | sed -n "
            "'s/.*ingress_block \\([0-9]*\\).*/\\1/p'); "
            "w='dev %s ingress'; [ -z \"$b\" ] || w=\"block $b\"; "
            "tc filter add $w pref 1 matchall action mirred egress %s dev %s"
            % (devices[0], devices[0], action, devices[-1]))
    yield Mutation("a VLAN device on the uplink",
                   "ip link add link %s name %s.300 type vlan id 300; "
                   "ip link set %s.300 up" % ((uplink,) * 3),
                   "ip link del %s.300" % uplink)


def sysctls(name, guests):
    for key in ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.proxy_arp=1",
                "net.ipv6.conf.%s.disable_ipv6=0" % name,
                "net.ipv6.conf.all.forwarding=1",
                *("net.ipv6.conf.%s.disable_ipv6=0" % g for g in guests)):
        yield Mutation("sysctl " + key, "sysctl -qw " + key)


def all_of(name, guests, uplink):
    """What may be changed on this host as it is now."""
    items = listing()
    vlans = sorted(set(guests.values()))
    return [*rules_and_chains(items), *elements(items),
            *bridge(name, guests, uplink, vlans), *fdb(name, vlans),
            *filters(), *redirections(guests, uplink),
            *sysctls(name, guests)]


def make(mutation):
    """Why the kernel refuses it, or None."""
    if isinstance(mutation.command, dict):
        with open(DOCUMENT, "w", encoding="utf-8") as f:
            json.dump({"nftables": [mutation.command]}, f)
        command = "nft -j -f " + DOCUMENT
    else:
        command = mutation.command
    done = subprocess.run(command, shell=True, check=False,
                          capture_output=True, text=True)
    return (done.stdout + done.stderr).strip() if done.returncode else None


def undo(mutation):
    """Takes back what the agent does not."""
    if mutation.undo:
        sh(mutation.undo)


def fingerprint():
    """What the agent has to bring back, comparable."""
    found, at = set(), collections.Counter()
    for kind, item in listing():
        item = {k: v for k, v in item.items() if k not in ("handle", "elem")
                } | {"elem": sorted(item.get("elem", []), key=json.dumps)}
        if kind == "rule":
            at[item["chain"]] += 1
            item["at"] = at[item["chain"]]
        found.add(json.dumps([kind, item], sort_keys=True))
    for command in ("ip -d link", "bridge -d link", "bridge vlan",
                    "tc filter show", "tc qdisc show"):
        text = sh(command)
        found |= {command + ": " + TIMER.sub("", line).strip()
                  for line in text.splitlines()}
    return found
