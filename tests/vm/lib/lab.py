# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with cordon on it and guests that send: for the scenarios.

The cast is the corpus' (tests/corpus): A and P of tenant acme on VLAN 100, B
of globex on 200, behind devices vifA, vifP, vifB; the trunk's far end is in
namespace "trunk". A Lab's policy is a dict; traffic is made and counted by
tools/traffic.c, whose frames bear a stream's letter and a number each.
"""

import copy
import ctypes
import json
import mmap
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys

from daemon import Daemon
from netns import inside, link_info
from shell import CommandError, quiesce, sh, sysctl, until

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "corpus")]

import product                      # noqa: E402
from bed import Bed, checksum, host_received     # noqa: E402,F401
from model import cast              # noqa: E402

TOOLS = TESTS / "vm" / "tools"
MAC = {"A": cast.MAC_A, "P": cast.MAC_P, "B": cast.MAC_B, "G": cast.MAC_G}
IP = {"A": "10.0.0.10", "P": "10.0.0.12", "B": "10.0.0.11", "G": "10.0.0.1"}
VLAN = {"A": cast.VLAN_A, "P": cast.VLAN_A, "B": cast.VLAN_B}
DEVICE = product.DEVICES
BRIDGE = product.BRIDGE
UPLINK = product.UPLINK
BROADCAST = b"\xff" * 6
PORT = {"A": "acme/a/0", "P": "acme/p/0", "B": "globex/b/0"}


def tool(name, source, *flags):
    """A program of tools/, built beforehand by `make check-vm` or now."""
    built = shutil.which(name, path="/cordon/bin:/tmp")
    if built:
        return built
    sh(["gcc", "-O1", "-D_GNU_SOURCE", *flags, "-o", "/tmp/" + name,
        str(TOOLS / source)])
    return "/tmp/" + name


# Frames.

def mark(stream):
    """What traffic numbers and counts by."""
    return b"CDN!" + stream.encode() + bytes(7)


def udp(src, dst, src_ip, dst_ip, stream, room=0):
    """An IPv4 UDP frame with a mark; MACs are bytes or a name of the cast's.
    At least 60 bytes long."""
    payload = mark(stream) + bytes(max(room, 6))
    segment = struct.pack("!HHHH", 40000, 9000, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64,
                       17, 0)
    ends = socket.inet_aton(src_ip) + socket.inet_aton(dst_ip)
    return (MAC.get(dst, dst) + MAC.get(src, src) + b"\x08\x00" + head[:10]
            + checksum(head + ends) + ends + segment)


def unicast(src, dst, stream):
    return udp(src, dst, IP[src], IP[dst], stream)


def beacon(src, stream):
    """A broadcast that a guest may send."""
    return udp(src, BROADCAST, IP[src], "255.255.255.255", stream)


def arp(src, stream, sha=None, spa=None, tpa="10.0.0.1"):
    """A broadcast ARP request, the mark in its padding."""
    sha, spa = sha or MAC[src], spa or IP[src]
    return (BROADCAST + MAC[src] + b"\x08\x06"
            + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + sha
            + socket.inet_aton(spa) + bytes(6) + socket.inet_aton(tpa)
            + mark(stream) + bytes(6))


def spoofs(stream, src="A"):
    """What a guest must never get out: MAC, IP and ARP of others, tags."""
    plain = udp(src, "P", IP[src], IP["P"], stream)
    other = MAC["A" if src == "B" else "B"]
    return [udp(other, BROADCAST, IP[src], "255.255.255.255", stream),
            udp(MAC["G"], "P", IP["G"], IP["P"], stream),
            udp(src, "P", IP["G"], IP["P"], stream),
            arp(src, stream, spa=IP["G"]), arp(src, stream, sha=MAC["G"]),
            plain[:12] + b"\x81\0\0\xc8" + plain[12:],
            plain[:12] + b"\x81\0\0\0" + plain[12:],
            b"\x01\x80\xc2\0\0\x0e" + MAC[src] + b"\x88\xcc" + mark(stream)
            + bytes(40)]


def tagged(vlan, frame):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


# Traffic.

class _Traffic:
    """One process of traffic.c. Senders have a lower priority: guests have
    processors of their own."""

    def __init__(self, ns, *words, stdin=None):
        nice = ["nice", "-n", "5"] if stdin else []
        with inside(ns):
            self.process = subprocess.Popen(
                [*nice, tool("traffic", "traffic.c", "-static"), *words],
                text=True,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE)
        if stdin:
            self.process.stdin.write(stdin)
            self.process.stdin.close()
        assert self.process.stdout.readline() == "ready\n"

    def report(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self):
        """Ends it; its last report."""
        if self.process.poll() is not None:
            return None
        self.process.terminate()
        line = self.process.stdout.readline()
        self.process.wait(10)
        self.process.stdout.close()
        return json.loads(line)


class Sender(_Traffic):
    """Sends frames in turn until it is stopped."""

    def __init__(self, link, frames, ns=None, usec=0, tap=False):
        super().__init__(ns, "tap" if tap else "send", link, str(usec),
                         stdin="".join(f.hex() + "\n" for f in frames))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def wait_sent(self, more, stream=None):
        """Wait until that many more were taken by the kernel."""
        def sent():
            got = self.report()
            return got["streams"].get(stream, 0) if stream else got["sent"]
        start = sent()
        until(lambda: sent() >= start + more, "%d frames sent" % more, 60,
              every=0.05)


class Watcher(_Traffic):
    """Counts what arrives on a link from the moment that it is made."""

    def __init__(self, link, ns=None, promiscuous=True):
        super().__init__(ns, "watch", link, *([] if promiscuous
                                              else ["host"]))


class Seen:
    """What watchers of several places have seen, at one moment."""

    def __init__(self, reports):
        self.reports = reports
        for place, report in reports.items():
            assert not report["overrun"], "%s: the test itself lost frames" \
                % place

    def rows(self, stream=None, place=None):
        return [dict(row, place=p) for p, report in self.reports.items()
                for row in report["streams"]
                if (stream is None or row["stream"] in stream)
                and (place is None or p == place)]

    def got(self, stream, place=None):
        return sum(row["got"] for row in self.rows(stream, place))

    def missing(self, stream, place):
        return sum(row["missing"] for row in self.rows(stream, place))

    def others(self):
        return {p: report["other"] for p, report in self.reports.items()
                if report["others"]}


class Watch:
    """Watchers at every guest, on the trunk and on the bridge device."""

    def __init__(self, places):
        self.watchers = {p: Watcher(link, ns, promiscuous)
                         for p, (link, ns, promiscuous) in places.items()}
        self.sent = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for watcher in self.watchers.values():
            watcher.stop()

    def seen_after(self, senders):
        """Stops the senders; what was seen once all of it has arrived. What
        was sent is in 'sent', by stream."""
        self.sent = {}
        for sender in senders:
            for stream, n in sender.stop()["streams"].items():
                self.sent[stream] = self.sent.get(stream, 0) + n
        return self.seen()

    def seen(self):
        quiesce()
        return Seen({p: w.report() for p, w in self.watchers.items()})


# The agent.

class Fault:
    """What tools/fault.c does to the agent's netlink messages."""

    FIELDS = ("armed", "writes", "at", "sticky", "action", "error", "seen",
              "done")
    NONE, ERROR, REFUSE, STOP, KILL = range(5)
    PATH = "/tmp/fault"

    def __init__(self):
        with open(self.PATH, "wb") as f:
            f.write(bytes(4096))
        with open(self.PATH, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)
        self.environment = {
            "FAULT": self.PATH,
            "LD_PRELOAD": tool("fault.so", "fault.c", "-shared", "-fPIC")}

    def __getattr__(self, name):
        at = 4 * self.FIELDS.index(name)
        return struct.unpack_from("I", self.map, at)[0]

    def set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("I", self.map, 4 * self.FIELDS.index(name),
                             int(value))

    def arm(self, at, action, error=0, sticky=False, writes=False):
        self.set(armed=0)
        self.set(at=at, action=action, error=error, sticky=sticky,
                 writes=writes, seen=0, done=0)
        self.set(armed=1)

    def disarm(self):
        self.set(armed=0)


