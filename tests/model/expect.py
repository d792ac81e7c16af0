# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verdict of the corpus asks for, of what was seen.

`seen` is a list with, for each frame of an entry, the set of those who got
it: 'P', 'B', 'uplink', 'H'. `wanted` is the same as the model has it.
"""

import re

SHORT = {"PASS": ("PASS", "PASS*", "POLICY(PASS)", "POLICY(PASS in tenant)",
                  "POLICY(limit)", "POLICY(rate-limit)"),
         "DROP": ("DROP", "DROP*", "POLICY(DROP)")}


def wants_pass(verdict):
    """A limit's first frame passes."""
    return verdict in SHORT["PASS"]


def fulfilled(verdict, seen):
    """Whether `seen` is what `verdict` asks for. PASS: somebody of the
    tenant gets each frame, nobody else any."""
    if any({"B", "H"} & got for got in seen):
        return False
    if wants_pass(verdict):
        return all(seen)
    if verdict in SHORT["DROP"]:
        return not any(seen)
    if verdict == "DROP(1st)":
        return not seen[0]
    if verdict == "DROP(state)":
        return not seen[-1]     # What would complete it.
    if re.fullmatch(r"DROP@[BH]+", verdict):
        return True             # Checked above; peers may get it.
    raise ValueError("unknown verdict %r" % verdict)


def summary(seen):
    """'PASS>P,uplink', 'DROP', 'part 3/5>P': for people."""
    got = sorted(set().union(*seen)) if seen else []
    reached = sum(1 for s in seen if s)
    if not reached:
        return "DROP"
    what = "PASS" if reached == len(seen) else "part %d/%d" % (
        reached, len(seen))
    return "%s>%s" % (what, ",".join(got))
