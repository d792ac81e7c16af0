# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what programs write to the kernel by netlink, with an nlmon device:
the messages that go by, not those that somebody says to have sent."""

import socket
import struct
import subprocess

ETH_P_ALL = 3
BUFFER = 64 << 20
ROUTE, NETFILTER = 0, 12    # NETLINK_*, linux/netlink.h
SO_RCVBUFFORCE = 33
REQUEST = 1                 # NLM_F_REQUEST; the kernel's have it not
BATCH_BEGIN, BATCH_END = 16, 17
NFTABLES = 10               # NFNL_SUBSYS_NFTABLES
# NFT_MSG_GET*, linux/netfilter/nf_tables.h
NFT_READS = {1, 4, 7, 10, 13, 16, 19, 21, 23}


class Count:
    """Messages that write, messages that only ask, transactions."""

    def __init__(self):
        self.writes = self.reads = self.transactions = 0

    def add(self, protocol, kind):
        if protocol == ROUTE:
            reads = kind >= 16 and kind & 3 == 2        # RTM_GET*
        elif protocol == NETFILTER:
            self.transactions += kind == BATCH_BEGIN
            reads = kind >> 8 == NFTABLES and kind & 255 in NFT_READS
        else:
            return
        if reads:
            self.reads += 1
        else:
            self.writes += 1


class Monitor:
    """Sees the messages of this network namespace while it lives."""

    def __init__(self, device="nlmon0"):
        self.device = device

    def __enter__(self):
        subprocess.run(["ip", "link", "add", self.device, "type", "nlmon"],
                       check=True)
        subprocess.run(["ip", "link", "set", self.device, "up"], check=True)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.sock.bind((self.device, ETH_P_ALL))
        self.sock.setblocking(False)
        return self

    def __exit__(self, *_):
        self.sock.close()
        subprocess.run(["ip", "link", "del", self.device], check=True)

    def count(self):
        """Of what has been written since the last call."""
        count = Count()
        while True:
            try:
                data, where = self.sock.recvfrom(4 << 20)
            except BlockingIOError:
                return count
            self.parse(data, where[1], count)

    @staticmethod
    def parse(data, protocol, count):
        at = 0
        while at + 16 <= len(data):
            size, kind, flags = struct.unpack_from("=IHH", data, at)
            if size < 16:
                break
            if flags & REQUEST:
                count.add(protocol, kind)
            at += (size + 3) & ~3


def generation():
    """How many transactions nftables has made, whoever asked for them."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER) as sock:
        sock.send(struct.pack("=IHHIIBBH", 20, NFTABLES << 8 | 16, REQUEST,
                              1, 0, 0, 0, 0))
        data = sock.recv(4096)
    at = 20
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if kind == 1:           # NFTA_GEN_ID
            return struct.unpack_from(">I", data, at + 4)[0]
        at += max(4, (size + 3) & ~3)
    raise RuntimeError("no generation in %r" % data)
