# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel guard alone: what puts a device into quarantine and out of it, in
all that can happen to one. Each "may pass" stands beside a "may not".
"""

import ctypes
import errno
import os

import pytest

import guard
from guard import number, u64
from links import Links
from netns import forwards, ifindex
from shell import CommandError, quiesce, sh, until
from wire import Wire
from guardbed import (DEVICE, IP, MAC, beacon, hosts, lab, module, refused,
                      tagged)


def test_nothing_passes_without_rules(module, hosts):
    """From the first instant; the twin: with rules it passes."""
    g = module()
    h = hosts()
    h.guard(g, "P", "U")
    assert g.state(h.index("A")) == "quarantined"
    assert not h.arrives("A", beacon("A"), "P")
    assert not h.arrives("P", beacon("P"), "A")
    assert h.dropped("A", "in", "quarantined") >= 3
    assert h.dropped("A", "out", "quarantined") >= 3
    h.guard(g, "A")
    assert h.arrives("A", beacon("A"), "P")
    assert h.arrives("P", beacon("P"), "A")
    g.delete(h.index("A"))
    assert g.state(h.index("A")) == "quarantined"
    assert not h.arrives("A", beacon("A"), "P")
    assert not h.arrives("P", beacon("P"), "A")


def test_devices_that_are_there_are_taken(module, hosts):
    h = hosts()
    assert h.arrives("A", beacon("A"), "P")
    h.g = module()
    for name in DEVICE:
        assert h.g.state(h.index(name)) == "quarantined"
    assert not h.arrives("A", beacon("A"), "P")
    # The uplink has no name of a guest's.
    assert refused(h.g.port, h.index("U")).errno == errno.ENOENT
    h.guard(h.g)
    assert h.arrives("A", beacon("A"), "P")


def test_adopt(module, hosts):
    """With adopt=1 what is there goes on without a gap, what comes does
    not."""
    h = hosts()
    g = h.g = module("adopt=1")
    assert h.arrives("A", beacon("A"), "P")
    assert refused(g.port, h.index("A")).errno == errno.ENOENT
    h.guard(g, "A", "P", "U")
    assert h.arrives("A", beacon("A"), "P")
    assert h.arrives("B", beacon("B"), "U", seen=tagged(1200, beacon("B"))) \
        is False
    sh("ip link del " + DEVICE["B"])
    h.plug("B")
    assert g.state(h.index("B")) == "quarantined"


def test_quarantine_on_demand(module, hosts):
    """DEL takes a device that was not hooked; the twin: before, it talks."""
    h = hosts()
    g = module("adopt=1")
    assert h.arrives("A", beacon("A"), "P")
    g.delete(h.index("A"))
    assert g.state(h.index("A")) == "quarantined"
    assert not h.arrives("A", beacon("A"), "P")
    g.release(h.index("A"))
    assert h.arrives("A", beacon("A"), "P")


def test_patterns(module, namespaces):
    module("patterns=foo*bar,x*")
    names = {"foobar": 1, "foo1.bar": 1, "x": 1, "foobarz": 0, "vif1-emu": 0,
             "afoobar": 0}
    namespaces("other")
    with guard.Guard() as g:
        for name, taken in names.items():
            sh(["ip", "link", "add", name, "type", "dummy"])
            try:
                if taken:
                    assert g.state(ifindex(name)) == "quarantined"
                else:
                    assert refused(g.port, ifindex(name)).errno \
                        == errno.ENOENT
            finally:
                sh(["ip", "link", "del", name])


def test_rename(lab):
    """A guard follows its device; a name of a guest's is enough to be
    taken."""
    index = lab.index("A")
    sh("ip link set %s down" % DEVICE["A"])
    sh("ip link set %s name harmless0" % DEVICE["A"])
    sh("ip link set harmless0 up")
    try:
        assert lab.g.state(index) == "guarded"
        assert lab.g.port(index)["PORT_NAME"] == b"harmless0\0"
    finally:
        sh("ip link set harmless0 down")
        sh("ip link set harmless0 name " + DEVICE["A"])
    sh("ip link add stray0 type dummy")
    try:
        index = ifindex("stray0")
        assert refused(lab.g.port, index).errno == errno.ENOENT
        sh("ip link set stray0 name vif99-emu")
        assert lab.g.state(index) == "quarantined"
        sh("ip link set vif99-emu name stray0")
        assert lab.g.state(index) == "quarantined"
    finally:
        sh("ip link del stray0")


def test_another_namespace(lab, namespaces):
    """There it is quarantined and down, cannot be guarded, and comes back
    quarantined, as another one. The twin: in a bridge there without the
    module (released) frames would pass."""
    g, device = lab.g, DEVICE["A"]
    away = namespaces("away")
    cookie, index = g.cookie(lab.index("A")), lab.index("A")
    quarantined = number(g.ask("HOST_GET")["HOST_QUARANTINED"])
    before = lab.dropped("A", "in", "quarantined")

    def there(words):
        return sh(words, ns=away)

    def passes():
        """What A sends, out of a bridge in that namespace."""
        with Wire("far0", away) as far:
            for _ in range(3):
                lab.wires["A"].send(beacon("A"))
            quiesce()
            return far.frames().count(beacon("A"))

    sh("ip link set %s netns away" % device)
    assert "state UP" not in there("ip link show " + device)
    assert number(g.ask("HOST_GET")["HOST_QUARANTINED"]) == quarantined + 1
    assert refused(g.guest, index, 100, MAC["A"]).errno == errno.ENODEV
    there("ip link add br1 type bridge")
    there("ip link add near0 type veth peer name far0")
    for link in (device, "near0"):
        there("ip link set %s master br1 up" % link)
    there("ip link set far0 up")
    there("ip link set br1 up")
    for link in (device, "near0"):
        until(lambda d=link: forwards(d, away), link + " forwards")
    assert passes() == 0
    sh("ip link set %s netns 1" % device, ns=away)
    assert "state UP" not in sh("ip link show " + device)
    index = lab.index("A")
    assert g.state(index) == "quarantined" and g.cookie(index) != cookie
    assert lab.dropped("A", "in", "quarantined") >= before + 3
    assert refused(g.guest, index, 100, MAC["A"], (), 1,
                   u64("PORT_COOKIE", cookie)).errno == errno.ESTALE
    lab.join("A")
    assert not lab.arrives("A", beacon("A"), "P")
    g.guest(index, 100, MAC["A"], [IP["A"]], 1000,
            u64("PORT_COOKIE", g.cookie(index)))
    assert lab.arrives("A", beacon("A"), "P")
    # The twin.
    g.release(index)
    sh("ip link set %s netns away" % device)
    there("ip link set %s master br1 up" % device)
    for link in ("near0", device):
        until(lambda d=link: forwards(d, away), link + " forwards")
    assert passes() == 3
    sh("ip link set %s netns 1" % device, ns=away)


def test_a_namespace_of_somebody_else(module, namespaces):
    """Devices that come into being elsewhere are nobody's guest's, whatever
    their name; moved here they are taken."""
    g = module()
    away = namespaces("away")
    count = number(g.ask("HOST_GET")["HOST_QUARANTINED"])
    sh("ip link add vif5-emu type dummy", ns=away)
    assert number(g.ask("HOST_GET")["HOST_QUARANTINED"]) == count
    sh("ip link set vif5-emu netns 1", ns=away)
    assert g.state(ifindex("vif5-emu")) == "quarantined"
    sh("ip link del vif5-emu")


class NoMemory:
    """Makes allocations of 8 KiB fail, a port's among them, for calls that it
    makes."""

    TOP = "/sys/kernel/debug/failslab/"
    CACHE = "/sys/kernel/slab/kmalloc-8k/failslab"

    @classmethod
    def exists(cls):
        return os.path.exists(cls.TOP) and open(cls.CACHE).read() == "1\n"

    def _set(self, **values):
        for name, value in values.items():
            with open(self.TOP + name.replace("_", "-"), "w") as f:
                f.write(str(value))

    def __enter__(self):
        # Only that cache, and only a process that is marked.
        self._set(probability=0, task_filter="Y", cache_filter="Y",
                  ignore_gfp_wait="N", times=-1, interval=1, verbose=0)
        self._set(probability=100)
        self.mark = os.open("/proc/self/make-it-fail", os.O_WRONLY)
        return self

    def __exit__(self, *error):
        os.close(self.mark)
        self._set(probability=0, cache_filter="N")

    def does(self, function, *arguments):
        """Whether that is done; else there was no memory."""
        os.pwrite(self.mark, b"1", 0)
        try:
            function(*arguments)
            return True
        except OSError as e:
            failed = e.errno
        finally:
            os.pwrite(self.mark, b"0", 0)
        assert failed == errno.ENOMEM
        return False


def init_module(image, parameters):
    """Reads no file meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(175, image, ctypes.c_ulong(len(image)), parameters):
        raise OSError(ctypes.get_errno(), "init_module")


