# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon witness on a host: while the guards hold, what guests try is seen,
and nothing of it is delivered; once somebody has opened the host, it is seen
that it is. Its own process may do nothing but read."""

import json
import os
import signal
import socket
import struct
import subprocess
import time

import pytest

import vethagent
from shell import line as sh

AGENT = vethagent.Agent("witness-test")
CTL, POLICY = AGENT.control, AGENT.policy

MAC = {d: bytes([2, 0, 0, 0, 0, i]) for i, d in enumerate("abc", 1)}
IP = {d: "10.0.0.%d" % i for i, d in enumerate("abc", 11)}
INTERFACE = ('{ interfaces: [ { mac: "02:00:00:00:00:0%d", '
             'addresses: [10.0.0.%d], network: net, device: v%s } ] }')
TEXT = """version: 1
tenants:
  acme:
    networks: { net: { vlan: 110, subnets: [10.0.0.0/24] } }
    guests:
      a: %s
      b: %s
  globex:
    networks: { net: { vlan: 120, subnets: [10.0.0.0/24] } }
    guests: { c: %s }
""" % tuple(INTERFACE % (MAC[d][5], 10 + MAC[d][5], d) for d in "abc")


def udp(src, dst, source=None):
    packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 36, 0, 0, 64, 17, 0,
                         socket.inet_aton(source or IP[src]),
                         socket.inet_aton(IP[dst]))
    return (MAC[dst] + MAC[src] + b"\x08\x00" + packet
            + struct.pack("!HHHH", 1000, 2000, 16, 0) + bytes(8))


def send(device, frame, times=1):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("p" + device, 0))
        for _ in range(times):
            s.send(frame)


@pytest.fixture(scope="module", autouse=True)
def agent():
    for d in "abc":
        vethagent.guest(d)
    AGENT.start(TEXT)
    yield
    sh("ip link del va; ip link del vb; ip link del vc; "
       "ip link del cordon0; nft flush ruleset", check=False)


class Witness:
    """Runs while frames are sent; then it has a status and lines."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            ["cordon", "--control", CTL, "--json", "witness", "--policy",
             POLICY, *words], stdout=subprocess.PIPE, text=True)

    def captures(self):
        """Inodes of packet sockets that are bound to the ports."""
        ports = {str(socket.if_nametoindex("v" + d)) for d in "abc"}
        with open("/proc/net/packet", encoding="ascii") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return [r for r in rows if r[4] in ports and r[3] == "0003"]

    def children(self):
        return sh("cat /proc/%d/task/%d/children" % (
            self.process.pid, self.process.pid)).split()

    def __enter__(self):
        for _ in range(1000):
            if self.children() and len(self.captures()) >= 2:
                break
            time.sleep(0.02)
        else:
            raise AssertionError("captures nothing")
        return self

    def __exit__(self, *error):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        out = [json.loads(x) for x in
               self.process.communicate(timeout=60)[0].splitlines()]
        self.status = self.process.returncode
        self.found, self.summary = out[:-1], out[-1]

    def told(self):
        return [(f["verdict"], f["device"], f["way"], f["reason"])
                for f in self.found]


def test_attempts_are_reconciled_with_what_the_guard_dropped():
    with Witness() as w:
        send("a", udp("a", "b"), 5)
        send("a", udp("a", "b", source="10.0.0.99"), 3)
        send("b", udp("b", "a"), 5)
    assert w.told() == [("attempt", "va", "from-guest", "spoofed-ip")] * 3
    assert w.status == 0 and w.summary["violations"] == 0
    assert w.summary["lost"] == 0
    # Each good frame is seen where it enters and where it is delivered.
    assert w.summary["frames"] == 2 * 10 + 3
    (row,) = w.summary["forbidden"]
    assert (row["frames"], row["guard_counted"]) == (3, 3)


def test_only_the_port_that_was_asked_for():
    with Witness("-i", "vb") as w:
        send("a", udp("a", "b"))
        send("a", udp("a", "b", source="10.0.0.99"))
    assert (w.told(), w.summary["frames"], w.status) == ([], 1, 0)


def test_the_reader_has_no_privileges():
    with Witness() as w:
        (reader,) = w.children()
        with open("/proc/%s/status" % reader, encoding="ascii") as f:
            status = dict(line.split(":", 1) for line in f)
    for field in ("CapEff", "CapPrm", "CapBnd", "CapInh"):
        assert int(status[field], 16) == 0, field
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Groups"].split() == []
    assert status["Seccomp"].strip() == "2"
    assert status["NoNewPrivs"].strip() == "1"
    assert w.status == 0


def test_a_device_that_goes():
    """Is said; that all held is not known then."""
    sh("ip link add vx type veth peer name px; ip link set vx up")
    with open(POLICY, encoding="ascii") as f:
        text = f.read().replace("device: vc", "device: vx")
    path = "/tmp/witness-test-x.yaml"
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    process = subprocess.Popen(
        ["cordon", "--control", CTL, "witness", "--policy", path, "-i", "vx"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(1000):
        with open("/proc/net/packet", encoding="ascii") as f:
            index = str(socket.if_nametoindex("vx"))
            if any(x.split()[4] == index for x in f.readlines()[1:]):
                break
        time.sleep(0.02)
    time.sleep(0.5)
    sh("ip link del vx")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "vx" in err


def test_a_host_that_was_opened(tmp_path):
    """The twin: the same frames once the guards are gone."""
    os.kill(AGENT.pid(), signal.SIGKILL)
    sh("nft flush ruleset")
    sh("for d in a b c; do tc qdisc del dev v$d clsact; "
       "bridge link set dev v$d locked off flood on learning on; "
       "done", check=False)
    sh("bridge vlan add dev vc vid 110 pvid untagged")
    kept = str(tmp_path / "kept.pcap")
    os.chmod(tmp_path, 0o755)
    with Witness("-w", kept) as w:
        send("a", udp("a", "b", source="10.0.0.99"))
        send("a", udp("a", "b"))
        send("c", udp("c", "b"))
    assert w.status == 1
    violations = [x for x in w.told() if x[0] == "violation"]
    assert ("violation", "vb", "to-guest", "not-addressed") not in violations
    assert ("violation", "vb", "to-guest", "spoofed-ip") in violations
    assert ("violation", "vb", "to-guest", "wrong-segment") in violations
    with open(kept, "rb") as f:
        data = f.read()
    assert udp("a", "b", source="10.0.0.99") in data
    assert udp("c", "b") in data
    assert udp("a", "b") not in data
