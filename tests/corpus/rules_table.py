# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules.jsonl is made of (make_rules): each thing that may be beside
one that may not.

A step is "SENDER EXPRESSION > RECEIVERS": one frame, or fragments of one
datagram, written in the words of rules_frames.py. Receivers are P, A and
T, the trunk; - is nobody.
"""

PAIRS = []


def pair(rules, title, may, may_not, note=""):
    """`may` and `may_not` are steps; several are in a list."""
    PAIRS.append((rules, title, *(([x] if isinstance(x, str) else x)
                                  for x in (may, may_not)), note))


# By protocol and port, at the receiver --------------------------------------

for _ip, _name in (("AP4", "IPv4"), ("AP6", "IPv6")):
    for _good, _bad, _title in (
            (80, 81, "a port"), (22, 23, "another port"),
            (8000, 7999, "the first of a range"),
            (8099, 8100, "the last of a range"),
            (1, 0, "a range from port 1"), (3, 4, "a range of three"),
            (65535, 65534, "the last port")):
        pair("in", "TCP to %s, %s" % (_title, _name),
             "A %s/t(%d) > P" % (_ip, _good), "A %s/t(%d) > -" % (_ip, _bad))
    pair("in", "UDP to a port, " + _name, "A %s/u(53) > P" % _ip,
         "A %s/u(80) > -" % _ip, "a port of TCP's is none of UDP's")
    pair("in", "UDP to a range, " + _name, "A %s/u(5003) > P" % _ip,
         "A %s/u(5004) > -" % _ip)
    pair("in", "a protocol by number, with ports, " + _name,
         "A %s/u(7000) > P" % _ip, "A %s/t(7000) > -" % _ip)
    pair("in", "the source port is not looked at, " + _name,
         "A %s/t(80,sport=4) > P" % _ip, "A %s/t(4,sport=80) > -" % _ip)
    pair("in", "SCTP to a port, " + _name, "A %s/init(9000) > P" % _ip,
         "A %s/init(9001) > -" % _ip)
    pair("in", "SCTP to a range, " + _name, "A %s/init(9101) > P" % _ip,
         "A %s/init(9102) > -" % _ip)
    pair("in", "SCTP's ports are not TCP's, " + _name,
         "A %s/t(80) > P" % _ip, "A %s/init(80) > -" % _ip)
    pair("in", "ESP, " + _name, "A of(50,%s)/esp() > P" % _ip,
         "A %s/u(4500) > -" % _ip, "ESP in UDP is UDP")
pair("in", "GRE by number", "A of(47,AP4)/h('00000800') > P",
     "A of(46,AP4)/h('00000800') > -")
pair("in", "a number without a rule", "A of(47,AP4)/h('00000800') > P",
     "A of(253,AP4)/M > -")
pair("in", "echo request", "A AP4/echo() > P", "A AP4/echo(15) > -",
     "type 15 is a request, of another kind")
pair("in", "the code of a type", "A AP4/echo(8,0) > P",
     "A AP4/echo(8,1) > -")
pair("in", "any code of a type", "A AP4/echo(13,1) > P",
     "A AP4/echo(17,1) > -")
pair("in", "echo request, IPv6", "A AP6/echo6() > P", "A AP6/reply6() > -")

# By protocol and port, at the sender ----------------------------------------

for _ip, _gw, _name in (("AP4", "AX4", "IPv4"), ("AP6", "AX6", "IPv6")):
    _far = "to(A4,'192.88.99.1')" if _name == "IPv4" else "to(A6,'fd0f::1')"
    pair("out", "TCP to an allowed port, to a peer, " + _name,
         "A %s/t(80) > P" % _ip, "A %s/t(81) > -" % _ip)
    pair("out", "TCP to an allowed port, through the gateway, " + _name,
         "A %s/t(80) > T" % _far, "A %s/t(81) > -" % _far)
    for _good, _bad in ((90, 89), (99, 100)):
        pair("out", "TCP's range up to its edge %d, %s" % (_good, _name),
             "A %s/t(%d) > P" % (_ip, _good), "A %s/t(%d) > -" % (_ip, _bad))
    pair("out", "SCTP, " + _name, "A %s/init(9000) > T" % _far,
         "A %s/init(9001) > -" % _far)
    pair("out", "ESP, " + _name, "A of(50,%s)/esp() > T" % _far,
         "A %s/u(500) > -" % _far)
    pair("out", "anything to a prefix, " + _name, "A %s/u(4711) > T" % _gw,
         "A %s/u(4711) > -" % _far)
    pair("out", "to a member of a group, " + _name, "A %s/t(1003) > P" % _ip,
         "A %s/t(1004) > -" % _ip, "P is in group server, not in apart")
pair("out", "UDP to an address", "A AG4/u(53) > T", "A AP4/u(53) > -")
pair("out", "edges of a prefix", "A to(A4,'198.51.100.127')/u(9) > T",
     "A to(A4,'198.51.100.128')/u(9) > -")
pair("out", "lower edge of a prefix", "A to(A4,'198.51.100.0')/u(9) > T",
     "A to(A4,'198.51.99.255')/u(9) > -")
pair("out", "edges of a prefix, IPv6",
     "A to(A6,'2001:db8:1:ffff:ffff:ffff:ffff:ffff')/u(9) > T",
     "A to(A6,'2001:db8:2::')/u(9) > -")
pair("out", "a network's subnet", "A to(A4,'10.0.1.255')/t(1005) > T",
     "A to(A4,'10.0.2.0')/t(1005) > -")
pair("out", "a network's subnet, IPv6", "A to(A6,'fd00:1::5')/t(1005) > T",
     "A to(A6,'fd00:2::5')/t(1005) > -")
pair("out", "echo of any code", "A AP4/echo(8,3) > P", "A AP4/echo(13) > -")
pair("out", "echo of code 0, IPv6", "A AP6/echo6() > P",
     "A AP6/ICMPv6EchoRequest(code=1,id=7) > -")

# By peer --------------------------------------------------------------------

pair("peers", "a prefix", "A AP4/t(1001) > P", "T R()/t(1001) > -")
pair("peers", "a prefix of outside, upper edge",
     "T G('198.51.100.127')/t(1002) > P", "T G('198.51.100.128')/t(1002) > -")
pair("peers", "a prefix of outside, lower edge",
     "T G('198.51.100.0')/t(1002) > P", "T G('198.51.99.255')/t(1002) > -")
pair("peers", "a prefix of outside, IPv6, upper edge",
     "T G('2001:db8:1:ffff:ffff:ffff:ffff:ffff',P6)/t(1002) > P",
     "T G('2001:db8:2::',P6)/t(1002) > -")
pair("peers", "a prefix of outside, IPv6, lower edge",
     "T G('2001:db8:1::',P6)/t(1002) > P",
     "T G('2001:db8:0:ffff::',P6)/t(1002) > -")
for _p, _v in (("P4", "IPv4"), ("P6", "IPv6")):
    pair("peers", "a member on another host, " + _v,
         "T Q(%s)/t(1003) > P" % _p, "T R(%s)/t(1003) > -" % _p)
    pair("peers", "a member of the other group, " + _v,
         "T R(%s)/t(1004) > P" % _p, "A A%s/t(1004) > -" % _p)
    pair("peers", "the whole network, " + _v, "A A%s/t(1006) > P" % _p,
         "T G(X%s,%s)/t(1006) > -" % (_v[-1], _p))
    pair("peers", "an address in a list, " + _v, "A A%s/u(1007) > P" % _p,
         "T R(%s)/u(1007) > -" % _p)
    pair("peers", "everything from a group, " + _v,
         "T Q(%s)/u(7) > P" % _p, "T R(%s)/u(7) > -" % _p)
pair("peers", "everything from an address",
     "T of(253,G('203.0.113.7'))/M > P", "T of(253,G('203.0.113.8'))/M > -")
pair("peers", "another network of the tenant, by the gateway",
     "T G('10.0.1.5')/t(1005) > P", "T G('10.0.2.5')/t(1005) > -")
pair("peers", "another network, first and last address",
     ["T G('10.0.1.0')/t(1005) > P", "T G('10.0.1.255')/t(1005) > P"],
     ["T G('10.0.0.254')/t(1005) > -", "T G('10.0.2.0')/t(1005) > -"])
pair("peers", "another network, IPv6", "T G('fd00:1::5',P6)/t(1005) > P",
     "T G('fd00:2::5',P6)/t(1005) > -")
pair("peers", "all of IPv4 is not IPv6", "A AP4/t(1008) > P",
     "A AP6/t(1008) > -")
pair("peers", "all of IPv6 is not IPv4", "A AP6/t(1009) > P",
     "A AP4/t(1009) > -")
pair("peers", "the own group's members only", "T Q()/u(1010) > P",
     "A AP4/u(1010) > -", "nobody but P is in group server")

pair("served", "an open port of a server", "A AP4/t(443) > P",
     "A AP4/t(444) > -")

# Unions and defaults --------------------------------------------------------

pair("union", "the first group allows", "A AP4/t(80) > P", "A AP4/t(443) > -")
pair("union", "the second group allows", "A AP4/t(22) > P",
     "A AG4/t(22) > -")
pair("union", "one end's rule is not the other's", "A AG4/u(53) > T",
     "A AP4/u(53) > -", "A may send it, P does not let it in")
pair("union", "egress by default", "P e(MG,MP)/ip(P4,G4)/t(1) > T",
     "P PA4/t(1) > -", "A's groups have no ingress list: denied")
pair("union", "one stateful group is enough",
     ["A AP4/t(80) > P", "P PA4/t(40000,80,'SA',5000,1001) > A"],
     "P PA4/t(40000,80) > -")
pair("defaults", "egress is allowed, ingress is not", "A AG4/t(80) > T",
     "A AP4/t(80) > -")
pair("defaults", "a reply comes in, a new flow does not",
     ["A AX4/u(53) > T", "T G(X4,A4,MA)/u(40000,53) > A"],
     "T G(X4,A4,MA)/u(40000,53) > -")
pair("defaults", "a reply comes in, a new flow does not, IPv6",
     ["A AX6/u(53) > T", "T G(X6,A6,MA)/u(40000,53) > A"],
     "T G(X6,A6,MA)/u(40000,53) > -")
pair("turned", "ingress is allowed, egress is not",
     "T G(X4,A4,MA)/t(80) > A", "A AX4/t(80) > -")
pair("turned", "an answer leaves, a new flow does not",
     ["T G(X4,A4,MA)/t(80) > A",
      "A AX4/t(40000,80,'SA',5000,1001) > T"],
     "A AX4/t(40000,80,'SA',5000,1001) > -")
pair("turned", "an empty list allows nothing", "P PA4/t(80) > A",
     "T G(X4)/t(80) > -", "P's group is asked, the default is not")
pair("turned", "a peer with a group, one without", "P PA6/u(80) > A",
     "A AP6/u(80) > -")

# Connections ----------------------------------------------------------------

pair("one-end", "TCP's answers",
     ["A AP4/t(80) > P", "P PA4/t(40000,80,'SA',5000,1001) > A",
      "A AP4/t(80,flags='A',seq=1001,ack=5001) > P",
      "P PA4/t(40000,80,'A',5001,1001)/M > A"],
     ["A AP4/t(80) > P", "P PA4/t(40001,80,'SA',5000,1001) > -"])
pair("one-end", "TCP's answers, IPv6",
     ["A AP6/t(80) > P", "P PA6/t(40000,80,'SA',5000,1001) > A"],
     ["A AP6/t(80) > P", "P PA6/t(40000,81,'SA',5000,1001) > -"])
pair("one-end", "TCP in the middle of nothing",
     ["A AP4/t(80) > P", "P PA4/t(40000,80,'SA',5000,1001) > A",
      "A AP4/t(80,flags='PA',seq=1001,ack=5001)/M > P"],
     "A AP4/t(80,flags='PA',seq=1001,ack=5001)/M > -")
pair("in", "TCP's first segment is SYN", "A AP4/t(80) > P",
     "A AP4/t(80,flags='A',ack=1) > -")
for _flags in ("SA", "F", "FPU", "SF", "SR", "R", ""):
    pair("in", "TCP begins with SYN, not %s" % (_flags or "nothing"),
         "A AP4/t(8000) > P", "A AP4/t(8000,flags='%s',ack=1) > -" % _flags)
pair("one-end", "UDP's answer",
     ["A AP4/u(53) > P", "P PA4/u(40000,53) > A"],
     ["A AP4/u(53) > P", "P PA4/u(40000,54) > -"])
pair("one-end", "UDP's answer, to the very port",
     ["A AP6/u(53) > P", "P PA6/u(40000,53) > A"],
     ["A AP6/u(53) > P", "P PA6/u(40001,53) > -"])
pair("one-end", "UDP's answer comes from who was asked",
     ["A AG4/u(53) > T", "T G(G4,A4,MA)/u(40000,53) > A"],
     ["A AG4/u(53) > T", "P PA4/u(40000,53) > -"],
     "a peer injects into another's flow")
pair("one-end", "UDP's answer comes from who was asked, outside",
     ["A AX4/u(123) > T", "T G(X4,A4,MA)/u(40000,123) > A"],
     ["A AX4/u(123) > T", "T Q(A4,MA)/u(40000,123) > -"])
pair("one-end", "UDP's answer with the source that was asked",
     ["A AX6/u(53) > T", "T G(X6,A6,MA)/u(40000,53) > A"],
     ["A AX6/u(53) > T", "P e(MA,MP)/ip(X6,A6)/u(40000,53) > -"],
     "port security: the address is not the peer's")
pair("one-end", "the echo's answer",
     ["A AP4/echo() > P", "P PA4/echo(0) > A"],
     ["A AP4/echo() > P", "P PA4/echo(0,number=8) > -"])
pair("one-end", "the echo's answer, IPv6",
     ["A AP6/echo6() > P", "P PA6/reply6() > A"],
     ["A AP6/echo6() > P", "P PA6/reply6(8) > -"])
pair("one-end", "an answer to no echo",
     ["A AP4/echo() > P", "P PA4/echo(0) > A"], "P PA4/echo(0) > -")
pair("one-end", "an echo of the peer's own",
     ["A AP4/echo() > P", "P PA4/echo(0) > A"],
     ["A AP4/echo() > P", "P PA4/echo() > -"])
pair("one-end", "SCTP's answer",
     ["A AP4/init(9000) > P", "P PA4/init_ack(40000,9000) > A"],
     "P PA4/init_ack(40000,9000) > -")
pair("in", "SCTP's first chunk is INIT", "A AP4/init(9000) > P",
     "A AP4/data(9000) > -")
pair("one-end", "ESP's other direction",
     ["A of(50,AP4)/esp() > P", "P of(50,PA4)/esp() > A"],
     "P of(50,PA4)/esp() > -")
pair("in", "answers of a server leave",
     ["A AP4/t(80) > P", "P PA4/t(40000,80,'SA',5000,1001) > A"],
     "P PA4/t(40000,80) > -", "A's group has no list: ingress is denied")
pair("out", "a server behind the gateway answers",
     ["A AX4/t(4711) > T", "T G(X4,A4,MA)/t(40000,4711,'SA',5000,1001) > A"],
     "T G(X4,A4,MA)/t(40000,4711,'SA',5000,1001) > -")
pair("in", "two flows from one port",
     ["A AP4/u(53) > P", "A AP4/u(5000) > P"],
     ["A AP4/u(53) > P", "A AP4/u(54) > -"])

# ICMP errors ----------------------------------------------------------------

pair("one-end", "port unreachable of an own flow",
     ["A AP4/u(53) > P", "P PA4/ICMP(type=3,code=3)/ip(A4,P4)/u(53) > A"],
     ["A AP4/u(53) > P", "P PA4/ICMP(type=3,code=3)/ip(A4,P4)/u(54) > -"])
pair("one-end", "unreachable from the gateway, of an own flow",
     ["A AX4/t(80) > T",
      "T G(G4,A4,MA)/ICMP(type=3,code=1)/ip(A4,X4)/t(80) > A"],
     ["A AX4/t(80) > T",
      "T G(G4,A4,MA)/ICMP(type=3,code=1)/ip(A4,X4)/t(81) > -"])
pair("one-end", "fragmentation needed, of an own flow",
     ["A AX4/t(80) > T",
      "T G(G4,A4,MA)/ICMP(type=3,code=4,nexthopmtu=1400)/ip(A4,X4)/t(80)"
      " > A"],
     "T G(G4,A4,MA)/ICMP(type=3,code=4,nexthopmtu=1400)/ip(A4,X4)/t(80) > -")
pair("one-end", "time exceeded, of an own flow",
     ["A AX4/echo() > T",
      "T G(G4,A4,MA)/ICMP(type=11)/ip(A4,X4)/echo() > A"],
     ["A AX4/echo() > T",
      "T G(G4,A4,MA)/ICMP(type=11)/ip(A4,X4)/echo(number=8) > -"])
pair("one-end", "packet too big, of an own flow",
     ["A AX6/t(80) > T",
      "T G(G6,A6,MA)/ICMPv6PacketTooBig(mtu=1280)/ip(A6,X6)/t(80) > A"],
     ["A AX6/t(80) > T",
      "T G(G6,A6,MA)/ICMPv6PacketTooBig(mtu=1280)/ip(A6,X6)/t(81) > -"])
pair("one-end", "unreachable from a peer, IPv6",
     ["A AP6/u(53) > P",
      "P PA6/ICMPv6DestUnreach(code=4)/ip(A6,P6)/u(53) > A"],
     "P PA6/ICMPv6DestUnreach(code=4)/ip(A6,P6)/u(53) > -")
pair("one-end", "another's error about an own flow",
     ["A AX4/u(53) > T",
      "T G(G4,A4,MA)/ICMP(type=3,code=3)/ip(A4,X4)/u(53) > A"],
     ["A AX4/u(53) > T",
      "P PA4/ICMP(type=3,code=3)/ip(A4,X4)/u(53) > -"],
     "port security: P is not who was asked")
pair("in", "unreachable leaves, of the peer's flow",
     ["A AP4/u(53) > P", "P PA4/ICMP(type=3,code=3)/ip(A4,P4)/u(53) > A"],
     "P PA4/ICMP(type=3,code=3)/ip(A4,P4)/u(53) > -")

# Stateless ------------------------------------------------------------------

pair("stateless", "an answer that a rule allows",
     ["A AP4/u(53) > P", "P PA4/u(40000,53) > A"],
     ["A AP4/u(53,sport=30000) > P", "P PA4/u(30000,53) > -"],
     "there is no connection that it would belong to")
pair("stateless", "an answer that a rule allows, IPv6",
     ["A AP6/u(53,sport=40999) > P", "P PA6/u(40999,53) > A"],
     ["A AP6/u(53,sport=41000) > P", "P PA6/u(41000,53) > -"])
pair("stateless", "TCP in the middle", "A AP4/t(80,flags='A',ack=1) > P",
     "A AP4/t(81,flags='A',ack=1) > -")
pair("stateless", "what comes in unasked", "P PA4/t(40000,80,'SA') > A",
     "P PA4/t(40001,80,'SA') > -")
pair("stateless", "echo and its answer, by rules", "P PA4/echo(0) > A",
     "P PA4/echo(8) > -")
pair("stateless", "ICMP errors by rules",
     "A AG4/u(7) > T",
     ["A AG4/u(7) > T", "T G(G4,A4,MA)/ICMP(type=3)/ip(A4,G4)/u(7) > -"])

# Fragments ------------------------------------------------------------------

for _p, _name in (("P4", "IPv4"), ("P6", "IPv6")):
    _cut = "cut" if _name == "IPv4" else "cut6"
    pair("in", "a datagram in fragments, " + _name,
         "A %s(A%s/u(53)) > P" % (_cut, _p),
         "A %s(A%s/u(54)) > -" % (_cut, _p))
    pair("in", "TCP in fragments, " + _name,
         "A %s(A%s/t(80)/M,24) > P" % (_cut, _p),
         "A %s(A%s/t(81)/M,24) > -" % (_cut, _p))
    pair("in", "fragments in the wrong order, " + _name,
         "A %s(A%s/u(53),number=78)[::-1] > P" % (_cut, _p),
         "A %s(A%s/u(54),number=78)[::-1] > -" % (_cut, _p))
    pair("in", "all fragments, or none, " + _name,
         "A %s(A%s/u(53),number=79) > P" % (_cut, _p),
         "A %s(A%s/u(53),number=80)[:1] > -" % (_cut, _p))
    pair("in", "a later fragment alone, " + _name,
         "A %s(A%s/u(53),number=81) > P" % (_cut, _p),
         "A %s(A%s/u(53),number=82)[1:] > -" % (_cut, _p))
    pair("one-end", "an answer in fragments, " + _name,
         ["A A%s/u(53) > P" % _p, "P %s(PA%s/u(40000,53),number=83) > A"
          % (_cut, _p[1])],
         "P %s(PA%s/u(40000,53),number=84) > -" % (_cut, _p[1]))
pair("in", "fragments of IPv6 of 1280 bytes or more",
     "A cut6(AP6/u(53),number=89) > P",
     ["A AP6/u(53) > P", "A cut(AP6/u(53),number=90) > -"],
     "the kernel puts smaller ones together, and not apart again")
pair("stateless", "fragments where a rule has no ports",
     "A cut(AG4/u(99),number=85) > T", "A cut(AP4/u(99),number=86) > -")
pair("stateless", "a first fragment has ports",
     "A cut(AP4/u(53),number=87)[:1] > P",
     "A cut(AP4/u(53),number=88)[1:] > -",
     "nothing says of what port a later one is")

# Headers in front -----------------------------------------------------------

pair("in", "behind destination options, from the gateway",
     "T G(X6,P6)/IPv6ExtHdrDestOpt()/t(80) > P",
     "T G(X6,P6)/IPv6ExtHdrDestOpt()/t(81) > -")
pair("in", "behind hop-by-hop options, from the gateway",
     "T G(X6,P6)/IPv6ExtHdrHopByHop()/u(53) > P",
     "T G(X6,P6)/IPv6ExtHdrHopByHop()/u(54) > -")
pair("in", "behind two headers, from the gateway",
     "T G(X6,P6)/IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/t(8050) > P",
     "T G(X6,P6)/IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/t(7050) > -")
pair("in", "echo behind destination options, from the gateway",
     "T G(X6,P6)/IPv6ExtHdrDestOpt()/echo6() > P",
     "T G(X6,P6)/IPv6ExtHdrDestOpt()/reply6() > -")
pair("in", "a guest's own extension headers", "A AP6/t(80) > P",
     "A AP6/IPv6ExtHdrDestOpt()/t(80) > -", "port security")

# Broadcast and multicast ----------------------------------------------------

MDNS = "A e('01:00:5e:00:00:fb')/ip(A4,'224.0.0.251')/"
MDNS6 = "A e('33:33:00:00:00:fb')/ip(A6,'ff02::fb')/"
ALL = "A e(BC)/ip(A4,'255.255.255.255')/"
pair("out", "multicast to an allowed group", MDNS + "u(5353) > P,T",
     MDNS + "u(5354) > -")
pair("out", "multicast to an allowed group, IPv6", MDNS6 + "u(5353) > P,T",
     MDNS6 + "u(5354) > -")
pair("out", "broadcast by a rule", ALL + "u(9) > P,T", ALL + "u(10) > -")
pair("in", "multicast that the receiver wants", MDNS + "u(53) > P,T",
     "T Q('224.0.0.251','01:00:5e:00:00:fb')/u(5353) > -")
pair("in", "multicast that the receiver wants, IPv6", MDNS6 + "u(53) > P,T",
     "T Q('ff02::fb','33:33:00:00:00:fb')/u(5353) > -")
pair("in", "multicast that only others may want", MDNS + "u(5353) > T",
     "P e('01:00:5e:00:00:fb',MP)/ip(A4,'224.0.0.251')/u(5353) > -",
     "P's rules keep it from P; it is not P's to send")
pair("in", "broadcast that the receiver wants", ALL + "u(5000) > P,T",
     "T G(G4,'255.255.255.255',BC)/u(4999) > -")
pair("one-end", "an answer to a broadcast is of no flow",
     ["A AP4/u(123) > P", "P PA4/u(40000,123) > A"],
     ["A e(BC)/ip(A4,'255.255.255.255')/u(123) > P,T",
      "P PA4/u(40000,123) > -"], "what goes to groups is not tracked")

# What always passes ---------------------------------------------------------

SHUT = "turned"
pair(SHUT, "ARP request", "A e(BC)/ARP(op=1,hwsrc=MA,psrc=A4,pdst=P4) > P,T",
     "A AP4/u(4) > -")
pair(SHUT, "ARP reply",
     "A e(MP)/ARP(op=2,hwsrc=MA,psrc=A4,hwdst=MP,pdst=P4) > P",
     "A e(MP)/ARP(op=2,hwsrc=MA,psrc=Q4,hwdst=MP,pdst=P4) > -",
     "port security judges it")
pair(SHUT, "neighbour solicitation",
     "A e('33:33:ff:00:00:0c')/ip(A6,'ff02::1:ff00:c',hlim=255)"
     "/ICMPv6ND_NS(tgt=P6)/ICMPv6NDOptSrcLLAddr(lladdr=MA) > P,T",
     "A AP6/echo6() > -")
pair(SHUT, "neighbour advertisement",
     "A e(MP)/ip(A6,P6,hlim=255)/ICMPv6ND_NA(tgt=A6,R=0)"
     "/ICMPv6NDOptDstLLAddr(lladdr=MA) > P",
     "A e(MP)/ip(A6,P6,hlim=255)/ICMPv6ND_NA(tgt=Q6,R=0)"
     "/ICMPv6NDOptDstLLAddr(lladdr=MA) > -", "port security judges it")
pair(SHUT, "router solicitation",
     "A e('33:33:00:00:00:02')/ip(AL,'ff02::2',hlim=255)/ICMPv6ND_RS()"
     " > P,T",
     "A e('33:33:00:00:00:02')/ip(AL,'ff02::2',hlim=255)/u(521) > -")
pair(SHUT, "router advertisement of the gateway",
     "T tagged(MG,'33:33:00:00:00:01')/ip(GL,'ff02::1',hlim=255)"
     "/ICMPv6ND_RA() > A,P",
     "T tagged(MG,MP)/ip(GL,PL)/u(521) > -")
pair(SHUT, "MLD report",
     "A e('33:33:00:00:00:16')/ip(AL,'ff02::16',hlim=1)"
     "/IPv6ExtHdrHopByHop(options=[RouterAlert(),PadN(optdata=b'')])"
     "/ICMPv6MLReport2() > P,T",
     "A e('33:33:00:00:00:16')/ip(AL,'ff02::16',hlim=1)/u(16) > -")
pair(SHUT, "IGMP report",
     "A of(2,e('01:00:5e:00:00:16')/ip(A4,'224.0.0.22',ttl=1,"
     "options=[IPOption_Router_Alert()]))/igmp() > P,T",
     "A of(103,e('01:00:5e:00:00:16')/ip(A4,'224.0.0.22',ttl=1))"
     "/igmp() > -")
pair(SHUT, "IGMP report, and one to a host",
     "A of(2,e('01:00:5e:00:00:16')/ip(A4,'224.0.0.22',ttl=1,"
     "options=[IPOption_Router_Alert()]))/igmp() > P,T",
     "A of(2,e(MP)/ip(A4,P4,ttl=1,options=[IPOption_Router_Alert()]))"
     "/igmp() > -")
pair(SHUT, "MLD report, and one to a host",
     "A e('33:33:00:00:00:16')/ip(AL,'ff02::16',hlim=1)"
     "/IPv6ExtHdrHopByHop(options=[RouterAlert(),PadN(optdata=b'')])"
     "/ICMPv6MLReport2() > P,T",
     "A e(MP)/ip(AL,PL,hlim=1)"
     "/IPv6ExtHdrHopByHop(options=[RouterAlert(),PadN(optdata=b'')])"
     "/ICMPv6MLReport2() > -")
pair(SHUT, "DHCP discovery",
     "A e(BC)/dhcp('0.0.0.0','255.255.255.255','discover') > P,T",
     "A e(BC)/ip(A4,'255.255.255.255')/u(69,sport=68) > -")
pair("one-end", "DHCP's offer from the gateway",
     "T tagged(MG,MA)/dhcp(G4,A4,'offer') > A",
     "T tagged(MG,MA)/ip(G4,A4)/u(68,sport=69) > -")
pair(SHUT, "DHCPv6 solicitation",
     "A e('33:33:00:01:00:02')/ip(AL,'ff02::1:2')/UDP(sport=546,dport=547)"
     "/DHCP6_Solicit(trid=1) > P,T",
     "A e('33:33:00:01:00:02')/ip(AL,'ff02::1:2')/u(547,sport=545) > -")
pair("one-end", "DHCPv6's answer from the gateway",
     "T tagged(MG,MA)/ip(GL,AL)/UDP(sport=547,dport=546)"
     "/DHCP6_Reply(trid=1) > A",
     "T tagged(MG,MA)/ip(GL,AL)/u(546,sport=548) > -")
