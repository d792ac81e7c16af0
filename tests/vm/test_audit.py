# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon audit: a host that cordond has set up is proven isolated; what is
broken then is found, with a frame that gets through; and the holes of rules
that people write for bridges are found on a host without cordon.
"""

import json
import subprocess
import time

import pytest

import test_agent as agent

DEVICES = ("va", "vb", "vc")
MARK = "0x6e0000"               # VLAN 110 in the upper half of the mark.


def sh(command):
    return agent.sh(command)


def audit(*words):
    r = subprocess.run(["cordon", "audit", "--json", *words], text=True,
                       capture_output=True)
    assert r.stdout, r.stderr
    result = json.loads(r.stdout)
    assert r.returncode == {"isolated": 0, "leak": 1,
                            "not proven": 2}[result["verdict"]], r
    return result


def audited():
    return audit("--policy", agent.POLICY)


def found(result, what, severity="leak"):
    return [f for f in result["findings"]
            if f["what"] == what and f["severity"] == severity]


def delete_devices():
    for device in DEVICES + ("up0",):
        sh("ip link del %s 2>/dev/null; ip netns del n%s 2>/dev/null; true"
           % (device, device))


def make_devices(devices):
    for device in devices:
        sh("ip netns add n%s; ip link add %s type veth peer name p%s netns "
           "n%s" % (device, device, device, device))
        sh("ip netns exec n%s sysctl -qw net.ipv6.conf.all.disable_ipv6=1; "
           "ip -n n%s link set p%s up" % (device, device, device))


@pytest.fixture(scope="module")
def host():
    """What cordond has made of a policy; cordond itself has ended."""
    delete_devices()
    make_devices(DEVICES + ("up0",))
    agent.write(agent.policy())
    agent.start()
    end = time.monotonic() + 60
    while True:
        ports = subprocess.run(["cordon", "--control", agent.CTL, "--json",
                                "show", "ports"], text=True,
                               capture_output=True).stdout
        if ports.count('"open"') == 3:
            break
        assert time.monotonic() < end, ports
        time.sleep(0.2)
    agent.cordon("exit")
    yield
    delete_devices()
    sh("ip link del cordon0; nft flush ruleset")


def first_rule(chain):
    """The handle of a chain's first rule."""
    lines = sh("nft -a list chain netdev cordon " + chain).splitlines()
    return next(line for line in lines if "# handle" in line
                and line.split()[0] not in ("table", "chain")
                ).rsplit(" ", 1)[1]


def test_good_host(host):
    result = audited()
    assert result["verdict"] == "isolated", result
    assert result["pairs"] == [] and len(result["ports"]) == 3
    assert all(p["guard"] == "nftables" for p in result["ports"])
    assert not [f for f in result["findings"]
                if f["severity"] in ("leak", "not proven")]


def test_snapshot_of_it(host):
    sh("cordon snapshot /tmp/audit.json >/dev/null")
    result = audit("--policy", agent.POLICY, "--snapshot", "/tmp/audit.json")
    assert result["verdict"] == "isolated"
    assert result["snapshot"]["chain"]


def test_a_rule_that_marks_and_accepts(host):
    sh("nft insert rule netdev cordon in meta mark set %s accept" % MARK)
    number = first_rule("in")
    try:
        result = audited()
    finally:
        sh("nft delete rule netdev cordon in handle " + number)
    assert result["verdict"] == "leak", result
    assert [f for f in found(result, "spoofed-ip")
            if f["port"] == "va" and f["frame"]]
    # That of others is stopped by the port's lock.
    assert not found(result, "spoofed-mac")
    assert audited()["verdict"] == "isolated"


# Rules that people write for bridges, on a host without cordon.

FORWARD = """table bridge filter {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "g1" ether saddr != 02:00:00:00:00:01 drop
    iifname "g1" ip saddr != 10.0.0.1 drop
    iifname "g2" ether saddr != 02:00:00:00:00:02 drop
    iifname "g2" ip saddr != 10.0.0.2 drop
  }
}
"""


@pytest.fixture
def stock():
    sh("ip link add br0 type bridge mcast_snooping 0; ip link set br0 addrgenmode none up")
    for i in (1, 2):
        sh("ip netns add g%d; ip link add g%d address fe:ff:ff:ff:ff:ff type "
           "veth peer name p0 address 02:00:00:00:00:0%d netns g%d; "
           "ip link set g%d addrgenmode none master br0 up; "
           "ip -n g%d link set p0 up; bridge fdb replace 02:00:00:00:00:0%d "
           "dev g%d master static" % (i, i, i, i, i, i, i, i))
    yield
    sh("nft delete table bridge filter; ip link del br0; ip link del g1; "
       "ip link del g2; ip netns del g1; ip netns del g2")


def test_filter_in_the_forward_hook(stock):
    path = "/tmp/forward.nft"
    agent.write(FORWARD, path)
    sh("nft -f " + path)
    result = audit("--tenant", "one=g1", "--tenant", "two=g2")
    assert result["verdict"] == "leak"
    kinds = {f["what"] for f in result["findings"]
             if f["severity"] == "leak" and f["port"] == "g1"}
    # The forged source is dropped, but learned before.
    assert "spoofed-mac" not in kinds
    assert {"fdb-poisoning", "tagged", "arp-spoof"} <= kinds
    assert {(p["from"], p["to"]) for p in result["pairs"]
            if p["verdict"] == "leak"} >= {("one", "two"), ("two", "one")}
