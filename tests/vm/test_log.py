# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of dropped frames: a tenant that wants one has a line for each frame
that its ports drop, decoded, with the reason and what of the policy is behind
it; others have none, and nothing is there while nobody wants one."""

import json
import os
import signal
import socket
import struct
import subprocess
import time

import pytest

import guard
from shell import line as sh

CTL = "/run/log-test/ctl"
PID = "/run/log-test.pid"
POLICY = "/tmp/log-test.yaml"
AGENT_LOG = "/out/log-test.log"
ROTATE = os.path.join(os.path.dirname(__file__),
                      "../../scripts/cordon.logrotate")
DROPS = "/run/log-test.drops/drops.jsonl"
GROUP = 0x636f

MAC = {d: bytes([2, 0, 0, 0, 0, i]) for i, d in enumerate("abcde", 1)}
IP = {d: "10.0.0.%d" % i for i, d in enumerate("abcde", 11)}
TENANT = {"a": "acme", "b": "acme", "c": "globex", "d": "globex"}

INTERFACE = ('{ mac: "02:00:00:00:00:0%d", addresses: [10.0.0.%d], '
             'network: net, device: v%s%s }')


def policy(log=True, kind="nftables"):
    def interface(d, more=""):
        return INTERFACE % (MAC[d][5], 10 + MAC[d][5], d, more)
    rules = """
    groups:
      web:
        ingress: [ { allow: udp, ports: [80], from: any } ]
      db:
        ingress: [ { allow: udp, ports: [5432], from: any } ]
"""
    joins = ", groups: [web, db]"
    return """version: 1
host: { guard: %s }
tenants:
  acme:%s
    networks: { net: { vlan: 110, subnets: [10.0.0.0/24] } }%s
    guests:
      a: { interfaces: [ %s ] }
      b: { interfaces: [ %s ] }
  globex:
    networks: { net: { vlan: 120, subnets: [10.0.0.0/24] } }%s
    guests:
      c: { interfaces: [ %s ] }
      d: { interfaces: [ %s ] }
""" % (kind, "\n    log: true" if log else "", rules, interface("a"),
       interface("b", joins), rules, interface("c"), interface("d", joins))


def cordon(*words):
    r = subprocess.run(["cordon", "--control", CTL, "--json", *words],
                       capture_output=True, text=True)
    assert r.returncode == 0, (words, r.stdout, r.stderr)
    return json.loads(r.stdout)


def wait(condition, seconds=20):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "not in %s s" % seconds
        time.sleep(0.02)


def pid():
    with open(PID, encoding="ascii") as f:
        return int(f.read())


def apply(**words):
    with open(POLICY, "w", encoding="ascii") as f:
        f.write(policy(**words))
    assert cordon("apply", POLICY)["converged"]


def lines():
    """What has been logged, and what has not: frames, sums."""
    try:
        with open(DROPS, encoding="ascii") as f:
            all_ = [json.loads(line) for line in f if line.endswith("\n")]
    except FileNotFoundError:
        all_ = []
    return ([x for x in all_ if "not_logged" not in x],
            [x for x in all_ if "not_logged" in x])


def listens():
    """True if the agent listens to its group."""
    try:
        with open("/proc/net/netfilter/nfnetlink_log", encoding="ascii") as f:
            return any(int(line.split()[0]) == GROUP for line in f)
    except FileNotFoundError:
        return False            # The kernel has not loaded it yet.


def send(device, frame, times=1):
    """The frame of a guest: into the other end of its device."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("p" + device, 0))
        for _ in range(times):
            s.send(frame)


def drops(port, reason):
    return sum(d["packets"] for d in cordon("show", "drops")["drops"]
               if d["port"] == port and d["reason"] == reason)


def send_dropped(device, frame, reason, times=1, port=None):
    """The same, and waits until all have been counted as dropped."""
    name = port or "%s/%s/0" % (TENANT[device], device)
    before = drops(name, reason)
    send(device, frame, times)
    wait(lambda: drops(name, reason) >= before + times)
    assert drops(name, reason) == before + times


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def udp(src, dst, source=None, mac=None, port=9000):
    payload = b"secret" * 40
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64,
                       17, 0, socket.inet_aton(source or IP[src]),
                       socket.inet_aton(IP[dst]))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return (MAC[dst] + (mac or MAC[src]) + b"\x08\x00" + head
            + struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload)


