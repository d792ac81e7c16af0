// SPDX-License-Identifier: GPL-2.0
/*
 * Judges frames towards an isolated port of a shared network: from whom they
 * come, and whether a request is for its addresses. Who sent them was checked
 * at its own port, or on its own host. Called by parse.c.
 */

#include "parse_private.h"

/* Both arrays are in the order of memcmp(), which is that of the bytes. */

static bool is_trusted(const struct cordon_segment_config *segment, u64 mac)
{
	u32 first = 0, end = segment->n_trusted, i;
	u64 other;

	while (first < end) {
		i = first + (end - first) / 2;
		other = mac_at(segment->trusted[i]);
		if (other == mac)
			return true;
		if (mac < other)
			end = i;
		else
			first = i + 1;
	}
	return false;
}

bool cordon_is_member(const struct cordon_segment_config *segment,
		      u32 community, const u8 *mac_)
{
	u32 key = be32_at(&community), other, first = 0, i;
	u32 end = community ? segment->n_members : 0;
	const struct cordon_member *member;
	u64 mac = mac_at(mac_);

	while (first < end) {
		i = first + (end - first) / 2;
		member = &segment->members[i];
		other = be32_at(&member->community);
		if (other == key && mac_at(member->mac) == mac)
			return true;
		if (key < other || (key == other && mac < mac_at(member->mac)))
			end = i;
		else
			first = i + 1;
	}
	return false;
}

bool cordon_is_heard(const struct cordon_frame *frame,
		     const struct cordon_port_config *port)
{
	const u8 *src = frame->eth->h_source;

	return is_trusted(port->segment, mac_at(src)) ||
	       cordon_is_member(port->segment, port->community, src);
}

bool cordon_asks_others(struct cordon_frame *frame,
			const struct cordon_port_config *port, u16 type)
{
	const u8 *net = frame->net;

	if (type == ETH_P_ARP)
		/* A gateway may tell of its own address (RFC 5227). */
		return be16_at(net + 6) == 1 &&
		       !port_owns4(port, be32_at(net + 24), NULL) &&
		       !is_believed(port->segment, frame->eth->h_source,
				    AF_INET, net + 24);
	if (type != ETH_P_IPV6 || net[6] != IPPROTO_ICMPV6)
		return false;
	if (!cordon_need(frame, IP6_HLEN + 1))
		return true;
	if (frame->net[IP6_HLEN] != ND_NS)
		return false;
	return be16_at(frame->net + 4) < NS_LEN ||
	       !cordon_need(frame, IP6_HLEN + NS_LEN) ||
	       !port_owns6(port, frame->net + IP6_HLEN + 8, NULL);
}