@pytest.mark.skipif(not NoMemory.exists(),
                    reason="allocations can be made to fail on the kernel "
                    "of check-kmod-debug alone")
def test_devices_that_cannot_be_hooked(module, namespaces):
    """Are refused, or are of no use until they are hooked. The twins: devices
    of others do not need that, and once there is memory all is well."""
    away = namespaces("away")
    here, there = Links(), Links(away)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    with open(guard.MODULE, "rb") as f:
        image = f.read()
    here.dummy("vif5-emu")
    with NoMemory() as no_memory:
        assert not no_memory.does(init_module, image, b"")
        assert not guard.is_loaded()
        assert no_memory.does(init_module, image, b"adopt=1")
    guard.unload()
    # As it was.
    sh("ip link set vif5-emu up")
    g = module("adopt=1")
    sh("ip link set vif5-emu netns away")
    with NoMemory() as no_memory:
        assert no_memory.does(here.dummy, "other0")
        assert not no_memory.does(here.dummy, "vif6-emu")
        assert not no_memory.does(here.rename, ifindex("other0"), "vif6-emu")
        assert no_memory.does(here.change, ifindex("other0"), b"", 1)
        assert no_memory.does(there.move, ifindex("vif5-emu", away), home)
    os.close(home)
    index = ifindex("vif5-emu")
    assert refused(g.port, index).errno == errno.ENOENT
    with pytest.raises(CommandError):
        sh("ip link set vif5-emu up")
    g.delete(index)
    assert g.state(index) == "quarantined"
    sh("ip link set vif5-emu up")
    sh("ip link set other0 down")
    sh("ip link set other0 name vif6-emu up")
    assert g.state(ifindex("vif6-emu")) == "quarantined"
    for name in ("vif5-emu", "vif6-emu"):
        sh("ip link del " + name)


