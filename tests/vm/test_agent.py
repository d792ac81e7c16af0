# SPDX-License-Identifier: GPL-3.0-or-later
"""cordond and cordon on Debian's kernel, with veth devices bound by name: a
policy takes effect, drift is repaired within a second, and nothing that
happens to the agent or its policy opens a port or closes one.
"""

import datetime
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from shell import line as sh

CTL = "/run/agent-test/ctl"
PID = "/run/agent-test.pid"
STATE = "/run/agent-test.state"
LOG = "/out/agent-test.log"
POLICY = "/tmp/agent-test.yaml"

PORTS = {"acme/a/0": ("va", 110), "acme/b/0": ("vb", 110),
         "globex/c/0": ("vc", 120)}
INTERFACE = ('{ mac: "02:00:00:00:00:0%d", addresses: [10.0.0.%d], '
             'network: web, device: %s }')


def policy(vlans=(110, 120), devices=("va", "vb", "vc")):
    a, b, c = [INTERFACE % (i + 1, 10 + i, d) for i, d in enumerate(devices)]
    return """version: 1
host: { uplink: up0 }
tenants:
  acme:
    networks: { web: { vlan: %d, subnets: [10.0.0.0/24] } }
    guests:
      a: { interfaces: [ %s ] }
      b: { interfaces: [ %s ] }
  globex:
    networks: { web: { vlan: %d, subnets: [10.0.0.0/24] } }
    guests:
      c: { interfaces: [ %s ] }
""" % (vlans[0], a, b, vlans[1], c)


def cordon(*words, status=0):
    """Runs cordon with --json; the answer as data."""
    r = subprocess.run(["cordon", "--control", CTL, "--json", *words],
                       capture_output=True, text=True)
    assert r.returncode == status, (words, r.returncode, r.stdout, r.stderr)
    return json.loads(r.stdout) if r.stdout else None


def write(text, path=POLICY):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".new", path)


def start(*options):
    subprocess.run(["cordond", "--no-xen", "--policy=" + POLICY,
                    "--control=" + CTL, "--pidfile=" + PID,
                    "--state-dir=" + STATE, "--log-file=" + LOG, "--detach",
                    "-vconsole:off", *options], check=True)


def start_without_policy():
    """It takes the policy that was applied last."""
    subprocess.run(["cordond", "--no-xen", "--control=" + CTL,
                    "--pidfile=" + PID, "--state-dir=" + STATE,
                    "--log-file=" + LOG, "--detach", "-vconsole:off"],
                   check=True)


def pid():
    with open(PID, encoding="ascii") as f:
        return int(f.read())


def gone(process):
    try:
        with open("/proc/%d/stat" % process, encoding="ascii") as f:
            return f.read().split()[2] == "Z"
    except OSError:
        return True


def end(number=signal.SIGTERM):
    p = pid()
    os.kill(p, number)
    wait(lambda: gone(p), 10)