class Agent(product.Cordon):
    """cordond; its log is in /out/cordond.log."""

    def __init__(self, environment=None, options=()):
        super().__init__("linux")
        self.environment = environment
        self.options = list(options)

    def write(self, doc):
        """Replaces the policy file at once, as a careful editor does."""
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            f.write(json.dumps(doc, indent=1))
        os.rename(self.path + ".new", self.path)

    def launch(self):
        """Starts it and does not wait."""
        if self.daemon is None:
            self.daemon = Daemon("cordond", [
                "cordond", "--no-xen", "--policy=" + self.path,
                "--control=" + product.CONTROL,
                "--pidfile=" + product.RUN + "/pid",
                "--state-dir=" + product.RUN + "/state", *self.options],
                env=self.environment)
        self.daemon.start()

    def begin(self, doc):
        """Starts it with a policy; ready when its ports are open."""
        self.write(doc)
        self.launch()
        self.wait_open()

    def call(self, method, *words, timeout=90):
        """(exit status, what it prints) of a method of the control socket;
        None as status if nobody answers."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            try:
                s.connect(product.CONTROL)
                s.sendall(json.dumps({
                    "method": method, "params": ["json", *words],
                    "id": 0}).encode())
                data = b""
                while more := s.recv(1 << 16):
                    data += more
                    if data.endswith(b"}"):
                        try:
                            reply = json.loads(data)
                        except ValueError:
                            continue
                        return (reply["result"]["status"],
                                reply["result"]["output"])
            except (ConnectionError, FileNotFoundError, TimeoutError):
                pass
        return None, ""

    def cordon(self, *words, check=True):
        code, text = self.call(*words)
        if check:
            assert code in (0, 1), text
        return json.loads(text) if code in (0, 1) and text else {}

    def ports(self):
        """{device: {"state", "why"...}}."""
        return {p.get("device"): p
                for p in self.cordon("show", "ports", check=False)
                .get("ports", [])}

    def state(self, device):
        return self.ports().get(device, {}).get("state")

    def wait_state(self, device, state, timeout=20):
        return until(lambda: self.state(device) == state
                     and self.ports()[device],
                     "%s is %s (%s)" % (device, state, self.ports()),
                     timeout)

    def wait_open(self, *devices, timeout=60):
        """Wait until these ports are open; without any, all there are."""
        def opened():
            assert self.daemon.alive(), self.daemon.log()[-3000:]
            ports = self.ports()
            wanted = devices or [d for d, p in ports.items()
                                 if p["state"] != "absent"]
            return wanted and all(d in ports and ports[d]["state"] == "open"
                                  and product.forwards(d) for d in wanted)
        try:
            until(opened, "ports are open", timeout)
        except AssertionError as e:
            raise AssertionError("%s\n%s\n%s" % (
                e, self.ports(), self.daemon.log()[-3000:])) from None

    def settled(self, timeout=20):
        """Wait until the kernel holds all that is wanted."""
        return until(lambda: self.summary().get("state") == "converged"
                     and self.summary(), "converged", timeout)

    def summary(self):
        return self.cordon("show", check=False)

    def reload(self, doc):
        """Replaces the policy and waits until it holds."""
        self.write(doc)
        code, text = self.call("apply", "60", self.path)
        assert code == 0, text

    def hangup(self):
        self.daemon.signal(signal.SIGHUP)


# The host.

class Lab(Bed):
    def __init__(self):
        super().__init__()
        self.macs = dict(MAC)
        self.doc = policy()
        self.agent = None
        self.fault = Fault()
        self.extra = []
        sysctl("net.core.netdev_max_backlog", 100000)

    def start(self, options=()):
        """The agent, with the fault library in it, disarmed."""
        self.fault.disarm()
        self.agent = Agent(self.fault.environment, options)
        self.agent.begin(self.doc)

    def places(self):
        places = {n: ("eth0", "g" + n, True) for n in DEVICE
                  if link_info("eth0", "g" + n)}
        places["uplink"] = ("eth0", "trunk", True)
        places["H"] = (BRIDGE, None, False)
        return places

    def watch(self):        # pylint: disable=arguments-differ
        """A Watch on everybody who is plugged in now."""
        return Watch(self.places())

    def send(self, name, frames, usec=0):
        """A Sender in a guest, or on the trunk's far end ("uplink")."""
        return Sender("eth0", frames, "trunk" if name == "uplink"
                      else "g" + name, usec)

    def unplug(self, name):
        """Takes a guest's device away; its namespace stays."""
        sh("ip link del " + DEVICE[name])

    def plug(self, name, device=None, index=None, mac=None):
        """A new device for a guest, down as a vif is at first."""
        device = device or DEVICE[name]
        words = ["ip", "link", "add", "name", device]
        if index is not None:
            words += ["index", str(index)]
        words += ["type", "veth", "peer", "name", "eth0", "netns", "g" + name,
                  "address", product.mac_text(mac or self.macs[name])]
        sh(words)
        sh("ethtool -K %s tx off" % device)
        sh("ip link set eth0 mtu 9200 up", ns="g" + name)
        sh("ethtool -K eth0 tx off", ns="g" + name)

    def restore(self):
        """All three guests open under the first policy."""
        assert self.agent.daemon and self.agent.daemon.alive(), (
            "the agent has gone")
        assert not stopped(self.agent.daemon.pid), "the agent is stopped"
        self.fault.disarm()
        for name, device in DEVICE.items():
            if link_info(device) is None:
                self.plug(name)
        self.agent.reload(self.doc)
        self.agent.wait_open(*DEVICE.values(), timeout=15)
        self.agent.settled(10)

    def remove(self):
        """Everything, so that another Lab can be made."""
        if self.agent and self.agent.daemon and self.agent.daemon.alive():
            if stopped(self.agent.daemon.pid):
                self.agent.daemon.signal(signal.SIGCONT)
            self.agent.daemon.stop()
        for device in [*DEVICE.values(), UPLINK, BRIDGE, *self.extra]:
            sh(["ip", "link", "del", device], check=False)
        for ns in ("gA", "gP", "gB", "trunk"):
            sh(["ip", "netns", "del", ns], check=False)
        sh("nft flush ruleset")


