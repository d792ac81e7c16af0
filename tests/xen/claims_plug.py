# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims for the tests: names, hot plug, a dying agent, taps."""

import errno
import fcntl
import os
import signal
import struct
import threading

import frames as f
from bed import pause, who
from claim import claim
from look import refused, residue
from shell import sh, until


def _late(bed):
    """web3, which comes and goes."""
    if "web3" not in bed.once:
        bed.once["web3"] = bed.guest("web3", "acme", "00:16:3e:00:00:03", 14)
    return bed.once["web3"]


def _frame_from(bed, guest, device_mac, body):
    """Who gets a frame of 'guest' to web1 from 'device_mac'."""
    bed.web1.capture_start()
    bed.web2.capture_start()
    bed.switch.clear()
    guest.send_frames(f.udp4(bed.web1.mac, device_mac, guest.ipv4,
                             bed.web1.ipv4, 1000, 1000, body))
    beacon, text = bed.beacon(guest)
    guest.send_frames(beacon)
    bed.switch.wait(text)
    for receiver in (bed.web1, bed.web2):
        until(lambda r=receiver: any(text in x for x in r.captured()),
              "%s gets the beacon" % receiver, every=0.1)
    places = {"web1": bed.web1.capture_stop(),
              "web2": bed.web2.capture_stop(),
              "switch": bed.switch.listen()}
    return who(places, body)


@claim("web3 comes with vifname=web3nic; its port is on",
       "web3nic, open, answer", hard=True)
def _(bed):
    g = _late(bed)
    g.vif_keys["vifname"] = "web3nic"
    g.start()
    g.wait()
    port = bed.ports()["acme/web3/0"]
    return "%s, %s, %s" % (port["device"], port["state"],
                           bed.ping(g, bed.web1.ipv4))


@claim("a forged frame of web3, whose vif has that name, is seen by",
       "nobody; own: web1", hard=True)
def _(bed):
    g = _late(bed)
    forged = _frame_from(bed, g, bed.web2.mac, b"renamed forged")
    return "%s; own: %s" % (forged,
                            _frame_from(bed, g, g.mac, b"renamed own"))


@claim("after xl network-detach of web3 what is left of its vif is in",
       "nothing", hard=True)
def _(bed):
    g = _late(bed)
    sh(["xl", "network-detach", g.name, "0"])
    until(lambda: residue(bed, g.mac, "web3nic") == "nothing",
          "cleared away", 60)
    return residue(bed, g.mac, "web3nic")


@claim("after xl network-attach web3 reaches web1, app2; its port is",
       "answer, no answer; open", hard=True)
def _(bed):
    g = _late(bed)
    sh(["xl", "network-attach", g.name, "mac=" + g.mac, "script=vif-cordon"])
    until(lambda: g.try_run("test -e /sys/class/net/eth0")[0] == 0,
          "web3 has eth0 again", 30, every=0.2)
    g.run("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; "
          "ip link set eth0 up; ip addr add %s dev eth0" % g.ips[0])
    return "%s, %s; %s" % (
        bed.ping(g, bed.web1.ipv4), bed.ping(g, "10.0.0.13"),
        bed.ports()["acme/web3/0"]["state"])


@claim("after the re-plug a forged frame of web3 is seen by",
       "nobody; own: web1", hard=True)
def _(bed):
    g = _late(bed)
    forged = _frame_from(bed, g, bed.web2.mac, b"again forged")
    return "%s; own: %s" % (forged, _frame_from(bed, g, g.mac, b"again own"))


@claim("web3 ends; what is left of it is in", "nothing", hard=True)
def _(bed):
    g = _late(bed)
    g.vif_keys.pop("vifname", None)
    g.destroy()
    until(lambda: residue(bed, g.mac) == "nothing", "cleared away", 60)
    return residue(bed, g.mac, g.vif())


@claim("xl create while the agent does not answer fails by timeout",
       "the agent does not answer; its vif never up, never in a bridge",
       hard=True)
def _(bed):
    bed.agent.signal(signal.SIGSTOP)
    try:
        said = refused(bed, bed.guest("web3", "acme", "00:16:3e:00:00:03",
                                       14))
    finally:
        bed.agent.signal(signal.SIGCONT)
    said, _, moved = said.rpartition("; ")
    return "%s; %s" % ("the agent does not answer"
                       if "does not answer" in said else said, moved)


@claim("kill -9 of the agent while web3 is plugged: xl create fails",
       "it says so; its vif never up, never in a bridge", hard=True)