def wait(condition, seconds=5):
    """How long it took until condition() was true; fails if too long."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "not in %s s" % seconds
        time.sleep(0.01)
    return time.monotonic() - begin


def states():
    return {p["port"]: p["state"] for p in cordon("show", "ports")["ports"]}


def converged():
    show = cordon("show")
    return show["state"] == "converged" and show["open"] == len(PORTS)


def log():
    with open(LOG, encoding="utf-8", errors="replace") as f:
        return f.read()


def kernel():
    """What the kernel holds of it all, but counters and the elements of sets,
    some of which come and go with traffic; `cordon diff` looks at those."""
    devices = [d for d, _ in PORTS.values()] + ["up0"]
    return (sh("nft -s -t list ruleset"),
            *[sh("tc filter show dev %s egress" % d) for d in devices],
            sh("bridge vlan show"), sh("bridge -d link show"),
            sorted(line for line in
                   sh("bridge fdb show br cordon0").splitlines()
                   if "static" in line))


@pytest.fixture(scope="module", autouse=True)
def host():
    sh("ip link add up0 type veth peer name trunk && ip link set trunk up")
    for d in ("va", "vb", "vc"):
        sh("ip link add %s type veth peer name p%s && ip link set p%s up"
           % (d, d, d))
    write(policy())
    start()
    yield
    if os.path.exists(PID):
        end()
    sh("ip link del up0; ip link del va; ip link del vb; ip link del vc; "
       "ip link del cordon0; nft flush ruleset", check=False)


@pytest.fixture(autouse=True)
def ready():
    """Each test begins with everything open and ends with an agent."""
    if not os.path.exists(PID):
        start()
    wait(converged, 30)


def test_apply_opens():
    answer = cordon("apply", POLICY)
    assert answer["converged"]
    assert {p["port"]: (p["device"], p["state"]) for p in answer["ports"]} \
        == {name: (d, "open") for name, (d, _) in PORTS.items()}
    for d, vlan in PORTS.values():
        assert "master cordon0" in sh("ip link show " + d)
        vlans = json.loads(sh("bridge -j vlan show dev " + d))[0]["vlans"]
        assert [(v["vlan"], set(v["flags"])) for v in vlans] \
            == [(vlan, {"PVID", "Egress Untagged"})]
    assert cordon("diff")["changes"] == []


def test_confined():
    with open("/proc/%d/status" % pid(), encoding="ascii") as f:
        status = dict(line.split(":\t", 1) for line in f)
    caps = (1 << 12) | (1 << 13)        # NET_ADMIN, NET_RAW
    assert int(status["CapEff"], 16) == caps
    assert int(status["CapPrm"], 16) == caps
    assert int(status["CapBnd"], 16) == 0
    assert status["Seccomp"].strip() == "2"
    assert status["NoNewPrivs"].strip() == "1"


def sysctl(name, value):
    with open("/proc/sys/" + name.replace(".", "/", 1), "w",
              encoding="ascii") as f:
        f.write(value)


def own_table():
    return sh("nft list tables").splitlines()[0].split(" ", 1)[1]


# What somebody does, and how to see that it has been undone.
DRIFTS = {
    "table": (lambda: sh("nft delete table " + own_table()), "in"),
    "ruleset": (lambda: sh("nft flush ruleset"), "in"),
    "vlan": (lambda: sh("bridge vlan add dev va vid 120"), "vlan"),
    "pvid": (lambda: sh("bridge vlan del dev va vid 110"), "vlan"),
    "moved": (lambda: sh("ip link set va nomaster"), ""),
    "learning": (lambda: sh("bridge link set dev va learning on"), ""),
    "flood": (lambda: sh("bridge link set dev va flood on"), ""),
    "filtering": (lambda: sh("ip link set cordon0 type bridge "
                             "vlan_filtering 0"), "bridge"),
    "down": (lambda: sh("ip link set va down"), "up"),
    "fdb": (lambda: sh("bridge fdb del 02:00:00:00:00:01 dev va vlan 110 "
                       "master"), "fdb"),
    "lock": (lambda: sh("tc qdisc del dev va clsact"), ""),
    "sysctl": (lambda: sh("sysctl -qw net.ipv6.conf.cordon0."
                          "disable_ipv6=0"), "sysctl"),
    "uplink-vlan": (lambda: sh("bridge vlan add dev up0 vid 999"), "vlan"),
}


@pytest.mark.parametrize("kind", DRIFTS)
def test_drift_is_repaired(kind):
    act, word = DRIFTS[kind]
    before, drifts, size = kernel(), cordon("show")["drifts"], len(log())
    act()
    done = time.time()
    wait(lambda: cordon("show")["drifts"] > drifts and converged(), 20)
    assert kernel() == before
    assert cordon("diff")["changes"] == []
    lines = [x for x in log()[size:].splitlines() if "|drift|WARN|" in x]
    assert lines and all("found " in x and "should be " in x for x in lines
                         if "more; repairing" not in x)
    assert any(word in x for x in lines)
    # By the agent's own clock; asking it by a command takes longer where
    # processors are emulated, and a turn takes long there, too: one may have
    # begun just before, and another has to come to where it is noticed. It
    # repairs in the turn in which it notices.
    turn = cordon("show")["turn_ms"] / 1000
    noticed = datetime.datetime.strptime(
        lines[0].split("|")[0] + "+0000", "%Y-%m-%dT%H:%M:%S.%fZ%z")
    print("noticed after %.2f s, a turn takes %.2f s"
          % (noticed.timestamp() - done, turn))
    assert noticed.timestamp() - done < 1 + 2 * turn


def test_restart_writes_nothing():
    before = kernel()
    end()
    assert kernel() == before
    start()
    wait(converged)
    time.sleep(1.5)
    show = cordon("show")
    assert (show["writes"], show["messages"], show["drifts"]) == (0, 0, 0)
    assert kernel() == before


def test_kill_changes_nothing():
    before = kernel()
    end(signal.SIGKILL)
    assert kernel() == before
    cordon("show", status=2)
    start()
    wait(converged)
    assert cordon("show")["writes"] == 0
    assert kernel() == before


def test_bad_policy_changes_nothing():
    before, good = kernel(), policy()
    for bad in ("nonsense: 1\n", "", "version: 1\ntenants: [",
                good.replace("vlan: 120", "vlan: 110")):
        write(bad)
        answer = cordon("apply", POLICY, status=1)
        assert POLICY + ":" in answer["error"]
        size = len(log())
        os.kill(pid(), signal.SIGHUP)
        wait(lambda: "is refused" in log()[size:])
        assert converged() and kernel() == before
    # Nor does a start with it.
    end()
    start()
    assert cordon("show")["state"] == "no policy"
    time.sleep(1)
    assert kernel() == before
    cordon("plug", "--timeout", "1", "va", status=1)
    assert kernel() == before
    write(good)
    os.kill(pid(), signal.SIGHUP)
    wait(lambda: cordon("show")["state"] == "converged")
    # A plug that has failed is not forgotten by itself.
    assert states() == {"acme/a/0": "failed", "acme/b/0": "open",
                        "globex/c/0": "open"}
    assert cordon("plug", "va")["state"] == "open"
    wait(converged)
    assert kernel() == before


def test_applied_policy_outlives_restart():
    other = "/tmp/agent-test-other.yaml"
    write(policy(vlans=(111, 120)), other)
    assert cordon("apply", other)["converged"]
    end()
    start_without_policy()
    wait(converged)
    show = cordon("show")
    assert show["policy"] == other and show["writes"] == 0
    assert cordon("apply", POLICY)["converged"]


def test_link_to_policy_stays_a_link():
    """The policy is a symbolic link. What it leads to when the agent starts
    again is what counts then."""
    link, other = "/tmp/agent-test-link.yaml", "/tmp/agent-test-other.yaml"
    write(policy(vlans=(112, 120)), other)
    os.symlink(POLICY, link)
    try:
        assert cordon("apply", link)["policy"] == link
        os.unlink(link)
        os.symlink(os.path.basename(other), link)
        end()
        start_without_policy()
        wait(converged)
        assert cordon("show")["policy"] == link
        wait(lambda: json.loads(sh("bridge -j vlan show dev va"))[0]["vlans"]
             == [{"vlan": 112, "flags": ["PVID", "Egress Untagged"]}])
    finally:
        assert cordon("apply", POLICY)["converged"]
        os.unlink(link)


def test_check_tells_a_foreign_bridge():
    path = "/tmp/agent-test-bridge.yaml"
    sh("ip link add br9 type bridge")
    try:
        write(policy().replace("up0 }", "up0, bridge: br9 }"), path)
        answer = cordon("check", path, status=1)
        assert "br9 exists that cordon has not made" in answer["host_problem"]
        assert answer["host_problem"].startswith(path + ":2:")
        assert cordon("check", "--offline", path)["valid"]
        # Its own bridge it knows.
        assert "host_problem" not in cordon("check", POLICY)
    finally:
        sh("ip link del br9")


def test_stopped_agent_is_given_up():
    before, p = kernel(), pid()
    os.kill(p, signal.SIGSTOP)
    try:
        for words in (["show"], ["diff"], ["apply", POLICY], ["plug", "va"],
                      ["unplug", "va"]):
            answer = cordon("--answer-timeout", "1", *words, status=2)
            assert "has not answered for 1 seconds" in answer["error"]
        assert kernel() == before
    finally:
        os.kill(p, signal.SIGCONT)
    # What was asked for meanwhile is done: the last word was "unplug".
    wait(lambda: states()["acme/a/0"] == "failed")
    assert cordon("plug", "va")["state"] == "open"


def test_one_bad_port():
    """The device of one interface has somebody else's qdisc in place of ours:
    it closes, others keep on, and it opens again without it."""
    def replace():
        with open("/tmp/agent-test.tc", "w", encoding="ascii") as f:
            f.write("qdisc del dev vb clsact\nqdisc add dev vb ingress\n"
                    "filter add dev vb ingress pref 7 matchall action mirred "
                    "egress redirect dev va\n")
        sh("tc -batch /tmp/agent-test.tc", check=False)
        return "pref 7 matchall" in sh("tc filter show dev vb ingress",
                                       check=False)
    wait(replace, 30)                   # The agent may be faster.
    wait(lambda: states()["acme/b/0"] == "failed")
    assert states()["acme/a/0"] == states()["globex/c/0"] == "open"
    assert "state UP" not in sh("ip link show vb")
    answer = cordon("apply", POLICY, status=1)
    assert [p["port"] for p in answer["ports"] if p["state"] != "open"] \
        == ["acme/b/0"]
    assert "foreign" in cordon("show", "port", "vb")["why"]
    sh("tc qdisc del dev vb ingress")
    wait(converged)


def test_plug_and_unplug():
    assert cordon("plug", "va")["state"] == "open"
    assert cordon("unplug", "va")["state"] == "closed"
    assert "master" not in sh("ip link show va")
    assert states()["acme/a/0"] == "failed"
    time.sleep(1.2)
    assert "master" not in sh("ip link show va")
    assert cordon("plug", "va")["state"] == "open"
    assert "no such device" in cordon("plug", "--timeout", "1", "vz",
                                      status=1)["error"]
    assert "no such device" in cordon("unplug", "vz", status=1)["error"]
    before = kernel()
    assert "the device of no port" in cordon("unplug", "lo",
                                             status=1)["error"]
    assert kernel() == before and "UP" in sh("ip link show lo")


def chains():
    """Of the bridge's tables."""
    return set(re.findall(r"chain (\S+) {", sh("nft list chains bridge")))


