# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces and the links in them.

A NetNS is made with "ip netns", so that every tool can reach it by name.
inside() switches the calling thread for the length of a block: a socket
made there stays in that namespace.
"""

import contextlib
import ctypes
import json
import os

from shell import sh

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "setns")


@contextlib.contextmanager
def inside(ns):
    """Run the block in namespace 'ns' (a NetNS, a name, None: here)."""
    if ns is None:
        yield
        return
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open("/run/netns/" + str(ns), os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(here)
    finally:
        os.close(here)


class NetNS:
    """A namespace; str() is its name.  delete() removes it."""

    def __init__(self, name):
        self.name = name
        sh(["ip", "netns", "add", name])
        self.quiet()
        sh("ip link set lo up", ns=name)

    def __str__(self):
        return self.name

    def quiet(self):
        """Let the stack send nothing of its own accord."""
        with inside(self.name):
            for where in ("all", "default"):
                for key, value in (("accept_ra", 0), ("autoconf", 0),
                                   ("addr_gen_mode", 1), ("accept_dad", 0),
                                   ("router_solicitations", 0)):
                    path = "/proc/sys/net/ipv6/conf/%s/%s" % (where, key)
                    with open(path, "w") as f:
                        f.write(str(value))

    def run(self, command, **options):
        return sh(command, ns=self.name, **options)

    def delete(self):
        sh(["ip", "netns", "del", self.name])


def veth(name, peer, ns=None, peer_ns=None, mac=None, peer_mac=None,
         up=True, offload=False):
    """A veth pair.  Without offload its frames carry whole checksums and
    are never larger than the MTU, as on a wire."""
    first = ["ip", "link", "add", "name", name]
    if ns is not None:
        first += ["netns", str(ns)]
    if mac:
        first += ["address", mac]
    first += ["type", "veth", "peer", "name", peer]
    if peer_ns is not None:
        first += ["netns", str(peer_ns)]
    if peer_mac:
        first += ["address", peer_mac]
    sh(first)
    for link, where in ((name, ns), (peer, peer_ns)):
        if not offload:
            sh(["ethtool", "-K", link, "rx", "off", "tx", "off", "sg", "off",
                "tso", "off", "gso", "off", "gro", "off"], ns=where)
        if up:
            sh(["ip", "link", "set", "dev", link, "up"], ns=where)


def addresses(link, *which, ns=None):
    """Give a link addresses ("10.0.0.10/24"), usable at once."""
    for address in which:
        words = ["ip", "addr", "add", address, "dev", link]
        if ":" in address:
            words.append("nodad")
        sh(words, ns=ns)


def link_info(link, ns=None):
    """What "ip -d -j link show" says of a link, or None if there is none."""
    code, text = sh(["ip", "-d", "-j", "link", "show", "dev", link], ns=ns,
                    check=False)
    return json.loads(text)[0] if code == 0 else None


def forwards(port, ns=None):
    """Whether its bridge forwards on 'port'.  That begins when the kernel has
    noticed the carrier, up to a second after the device is up."""
    return sh(["cat", "/sys/class/net/%s/brport/state" % port], ns=ns,
              check=False)[1].strip() == "3"


def ifindex(link, ns=None):
    import socket
    with inside(ns):
        return socket.if_nametoindex(link)


def delete_link(link, ns=None):
    sh(["ip", "link", "del", "dev", link], ns=ns)
