#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants' rules cost; runs in the test VM, whose clock counts
instructions, as root. The frames are portsec.py's, of a flow that has been
answered. Prints JSON lines:

groups.added          a frame's time with rules at both ends, less that with
                      port security alone; the worse of IPv4 and IPv6
groups.flatness       a frame's time with 1,000 guests and 500 rules / with 2
                      guests and 1
groups.conntrack      for orientation: the kernel's tracking of connections
                      alone, in a zone, with one rule that asks for the state
"""

import os
import subprocess
import time

import portsec
from portsec import (CONTROL, POLICY, RUN, VLAN, address, address6, figure,
                     frame_time, mac, make_guest, make_others, run, sh, write)

PORTS = int(os.environ.get("PORTS", "1000"))
RULES = int(os.environ.get("RULES", "500"))
LOG = RUN + "/log"


def rule(i):
    """Of UDP, the last one the flow's."""
    return ("{ allow: udp, ports: [%d], from: [10.0.0.0/8, \"fd00::/64\"] }"
            % (5000 if not i else 10000 + i))


def interface(i, groups):
    return ("          - { mac: \"%s\", addresses: [%s, \"%s\"], network: "
            "net, device: vif%d%s }"
            % (mac(i), address(i), address6(i), i,
               ", groups: [%s]" % groups if groups else ""))


def head(groups):
    return ["version: 1", "host: { underlay: [192.0.2.0/24, "
            "\"fd00:ffff::/64\"] }", "tenants:", "  acme:", "    networks:",
            "      net: { vlan: %d, subnets: [10.0.0.0/16, \"fd00::/64\"] }"
            % VLAN] + (["    groups:"] + groups if groups else []) + [
            "    guests:"]


def write_policy(ports, rules):
    """All in one group, whose rules name the flow's port last."""
    groups = rules and ["      all:", "        ingress:"] + [
        "          - " + rule(i) for i in reversed(range(rules))] + [
        "        egress: [ { allow: any, to: any } ]"]
    lines = head(groups)
    for i in range(1, ports + 1):
        lines += ["      g%d:" % i, "        interfaces:",
                  interface(i, rules and "all")]
    write(POLICY, "\n".join(lines) + "\n")


def start():
    run("cordond", "--no-xen", "--policy=" + POLICY, "--control=" + CONTROL,
        "--pidfile=" + RUN + "/pid", "--state-dir=" + RUN + "/state",
        "--detach", "--log-file=" + LOG, "-vconsole:off")


def apply():
    sh("cordon", "--control", CONTROL, "apply", "--timeout", "600", POLICY)


def stop():
    pid = open(RUN + "/pid").read().strip()
    sh("cordon", "--control", CONTROL, "exit")
    while os.path.exists("/proc/" + pid):
        time.sleep(0.05)


# A frame.

ANSWER = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
def mac(text):
    return bytes.fromhex(text.replace(":", ""))
udp = struct.pack("!HHHH", 5000, 4000, 26, 0) + bytes(18)
ends = {4: (socket.inet_aton("%(a2)s"), socket.inet_aton("%(a1)s")),
        6: (socket.inet_pton(socket.AF_INET6, "%(b2)s"),
            socket.inet_pton(socket.AF_INET6, "%(b1)s"))}
head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
total = sum(struct.unpack("!10H", head + ends[4][0] + ends[4][1]))
total = (total & 0xffff) + (total >> 16)
total = (total & 0xffff) + (total >> 16)
head = head[:10] + struct.pack("!H", ~total & 0xffff)
s.send(mac("%(m1)s") + mac("%(m2)s") + b"\\x08\\x00" + head + ends[4][0]
       + ends[4][1] + udp)
s.send(mac("%(m1)s") + mac("%(m2)s") + b"\\x86\\xdd"
       + struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + ends[6][0]
       + ends[6][1] + udp)
"""


def answer():
    """What makes the flow established: frames from port 2 to port 1."""
    code = ANSWER % {"m1": mac(1), "m2": mac(2), "a1": address(1),
                     "a2": address(2), "b1": address6(1), "b2": address6(2)}
    sh("ip", "netns", "exec", "g2", "python3", "-c", code)


def answered(family, wanted):
    """Whether there is an entry of the flow, and it has been answered."""
    text = sh("conntrack", "-L", "-p", "udp", stderr=subprocess.DEVNULL)
    source = "src=%s " % (address6(1) if family == 6 else address(1))
    lines = [line for line in text.splitlines()
             if "dport=5000" in line and source in line]
    if wanted:
        assert len(lines) == 1 and "UNREPLIED" not in lines[0], text
    else:
        assert not lines, text


def frame_times(ports, rules):
    write_policy(ports, rules)
    start()
    apply()
    stop()
    portsec.wait_forwarding()
    times = {}
    for family in (4, 6):
        portsec.send(1, family == 6)    # Opens the flow.
        answer()
        times[family] = frame_time(family == 6)
        answered(family, rules > 0)
    return times


# Connection tracking alone.

TRACKED = """table bridge bare {
    chain track {
        type filter hook prerouting priority -300
        ct zone set 7
    }
    chain pass {
        type filter hook forward priority 0
        ct state established accept
    }
}
"""


def tracked():
    """With the least that there can be: a zone, and a question."""
    write(RUN + "/tracked", TRACKED)
    sh("nft", "-f", RUN + "/tracked")
    times = {}
    for family in (4, 6):
        portsec.send(1, family == 6)
        answer()
        times[family] = frame_time(family == 6)
        answered(family, True)
    sh("nft", "delete", "table", "bridge", "bare")
    sh("conntrack", "-F", stderr=subprocess.DEVNULL)
    return times


def main():
    os.makedirs(RUN, exist_ok=True)
    for module in ("pktgen", "nf_tables", "nft_meta_bridge", "nft_limit",
                   "nft_ct", "nf_conntrack_bridge", "nft_connlimit"):
        sh("modprobe", module)
    sh("sysctl", "-qw", "net.core.netdev_max_backlog=%d"
       % (4 * portsec.FRAMES))
    # The clock runs on while the machine waits for a file of the host.
    for name in ("udp_timeout", "udp_timeout_stream"):
        sh("sysctl", "-qw", "net.netfilter.nf_conntrack_%s=36000" % name)
    for i in (1, 2):
        make_guest(i)
    plain = frame_times(2, 0)
    bare = tracked()
    few = frame_times(2, 1)
    figure("groups.added", max(few[v] - plain[v] for v in few),
           "virtual ns/frame", 2500)
    for v in few:
        figure("groups.added.ipv%d" % v, few[v] - plain[v],
               "virtual ns/frame")
        figure("groups.conntrack.ipv%d" % v, bare[v] - plain[v],
               "virtual ns/frame")
    make_others(PORTS)
    many = frame_times(PORTS, RULES)
    figure("groups.flatness", max(many[v] / few[v] for v in few), "ratio",
           1.05)


if __name__ == "__main__":
    main()
