# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios A373, A387 to A390, A392, A393, A395: somebody else changes the
kernel under load. Nothing forged or of another tenant is delivered, before
the repair either; the repair comes within a second."""

import time

import pytest

from lab import (BRIDGE, DEVICE, IP, UPLINK, VLAN, Xdp, beacon, checksum,
                 host_received, is_up, mark, spoofs, tagged, udp, unicast)
from netns import link_info
from shell import sh, sysctl, until

REPAIR = 1.0            # Seconds.
FOREIGN = "foreign0"
MAC_P, MAC_B = "02:00:00:00:00:0c", "02:00:00:00:00:0b"


def load(lab):
    """A sends what may pass (u, b), what must not (S), and to B (S); B sends
    to A (S), the trunk to P (w)."""
    bad = spoofs("S") + [udp("A", "B", IP["A"], IP["B"], "S")]
    bad = [f for s in bad for f in (s, unicast("A", "P", "u"))]
    return [lab.send("A", bad + [beacon("A", "b")], 700),
            lab.send("B", [udp("B", "A", IP["B"], IP["A"], "S"),
                           udp("B", "P", IP["B"], IP["P"], "S"),
                           beacon("B", "q")], 2000),
            lab.send("uplink", [tagged(VLAN["A"], unicast("G", "P", "w"))],
                     3000)]


def isolated(seen):
    """Nobody has what is not theirs."""
    assert not seen.rows("S") and not seen.others(), (seen.rows("S"),
                                                      seen.others())
    allowed = {("u", "P", 0), ("b", "P", 0), ("b", "uplink", VLAN["A"]),
               ("q", "uplink", VLAN["B"]), ("w", "P", 0)}
    # What the tap on the bridge device sees has not passed its own hook:
    # whether the host gets it is asked of its IP.
    extra = {(r["stream"], r["place"], r["vlan"]) for r in seen.rows()
             if r["place"] != "H"}
    assert extra <= allowed, extra - allowed
    return seen


def tc(device):
    return sh("tc qdisc show dev " + device)


def port_attributes():
    """Of the attacker's bridge port, without its clocks."""
    data = link_info(DEV)["linkinfo"]["info_slave_data"]
    return {k: v for k, v in data.items() if not k.endswith("_timer")}


def vlans(device):
    return sh("bridge vlan show dev " + device)


def chains():
    return sorted(sh("nft list chains netdev").splitlines())


def bridge_data(key):
    return link_info(BRIDGE)["linkinfo"]["info_data"].get(key)


def fdb_of(mac):
    return sorted(line for line in sh("bridge fdb show br " + BRIDGE)
                  .splitlines() if line.startswith(mac))


# What is done, and what it is read back by. What reads must differ between
# done and repaired.
DEV = DEVICE["A"]
BREAKS = {
    "flush": ("nft flush ruleset", lambda: chains()),
    "table": ("nft delete table netdev cordon",
              lambda: chains()),
    "nomaster": ("ip link set %s nomaster" % DEV,
                 lambda: link_info(DEV).get("master")),
    "down": ("ip link set %s down" % DEV, lambda: is_up(DEV)),
    "qdisc": ("tc qdisc del dev %s clsact" % DEV, lambda: tc(DEV)),
    "qdisc-peer": ("tc qdisc del dev %s clsact" % DEVICE["P"],
                   lambda: tc(DEVICE["P"])),
    "qdisc-uplink": ("tc qdisc del dev %s clsact" % UPLINK,
                     lambda: tc(UPLINK)),
    "vlan-add": ("bridge vlan add dev %s vid %d" % (DEV, VLAN["B"]),
                 lambda: vlans(DEV)),
    "vlan-pvid": ("bridge vlan add dev %s vid %d pvid untagged"
                  % (DEV, VLAN["B"]), lambda: vlans(DEV)),
    "vlan-del": ("bridge vlan del dev %s vid %d" % (DEV, VLAN["A"]),
                 lambda: vlans(DEV)),
    "vlan-uplink": ("bridge vlan add dev %s vid 1 pvid untagged" % UPLINK,
                    lambda: vlans(UPLINK)),
    "vlan-bridge": ("bridge vlan add dev %s vid %d self pvid untagged"
                    % (BRIDGE, VLAN["A"]), lambda: vlans(BRIDGE)),
    "filtering": ("ip link set %s type bridge vlan_filtering 0" % BRIDGE,
                  lambda: bridge_data("vlan_filtering")),
    "group_fwd_mask": ("ip link set %s type bridge group_fwd_mask 0x4008"
                       % BRIDGE, lambda: bridge_data("group_fwd_mask")),
    "stp": ("ip link set %s type bridge stp_state 1" % BRIDGE,
            lambda: bridge_data("stp_state")),
    "fdb": ("bridge fdb replace %s dev %s master static vlan %d"
            % (MAC_P, DEV, VLAN["A"]), lambda: fdb_of(MAC_P)),
    "fdb-foreign": ("bridge fdb add %s dev %s master static vlan %d"
                    % (MAC_B, DEV, VLAN["A"]), lambda: fdb_of(MAC_B)),
    "fdb-learnt": ("bridge fdb add %s dev %s master dynamic extern_learn"
                   " vlan %d" % (MAC_B, DEV, VLAN["A"]),
                   lambda: fdb_of(MAC_B)),
    "fdb-del": ("bridge fdb del %s dev %s master vlan %d"
                % (MAC_P, DEVICE["P"], VLAN["A"]), lambda: fdb_of(MAC_P)),
    "ipv6": ("sysctl -w net.ipv6.conf.%s.disable_ipv6=0" % BRIDGE,
             lambda: sysctl("net.ipv6.conf.%s.disable_ipv6" % BRIDGE)),
}
FLAGS = {"learning": "on", "flood": "on", "locked": "off", "hairpin": "on",
         "neigh_suppress": "on", "isolated": "on", "bcast_flood": "off",
         "mcast_to_unicast": "on", "proxy_arp": "on", "proxy_arp_wifi": "on",
         "root_block": "on", "guard": "on", "mcast_router": "2",
         "vlan_tunnel": "on"}
