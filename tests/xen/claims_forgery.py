# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: what a guest or the trunk forges reaches nobody (attacks.py)."""

import attacks
import frames as f
from bed import Bed, body, who
from claim import CLAIMS, Claim, claim
from shell import quiesce


def _attack_batch(bed, name, found, send, counted_at):
    """{title: (who got it, reasons counted, who got the twin)}."""
    if name in bed.once:
        return bed.once[name]
    bed.listen()
    counts = []
    before = bed.drops(counted_at())
    for a in found:
        send(a)
        after = bed.drops(counted_at())
        counts.append({reason: n - before.get(reason, 0)
                       for reason, n in after.items()
                       if n != before.get(reason, 0)})
        before = after
    places = bed.heard()
    bed.once[name] = {
        a.title: (who(places, a.body),
                  " ".join("%s=%d" % c for c in sorted(count.items()))
                  or "not counted",
                  who(places, a.twin_body))
        for a, count in zip(found, counts)}
    bed.once["dom0 during " + name] = len(places["dom0"])
    bed.once["heard during " + name] = len(places["switch"])
    return bed.once[name]


def _guest_attacks(bed, attacker):
    a = getattr(bed, attacker)
    if attacker == "web1":
        found = attacks.from_guest(a, bed.web2, bed.app2, 110, 120)
    else:
        found = attacks.from_guest(a, bed.app1, bed.web2, 120, 110)

    def send(attack):
        # Frames of a guest stay in order: once the beacon is at the switch,
        # the others have been judged.
        beacon, body = bed.beacon(a)
        a.send_frames(attack.frame, attack.twin, beacon)
        bed.switch.wait(body)

    return _attack_batch(bed, attacker, found, send, a.vif)


def _trunk_attacks(bed):
    found = attacks.from_trunk(bed.web1, bed.web2, bed.app1)

    def send(attack):
        beacon, body = bed.beacon(bed.web1)
        bed.uplink.wire.send(attack.frame, attack.twin)
        quiesce()
        bed.web1.send_frames(beacon)
        bed.switch.wait(body)

    return _attack_batch(bed, "trunk", found, send,
                         lambda: bed.uplink.name)


def _attack_claims(attacker, found, see, hard, says):
    for a in found:
        reason = a.reason + "=1" if a.reason else None

        def one(bed, title=a.title, judge=reason is not None):
            at, counted, twin = see(bed)[title]
            if judge:
                at += " " + counted
            return "%s; twin: %s" % (at, twin)

        CLAIMS.append(Claim(
            "%s %s" % (attacker, a.title),
            "%s%s; twin: %s" % (a.at, " " + reason if reason else "",
                                a.twin_at), one, hard=hard, says=says))
        says = None


_cast = Bed()    # For its guests' names and addresses; nothing is built.
_attack_claims(
    "web1", attacks.from_guest(_cast.web1, _cast.web2, _cast.app2, 110, 120),
    lambda bed: _guest_attacks(bed, "web1"), False,
    "Forged frames reach nobody and are counted; their harmless twins "
    "arrive (about 30 s):")
_attack_claims(
    "app2", attacks.from_guest(_cast.app2, _cast.app1, _cast.web2, 120, 110),
    lambda bed: _guest_attacks(bed, "app2"), True, None)
_attack_claims(
    "the trunk", attacks.from_trunk(_cast.web1, _cast.web2, _cast.app1),
    _trunk_attacks, False, "The same from the trunk:")


@claim("after the trunk brought web2's MAC, web1's frames go to", "web2")
def _(bed):
    bed.listen()
    frame = f.udp4(bed.web2.mac, bed.web1.mac, bed.web1.ipv4, bed.web2.ipv4,
                   1000, 1000, b"where is web2")
    bed.web1.send_frames(frame)
    return who(bed.heard(), body(frame))
