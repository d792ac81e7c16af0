# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches what becomes of devices, so that nothing short-lived is missed."""

import socket
import struct

import rtnl

RTMGRP_LINK = 1
RTM_NEWLINK = 16
IFLA_IFNAME, IFLA_MASTER = 3, 10
IFF_UP = 1


class LinkWatch:
    """Every device event from its making to its end."""

    def __enter__(self):
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                     rtnl.NETLINK_ROUTE)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
        self._socket.bind((0, RTMGRP_LINK))
        self._socket.setblocking(False)
        self.seen = []          # (name, up, in a bridge)
        return self

    def __exit__(self, *error):
        self._socket.close()

    def _read(self):
        while True:
            try:
                data = self._socket.recv(1 << 20)
            except BlockingIOError:
                return
            while len(data) >= 16:
                length, kind = struct.unpack_from("IH", data)
                if kind == RTM_NEWLINK and data[16] == socket.AF_UNSPEC:
                    flags = struct.unpack_from("I", data, 16 + 8)[0]
                    found = dict(rtnl.attributes(data[32:length]))
                    name = found[IFLA_IFNAME].rstrip(b"\0").decode()
                    self.seen.append((name, bool(flags & IFF_UP),
                                      IFLA_MASTER in found))
                data = data[(length + 3) & ~3:]

    def opened(self, prefix, others=()):
        """Whether devices that begin so have ever been up or in a bridge,
        "vif3.0" but not those in 'others'; as text."""
        self._read()
        of = [s for s in self.seen if s[0].startswith(prefix)
              and s[0] not in others]
        if not of:
            return "never seen"
        return "%s up, %s in a bridge" % (
            "was" if any(up for _, up, _ in of) else "never",
            "was" if any(bridged for _, _, bridged in of) else "never")
