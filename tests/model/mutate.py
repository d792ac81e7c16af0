# SPDX-License-Identifier: GPL-3.0-or-later
"""Random frames that are near the rules: the same ones for the same seed.

frames(n, seed) yields (frame, how it was made). Each starts from a frame of
the corpus or a legitimate one built here, and is then edited, shortened,
spliced or has its options reordered. Checksums are not kept right: no rule
looks at them.
"""

import json
import pathlib
import random
import struct

from . import cast
from .config import eui64

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"

MACS = [cast.MAC_A, cast.MAC_P, cast.MAC_B, cast.MAC_G, cast.MAC_H,
        b"\xff" * 6, b"\0" * 6, bytes.fromhex("01005e0000fb"),
        bytes.fromhex("333300000001"), bytes.fromhex("0180c2000000"),
        bytes.fromhex("0180c200000e"), bytes.fromhex("feffffffffff")]
IPS4 = [bytes(a) for a in (
    (10, 0, 0, 10), (10, 0, 0, 12), (10, 0, 0, 11), (10, 0, 0, 1),
    (10, 0, 0, 255), (0, 0, 0, 0), (255, 255, 255, 255), (224, 0, 0, 251),
    (192, 0, 2, 10), (127, 0, 0, 1), (169, 254, 169, 254), (10, 9, 0, 7))]
IPS6 = [bytes.fromhex(a) for a in (
    "fd00" + "00" * 13 + "0a", "fd00" + "00" * 13 + "0c",
    "fd00" + "00" * 13 + "0b", "fd00" + "00" * 13 + "01", "00" * 16,
    "ff02" + "00" * 13 + "01", "ff02" + "00" * 8 + "0001ff00000a",
    "fd00ffff" + "00" * 11 + "10", "00" * 15 + "01")]
IPS6 += [eui64(m).packed for m in MACS[:4]]
TYPES = [0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x9100, 0x05ff, 0x88cc]
PROTOS = [0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 89, 103,
          112, 132, 253, 255]
UDP_PORTS = [53, 67, 68, 69, 123, 546, 547, 1985, 4789, 5353, 40000]
ICMP6_TYPES = [1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137,
               141, 143, 148, 151]
ICMP_TYPES = [0, 3, 4, 5, 8, 9, 10, 11, 12, 13]
IGMP_TYPES = [0x11, 0x12, 0x13, 0x16, 0x17, 0x22, 0x30]


def corpus(*verdicts):
    """Frames of the entries whose verdict begins so, long ones not."""
    found = []
    for name in ("port-security.jsonl", "more.jsonl"):
        with open(CORPUS / name, encoding="utf-8") as f:
            for entry in map(json.loads, f):
                if entry["verdict"].startswith(verdicts):
                    found += [bytes.fromhex(x) for x in entry["frames"]]
    return [x for x in found if len(x) <= 1514]


def put(data, at, new):
    """`data` with `new` at `at`, if it is that long."""
    if at + len(new) > len(data):
        return data
    return data[:at] + new + data[at + len(new):]


def edit(r, data):
    """One field, to a value that means something."""
    v6 = data[12:14] == b"\x86\xdd"
    l4 = 54 if v6 else 34
    fields = [(0, MACS), (6, MACS),
              (12, [struct.pack("!H", t) for t in TYPES])]
    if data[12:14] == b"\x08\x06":
        fields += [(14, [b"\0\1", b"\0\6"]), (20, [b"\0\1", b"\0\2", b"\0\3"]),
                   (22, MACS), (28, IPS4), (32, MACS), (38, IPS4)]
    elif v6:
        fields += [(20, [bytes([p]) for p in PROTOS]), (21, [b"\xff", b"\1"]),
                   (22, IPS6), (38, IPS6), (62, IPS6)]
        fields += [(54, [bytes([t]) for t in ICMP6_TYPES]),
                   (55, [b"\0", b"\1"])] if data[20:21] == b"\x3a" else []
    else:
        fields += [(14, [b"\x45", b"\x46", b"\x44", b"\x4f"]),
                   (20, [b"\0\0", b"\x40\0", b"\x20\0", b"\0\1", b"\0\x10",
                         b"\x3f\xff"]),
                   (23, [bytes([p]) for p in PROTOS]), (26, IPS4),
                   (30, IPS4)]
        kinds = ICMP_TYPES if data[23:24] == b"\1" else IGMP_TYPES
        if data[23:24] in (b"\1", b"\2"):
            fields.append((34, [bytes([t]) for t in kinds]))
    if data[20:21] == b"\x11" and v6 or data[23:24] == b"\x11" and not v6:
        known = [struct.pack("!H", p) for p in UDP_PORTS]
        fields += [(l4, known), (l4 + 2, known)]
    at, values = r.choice(fields)
    return put(data, at, r.choice(values))


def flip(r, data):
    """One to three bits, most often in the headers."""
    out = bytearray(data)
    for _ in range(r.randint(1, 3)):
        out[r.randrange(min(len(out), 90))] ^= 1 << r.randrange(8)
    return bytes(out)


def cut(r, data):
    return data[:r.randrange(14, len(data))] if len(data) > 15 else data


def lengthen(r, data):
    return data + bytes(r.randrange(1, 30))


def splice(r, data, other):
    """The start of one and the end of another, at a header's edge."""
    at = r.choice([12, 14, 34, 54, 62])
    return data[:at] + other[at:]


def ip6(src, dst, kind, payload, hop_limit=255):
    head = struct.pack("!IHBB", 6 << 28, len(payload), kind, hop_limit)
    return head + src + dst + payload


