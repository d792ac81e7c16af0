# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon snapshot on a host that cordond guards, with somebody else's things
on it: each is in what the snapshot decodes to, and was not there before.
"""

import base64
import ctypes
import json
import os
import socket
import subprocess
import threading

import guard
import pytest
from frames import VLAN
from lab import BRIDGE, DEVICE
from netns import ifindex
from shell import sh
from xdp import Xdp

PATH = "/tmp/snapshot.json"
INGRESS, EGRESS = 0, 1      # enum host_filter_hook
NETDEV, IPV4 = 5, 2         # NFPROTO_*


def cordon(*words, **options):
    return subprocess.run(["cordon", *words], capture_output=True, text=True,
                          check=False, **options)


def take():
    """Takes a snapshot; what cordon says of it, and what it decodes to."""
    done = cordon("snapshot", PATH, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["unread"] == []
    tool = subprocess.run(["host_tool", PATH], capture_output=True, text=True,
                          check=True)
    return said, json.loads(tool.stdout)


def link(host, name):
    found = [x for x in host["links"] if x["name"] == name]
    assert len(found) < 2
    return found[0] if found else None


def filters(host, name, hook):
    """Those that frames at a hook of a device are asked, heads left out."""
    index = ifindex(name)
    block = [q["ingress_block" if hook == INGRESS else "egress_block"]
             for q in host["qdiscs"]
             if q["ifindex"] == index and q["kind"] in ("clsact", "ingress")]
    if not block:
        return []
    return [f for f in host["filters"] if not f["head"] and (
        f["block"] == block[0] if block[0]
        else f["ifindex"] == index and f["hook"] == hook)]


def hooks(host, name):
    return [h for h in host["hooks"]
            if h["family"] == NETDEV and h["device"] == name]


def test_module():
    """What the kernel guard says of its ports; first, while there is no lab
    whose agent would use it."""
    sh("ip link add vifX-emu type veth peer name farX")
    guard.load()
    try:
        with guard.Guard() as g:
            g.segment(100, 1100)
            g.guest(ifindex("vifX-emu"), 100, "02:00:00:00:00:0a",
                    ["10.0.0.10", "fe80::1"])
        said, host = take()
        assert "cordon.port" in {p["name"] for p in said["parts"]}
        assert host["module"]
        assert host["segments"] == [{"id": 100, "vlan": 1100}]
        port, = [p for p in host["guarded"]
                 if p["ifindex"] == ifindex("vifX-emu")]
        assert port == {"ifindex": ifindex("vifX-emu"), "kind": 0,
                        "macs": 1, "pairs": 2, "segment": 100, "state": 1}
        if "nf.hooks" not in said["absent"]:
            ours = hooks(host, "vifX-emu")
            assert {h["hook"] for h in ours} == {0, 1}
            assert not any(h["chain"] for h in ours)
    finally:
        sh("ip link del vifX-emu")
        guard.unload()
    said, host = take()
    assert not host["module"] and "cordon.port" in said["absent"]


def test_guarded_host(lab):
    """The bridge, its ports and the lock, as the agent made them."""
    said, host = take()
    parts = {p["name"] for p in said["parts"]}
    assert {"link", "bridge.vlan", "nft.rule", "tc.filter", "sysctl"} <= parts
    assert {"xenstore", "ovs.db", "ovs.flow"} <= set(said["absent"])
    bridge = link(host, BRIDGE)
    assert bridge["kind"] == "bridge" and bridge["vlan_filtering"]
    assert bridge["default_pvid"] == 0 and bridge["no_linklocal_learn"]
    for name, device in DEVICE.items():
        port = link(host, device)
        assert port["master"] == port["bridge"] == bridge["ifindex"]
        assert port["elsewhere"] and not port["peer"]
        assert not port["learning"] and not port["flood"] and port["locked"]
        assert port["pvid"] == VLAN[name]
        assert port["vlans"] == ["%d pvid untagged" % VLAN[name]]
        assert not port["xdp"]
        lock = filters(host, device, EGRESS)
        assert [f["name"] for f in lock][-1] == "matchall"
        assert lock[-1]["actions"][0]["verdict"] == "2"    # TC_ACT_SHOT
        assert any(f["name"] == "fw" and f["mark"] for f in lock)
        assert all(f["understood"] for f in lock)
        assert filters(host, device, INGRESS) == []
        if "nf.hooks" in parts:
            assert {h["hook"] for h in hooks(host, device)} == {0, 1}
            assert all(h["chain"] for h in hooks(host, device))
    sticky = [f for f in host["fdb"] if f["sticky"]]
    assert {f["ifindex"] for f in sticky} >= {ifindex(d)
                                             for d in DEVICE.values()}
    assert host["unknown"] == [] and not host["module"]
    # What was asked for is not there now for having been asked for.
    assert not os.path.exists("/sys/module/openvswitch")


def test_redirect(lab):
    """A filter of somebody else's that sends frames past the hooks."""
    device = DEVICE["A"]
    sh("ip link add foreign0 type veth peer name foreign1")
    try:
        sh("tc qdisc add dev foreign0 clsact")
        sh("tc filter add dev foreign0 ingress protocol ip u32 match ip dst "
           "10.0.0.0/24 action mirred egress redirect dev " + device)
        sh("tc filter add dev foreign0 egress flower action drop")
        _, host = take()
        found, = filters(host, "foreign0", INGRESS)
        assert found["name"] == "u32" and found["keys"] == 1
        action, = found["actions"]
        assert action["name"] == "mirred" and action["known"]
        assert action["mirred"] == 1       # TCA_EGRESS_REDIR
        assert action["target"] == ifindex(device)
        found, = filters(host, "foreign0", EGRESS)
        assert found["name"] == "flower" and not found["understood"]
        assert link(host, "foreign0")["peer"] == ifindex("foreign1")
    finally:
        sh("ip link del foreign0")
    _, host = take()
    assert link(host, "foreign0") is None


