# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that the expressions of rules.jsonl are made of; with scapy.

AP4 is Ethernet and IPv4 from A to P, PA6 IPv6 from P to A, AG4 from A to the
gateway's own address, AX4 through it; G(...) comes from the gateway by the
trunk, Q(...) and R(...) from peers on other hosts. t, u, sctp are headers
whose source port is 40000 unless given.
"""

from scapy.layers.inet import (ICMP, IP, TCP, UDP, Ether,
                               IPOption_Router_Alert)
from scapy.layers.inet6 import (IPv6, ICMPv6DestUnreach, ICMPv6EchoReply,
                                ICMPv6EchoRequest, ICMPv6MLReport2,
                                ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA,
                                ICMPv6ND_RS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
                                RouterAlert)
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Reply, DHCP6_Solicit
from scapy.layers.l2 import ARP, Dot1Q
from scapy.layers.sctp import (SCTP, SCTPChunkData, SCTPChunkInit,
                               SCTPChunkInitAck)
from scapy.packet import Raw

from model import cast, rulesets
from model.config import eui64

MA, MP, MG = (m.hex(":") for m in (cast.MAC_A, cast.MAC_P, cast.MAC_G))
MQ, MR = rulesets.MAC_Q.hex(":"), rulesets.MAC_R.hex(":")
BC = "ff:ff:ff:ff:ff:ff"
A4, A6 = cast.ADDRESSES["A"]
P4, P6 = cast.ADDRESSES["P"]
G4, G6, GL = cast.GATEWAY
AL, PL = str(eui64(cast.MAC_A)), str(eui64(cast.MAC_P))
Q4, Q6, R4, R6 = "10.0.0.26", "fd00::1a", "10.0.0.27", "fd00::1b"
X4, X6 = "198.51.100.7", "2001:db8:1::7"
M = Raw(b"rules of a tenant's own")


def e(dst, src=MA):
    return Ether(src=src, dst=dst)


def tagged(src, dst):
    return Ether(src=src, dst=dst) / Dot1Q(vlan=cast.VLAN_A)


def ip(src, dst, **more):
    kind = IPv6 if ":" in src else IP
    if kind is IPv6:
        more.setdefault("hlim", 64)
    return kind(src=src, dst=dst, **more)


AP4, AP6 = e(MP) / ip(A4, P4), e(MP) / ip(A6, P6)
PA4, PA6 = e(MA, MP) / ip(P4, A4), e(MA, MP) / ip(P6, A6)
AG4, AG6 = e(MG) / ip(A4, G4), e(MG) / ip(A6, G6)
AX4, AX6 = e(MG) / ip(A4, X4), e(MG) / ip(A6, X6)


def to(src, dst, mac=MG):
    """From A through the gateway, or another, to any address."""
    return e(mac) / ip(src, dst)


def G(src, dst=P4, mac=MP):
    """From the gateway."""
    return tagged(MG, mac) / ip(src, dst)


def Q(dst=P4, mac=MP):
    return tagged(MQ, mac) / ip(Q6 if ":" in dst else Q4, dst)


def R(dst=P4, mac=MP):
    return tagged(MR, mac) / ip(R6 if ":" in dst else R4, dst)


def t(dport, sport=40000, flags="S", seq=1000, ack=0):
    return TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack)


def u(dport, sport=40000):
    return UDP(sport=sport, dport=dport) / M


def echo(kind=8, code=0, number=7):
    return ICMP(type=kind, code=code, id=number, seq=1, ts_ori=0, ts_rx=0,
                ts_tx=0) / M


def echo6(number=7):
    return ICMPv6EchoRequest(id=number, seq=1, data=b"rules")


def reply6(number=7):
    return ICMPv6EchoReply(id=number, seq=1, data=b"rules")


def init(dport, sport=40000, tag=1):
    return SCTP(sport=sport, dport=dport, tag=0) / SCTPChunkInit(
        init_tag=tag, a_rwnd=4096, n_out_streams=1, n_in_streams=1,
        init_tsn=1)


def init_ack(dport, sport, tag=1):
    return SCTP(sport=sport, dport=dport, tag=tag) / SCTPChunkInitAck(
        init_tag=2, a_rwnd=4096, n_out_streams=1, n_in_streams=1, init_tsn=1)


def data(dport, sport=40000, tag=2):
    return SCTP(sport=sport, dport=dport, tag=tag) / SCTPChunkData(
        beginning=1, ending=1, tsn=1, stream_id=0, stream_seq=0,
        data=b"rule")


def esp():
    return Raw(bytes.fromhex("0000100000000001") + b"x" * 24)


def h(digits):
    return Raw(bytes.fromhex(digits))


def igmp():
    """An empty IGMPv3 report."""
    return h("2200 ddff 0000 0000")


def of(number, packet):
    """The packet with an IP protocol of this number."""
    packet = packet.copy()
    inner = packet.lastlayer()
    if isinstance(inner, IPv6):
        inner.nh = number
    else:
        inner.proto = number
    return packet


def cut(packet, size=16, number=77):
    """The two fragments of a frame; the first has `size` bytes of its IP
    payload."""
    whole = packet.__class__(bytes(packet))
    layer = whole[IPv6] if IPv6 in whole else whole[IP]
    body = bytes(layer.payload)
    layer.remove_payload()
    if isinstance(layer, IPv6):
        proto, layer.nh, layer.plen = layer.nh, 44, None
        heads = [IPv6ExtHdrFragment(nh=proto, m=more, offset=at, id=number)
                 for more, at in ((1, 0), (0, size // 8))]
        return [whole / head / Raw(part) for head, part in zip(
            heads, (body[:size], body[size:]))]
    pieces = []
    for more, at, part in ((1, 0, body[:size]), (0, size // 8, body[size:])):
        piece = whole.copy()
        inner = piece[IP]
        inner.flags, inner.frag, inner.id = more, at, number
        inner.len = inner.chksum = None
        pieces.append(piece / Raw(part))
    return pieces


def cut6(packet, size=1240, number=77):
    """The same of a datagram so large that fragments are usual."""
    return cut(packet / Raw(b"r" * 1300), max(size, 1240), number)


def dhcp(src, dst, kind, mac=MA):
    reply = kind in ("offer", "ack")
    ports = UDP(sport=67, dport=68) if reply else UDP(sport=68, dport=67)
    return ip(src, dst) / ports / BOOTP(
        op=2 if reply else 1, chaddr=bytes.fromhex(mac.replace(":", "")),
        xid=0x1234) / DHCP(options=[("message-type", kind), "end"])


WORDS = {name: value for name, value in globals().items()
         if not name.startswith("_")}


def frames(expression):
    """The frames of an expression, as bytes."""
    found = eval(expression, dict(WORDS))  # pylint: disable=eval-used
    return [bytes(f) for f in (found if isinstance(found, list)
                               else [found])]
