# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates: what a limited guest gets and sends, by the bytes that arrive in the
machine's own time; that guard and neighbours notice nothing of it; and that
what the kernel has of it is what was asked for, whoever changes it."""

import contextlib
import copy
import json
import socket
import threading
import time

import pytest

import product
from frames import IP, MAC, mark, spoofs, udp, unicast
from lab import DEVICE, PORT, changed
from netns import ifindex, inside
from shell import sh, sysctl, until

BIG = 1372              # Makes a frame of 1,414 bytes.
MBIT = 1000 * 1000
SLOW = 400 * 1000       # Less than an emulated machine sends at any time.
SECONDS = 4             # That a rate is measured for.
NARROW = "64KiB"
BLOCK = 0x80000000
ROOT = "c0d0:"


def big(src, dst, stream):
    return udp(src, dst, IP[src], IP[dst], stream, BIG)


def qdiscs(device, statistics=False):
    return json.loads(sh("tc %s-j qdisc show dev %s"
                         % ("-s " if statistics else "", device)))


def root(device, statistics=False):
    return [q for q in qdiscs(device, statistics) if q.get("root")][0]


def inner(device, statistics=False):
    return [q for q in qdiscs(device, statistics)
            if q.get("parent") == ROOT + "1"][0]


def actions(device):
    """The police actions of a device, as text."""
    return sh("tc filter show dev %s ingress" % device)


def drops(lab, guest):
    """{reason: frames} of a guest's port."""
    port = lab.agent.cordon("show", "port", PORT[guest])
    return {d["reason"]: int(d["packets"]) for d in port["drops"]}


def measured(lab, watch, place, size, limited, reason):
    """Bits a second of stream u that arrive, from when the burst is over."""
    watcher = watch.watchers[place]

    def now():
        got = sum(s["got"] for s in watcher.report()["streams"]
                  if s["stream"] == "u")
        return got, time.monotonic()
    until(lambda: drops(lab, limited).get(reason), "frames are dropped", 60)
    first, start = now()
    time.sleep(SECONDS)
    last, end = now()
    return (last - first) * size * 8 / (end - start)


def near(value, wanted):
    assert 0.9 * wanted <= value <= 1.1 * wanted, (value, wanted)


@contextlib.contextmanager
def raw(guest):
    """A socket for single frames of a guest."""
    with inside("g" + guest):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(("eth0", 0))
    with s:
        yield s


# What is programmed. The first test needs a kernel without the modules.

def test_no_rate_no_module(lab):
    """Without a rate nothing of it is there; a port whose rate cannot be
    programmed stays closed, and alone."""
    lab.agent.settled()
    for module in ("sch_tbf", "sch_fq_codel"):
        with open("/proc/modules", encoding="ascii") as f:
            assert module + " " not in f.read()
    assert root(DEVICE["P"])["kind"] == "noqueue"
    helper = sysctl("kernel.modprobe")
    sysctl("kernel.modprobe", "/bin/false")
    try:
        lab.agent.write(changed(lab.doc, "P", rate="2Mbit"))
        lab.agent.call("apply", "20", lab.agent.path)
        why = lab.agent.ports()[DEVICE["P"]]
        assert why["state"] != "open" and "shape" in why["why"], why
        assert lab.agent.state(DEVICE["A"]) == "open"
        assert lab.agent.state(DEVICE["B"]) == "open"
    finally:
        sysctl("kernel.modprobe", helper)
    lab.agent.hangup()
    lab.agent.wait_open(DEVICE["P"], timeout=60)
    assert root(DEVICE["P"])["kind"] == "tbf"


def test_programmed(lab):
    """What is asked for is in the kernel, is shown, and goes again."""
    lab.agent.reload(changed(
        lab.doc, "P", rate={"ingress": "20Mbit", "egress": "5Mbit"},
        burst={"ingress": "128KiB", "egress": "64KiB"}, packet_rate=3000))
    q = root(DEVICE["P"])
    assert (q["kind"], q["handle"]) == ("tbf", ROOT)
    assert q["options"]["rate"] == 20 * MBIT // 8
    assert abs(q["options"]["burst"] - 128 * 1024) < 64
    q = inner(DEVICE["P"])
    assert (q["kind"], q["options"]["limit"]) == ("fq_codel", 64)
    assert q["options"]["memory_limit"] == 256 * 1024
    text = actions(DEVICE["P"])
    assert "rate 5Mbit burst 64Kb" in text and "pkts_rate 3000" in text
    assert text.count("action drop") == 2
    port = lab.agent.cordon("show", "port", PORT["P"])
    assert port["rate_ingress"] == "20Mbit, burst 128KiB"
    assert port["rate_egress"] == "5Mbit, burst 64KiB"
    # What the kernel has is told in the same words.
    for key in "ingress", "egress":
        assert port["kernel_" + key] == port["rate_" + key]
    assert port["kernel_packet_rate"] == port["packet_rate"] == 3000
    assert port["kernel_queue"] == "64 frames 262144 bytes"
    # A neighbour's are not touched, and its ingress block is the empty one.
    assert root(DEVICE["A"])["kind"] == "noqueue"
    assert actions(DEVICE["A"]).strip() == ""
    port = lab.agent.cordon("show", "port", PORT["A"])
    for key in "ingress", "egress":
        assert port["kernel_" + key] == port["rate_" + key] == "unlimited"
    assert "kernel_packet_rate" not in port
    lab.agent.reload(lab.doc)
    assert root(DEVICE["P"])["kind"] == "noqueue"
    assert actions(DEVICE["P"]).strip() == ""
    assert "total acts 0" in sh("tc actions ls action police") \
        or "police" not in sh("tc actions ls action police")


