// SPDX-License-Identifier: GPL-2.0
/*
 * Judges what a guest sends above IP: that it is no server or router that it
 * is not declared to be, and that ICMP errors are about its own traffic. Called
 * by parse_ip.c.
 */

#include "parse_private.h"

#define DHCP_CIADDR	12
#define DHCP_GIADDR	24
#define DHCP_CHADDR	28
#define DHCP_NEED	(DHCP_CHADDR + ETH_ALEN)

/* An error's header, an IPv4 header with options, and eight bytes. */
#define ICMP_ASKED	(8 + 60 + 8)

#define PORT_DHCP_SERVER	67
#define PORT_DHCP_CLIENT	68
#define PORT_DHCP6_CLIENT	546
#define PORT_DHCP6_SERVER	547
#define PORT_HSRP		1985	/* RFC 2281 */
#define PORT_HSRP6		2029

static bool is_group(const struct cordon_frame *frame,
		     const struct cordon_packet *packet)
{
	return packet->family == AF_INET ?
	       ip4_is_multicast(be32_at(frame->net + 16)) :
	       frame->net[24] == 0xff;
}

bool cordon_is_mld(const struct cordon_packet *packet)
{
	return packet->icmp6 == MLD_QUERY || packet->icmp6 == MLD_REPORT ||
	       packet->icmp6 == MLD_DONE || packet->icmp6 == MLD2_REPORT;
}

bool cordon_is_own_dhcp(struct cordon_frame *frame,
			const struct cordon_port_config *port,
			const struct cordon_packet *packet)
{
	const u8 *udp, *dhcp, *src;
	u32 ciaddr;

	if (packet->proto != IPPROTO_UDP || packet->fragment ||
	    packet->end - packet->l4 < UDP_HLEN + DHCP_NEED ||
	    !cordon_need(frame, packet->l4 + UDP_HLEN + DHCP_NEED))
		return false;
	udp = frame->net + packet->l4;
	dhcp = udp + UDP_HLEN;
	src = frame->eth->h_source;
	ciaddr = be32_at(dhcp + DHCP_CIADDR);
	return be16_at(udp + 2) == PORT_DHCP_SERVER &&
	       !be32_at(dhcp + DHCP_GIADDR) &&
	       mac_equal(dhcp + DHCP_CHADDR, src) &&
	       (!ciaddr || port_owns4(port, ciaddr, src));
}

static noinline enum cordon_reason
judge_dhcp(struct cordon_frame *frame, const struct cordon_port_config *port,
	   const struct cordon_packet *packet, u16 sport, u16 dport)
{
	if (sport == PORT_DHCP_SERVER || sport == PORT_DHCP6_SERVER ||
	    dport == PORT_DHCP_CLIENT || dport == PORT_DHCP6_CLIENT)
		return CORDON_DROP_ROGUE_DHCP;
	if (dport == PORT_DHCP_SERVER && packet->family == AF_INET)
		return cordon_is_own_dhcp(frame, port, packet) ?
		       CORDON_PASS : CORDON_DROP_ROGUE_DHCP;
	/* A relay's messages (RFC 8415, 7.3). */
	if (dport == PORT_DHCP6_SERVER &&
	    packet->end > packet->l4 + UDP_HLEN) {
		u8 type;

		if (!cordon_need(frame, packet->l4 + UDP_HLEN + 1))
			return CORDON_DROP_MALFORMED;
		type = frame->net[packet->l4 + UDP_HLEN];
		if (type == 12 || type == 13)
			return CORDON_DROP_ROGUE_DHCP;
	}
	return CORDON_PASS;
}

