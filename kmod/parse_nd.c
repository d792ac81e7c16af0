// SPDX-License-Identifier: GPL-2.0
/*
 * Judges Neighbour Discovery (RFC 4861) that a guest sends, and what it may
 * send from the unspecified address. Called by parse_ip.c.
 */

#include "parse_private.h"

enum nd_options {
	ND_OPTIONS_PLAIN,	/* no link-layer address among them */
	ND_OPTIONS_OWN,		/* the sender's */
	ND_OPTIONS_FOREIGN,
	ND_OPTIONS_BAD,		/* they do not fit, or are too many */
};

static u32 fixed_length(short type)
{
	switch (type) {
	case ND_RS:
		return 8;
	case ND_RA:
		return 16;
	case ND_NS:
	case ND_NA:
		return 24;
	default:
		return 40;
	}
}

/* Pulls the whole message. Options may stand in any order. */
static enum nd_options read_options(struct cordon_frame *frame,
				    const struct cordon_packet *packet)
{
	u32 at = packet->l4 + fixed_length(packet->icmp6);
	enum nd_options found = ND_OPTIONS_PLAIN;

	if (packet->end < at || packet->end - packet->l4 > CORDON_CHAIN_MAX ||
	    !cordon_need(frame, packet->end))
		return ND_OPTIONS_BAD;
	while (at < packet->end) {
		const u8 *option = frame->net + at;
		u32 size;

		if (at + 2 > packet->end)
			return ND_OPTIONS_BAD;
		size = option[1] * 8;
		if (!size || size > packet->end - at)
			return ND_OPTIONS_BAD;
		/* Source and target link-layer address. */
		if (option[0] == 1 || option[0] == 2) {
			if (size != 8 ||
			    !mac_equal(option + 2, frame->eth->h_source))
				found = ND_OPTIONS_FOREIGN;
			else if (found == ND_OPTIONS_PLAIN)
				found = ND_OPTIONS_OWN;
		}
		at += size;
	}
	return found;
}

static bool is_solicited_node(const u8 *dst, const u8 *target)
{
	return be64_at(dst) == 0xff02000000000000ULL &&
	       be32_at(dst + 8) == 1 && dst[12] == 0xff &&
	       dst[13] == target[13] && be16_at(dst + 14) == be16_at(target + 14);
}

/*
 * Detecting duplicates of an own address, asking for routers without a
 * link-layer option, reporting groups.
 */
bool cordon_may_be_unspecified(struct cordon_frame *frame,
			       const struct cordon_port_config *port,
			       const struct cordon_packet *packet)
{
	const u8 *target;

	if (packet->fragment)
		return false;
	if (packet->icmp6 == MLD_REPORT || packet->icmp6 == MLD2_REPORT)
		return true;
	if ((packet->icmp6 != ND_RS && packet->icmp6 != ND_NS) ||
	    packet->n_extensions ||
	    read_options(frame, packet) != ND_OPTIONS_PLAIN)
		return false;
	if (packet->icmp6 == ND_RS)
		return true;
	target = frame->net + packet->l4 + 8;
	return port_owns6(port, target, frame->eth->h_source) &&
	       is_solicited_node(frame->net + 24, target);
}

enum cordon_reason cordon_judge_nd(struct cordon_frame *frame,
				   const struct cordon_port_config *port,
				   const struct cordon_packet *packet)
{
	short type = packet->icmp6;
	bool of_router = type == ND_RA || type == ND_REDIRECT;
	enum cordon_reason bad = of_router ? CORDON_DROP_ROGUE_RA :
					     CORDON_DROP_ND_SPOOF;
	enum nd_options options;
	const u8 *message;

	if (of_router && !port_is_router(port))
		return bad;
	if (packet->fragment || packet->n_extensions)
		return bad;
	options = read_options(frame, packet);
	if (options == ND_OPTIONS_BAD ||
	    (options == ND_OPTIONS_FOREIGN && type != ND_REDIRECT))
		return bad;
	message = frame->net + packet->l4;
	/* Hop limit and code. */
	if (frame->net[7] != 255 || message[1])
		return bad;
	if (type == ND_NA &&
	    (!port_owns6(port, message + 8, frame->eth->h_source) ||
	     (message[4] & 0x80 && !port_is_router(port))))
		return bad;
	return CORDON_PASS;
}
