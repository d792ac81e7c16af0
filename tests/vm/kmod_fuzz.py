#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random requests to the kernel guard: good ones with attributes exchanged,
cut, repeated, nested, and with bytes turned over. Whatever they are, the
kernel does not complain, and the guard answers good ones as before. Runs in a
test VM:

    kmod_fuzz.py [--count N] [--seed N]
"""

import argparse
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import guard   # noqa: E402
from guard import A, CMD, Refused, attr, macs, member, nest   # noqa: E402
from guard import number, pair   # noqa: E402
from guard import prefix, u16, u32, u64, u8   # noqa: E402
from netns import ifindex   # noqa: E402
from shell import sh, until   # noqa: E402

MAC = "02:00:00:00:00:0a"
DEVICES = ["vif1-emu", "vif2-emu", "vif3-emu"]

# What a command needs and may have.
HOST = ("HOST_MARK_MASK", "HOST_BRIDGE_MAC", "HOST_UNDERLAY")
SEGMENT = ("SEGMENT_ID", "SEGMENT_VLAN", "SEGMENT_DECLARED",
           "SEGMENT_BELIEVED", "SEGMENT_GATEWAYS", "SEGMENT_BROADCAST",
           "SEGMENT_TRUSTED", "SEGMENT_MEMBERS")
OTHER = ("PORT_IFINDEX", "PORT_KIND")
PORT = (*OTHER, "PORT_SEGMENT", "PORT_STORM", "PORT_MACS", "PORT_PAIRS",
        "PORT_RATE", "PORT_BYTES", "PORT_BURST")
USUAL = [("HOST_SET", HOST), ("HOST_GET", ()),
         ("SEGMENT_SET", SEGMENT), ("SEGMENT_SET", SEGMENT[:4]),
         ("SEGMENT_SET", SEGMENT[:2]), ("SEGMENT_GET", SEGMENT[:1]),
         ("SEGMENT_DEL", SEGMENT[:1]), ("PORT_SET", PORT),
         ("PORT_SET", PORT[:5]), ("PORT_SET", OTHER),
         ("PORT_SET", (*PORT, "PORT_FLAGS", "PORT_COMMUNITY")),
         ("PORT_GET", OTHER[:1]), ("STATS_GET", OTHER[:1]),
         ("PORT_DEL", OTHER[:1]), ("PORT_DEL", ("PORT_IFINDEX",
                                               "PORT_RELEASE")),
         ("TABLE_BEGIN", ("TABLE", *PORT[:4])),
         ("TABLE_BEGIN", ("TABLE", *SEGMENT[:2])),
         ("TABLE_ADD", ("PORT_MACS", "PORT_PAIRS")),
         ("TABLE_ADD", ("SEGMENT_DECLARED", "SEGMENT_BELIEVED")),
         ("TABLE_COMMIT", ()), ("TABLE_ABORT", ())]


class Fuzz:
    def __init__(self, seed):
        self.random = random.Random(seed)
        guard.load()
        for name in DEVICES:
            sh(["ip", "link", "add", name, "type", "dummy"])
        self.indices = [ifindex(name) for name in DEVICES] + [0, 1, 99999]
        self.open()

    def open(self):
        self.g = guard.Guard()

    def attributes(self):
        """Any attribute, good as such."""
        r = self.random
        some = r.sample(["10.0.0.1", "10.0.0.0/24", "fd00::1", "fd00::/64",
                         "0.0.0.0/0", "::/0"], r.choice([0, 1, 1, 2, 6]))
        lists = [nest(name, *map(prefix, some))
                 for name in ("HOST_UNDERLAY", "SEGMENT_BROADCAST",
                              "SEGMENT_DECLARED")]
        lists += [nest(name, *(pair(MAC, address) for address in some))
                  for name in ("SEGMENT_BELIEVED", "PORT_PAIRS")]
        lists += [macs(name, [MAC] * r.choice([0, 1, 1, 1, 2]))
                  for name in ("SEGMENT_GATEWAYS", "SEGMENT_TRUSTED",
                               "PORT_MACS", "PORT_ROAMING")]
        lists.append(nest("SEGMENT_MEMBERS", *(
            member(i, MAC) for i in range(r.choice([0, 1, 2, 40])))))
        return [
            u32("PORT_IFINDEX", r.choice(self.indices)),
            u8("PORT_KIND", r.randrange(4)),
            u32("PORT_SEGMENT", r.randrange(4)),
            u32("PORT_STORM", r.getrandbits(r.choice([4, 32]))),
            u32("PORT_RATE", r.getrandbits(r.choice([4, 32]))),
            u64("PORT_BYTES", r.getrandbits(r.choice([4, 32, 64]))),
            u32("PORT_BURST", r.getrandbits(r.choice([4, 32]))),
            u32("PORT_MTU", r.choice([0, 68, 1500, 65535, 1 << 31])),
            u32("PORT_FLAGS", r.randrange(9)),
            u32("PORT_COMMUNITY", r.randrange(4)),
            u64("PORT_COOKIE", r.choice([1, 2, 3, 1 << 60])),
            attr(A["PORT_VRRP"], bytes(r.randrange(3) for _ in
                                       range(r.randrange(6)))),
            attr(A["PORT_RELEASE"]), u16("TABLE", r.randrange(12)),
            u32("SEGMENT_ID", r.randrange(5)),
            u16("SEGMENT_VLAN", r.choice([0, 1, 2, 3, 4094, 4095])),
            u32("HOST_MARK_MASK", r.choice([0xffff0000, 0xff, 0, 0x101])),
            attr(A["HOST_BRIDGE_MAC"], guard.mac("02:63:6f:72:64:6e")),
            *lists]

    def body(self, wanted):
        """Attributes: 'wanted', or any if it is None; many are not as they
        should be."""
        r = self.random
        data = self.attributes()
        r.shuffle(data)
        if wanted is None:
            data = data[:r.randrange(len(data))]
        else:
            keep = {A[n] for n in wanted}
            data = [d for d in data
                    if struct.unpack_from("HH", d)[1] & 0x3fff in keep]
        for _ in range(r.choice([0, 0, 0, 0, 1, 2])):
            # One may have been cut to nothing.
            data = [d for d in data if d]
            if not data:
                break
            i = r.randrange(len(data))
            what = r.randrange(5)
            if what == 0:
                data.append(data[i])
            elif what == 1:
                data[i] = attr(r.randrange(64) | r.choice([0, 0x8000]),
                               data[i][4:])
            elif what == 2:
                data[i] = data[i][:r.randrange(len(data[i]) + 1)]
            elif what == 3:
                data[i] = nest("PORT_MACS", data[i], data[i])
            else:
                b = bytearray(data[i])
                b[r.randrange(len(b))] ^= 1 << r.randrange(8)
                data[i] = bytes(b)
        return b"".join(data)

    def step(self):
        """Whether the request was accepted."""
        r = self.random
        if r.random() < 0.02:
            self.g.close()
            self.open()
        name, wanted = r.choice(USUAL)
        command = CMD[name]
        if r.random() < 0.3:
            command = r.choice([*CMD.values(), 30])
        if r.random() < 0.3:
            wanted = None
        flags = guard.REQUEST | guard.ACK | r.choice([0, 0, 0, guard.DUMP])
        try:
            self.g.send(command, self.body(wanted), flags)
            self.g.answers()
            return True
        except Refused:
            return False

    def end(self):
        """The guard still does what it is told."""
        with guard.Guard() as g:
            for port in g.dump("PORT_GET"):
                g.delete(number(port["PORT_IFINDEX"]))
            g.host()
            for segment in g.dump("SEGMENT_GET"):
                g.ask("SEGMENT_DEL", u32("SEGMENT_ID",
                                         number(segment["SEGMENT_ID"])))
            g.segment(7, 7)
            for name in DEVICES:
                g.guest(ifindex(name), 7, MAC, ["10.0.0.1"])
                assert g.state(ifindex(name)) == "guarded"
            for port in g.dump("PORT_GET"):
                g.release(number(port["PORT_IFINDEX"]))
        self.g.close()
        for name in DEVICES:
            sh(["ip", "link", "del", name])
        until(lambda: sh("rmmod cordon", check=False)[0] == 0,
              "the module goes")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, default=20000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    fuzz = Fuzz(args.seed)
    accepted = sum(fuzz.step() for _ in range(args.count))
    fuzz.end()
    print("%d of %d requests accepted" % (accepted, args.count))
    good = accepted > args.count / 20
    print("%d passed, %d failed" % (good, not good))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
