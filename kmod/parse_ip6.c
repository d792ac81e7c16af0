// SPDX-License-Identifier: GPL-2.0
/*
 * Judges IPv6 packets that a guest sends: header, source, extension headers.
 * What is above IP is judged in parse_nd.c and parse_upper.c. Called by
 * parse.c.
 */

#include "parse_private.h"

static noinline bool may_route6(struct cordon_frame *frame,
				const struct cordon_port_config *port)
{
	const u8 *src = frame->net + 8;
	u64 high = be64_at(src), low = be64_at(src + 8);

	if (!port_is_router(port) || cordon_is_virtual(port, frame->eth->h_source))
		return false;
	/* Groups, link-local, loopback, mapped IPv4. */
	if (src[0] == 0xff || high >> 54 == 0xfe80 >> 6 ||
	    (!high && (low == 1 || low >> 32 == 0xffff)))
		return false;
	return !cordon_is_declared(port->segment, AF_INET6, src) &&
	       !host_underlay6(port->host, src);
}

static bool may_use_source6(struct cordon_frame *frame,
			    const struct cordon_port_config *port,
			    const struct cordon_packet *packet)
{
	const u8 *src = frame->net + 8;

	if (likely(port_owns6(port, src, frame->eth->h_source)))
		return true;
	if (packet->proto == PROTO_VRRP && port->n_vrrp &&
	    port_owns6(port, src, NULL))
		return true;
	return may_route6(frame, port);
}

static bool is_extension(u8 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING ||
	       type == IPPROTO_FRAGMENT || type == IPPROTO_AH ||
	       type == IPPROTO_DSTOPTS || type == IPPROTO_MH ||
	       type == PROTO_HIP || type == PROTO_SHIM6;
}

/* Six bytes of options that are Router Alert of MLD (RFC 2711) and padding. */
static bool is_router_alert(const u8 *options)
{
	u32 alerts = 0, at = 0;

	while (at < 6) {
		if (!options[at]) {		/* Pad1 */
			at++;
			continue;
		}
		if (at + 2 > 6 || at + 2 + options[at + 1] > 6)
			return false;
		if (options[at] == 5 && options[at + 1] == 2 &&
		    !be16_at(options + at + 2))
			alerts++;
		else if (options[at] != 1)	/* PadN */
			return false;
		at += 2 + options[at + 1];
	}
	return alerts == 1;
}

/*
 * Walks over the headers before the upper layer. Leaves 'ret' unreadable if
 * they are longer than CORDON_CHAIN_MAX or than the packet. False: bytes that
 * are there could not be pulled.
 */
static noinline bool read_chain(struct cordon_frame *frame, u8 type,
				struct cordon_packet *ret)
{
	u32 at = IP6_HLEN, size;
	const u8 *header;

	ret->readable = false;
	ret->proto = IPPROTO_RAW;
	ret->l4 = ret->end;
	while (is_extension(type)) {
		if (at + 8 > ret->end || at + 8 > CORDON_CHAIN_MAX)
			return true;
		if (!cordon_need(frame, at + 8))
			return false;
		header = frame->net + at;
		size = 8;
		if (type == IPPROTO_FRAGMENT) {
			ret->fragment = true;
			ret->n_fragments++;
			ret->offset = be16_at(header + 2) & 0xfff8;
			ret->more = header[3] & 1;
			ret->id = be32_at(header + 4);
			ret->alert = false;
		} else {
			size = type == IPPROTO_AH ? (header[1] + 2) * 4 :
						    (header[1] + 1) * 8;
			ret->alert = !ret->n_extensions && !ret->fragment &&
				     type == IPPROTO_HOPOPTS && size == 8 &&
				     is_router_alert(header + 2);
			ret->n_extensions++;
		}
		type = header[0];
		at += size;
		if (ret->offset)
			break;
		if (at > ret->end || at > CORDON_CHAIN_MAX)
			return true;
	}
	ret->readable = true;
	ret->proto = type;
	ret->l4 = at;
	return true;
}

bool cordon_read_ip6(struct cordon_frame *frame, struct cordon_packet *ret)
{
	const u8 *net;
	u32 len;
	u8 type;

	if (!cordon_need(frame, IP6_HLEN))
		return false;
	net = frame->net;
	len = be16_at(net + 4);
	if (net[0] >> 4 != 6 || !len || IP6_HLEN + len > frame->len)
		return false;
	type = net[6];
	ret->family = AF_INET6;
	ret->proto = type;
	ret->l4 = IP6_HLEN;
	ret->end = IP6_HLEN + len;
	ret->offset = 0;
	ret->fragment = false;
	ret->more = false;
	ret->readable = true;
	ret->alert = false;
	ret->n_extensions = 0;
	ret->n_fragments = 0;
	ret->icmp6 = -1;
	if (likely(type == IPPROTO_TCP || type == IPPROTO_UDP))
		return true;
	if (is_extension(type) && !read_chain(frame, type, ret))
		return false;
	if (ret->proto == IPPROTO_ICMPV6 && !ret->offset &&
	    ret->l4 < ret->end) {
		if (!cordon_need(frame, ret->l4 + 1))
			return false;
		ret->icmp6 = frame->net[ret->l4];
	}
	return true;
}

