/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_PARSE_COMMON_H
#define CORDON_PARSE_COMMON_H

/*
 * The common path: a TCP or UDP packet of usual form, whole, in a frame from
 * one MAC to another, with addresses that are declared as such and not as part
 * of a prefix. What is not of that form goes the way that names reasons;
 * nothing passes here that would be dropped there. Its cost is that of port
 * security: no calls, and no pulls, which a frame of this form does not need.
 *
 * A pair is compared as it lies in memory: its MAC is followed by two bytes
 * that are 0, its address by what a host's prefix has before it.
 */

#include "parse_private.h"

#define PAIR_HOST4	(AF_INET << 24 | 32 << 16)
#define PAIR_HOST6	(AF_INET6 << 24 | 128 << 16)
#define COMMON_NEED	40		/* of an IPv4 packet that is common */
#define COMMON_NEED6	60

static __always_inline bool pair_is4(const struct cordon_pair *pair, u64 mac,
				     u32 addr)
{
	return be64_at(pair) == mac << 16 &&
	       be32_at(&pair->prefix) == PAIR_HOST4 &&
	       be32_at(pair->prefix.addr) == addr;
}

static __always_inline bool pair_is6(const struct cordon_pair *pair, u64 mac,
				     const u8 *addr)
{
	return be64_at(pair) == mac << 16 &&
	       be32_at(&pair->prefix) == PAIR_HOST6 &&
	       be64_at(pair->prefix.addr + 8) == be64_at(addr + 8) &&
	       be64_at(pair->prefix.addr) == be64_at(addr);
}

static __always_inline bool has_pair4(const struct cordon_port_config *port,
				      u64 mac, u32 addr)
{
	const struct cordon_pair *pair = port->pairs;
	const struct cordon_pair *end = pair + port->n_pairs;

	for (; pair < end; pair++)
		if (pair_is4(pair, mac, addr))
			return true;
	return false;
}

static __always_inline bool has_pair6(const struct cordon_port_config *port,
				      u64 mac, const u8 *addr)
{
	const struct cordon_pair *pair = port->pairs;
	const struct cordon_pair *end = pair + port->n_pairs;

	for (; pair < end; pair++)
		if (pair_is6(pair, mac, addr))
			return true;
	return false;
}

/* 'l4' bytes are before the upper layer, 'end' in the packet. */
static __always_inline bool is_common_upper(const u8 *net, u8 proto, u32 l4,
					    u32 end)
{
	u32 n;

	if (proto == IPPROTO_TCP) {
		n = net[l4 + 12] >> 4;
		return n >= 5 && l4 + n * 4 <= end;
	}
	if (proto != IPPROTO_UDP || end < l4 + UDP_HLEN)
		return false;
	/* Source and destination; none of DHCP's. */
	n = be32_at(net + l4);
	return n >> 16 != 67 && n >> 16 != 547 && (u16)(n - 67) > 1 &&
	       (u16)(n - 546) > 1;
}

static __always_inline bool
is_common_from4(const struct cordon_frame *frame,
		const struct cordon_port_config *port, u64 src)
{
	const u8 *net;
	u32 dst, len;
	u64 head;

	if (frame->have < COMMON_NEED)
		return false;
	net = frame->net;
	head = be64_at(net);
	len = head >> 32 & 0xffff;
	dst = be32_at(net + 16);
	/* Version and no options; no fragment; not to a group. */
	return head >> 56 == 0x45 && !(head & 0x3fff) && len <= frame->len &&
	       dst < 0xe0000000 && is_common_upper(net, net[9], IP4_HLEN, len) &&
	       has_pair4(port, src, be32_at(net + 12)) &&
	       !host_underlay4(port->host, dst);
}

static __always_inline bool
is_common_from6(const struct cordon_frame *frame,
		const struct cordon_port_config *port, u64 src)
{
	const u8 *net;
	u64 head;
	u32 len;

	if (frame->have < COMMON_NEED6)
		return false;
	net = frame->net;
	head = be64_at(net);
	len = IP6_HLEN + (head >> 16 & 0xffff);
	return head >> 60 == 6 && len > IP6_HLEN && len <= frame->len &&
	       net[24] != 0xff &&
	       is_common_upper(net, head >> 8, IP6_HLEN, len) &&
	       has_pair6(port, src, net + 8) &&
	       !host_underlay6(port->host, net + 24);
}

static __always_inline bool
is_common_from(const struct cordon_frame *frame,
	       const struct cordon_port_config *port)
{
	const struct ethhdr *eth = frame->eth;
	/* Source and type; destination and the start of the source. */
	u64 src = be64_at((const u8 *)eth + ETH_ALEN);
	u64 dst = be64_at(eth) >> 16;
	u16 type = src;

	src >>= 16;
	if (frame->tagged || oversize(frame, port) || dst == src || !src ||
	    (src | dst) >> 40 & 1 || src == MAC_VIF ||
	    mac_equal(eth->h_source, port->host->bridge_mac))
		return false;
	if (type == ETH_P_IP)
		return is_common_from4(frame, port, src);
	return type == ETH_P_IPV6 && is_common_from6(frame, port, src);
}

/* Both addresses are of one pair: so the MAC is the port's, and the other. */
static __always_inline bool
is_common_to(const struct cordon_frame *frame, const struct cordon_port_config *port)
{
	const struct ethhdr *eth = frame->eth;
	u64 dst = be64_at(eth) >> 16, head;
	u16 type = be16_at(&eth->h_proto);
	const u8 *net;
	u32 len;

	if (frame->tagged || oversize(frame, port))
		return false;
	if (type == ETH_P_IP) {
		if (frame->have < IP4_HLEN)
			return false;
		net = frame->net;
		head = be64_at(net);
		len = head >> 32 & 0xffff;
		return head >> 56 == 0x45 && len >= IP4_HLEN &&
		       len <= frame->len &&
		       has_pair4(port, dst, be32_at(net + 16));
	}
	if (type != ETH_P_IPV6 || frame->have < IP6_HLEN)
		return false;
	net = frame->net;
	head = be64_at(net);
	len = IP6_HLEN + (head >> 16 & 0xffff);
	return head >> 60 == 6 && len > IP6_HLEN && len <= frame->len &&
	       has_pair6(port, dst, net + 24);
}

#endif /* CORDON_PARSE_COMMON_H */
