# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: the kernel module takes over as the guard, holds, and gives back."""

import contextlib
import os
import re
import signal
import struct
import threading

import frames as f
import guard
from bed import GATEWAY_MAC, POLICY, VLAN, pause, who
from claim import claim
from look import forge
from shell import sh, until

MODULE = "/cordon/cordon.ko"


def _guard(bed):
    return bed.show().get("guard")


def _set_guard(bed, name):
    """Has the agent use a guard, and waits until it does."""
    with open(POLICY, encoding="utf-8") as file:
        text = re.sub(r"  guard: \w+\n", "", file.read())
    text = text.replace("host:\n", "host:\n  guard: %s\n" % name)
    with open(POLICY, "w", encoding="utf-8") as file:
        file.write(text)
    bed.cordon("apply", POLICY)


def _wait_guard(bed, name):
    until(lambda: _guard(bed) == name
          and bed.show().get("state") == "converged", "guard " + name, 60)


def _lost_while(bed, do):
    """Pings of web1 to web2 that have no answer while 'do' is done."""
    a = bed.web1
    a.run("ping -c 40 -i 0.2 -W 5 10.0.0.12 > /tmp/ping &")
    pause(0.5)
    do()
    until(lambda: "loss" in a.try_run("cat /tmp/ping")[1], "ping ends", 60)
    sent, got = re.search(r"(\d+) packets transmitted, (\d+) packets",
                          a.run("cat /tmp/ping")).groups()
    return "%d of %s" % (int(sent) - int(got), sent)


@claim("web1 pings web2 while the kernel module is loaded and takes over "
       "from nftables; lost", "0 of 40; guard: module; nft table: gone",
       says="The kernel module cordon.ko becomes the guard:", drops=True)
def _(bed):
    def load():
        sh(["insmod", MODULE, "adopt=1"])
        _wait_guard(bed, "module")

    lost = _lost_while(bed, load)
    return "%s; guard: %s; nft table: %s" % (
        lost, _guard(bed),
        "there" if "cordon" in sh("nft list tables") else "gone")


@claim("a forged frame then is seen by", "nobody; twin: web2")
def _(bed):
    return forge(bed)


@claim("the module counts what it drops, by reason: spoofed-mac", "counted")
def _(bed):
    return "counted" if bed.drops(bed.web1.vif()).get("spoofed-mac") \
        else str(bed.drops())


@contextlib.contextmanager
def _late(bed, guest, seconds=4):
    """What goes to a guest waits for so long, after it has been judged."""
    os.kill(bed.agent.pid, signal.SIGSTOP)
    try:
        sh("tc qdisc add dev %s root netem delay %ds"
           % (guest.vif(), seconds))
        try:
            yield
        finally:
            sh("tc qdisc del dev %s root" % guest.vif())
    finally:
        os.kill(bed.agent.pid, signal.SIGCONT)


def _rewritten(bed, frame, other):
    """What web2 gets of a frame that web1 makes another of on its way; and
    whether the backend still had the frame's pages then."""
    a, b = bed.web1, bed.web2

    def came():
        return [g for g in b.captured() if len(g) == len(frame)
                and g[6:12] in (frame[6:12], other[6:12])]

    b.capture_start()
    try:
        with _late(bed, b):
            used = a.rewrite_frame(frame, other)
            early = len(came())
            found = until(came, "the frame comes", 60, every=0.5)
    finally:
        b.capture_stop()
    if early or len(found) != 1:
        raise AssertionError("%d came early, %d in all" % (early, len(found)))
    return found[0], used


def _which(got, frame, other):
    return {(True, False): "as judged", (False, True): "as written since",
            (True, True): "both"}.get((got == frame, got == other),
                                      "neither: " + got.hex())


@claim("web1 makes a forged frame of a long datagram's pages while it is on "
       "its way to web2, which gets", "headers: as judged, the payload's end: "
       "as written since, pages: in use", hard=True)
def _(bed):
    a, b = bed.web1, bed.web2
    frame = f.udp4(b.mac, a.mac, a.ipv4, b.ipv4, 1000, 1000, b"1" * 700)
    other = f.udp4(b.mac, GATEWAY_MAC, "10.0.0.1", b.ipv4, 67, 68, b"2" * 700)
    got, used = _rewritten(bed, frame, other)
    return "headers: %s, the payload's end: %s, pages: %s" % (
        _which(got[:42], frame[:42], other[:42]),
        _which(got[-400:], frame[-400:], other[-400:]), used)


@claim("web1 does that with an advertisement whose last option says where it "
       "is; web2 gets", "all of it as judged, pages: gone; what it was to be: "
       "nobody, nd-spoof=1", hard=True)
def _(bed):
    a, b = bed.web1, bed.web2
    frame, other = (
        f.icmpv6(b.mac, a.mac, a.ipv6, b.ipv6, 136, 0,
                 struct.pack(">I", 0x20 << 24) + f.ip6(a.ipv6)
                 + bytes((14, 40)) + bytes(318) + f.link_layer(2, mac))
        for mac in (a.mac, GATEWAY_MAC))
    got, used = _rewritten(bed, frame, other)
    before = bed.drops(a.vif()).get("nd-spoof", 0)
    bed.listen()
    a.send_frames(other)
    places = bed.heard()
    return "all of it %s, pages: %s; what it was to be: %s, nd-spoof=%d" % (
        _which(got, frame, other), used, who(places, other[-99:]),
        bed.drops(a.vif()).get("nd-spoof", 0) - before)


