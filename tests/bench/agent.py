#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent costs at 1,000 ports; runs in the test VM as root.

The ports are dummy devices in ten networks. Prints JSON lines:

agent.cold_start.ratio    from the start of cordond to every port open, against
                          `nft -f` of the same rules plus `ip -batch` and
                          `bridge -batch` of the same links, in the same run
agent.restart.writes      netlink messages that write, after a restart
agent.idle.cpu            of a second in which nothing changes, what cordond
                          needs
agent.repair.ratio        from a foreign `nft flush ruleset` to the transaction
                          that puts everything back / `nft -f` of the rules;
                          most of both is the kernel's own work
agent.one_port.messages   netlink messages written to add a port to 1,000;
                          transactions of nftables among them; how many more
                          than to add one to 100; and messages that only ask
agent.memory.mib          peak resident memory of cordond

Messages are counted where they go by, on an nlmon device. Times are the least
of three: whenever all wait for a file of the host, the guest's clock jumps.
"""

import json
import os
import shutil
import subprocess
import sys
import time

from loadable import loadable
from netlinks import Monitor, generation

PORTS = int(os.environ.get("PORTS", "1000"))
FEW = max(1, PORTS // 10)
NETWORKS = 10
TRIES = 3
GROUP = "77"
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


def fresh(devices=PORTS + 1):
    """Nothing but new devices that nobody has touched."""
    for command in (("nft", "flush", "ruleset"),
                    ("ip", "link", "del", "cordon0"),
                    ("ip", "link", "del", "group", GROUP)):
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    batch("ip", [f"link add {name} group {GROUP} type dummy" for name in
                 ["up0"] + [f"d{i}" for i in range(devices)]])


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


def warm():
    """Reads the programs once: while the guest waits for a file of the host,
    its clock runs on to the next timer."""
    for program in ("cordond", "cordon", "nft", "ip", "bridge", "tc"):
        path = shutil.which(program)
        files = [word for word in sh("ldd", path).split() if word[0] == "/"]
        for name in [path] + files:
            with open(name, "rb") as f:
                f.read()
        subprocess.run([path, "-V" if program in ("ip", "bridge", "tc")
                        else "--version"], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def settled(ports):
    """Applies the policy; ends if not all of its ports open."""
    got = apply()
    states = [p["state"] for p in got["ports"]]
    if states != ["open"] * ports:
        sys.exit(f"not all ports opened: {got['ports'][:3]}")


def opened(ports):
    """Waits until so many are open, without asking for anything to be done,
    as settled() does."""
    while cordon("show")["open"] != ports:
        time.sleep(0.05)


def busy():
    """CPU time of cordond so far, in seconds."""
    pid = int(open(f"{RUN}/pid").read())
    return int(open(f"/proc/{pid}/schedstat").read().split()[0]) / 1e9


def idle():
    """What it needs of a second."""
    time.sleep(3)
    before, begin = busy(), time.monotonic()
    time.sleep(20)
    return (busy() - before) / (time.monotonic() - begin)


def hooks():
    return sh("nft", "list", "chains", "netdev").count("hook ")


def next_generation(last):
    while True:
        now = generation()
        if now != last:
            return now, time.monotonic()
        time.sleep(0.002)


def repair():
    """Seconds from a foreign flush to the repair."""
    before, whole = generation(), hooks()
    with subprocess.Popen(["nft", "flush", "ruleset"]):
        flushed, begin = next_generation(before)
    _, end = next_generation(flushed)
    if hooks() != whole:
        sys.exit("one transaction has not repaired everything")
    settled(PORTS)
    return end - begin


def one_port(ports):
    """Messages for a port more than 'ports'."""
    with Monitor() as monitor:
        settled(ports)
        monitor.count()
        write_policy(ports + 1)
        settled(ports + 1)
        count = monitor.count()
    if not count.writes:
        sys.exit("no message was seen")
    return count


def restart():
    """Messages that write after one."""
    stop()
    with Monitor() as monitor:
        start()
        settled(PORTS)
        count = monitor.count()
    if not count.reads or cordon("show")["writes"]:
        sys.exit("no message was seen, or the agent says that it wrote")
    return count.writes


def cold_start():
    """Seconds from nothing to all ports open; leaves the agent running."""
    write_policy(PORTS)
    seconds = []
    for i in range(TRIES):
        if i:
            stop()
        fresh()
        begin = time.monotonic()
        start()
        opened(PORTS)
        seconds.append(time.monotonic() - begin)
    return min(seconds)


def rules():
    """The file with what is loaded now."""
    name = f"{RUN}/rules.nft"
    with open(name, "w") as f:
        f.write(loadable(sh("nft", "list", "ruleset")))
    return name


def by_hand(name):
    """The same rules and links by nft, ip and bridge; returns seconds, of all
    and of nft alone."""
    fresh()
    begin = time.monotonic()
    sh("ip", "link", "add", "cordon0", "type", "bridge", "vlan_filtering", "1",
       "vlan_default_pvid", "0")
    start_rules = time.monotonic()
    sh("nft", "-f", name)
    rules_done = time.monotonic()
    batch("ip", [f"link set d{i} master cordon0 up" for i in range(PORTS)]
          + ["link set up0 master cordon0 up"])
    batch("bridge", [
        line for i in range(PORTS) for line in (
            f"link set dev d{i} learning off flood off locked on",
            f"vlan add dev d{i} vid {vlan(i)} pvid untagged",
            f"fdb add {mac(i)} dev d{i} master static sticky vlan {vlan(i)}")]
        + [f"vlan add dev up0 vid {100 + t}" for t in range(NETWORKS)])
    return time.monotonic() - begin, rules_done - start_rules


def figure(name, value, unit, budget):
    print(json.dumps({"name": name, "value": value, "unit": unit,
                      "budget": budget}), flush=True)


def main():
    os.makedirs(RUN, exist_ok=True)
    warm()
    cold = cold_start()
    figure("agent.cold_start.seconds", cold, "virtual s", None)
    figure("agent.restart.writes", restart(), "messages", 0)
    figure("agent.idle.cpu", idle(), "s a virtual s", None)
    repaired = min(repair() for _ in range(TRIES))
    figure("agent.repair.seconds", repaired, "virtual s", None)

    many = one_port(PORTS)
    figure("agent.one_port.messages", many.writes, "messages", 40)
    figure("agent.one_port.transactions", many.transactions, "of nftables", 1)
    figure("agent.one_port.reads", many.reads, "messages that ask", None)
    figure("agent.memory.mib", peak_mib(), "MiB", 50)
    name = rules()
    stop()

    times = [by_hand(name) for _ in range(TRIES)]
    hand = min(whole for whole, _ in times)
    figure("agent.cold_start.by_hand", hand, "virtual s", None)
    figure("agent.repair.ratio", repaired / min(nft for _, nft in times),
           "ratio", 2)
    figure("agent.cold_start.ratio", cold / hand, "ratio", 2)

    fresh()
    write_policy(FEW)
    start()
    settled(FEW)
    few = one_port(FEW)
    figure(f"agent.one_port.more_than_at_{FEW}", many.writes - few.writes,
           "messages", 0)
    stop()


if __name__ == "__main__":
    main()
