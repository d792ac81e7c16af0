# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's kernel datapath, over its netlink: a datapath, ports, and
flows from one port to others. No daemon is needed for these."""

import struct

from guard import Genl, attr

NESTED = 0x8000
DP_NAME, DP_UPCALL = 1, 2
PORT_NO, PORT_TYPE, PORT_NAME, PORT_UPCALL = 1, 2, 3, 5
FLOW_KEY, FLOW_ACTIONS, FLOW_MASK = 1, 2, 7
KEY_IN_PORT, KEY_ETHERNET, KEY_MARK = 3, 4, 15
PACKET, PACKET_KEY, PACKET_ACTIONS = 1, 2, 3
OUTPUT, NETDEV = 1, 1


def u32(kind, value):
    return attr(kind, struct.pack("I", value))


class Datapath:
    """A datapath; what no flow matches waits for handle_upcalls()."""

    def __init__(self, name):
        self.name = name
        self.dp, self.vport, self.flow, self.packet = (
            Genl("ovs_" + part) for part in
            ("datapath", "vport", "flow", "packet"))
        self.upcalls = Genl("ovs_packet")
        self.pid = self.upcalls.socket.getsockname()[0]
        answer = self.dp.ask_raw(
            1, struct.pack("i", 0) + attr(DP_NAME, name.encode() + b"\0")
            + u32(DP_UPCALL, 0), version=2, echo=True)
        self.index = struct.unpack_from("i", answer[0])[0]
        self.ports = {}

    def _head(self):
        return struct.pack("i", self.index)

    def add(self, device):
        number = len(self.ports) + 1
        self.vport.ask_raw(1, self._head() + u32(PORT_NO, number)
                           + u32(PORT_TYPE, NETDEV)
                           + attr(PORT_NAME, device.encode() + b"\0")
                           + u32(PORT_UPCALL, self.pid))
        self.ports[device] = number
        return number

    def _outputs(self, device):
        return b"".join(u32(OUTPUT, number)
                        for other, number in self.ports.items()
                        if other != device)

    def flood(self, device):
        """What comes from a device goes to all others."""
        key = u32(KEY_IN_PORT, self.ports[device]) + attr(KEY_ETHERNET,
                                                          bytes(12))
        mask = u32(KEY_IN_PORT, 0xffffffff) + attr(KEY_ETHERNET, bytes(12))
        self.flow.ask_raw(1, self._head() + attr(FLOW_KEY | NESTED, key)
                          + attr(FLOW_MASK | NESTED, mask)
                          + attr(FLOW_ACTIONS | NESTED,
                                 self._outputs(device)))

    def handle_upcalls(self, device, timeout=5):
        """Sends frames that no flow matched on to all other ports, as a
        daemon does. How many there were."""
        n = 0
        self.upcalls.socket.settimeout(timeout)
        while True:
            try:
                data = self.upcalls.socket.recv(65536)
            except (TimeoutError, BlockingIOError):
                return n
            found = dict(_attributes(data[24:]))
            self.packet.ask_raw(
                3, self._head() + attr(PACKET, found[PACKET])
                + attr(PACKET_KEY | NESTED, found[PACKET_KEY])
                + attr(PACKET_ACTIONS | NESTED, self._outputs(device)))
            self.upcalls.socket.settimeout(0.5)
            n += 1

    def delete(self):
        self.dp.ask_raw(2, self._head(), version=2)
        for g in (self.dp, self.vport, self.flow, self.packet, self.upcalls):
            g.close()


def _attributes(data):
    from rtnl import attributes
    return attributes(data)
