# SPDX-License-Identifier: GPL-3.0-or-later
"""A Xen guest as the tests in dom0 see it.

    a = Guest("acme1", mac="00:16:3e:00:00:01", ips=["10.0.0.11/24"])
    b = Guest("globex1", mac=..., ips=[...])
    create(a, b)                        # and wait for both
    a.run("ping -c1 -W2 10.0.0.12")     # raises unless it exits 0
    a.send_frames("ffff...", b"...")
    b.capture_start(); ...; b.capture_stop()

Creating goes through xl, whose hotplug script may refuse: start() then
raises XlError with what xl said.
"""

import itertools
import os
import subprocess
import tempfile
import threading
import uuid

from console import Console
from shell import CommandError, sh, until

KERNEL = "/cordon/guest/vmlinux"
RAMDISK = "/cordon/guest/initramfs"
FOLDER = "/tmp"
LOGS = "/var/log/xen/console"

_serial = itertools.count(1)


class XlError(Exception):
    """xl failed; str() is what it wrote."""


class Guest:
    """One guest.  'ips' are addresses with their prefix length, for eth0.

    'script' and 'bridge' go to the vif; 'vif' holds more of its keys, such
    as {"rate": "10Mb/s"}; 'macs' makes one vif for each MAC instead."""

    def __init__(self, name, mac=None, ips=(), tenant=None, script=None,
                 bridge=None, vif=None, macs=None, memory=128, uuid_=None,
                 extra=""):
        self.name = name
        self.tenant = tenant
        self.mac = mac or (macs[0] if macs else
                           "00:16:3e:7f:00:%02x" % next(_serial))
        self.macs = list(macs) if macs else [self.mac]
        self.ips = list(ips)
        self.script = script
        self.bridge = bridge
        self.vif_keys = dict(vif or {})
        self.memory = memory
        self.uuid = uuid_ or str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.extra = extra
        self.domid = None
        self.console = None
        self._captures = itertools.count(1)
        self._capture = {}

    def __str__(self):
        return self.name

    def config(self):
        """The text of its xl configuration."""
        vifs = []
        for mac in self.macs:
            keys = {"mac": mac, "bridge": self.bridge, "script": self.script,
                    **self.vif_keys}
            vifs.append("'%s'" % ",".join("%s=%s" % item for item in
                                          keys.items() if item[1]))
        return "\n".join((
            'name = "%s"' % self.name, 'uuid = "%s"' % self.uuid,
            'type = "pv"', 'kernel = "%s"' % KERNEL,
            'ramdisk = "%s"' % RAMDISK,
            'extra = "console=hvc0 quiet panic=-1 mitigations=off '
            'net.ifnames=0 %s"' % self.extra,
            "memory = %d" % self.memory, "vcpus = 1",
            'on_poweroff = "destroy"', 'on_reboot = "destroy"',
            'on_crash = "destroy"', "vif = [%s]" % ", ".join(vifs), ""))

    def start(self, timeout=120):
        """xl create; returns what xl wrote.  The guest may not run yet."""
        path = os.path.join(FOLDER, self.name + ".cfg")
        with open(path, "w") as f:
            f.write(self.config())
        # Into a file: what a hotplug script leaves behind may hold on to a
        # pipe, and what was said until then tells of an xl that hangs.
        with tempfile.TemporaryFile("w+", errors="replace") as out:
            try:
                ended = "exit %d" % subprocess.run(
                    ["xl", "create", path], stdin=subprocess.DEVNULL,
                    stdout=out, stderr=subprocess.STDOUT, timeout=timeout,
                    check=False).returncode
            except subprocess.TimeoutExpired:
                ended = "no end within %d s; there are\n%s" % (
                    timeout, sh("ps -eo pid,stat,etimes,args"))
            out.seek(0)
            said = out.read()
        if ended != "exit 0":
            raise XlError("xl create %s: %s\n%s" % (self.name, ended, said))
        self.domid = int(sh(["xl", "domid", self.name]))
        return said

    def wait(self, timeout=90):
        """Wait until the guest takes commands, then set its addresses."""
        self.console = Console(self.name, self.domid)
        self.console.wait_ready(timeout)
        for address in self.ips:
            family = "-6" if ":" in address else "-4"
            if family == "-6":
                # No waiting for duplicate address detection.
                self.run("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad")
            self.run("ip %s addr add %s dev eth0" % (family, address))
        return self

    def vif(self, handle=0):
        """The name of a vif of this guest in dom0."""
        return "vif%d.%d" % (self.domid, handle)

    def backend(self, node, handle=0):
        """A node of the vif's backend directory, or None."""
        code, text = sh(["xenstore-read", "/local/domain/0/backend/vif/%d/%d/"
                         "%s" % (self.domid, handle, node)], check=False)
        return text.rstrip("\n") if code == 0 else None

    def try_run(self, command, timeout=60):
        """(exit code, output) of a command line in the guest."""
        return self.console.run(command, timeout)

    def run(self, command, timeout=60):
        """The output of a command line; raises unless it exits 0."""
        code, output = self.try_run(command, timeout)
        if code:
            raise CommandError([self.name + ":", command], code, output)
        return output

    def ping(self, address, count=1, wait=2):
        """True if an answer comes."""
        family = "ping6" if ":" in address else "ping"
        code, _ = self.try_run("%s -c %d -W %d -w %d %s" % (
            family, count, wait, wait + count - 1, address),
            timeout=60 + wait + count)
        return code == 0

    def send_frames(self, *frames, interface="eth0"):
        """Send exact frames, as bytes or hex.  True if its kernel took
        all."""
        words = [f.replace(" ", "") if isinstance(f, str) else f.hex()
                 for f in frames]
        code, output = self.try_run("frame send %s %s"
                                    % (interface, " ".join(words)))
        if code > 1:
            raise CommandError([self.name + ": frame send"], code, output)
        return code == 0

    def rewrite_frame(self, frame, other, msec=1000, interface="eth0"):
        """Send a frame from pages that are written over with another frame
        after so long, and be done after as long again.  "in use" if the
        backend had not given the pages back then, or "gone"."""
        return self.run("frame rewrite %s %d %s %s" % (
            interface, msec, frame.hex(), other.hex())).strip()

    def capture_start(self, interface="eth0"):
        """Record what arrives from now on."""
        path = "/tmp/capture.%d" % next(self._captures)
        self.run("frame capture %s > %s & echo $! > %s.pid; "
                 "until grep -q ready %s; do usleep 20000; done"
                 % (interface, path, path, path))
        self._capture[interface] = path

    def captured(self, interface="eth0"):
        """The frames recorded so far, as bytes, oldest first."""
        lines = self.run("cat " + self._capture[interface],
                         timeout=120).split()
        return [bytes.fromhex(line) for line in lines[1:]]

    def capture_stop(self, interface="eth0"):
        """End recording; the frames."""
        frames = self.captured(interface)
        path = self._capture.pop(interface)
        self.run("kill $(cat %s.pid); rm %s %s.pid" % (path, path, path))
        return frames

    def log(self):
        """What its console said, from the start."""
        try:
            with open("%s/guest-%s.log" % (LOGS, self.name),
                      errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def exists(self):
        return sh(["xl", "domid", self.name], check=False)[0] == 0

    def destroy(self):
        """End it at once; its vifs are gone when this returns."""
        if self.console:
            self.console.close()
            self.console = None
        if self.exists():
            sh(["xl", "destroy", self.name])
        if self.domid is not None:
            until(lambda: not any(
                os.path.exists("/sys/class/net/" + self.vif(handle))
                for handle in range(len(self.macs))),
                "the vifs of %s are gone" % self.name)


def create(*guests, timeout=120):
    """Create guests and wait until all take commands.

    Only one xl runs at a time: several at once would each take so long that
    libxl gives up on the hotplug script, for which it allows 40 s.  While
    one guest is made the ones before it start up."""
    errors = []

    def wait(guest):
        try:
            guest.wait(timeout)
        except Exception as e:   # pylint: disable=broad-except
            errors.append(e)

    threads = []
    try:
        for guest in guests:
            guest.start(timeout)
            threads.append(threading.Thread(target=wait, args=(guest,)))
            threads[-1].start()
    finally:
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return guests


def destroy(*guests):
    for guest in guests:
        guest.destroy()
