// SPDX-License-Identifier: GPL-2.0
/*
 * Judges IPv4 packets that a guest sends: header, source, options; and what is
 * the same for IPv6 (parse_ip6.c): fragments, what is declared in a segment.
 * What is above IP is judged in parse_upper.c. Called by parse.c.
 */

#include "parse_private.h"

#ifdef __KERNEL__
#include <linux/kernel.h>
#endif

bool cordon_is_broadcast(const struct cordon_segment_config *segment, u32 addr)
{
	u32 i;

	for (i = 0; i < segment->n_broadcasts; i++)
		if (be32_at(&segment->broadcasts[i]) == addr)
			return true;
	return false;
}

/* The first of the sorted 'prefixes' from 'i' on that is not less than 'key'. */
static u32 lower_bound(const struct cordon_prefix *prefixes, u32 i, u32 n,
		       const struct cordon_prefix *key)
{
	while (i < n) {
		u32 mid = i + (n - i) / 2;

		if (memcmp(&prefixes[mid], key, sizeof(*key)) < 0)
			i = mid + 1;
		else
			n = mid;
	}
	return i;
}

/*
 * Whether 'addr', of 'size' bytes, lies in one of the prefixes. They are sorted
 * by family, then length: for each length that there is, one search.
 */
static bool prefixes_have(const struct cordon_prefix *prefixes, u32 n,
			  u8 family, const u8 *addr, u32 size)
{
	struct cordon_prefix key = { .family = family };
	u32 i = lower_bound(prefixes, 0, n, &key);

	while (i < n && prefixes[i].family == family) {
		u8 len = prefixes[i].len;

		key.len = len;
		memset(key.addr, 0, sizeof(key.addr));
		memcpy(key.addr, addr, size);
		if (len < size * 8) {
			key.addr[len / 8] &= ~(0xff >> len % 8);
			memset(key.addr + len / 8 + 1, 0,
			       sizeof(key.addr) - len / 8 - 1);
		}
		i = lower_bound(prefixes, i, n, &key);
		if (i < n && !memcmp(&prefixes[i], &key, sizeof(key)))
			return true;
		memset(key.addr, 0xff, sizeof(key.addr));
		i = lower_bound(prefixes, i, n, &key);
		while (i < n && !memcmp(&prefixes[i], &key, sizeof(key)))
			i++;
	}
	return false;
}

bool cordon_is_declared(const struct cordon_segment_config *segment, u8 family,
			const u8 *addr)
{
	u32 size = family == AF_INET ? 4 : 16;

	return prefixes_have(segment->hosts, segment->n_hosts, family, addr,
			     size) ||
	       prefixes_have(segment->prefixes, segment->n_prefixes, family,
			     addr, size);
}

bool cordon_is_virtual(const struct cordon_port_config *port, const u8 *mac)
{
	u32 i;

	if (be32_at(mac) != 0x00005e00 || (mac[4] != 1 && mac[4] != 2))
		return false;
	for (i = 0; i < port->n_vrrp; i++)
		if (port->vrrp[i] == mac[5])
			return true;
	return false;
}

/* A router may send from what is nobody's here. */
static noinline bool may_route4(struct cordon_frame *frame,
				const struct cordon_port_config *port, u32 src)
{
	if (!port_is_router(port) || cordon_is_virtual(port, frame->eth->h_source))
		return false;
	if (src >> 28 >= 14 || src >> 24 == 127 || src >> 16 == 0xa9fe)
		return false;
	return !cordon_is_declared(port->segment, AF_INET, frame->net + 12) &&
	       !host_underlay4(port->host, src) &&
	       !cordon_is_broadcast(port->segment, src);
}

/*
 * Own with this MAC; advertisements of a virtual router also from the own
 * address with the virtual MAC, and the reverse.
 */
static bool may_use_source4(struct cordon_frame *frame,
			    const struct cordon_port_config *port,
			    const struct cordon_packet *packet)
{
	u32 src = be32_at(frame->net + 12);

	if (likely(port_owns4(port, src, frame->eth->h_source)))
		return true;
	if (packet->proto == PROTO_VRRP && port->n_vrrp &&
	    port_owns4(port, src, NULL))
		return true;
	return may_route4(frame, port, src);
}

static u32 first_fragment_length(u8 proto)
{
	return proto == IPPROTO_TCP ? TCP_HLEN : proto == IPPROTO_SCTP ? 12 : 8;
}

enum cordon_reason cordon_judge_fragment(struct cordon_frame *frame,
					 const struct cordon_packet *packet,
					 u32 header,
					 struct cordon_fragment *ret)
{
	u32 len = packet->end - packet->l4;
	bool v4 = packet->family == AF_INET;

