# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon probe on a host: all is held while the guards are there, and found
once they are not; its canaries go however it ends, and no guest notes them."""

import json
import os
import re
import signal
import subprocess

import pytest

import vethagent
from shell import line as sh, until

AGENT = vethagent.Agent("probe-test")
CTL, POLICY = AGENT.control, AGENT.policy
GUEST = ('{ interfaces: [ { mac: "02:00:00:00:00:0%d", addresses: [%s], '
         'network: net, device: v%s } ] }')
TEXT = """version: 1
host: { uplink: up0, underlay: [192.0.2.0/24] }
tenants:
  acme:
    networks:
      net:
        vlan: 110
        subnets: [10.0.0.0/24, fd00::/64]
        gateways: [ { mac: "02:00:00:00:00:01", addresses: [10.0.0.1, fd00::1] } ]
    guests: { a: %s }
  globex:
    networks: { net: { vlan: 120, subnets: [10.0.0.0/24] } }
    guests: { c: %s }
  initech:
    defaults: { ingress: deny }
    networks: { net: { vlan: 130, subnets: [10.0.0.0/28] },
                two: { vlan: 131, subnets: [10.0.1.0/30], gateways: [
                  { mac: "02:00:00:00:00:01", addresses: [10.0.1.1] } ] } }
    guests: { e: %s }
  hall:
    networks: { lobby: { vlan: 140, shared: true, subnets: [10.1.0.0/24] } }
""" % (GUEST % (2, "10.0.0.11, fd00::11", "a"), GUEST % (3, "10.0.0.11", "c"),
       GUEST % (4, "10.0.0.11", "e"))
GUESTS = "ace"


@pytest.fixture(scope="module", autouse=True)
def agent():
    for d in GUESTS:
        vethagent.guest(d)
    sh("ip link add up0 type veth peer name trunk && "
       "sysctl -qw net.ipv6.conf.trunk.disable_ipv6=1 "
       "net.ipv6.conf.up0.disable_ipv6=1 && ip link set trunk arp off up && "
       "ip link set up0 up")
    AGENT.start(TEXT)
    yield
    sh("for d in va vc ve up0 cordon0; do ip link del $d; done; "
       "nft flush ruleset", check=False)


def state():
    """What decides on frames, without numbers that count or name."""
    rules = re.sub(r"packets \d+ bytes \d+", "", sh("nft -s list ruleset"))
    return {
        "links": sorted(re.findall(r"^\d+: (\S+?)[@:]", sh("ip -o link"),
                                   re.M)),
        "fdb": sorted(sh("bridge fdb show br cordon0").splitlines()),
        "vlan": sh("bridge -c vlan show"),
        "tc": sh("for d in v%s; do tc qdisc show dev $d; tc filter show dev "
                 "$d ingress; done" % " v".join(GUESTS)),
        "rules": rules,
        "namespaces": sh("ls /run/netns 2>/dev/null | sort", check=False),
        "ports": json.loads(sh("cordon --control %s --json show ports" % CTL)),
        "policy": open(POLICY, encoding="ascii").read(),
    }


def settled():
    """That, once the agent has nothing to do; canaries are part of it."""
    def converged():
        return json.loads(sh("cordon --control %s --json show" % CTL,
                             check=False))["state"] == "converged"
    until(converged, "converged", 60)
    return state()


def received(device):
    try:
        with open("/sys/class/net/%s/statistics/rx_packets" % device,
                  encoding="ascii") as f:
            return int(f.read())
    except OSError:
        return 0


def nothing_of_it(before):
    """Whether all is as before, but for the rules, which the agent has made
    anew: in these is nothing of canaries."""
    after = settled()
    rules = after.pop("rules")
    other = {k for k in after if after[k] != before[k]}
    print("other than before:", {k: (before[k], after[k]) for k in other})
    return not other and not re.search("cprobe|02:63:70", rules)


class Probe:
    def __init__(self, *words):
        self.process = subprocess.Popen(
            ["cordon", "--control", CTL, "--answer-timeout", "5", "--json",
             "probe", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)

    def opened(self):
        """Waits until all canaries are open."""
        def ports():
            shown = json.loads(sh("cordon --control %s --json show ports"
                                  % CTL))["ports"]
            return sum(p["device"].startswith("cprobe")
                       and p["state"] == "open" for p in shown) == 4
        until(ports, "canaries are open", 60)
        until(lambda: received("cprobe0") > 20, "frames are played", 60)
        return self

    def end(self, timeout=120):
        out, self.err = self.process.communicate(timeout=timeout)
        self.status = self.process.returncode
        self.report = json.loads(out) if out else {}
        return self

    def leaked(self):
        return {f["frame"] for f in self.report["frames"]
                if f["verdict"] == "leaked"}


def statistics():
    """What was ever sent or received by the guests' devices."""
    return {d: [open("/sys/class/net/v%s/%s" % (d, name),
                     encoding="ascii").read()
                for name in ("ifindex", "carrier_changes",
                             "statistics/rx_packets", "flags")]
            for d in GUESTS}


