// SPDX-License-Identifier: GPL-2.0
/*
 * Judges frames: the Ethernet header and ARP here, IP in parse_ip.c. Called by
 * hook.c for each frame, and in userland by the tests. The rows are those of
 * the rules that all dataplanes have in common (tests/model is them in Python);
 * reasons come out in the order of the rows.
 */

#include "parse_common.h"
#include "parse_private.h"

#ifdef __KERNEL__
#include <linux/kernel.h>
#endif

static bool is_tag(u16 type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 ||
	       type == 0x9200 || type == 0x9300;
}

/* Rows 2, 3 and 5, with what row 4 says between, of a type that is no IP. */
static noinline enum cordon_reason judge_type(const struct cordon_frame *frame)
{
	const u8 *dst = frame->eth->h_dest;
	u16 type = be16_at(&frame->eth->h_proto);

	if (is_tag(type))
		return CORDON_DROP_TAGGED;
	if (type < 0x0600)
		return CORDON_DROP_LLC;
	if (mac_equal(dst, frame->eth->h_source))
		return CORDON_DROP_CONTROL_MAC;
	if (mac_is_group(dst) && !is_ip_group(dst))
		return CORDON_DROP_CONTROL_MAC;
	return CORDON_DROP_ETHERTYPE;
}

/*
 * Row 4 for a group: of IP alone, and the same as the IP destination. What is
 * too short to have one is dropped later.
 */
static noinline enum cordon_reason
judge_group(struct cordon_frame *frame, const struct cordon_port_config *port,
	    u16 type)
{
	u32 need = type == ETH_P_IP ? IP4_HLEN :
		   type == ETH_P_IPV6 ? IP6_HLEN : 0;
	bool known = need && frame->len >= need;
	const u8 *dst;
	u32 addr;

	if (known && !cordon_need(frame, need))
		return CORDON_DROP_MALFORMED;
	dst = frame->eth->h_dest;
	addr = known && type == ETH_P_IP ? be32_at(frame->net + 16) : 0;

	if (mac_at(dst) == MAC_BROADCAST) {
		if (!known || (type == ETH_P_IP &&
			       (addr == INADDR_BROADCAST ||
				cordon_is_broadcast(port->segment, addr))))
			return CORDON_PASS;
	} else if (is_ip4_group(dst)) {
		if (type == ETH_P_IP &&
		    (!known || (ip4_is_multicast(addr) &&
				(addr & 0x7fffff) ==
				(be32_at(dst + 2) & 0x7fffff))))
			return CORDON_PASS;
	} else if (is_ip6_group(dst)) {
		if (type == ETH_P_IPV6 &&
		    (!known || (frame->net[24] == 0xff &&
				be32_at(frame->net + 36) == be32_at(dst + 2))))
			return CORDON_PASS;
	} else {
		return CORDON_DROP_CONTROL_MAC;
	}
	return CORDON_DROP_MAC_IP_MISMATCH;
}

static noinline enum cordon_reason
judge_arp(struct cordon_frame *frame, const struct cordon_port_config *port)
{
	const u8 *arp, *src;
	u32 spa;
	u16 op;

	if (frame->len > port->mtu || !cordon_need(frame, ARP_LEN))
		return CORDON_DROP_ARP_MALFORMED;
	arp = frame->net;
	src = frame->eth->h_source;
	op = be16_at(arp + 6);
	/* Ethernet and IPv4, and the lengths of their addresses. */
	if (be16_at(arp) != 1 || be16_at(arp + 2) != ETH_P_IP ||
	    arp[4] != ETH_ALEN || arp[5] != 4 || (op != 1 && op != 2))
		return CORDON_DROP_ARP_MALFORMED;

	if (!mac_equal(arp + 8, src))
		return CORDON_DROP_ARP_SPOOF;
	spa = be32_at(arp + 14);
	/* A probe is for an own address (RFC 5227). */
	if (!spa && op == 1)
		spa = be32_at(arp + 24);
	else if (!spa)
		return CORDON_DROP_ARP_SPOOF;
	return port_owns4(port, spa, src) ? CORDON_PASS : CORDON_DROP_ARP_SPOOF;
}

static noinline enum cordon_reason
judge_from_guest(struct cordon_frame *frame,
		 const struct cordon_port_config *port,
		 struct cordon_fragment *ret_fragment)
{
	const struct ethhdr *eth = frame->eth;
	u16 type = be16_at(&eth->h_proto);