def test_groups_are_announced():
    """A host moves to groups: diff says for which port that changes what
    passes by default, and show what holds there afterwards."""
    plain, path = policy(), "/tmp/agent-groups.yaml"
    grouped = plain.replace("device: va }", "device: va, groups: [web] }", 1) \
        .replace("  acme:\n", """  acme:
    groups:
      web:
        description: web servers
        ingress: [ { allow: tcp, ports: [80], from: any, description: shop } ]
""", 1)
    write(grouped, path)
    writes = cordon("show")["writes"]
    try:
        announced = cordon("diff", path, status=1)
        assert announced["filtering"] == [
            {"port": "acme/a/0", "change": "ingress is now denied unless a "
             "group allows it; connections made before are cut"}]
        assert cordon("show")["writes"] == writes
        # What all steps come to, too.
        before = chains()
        assert cordon("apply", path)["converged"]
        assert "judge" in chains() - before
        for chain in chains() - before:
            assert any(re.search(r" %s( \S+)? = " % chain, change["object"])
                       for change in announced["changes"]), chain
        assert cordon("diff")["filtering"] == []
        port = cordon("show", "port", "acme/a/0")
        assert (port["ingress"], port["egress"], port["stateful"]) == \
            ("denied unless allowed", "allowed", True)
        assert port["groups"] == ["web: web servers"]
        rule, = port["rules"]
        assert rule["rule"] == "tcp 80 from any"
        assert rule["description"] == "shop"
        assert rule["at"].startswith(path + ":")
        other = cordon("show", "port", "acme/b/0")
        assert (other["ingress"], other["rules"]) == ("not filtered", [])
        assert cordon("show", "tenants")["groups"] == [
            {"tenant": "acme", "group": "web", "interfaces": 1,
             "stateless": False, "description": "web servers"}]
        assert cordon("diff", POLICY, status=1)["filtering"] == [
            {"port": "acme/a/0", "change": "ingress is no longer filtered"}]
    finally:
        cordon("apply", POLICY)
        wait(converged)
    assert cordon("diff")["changes"] == []


