#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants' rules cost the agent; runs in the test VM, whose clock counts
instructions, as root. Prints JSON lines:

groups.member_add.ms      what the agent needs of the processor, the kernel's
                          work for it included, to add a member with two
                          addresses to a group of 2,000: from when it takes
                          the new policy to when it has read the elements back
                          and found nothing more to do. Reading the file is
                          not in it: that grows with the file, whatever is
                          changed, and has nothing to do with groups
groups.member_add.apply   for orientation: all that the agent does for the
                          `cordon apply`, the file read and the answer given
groups.member_add.check   for orientation: `cordon check` of that policy, in a
                          process of its own; most of it is YAML
groups.resync.ms          for orientation: the turn that comes twice a minute
                          and reads everything again, with that group
groups.repair.seconds     from a foreign `nft delete table bridge cordon` to
                          the transaction that puts it back, with 1,000 ports
                          in 100 groups of 100 rules
groups.cold_start.ratio   from the start of cordond to all of these open /
                          `nft -f` of the same rules
"""

import os
import subprocess
import time

import agent
from agent import (NETWORKS, POLICY, PORTS, RUN, TRIES, address, busy, figure,
                   mac, next_generation, settled, sh, vlan)
from netlinks import generation

RULES = int(os.environ.get("RULES", "100"))
GROUPS = int(os.environ.get("GROUPS", "100"))
MEMBERS = int(os.environ.get("MEMBERS", "2000"))
RESYNC = 300    # Seconds, in which it happens some times.


def write(lines):
    with open(POLICY, "w") as f:
        f.write("\n".join(lines) + "\n")


def guest(i, groups, device):
    return ["      g%d:" % i, "        interfaces:",
            "          - { mac: \"%s\", addresses: [%s], network: net, "
            "groups: [%s]%s }" % (mac(i), address(i), groups,
                                  ", device: d%d" % i if device else "")]


# A member more.

def write_members(n):
    """Two ports here, and so many members elsewhere."""
    lines = ["version: 1", "host: { uplink: up0 }", "tenants:", "  acme:",
             "    networks:", "      net: { vlan: 100, subnets: [10.0.0.0/8, "
             "\"fd00::/64\"] }", "    groups:", "      all: { ingress: [ { "
             "allow: any, from: \"group:all\" } ] }", "    guests:"]
    for i in range(n):
        lines += guest(i, "all", i < 2)
        lines[-1] = lines[-1].replace("],", ", \"fd00::%x\"]," % (i + 1), 1)
    write(lines)


def check_ms():
    """What reading the policy takes a process that does nothing else."""
    least = None
    for _ in range(TRIES):
        before = os.times()
        sh("cordon", "check", POLICY)
        after = os.times()
        spent = 1000 * (after.children_user + after.children_system
                        - before.children_user - before.children_system)
        least = spent if least is None else min(least, spent)
    return least


def turns():
    """How many turns there have been, and their CPU time in ms."""
    shown = agent.cordon("show")
    return shown["reconciles"], shown["cpu_us"] / 1000


def elements():
    text = sh("nft", "list", "set", "bridge", "cordon", "acme/all/4")
    return text.count("10.")


def resync():
    """CPU time of the turn that nothing but time asks for, in ms: of those of
    some minutes, the dearest. What the kernel tells asks for others; and the
    agent waits longer for it if a turn took long, as one does in which the
    clock runs on while the guest waits for a file."""
    last, dearest = turns(), 0
    end = time.monotonic() + RESYNC
    while time.monotonic() < end:
        time.sleep(2)
        now = turns()
        if now[0] != last[0]:
            dearest = max(dearest, (now[1] - last[1]) / (now[0] - last[0]))
            last = now
    return dearest


def member_add():
    """CPU times of the agent for a member more, in ms, the least: of its
    turns, and of all. And of a turn that reads everything."""
    write_members(MEMBERS)
    agent.start()
    settled(2)
    tries = []
    for i in range(1, 1 + TRIES):
        time.sleep(3)       # What the change before had to be followed by.
        write_members(MEMBERS + i)
        before, begin = turns()[1], busy()
        agent.apply()
        tries.append((turns()[1] - before, 1000 * (busy() - begin)))
        assert elements() == MEMBERS + i
    again = resync()
    agent.stop()
    return min(t for t, _ in tries), min(a for _, a in tries), again


# Many ports and rules.

def write_policy(n):
    lines = ["version: 1", "host: { uplink: up0 }", "tenants:"]
    for t in range(NETWORKS):
        lines += ["  t%d:" % t, "    networks:", "      net: { vlan: %d, "
                  "subnets: [10.%d.0.0/16] }" % (vlan(t), t), "    groups:"]
        for g in range(GROUPS // NETWORKS):
            lines += ["      r%d:" % g, "        ingress:"]
            lines += ["          - { allow: tcp, ports: [%d], from: "
                      "10.%d.%d.0/24 }" % (1000 + r, t, r % 256)
                      for r in range(RULES)]
        lines.append("    guests:")
        for i in range(t, n, NETWORKS):
            lines += guest(i, "r%d" % (i // NETWORKS % (GROUPS // NETWORKS)),
                           True)
    write(lines)


def chains():
    return sh("nft", "list", "chains", "bridge").count("chain ")


def repair():
    """Seconds from a foreign hand to the repair."""
    before, whole = generation(), chains()
    with subprocess.Popen(["nft", "delete", "table", "bridge", "cordon"]):
        gone, begin = next_generation(before)
    next_generation(gone)
    end = time.monotonic()
    if chains() != whole:
        raise SystemExit("one transaction has not repaired everything")
    settled(PORTS)
    return end - begin


def main():
    os.makedirs(RUN, exist_ok=True)
    agent.warm()
    for module in ("nft_ct", "nf_conntrack_bridge", "nft_connlimit"):
        sh("modprobe", module)
    agent.fresh(2)
    added, applied, again = member_add()
    figure("groups.member_add.ms", added, "ms of CPU", 5)
    figure("groups.member_add.apply.ms", applied, "ms of CPU", None)
    figure("groups.resync.ms", again, "ms of CPU", None)
    figure("groups.member_add.check.ms", check_ms(), "ms, `cordon check`",
           None)

    agent.write_policy = write_policy
    cold = agent.cold_start()
    figure("groups.cold_start.seconds", cold, "virtual s", None)
    figure("groups.repair.seconds", min(repair() for _ in range(TRIES)),
           "virtual s", 1)
    name = agent.rules()
    agent.stop()
    hand = min(agent.by_hand(name)[1] for _ in range(TRIES))
    figure("groups.cold_start.by_hand", hand, "virtual s", None)
    figure("groups.cold_start.ratio", cold / hand, "ratio", 2)


if __name__ == "__main__":
    main()