@claim("somebody flushes nftables; web1 reaches",
       "web2: answer, app2: no answer, its gateway: answer")
def _(bed):
    sh("nft flush ruleset")
    return "web2: %s, app2: %s, its gateway: %s" % (
        bed.ping(bed.web1, bed.web2.ipv4), bed.ping(bed.web1, bed.app2.ipv4),
        bed.ping(bed.web1, "10.0.0.1"))


@claim("with the agent stopped, app2's vif is put into acme's VLAN; its "
       "broadcasts are seen by", "nobody; web1's by: web2 switch/110")
def _(bed):
    device = bed.app2.vif()
    os.kill(bed.agent.pid, signal.SIGSTOP)
    try:
        sh("bridge vlan del dev %s vid %d" % (device, VLAN["globex"]))
        sh("bridge vlan add dev %s vid %d pvid untagged"
           % (device, VLAN["acme"]))
        for guest in (bed.web1, bed.web2):
            guest.capture_start()
        bed.switch.clear()
        wrong, text = bed.beacon(bed.app2)
        bed.app2.send_frames(wrong)
        own, own_text = bed.beacon(bed.web1)
        bed.web1.send_frames(own)
        bed.switch.wait(own_text)
        pause(1)
        places = {"web1": bed.web1.capture_stop(),
                  "web2": bed.web2.capture_stop(),
                  "switch": bed.switch.listen()}
    finally:
        os.kill(bed.agent.pid, signal.SIGCONT)
    until(lambda: bed.show().get("state") == "converged", "repaired", 60)
    return "%s; web1's by: %s" % (who(places, text), who(places, own_text))


@claim("web1 pings web2 while the agent gets kill -9, and starts again; lost",
       "0 of 40; it writes to the kernel 0 times")
def _(bed):
    def kill():
        bed.agent.kill()
        pause(1)
        bed.start_agent()

    return "%s; it writes to the kernel %d times" % (
        _lost_while(bed, kill), bed.show()["writes"])


def _vif_states(known):
    """The module's states of vifs that are not known, asked without the
    agent's code."""
    with guard.Guard() as g:
        return {"quarantined" if port["PORT_STATE"][0] == 0 else "guarded"
                for port in g.dump("PORT_GET")
                if port["PORT_NAME"].startswith(b"vif")
                and port["PORT_NAME"].rstrip(b"\0").decode() not in known}


def _watch_create(bed, late):
    """What a guest's vif is in the module while xl tries to create it, and
    whether it does."""
    known = {g.vif() for g in bed.guests}
    said = []
    thread = threading.Thread(target=lambda: said.append(bed.refused(late)))
    states = set()
    thread.start()
    while thread.is_alive():
        states |= _vif_states(known)
        pause(0.05)
    thread.join()
    return "%s; xl create: %s" % (
        " ".join(sorted(states)) or "never seen",
        "fails" if said and said[0] != "created" else "succeeds")


@claim("while the agent does not answer, a new guest's vif is, from the "
       "instant it is there", "quarantined; xl create: fails")
def _(bed):
    late = bed.guest("web3", "acme", "00:16:3e:00:00:03", 14)
    os.kill(bed.agent.pid, signal.SIGSTOP)
    try:
        seen = _watch_create(bed, late)
    finally:
        os.kill(bed.agent.pid, signal.SIGCONT)
    until(lambda: bed.show().get("state") == "converged", "it answers", 60)
    return seen


@claim("with the agent back, web3 comes and reaches web1, app2",
       "answer, no answer")
def _(bed):
    late = bed.guest("web3", "acme", "00:16:3e:00:00:03", 14)
    late.start()
    late.wait()
    try:
        return "%s, %s" % (bed.ping(late, bed.web1.ipv4),
                           bed.ping(late, bed.app2.ipv4))
    finally:
        late.destroy()


@claim("web2's frontend is closed and comes again; it reaches web1, app2",
       "answer, no answer", hard=True)
def _(bed):
    g = bed.web2
    driver = "/sys/bus/xen/drivers/vif/"
    g.run("echo vif-0 > %sunbind; sleep 1; echo vif-0 > %sbind; "
          "until ip link show eth0 > /dev/null 2>&1; do usleep 100000; done"
          % (driver, driver))
    g.run("ip link set eth0 up; echo 0 > /proc/sys/net/ipv6/conf/eth0/"
          "accept_dad; ip addr add %s/24 dev eth0; ip -6 addr add %s/64 "
          "dev eth0" % (g.ipv4, g.ipv6))
    until(lambda: bed.ping(g, bed.web1.ipv4) == "answer", "it talks", 60)
    return "%s, %s" % (bed.ping(g, bed.web1.ipv4),
                       bed.ping(g, bed.app2.ipv4))


@claim("rmmod while guests run", "refused")
def _(bed):
    code, _ = sh(["rmmod", "cordon"], check=False)
    return "refused" if code and os.path.exists("/sys/module/cordon") \
        else "it is gone"


@claim("web1 pings web2 while nftables takes over again and the module is "
       "removed; lost", "0 of 40; guard: nftables; module: gone")
def _(bed):
    def give_back():
        _set_guard(bed, "nftables")
        _wait_guard(bed, "nftables")
        sh(["rmmod", "cordon"])

    lost = _lost_while(bed, give_back)
    return "%s; guard: %s; module: %s" % (
        lost, _guard(bed),
        "there" if os.path.exists("/sys/module/cordon") else "gone")


@claim("a forged frame then is seen by", "nobody; twin: web2")
def _(bed):
    return forge(bed)