def test_xdp(lab):
    sh("ip link add foreign0 type veth peer name foreign1")
    try:
        _, host = take()
        assert not link(host, "foreign0")["xdp"]
        with Xdp("foreign0"):
            _, host = take()
            assert link(host, "foreign0")["xdp"]
            assert link(host, "foreign0")["xdp_id"]
    finally:
        sh("ip link del foreign0")


def test_second_bridge(lab):
    """A bridge, a VLAN device and a VXLAN of somebody else's, and routing."""
    sh("ip link add br9 type bridge")
    try:
        sh("ip link add link br9 name br9.7 type vlan id 7")
        sh("ip link add vx9 type vxlan id 77 dstport 4789 remote 192.0.2.9")
        sh("ip link set vx9 master br9")
        sh("ip addr add 192.0.2.1/24 dev br9")
        sh("ip link set br9 up")
        sh("ip route add 198.51.100.0/24 via 192.0.2.7 table 99")
        sh("sysctl -qw net.ipv4.conf.br9.forwarding=1 "
           "net.ipv4.conf.br9.proxy_arp=1")
        _, host = take()
        bridge = link(host, "br9")
        assert not bridge["vlan_filtering"] and bridge["forwards4"]
        assert bridge["proxy_arp"]
        assert link(host, "br9.7")["lower"] == bridge["ifindex"]
        assert link(host, "br9.7")["vlan_id"] == 7
        tunnel = link(host, "vx9")
        assert tunnel["vni"] == 77 and tunnel["bridge"] == bridge["ifindex"]
        assert tunnel["learning"] and tunnel["flood"]
        assert {"ifindex": bridge["ifindex"],
                "prefix": "192.0.2.1/24"} in host["addresses"]
        assert [(r["destination"], r["ifindex"]) for r in host["routes"]
                if r["table"] == 99] == [
                    ("198.51.100.0/24", bridge["ifindex"])]
        assert not link(host, BRIDGE)["forwards4"]
    finally:
        sh("ip link del vx9", check=False)
        sh("ip link del br9")