@pytest.fixture(scope="module", autouse=True)
def agent():
    for d in "abcd":
        sh("ip link add v%s type veth peer name p%s && "
           "sysctl -qw net.ipv6.conf.p%s.disable_ipv6=1 && "
           "ip link set p%s arp off up" % (d, d, d, d))
    with open(POLICY, "w", encoding="ascii") as f:
        f.write(policy(log=False))
    subprocess.run(["cordond", "--no-xen", "--policy=" + POLICY,
                    "--control=" + CTL, "--pidfile=" + PID,
                    "--state-dir=/run/log-test.state", "--detach",
                    "--log-file=" + AGENT_LOG, "--drop-log=" + DROPS,
                    "-vconsole:off"], check=True)
    yield
    os.kill(pid(), signal.SIGTERM)
    sh("".join("ip link del v%s;" % d for d in "abcd")
       + "ip link del cordon0; nft flush ruleset", check=False)


@pytest.fixture(autouse=True)
def fresh():
    """Each test begins with a log that nobody has written to, after what the
    test before has left untold has been told."""
    apply(log=False)
    wait(lambda: not listens())
    if os.path.exists(DROPS):
        os.unlink(DROPS)


@pytest.fixture(params=["nftables", "module"])
def which(request):
    """A guard. The module is there only for the tests that use it."""
    if request.param == "module":
        if not os.path.exists(guard.MODULE):
            pytest.skip("no module in this machine")
        guard.load()
        # Its counters are others: they begin before the log does.
        apply(log=False, kind="module")
    yield request.param
    if request.param == "module":
        apply(log=False)
        guard.unload()


def only_line(reason, n=1):
    """The only line about drops for a reason; or none. That there is no sum
    of them is certain once sums are told: of a flood for another reason."""
    wait(lambda: len(lines()[0]) >= n)
    send_dropped("a", udp("a", "b", mac=MAC["e"]), "spoofed-mac", 200)
    wait(lambda: lines()[1])
    frames, sums = lines()
    assert {s["reason"] for s in sums} == {"spoofed-mac"}
    frames = [x for x in frames if x["reason"] != "spoofed-mac"]
    assert [x["reason"] for x in frames] == [reason] * n
    return frames[0] if n else None


def test_one_line(which):
    apply(kind=which)
    send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip")
    send_dropped("c", udp("c", "d", source="10.0.0.99"), "spoofed-ip")
    send("c", udp("c", "d", port=80))
    line = only_line("spoofed-ip")
    assert line.pop("time")[10] == "T"
    where = line.pop("where")
    assert where == POLICY + ":%d" % next(
        i for i, text in enumerate(policy().splitlines(), 1)
        if "device: va" in text)
    assert line == {
        "tenant": "acme", "guest": "a", "port": "acme/a/0", "device": "va",
        "direction": "egress", "reason": "spoofed-ip",
        "source_mac": "02:00:00:00:00:01",
        "destination_mac": "02:00:00:00:00:02",
        "ethertype": "ipv4", "source": "10.0.0.99",
        "destination": "10.0.0.12", "protocol": "udp",
        "source_port": 40000, "destination_port": 9000}
    with open(DROPS, encoding="ascii") as f:
        assert "secret" not in f.read()
    assert os.stat(DROPS).st_mode & 0o777 == 0o600


def test_to_guest():
    """What a guest is not to get is logged at its own port: here the MAC is
    right, the address is not."""
    apply()
    frame = udp("a", "b", port=80)
    frame = frame[:30] + socket.inet_aton("10.0.0.77") + frame[34:]
    send_dropped("a", frame, "not-addressed", port="acme/b/0")
    wait(lambda: lines()[0])
    line, = lines()[0]
    assert (line["port"], line["direction"], line["reason"]) \
        == ("acme/b/0", "ingress", "not-addressed")
    assert (line["source"], line["destination"]) == (IP["a"], "10.0.0.77")
    assert line["source_mac"] == "02:00:00:00:00:01"


def test_tagged():
    apply()
    frame = udp("a", "b")
    send_dropped("a", frame[:12] + b"\x81\0\0\xc8" + frame[12:], "tagged")
    wait(lambda: lines()[0])
    line, = lines()[0]
    assert (line["reason"], line["vlan"], line["ethertype"],
            line["destination_port"]) == ("tagged", 200, "ipv4", 9000)


def test_groups():
    apply()
    send_dropped("a", udp("a", "b", port=22), "group-ingress", port="acme/b/0")
    send_dropped("c", udp("c", "d", port=22), "group-ingress",
                 port="globex/d/0")
    send("a", udp("a", "b", port=80))
    line = only_line("group-ingress")
    assert line["rule"] in ("no rule of groups db, web allows it",
                            "no rule of groups web, db allows it")
    assert line["where"] == POLICY + ":%d" % next(
        i for i, text in enumerate(policy().splitlines(), 1)
        if text.strip() == line["rule"].split()[4].rstrip(",") + ":")
    assert (line["tenant"], line["port"], line["direction"], line["reason"],
            line["destination_port"]) \
        == ("acme", "acme/b/0", "ingress", "group-ingress", 22)


