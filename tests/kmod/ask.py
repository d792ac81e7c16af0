# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives tests/kmod/judge, the kernel guard's judge in userland, with the
model's ports, and compares the two.

A question is (way, where, frame): ("from", "A", b"...") and so on, as in
judge.c. Answers are reasons, None for what passes.
"""

import pathlib
import subprocess

from model import deliver
from model.config import LINK_LOCAL, NOT_GATEWAY, REASONS, State
from model.portsec import frame_from_guest

# By number: they are those of cordon.h.
NAMES = dict(enumerate((None,) + REASONS[:-1]))
NAMES[NOT_GATEWAY] = REASONS[-1]


def colons(mac):
    return ":".join("%02x" % b for b in mac)


def addresses(port):
    """What an agent would know to be declared for the port. Link-local
    addresses of others are among the others' own."""
    return ([p for p in port.others if not p.is_link_local]
            + [p for _, p in port.pairs if p != LINK_LOCAL])


def segment_lines(host, ports, segment):
    yield "segment %d" % segment
    subnets = {s for p in ports for s in p.subnets if s.version == 4}
    for subnet in sorted(subnets):
        if subnet.prefixlen < 31:
            yield "broadcast %s" % subnet.broadcast_address
    gateways = host.gateways.get(segment, [])
    for g in gateways + host.services.get(segment, []):
        for addr in g.addresses:
            yield "believed %s %s" % (colons(g.mac), addr)
    for g in gateways:
        yield "gateway %s" % colons(g.mac)
    declared = {str(a) for p in ports for a in addresses(p)}
    declared |= {str(a) for g in gateways for a in g.addresses}
    for prefix in sorted(declared):
        yield "declared %s" % prefix
    for g in host.trusted(segment):
        yield "trusted %s" % colons(g.mac)
    for number, macs in enumerate(communities(ports), 1):
        for mac in macs:
            yield "member %d %s" % (number, colons(mac))


def communities(ports):
    """The MACs of each that ports are in."""
    found = []
    for port in ports:
        if port.community and sorted(port.community) not in found:
            found.append(sorted(port.community))
    return found


def port_lines(name, port, ports):
    yield "port %s" % name
    yield "mtu %d" % port.mtu
    for mac in sorted(port.macs, key=lambda m: m != port.mac):
        yield "mac %s" % colons(mac)
    for mac, prefix in port.pairs:
        yield "pair %s %s" % (colons(mac), prefix)
    for mac in port.vrrp_macs:
        yield "vrrp %d" % mac[5]
    if port.router:
        yield "router"
    if port.dhcp_server:
        yield "dhcp-server"
    if port.isolated:
        yield "isolated"
    if port.community:
        yield "community %d" % (
            1 + communities(ports).index(sorted(port.community)))


def config_lines(host, ports):
    """The configuration, as config.h reads it, of ports by name."""
    yield "bridge %s" % colons(host.bridge_mac)
    for prefix in host.underlay:
        yield "underlay %s" % prefix
    for segment in sorted({p.segment for p in ports.values()}):
        inside = {n: p for n, p in ports.items() if p.segment == segment}
        yield from segment_lines(host, list(inside.values()), segment)
        for name, port in inside.items():
            yield from port_lines(name, port, list(inside.values()))


class Judge:
    """The program with a configuration; each ask() starts afresh."""

    def __init__(self, program, host, ports):
        self.program = str(pathlib.Path(program).resolve())
        self.host, self.ports = host, ports
        self.config = list(config_lines(host, ports))

    def tell(self, lines):
        """The reasons for the frames in lines of judge.c."""
        return [NAMES[n] for n in self._answers(lines)]

    def _answers(self, lines):
        done = subprocess.run(
            [self.program], text=True, capture_output=True, check=False,
            input="\n".join(self.config + list(lines)) + "\n")
        if done.returncode:
            raise AssertionError("judge: " + done.stderr)
        return [int(n) for n in done.stdout.split()]

    def ask(self, questions, have=0, apart=True):
        """The reasons for `questions`. If `apart`, nothing that was before is
        remembered."""
        lines = ["have %d" % have]
        for way, where, data in questions:
            if apart:
                lines.append("now 0")
            lines.append("%s %s %s" % (way, where, data.hex()))
        return self.tell(lines)

    def kept(self, where, frame):
        """How many bytes behind the Ethernet header of a frame that passes are
        in the kernel's own memory then, if none was before."""
        return self._answers(
            ["have 0", "kept %s %s" % (where, frame.hex())])[0]

    def model(self, questions):
        """What the model says, each apart."""
        return [self.model_one(*q) for q in questions]

    def model_one(self, way, where, data):
        if way == "from":
            port = self.ports[where]
            return frame_from_guest(port, data, State()).reason
        if way == "to":
            return deliver.to_guest(self.ports[where], data).reason
        src = data[6:12]
        if src[0] & 1 or not any(src) or src == self.host.bridge_mac:
            return "spoofed-mac"        # As deliver.from_uplink() has it.
        return deliver.through_uplink(self.host, int(where), data).reason

    def disagreements(self, questions, have=0):
        """[(question, the model's reason, the judge's)], up to twenty."""
        questions = list(questions)
        got, wanted = self.ask(questions, have), self.model(questions)
        if len(got) != len(questions):
            raise AssertionError("%d answers to %d questions"
                                 % (len(got), len(questions)))
        return [(way, where, data.hex(), w, g)
                for (way, where, data), w, g
                in zip(questions, wanted, got) if w != g][:20]