def test_gone_device_leaves_nothing():
    index = sh("cat /sys/class/net/vc/ifindex").strip()
    sh("ip link del vc")
    wait(lambda: cordon("diff")["changes"] == [] and
         cordon("show")["state"] == "converged")
    assert "120" not in sh("bridge vlan show dev up0")
    assert "\"vc\"" not in sh("nft list ruleset")
    sh("ip link add vc index %s type veth peer name pvc && "
       "ip link set pvc up" % index)
    assert cordon("plug", "vc")["state"] == "open"
    wait(converged)


def test_other_users_are_refused():
    code = ("import os, socket, sys\n"
            "s = socket.socket(socket.AF_UNIX)\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "try:\n"
            "    s.connect(%r)\n"
            "    s.sendall(b'{\"id\":1,\"method\":\"show\","
            "\"params\":[\"json\"]}')\n"
            "    sys.exit(0 if s.recv(100) == b'' else 3)\n"
            "except PermissionError:\n"
            "    sys.exit(4)\n"
            "except ConnectionError:\n"
            "    sys.exit(0)\n" % CTL)
    assert subprocess.run(["python3", "-c", code]).returncode == 4
    os.chmod(os.path.dirname(CTL), 0o755)
    os.chmod(CTL, 0o666)
    try:
        size = len(log())
        assert subprocess.run(["python3", "-c", code]).returncode == 0
        assert "refused a connection of uid 65534" in log()[size:]
        assert converged()
    finally:
        os.chmod(CTL, 0o600)
        os.chmod(os.path.dirname(CTL), 0o700)


def test_second_agent_does_not_start():
    before = pid()
    r = subprocess.run(["cordond", "--no-xen", "--policy=" + POLICY,
                        "--control=" + CTL, "--state-dir=" + STATE,
                        "-vconsole:off"], timeout=20)
    assert r.returncode != 0
    assert pid() == before and converged()


def test_ready_is_notified():
    path = "/tmp/agent-test.notify"
    end()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(20)
        env = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="300000")
        p = subprocess.Popen(
            ["cordond", "--no-xen", "--policy=" + POLICY, "--control=" + CTL,
             "--pidfile=" + PID, "--state-dir=" + STATE, "-vconsole:off"],
            env=env)
        seen = [s.recv(100) for _ in range(4)]
        assert b"READY=1" in seen and seen.count(b"WATCHDOG=1") >= 2
        assert converged()
        p.terminate()
        while s.recv(100) != b"STOPPING=1":
            pass
        assert p.wait(10) == 0
    os.unlink(path)
