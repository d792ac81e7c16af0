#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes to the kernel guard while guests send: ports are set,
deleted, released, renamed, moved to another namespace, unregistered; segments
and host replaced; everything dumped; with some of the memory allocations
failing, where the kernel can do that. Runs in a test VM, with two processors:

    kmod_stress.py [--count N] [--seconds N] [--gap USEC] [--seed N]

All guests are in one VLAN of one bridge by mistake. Whatever happens, the
victim, who is of another tenant and whose guard is never let go, hears nobody.
In the end everything is let go, the module is unloaded, and the kernel is
asked whether memory was lost.
"""

import argparse
import contextlib
import errno
import os
import random
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import guard   # noqa: E402
from guard import Refused, macs, nest, number, pair, prefix   # noqa
from guard import u16, u32   # noqa: E402
from traffic import Sender   # noqa: E402
from links import Links   # noqa: E402
from netns import NetNS, inside   # noqa: E402
from shell import CommandError, quiesce, sh, until   # noqa: E402
from guardbed import BROADCAST, udp   # noqa: E402
from wire import Wire   # noqa: E402

GUESTS = 4
NAMES = ("vif%d.0-emu", "other%d")
MAYBE = (errno.ENOENT, errno.ENODEV, errno.ESTALE, errno.EBUSY, errno.EEXIST,
         errno.ENOMEM, errno.ERANGE, errno.EINVAL, errno.ENOBUFS,
         errno.EMSGSIZE)


class Guest:
    def __init__(self, stress, i):
        self.stress, self.i = stress, i
        self.mac = "02:00:00:00:01:%02x" % i
        self.ip = "10.0.1.%d" % i
        self.ns = NetNS("guest%d" % i)
        self.fd = os.open("/run/netns/guest%d" % i, os.O_RDONLY)
        self.plug()
        frame = udp(self.mac, BROADCAST, self.ip, "255.255.255.255")
        self.load = Sender("eth0", [frame], self.ns, usec=stress.gap)

    def plug(self):
        self.name = NAMES[0] % self.i
        self.away = False
        self.stress.here.veth(self.name, "eth0", self.fd, self.mac)
        sh("ip link set eth0 up", ns=self.ns)
        self.join()

    def find(self):
        """After a change that has failed half-way."""
        for self.away in (False, True):
            for self.name in NAMES:
                self.name %= self.i
                with contextlib.suppress(OSError):
                    self.index()
                    self.join()
                    return
        self.plug()
        sh("ip link set eth0 up", ns=self.ns)

    def links(self):
        return self.stress.there if self.away else self.stress.here

    def index(self):
        with inside(self.stress.away if self.away else None):
            return socket.if_nametoindex(self.name)

    def join(self):
        if not self.away:
            self.stress.here.master(self.index(), self.stress.bridge)


class Failing(guard.Guard):
    """Some memory allocations for its requests fail while 'failing'. Only
    what the kernel does within send() is meant: Python itself would not live
    with that."""

    TOP = "/sys/kernel/debug/failslab/"
    failing, switch = False, None

    def __init__(self):
        super().__init__()
        # An answer may be what there was no memory for.
        self.socket.settimeout(10)
        if not os.path.exists(self.TOP):
            return
        # The filter first: nobody else's are to fail.
        for name, value in (("task-filter", "Y"), ("verbose", 0),
                            ("ignore-gfp-wait", "N"), ("interval", 1),
                            ("times", -1), ("probability", 4)):
            with open(self.TOP + name, "w") as f:
                f.write(str(value))
        self.switch = os.open("/proc/self/make-it-fail", os.O_WRONLY)

    def send(self, *words):
        message = self.message(*words)
        if not self.failing or self.switch is None:
            self.socket.send(message)
            return
        os.pwrite(self.switch, b"1", 0)
        try:
            self.socket.send(message)
        finally:
            os.pwrite(self.switch, b"0", 0)


class Stress:
    def __init__(self, seed, gap):
        self.random = random.Random(seed)
        self.gap = gap
        self.g = Failing()
        self.g.host()
        for i in range(1, GUESTS + 1):
            self.g.segment(i, 100 + i)
        self.g.segment(99, 199)
        self.away = NetNS("away")
        self.away_fd = os.open("/run/netns/away", os.O_RDONLY)
        self.home_fd = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.here, self.there = Links(), Links(self.away)
        sh("ip link add br0 type bridge mcast_snooping 0")
        sh("ip link set br0 addrgenmode none up")
        self.bridge = socket.if_nametoindex("br0")
        self.guests = [Guest(self, i) for i in range(1, GUESTS + 1)]
        self.victim = Guest(self, 9)
        self.ear = Wire("eth0", self.victim.ns)
        self.done = {}
        self.broken = None

    def _some(self, choices, most):
        return [self.random.choice(choices)
                for _ in range(self.random.randrange(most + 1))]

    # What may happen.

    def set_port(self, guest):
        addresses = [guest.ip] + ["10.9.%d.0/24" % i for i in range(
            self.random.randrange(40))]
        more = self.random.choice([(), (u32("PORT_RATE", 50),),
                                   (macs("PORT_ROAMING", [guest.mac]),)])
        self.g.guest(guest.index(), self.random.randrange(1, GUESTS + 1),
                     guest.mac, addresses, self.random.choice([0, 10, 10000]),
                     *more)

    def set_table(self, guest):
        index = guest.index()
        try:
            self.g.ask("TABLE_BEGIN", u16("TABLE", guard.CMD["PORT_SET"]),
                       *self.g.guest_attributes(index, 1, guest.mac))
            for i in range(self.random.randrange(10)):
                self.g.ask("TABLE_ADD", nest("PORT_PAIRS", *(
                    pair(guest.mac, "10.%d.%d.1" % (i, j))
                    for j in range(50))))
            self.g.ask(self.random.choice(["TABLE_COMMIT", "TABLE_ABORT"]))
        except (Refused, OSError):
            # Whether it has begun is unknown if the answer was lost.
            self.g.failing = False
            with contextlib.suppress(Refused):
                self.g.ask("TABLE_ABORT")
            raise

    def delete_port(self, guest):
        self.g.delete(guest.index())

    def release(self, guest):
        self.g.release(guest.index())

    def uplink(self, guest):
        self.g.other(guest.index(), self.random.choice(["UPLINK", "HOST"]))

    def rename(self, guest):
        name = self.random.choice(NAMES) % guest.i
        guest.links().rename(guest.index(), name)
        guest.name = name
        guest.links().change(guest.index(), up=1)

    def move(self, guest):
        index = guest.index()
        guest.links().move(index, self.home_fd if guest.away
                           else self.away_fd)
        guest.away = not guest.away
        if not guest.away:
            guest.join()
        else:
            guest.links().change(guest.index(), up=1)

    def unplug(self, guest):
        guest.links().delete(guest.index())
        guest.plug()

    def segment(self, _guest):
        self.g.segment(self.random.randrange(1, GUESTS + 2),
                       self.random.randrange(101, 103 + GUESTS),
                       nest("SEGMENT_DECLARED", *(
                           prefix("10.%d.0.0/16" % i)
                           for i in range(self.random.randrange(50)))))

    def no_segment(self, _guest):
        self.g.ask("SEGMENT_DEL",
                   u32("SEGMENT_ID", self.random.randrange(1, GUESTS + 2)))

    def host(self, _guest):
        self.g.host(underlay=self._some(["192.0.2.0/24", "fd00::/64",
                                         "198.51.100.0/24"], 3))

    def show(self, guest):
        self.g.dump("PORT_GET")
        self.g.dump("SEGMENT_GET")
        self.g.dump("STATS_GET")
        self.g.port(guest.index())

    def victim_set(self, _guest):
        v = self.victim
        self.g.guest(v.index(), 99, v.mac, [v.ip])

    def victim_del(self, _guest):
        self.g.delete(self.victim.index())

    WHAT = [(set_port, 30), (set_table, 3), (delete_port, 10), (release, 6),
            (uplink, 3), (rename, 8), (move, 10), (unplug, 3), (segment, 5),
            (no_segment, 2), (host, 3), (show, 2), (victim_set, 4),
            (victim_del, 1)]

    # The kernel itself does not survive failures in these.
    NOT_FAILING = (rename, move, unplug)

    def step(self, failing=False):
        what = None
        while not what or (failing and what in self.NOT_FAILING):
            (what,) = self.random.choices([w for w, _ in self.WHAT],
                                          [n for _, n in self.WHAT])
        guest = self.random.choice(self.guests)
        self.g.failing = failing
        try:
            what(self, guest)
            result = "done"
        except Refused as e:
            if e.errno not in MAYBE:
                raise
            result = "refused"
        except (OSError, CommandError) as e:
            # if_nametoindex() says no number.
            if getattr(e, "errno", None) not in (*MAYBE, None):
                raise
            result = "failed"
            self.broken = guest
        finally:
            self.g.failing = False
        key = what.__name__, result
        self.done[key] = self.done.get(key, 0) + 1

    def check(self):
        for frame in iter(self.ear.receive, None):
            if frame[6:11] == bytes.fromhex("0200000001") \
                    and frame[11] != self.victim.i:
                sys.exit("the victim hears %s" % frame.hex())

    def end(self):
        self.check()
        for guest in [*self.guests, self.victim]:
            guest.load.stop()
            guest.links().delete(guest.index())
        for port in self.g.dump("PORT_GET"):
            self.g.release(number(port["PORT_IFINDEX"]))
        self.g.close()
        until(lambda: sh("rmmod cordon", check=False)[0] == 0,
              "the module goes")


def leaks():
    """What kmemleak finds that has to do with the module; None: it is not
    there. Functions of a module that is gone have no names any more."""
    path = "/sys/kernel/debug/kmemleak"
    if not os.path.exists(path):
        return None
    for _ in range(2):
        with open(path, "w") as f:
            f.write("scan")
        time.sleep(6)
    with open(path) as f:
        return [r for r in f.read().split("unreferenced object")
                if "cordon" in r or "] 0xffff" in r]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, default=10000)
    p.add_argument("--seconds", type=int, help="make no more changes than "
                   "this time allows")
    p.add_argument("--gap", type=int, default=40000,
                   help="microseconds between a guest's frames [40000]")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    guard.load()
    stress = Stress(args.seed, args.gap)
    start = time.monotonic()
    count = 0
    for i in range(args.count):
        if args.seconds and time.monotonic() - start > args.seconds:
            break
        count += 1
        stress.step(failing=i % 10 == 9)
        if stress.broken:
            stress.broken.find()
            stress.broken = None
        if i % 100 == 99:
            stress.check()
        if i % 100 == 99:
            print("%d changes, %.0f s" % (i + 1, time.monotonic() - start),
                  flush=True)
    for key, n in sorted(stress.done.items()):
        print("%-14s %-8s %d" % (*key, n))
    sent = sum(g.load.report()["sent"]
               for g in [*stress.guests, stress.victim])
    quiesce()
    stress.end()
    lost = leaks()
    for text in lost or ():
        print("unreferenced object" + text)
    print("%d changes, %d frames sent; memory lost: %s" % (
        count, sent, "unknown" if lost is None else len(lost)))
    good = sent > count / 10 and not lost
    print("%d passed, %d failed" % (good, not good))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