for _flag, _value in FLAGS.items():
    _how = ("ip link set %s type bridge_slave mcast_router %s"
            % (DEV, _value) if _flag == "mcast_router" else
            "ip link set %s type bridge_slave proxy_arp%s %s"
            % (DEV, _flag[9:], _value) if _flag.startswith("proxy_arp") else
            "bridge link set dev %s %s %s" % (DEV, _flag, _value))
    BREAKS["flag-" + _flag] = (_how, lambda: port_attributes())


@pytest.mark.parametrize("what", BREAKS)
def test_repaired_within_a_second_under_load(lab, what):
    command, look = BREAKS[what]
    host = host_received()
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        before = lab.agent.summary()["drifts"]
        good = look()
        # First with the agent stopped, so that there is time to look.
        lab.agent.daemon.signal(19)
        sh(command)
        broken = look()
        assert broken != good, "%s changes nothing: %s" % (command, good)
        senders[0].wait_sent(100)
        isolated(watch.seen())
        lab.agent.daemon.signal(18)
        until(lambda: look() == good, "it is repaired: %s is %s"
              % (good, look()), 10)
        # Then with the agent at work. The machine may be slowed down by
        # others, so the best of three counts.
        took = []
        while len(took) < 3 and (not took or min(took) > REPAIR):
            lab.agent.settled()
            sh(command)
            begin = time.monotonic()
            until(lambda: look() == good, "it is repaired again", 10)
            took.append(time.monotonic() - begin)
        lab.agent.wait_open(timeout=10)
        count = watch.seen().got("u", "P")
        until(lambda: watch.seen().got("u", "P") > count + 20, "u goes on")
        seen = isolated(watch.seen_after(senders))
        assert seen.got("w", "P")
    assert host_received() == host, "the host's IP was reached"
    assert lab.agent.summary()["drifts"] > before
    assert "drift" in lab.agent.daemon.log()
    assert min(took) <= REPAIR, took


def test_without_the_lock_a_flush_would_open(lab):
    """The twin: the same load crosses when nobody marks and nobody locks."""
    lab.agent.daemon.kill()
    for device in [*DEVICE.values(), UPLINK]:
        sh("tc qdisc del dev %s clsact" % device)
    sh("nft flush ruleset")
    with lab.watch() as watch:
        senders = load(lab)
        senders[0].wait_sent(100)
        with pytest.raises(AssertionError):
            isolated(watch.seen_after(senders))


def test_two_tenants_on_one_bridge_by_mistake(lab):
    """The agent does not run; A, P and B are moved to a plain bridge: those
    of other tenants cannot talk. The twin: A and P can."""
    lab.agent.daemon.kill()
    sh("ip link add %s type bridge" % FOREIGN)
    lab.extra.append(FOREIGN)
    sysctl("net.ipv6.conf.%s.disable_ipv6" % FOREIGN, 1)
    sh("ip link set %s up" % FOREIGN)
    for device in DEVICE.values():
        sh("ip link set %s master %s" % (device, FOREIGN))
    with lab.watch() as watch:
        senders = load(lab)
        senders[0].wait_sent(200)
        seen = isolated(watch.seen_after(senders))
        assert seen.got("u", "P") and seen.got("b", "P")
        assert not seen.got("b", "B") and not seen.got("q", "P")


def redirected(where, target):
    return ("tc filter add dev %s matchall action mirred egress redirect "
            "dev %s" % (where, target))


