# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads corpus files and exceptions, and judges what a trial showed."""

import json
import pathlib
from collections import namedtuple

from model import cast, expect, follow, rulesets
from model import packet as pk
from model.config import State, eui64

EXCEPTIONS_MAX = 5

# status: ok, FAIL, xfail or n/a.
Line = namedtuple("Line", "id expected seen status note")


def load(path):
    entries = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                entry["bytes"] = [bytes.fromhex(x) for x in entry["frames"]]
                entry["verdict"] + entry["id"]
            except (ValueError, KeyError, TypeError) as e:
                raise SystemExit("%s:%d: not a corpus entry: %s"
                                 % (path, number, e))
            if not entry["bytes"]:
                raise SystemExit("%s:%d: an entry without frames"
                                 % (path, number))
            entries.append(entry)
    if not entries:
        raise SystemExit("%s: no entries" % path)
    return entries


def is_for_trunk(entry):
    """Whether the frames are as they are on the trunk, from beyond it."""
    return entry.get("sender") == "uplink"


def load_exceptions(path):
    """{"from": {id: reason}, "to": {id: reason}}."""
    if path is None:
        return {"from": {}, "to": {}}
    found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    count = sum(len(v) for v in found.values())
    if count > EXCEPTIONS_MAX or not all(
            r for v in found.values() for r in v.values()):
        raise SystemExit("%s: at most %d exceptions, each with its reason"
                         % (path, EXCEPTIONS_MAX))
    return found


def forbidden(got):
    """Receivers that nothing may reach: other tenants, the host, the sender
    itself, and whoever got something that was not sent."""
    return {r for r in got if r in ("B", "H", "A") or r.endswith("~")}


def from_guest(entry, outcome, tenant_rules):
    """The Line for an entry sent by A."""
    got, verdict = outcome.got, entry["verdict"]
    good = (expect.fulfilled(verdict, got)
            and not any(forbidden(g) for g in got))
    if "got" in entry:
        good = good and all(g == set(entry["got"]) for g in got)
    note = []
    if expect.wants_pass(verdict):
        good = good and not outcome.refused
    elif not any(got) or not verdict.startswith("DROP("):
        # Nothing was delivered, so nothing may have moved.
        allowed = verdict.startswith("DROP@")
        good = good and (allowed or not outcome.moved)
    good = good and not any(m[1:].startswith("host") for m in outcome.moved)
    if outcome.moved and not expect.wants_pass(verdict):
        note.append("moved: " + "; ".join(outcome.moved))
    note += remarks(outcome)
    status = "ok" if good else "FAIL"
    if not good and not tenant_rules and for_tenant_rules(entry, outcome):
        status = "n/a"
        note.append("for tenant rules, of which there are none here")
    return Line(entry["id"], verdict, expect.summary(got), status,
                ", ".join(note))


def datagram(frame):
    """What a fragment is of, None if the frame is none."""
    f = pk.Frame(frame)
    ip = (pk.Packet4(f.body) if f.ethertype == pk.IPV4
          else pk.Packet6(f.body) if f.ethertype == pk.IPV6 else None)
    if ip is None or not ip.ok or not ip.is_fragment:
        return None
    return (f.ethertype, ip.src, ip.dst, ip.id,
            ip.proto if f.ethertype == pk.IPV4 else None)


def remarks(outcome):
    note = ["%s got %s" % (name, data[:64].hex())
            for name, data in outcome.strange[:2]]
    if outcome.refused:
        note.append("%d not taken by the sender's kernel"
                    % len(outcome.refused))
    return note


def served(entry):
    """The entry with rules, if it is one that port security passes and a
    tenant's rules drop; else None."""
    if "rules" in entry or is_for_trunk(entry):
        return None
    fabric = cast.fabric(**cast.declarations(entry))
    passed = all(d.receivers for d in
                 fabric.deliver_all("A", entry["bytes"], State()))
    if not cast.needs_tenant_rules(entry["verdict"], passed):
        return None
    ends = rulesets.ends(rulesets.tenant("served"))
    senders = ["A"] * len(entry["bytes"])
    sent = follow.Host(cast.fabric(), ends).exchange(
        zip(senders, entry["bytes"]))
    return dict(entry, rules="served", senders=senders,
                receivers=[sorted(s.receivers) for s in sent])


