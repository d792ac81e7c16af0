#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What port security costs a frame; runs in the test VM, whose clock counts
instructions, as root.

pktgen sends 60-byte UDP frames (74 bytes over IPv6) from a namespace over veth
through a VLAN-filtering bridge to another namespace, from one guest to its
peer. The time per frame is that of sender, bridge and receiver together;
what a filter adds is the difference to the plain bridge in the same run.
Prints JSON lines:

portsec.nft.added     full port security, both directions, lock included, as
                      cordond sets it up; the worse of IPv4 and IPv6
portsec.nft.flatness  a frame's whole time with 1,000 guarded ports / with 2
portsec.bridge        the plain bridge, and for orientation
portsec.linear.N      a list of per-port rules as other systems generate them,
                      with N ports
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time

RUN = "/run/bench"
POLICY = RUN + "/policy.yaml"
CONTROL = RUN + "/ctl"
FRAMES = int(os.environ.get("FRAMES", "10000"))
PORTS = int(os.environ.get("PORTS", "1000"))
VLAN = 100


def sh(*command, **kwargs):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, **kwargs).stdout


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def figure(name, value, unit, budget=None):
    print(json.dumps({"name": name, "value": value, "unit": unit,
                      "budget": budget}), flush=True)


def mac(i):
    return "02:00:00:00:%02x:%02x" % (i >> 8, i & 255)


def address(i):
    return "10.0.%d.%d" % (i >> 8, i & 255)


def address6(i):
    return "fd00::%x" % i


# The two guests that talk are ports 1 and 2; the others only are there.

def make_guest(i):
    name = "g%d" % i
    sh("ip", "netns", "add", name)
    sh("ip", "link", "add", "vif%d" % i, "type", "veth", "peer", "name",
       "eth0", "netns", name)
    sh("ip", "-n", name, "link", "set", "eth0", "address", mac(i), "up")


def make_others(n):
    lines = ["link add vif%d type dummy" % i for i in range(3, n + 1)]
    write(RUN + "/ip", "\n".join(lines) + "\n")
    sh("ip", "-batch", RUN + "/ip")


def write_policy(n):
    lines = ["version: 1", "host: { underlay: [192.0.2.0/24, "
             "\"fd00:ffff::/64\"] }", "tenants:", "  acme:", "    networks:",
             "      net: { vlan: %d, subnets: [10.0.0.0/16, \"fd00::/64\"] }"
             % VLAN, "    guests:"]
    for i in range(1, n + 1):
        lines += ["      g%d:" % i, "        interfaces:",
                  "          - { mac: \"%s\", addresses: [%s, \"%s\"], "
                  "network: net, device: vif%d }"
                  % (mac(i), address(i), address6(i), i)]
    write(POLICY, "\n".join(lines) + "\n")


def plain_bridge():
    sh("ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1",
       "vlan_default_pvid", "0", "mcast_snooping", "0")
    sh("ip", "link", "set", "br0", "up")
    for i in (1, 2):
        sh("ip", "link", "set", "vif%d" % i, "master", "br0", "up")
        sh("bridge", "vlan", "add", "dev", "vif%d" % i, "vid", str(VLAN),
           "pvid", "untagged")
        sh("bridge", "fdb", "replace", mac(i), "dev", "vif%d" % i, "master",
           "static", "vlan", str(VLAN))


def no_plain_bridge():
    sh("ip", "link", "del", "br0")


def linear(n):
    """One rule a port and check, jumped to by name: what a list that is
    generated port by port looks like. Port 1 is the last."""
    rules = ["table bridge linear {",
             " chain forward { type filter hook forward priority 0;"]
    for i in range(n, 0, -1):
        name = "vif%d" % (i if i <= 2 else i + 10000)
        rules.append("  iifname %s jump p%d" % (name, i))
    rules.append("  drop\n }")
    chains = [" chain p%d { ether saddr != %s drop; ip saddr != %s drop; "
              "accept; }" % (i, mac(i), address(i)) for i in range(1, n + 1)]
    write(RUN + "/linear", "\n".join(rules[:1] + chains + rules[1:] + ["}"]))
    sh("nft", "-f", RUN + "/linear")


def no_linear():
    sh("nft", "delete", "table", "bridge", "linear")


