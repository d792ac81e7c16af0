// SPDX-License-Identifier: GPL-2.0
/*
 * Judges frames that come by the uplink. Other hosts' guests have been guarded
 * at their own ports; routers and DHCP servers are believed if they are
 * declared. Called by hook.c.
 */

#include "parse_private.h"

static bool has_believed_source(const struct cordon_frame *frame,
				const struct cordon_segment_config *segment,
				const struct cordon_packet *packet)
{
	return is_believed(segment, frame->eth->h_source, packet->family,
			   frame->net + (packet->family == AF_INET ? 12 : 8));
}

static bool is_gateway(const struct cordon_frame *frame,
		       const struct cordon_segment_config *segment)
{
	u32 i;

	for (i = 0; i < segment->n_gateways; i++)
		if (mac_equal(segment->gateways[i], frame->eth->h_source))
			return true;
	return false;
}

/* Who answers DHCP is declared. Ports are looked at as far as they are there. */
static enum cordon_reason
judge_dhcp_answer(struct cordon_frame *frame,
		  const struct cordon_segment_config *segment,
		  const struct cordon_packet *packet)
{
	u32 n = packet->end - packet->l4;
	u16 sport, dport;

	if (packet->proto != IPPROTO_UDP || packet->offset || n < 2)
		return CORDON_PASS;
	n = n < 4 ? 2 : 4;
	if (!cordon_need(frame, packet->l4 + n))
		return CORDON_DROP_MALFORMED;
	sport = be16_at(frame->net + packet->l4);
	dport = n < 4 ? 0 : be16_at(frame->net + packet->l4 + 2);
	if (sport != 67 && sport != 547 && dport != 68 && dport != 546)
		return CORDON_PASS;
	return has_believed_source(frame, segment, packet) ?
		CORDON_PASS : CORDON_DROP_ROGUE_DHCP;
}

/*
 * Whether the header chain is one that no guest could have sent, behind which
 * anything may be. A later fragment is judged by the first, unless it is of
 * more headers.
 */
static bool hides(const struct cordon_packet *packet)
{
	u8 proto = packet->proto;

	if (packet->n_fragments > 1)
		return true;
	if (packet->offset)
		return packet->n_extensions || proto == IPPROTO_HOPOPTS ||
		       proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
		       proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS;
	if (packet->fragment &&
	    (packet->n_extensions ||
	     (proto != IPPROTO_TCP && proto != IPPROTO_UDP &&
	      proto != IPPROTO_ICMPV6 && proto != IPPROTO_ESP &&
	      proto != IPPROTO_SCTP && proto != IPPROTO_GRE)))
		return true;
	return packet->n_extensions &&
	       !(packet->alert && cordon_is_mld(packet));
}

static enum cordon_reason
judge_uplink_ip6(struct cordon_frame *frame,
		 const struct cordon_segment_config *segment)
{
	struct cordon_packet packet;

	if (!cordon_read_ip6(frame, &packet))
		return CORDON_DROP_MALFORMED;
	if ((packet.icmp6 == ND_RA || packet.icmp6 == ND_REDIRECT) &&
	    (packet.n_extensions || packet.fragment ||
	     !has_believed_source(frame, segment, &packet)))
		return CORDON_DROP_ROGUE_RA;
	if (!packet.readable ||
	    (hides(&packet) && !is_gateway(frame, segment)))
		return CORDON_DROP_EXT_HEADER;
	return judge_dhcp_answer(frame, segment, &packet);
}

enum cordon_reason
cordon_judge_from_uplink(struct cordon_frame *frame,
			 const struct cordon_segment_config *segment,
			 const struct cordon_host_config *host)
{
	u16 type = be16_at(&frame->eth->h_proto);
	struct cordon_packet packet;
	enum cordon_reason reason;

	if (unlikely(!is_station(host, frame->eth->h_source)))
		return CORDON_DROP_SPOOFED_MAC;
	reason = cordon_judge_form(frame, type);
	if (unlikely(reason))
		return reason;
	if (mac_is_group(frame->eth->h_dest) &&
	    !is_ip_group(frame->eth->h_dest))
		return CORDON_DROP_CONTROL_MAC;
	if (type == ETH_P_IPV6)
		return judge_uplink_ip6(frame, segment);
	if (type != ETH_P_IP)
		return CORDON_PASS;
	if (!cordon_read_ip4(frame, &packet))
		return CORDON_DROP_MALFORMED;
	return judge_dhcp_answer(frame, segment, &packet);
}
