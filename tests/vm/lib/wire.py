# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends and sees exact frames on a link, over AF_PACKET.

The kernel takes the outer VLAN tag out of a received frame before a packet
socket sees it and reports it aside (PACKET_AUXDATA); a Wire puts it back, so
that what it gives is what was on the wire.  Frames that the link itself sends
are not seen.
"""

import errno
import select
import socket
import struct
import time

from netns import inside
from shell import quiesce

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_QDISC_BYPASS = 20
PACKET_IGNORE_OUTGOING = 23
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_PROMISC = 1
TP_STATUS_VLAN_VALID = 1 << 4
TP_STATUS_VLAN_TPID_VALID = 1 << 6
SO_RCVBUFFORCE = 33


def frame(data):
    """Bytes of a frame given as bytes or as hex with or without spaces."""
    return bytes.fromhex(data) if isinstance(data, str) else bytes(data)


class Wire:
    """Both directions of one link.  Receiving starts when it is made."""

    def __init__(self, link, ns=None, promiscuous=True):
        self.link = link
        with inside(ns):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            index = socket.if_nametoindex(link)
        s = self._socket
        s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        if promiscuous:
            s.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP,
                         struct.pack("iHH8s", index, PACKET_MR_PROMISC, 0,
                                     b""))
        s.bind((link, ETH_P_ALL))
        s.setblocking(False)

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def send(self, *frames):
        """Send frames, exactly as given and in order.

        True if the kernel took all of them.  It refuses some by itself: less
        than an Ethernet header, more than the MTU allows, a device that is
        down, a queue that drops."""
        taken = True
        for data in frames:
            try:
                self._socket.send(frame(data))
            except OSError as e:
                if e.errno == errno.EAGAIN:
                    select.select([], [self], [], 5)
                    self._socket.send(frame(data))
                elif e.errno in (errno.EINVAL, errno.EMSGSIZE, errno.ENOBUFS,
                                 errno.ENETDOWN):
                    taken = False
                else:
                    raise
        return taken

    def receive(self):
        """One frame that has arrived, or None."""
        while True:
            try:
                data, aside, _, address = self._socket.recvmsg(
                    262144, socket.CMSG_SPACE(20))
            except BlockingIOError:
                return None
            except OSError as e:
                if e.errno != errno.ENETDOWN:
                    raise
                continue
            if address[2] != socket.PACKET_OUTGOING:
                return _with_tag(data, aside)

    def frames(self):
        """All frames that have arrived since the last call."""
        quiesce()
        seen = []
        while True:
            data = self.receive()
            if data is None:
                return seen
            seen.append(data)

    def clear(self):
        self.frames()

    def expect(self, wanted, timeout=10):
        """Wait for a frame equal to 'wanted', or for which it is true; the
        frame.  Others are passed over."""
        match = wanted if callable(wanted) else frame(wanted).__eq__
        end = time.monotonic() + timeout
        others = []
        while True:
            data = self.receive()
            if data is None:
                left = end - time.monotonic()
                if left <= 0 or not select.select([self], [], [], left)[0]:
                    raise AssertionError(
                        "%s: not within %g s; seen instead: %s"
                        % (self.link, timeout,
                           [o.hex() for o in others[-10:]]))
            elif match(data):
                return data
            else:
                others.append(data)


def _with_tag(data, aside):
    for level, kind, value in aside:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH",
                                                          value[:20])
            if status & TP_STATUS_VLAN_VALID:
                if not status & TP_STATUS_VLAN_TPID_VALID:
                    tpid = 0x8100
                return data[:12] + struct.pack(">HH", tpid, tci) + data[12:]
    return data


def clear(*wires):
    """Forget what has arrived so far."""
    for wire in wires:
        wire.clear()
