/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_PARSE_PRIVATE_H
#define CORDON_PARSE_PRIVATE_H

/*
 * What the files of the judge share: reading bytes, comparing addresses with
 * what is declared, and what is known of an IP packet after its headers have
 * been read. Bytes are read at any alignment.
 *
 * A pull moves the frame: nothing keeps a pointer into it across one.
 */

#include "parse.h"

#ifdef __KERNEL__
#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/string.h>
#endif

#define IP4_HLEN	20
#define IP6_HLEN	40
#define UDP_HLEN	8
#define TCP_HLEN	20
#define ARP_LEN		28
#define NS_LEN		24

/* Protocols that not all headers name. */
#define PROTO_EIGRP	88
#define PROTO_OSPF	89
#define PROTO_VRRP	112
#define PROTO_HIP	139
#define PROTO_SHIM6	140

enum {
	ICMP6_ERROR_FIRST = 1,
	ICMP6_ERROR_LAST = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	MLD_QUERY = 130,
	MLD_REPORT = 131,
	MLD_DONE = 132,
	ND_RS = 133,
	ND_RA = 134,
	ND_NS = 135,
	ND_NA = 136,
	ND_REDIRECT = 137,
	MLD2_REPORT = 143,
	MRD_FIRST = 151,		/* RFC 4286 */
	MRD_LAST = 153,
};

/*
 * An IP packet whose headers have been read. Offsets are from the start of the
 * packet. If the chain of an IPv6 packet cannot be read to its end, 'readable'
 * is false, 'proto' 255 and 'l4' is 'end'. The Hop-by-Hop header that MLD has is
 * of 8 bytes and holds a Router Alert of value 0 (RFC 2711) and padding.
 */
struct cordon_packet {
	u32 l4;			/* where the upper layer begins */
	u32 end;		/* of the packet; padding may follow */
	u32 offset;		/* of a fragment */
	u32 id;
	u8 family;
	u8 proto;		/* of the upper layer */
	bool fragment;		/* IPv6: has a Fragment header, maybe alone */
	bool more;
	bool readable;
	bool alert;		/* one extension: MLD's Hop-by-Hop, see above */
	u8 n_extensions;	/* Fragment not among them */
	u8 n_fragments;
	short icmp6;		/* type of ICMPv6, -1: is none */
};

static inline bool cordon_need(struct cordon_frame *frame, u32 n)
{
	return likely(n <= frame->have) || cordon_frame_pull(frame, n);
}

static __always_inline u16 be16_at(const void *p)
{
	__be16 v;

	memcpy(&v, p, sizeof(v));
	return be16_to_cpu(v);
}

static __always_inline u32 be32_at(const void *p)
{
	__be32 v;

	memcpy(&v, p, sizeof(v));
	return be32_to_cpu(v);
}

static __always_inline u64 be64_at(const void *p)
{
	__be64 v;

	memcpy(&v, p, sizeof(v));
	return be64_to_cpu(v);
}

#define MAC_BROADCAST	0xffffffffffffULL
/* What netback gives every vif. */
#define MAC_VIF		0xfeffffffffffULL

static inline u64 mac_at(const u8 *mac)
{
	return (u64)be32_at(mac) << 16 | be16_at(mac + 4);
}

static __always_inline bool mac_equal(const u8 *a, const u8 *b)
{
	u32 a0, b0;
	u16 a4, b4;

	memcpy(&a0, a, 4);
	memcpy(&b0, b, 4);
	memcpy(&a4, a + 4, 2);
	memcpy(&b4, b + 4, 2);
	return !((a0 ^ b0) | (u32)(a4 ^ b4));
}

static inline bool mac_is_group(const u8 *mac)
{
	return mac[0] & 1;
}

static inline bool is_ip4_group(const u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x00 && mac[2] == 0x5e &&
	       mac[3] < 0x80;
}