_kept = None


def take():
    """The Lab that there is, or a new one."""
    global _kept
    if _kept is None:
        lab = Lab()
        try:
            lab.start()
        except BaseException:
            lab.remove()
            raise
        _kept = lab
    return _kept


def give_back(intact):
    """Puts the Lab in its first state; if it cannot be, it goes."""
    global _kept
    lab = _kept
    try:
        if not intact:
            raise AssertionError("a test failed")
        lab.restore()
    except (AssertionError, OSError, CommandError,
            subprocess.TimeoutExpired) as e:
        print("the lab is made anew: %s" % e)
        _kept = None
        lab.remove()


def policy():
    """The cast's policy, as a dict that a test may change a copy of."""
    gateway = {"mac": product.mac_text(cast.MAC_G),
               "addresses": list(cast.GATEWAY)}
    doc = {"version": 1,
           "host": {"uplink": UPLINK, "bridge": BRIDGE,
                    "dataplane": "linux", "underlay": list(cast.UNDERLAY)},
           "tenants": {}}
    for tenant, vlan, guests in (("acme", cast.VLAN_A, "AP"),
                                 ("globex", cast.VLAN_B, "B")):
        doc["tenants"][tenant] = {
            "networks": {"net": {"vlan": vlan, "gateways": [gateway],
                                 "subnets": list(cast.SUBNETS)}},
            "guests": {g.lower(): {"interfaces": [
                product.interface(g, False, None)]} for g in guests}}
    return doc