def group6(dst):
    return b"\x33\x33" + dst[12:]


def solicitations(r):
    """Neighbour Discovery with options of all kinds in any order."""
    kind = r.choice([133, 135, 135, 136, 136])
    own = [IPS6[0], eui64(cast.MAC_A).packed]
    src = r.choice(own + own + [IPS6[4]])
    target = r.choice(own + [IPS6[1]])
    body = bytes([kind, 0, 0, 0]) + (b"\0" * 4 if kind != 136 else bytes(
        [r.choice([0x60, 0x20, 0x40, 0xe0, 0]), 0, 0, 0]))
    body += b"" if kind == 133 else target
    choices = [b"\x01\x01" + cast.MAC_A, b"\x02\x01" + cast.MAC_A,
               b"\x0e\x01" + bytes(6), b"\x01\x01" + cast.MAC_B,
               b"\x02\x01" + cast.MAC_B, b"\x05\x01" + bytes(6),
               b"\x01\x00" + bytes(6), b"\x0e\x02" + bytes(14)]
    weights = [6, 6, 3, 1, 1, 1, 1, 1]
    for _ in range(r.choice([0, 0, 1, 1, 1, 2, 2, 3])):
        body += r.choices(choices, weights)[0]
    dst = r.choice([IPS6[1], IPS6[5], b"\xff\x02" + bytes(9)
                    + b"\1\xff" + target[13:]])
    to = group6(dst) if dst[0] == 0xff else cast.MAC_P
    return to + cast.MAC_A + b"\x86\xdd" + ip6(src, dst, 58, body)


def chain(r):
    """Extension headers in front of what may or may not follow them."""
    payload, kind = r.choice([
        (struct.pack("!HHHH", 1000, 2000, 16, 0) + bytes(8), 17),
        (bytes([128, 0]) + bytes(14), 58), (bytes([143, 0]) + bytes(6), 58),
        (struct.pack("!HHIIBBHHH", 1, 80, 0, 0, 0x50, 2, 0, 0, 0), 6),
        (bytes([134, 0]) + bytes(14), 58)])
    for _ in range(r.choice([0, 1, 1, 2])):
        header = r.choice([(0, b"\0\x05\x02\0\0\1\0"), (0, b"\0\1\4\0\0\0\0"),
                           (60, b"\0\1\4\0\0\0\0"), (44, b"\0\0\0\0\0\0\7"),
                           (44, b"\0\0\1\0\0\0\7"), (44, b"\0\0\x81\0\0\0\7"),
                           (43, b"\0\4\0\0\0\0\0")])
        payload, kind = bytes([kind]) + header[1] + payload, header[0]
    dst = r.choice([IPS6[1], IPS6[5], b"\xff\x02" + bytes(13) + b"\x16"])
    to = group6(dst) if dst[0] == 0xff else cast.MAC_P
    src = r.choice([IPS6[0], eui64(cast.MAC_A).packed])
    return (to + cast.MAC_A + b"\x86\xdd"
            + ip6(src, dst, kind, payload, r.choice([1, 64, 255])))


def fragment4(r):
    """An own packet with any offset and flags."""
    proto = r.choice([1, 2, 6, 17, 47, 50, 132])
    payload = bytes(r.choice([4, 8, 12, 16, 20, 24, 64, 400]))
    payload = put(payload, 0, struct.pack("!HH", r.choice(UDP_PORTS),
                                          r.choice(UDP_PORTS)))
    payload = put(payload, 12, b"\x50\2")
    word = r.choice([0x2000, 0x2000, 0, 0x4000, 0x6000]) | r.choice(
        [0, 0, 1, 2, 3, 100, 8189, 8191])
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, word, 64,
                       proto, 0) + IPS4[0] + IPS4[1]
    return cast.MAC_P + cast.MAC_A + b"\x08\x00" + head + payload


def icmp_error(r):
    """About a packet that was, or was not, the sender's."""
    inner_src, inner_dst = r.choice(IPS4[:4]), r.choice([IPS4[0], IPS4[2]])
    inner = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 17,
                        0) + inner_src + inner_dst + bytes(8)
    inner = inner[:r.choice([28, 28, 28, 20, 19, 8])]
    payload = bytes([r.choice([3, 4, 11, 12]), 1]) + bytes(6) + inner
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0, 64, 1,
                       0) + IPS4[0] + IPS4[1]
    return cast.MAC_P + cast.MAC_A + b"\x08\x00" + head + payload


BUILT = (solicitations, solicitations, chain, fragment4, icmp_error)


def frames(count, seed=1):
    """`count` frames of 14 to 1,514 bytes."""
    r = random.Random(seed)
    base = corpus("")
    own = [f for f in base if f[6:12] == cast.MAC_A]
    good = corpus("PASS", "POLICY(PASS")
    made = 0
    while made < count:
        how = r.choices(["edit", "flip", "cut", "lengthen", "splice",
                         "built", "built+edit", "as is"],
                        [30, 15, 8, 3, 8, 22, 8, 6])[0]
        data = r.choice(r.choices([good, own, base], [50, 42, 8])[0])
        if how == "edit":
            for _ in range(r.choice([1, 1, 2])):
                data = edit(r, data)
        elif how == "flip":
            data = flip(r, data)
        elif how == "cut":
            data = cut(r, data)
        elif how == "lengthen":
            data = lengthen(r, data)
        elif how == "splice":
            data = splice(r, data, r.choice(own))
        elif how.startswith("built"):
            data = r.choice(BUILT)(r)
            data = edit(r, data) if how == "built+edit" else data
        if 14 <= len(data) <= 1514:
            made += 1
            yield data, how