def test_flood():
    """Of a flood some frames are logged, and how many are not is told."""
    apply()
    send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip", 2000)

    def told():
        frames, sums = lines()
        return len(frames) + sum(s["not_logged"] for s in sums) >= 2000
    wait(told)
    frames, sums = lines()
    assert 10 <= len(frames) <= 200
    assert len(frames) + sum(s["not_logged"] for s in sums) == 2000
    for s in sums:
        assert (s["tenant"], s["port"], s["reason"]) \
            == ("acme", "acme/a/0", "spoofed-ip")


def test_others(which):
    """What others send to a guest does not keep out of the log what it sends
    itself."""
    apply(kind=which)
    frame = udp("a", "b", port=80)
    send("a", frame[:30] + socket.inet_aton("10.0.0.77") + frame[34:], 300)
    send("b", udp("b", "a", source="10.0.0.99"), 5)

    def of(direction, reason):
        return [x for x in lines()[0]
                if (x["port"], x["direction"], x["reason"])
                == ("acme/b/0", direction, reason)]
    wait(lambda: len(of("egress", "spoofed-ip")) == 5)
    assert 1 <= len(of("ingress", "not-addressed")) < 100


def test_off():
    """Without a tenant that logs, nothing of it is in the kernel."""
    def rules():
        return sh("nft -s -t list ruleset")
    apply(log=False)
    before = rules()
    assert " log " not in before and not listens()
    apply()
    assert rules().count("set logged") == 4
    assert " group %d " % GROUP in rules()
    for table in ("netdev", "bridge"):
        devices = sh("nft list set %s cordon logged" % table)
        assert "va" in devices and "vb" in devices
        assert "vc" not in devices and "vd" not in devices
    wait(listens)
    apply(log=False)
    assert rules() == before
    assert cordon("diff")["changes"] == []
    wait(lambda: not listens())
    send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip")
    assert not os.path.exists(DROPS)
    # What was dropped then is not told of later, either.
    apply()
    wait(listens)
    assert only_line("spoofed-ip", 0) is None


def test_reopen():
    """SIGHUP after the file has been moved: lines go to a new one."""
    apply()
    send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip")
    wait(lambda: lines()[0])
    os.rename(DROPS, DROPS + ".1")
    os.kill(pid(), signal.SIGHUP)
    wait(lambda: cordon("show")["state"] == "converged")
    send_dropped("a", udp("a", "b", mac=MAC["e"]), "spoofed-mac")
    wait(lambda: lines()[0])
    assert [x["reason"] for x in lines()[0]] == ["spoofed-mac"]
    os.unlink(DROPS + ".1")


def test_rotate():
    """By logrotate, as it is installed: the agent goes on, in an empty file;
    what is there already is kept once."""
    conf, state = "/run/log-test.rotate", "/run/log-test.rotated"
    with open(ROTATE, encoding="ascii") as f:
        text = f.read()
    assert "/var/log/cordon/drops.jsonl {" in text
    with open(conf, "w", encoding="ascii") as f:
        f.write(text.replace("/var/log/cordon/drops.jsonl", DROPS))
    os.chmod(conf, 0o644)
    rotate = "logrotate --state %s %%s %s" % (state, conf)
    sh(rotate % "")             # Nothing to do.
    assert not os.path.exists(DROPS)
    apply()
    send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip")
    wait(lambda: lines()[0])
    inode = os.stat(DROPS).st_ino
    sh(rotate % "--force")
    with open(DROPS + ".1", encoding="ascii") as f:
        assert [json.loads(x)["reason"] for x in f] == ["spoofed-ip"]
    assert lines() == ([], [])
    send_dropped("a", udp("a", "b", mac=MAC["e"]), "spoofed-mac")
    wait(lambda: lines()[0])
    assert [x["reason"] for x in lines()[0]] == ["spoofed-mac"]
    assert os.stat(DROPS).st_ino == inode
    os.unlink(DROPS + ".1")


def test_full():
    """A file that takes nothing costs the log, and nothing else."""
    apply()
    os.makedirs(os.path.dirname(DROPS), exist_ok=True)
    os.symlink("/dev/full", DROPS)
    try:
        send_dropped("a", udp("a", "b", source="10.0.0.99"), "spoofed-ip", 20)
        with open(AGENT_LOG, encoding="utf-8") as f:
            wait(lambda: "dropped frames are not logged" in f.read())
        assert cordon("show")["state"] == "converged"
    finally:
        os.unlink(DROPS)
    os.kill(pid(), signal.SIGHUP)
    wait(lambda: lines()[0])
    assert {x["reason"] for x in lines()[0]} == {"spoofed-ip"}