HOOKS = {
    "redirect": redirected(DEV + " ingress", DEVICE["B"]),
    "redirect-uplink": redirected(DEV + " ingress", UPLINK),
    "redirect-ifb": redirected(DEV + " ingress", "ifb0"),
    "mirror": "tc filter add dev %s egress pref 1 matchall action mirred "
              "egress mirror dev %s" % (DEV, DEVICE["B"]),
    "skbedit": "tc filter add dev %s ingress matchall action skbedit mark "
               "0xc80000" % DEV,
}


@pytest.mark.parametrize("what", HOOKS)
def test_tc_in_front_of_the_guard_fails_the_port(lab, what):
    """The port is failed and down, with the reason, and opens again when the
    filter goes; meanwhile nothing crosses, not even before it is noticed."""
    sh("ip link add ifb0 type ifb")
    lab.extra.append("ifb0")
    sh("ip link set ifb0 up")
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        begin = time.monotonic()
        sh(HOOKS[what])
        port = lab.agent.wait_state(DEV, "failed", 10)
        until(lambda: not is_up(DEV), "it is down", 5)
        took = time.monotonic() - begin
        assert port["why"], port
        senders[1].wait_sent(20)
        seen = isolated(watch.seen())
        count = seen.got("u", "P")
        for other in ("P", "B"):
            assert lab.agent.state(DEVICE[other]) == "open"
        direction = "egress pref 1" if what == "mirror" else "ingress"
        sh("tc filter del dev %s %s" % (DEV, direction))
        lab.agent.wait_open(DEV)
        until(lambda: watch.seen().got("u", "P") > count, "u goes on")
        isolated(watch.seen_after(senders))
    sh("ip link del ifb0")
    assert took <= 4 * REPAIR, "%.2f s" % took


def test_xdp_in_front_of_the_guard_fails_the_port(lab):
    with lab.watch() as watch:
        senders = load(lab)
        until(lambda: watch.seen().got("u", "P"), "traffic flows")
        with Xdp(DEV):
            port = lab.agent.wait_state(DEV, "failed", 10)
            assert "XDP" in port["why"], port
            until(lambda: not is_up(DEV), "it is down", 5)
            count = watch.seen().got("u", "P")
            senders[1].wait_sent(20)
            assert watch.seen().got("u", "P") == count
            assert lab.agent.state(DEVICE["P"]) == "open"
        lab.agent.wait_open(DEV)
        until(lambda: watch.seen().got("u", "P") > count, "u goes on")
        isolated(watch.seen_after(senders))


def fragments(stream):
    """A legitimate datagram of A's to P in two fragments."""
    whole = udp("A", "P", IP["A"], IP["P"], stream, 80)
    frames = []
    for offset, part, more in ((0, whole[34:34 + 48], 0x2000),
                               (48, mark(stream) + bytes(40), 0)):
        head = bytearray(whole[14:34])
        head[2:4] = (20 + len(part)).to_bytes(2, "big")
        head[6:8] = (more | offset // 8).to_bytes(2, "big")
        head[10:12] = bytes(2)
        head[10:12] = checksum(bytes(head[:10] + head[12:]))
        frames.append(whole[:14] + bytes(head) + part)
    return frames


def test_br_netfilter_loaded_and_toggled(lab):
    """Isolation is as before, fragments stay fragments, nothing is tracked,
    and the switches go back."""
    import state
    keys = ["net.bridge.bridge-nf-call-" + k
            for k in ("iptables", "ip6tables", "arptables")]
    sh("modprobe br_netfilter")
    # Of no effect without the others, and left to the operator.
    sysctl("net.bridge.bridge-nf-filter-vlan-tagged", 1)
    with lab.watch() as watch:
        senders = load(lab) + [lab.send("A", fragments("f"), 3000)]
        for key in keys + keys[:1]:
            until(lambda k=key: sysctl(k) == "0", "%s is off" % key, 5)
            sysctl(key, 1)
            begin = time.monotonic()
            until(lambda k=key: sysctl(k) == "0", "%s is off" % key, 5)
            assert time.monotonic() - begin <= 4 * REPAIR
        for key in ("nf_call_iptables", "nf_call_ip6tables",
                    "nf_call_arptables"):
            sh("ip link set %s type bridge %s 1" % (BRIDGE, key))
            until(lambda k=key: not bridge_data(k), key + " is off", 5)
        seen = watch.seen_after(senders)
        assert watch.sent["f"] == seen.got("f", "P") > 10, "fragments"
        assert not seen.missing("u", "P")
        seen.reports["P"]["streams"] = [
            r for r in seen.reports["P"]["streams"] if r["stream"] != "f"]
        isolated(seen)
    assert state.conntrack() == set()