static inline bool is_ip6_group(const u8 *mac)
{
	return mac[0] == 0x33 && mac[1] == 0x33;
}

static inline bool is_ip_group(const u8 *mac)
{
	return mac_at(mac) == MAC_BROADCAST || is_ip4_group(mac) ||
	       is_ip6_group(mac);
}

/* Whether 'src' may be one station's at all. */
static inline bool is_station(const struct cordon_host_config *host,
			      const u8 *src)
{
	return !mac_is_group(src) && mac_at(src) &&
	       !mac_equal(src, host->bridge_mac);
}

static inline bool ip4_is_multicast(u32 addr)
{
	return addr >> 28 == 14;
}

static inline bool ip6_is_zero(const u8 *addr)
{
	return !(be64_at(addr) | be64_at(addr + 8));
}

/* 'addr' in host order. */
static inline bool prefix_has4(const struct cordon_prefix *p, u32 addr)
{
	return p->family == AF_INET &&
	       !((u64)(be32_at(p->addr) ^ addr) >> (32 - p->len));
}

static inline bool prefix_has6(const struct cordon_prefix *p, const u8 *addr)
{
	u64 high, low;

	if (p->family != AF_INET6)
		return false;
	high = be64_at(p->addr) ^ be64_at(addr);
	low = be64_at(p->addr + 8) ^ be64_at(addr + 8);
	if (likely(p->len == 128))
		return !(high | low);
	if (p->len > 64)
		return !high && !(low >> (128 - p->len));
	return !p->len || !(high >> (64 - p->len));
}

static inline bool prefix_has(const struct cordon_prefix *p, u8 family,
			      const u8 *addr)
{
	return family == AF_INET ? prefix_has4(p, be32_at(addr)) :
				   prefix_has6(p, addr);
}

static inline bool port_has_mac(const struct cordon_port_config *port,
				const u8 *mac)
{
	u32 i;

	for (i = 0; i < port->n_macs; i++)
		if (mac_equal(port->macs[i], mac))
			return true;
	return false;
}

/* parse_ip.c: whether 'addr' is declared for somebody in the segment. */
bool cordon_is_declared(const struct cordon_segment_config *segment, u8 family,
			const u8 *addr);

/* Whether the address is the port's, with 'mac' unless that is NULL. */
static inline bool port_owns4(const struct cordon_port_config *port, u32 addr,
			      const u8 *mac)
{
	u32 i;

	for (i = 0; i < port->n_pairs; i++)
		if (prefix_has4(&port->pairs[i].prefix, addr) &&
		    (!mac || mac_equal(port->pairs[i].mac, mac)))
			return true;
	return false;
}

/* Any link-local address is, but none that is declared for somebody else. */
static inline bool port_owns6(const struct cordon_port_config *port,
			      const u8 *addr, const u8 *mac)
{
	u32 i;

	for (i = 0; i < port->n_pairs; i++) {
		const struct cordon_prefix *p = &port->pairs[i].prefix;

		if (prefix_has6(p, addr) &&
		    (!mac || mac_equal(port->pairs[i].mac, mac)) &&
		    (p->len == 128 || be64_at(addr) >> 54 != 0xfe80 >> 6 ||
		     !cordon_is_declared(port->segment, AF_INET6, addr)))
			return true;
	}
	return false;
}

/* Whether the segment believes in what 'mac' says about 'addr'. */
static inline bool is_believed(const struct cordon_segment_config *segment,
			       const u8 *mac, u8 family, const u8 *addr)
{
	u32 i;

	for (i = 0; i < segment->n_believed; i++)
		if (mac_equal(segment->believed[i].mac, mac) &&
		    prefix_has(&segment->believed[i].prefix, family, addr))
			return true;
	return false;
}

static inline bool port_is_router(const struct cordon_port_config *port)
{
	return port->flags & CORDON_PORT_F_ROUTER;
}

