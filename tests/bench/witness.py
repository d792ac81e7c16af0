#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cordon witness needs for a frame; runs in the test VM, whose clock
counts instructions, as root.

One guest sends another one UDP, through what cordond has set up for 100 of
them; the witness captures on both. Prints JSON lines:

witness.read.frame.ns  processor time for a frame of a file, `-r`
witness.live.frame.ns  for a frame captured live, the kernel's part included
witness.kept.fps       the most frames a second, of rates that double, of which
                       none was lost in a second on the only processor, which
                       sends and delivers them, too
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../vm/lib"))

import vethagent   # noqa: E402
from shell import line   # noqa: E402

GUESTS = 100
FEW, MANY = 1000, 11000
RATES = [5000 << i for i in range(7)]
BURST = 50
POLICY = """version: 1
tenants:
  acme:
    networks: { net: { vlan: 110, subnets: [10.0.0.0/16] } }
    guests:
""" + "".join(
    '      g%d: { interfaces: [ { mac: "02:00:00:00:00:%02x", '
    'addresses: [10.0.0.%d], network: net, device: v%d } ] }\n'
    % (i, i, i, i) for i in range(1, GUESTS + 1))


def figure(name, value, unit):
    print(json.dumps({"name": name, "value": value, "unit": unit,
                      "budget": None}), flush=True)


def udp():
    """From guest 1 to guest 2."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 46, 0, 0, 64, 17, 0,
                     bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    return (b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + ip
            + struct.pack("!HHHH", 1000, 2000, 26, 0) + bytes(18))


def told(process):
    """What it has told in the end, and its processor time in seconds."""
    text = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    report = json.loads(text.splitlines()[-1])
    assert not report["violations"] and not report["attempts"], report
    assert os.waitstatus_to_exitcode(status) == (2 if report["lost"] else 0)
    return report, used.ru_utime + used.ru_stime


def read(agent, n):
    with tempfile.NamedTemporaryFile() as f:
        f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        frame = udp()
        for _ in range(n):
            f.write(struct.pack("=IIII", 1, 0, len(frame), len(frame)) + frame)
        f.flush()
        report, used = told(subprocess.Popen(
            ["cordon", "--json", "witness", "--policy", agent.policy, "-r",
             f.name, "-i", "acme/g1/0"], stdout=subprocess.PIPE, text=True))
    assert report["frames"] == n, report
    return used


def live(agent, n, rate):
    """How many of 'n' frames it has not seen, its processor time, and how
    many a second there were."""
    process = subprocess.Popen(
        ["cordon", "--control", agent.control, "--json", "witness", "--policy",
         agent.policy], stdout=subprocess.PIPE, text=True)
    index = str(socket.if_nametoindex("v2"))
    while True:
        with open("/proc/net/packet", encoding="ascii") as f:
            if index in [row.split()[4] for row in f.readlines()[1:]]:
                break
        time.sleep(0.05)
    time.sleep(2)       # Until it has opened the others.
    frame = udp()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("p1", 0))
        begin = time.monotonic()
        for i in range(0, n, BURST):
            time.sleep(max(0, begin + i / rate - time.monotonic()))
            for _ in range(BURST):
                s.send(frame)
        took = time.monotonic() - begin
    time.sleep(1)
    process.send_signal(2)
    report, used = told(process)
    # One that comes in, one that is delivered.
    return 2 * n - report["frames"], used, n / took


def main():
    agent = vethagent.Agent("bench-witness")
    for i in range(1, GUESTS + 1):
        vethagent.guest(i)
    agent.start(POLICY)
    figure("witness.read.frame.ns",
           round((read(agent, MANY) - read(agent, FEW)) * 1e9 / (MANY - FEW)),
           "ns")
    lost_few, few, _ = live(agent, FEW, RATES[0])
    lost_many, many, _ = live(agent, MANY, RATES[0])
    assert not lost_few and not lost_many
    figure("witness.live.frame.ns",
           round((many - few) * 1e9 / (2 * (MANY - FEW))), "ns")
    kept = 0
    for rate in RATES:
        lost, _, sent = live(agent, rate, rate)
        if lost or sent < 0.9 * rate:
            break
        kept = rate
    figure("witness.kept.fps", kept, "frames/s")
    line("for i in $(seq %d); do ip link del v$i; done; ip link del cordon0; "
         "nft flush ruleset" % GUESTS, check=False)


if __name__ == "__main__":
    main()