static enum cordon_reason judge_udp(struct cordon_frame *frame,
				    const struct cordon_port_config *port,
				    const struct cordon_packet *packet)
{
	u16 sport, dport;

	/* Fragments of less have been dropped. */
	if (packet->end - packet->l4 < UDP_HLEN ||
	    !cordon_need(frame, packet->l4 + UDP_HLEN))
		return CORDON_DROP_MALFORMED;
	sport = be16_at(frame->net + packet->l4);
	dport = be16_at(frame->net + packet->l4 + 2);
	if (unlikely((u16)(dport - PORT_DHCP_SERVER) <= 1 ||
		     (u16)(dport - PORT_DHCP6_CLIENT) <= 1 ||
		     sport == PORT_DHCP_SERVER || sport == PORT_DHCP6_SERVER) &&
	    !(port->flags & CORDON_PORT_F_DHCP_SERVER)) {
		enum cordon_reason reason =
			judge_dhcp(frame, port, packet, sport, dport);

		if (reason)
			return reason;
	}
	if (unlikely(dport == PORT_HSRP || dport == PORT_HSRP6) &&
	    is_group(frame, packet) && !port_is_router(port))
		return CORDON_DROP_ROGUE_ROUTER;
	return CORDON_PASS;
}

/* With its options. */
static enum cordon_reason judge_tcp(struct cordon_frame *frame,
				    const struct cordon_packet *packet)
{
	u32 len = packet->end - packet->l4, header;

	if (len < TCP_HLEN || !cordon_need(frame, packet->l4 + TCP_HLEN))
		return CORDON_DROP_MALFORMED;
	header = (frame->net[packet->l4 + 12] >> 4) * 4;
	return header < TCP_HLEN || header > len ? CORDON_DROP_MALFORMED :
						   CORDON_PASS;
}

static bool is_routers_group(const struct cordon_frame *frame,
			     const struct cordon_packet *packet)
{
	const u8 *dst = frame->net + 24;

	if (packet->family == AF_INET)
		return be32_at(frame->net + 16) == 0xe0000012;
	return be64_at(dst) == 0xff02000000000000ULL &&
	       be64_at(dst + 8) == 0x12;
}

/* To the routers' group alone, whole, of a router that is declared. */
static bool may_advertise(struct cordon_frame *frame,
			  const struct cordon_port_config *port,
			  const struct cordon_packet *packet)
{
	u32 i;

	if (packet->fragment || packet->end - packet->l4 < 8 ||
	    !is_routers_group(frame, packet) ||
	    !cordon_need(frame, packet->l4 + 2))
		return false;
	for (i = 0; i < port->n_vrrp; i++)
		if (port->vrrp[i] == frame->net[packet->l4 + 1])
			return true;
	return false;
}

/* Of the first or only fragment; the type must be there. */
static enum cordon_reason judge_icmp4(struct cordon_frame *frame,
				      const struct cordon_port_config *port,
				      const struct cordon_packet *packet)
{
	u8 type;

	if (packet->l4 == packet->end || !cordon_need(frame, packet->l4 + 1))
		return CORDON_DROP_MALFORMED;
	type = frame->net[packet->l4];
	if (port_is_router(port))
		return CORDON_PASS;
	if (packet->proto == IPPROTO_ICMP)	/* redirect, advertisement */
		return type == 5 || type == 9 ? CORDON_DROP_ROGUE_ROUTER :
						CORDON_PASS;
	/* What hosts send (RFC 1112, 2236, 3376). */
	return type == 0x12 || type == 0x16 || type == 0x17 || type == 0x22 ?
	       CORDON_PASS : CORDON_DROP_ROGUE_ROUTER;
}

static enum cordon_reason judge_icmp6(const struct cordon_port_config *port,
				      const struct cordon_packet *packet)
{
	bool of_router;

	switch (packet->icmp6) {
	case ICMP6_ERROR_FIRST ... ICMP6_ERROR_LAST:
	case ICMP6_ECHO:
	case ICMP6_ECHO_REPLY:
	case MLD_REPORT:
	case MLD_DONE:
	case MLD2_REPORT:
	case ND_RS:
	case ND_NS:
	case ND_NA:
		return CORDON_PASS;
	}
	of_router = packet->icmp6 == MLD_QUERY ||
		    (packet->icmp6 >= MRD_FIRST && packet->icmp6 <= MRD_LAST);
	if (port_is_router(port) &&
	    (of_router || packet->icmp6 == ND_RA ||
	     packet->icmp6 == ND_REDIRECT))
		return CORDON_PASS;
	return of_router ? CORDON_DROP_ROGUE_ROUTER : CORDON_DROP_ND_SPOOF;
}