def test_index_that_comes_again(lab):
    """What was meant for a device that has gone does not reach another one
    of that index."""
    index, cookie = lab.index("A"), lab.g.cookie(lab.index("A"))
    sh("ip link del " + DEVICE["A"])
    sh("ip link add %s index %d type dummy" % (DEVICE["A"], index))
    assert lab.g.cookie(index) != cookie
    error = refused(lab.g.guest, index, 100, MAC["A"], [IP["A"]], 1,
                    u64("PORT_COOKIE", cookie))
    assert error.errno == errno.ESTALE and "cookie" in error.text
    assert lab.g.state(index) == "quarantined"
    assert refused(lab.g.delete, index,
                   u64("PORT_COOKIE", cookie)).errno == errno.ESTALE
    lab.g.guest(index, 100, MAC["A"], [IP["A"]], 1,
                u64("PORT_COOKIE", lab.g.cookie(index)))
    assert lab.g.state(index) == "guarded"


def test_unregister_under_traffic(lab):
    """Devices come and go while guests send; the first frames of each are
    dropped, too."""
    from lab import Sender
    with Sender("eth0", [beacon("P")], lab.spaces["P"]) as load:
        for _ in range(10):
            load.wait_sent(20)
            sh("ip link del " + DEVICE["A"])
            lab.plug("A")
            assert lab.g.state(lab.index("A")) == "quarantined"
            got = lab.wires["A"].frames()
            assert beacon("P") not in got
            until(lambda: lab.dropped("A", "out", "quarantined"), "a drop")
    lab.guard(lab.g, "A")
    assert lab.arrives("A", beacon("A"), "P")


def test_unloading_is_refused(lab):
    """While a device is hooked, be it quarantined; not after."""
    with pytest.raises(CommandError) as error:
        sh("rmmod cordon")
    assert "in use" in str(error.value)
    for name in DEVICE:
        lab.g.release(lab.index(name))
    with pytest.raises(CommandError):
        sh("rmmod cordon")
    lab.g.release(lab.index("U"))
    assert refused(lab.g.port, lab.index("A")).errno == errno.ENOENT
    lab.g.close()
    until(lambda: sh("rmmod cordon", check=False)[0] == 0, "it goes")
    assert lab.arrives("A", beacon("A"), "P")


def test_reload(module, hosts):
    """Comes and goes ten times with devices, and leaves nothing."""
    h = hosts()
    for _ in range(10):
        guard.load()
        with guard.Guard() as g:
            g.host()
            g.segment(100, 1100)
            h.g = g
            assert not h.arrives("A", beacon("A"), "P")
            h.guard(g, "A", "P")
            for name in DEVICE:
                g.release(h.index(name))
        until(lambda: sh("rmmod cordon", check=False)[0] == 0, "it goes")
        assert h.arrives("A", beacon("A"), "P")