def links():
    text = sh("for d in %s; do ip -d link show v$d; done" % " ".join(GUESTS))
    return re.sub(r"\w+_timer +[\d.]+", "", text)


@pytest.mark.parametrize("tenants", [("acme", "globex"),
                                     ("globex/net", "initech/net")])
def test_a_host_that_is_well(tenants):
    before, guests, was = settled(), statistics(), links()
    p = Probe(*tenants).end()
    bad = [f for f in p.report.get("frames", [])
           if f["verdict"] in ("leaked", "lost")]
    assert (p.status, bad, p.err) == (0, [], ""), p.report
    assert p.report["result"] == "held"
    assert p.report["passed"] > 50 and p.report["held"] > 200
    # All canaries have heard something that was meant for them.
    heard = " ".join(f["seen"] for f in p.report["frames"]).split()
    assert {"cprobe%d" % i for i in range(4)} <= set(heard)
    assert settled() == before
    assert (statistics(), links()) == (guests, was)


def test_what_is_refused():
    before = settled()
    for words, what in ((("acme", "nobody"), "nobody: no tenant"),
                        (("acme/none", "globex"), "acme/none: no network"),
                        (("acme", "initech"), "2 networks"),
                        (("acme", "initech/two"), "no free address"),
                        (("acme", "acme/net"), "two tenants"),
                        (("acme", "hall/lobby"), "shared")):
        p = Probe(*words).end()
        assert p.status == 2 and what in p.report["error"], p.report
    r = subprocess.run(["cordon", "--control", "/run/none", "probe", "acme",
                        "globex"], capture_output=True, text=True, check=False)
    assert r.returncode == 2 and "is cordond running?" in r.stderr
    assert settled() == before


def test_one_at_a_time():
    first = Probe("--for", "60s", "acme", "globex").opened()
    second = Probe("acme", "globex").end()
    assert second.status == 2 and "another probe" in second.report["error"]
    first.process.send_signal(signal.SIGINT)
    assert first.end().status == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGKILL])
def test_interrupted(number):
    before = settled()
    p = Probe("--for", "60s", "acme", "globex").opened()
    assert state() != before
    p.process.send_signal(number)
    p.end()
    assert p.status == (-9 if number == signal.SIGKILL else 2)
    until(lambda: settled() == before, "nothing is left", 60)


def test_another_policy_comes():
    before = settled()
    p = Probe("--for", "60s", "acme", "globex").opened()
    sh("cordon --control %s apply %s" % (CTL, POLICY))
    p.end()
    assert p.status == 2
    assert "another policy" in p.report["broken_off"]
    assert settled() == before


class Stopped:
    """The agent cannot repair what is done meanwhile."""

    def __enter__(self):
        os.kill(AGENT.pid(), signal.SIGSTOP)

    def __exit__(self, *error):
        os.kill(AGENT.pid(), signal.SIGCONT)


def test_guards_that_are_gone():
    before = settled()
    p = Probe("--for", "10s", "acme", "globex").opened()
    with Stopped():
        sh("nft flush ruleset")
        sh("for i in 0 1 2 3; do tc qdisc del dev cprobe$i clsact; bridge "
           "link set dev cprobe$i locked off; done", check=False)
        p.end()
    assert p.status == 1, (p.report, p.err)
    leaked = p.leaked()
    assert {"ipv4 source of nobody", "arp for the gateway",
            "router advertisement behind hop-by-hop"} <= leaked
    # VLANs are still apart.
    assert not any(f["verdict"] == "leaked" and f["to"] == "cprobe2"
                   and f["from"] == "cprobe0" and "cprobe2" in f["seen"]
                   for f in p.report["frames"])
    until(lambda: nothing_of_it(before), "nothing is left", 60)


def test_a_way_from_one_tenant_to_the_other():
    """Somebody has put a tenant's port into the other's VLAN, and there is no
    guard that would see it."""
    before = settled()
    p = Probe("--for", "8s", "acme", "globex").opened()
    with Stopped():
        sh("nft flush ruleset; bridge vlan del dev cprobe2 vid 120; "
           "bridge vlan add dev cprobe2 vid 110 pvid untagged; "
           "for i in 0 1 2 3; do tc qdisc del dev cprobe$i clsact; "
           "bridge link set dev cprobe$i locked off bcast_flood on; done",
           check=False)
        p.end()
    assert p.status == 1, (p.report, p.err)
    across = {f["frame"] for f in p.report["frames"]
              if f["from"] in ("cprobe0", "cprobe1") and f["reason"] == ""
              and f["verdict"] == "leaked" and "cprobe2" in f["seen"]}
    assert "arp request" in across
    until(lambda: nothing_of_it(before), "nothing is left", 60)