	if (packet->offset == 8 || packet->offset + len + header > 65535)
		return CORDON_DROP_FRAGMENT;
	if (!packet->offset) {
		if (len < first_fragment_length(packet->proto))
			return CORDON_DROP_FRAGMENT;
		if (packet->proto == IPPROTO_TCP && packet->more) {
			if (!cordon_need(frame, packet->l4 + TCP_HLEN))
				return CORDON_DROP_FRAGMENT;
			if (len < (frame->net[packet->l4 + 12] >> 4) * 4)
				return CORDON_DROP_FRAGMENT;
		}
		/* All of it (RFC 6946). */
		if (!packet->more)
			return CORDON_PASS;
	}
	memset(ret, 0, sizeof(*ret));
	ret->family = packet->family;
	ret->proto = v4 ? packet->proto : 0;
	ret->more = packet->more;
	memcpy(ret->src, frame->net + (v4 ? 12 : 8), v4 ? 4 : 16);
	memcpy(ret->dst, frame->net + (v4 ? 16 : 24), v4 ? 4 : 16);
	ret->id = packet->id;
	ret->start = packet->offset;
	ret->end = packet->offset + len;
	return CORDON_PASS;
}

bool cordon_read_ip4(struct cordon_frame *frame, struct cordon_packet *ret)
{
	const u8 *net;
	u16 word;

	if (!cordon_need(frame, IP4_HLEN))
		return false;
	net = frame->net;
	ret->family = AF_INET;
	ret->l4 = (net[0] & 15) * 4;
	ret->end = be16_at(net + 2);
	if (net[0] >> 4 != 4 || ret->l4 < IP4_HLEN || ret->l4 > ret->end ||
	    ret->end > frame->len)
		return false;
	word = be16_at(net + 6);
	ret->offset = (word & 0x1fff) * 8;
	ret->more = word & 0x2000;
	ret->fragment = word & 0x3fff;
	ret->id = be16_at(net + 4);
	ret->proto = net[9];
	ret->icmp6 = -1;
	return true;
}

/* Row 8. Router Alert (RFC 2113) is IGMP's alone. */
static noinline bool options_allowed(struct cordon_frame *frame,
				     const struct cordon_packet *packet)
{
	return packet->proto == IPPROTO_IGMP && packet->l4 == IP4_HLEN + 4 &&
	       cordon_need(frame, packet->l4) &&
	       be32_at(frame->net + IP4_HLEN) == 0x94040000;
}

enum cordon_reason cordon_judge_ip4(struct cordon_frame *frame,
				    const struct cordon_port_config *port,
				    struct cordon_fragment *ret_fragment)
{
	struct cordon_packet packet;
	enum cordon_reason reason;
	const u8 *net;
	u32 dst;

	if (!cordon_need(frame, IP4_HLEN))
		return CORDON_DROP_MALFORMED;
	net = frame->net;
	dst = be32_at(net + 16);
	if (unlikely((ip4_is_multicast(dst) || dst == INADDR_BROADCAST) &&
		     !mac_is_group(frame->eth->h_dest)))
		return CORDON_DROP_MAC_IP_MISMATCH;
	if (unlikely(!cordon_read_ip4(frame, &packet) ||
		     oversize(frame, port) || packet.proto == IPPROTO_RAW))
		return CORDON_DROP_MALFORMED;

	if (unlikely(!be32_at(net + 12))) {
		if (dst != INADDR_BROADCAST || packet.fragment ||
		    !cordon_is_own_dhcp(frame, port, &packet) ||
		    be16_at(frame->net + packet.l4) != 68)
			return CORDON_DROP_SPOOFED_IP;
	} else if (unlikely(!may_use_source4(frame, port, &packet))) {
		return CORDON_DROP_SPOOFED_IP;
	}
	if (unlikely(packet.l4 > IP4_HLEN && !options_allowed(frame, &packet)))
		return CORDON_DROP_IP_OPTIONS;
	if (unlikely(packet.fragment)) {
		if (packet.proto == IPPROTO_IGMP)
			return CORDON_DROP_FRAGMENT;
		reason = cordon_judge_fragment(frame, &packet, packet.l4,
					       ret_fragment);
		if (reason)
			return reason;
	}
	reason = cordon_judge_upper(frame, port, &packet);
	if (unlikely(reason))
		return reason;
	if (unlikely(host_underlay4(port->host, dst)))
		return CORDON_DROP_ENCAPSULATION;
	if (unlikely(packet.proto == IPPROTO_ICMP))
		return cordon_judge_embedded(frame, port, &packet);
	return CORDON_PASS;
}