def _(bed):
    bed.agent.signal(signal.SIGSTOP)

    def kill():
        try:
            # The plug waits for an answer by then.
            until(lambda: sh("pgrep -f [c]ordon.*plug.*vif",
                             check=False)[0] == 0, "the plug", 60)
        finally:
            bed.agent.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    said = refused(bed, bed.guest("web3", "acme", "00:16:3e:00:00:03", 14))
    killer.join()
    said, _, moved = said.rpartition("; ")
    return "%s; %s" % ("it says so" if "vif-cordon:" in said else said, moved)


@claim("the agent starts again; web3 comes and reaches web1, app2",
       "answer, no answer", hard=True)
def _(bed):
    bed.start_agent()
    bed.once.pop("web3")
    g = _late(bed)
    g.start()
    g.wait()
    return "%s, %s" % (bed.ping(g, bed.web1.ipv4), bed.ping(g, "10.0.0.13"))


class _Tap:
    """The tap of an HVM guest's emulated card, as QEMU opens it."""

    def __init__(self, name):
        self.name = name
        self._fd = os.open("/dev/net/tun", os.O_RDWR)
        # IFF_TAP | IFF_NO_PI
        fcntl.ioctl(self._fd, 0x400454ca,
                    struct.pack("16sH22x", name.encode(), 0x1002))

    def send(self, frame):
        try:
            os.write(self._fd, frame)
        except OSError as e:
            if e.errno != errno.EIO:    # It is down.
                raise

    def close(self):
        os.close(self._fd)


def _start_paused(guest):
    """Make a guest of which nothing runs, so that its vif has no other
    side yet."""
    path = "/tmp/%s.cfg" % guest
    with open(path, "w") as config:
        config.write(guest.config())
    sh(["xl", "create", "-p", path])
    guest.domid = int(sh(["xl", "domid", guest.name]))


def _tap_script(bed, guest, command):
    node = "backend/vif/%d/0" % guest.domid
    return sh(["env", "XENBUS_PATH=" + node, "type_if=tap",
               "INTERFACE=vif%d.0-emu" % guest.domid,
               "vif=vif%d.0" % guest.domid,
               "/etc/xen/scripts/vif-cordon", command], check=False)


def _tap_sends(bed, tap, guest):
    """Who gets a forged frame from the tap, and who its harmless twin."""
    bed.beacons += 1
    forged = b"tap forged %05d" % bed.beacons
    own = b"tap own %05d" % bed.beacons
    bed.web1.capture_start()
    bed.web2.capture_start()
    bed.switch.clear()
    tap.send(f.udp4(bed.web1.mac, bed.web2.mac, guest.ipv4, bed.web1.ipv4,
                    1, 1, forged))
    tap.send(f.udp4(bed.web1.mac, guest.mac, guest.ipv4, bed.web1.ipv4, 1, 1,
                    own))
    pause(1.5)
    places = {"web1": bed.web1.capture_stop(),
              "web2": bed.web2.capture_stop(),
              "switch": bed.switch.listen()}
    return "%s; own: %s" % (who(places, forged), who(places, own))


@claim("web3's guest runs its vif; the tap of its emulated card is",
       "fenced, not open; forged: nobody; own: nobody", hard=True)
def _(bed):
    g = _late(bed)
    tap = bed.once["tap"] = _Tap("vif%d.0-emu" % g.domid)
    sent = _tap_sends(bed, tap, g)
    assert sent == "nobody; own: nobody", "before the script: " + sent
    code, text = _tap_script(bed, g, "add")
    assert code == 0, text
    return "%s, not open; forged: %s" % (
        bed.ports()["acme/web3/0-emu"]["state"], _tap_sends(bed, tap, g))


@claim("web3 is paused before it has a vif of its own; its tap is",
       "open; forged: nobody; own: web1", hard=True)
def _(bed):
    bed.once.pop("tap").close()
    _late(bed).destroy()
    bed.once.pop("web3")
    g = _late(bed)
    _start_paused(g)
    tap = bed.once["tap"] = _Tap("vif%d.0-emu" % g.domid)
    code, text = _tap_script(bed, g, "add")
    assert code == 0, text
    return "%s; forged: %s" % (bed.ports()["acme/web3/0-emu"]["state"],
                               _tap_sends(bed, tap, g))


@claim("the tap is removed; what is left of it is in", "nothing", hard=True)
def _(bed):
    g = _late(bed)
    code, text = _tap_script(bed, g, "remove")
    assert code == 0, text
    bed.once.pop("tap").close()
    g.destroy()
    until(lambda: residue(bed, g.mac) == "nothing", "cleared away", 60)
    return residue(bed, g.mac, "vif%d.0" % g.domid)