# Rates.

def test_to_guest(lab):
    lab.agent.reload(changed(lab.doc, "P", rate={"ingress": "400kbit"},
                             burst=NARROW))
    frame = big("A", "P", "u")
    with lab.watch() as watch:
        load = [lab.send("A", [frame, unicast("A", "G", "x")], 1000),
                lab.send("P", [big("P", "A", "v")], 10000)]
        near(measured(lab, watch, "P", len(frame), "P", "queue-full"), SLOW)
        seen = watch.seen_after(load)
        lost = drops(lab, "P")
        # The other way, and to others, nothing is limited.
        assert seen.got("x", "uplink") == watch.sent["x"] > 100
        assert seen.got("v", "A") == watch.sent["v"] > 100
        assert not {"policed", "rate"} & set(lost)
        assert "queue-full" not in drops(lab, "A")
        until(lambda: watch.seen().got("u", "P") + lost["queue-full"]
              == watch.sent["u"], "every frame is counted", 30)
        assert lost["queue-full"] > 20


@pytest.mark.parametrize("keys,wanted,reason", [
    ({"rate": {"egress": "400kbit"}, "burst": NARROW}, SLOW, "policed"),
    ({"packet_rate": 40}, None, "rate"),
])
def test_from_guest(lab, keys, wanted, reason):
    """What is not dropped for its rate goes through the guard as ever."""
    lab.agent.reload(changed(lab.doc, "A", **keys))
    frame = big("A", "P", "u")
    wanted = wanted or 40 * len(frame) * 8
    with lab.watch() as watch:
        load = [lab.send("A", [frame], 2000),
                lab.send("P", [big("P", "A", "v")], 10000)]
        near(measured(lab, watch, "P", len(frame), "A", reason), wanted)
        seen = watch.seen_after(load)
        assert seen.got("v", "A") == watch.sent["v"] > 100
        lost = drops(lab, "A")
        assert seen.got("u", "P") + lost[reason] == watch.sent["u"]
        assert lost[reason] > 20
        assert reason not in drops(lab, "P")
    before = lost.get("spoofed-mac", 0)
    with lab.watch() as watch:
        load = [lab.send("A", spoofs("S"), 20000)]
        load[0].wait_sent(30)
        seen = watch.seen_after(load)
        assert not seen.rows("S")
        assert drops(lab, "A")["spoofed-mac"] > before


def test_unlimited_twin(lab):
    """The same load without a rate: nothing is lost."""
    with lab.watch() as watch:
        load = [lab.send("A", [big("A", "P", "u")], 2000)]
        load[0].wait_sent(1500)
        seen = watch.seen_after(load)
        assert seen.got("u", "P") == watch.sent["u"]


@contextlib.contextmanager
def with_stacks():
    """A and P have addresses, and send frames of up to 64 KiB."""
    for guest in "AP":
        sh("ip link set eth0 mtu 1500", ns="g" + guest)
        sh("ip addr add %s/24 dev eth0" % IP[guest], ns="g" + guest)
        sh("ethtool -K eth0 tx on sg on tso on gso on", ns="g" + guest)
        sh("ethtool -K %s tx on sg on tso on gso on" % DEVICE[guest])
        assert "tcp-segmentation-offload: on" in sh(
            "ethtool -k eth0", ns="g" + guest)
    for guest, peer in ("AP", "PA"):
        sh("ip neigh replace %s lladdr %s dev eth0 nud permanent"
           % (IP[peer], MAC[peer].hex(":")), ns="g" + guest)
    try:
        yield
    finally:
        for guest in "AP":
            sh("ethtool -K eth0 tx off", ns="g" + guest)
            sh("ethtool -K %s tx off" % DEVICE[guest])
            sh("ip addr flush dev eth0", ns="g" + guest)
            sh("ip link set eth0 mtu 9200", ns="g" + guest)


