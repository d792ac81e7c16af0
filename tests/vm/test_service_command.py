# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon-service: a service's namespace and port come and go whole, and its
port is closed whenever it should be.
"""

import json
import os
import signal
import subprocess

from netns import link_info
from servicebed import (DEVICE, GUESTS, METADATA, SERVICE_MAC, ask,
                        host_addresses, ip, lab, lease, mac, policy, service,
                        space)
from shell import sh, until
from twohosts import ip4


def traces():
    """All that a service could leave behind."""
    return (sorted(link["ifname"] for link in json.loads(sh("ip -j link"))),
            sorted(os.listdir("/run/netns")),
            sorted(os.listdir("/proc/sys/net/ipv4/conf")), host_addresses())


def test_it_comes_and_goes(lab):
    name = "globex/web:infra"
    assert ask("b1", "10.0.0.2") == "globex"
    lab.unmake(name)
    gone = traces()
    assert "svc-globex" not in gone[0] and space(name) not in gone[1]
    until(lambda: "svc-globex" not in lab.host.states(), "the port is gone")
    assert ask("b1", "10.0.0.2") is None and lease("b1", 1) is None
    assert ask("a1", "10.0.0.2") == "acme"
    lab.make(name)
    assert ask("b1", "10.0.0.2") == "globex"
    lab.unmake(name)
    assert traces() == gone
    lab.make(name)
    assert ask("b1", "10.0.0.2") == "globex" and lease("b1")


def test_somebody_takes_its_device(lab):
    """Then the port is gone, and `down` takes away the rest."""
    name = "globex/web:infra"
    sh("ip link del svc-globex")
    until(lambda: "svc-globex" not in lab.host.states(), "the port is gone")
    assert ask("b1", "10.0.0.2") is None
    lab.unmake(name)
    lab.make(name)
    assert ask("b1", "10.0.0.2") == "globex"


def test_down_while_a_server_runs(lab):
    """It has no network any more, whatever it holds."""
    name = "globex/web:infra"
    text = service(lab.host, "down", name)
    pid = str(lab.servers[name].daemons[0].pid)
    assert "without a network" in text and pid in text
    assert link_info("svc-globex") is None
    assert "eth0" not in sh(["nsenter", "-t", pid, "-n", "ip", "link"])
    lab.up.discard(name)
    lab.wire.pop(name).close()
    lab.servers[name].stop()
    lab.make(name)


def test_refused(lab):
    """Says what is wrong, and leaves nothing."""
    before = traces()

    def refused(code, message, *words):
        found, text = service(lab.host, *words, check=False)
        assert found == code and message in text, text
        assert traces() == before
    refused(2, "usage:", "up")
    refused(2, "usage:", "restart", "acme/web:infra")
    refused(2, "no service's name", "up", "acme/web")
    refused(2, "no service's name", "up", "../x:y")
    refused(2, "no service's name", "up", "a b/c:d")
    refused(1, "no service of the policy", "up", "acme/web:nothing")
    refused(1, "there is a namespace", "up", "acme/web:infra")
    refused(1, "there is no namespace", "down", "acme/web:far")
    code, text = sh(["env", "CORDON_CONTROL=/run/nobody", "cordon-service",
                     "up", "acme/web:far"], check=False)
    assert code == 1 and "/run/nobody" in text
    assert traces() == before
    # A name that is somebody's, seen at once or by the kernel alone.
    sh("ip link add svc-far type dummy")
    try:
        code, text = service(lab.host, "up", "acme/web:far", check=False)
        assert code == 1 and "somebody else's" in text
    finally:
        sh("ip link del svc-far")
    assert traces() == before
    sh("ip link property add dev lo altname svc-far")
    try:
        refused(1, "File exists", "up", "acme/web:far")
    finally:
        sh("ip link property del dev lo altname svc-far")
    lab.apply(device="svc-acme")
    assert traces() == before


def test_not_on_this_host(lab):
    doc = policy(lab.guard)
    del doc["tenants"]["acme"]["networks"]["web"]["services"]["far"]["device"]
    lab.host.apply(doc)
    try:
        code, text = service(lab.host, "up", "acme/web:far", check=False)
        assert code == 1 and "no device on this host" in text
    finally:
        lab.apply()


def test_policy_has_it_no_more(lab):
    """Its device is closed though cordon-service has not taken it away."""
    doc = policy(lab.guard)
    del doc["tenants"]["globex"]["networks"]["web"]["services"]["infra"]
    lab.host.apply(doc)
    try:
        info = link_info("svc-globex")
        assert "UP" not in info["flags"] and "master" not in info
        assert ask("b1", "10.0.0.2") is None
        assert ask("a1", "10.0.0.2") == "acme"
    finally:
        lab.apply()
    until(lambda: ask("b1", "10.0.0.2") == "globex", "it is back")


def test_closed_from_the_first_instant(lab):
    """Before the agent has fenced it, the device is down and has nothing: it
    does not even say what it is when the agent hangs."""
    name, ns = "acme/web:far", "cordon-acme:web:far"
    lab.host.daemon.signal(signal.SIGSTOP)
    try:
        maker = subprocess.Popen(
            ["env", "CORDON_CONTROL=%s/control" % lab.host.run,
             "CORDON_SERVICE_TIMEOUT=2", "cordon-service", "up", name])
        assert link_info("svc-far") is None
        # Its question is answered, and the agent stopped again.
        lab.host.daemon.signal(signal.SIGCONT)
        until(lambda: os.path.exists("/run/netns/" + ns), "it is being made",
              every=0)
        lab.host.daemon.signal(signal.SIGSTOP)
        info = until(lambda: link_info("svc-far"), "the device is there")
        closed = "UP" not in info["flags"] and "master" not in info
        # The agent may have been quick; then it is all there.
        assert closed or info.get("master") == "cordon0"
        assert not json.loads(sh("ip -j addr show dev svc-far"))[0][
            "addr_info"]
    finally:
        lab.host.daemon.signal(signal.SIGCONT)
    assert maker.wait(60) == 0
    until(lambda: lab.host.states().get("svc-far") == "open", "open")
    service(lab.host, "down", name)


def test_closed_as_long_as_the_port_is(lab):
    """What cordon-service makes is down, and nothing but a fence brings it
    up; it says so. Here nothing can open, for the bridge is somebody's."""
    doc = policy(lab.guard)
    doc["host"]["bridge"] = "other0"
    sh("ip link add other0 type dummy")
    try:
        lab.host.write(doc)
        sh(["cordon", "--control", lab.host.run + "/control", "apply",
            lab.host.run + "/policy.yaml"], check=False)
        code, text = sh(["env", "CORDON_CONTROL=%s/control" % lab.host.run,
                         "CORDON_SERVICE_TIMEOUT=2", "cordon-service", "up",
                         "acme/web:far"], check=False)
        assert code == 0 and "not open yet" in text
        assert "UP" not in link_info("svc-far")["flags"]
        assert "master" not in link_info("svc-far")
        service(lab.host, "down", "acme/web:far")
    finally:
        sh("ip link del other0")
        lab.apply()
    lab.host.wait_open(["v" + g for g in GUESTS] + list(DEVICE.values()))
    assert ask("a1", "10.0.0.2") == "acme"


def test_without_its_rules_it_is_open(lab):
    """What the tests above find closed is open when its rule goes."""
    name = "acme/web:infra"
    frame = ip4(ip("a1"), "10.0.0.2", mac("a1"), SERVICE_MAC, port=54)
    back = ip4("10.0.0.2", ip("a1"), SERVICE_MAC, mac("a1"), port=7)
    assert lab.delivered("a1", name, frame) == 0
    assert lab.delivered(name, "a1", back) == 0
    doc = policy(lab.guard)
    keys = doc["tenants"]["acme"]["networks"]["web"]["services"].pop("infra")
    # The same station as a guest that nothing filters.
    doc["tenants"]["acme"]["guests"]["infra"] = {"interfaces": [
        {"mac": keys["mac"], "addresses": ["10.0.0.2"], "network": "web",
         "extra": [{"addresses": [METADATA]}], "device": "svc-acme"}]}
    lab.host.apply(doc)
    try:
        assert lab.delivered("a1", name, frame) == 1
        assert lab.delivered(name, "a1", back) == 1
        assert lease("a1", 1) is None       # But no guest answers DHCP.
    finally:
        lab.apply()
    assert lab.delivered("a1", name, frame) == 0
    assert lease("a1") is not None
