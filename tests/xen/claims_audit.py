# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: cordon audit on this host, from the kernel's state alone."""

import contextlib
import json
import os
import re
import signal

from bed import POLICY, VLAN, who
from claim import claim
from shell import sh

CHAIN = "netdev cordon in"


def _audit():
    _, text = sh(["cordon", "audit", "--json", "--policy", POLICY],
                 check=False, timeout=600)
    return json.loads(text)


def _verdicts(report):
    ports = report["ports"]
    return "%s; %d of %d ports; pairs that are not: %s" % (
        report["verdict"], sum(p["verdict"] == "isolated" for p in ports),
        len(ports), report["pairs"] or "none")


@contextlib.contextmanager
def _hand(bed):
    """Lets web1 send what it likes into its VLAN, with the agent stopped."""
    os.kill(bed.agent.pid, signal.SIGSTOP)
    try:
        sh("nft insert rule %s iifname %s meta mark set %d accept"
           % (CHAIN, bed.web1.vif(), VLAN[bed.web1.tenant] << 16))
        yield
    finally:
        rules = sh("nft -a list chain " + CHAIN)
        handle = re.search(r"iifname .* accept # handle (\d+)", rules)[1]
        sh("nft delete rule %s handle %s" % (CHAIN, handle))
        os.kill(bed.agent.pid, signal.SIGCONT)


@claim("cordon audit in dom0, of policy and kernel, with no word of the agent",
       "isolated; 4 of 4 ports; pairs that are not: none",
       says="The proof, from the kernel's own state:")
def _(_bed):
    return _verdicts(_audit())


@claim("behind the agent's back a rule lets web1 pass; the audit says, its "
       "frame gets to", "leak, more than web1 may send reaches others",
       hard=True)
def _(bed):
    with _hand(bed):
        report = _audit()
        frames = [bytes.fromhex(x["frame"]) for x in report["findings"]
                  if x["severity"] == "leak" and x.get("frame")
                  and x["port"] == bed.web1.vif()]
        bed.listen()
        bed.web1.send_frames(*frames)
        places = bed.heard()
    reached = [x for x in frames if who(places, x[14:]) != "nobody"]
    return "%s, %s" % (report["verdict"],
                       "more than web1 may send reaches others" if reached
                       else "none of %d frames arrive" % len(frames))


@claim("without that rule", "isolated; 4 of 4 ports; pairs that are not: none",
       hard=True)
def _(_bed):
    return _verdicts(_audit())
