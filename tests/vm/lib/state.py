# SPDX-License-Identifier: GPL-3.0-or-later
"""What a frame may move without being delivered: a snapshot of the tables.

FDB, MDB and router ports of bridges, IPv4 and IPv6 neighbours, VLAN
membership aside, and connections tracked, each entry as a readable line
without counters and timers.  Two snapshots of a system in which nothing
moved are equal.
"""

import contextlib
import os
import socket
import struct

import rtnl
from netns import inside

RTM_GETNEIGH = 30
RTM_GETMDB = 86
IPCTNL_MSG_CT_GET = 1 << 8 | 1

NDA_DST, NDA_LLADDR, NDA_VLAN, NDA_MASTER = 1, 2, 5, 9
MDBA_MDB, MDBA_ROUTER = 1, 2
CTA_TUPLE_ORIG, CTA_MARK, CTA_ZONE = 1, 8, 18
CTA_TUPLE_IP, CTA_TUPLE_PROTO = 1, 2

NUD_NOARP, NUD_PERMANENT, NUD_FAILED, NUD_INCOMPLETE = 0x40, 0x80, 0x20, 1


def snapshot(*namespaces):
    """{table: set of lines} for the namespaces (None is this one)."""
    tables = {"fdb": set(), "mdb": set(), "router": set(), "neighbour": set(),
              "conntrack": set()}
    for ns in namespaces or (None,):
        names = _names(ns)
        where = "%s: " % ns if ns is not None else ""
        for table, lines in (("fdb", fdb(ns, names)),
                             ("mdb", mdb(ns, names)[0]),
                             ("router", mdb(ns, names)[1]),
                             ("neighbour", neighbours(ns, names)),
                             ("conntrack", conntrack(ns))):
            tables[table].update(where + line for line in lines)
    return tables


def changes(before, after):
    """Lines "+fdb ..." and "-fdb ..." for what moved between snapshots."""
    moved = []
    for table in sorted(before):
        for sign, lines in (("-", before[table] - after[table]),
                            ("+", after[table] - before[table])):
            moved += ["%s%s %s" % (sign, table, line)
                      for line in sorted(lines)]
    return moved


@contextlib.contextmanager
def unmoved(*namespaces):
    """A block in which no table may move."""
    before = snapshot(*namespaces)
    yield
    moved = changes(before, snapshot(*namespaces))
    assert not moved, "state moved: " + "; ".join(moved)


def fdb(ns=None, names=None):
    names = names or _names(ns)
    lines = set()
    for header, found in _neigh(socket.AF_BRIDGE, ns):
        _, _, _, index, state, flags, _ = header
        lines.add("%s dev %s vlan %d state %#x flags %#x" % (
            _mac(found.get(NDA_LLADDR, b"")), names.get(index, index),
            struct.unpack("H", found.get(NDA_VLAN, b"\0\0"))[0], state,
            flags))
    return lines


def neighbours(ns=None, names=None):
    """Neighbours known or being asked for.  Whether one is fresh or stale
    is time passing, not state that a frame moved."""
    names = names or _names(ns)
    lines = set()
    for family in (socket.AF_INET, socket.AF_INET6):
        for header, found in _neigh(family, ns):
            _, _, _, index, state, _, _ = header
            if state & NUD_NOARP or NDA_DST not in found:
                continue
            word = ("permanent" if state & NUD_PERMANENT
                    else "asked" if state & (NUD_INCOMPLETE | NUD_FAILED)
                    else "known")
            lines.add("%s dev %s at %s %s" % (
                socket.inet_ntop(family, found[NDA_DST]),
                names.get(index, index), _mac(found.get(NDA_LLADDR, b"")),
                word))
    return lines


def mdb(ns=None, names=None):
    """(group memberships, router ports) of all bridges."""
    names = names or _names(ns)
    groups, routers = set(), set()
    header = struct.pack("B3xI", socket.AF_BRIDGE, 0)
    try:
        messages = rtnl.dump(rtnl.NETLINK_ROUTE, RTM_GETMDB, header, ns)
    except OSError:
        # Answered only where the bridge module is loaded.
        return groups, routers
    for body in messages:
        bridge = names.get(struct.unpack_from("I", body, 4)[0], "?")
        for kind, payload in rtnl.attributes(body[8:]):
            if kind == MDBA_MDB:
                groups.update(_groups(bridge, payload, names))
            elif kind == MDBA_ROUTER:
                for _, port in rtnl.attributes(payload):
                    index = struct.unpack_from("I", port)[0]
                    routers.add("%s port %s" % (bridge,
                                                names.get(index, index)))
    return groups, routers


def _groups(bridge, payload, names):
    for _, entry in rtnl.attributes(payload):
        for _, info in rtnl.attributes(entry):
            index, state, flags, vid = struct.unpack_from("IBBH", info)
            proto = struct.unpack_from(">H", info, 24)[0]
            raw = info[8:24]
            group = (socket.inet_ntop(socket.AF_INET, raw[:4])
                     if proto == 0x0800
                     else socket.inet_ntop(socket.AF_INET6, raw)
                     if proto == 0x86dd else _mac(raw[:6]))
            yield "%s port %s group %s vlan %d state %d" % (
                bridge, names.get(index, index), group, vid, state)


def conntrack(ns=None):
    """Tracked connections, of all families."""
    if not os.path.isdir("/sys/module/nf_conntrack"):
        return set()
    lines = set()
    for body in rtnl.dump(rtnl.NETLINK_NETFILTER, IPCTNL_MSG_CT_GET,
                          struct.pack("BBH", 0, 0, 0), ns):
        found = dict(rtnl.attributes(body[4:]))
        parts = dict(rtnl.attributes(found.get(CTA_TUPLE_ORIG, b"")))
        ip = [_address(raw) for _, raw in
              rtnl.attributes(parts.get(CTA_TUPLE_IP, b""))]
        proto = [raw.hex() for _, raw in
                 rtnl.attributes(parts.get(CTA_TUPLE_PROTO, b""))]
        lines.add("%s proto %s zone %s mark %s" % (
            " > ".join(ip), " ".join(proto),
            found.get(CTA_ZONE, b"\0\0").hex(),
            found.get(CTA_MARK, bytes(4)).hex()))
    return lines


def _neigh(family, ns):
    header = struct.pack("BxxxiHBB", family, 0, 0, 0, 0)
    for body in rtnl.dump(rtnl.NETLINK_ROUTE, RTM_GETNEIGH, header, ns):
        fixed = struct.unpack_from("BBHiHBB", body)
        if fixed[0] == family:
            yield fixed, dict(rtnl.attributes(body[12:]))


def _names(ns):
    with inside(ns):
        return dict(socket.if_nameindex())


def _mac(raw):
    return raw.hex(":") if raw else "none"


def _address(raw):
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw)
    if len(raw) == 16:
        return socket.inet_ntop(socket.AF_INET6, raw)
    return raw.hex()