static bool is_plain_icmp6(short type)
{
	return (type >= ICMP6_ERROR_FIRST && type <= ICMP6_ERROR_LAST) ||
	       type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

static enum cordon_reason judge_fragment6(struct cordon_frame *frame,
					  const struct cordon_packet *packet,
					  struct cordon_fragment *ret_fragment)
{
	u8 proto = packet->proto;

	if (packet->n_fragments > 1 ||
	    (proto != IPPROTO_TCP && proto != IPPROTO_UDP &&
	     proto != IPPROTO_ICMPV6 && proto != IPPROTO_ESP &&
	     proto != IPPROTO_SCTP))
		return CORDON_DROP_FRAGMENT;
	/*
	 * A later fragment may be of anything; Neighbour Discovery and MLD are
	 * what goes to groups.
	 */
	if (proto == IPPROTO_ICMPV6 &&
	    (frame->net[24] == 0xff ||
	     (packet->icmp6 >= 0 && !is_plain_icmp6(packet->icmp6))))
		return CORDON_DROP_FRAGMENT;
	return cordon_judge_fragment(frame, packet, 0, ret_fragment);
}

/* Row 11. */
static noinline enum cordon_reason
judge_extensions(struct cordon_frame *frame,
		 const struct cordon_port_config *port,
		 const struct cordon_packet *packet,
		 struct cordon_fragment *ret_fragment)
{
	if (!packet->readable)
		return packet->fragment ? CORDON_DROP_FRAGMENT :
					  CORDON_DROP_EXT_HEADER;
	if (packet->n_extensions && !(packet->alert && cordon_is_mld(packet)))
		return CORDON_DROP_EXT_HEADER;
	if (packet->fragment)
		return judge_fragment6(frame, packet, ret_fragment);
	switch (packet->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMPV6:
	case IPPROTO_ESP:
	case IPPROTO_SCTP:
	case IPPROTO_GRE:
		return CORDON_PASS;
	case PROTO_VRRP:
		return port->n_vrrp ? CORDON_PASS : CORDON_DROP_EXT_HEADER;
	case PROTO_EIGRP:
	case PROTO_OSPF:
	case IPPROTO_PIM:
		return port_is_router(port) ? CORDON_PASS :
					      CORDON_DROP_EXT_HEADER;
	default:
		return CORDON_DROP_EXT_HEADER;
	}
}

enum cordon_reason cordon_judge_ip6(struct cordon_frame *frame,
				    const struct cordon_port_config *port,
				    struct cordon_fragment *ret_fragment)
{
	struct cordon_packet packet;
	enum cordon_reason reason;

	if (!cordon_need(frame, IP6_HLEN))
		return CORDON_DROP_MALFORMED;
	if (unlikely(frame->net[24] == 0xff &&
		     !mac_is_group(frame->eth->h_dest)))
		return CORDON_DROP_MAC_IP_MISMATCH;
	if (unlikely(!cordon_read_ip6(frame, &packet) || oversize(frame, port)))
		return CORDON_DROP_MALFORMED;

	if (unlikely(ip6_is_zero(frame->net + 8))) {
		if (!cordon_may_be_unspecified(frame, port, &packet))
			return CORDON_DROP_SPOOFED_IP;
	} else if (unlikely(!may_use_source6(frame, port, &packet))) {
		return CORDON_DROP_SPOOFED_IP;
	}
	if (unlikely(packet.icmp6 >= ND_RS && packet.icmp6 <= ND_REDIRECT)) {
		reason = cordon_judge_nd(frame, port, &packet);
		if (reason)
			return reason;
	}
	if (unlikely((packet.proto != IPPROTO_TCP &&
		      packet.proto != IPPROTO_UDP) ||
		     packet.fragment || packet.n_extensions)) {
		reason = judge_extensions(frame, port, &packet, ret_fragment);
		if (reason)
			return reason;
	}
	reason = cordon_judge_upper(frame, port, &packet);
	if (unlikely(reason))
		return reason;
	if (unlikely(host_underlay6(port->host, frame->net + 24)))
		return CORDON_DROP_ENCAPSULATION;
	if (unlikely(packet.icmp6 >= ICMP6_ERROR_FIRST &&
		     packet.icmp6 <= ICMP6_ERROR_LAST))
		return cordon_judge_embedded(frame, port, &packet);
	return CORDON_PASS;
}
