# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, in dom0: builds the bed, then a line for each claim.

Run by scripts/demo through tests/xen/run.  Exit status 0 only if every line
is as expected.

    demo.py [--hard] [--times] [--only PATTERN]

PATTERN is a regular expression that a claim's text has to match; mind that
later claims build on what earlier ones have done.
"""

import argparse
import os
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib"),
                os.path.join(HERE, "../vm/lib")]

from bed import Bed, POLICY   # noqa: E402
import claims   # noqa: E402


def say(text):
    print(text, flush=True)


class Progress:
    """Says every ten seconds that a long step still runs."""

    def __init__(self, what):
        self.what = what
        self._done = threading.Event()

    def __enter__(self):
        self._since = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._done.wait(10):
            say("    %s: %d s" % (self.what,
                                  time.monotonic() - self._since))

    def __exit__(self, *error):
        self._done.set()
        self._thread.join()


def build(bed):
    say("Xen and dom0 are up. dom0 gets an uplink (the trunk), the agent, "
        "and this policy:\n")
    with open(os.path.join(HERE, "demo-policy.yaml")) as policy:
        for line in policy:
            say("    " + line.rstrip())
    with Progress("starting cordond"):
        bed.build()
    say("\ncordond runs with %s. xl creates web1, web2 (acme) and app1, app2 "
        "(globex),\neach with script=vif-cordon; about 40 s:" % POLICY)
    with Progress("creating guests"):
        bed.create_guests()
    for port, p in bed.ports().items():
        say("    %-16s %-8s %s %s" % (port, p["device"], p["state"],
                                      p.get("why") or ""))


def show_drops(bed):
    say("\nWhat was dropped in all, by reason (cordon show drops):")
    total = {}
    for drop in bed.show("drops")["drops"]:
        key = (drop["reason"], drop["port"] or drop["device"] or "")
        total[key] = total.get(key, 0) + drop["packets"]
    for (reason, port), packets in sorted(total.items()):
        say("    %-16s %-16s %6d" % (reason, port, packets))


def options():
    p = argparse.ArgumentParser(description="the demo, in dom0")
    p.add_argument("--hard", action="store_true")
    p.add_argument("--times", action="store_true")
    p.add_argument("--only", metavar="PATTERN", default="")
    return p.parse_args()


def main():
    args = options()
    started = time.monotonic()
    bed = Bed(say)
    try:
        build(bed)
    except Exception:
        say(bed.diagnosis())
        raise
    passed = failed = 0
    for c in claims.claims(args.hard):
        if not re.search(args.only, c.text):
            continue
        if c.drops:
            show_drops(bed)
        if c.says:
            say("\n" + c.says)
        since = time.monotonic()
        with Progress("..."):
            seen = c.seen(bed)
        good = seen == c.expected
        passed += good
        failed += not good
        say(claims.line(c, seen))
        if args.times:
            say("    %.1f s" % (time.monotonic() - since))
    say("\n%d s in dom0" % (time.monotonic() - started))
    say("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