static inline bool port_is_isolated(const struct cordon_port_config *port)
{
	return port->flags & CORDON_PORT_F_ISOLATED;
}

static inline bool host_underlay4(const struct cordon_host_config *host,
				  u32 addr)
{
	u32 i;

	for (i = 0; i < host->n_underlay; i++)
		if (prefix_has4(&host->underlay[i], addr))
			return true;
	return false;
}

static inline bool host_underlay6(const struct cordon_host_config *host,
				  const u8 *addr)
{
	u32 i;

	for (i = 0; i < host->n_underlay; i++)
		if (prefix_has6(&host->underlay[i], addr))
			return true;
	return false;
}

/* A frame of 'gso' has segments that fit. */
static __always_inline bool oversize(const struct cordon_frame *frame,
				     const struct cordon_port_config *port)
{
	return frame->len > port->mtu && !frame->gso;
}

/* parse.c: whether the frame's type is known and its lengths are that type's. */
enum cordon_reason cordon_judge_form(struct cordon_frame *frame, u16 type);

/* parse_shared.c: towards an isolated port. */
bool cordon_is_heard(const struct cordon_frame *frame,
		     const struct cordon_port_config *port);
/* Whether a request to a group, of the type that it says it has, asks for
 * somebody else's address.
 */
bool cordon_asks_others(struct cordon_frame *frame,
			const struct cordon_port_config *port, u16 type);

/* parse_ip.c, parse_ip6.c */

/* Whether 'addr' is the broadcast address of a subnet of the segment. */
bool cordon_is_broadcast(const struct cordon_segment_config *segment, u32 addr);

/*
 * Reads an IPv4 or IPv6 header and what follows up to the upper layer. False:
 * its version or lengths are wrong, or bytes are missing.
 */
bool cordon_read_ip4(struct cordon_frame *frame, struct cordon_packet *ret);
bool cordon_read_ip6(struct cordon_frame *frame, struct cordon_packet *ret);

/* Whether the MAC is that of a virtual router of the port (RFC 5798, 7.3). */
bool cordon_is_virtual(const struct cordon_port_config *port, const u8 *mac);

/*
 * Of both families: no tiny first fragment, none at offset 1, none past 65,535.
 * 'header' bytes are before the payload of the whole packet.
 */
enum cordon_reason cordon_judge_fragment(struct cordon_frame *frame,
					 const struct cordon_packet *packet,
					 u32 header,
					 struct cordon_fragment *ret);

/* Rows 7 to 14, and what row 4 says of unicast MACs. */
enum cordon_reason cordon_judge_ip4(struct cordon_frame *frame,
				    const struct cordon_port_config *port,
				    struct cordon_fragment *ret_fragment);
enum cordon_reason cordon_judge_ip6(struct cordon_frame *frame,
				    const struct cordon_port_config *port,
				    struct cordon_fragment *ret_fragment);

/* parse_upper.c: rows 12 and 14. */
enum cordon_reason cordon_judge_upper(struct cordon_frame *frame,
				      const struct cordon_port_config *port,
				      const struct cordon_packet *packet);
enum cordon_reason cordon_judge_embedded(struct cordon_frame *frame,
					 const struct cordon_port_config *port,
					 const struct cordon_packet *packet);
/* A request that is the port's own, and not relayed. */
bool cordon_is_own_dhcp(struct cordon_frame *frame,
			const struct cordon_port_config *port,
			const struct cordon_packet *packet);
bool cordon_is_mld(const struct cordon_packet *packet);

/* parse_nd.c: row 10, and which packets may come from "::". */
enum cordon_reason cordon_judge_nd(struct cordon_frame *frame,
				   const struct cordon_port_config *port,
				   const struct cordon_packet *packet);
bool cordon_may_be_unspecified(struct cordon_frame *frame,
			       const struct cordon_port_config *port,
			       const struct cordon_packet *packet);

#endif /* CORDON_PARSE_PRIVATE_H */