def test_torn(lab):
    """While a ruleset changes all the time, what is read is of one
    generation, which may take several tries."""
    sh("nft add table bridge busy")
    sh("nft add chain bridge busy c")
    sh("nft -f -", stdin="".join(
        "add rule bridge busy c ether saddr 02:00:00:00:%02x:%02x accept\n"
        % (i >> 8, i & 255) for i in range(2000)))
    end = threading.Event()

    def change():
        """Two rules that come and go together, in bursts."""
        while not end.is_set():
            for _ in range(5):
                sh("nft -f -", stdin="add chain bridge busy p\n"
                   "add rule bridge busy p counter\n"
                   "add rule bridge busy p counter\n")
                sh("nft -f -", stdin="flush chain bridge busy p\n"
                   "delete chain bridge busy p\n")
            end.wait(0.5)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        tries = 0
        for _ in range(6):
            said, _ = take()
            rules, = [p for p in said["parts"] if p["name"] == "nft.rule"]
            chains, = [p for p in said["parts"] if p["name"] == "nft.chain"]
            assert rules["tries"] == chains["tries"]
            tries = max(tries, rules["tries"])
        assert tries > 1, "nothing was torn: the test shows nothing"
    finally:
        end.set()
        thread.join()
        sh("nft delete table bridge busy")


def test_signed(lab):
    sh("openssl genpkey -algorithm ed25519 -out /tmp/key.pem")
    sh("openssl pkey -in /tmp/key.pem -pubout -out /tmp/public.pem")
    sh("openssl genpkey -algorithm ed25519 -out /tmp/other.pem")
    sh("openssl pkey -in /tmp/other.pem -pubout -out /tmp/stranger.pem")
    done = cordon("snapshot", "--key", "/tmp/key.pem", PATH)
    assert done.returncode == 0, done.stderr
    assert os.stat(PATH).st_mode & 0o777 == 0o600
    ok = cordon("snapshot", "--verify", "--public-key", "/tmp/public.pem",
                PATH)
    assert ok.returncode == 0 and "verified: yes" in ok.stdout
    bad = cordon("snapshot", "--verify", "--public-key",
                 "/tmp/stranger.pem", PATH)
    assert bad.returncode == 2 and "not by the key" in bad.stderr
    # openssl itself agrees about what is signed.
    with open(PATH, encoding="utf-8") as f:
        snapshot = json.load(f)
    with open("/tmp/signature", "wb") as f:
        f.write(base64.b64decode(snapshot["signature"]))
    with open("/tmp/chain", "w", encoding="ascii") as f:
        f.write(snapshot["chain"])
    sh("openssl pkeyutl -verify -rawin -pubin -inkey /tmp/public.pem "
       "-in /tmp/chain -sigfile /tmp/signature")
    # One tie of the bridge undone on paper: it shows.
    rules, = [p for p in snapshot["parts"] if p["name"] == "link"]
    rules["data"] = rules["data"].replace("A", "B", 1)
    with open(PATH, "w", encoding="utf-8") as f:
        json.dump(snapshot, f)
    bad = cordon("snapshot", "--verify", PATH)
    assert bad.returncode == 2 and "link" in bad.stderr


def test_not_root():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "cordon", "snapshot",
         "/tmp/nobody.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "only root" in done.stderr
    assert not os.path.exists("/tmp/nobody.json")


def touch_legacy_table():
    """Has the kernel make iptables' filter table, as iptables -L does."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 255) as s:
        info = ctypes.create_string_buffer(b"filter".ljust(84, b"\0"), 84)
        size = ctypes.c_uint32(84)
        libc = ctypes.CDLL(None, use_errno=True)
        return libc.getsockopt(s.fileno(), 0, 64, info,
                               ctypes.byref(size)) == 0


def test_legacy_tables(lab):
    """Filters that nftables does not have."""
    _, host = take()
    assert host["unknown"] == []
    sh("modprobe iptable_filter", check=False)
    if not touch_legacy_table():
        pytest.skip("this kernel has no legacy tables")
    said, host = take()
    if "nf.hooks" in said["absent"]:
        assert [u["what"] for u in host["unknown"]] == [
            "legacy table filter of iptables"]
    else:
        legacy = [h for h in host["hooks"] if h["family"] == IPV4
                  and not h["chain"] and "ipt" in h["function"]]
        assert {h["hook"] for h in legacy} == {1, 2, 3}, host["hooks"]
    sh("modprobe ebtable_filter", check=False)
    if os.path.exists("/sys/module/ebtable_filter"):
        said, host = take()
        assert any("ebtable_filter" in u["what"] for u in host["unknown"])