def stream(seconds):
    """Bits a second of a TCP stream from A to P, and its longest frame."""
    total, longest = [0, 0.0], [0]
    with inside("gP"):
        server = socket.create_server((IP["P"], 5001))
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                            socket.htons(0x0800))
        tap.bind(("eth0", 0x0800))
    with inside("gA"):
        client = socket.socket()
    done = threading.Event()

    def send():
        with contextlib.suppress(OSError):
            while not done.is_set():
                client.sendall(bytes(65536))

    def listen():
        tap.settimeout(0.2)
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                longest[0] = max(longest[0], tap.recv_into(bytearray(1 << 17)))
    with server, tap:
        client.connect((IP["P"], 5001))
        peer, _ = server.accept()
        threads = [threading.Thread(target=t) for t in (send, listen)]
        for thread in threads:
            thread.start()
        start, warm = time.monotonic(), 1.5
        while time.monotonic() < start + warm:
            peer.recv(1 << 16)
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            total[0] += len(peer.recv(1 << 16))
        total[1] = time.monotonic() - begin
        done.set()
        client.shutdown(socket.SHUT_RDWR)
        peer.close()
        for thread in threads:
            thread.join(20)
        client.close()
    return total[0] * 8 / total[1], longest[0]


@pytest.mark.parametrize("guest,direction", [("P", "ingress"),
                                             ("A", "egress")])
def test_large_segments(lab, guest, direction):
    """A stream of frames that are cut only by the receiver gets its rate, as
    far as TCP makes use of one."""
    lab.agent.reload(changed(lab.doc, guest, rate={direction: "8Mbit"},
                             burst="128KiB"))
    with with_stacks():
        rate, longest = stream(2 * SECONDS)
    assert longest > 2000, sh("ethtool -k " + DEVICE[guest])
    low = 0.8 if direction == "ingress" else 0.6
    assert low * 8 * MBIT <= rate <= 1.1 * 8 * MBIT, rate


def test_third_is_not_slowed(lab):
    """A sends to P, which takes next to nothing, and to a third by the same
    socket, of whose room each queued frame holds some: as a vif's ring."""
    lab.agent.reload(changed(lab.doc, "P", rate={"ingress": "8kbit"},
                             burst=NARROW))
    with lab.watch() as watch:
        load = [lab.send("A", [big("A", "P", "u"), big("A", "G", "x")], 1000)]
        load[0].wait_sent(2000)
        q = inner(DEVICE["P"], True)
        assert 20 <= q["qlen"] <= 64 and q["backlog"] <= 256 * 1024, q
        seen = watch.seen_after(load)
        assert seen.got("x", "uplink") == watch.sent["x"] >= 1000
        assert 0 < seen.got("u", "P") < watch.sent["u"] // 4


def test_change_keeps_the_queue(lab):
    """Frames that wait when the rate is changed arrive, all of them."""
    slow = changed(lab.doc, "P", rate={"ingress": "8kbit"}, burst=NARROW)
    lab.agent.reload(slow)
    frame = big("A", "P", "u")
    count = 64 * 1024 // len(frame) + 30
    with lab.watch() as watch, raw("A") as s:
        for i in range(count):
            s.send(frame.replace(mark("u"), mark("u")[:8]
                                 + i.to_bytes(4, "big")))
        until(lambda: inner(DEVICE["P"], True)["qlen"] >= 20, "frames wait")
        before = root(DEVICE["P"], True)
        assert watch.seen().got("u", "P") < count - 15
        lab.agent.reload(changed(lab.doc, "P", rate={"ingress": "9kbit"},
                                 burst=NARROW))
        lab.agent.reload(changed(lab.doc, "P", rate={"ingress": "1Mbit"},
                                 burst="65KiB"))
        until(lambda: watch.seen().got("u", "P") == count, "all arrive", 20)
        after = root(DEVICE["P"], True)
        assert after["drops"] == before["drops"] == 0
        assert after["packets"] >= before["packets"] + 15
        assert "queue-full" not in drops(lab, "P")


# Others' hands.