def changed(doc, guest, **keys):
    """A copy of a policy with keys of a guest's interface replaced."""
    doc = copy.deepcopy(doc)
    tenant = "globex" if guest == "B" else "acme"
    guests = doc["tenants"][tenant]["guests"]
    guests[guest.lower()]["interfaces"][0].update(keys)
    return doc


def is_up(device):
    info = link_info(device)
    return bool(info) and "UP" in info["flags"]


def closed(device):
    """Nothing can pass a device: it is down, or in no bridge."""
    info = link_info(device)
    return info is None or "UP" not in info["flags"] or (
        "master" not in info)


def stopped(pid):
    """Whether a process has been stopped by a signal."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0] in "tT"
    except FileNotFoundError:
        return False


class Xdp:
    """An XDP program that passes every frame, attached to a device."""

    BPF_PROG_LOAD, BPF_OBJ_PIN, TYPE_XDP, PASS = 5, 6, 6, 2
    SYS_BPF = 321

    def __init__(self, device):
        self.device = device
        self.path = "/sys/fs/bpf/pass"
        if not os.path.ismount("/sys/fs/bpf"):
            sh("mount -t bpf bpf /sys/fs/bpf")
        # r0 = XDP_PASS; exit
        code = ctypes.create_string_buffer(
            struct.pack("BBhi", 0xb7, 0, 0, self.PASS)
            + struct.pack("BBhi", 0x95, 0, 0, 0))
        terms = ctypes.create_string_buffer(b"GPL")
        fd = self._bpf(self.BPF_PROG_LOAD, struct.pack(
            "IIQQIIQ", self.TYPE_XDP, 2, ctypes.addressof(code),
            ctypes.addressof(terms), 0, 0, 0))
        path = ctypes.create_string_buffer(self.path.encode())
        self._bpf(self.BPF_OBJ_PIN,
                  struct.pack("QII", ctypes.addressof(path), fd, 0))
        os.close(fd)

    def _bpf(self, command, attributes):
        data = ctypes.create_string_buffer(attributes.ljust(128, b"\0"))
        libc = ctypes.CDLL(None, use_errno=True)
        result = libc.syscall(self.SYS_BPF, command, data, 128)
        if result < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), "bpf")
        return result

    def __enter__(self):
        sh("ip link set dev %s xdpgeneric pinned %s" % (self.device,
                                                        self.path))
        return self

    def __exit__(self, *error):
        sh("ip link set dev %s xdpgeneric off" % self.device, check=False)
        os.unlink(self.path)


__all__ = ["Agent", "Fault", "Lab", "Sender", "Watch", "Watcher", "Xdp"]
