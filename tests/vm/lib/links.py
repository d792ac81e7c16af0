# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes network devices over rtnetlink, from this process."""

import os
import socket
import struct

from guard import attr
from netns import inside


class Links:
    """Just enough of rtnetlink: a process for each change takes too long."""

    def __init__(self, ns=None):
        with inside(ns):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.socket.settimeout(10)
        self.sequence = 0

    def _ask(self, kind, flags, index, data, up=None):
        self.sequence += 1
        body = struct.pack("BxHiII", 0, 0, index, up or 0,
                           0 if up is None else 1) + data
        self.socket.send(struct.pack("IHHII", 16 + len(body), kind, flags | 5,
                                     self.sequence, 0) + body)
        while True:
            answer = self.socket.recv(65536)
            _, what, _, sequence, _ = struct.unpack_from("IHHII", answer)
            if what == 2 and sequence == self.sequence:
                code = struct.unpack_from("i", answer, 16)[0]
                if code:
                    raise OSError(-code, os.strerror(-code))
                return

    def change(self, index, data=b"", up=None):
        self._ask(19, 0, index, data, up)

    def dummy(self, name):
        self._ask(16, 0x600, 0, attr(3, name.encode() + b"\0")
                  + attr(18, attr(1, b"dummy\0")))

    def rename(self, index, name):
        self.change(index, up=0)
        self.change(index, attr(3, name.encode() + b"\0"))

    def move(self, index, fd):
        self.change(index, attr(28, struct.pack("I", fd)))

    def master(self, index, master):
        self.change(index, attr(10, struct.pack("I", master)), up=1)

    def delete(self, index):
        self._ask(17, 0, index, b"")

    def veth(self, name, peer, peer_fd, peer_mac):
        far = bytes(16) + attr(3, peer.encode() + b"\0") + attr(
            28, struct.pack("I", peer_fd)) + attr(1, bytes.fromhex(
                peer_mac.replace(":", "")))
        info = attr(1, b"veth\0") + attr(2, attr(1, far))
        self._ask(16, 0x600, 0, attr(3, name.encode() + b"\0")
                  + attr(18, info))