def test_repaired(lab):
    doc = changed(lab.doc, "P", rate="2Mbit", burst=NARROW, packet_rate=500)
    lab.agent.reload(doc)
    device, index = DEVICE["P"], ifindex(DEVICE["P"])
    good = (root(device)["options"], inner(device)["options"])

    def state():
        lab.agent.settled()
        text = actions(device)
        return (root(device)["options"], inner(device)["options"]) == good \
            and "rate 2Mbit burst 64Kb" in text and "pkts_rate 500" in text \
            and text.count("action drop") == 2

    assert state()
    with lab.watch() as watch:
        load = [lab.send("A", [beacon_of("A")], 5000)]
        for command in (
                "tc qdisc change dev %s root handle %s tbf rate 900mbit "
                "burst 1mb limit 64" % (device, ROOT),
                "tc qdisc del dev %s root" % device,
                "tc qdisc replace dev %s parent %s1 pfifo limit 1000"
                % (device, ROOT),
                "tc qdisc del dev %s parent %s1" % (device, ROOT),
                "tc actions change action police rate 900mbit burst 1mb "
                "conform-exceed drop/ok index %d" % (0xc0000000 | index),
                "tc actions change action police pkts_rate 9000 pkts_burst "
                "9000 conform-exceed drop/pipe index %d" % (BLOCK | index),
                "tc filter del block %d" % (BLOCK | index),
                "tc qdisc del dev %s clsact" % device):
            sh(command)
            until(state, "repaired: " + command, 10, every=0.1)
            assert lab.agent.state(device) == "open"
        seen = watch.seen_after(load)
        assert seen.got("u", "P") > 50


def beacon_of(guest):
    return unicast(guest, "P", "u")


def test_foreign_root(lab):
    """A qdisc that is not ours closes a port that is to have a rate, and is
    nobody's business elsewhere."""
    device = DEVICE["P"]
    sh("tc qdisc add dev %s root handle 7: prio" % device)
    lab.agent.settled()
    assert lab.agent.state(device) == "open"
    lab.agent.write(changed(lab.doc, "P", rate="2Mbit"))
    lab.agent.call("apply", "20", lab.agent.path)
    port = lab.agent.wait_state(device, "failed")
    assert "foreign shape" in port["why"] and "prio 7:" in port["why"], port
    assert root(device)["kind"] == "prio"
    sh("tc qdisc del dev %s root" % device)
    lab.agent.wait_open(device)
    assert root(device)["kind"] == "tbf"


def test_intruder(lab):
    """A filter beside the police closes the port; gone, it opens."""
    device, index = DEVICE["P"], ifindex(DEVICE["P"])
    lab.agent.reload(changed(lab.doc, "P", rate="2Mbit"))
    sh("tc filter add block %d protocol all pref 1 matchall action pass"
       % (BLOCK | index))
    lab.agent.wait_state(device, "failed")
    sh("tc filter del block %d pref 1" % (BLOCK | index))
    lab.agent.wait_open(device)


# The module as the guard.

def with_guard(doc, guard):
    doc = copy.deepcopy(doc)
    doc["host"]["guard"] = guard
    return doc


def guarded_by(lab, name):
    summary = lab.agent.summary()
    return summary.get("guard") == name and summary["state"] == "converged"


def test_module(lab):
    """The module polices where it guards: it takes over, with ports open, and
    gives back."""
    limited = changed(changed(lab.doc, "A", rate={"egress": "400kbit"},
                              burst=NARROW), "P", rate={"ingress": "20Mbit"},
                      packet_rate=2000)
    lab.agent.reload(limited)
    assert "police" in actions(DEVICE["A"])
    sh(["insmod", product.MODULE])
    try:
        until(lambda: guarded_by(lab, "module"), "the module guards", 30)
        lab.agent.wait_open()
        for guest in "AP":
            assert actions(DEVICE[guest]).strip() == ""
        assert root(DEVICE["P"])["kind"] == "tbf"
        port = lab.agent.cordon("show", "port", PORT["A"])
        assert port["kernel_egress"] == port["rate_egress"]
        assert port["kernel_egress"] == "400kbit, burst 64KiB"
        port = lab.agent.cordon("show", "port", PORT["P"])
        assert port["kernel_egress"] == "unlimited"
        assert port["kernel_packet_rate"] == port["packet_rate"] == 2000
        frame = big("A", "P", "u")
        with lab.watch() as watch:
            load = [lab.send("A", [frame], 2000),
                    lab.send("P", [big("P", "A", "v")], 10000)]
            near(measured(lab, watch, "P", len(frame), "A", "policed"), SLOW)
            seen = watch.seen_after(load)
            assert seen.got("v", "A") == watch.sent["v"] > 100
            assert (seen.got("u", "P") + drops(lab, "A")["policed"]
                    == watch.sent["u"])
    finally:
        lab.agent.reload(with_guard(limited, "nftables"))
        until(lambda: guarded_by(lab, "nftables"), "nftables guards", 30)
        sh("rmmod cordon")
    until(lambda: "rate 400Kbit" in actions(DEVICE["A"]), "tc polices", 10)
    lab.agent.wait_open()