def for_tenant_rules(entry, outcome):
    """Whether port security passes the entry, the host agrees, and nothing
    else happened."""
    fabric = cast.fabric()
    model = [set(d.receivers)
             for d in fabric.deliver_all("A", entry["bytes"], State())]
    return (cast.needs_tenant_rules(entry["verdict"], all(model))
            and outcome.got == model and not outcome.moved)


def with_rules(entry, outcome):
    """The Line for an entry whose frames several ends have sent. Where
    nothing was to be delivered, nothing may have moved; but the trunk may
    teach the bridge where remote MACs are."""
    expected = [set(r) for r in entry["receivers"]]
    moved = [m for m in outcome.moved
             if not (m.startswith("+fdb") and " dev up0 " in m)]
    good = (outcome.got == expected and not outcome.refused
            and expect.fulfilled(entry["verdict"], outcome.got))
    if not any(expected):
        good = good and not moved
    note = remarks(outcome)
    if not good:
        note += ["frames: " + " ".join(
            ",".join(sorted(g)) or "-" for g in outcome.got)]
        note += ["moved: " + "; ".join(moved)] if moved else []
    return Line(entry["id"], expect.summary(expected),
                expect.summary(outcome.got), "ok" if good else "FAIL",
                ", ".join([entry["title"]] + note))


# Where a destination ends in a frame, by EtherType; and who becomes whom.
ADDRESS_END = {b"\x08\x00": 34, b"\x86\xdd": 54}
SWAPS = [(bytes([10, 0, 0, n]), bytes([10, 0, 0, 12])) for n in (1, 11)]
SWAPS += [(b"\xfd" + bytes(14) + bytes([n]), b"\xfd" + bytes(14) + b"\x0c")
          for n in (1, 0x0b)]
SWAPS += [(eui64(other).packed, eui64(cast.MAC_P).packed)
          for other in (cast.MAC_G, cast.MAC_B)]


def aim(frame):
    """A frame of A's made to go to P: what was for gateway or victim has P's
    MAC and address as destination, all else stays as it was."""
    if frame[:6] in (cast.MAC_G, cast.MAC_B):
        frame = cast.MAC_P + frame[6:]
    end = ADDRESS_END.get(frame[12:14], len(frame) + 1)
    for old, new in SWAPS:
        at = end - len(old)
        if end <= len(frame) and frame[at:end] == old and at in (30, 38):
            return frame[:at] + new + frame[end:]
    return frame


def to_guest(entry, outcome, expected):
    """The Line for an entry sent towards P by a remote A. `expected` is the
    model's receivers for each frame. The trunk may teach the bridge where
    remote MACs are; local entries, and everything else, stay."""
    got = outcome.got
    if is_for_trunk(entry) and any(expected) != expect.wants_pass(
            entry["verdict"]):
        return Line(entry["id"], entry["verdict"], "?", "FAIL",
                    "the model does not say so")
    moved = [m for m in outcome.moved
             if not (m.startswith("+fdb") and " dev up0 " in m)]
    good = got == expected and not moved
    if any(expected):
        good = good and not outcome.refused
    note = ["moved: " + "; ".join(moved)] if moved else []
    note += remarks(outcome)
    return Line(entry["id"], expect.summary(expected), expect.summary(got),
                "ok" if good else "FAIL", ", ".join(note))


def excepted(line, exceptions):
    """The line with a known exception taken into account: one that does not
    fail any more is a failure, so that the list stays true."""
    if line.id not in exceptions:
        return line
    if line.status == "FAIL":
        return line._replace(status="xfail", note=exceptions[line.id])
    return line._replace(status="FAIL",
                         note="is in the list of exceptions, and passes")
