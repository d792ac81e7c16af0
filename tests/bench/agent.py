#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent costs at 1,000 ports; runs in the test VM as root.

The ports are dummy devices in ten networks. Prints JSON lines:

agent.cold_start.ratio    from the start of cordond to every port open, against
                          `nft -f` of the same rules plus `ip -batch` and
                          `bridge -batch` of the same links, in the same run
agent.one_port.messages   netlink messages written to add a port to 1,000
agent.restart.writes      netlink messages that write, after a restart
agent.memory.mib          peak resident memory of cordond
"""

import json
import os
import subprocess
import sys
import time

from loadable import loadable

PORTS = int(os.environ.get("PORTS", "1000"))
NETWORKS = 10
RUN = "/run/bench"
POLICY = f"{RUN}/policy.yaml"
CONTROL = f"{RUN}/ctl"


def sh(*command, **kwargs):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE, **kwargs).stdout


def batch(program, lines):
    name = f"{RUN}/{program}.batch"
    with open(name, "w") as f:
        f.write("\n".join(lines) + "\n")
    sh(program, "-batch", name)


def mac(i):
    return f"02:00:00:01:{i >> 8:02x}:{i & 255:02x}"


def vlan(i):
    return 100 + i % NETWORKS


def address(i):
    return f"10.{i % NETWORKS}.{1 + i // 250 // NETWORKS}.{1 + i // NETWORKS}"


def write_policy(n):
    lines = ["version: 1", "host: { uplink: up0 }", "tenants:"]
    for t in range(NETWORKS):
        lines += [f"  t{t}:", "    networks:",
                  f"      net: {{ vlan: {100 + t}, subnets: [10.{t}.0.0/16] }}",
                  "    guests:"]
        for i in range(t, n, NETWORKS):
            lines += [f"      g{i}:", "        interfaces:",
                      f"          - {{ mac: \"{mac(i)}\", addresses: "
                      f"[{address(i)}], network: net, device: d{i} }}"]
    with open(POLICY, "w") as f:
        f.write("\n".join(lines) + "\n")


def cordon(*args):
    return json.loads(sh("cordon", "--control", CONTROL, "--json", *args))


def start():
    # Detached, it keeps what it has as standard output.
    subprocess.run(
        ["cordond", "--no-xen", f"--policy={POLICY}", f"--control={CONTROL}",
         f"--pidfile={RUN}/pid", f"--state-dir={RUN}/state", "--detach",
         f"--log-file={RUN}/log"], check=True, stdout=subprocess.DEVNULL)


def apply():
    return cordon("apply", "--timeout", "600", POLICY)


def stop():
    pid = int(open(f"{RUN}/pid").read())
    os.kill(pid, 15)
    while os.path.exists(f"/proc/{pid}"):
        time.sleep(0.01)


def peak_mib():
    pid = int(open(f"{RUN}/pid").read())
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    sys.exit("no VmHWM")


def remove_all():
    sh("ip", "link", "del", "cordon0")
    sh("nft", "flush", "ruleset")
    batch("tc", [f"qdisc del dev d{i} clsact" for i in range(PORTS)]
          + ["qdisc del dev up0 clsact"])


def by_hand():
    """The same rules and links by nft, ip and bridge; returns seconds."""
    rules = f"{RUN}/rules.nft"
    with open(rules, "w") as f:
        f.write(loadable(sh("nft", "list", "ruleset")))
    remove_all()
    begin = time.monotonic()
    sh("ip", "link", "add", "cordon0", "type", "bridge", "vlan_filtering", "1",
       "vlan_default_pvid", "0")
    sh("nft", "-f", rules)
    batch("ip", [f"link set d{i} master cordon0 up" for i in range(PORTS)]
          + ["link set up0 master cordon0 up"])
    batch("bridge", [
        line for i in range(PORTS) for line in (
            f"link set dev d{i} learning off flood off locked on",
            f"vlan add dev d{i} vid {vlan(i)} pvid untagged",
            f"fdb add {mac(i)} dev d{i} master static sticky vlan {vlan(i)}")]
        + [f"vlan add dev up0 vid {100 + t}" for t in range(NETWORKS)])
    return time.monotonic() - begin


def figure(name, value, unit, budget):
    print(json.dumps({"name": name, "value": value, "unit": unit,
                      "budget": budget}), flush=True)


def main():
    os.makedirs(RUN, exist_ok=True)
    batch("ip", [f"link add d{i} type dummy" for i in range(PORTS + 1)]
          + ["link add up0 type dummy"])

    write_policy(PORTS)
    begin = time.monotonic()
    start()
    got = apply()
    cold = time.monotonic() - begin
    states = [p["state"] for p in got["ports"]]
    if states != ["open"] * PORTS:
        sys.exit(f"not all ports opened: {got['ports'][:3]}")
    figure("agent.cold_start.seconds", cold, "virtual s", None)

    stop()
    start()
    apply()
    figure("agent.restart.writes", cordon("show")["writes"], "messages", 0)

    before = cordon("show")
    write_policy(PORTS + 1)
    apply()
    after = cordon("show")
    figure("agent.one_port.messages", after["writes"] - before["writes"],
           "messages", 40)
    figure("agent.one_port.all_messages",
           after["messages"] - before["messages"],
           "messages, dumps included", None)
    figure("agent.memory.mib", peak_mib(), "MiB", 50)
    stop()

    hand = by_hand()
    figure("agent.cold_start.by_hand", hand, "virtual s", None)
    figure("agent.cold_start.ratio", cold / hand, "ratio", 2)


if __name__ == "__main__":
    main()