	if (!port_has_mac(port, eth->h_source) ||
	    !is_station(port->host, eth->h_source) ||
	    mac_at(eth->h_source) == MAC_VIF)
		return CORDON_DROP_SPOOFED_MAC;
	if (frame->tagged)
		return CORDON_DROP_TAGGED;
	if (type != ETH_P_IP && type != ETH_P_IPV6 &&
	    type != ETH_P_ARP)
		return judge_type(frame);
	if (mac_equal(eth->h_dest, eth->h_source))
		return CORDON_DROP_CONTROL_MAC;
	if (mac_is_group(eth->h_dest)) {
		enum cordon_reason reason = judge_group(frame, port, type);

		if (reason)
			return reason;
	}
	if (type == ETH_P_IP)
		return cordon_judge_ip4(frame, port, ret_fragment);
	if (type == ETH_P_IPV6)
		return cordon_judge_ip6(frame, port, ret_fragment);
	return judge_arp(frame, port);
}

enum cordon_reason cordon_judge_from_guest(struct cordon_frame *frame,
					   const struct cordon_port_config *port,
					   struct cordon_fragment *ret_fragment)
{
	ret_fragment->family = 0;
	if (likely(is_common_from(frame, port)))
		return CORDON_PASS;
	return judge_from_guest(frame, port, ret_fragment);
}

/*
 * Towards the guest. What a guest sent has been judged at its own port, what
 * the uplink brought there.
 */

static bool is_addressed4(const struct cordon_frame *frame,
			  const struct cordon_port_config *port, bool group)
{
	u32 dst = be32_at(frame->net + 16);

	return port_owns4(port, dst, NULL) || ip4_is_multicast(dst) ||
	       dst == INADDR_BROADCAST ||
	       (group && cordon_is_broadcast(port->segment, dst)) ||
	       port_is_router(port);
}

static bool is_addressed6(const struct cordon_frame *frame,
			  const struct cordon_port_config *port)
{
	const u8 *dst = frame->net + 24;

	return port_owns6(port, dst, NULL) || dst[0] == 0xff ||
	       port_is_router(port);
}

/* Whether the frame's lengths are those of the type that it says it has. */
enum cordon_reason cordon_judge_form(struct cordon_frame *frame, u16 type)
{
	const u8 *net;
	u32 len;

	if (type == ETH_P_IP) {
		if (!cordon_need(frame, IP4_HLEN))
			return CORDON_DROP_MALFORMED;
		net = frame->net;
		len = be16_at(net + 2);
		if (net[0] >> 4 != 4 || (net[0] & 15) * 4 < IP4_HLEN ||
		    (net[0] & 15) * 4 > len || len > frame->len)
			return CORDON_DROP_MALFORMED;
	} else if (type == ETH_P_IPV6) {
		if (!cordon_need(frame, IP6_HLEN))
			return CORDON_DROP_MALFORMED;
		net = frame->net;
		len = be16_at(net + 4);
		if (net[0] >> 4 != 6 || !len || IP6_HLEN + len > frame->len)
			return CORDON_DROP_MALFORMED;
	} else if (type == ETH_P_ARP) {
		if (!cordon_need(frame, ARP_LEN))
			return CORDON_DROP_ARP_MALFORMED;
	} else if (is_tag(type)) {
		return CORDON_DROP_TAGGED;
	} else {
		return type < 0x0600 ? CORDON_DROP_LLC : CORDON_DROP_ETHERTYPE;
	}
	return CORDON_PASS;
}

static noinline enum cordon_reason
judge_to_guest(struct cordon_frame *frame, const struct cordon_port_config *port)
{
	u16 type = be16_at(&frame->eth->h_proto);
	enum cordon_reason reason;
	const u8 *dst;
	bool group;

	if (oversize(frame, port))
		return CORDON_DROP_MALFORMED;
	if (frame->tagged)
		return CORDON_DROP_TAGGED;
	reason = cordon_judge_form(frame, type);
	if (reason)
		return reason;

	dst = frame->eth->h_dest;
	group = mac_is_group(dst);
	if (group) {
		if (!is_ip_group(dst))
			return CORDON_DROP_CONTROL_MAC;
		if (port_is_isolated(port) &&
		    cordon_asks_others(frame, port, type))
			return CORDON_DROP_NOT_ADDRESSED;
	} else if (!port_has_mac(port, dst)) {
		return CORDON_DROP_NOT_ADDRESSED;
	}
	if (type == ETH_P_IP ? is_addressed4(frame, port, group) :
	    type == ETH_P_IPV6 ? is_addressed6(frame, port) : true)
		return CORDON_PASS;
	return CORDON_DROP_NOT_ADDRESSED;
}

enum cordon_reason cordon_judge_to_guest(struct cordon_frame *frame,
					 const struct cordon_port_config *port)
{
	if (port_is_isolated(port) && !cordon_is_heard(frame, port))
		return CORDON_DROP_NOT_GATEWAY;
	if (likely(is_common_to(frame, port)))
		return CORDON_PASS;
	return judge_to_guest(frame, port);
}
