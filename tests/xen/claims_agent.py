# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: the kernel enforces without the agent, and closes unguarded."""

import re

import frames as f
from bed import GATEWAY_MAC, VLAN, pause, who
from claim import claim
from look import forge, refused
from shell import sh, until


# Without the agent

@claim("web1 pings web2 while the agent gets kill -9; lost",
       "0 of 12", says="The agent is killed, and comes back:", drops=True)
def _(bed):
    a = bed.web1
    a.run("ping -c 12 -i 0.2 -W 5 10.0.0.12 > /tmp/ping &")
    pause(0.5)
    bed.agent.kill()
    until(lambda: "loss" in a.try_run("cat /tmp/ping")[1], "ping ends", 40)
    text = a.run("cat /tmp/ping")
    sent, got = re.search(r"(\d+) packets transmitted, (\d+) packets",
                          text).groups()
    return "%d of %s" % (int(sent) - int(got), sent)


@claim("without the agent a forged frame is seen by", "nobody; twin: web2")
def _(bed):
    return "agent alive" if bed.agent.alive() else forge(bed)


@claim("cordon show without the agent", "exit 2")
def _(bed):
    return "exit %d" % bed.cordon("show")[0]


@claim("xl create without the agent says why, and fails",
       "it says so; its vif never up, never in a bridge")
def _(bed):
    said = refused(bed, bed.guest("web3", "acme", "00:16:3e:00:00:03", 14))
    said, _, moved = said.rpartition("; ")
    if "vif-cordon:" in said and "cordond" in said:
        said = "it says so"
    return "%s; %s" % (said, moved)


@claim("the agent starts again; it writes to the kernel", "0 times")
def _(bed):
    bed.start_agent()
    return "%d times" % bed.show()["writes"]


@claim("a forged frame then is seen by", "nobody; twin: web2")
def _(bed):
    return forge(bed)


# Without the guard

@claim("with the agent stopped, somebody flushes nftables; web1 reaches",
       "web2: no answer, app2: no answer, its gateway: no answer",
       says="A foreign nft flush ruleset closes, and is repaired:")
def _(bed):
    if bed.agent.stop() != 0:
        return "the agent ended badly"
    sh("nft flush ruleset")
    return "web2: %s, app2: %s, its gateway: %s" % (
        bed.ping(bed.web1, bed.web2.ipv4), bed.ping(bed.web1, bed.app2.ipv4),
        bed.ping(bed.web1, "10.0.0.1"))


@claim("frames of web1, from the trunk and to all then reach", "nobody")
def _(bed):
    a = bed.web1
    for guest in bed.guests:
        guest.capture_start()
    bed.switch.clear()
    bed.dom0.clear()
    text = b"after the flush"
    a.send_frames(
        f.udp4(bed.web2.mac, a.mac, a.ipv4, bed.web2.ipv4, 1, 1, text),
        f.udp4(bed.app2.mac, a.mac, a.ipv4, bed.app2.ipv4, 1, 1, text),
        f.udp4(f.BROADCAST, a.mac, a.ipv4, "255.255.255.255", 1, 1, text),
        f.tagged(f.udp4(f.BROADCAST, a.mac, a.ipv4, "255.255.255.255", 1, 1,
                        text), 120))
    for vlan in VLAN.values():
        bed.uplink.wire.send(f.tagged(
            f.udp4(f.BROADCAST, GATEWAY_MAC, "10.0.0.1", "255.255.255.255",
                   1, 1, text), vlan))
    pause(1.5)      # There is nothing to wait for: nothing may come.
    places = {g.name: g.capture_stop() for g in bed.guests}
    places["switch"] = bed.switch.listen()
    places["dom0"] = bed.dom0.listen()
    return who(places, text)


@claim("the agent starts; web1 reaches",
       "web2: answer, app2: no answer, its gateway: answer")
def _(bed):
    bed.start_agent()
    return "web2: %s, app2: %s, its gateway: %s" % (
        bed.ping(bed.web1, bed.web2.ipv4), bed.ping(bed.web1, bed.app2.ipv4),
        bed.ping(bed.web1, "10.0.0.1"))


@claim("somebody flushes nftables under the running agent; after it a "
       "forged frame is seen by", "nobody; twin: web2")
def _(bed):
    drifts = bed.show()["drifts"]
    sh("nft flush ruleset")
    until(lambda: bed.show()["drifts"] > drifts
          and bed.show()["state"] == "converged", "repaired", 60)
    return forge(bed)