static noinline enum cordon_reason
judge_other(struct cordon_frame *frame, const struct cordon_port_config *port,
	    const struct cordon_packet *packet)
{
	u32 len = packet->end - packet->l4;

	switch (packet->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!packet->fragment && len < 4)
			return CORDON_DROP_MALFORMED;
		break;
	case IPPROTO_IGMP:
		if (!packet->fragment && len < 8)
			return CORDON_DROP_MALFORMED;
		break;
	case PROTO_EIGRP:
	case PROTO_OSPF:
	case IPPROTO_PIM:
		return port_is_router(port) ? CORDON_PASS :
					      CORDON_DROP_ROGUE_ROUTER;
	case PROTO_VRRP:
		return may_advertise(frame, port, packet) ?
		       CORDON_PASS : CORDON_DROP_ROGUE_ROUTER;
	default:
		return CORDON_PASS;
	}
	if (packet->offset)
		return CORDON_PASS;
	if (packet->family == AF_INET6)
		return judge_icmp6(port, packet);
	if (packet->proto == IPPROTO_ICMPV6)
		return CORDON_PASS;
	return judge_icmp4(frame, port, packet);
}

/*
 * What tenants' rules and connection tracking ask about behind the guard must
 * be what is forwarded, too: ports, types and codes, and whom an error is
 * about.
 */
static enum cordon_reason keep(struct cordon_frame *frame,
			       const struct cordon_packet *packet)
{
	bool icmp = packet->proto == IPPROTO_ICMP ||
		    packet->proto == IPPROTO_ICMPV6;
	u32 n = packet->l4 + (icmp ? ICMP_ASKED : TCP_HLEN);

	return packet->offset ||
	       cordon_need(frame, n < packet->end ? n : packet->end) ?
	       CORDON_PASS : CORDON_DROP_MALFORMED;
}

enum cordon_reason cordon_judge_upper(struct cordon_frame *frame,
				      const struct cordon_port_config *port,
				      const struct cordon_packet *packet)
{
	enum cordon_reason reason;

	if (likely(packet->proto == IPPROTO_TCP && !packet->fragment))
		return judge_tcp(frame, packet);
	if (likely(packet->proto == IPPROTO_UDP))
		return packet->offset ? CORDON_PASS :
					judge_udp(frame, port, packet);
	reason = judge_other(frame, port, packet);
	return reason ? reason : keep(frame, packet);
}

/*
 * Row 14: an error is about a packet that its receiver sent to its sender. The
 * embedded packet has its whole header.
 */
enum cordon_reason cordon_judge_embedded(struct cordon_frame *frame,
					 const struct cordon_port_config *port,
					 const struct cordon_packet *packet)
{
	bool v4 = packet->family == AF_INET;
	u32 need = packet->l4 + 8 + (v4 ? IP4_HLEN : IP6_HLEN);
	const u8 *net, *inner;
	u8 type;

	if (packet->offset || packet->l4 == packet->end || port_is_router(port))
		return CORDON_PASS;
	if (!cordon_need(frame, packet->l4 + 1))
		return CORDON_DROP_MALFORMED;
	type = frame->net[packet->l4];
	if (v4 && type != 3 && type != 4 && type != 11 && type != 12)
		return CORDON_PASS;
	if (need > packet->end || !cordon_need(frame, need))
		return CORDON_DROP_ICMP_EMBEDDED;
	net = frame->net;
	inner = net + packet->l4 + 8;
	if (v4 && inner[0] >> 4 == 4 &&
	    be32_at(inner + 12) == be32_at(net + 16) &&
	    port_owns4(port, be32_at(inner + 16), NULL))
		return CORDON_PASS;
	if (!v4 && inner[0] >> 4 == 6 && !memcmp(inner + 8, net + 24, 16) &&
	    port_owns6(port, inner + 24, NULL))
		return CORDON_PASS;
	return CORDON_DROP_ICMP_EMBEDDED;
}
