# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads kernel tables over netlink: a dump is a list of raw messages.

Running ip and bridge costs a process each time, which an emulated processor
feels; state.py compares tables around every frame of a corpus.
"""

import os
import socket
import struct

from netns import inside

NETLINK_ROUTE = 0
NETLINK_NETFILTER = 12
NLM_F_REQUEST = 1
NLM_F_DUMP = 0x300
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_DUMP_INTR = 0x10


def attributes(data):
    """[(type, payload)] of a run of netlink attributes."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        if length < 4:
            break
        found.append((kind & 0x3fff, data[4:length]))
        data = data[(length + 3) & ~3:]
    return found


def dump(protocol, kind, header, ns=None):
    """Payloads (with their fixed header) of a whole dump."""
    while True:
        messages, torn = _dump(protocol, kind, header, ns)
        if not torn:
            return messages


def _dump(protocol, kind, header, ns):
    with inside(ns):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    messages, torn = [], False
    with s:
        s.bind((0, 0))
        s.send(struct.pack("IHHII", 16 + len(header), kind,
                           NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + header)
        while True:
            data = s.recv(1 << 20)
            while len(data) >= 16:
                length, what, flags, _, _ = struct.unpack_from("IHHII", data)
                body = data[16:length]
                data = data[(length + 3) & ~3:]
                torn = torn or bool(flags & NLM_F_DUMP_INTR)
                if what in (NLMSG_DONE, NLMSG_ERROR):
                    code = struct.unpack_from("i", body)[0]
                    if code < 0:
                        raise OSError(-code, os.strerror(-code), "netlink")
                    return messages, torn
                messages.append(body)