def guard(n):
    """Has cordond open n ports, and leave: the kernel goes on without it."""
    write_policy(n)
    # Detached, it keeps what it has as standard output.
    run("cordond", "--no-xen", "--policy=" + POLICY, "--control=" + CONTROL,
       "--pidfile=" + RUN + "/pid", "--state-dir=" + RUN + "/state",
       "--detach", "--log-file=" + RUN + "/log", "-vconsole:off")
    sh("cordon", "--control", CONTROL, "apply", "--timeout", "600", POLICY)
    sh("cordon", "--control", CONTROL, "exit")


# Sending.

def received():
    return int(sh("ip", "netns", "exec", "g2", "cat",
                  "/sys/class/net/eth0/statistics/rx_packets"))


def pktgen(path, *commands):
    script = "".join("echo '%s' > /proc/net/pktgen/%s\n" % (c, path)
                     for c in commands)
    sh("ip", "netns", "exec", "g1", "sh", "-ec", script)


def send(count, v6):
    pktgen("kpktgend_0", "rem_device_all", "add_device eth0")
    if v6:
        addresses = ("src6 " + address6(1), "dst6 " + address6(2))
    else:
        addresses = ("src_min " + address(1), "src_max " + address(1),
                     "dst " + address(2))
    pktgen("eth0", "count %d" % count, "clone_skb 0", "delay 0",
           "pkt_size %d" % (74 if v6 else 60), "src_mac " + mac(1),
           "dst_mac " + mac(2), "udp_src_min 4000", "udp_src_max 4000",
           "udp_dst_min 5000", "udp_dst_max 5000", *addresses)
    pktgen("pgctrl", "start")


def result():
    """The microseconds that pktgen says the last run took, and its frames."""
    with open(RUN + "/result", "w") as f:
        subprocess.run(["ip", "netns", "exec", "g1", "cat",
                        "/proc/net/pktgen/eth0"], check=True, stdout=f)
    found = re.search(r"Result: OK: (\d+)\(.*\) usec, (\d+) ",
                      open(RUN + "/result").read())
    return int(found.group(1)), int(found.group(2))


def frame_time(v6, frames=FRAMES):
    """Virtual ns per frame, the median of three runs. A frame's way through
    bridge and receiver is part of sending it: the softirq runs on the one
    CPU before pktgen makes the next."""
    values = []
    for _ in range(3):
        before = received()
        send(frames, v6)
        usec, sent = result()
        time.sleep(1)
        if received() - before < sent or sent < frames:
            sys.exit("only %d of %d frames arrived"
                     % (received() - before, frames))
        values.append(1000 * usec / sent)
    return statistics.median(values)


def wait_forwarding():
    """A bridge forwards on a port only after the kernel's link watch has seen
    its carrier, up to a second after it is put up (br_if.c)."""
    for i in (1, 2):
        path = "/sys/class/net/vif%d/brport/state" % i
        deadline = time.monotonic() + 30
        while open(path).read().strip() != "3":
            if time.monotonic() > deadline:
                sys.exit("vif%d does not forward" % i)
            time.sleep(0.1)


def both():
    wait_forwarding()
    return {family: frame_time(family == 6) for family in (4, 6)}


def guarded(n):
    guard(n)
    return both()


def main():
    os.makedirs(RUN, exist_ok=True)
    for module in ("pktgen", "nf_tables", "nft_meta_bridge", "nft_limit"):
        sh("modprobe", module)
    # The sender does not wait for the receiver, who has the same CPU.
    sh("sysctl", "-qw", "net.core.netdev_max_backlog=%d" % (4 * FRAMES))
    for i in (1, 2):
        make_guest(i)

    plain_bridge()
    plain = both()
    lists = {}
    for n in (10, 100, 1000):
        linear(n)
        lists[n] = frame_time(False, FRAMES // 10) - plain[4]
        no_linear()
    no_plain_bridge()

    few = guarded(2)
    make_others(PORTS)
    many = guarded(PORTS)

    added = {v: few[v] - plain[v] for v in plain}
    figure("portsec.nft.added", max(added.values()), "virtual ns/frame",
           4000)
    figure("portsec.nft.flatness", max(many[v] / few[v] for v in few),
           "ratio", 1.03)
    for v in plain:
        figure("portsec.nft.added.ipv%d" % v, added[v], "virtual ns/frame")
        figure("portsec.bridge.ipv%d" % v, plain[v], "virtual ns/frame")
    for n, value in lists.items():
        figure("portsec.linear.%d" % n, value, "virtual ns/frame added")


if __name__ == "__main__":
    main()
