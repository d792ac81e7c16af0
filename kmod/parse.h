/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_PARSE_H
#define CORDON_PARSE_H

/*
 * Judging one frame: port security in one walk over its headers. Compiles in
 * userland too (tests, fuzzers), where a frame is a plain buffer. No state but
 * what is passed in, no locks, no allocation.
 */

#ifdef __KERNEL__
#include <linux/if_ether.h>
#include <linux/types.h>
#else
#include "parse_user.h"
#endif

#include "../include/uapi/cordon.h"

/* A header chain or ND message past this many bytes of packet is dropped. */
#define CORDON_CHAIN_MAX 512

/*
 * A frame as the judge reads it. 'eth' has ETH_HLEN bytes: if the kernel has
 * taken a tag out of the frame, 'tagged' is set and eth->h_proto is what is
 * behind it. 'net' is what follows; 'have' bytes of it may be read, 'len' there
 * are. Offsets below are from 'net'.
 */
struct cordon_frame {
	const struct ethhdr *eth;
	const u8 *net;
	u32 have;
	u32 len;
	bool gso;		/* its length says nothing about the MTU */
	bool tagged;		/* uplink: vlan_tci is valid */
	u16 vlan_tci;
	u16 vlan_proto;		/* host order */
	void *skb;		/* for cordon_frame_pull() */
};

/*
 * Makes the first 'n' bytes after the Ethernet header readable (in the kernel:
 * linear, because that is what is forwarded; the guest can still write to the
 * rest) and updates 'eth', 'net' and 'have'. False: there are not so many.
 * The kernel's is in skb.c, the tests' own in parse_user.h.
 */
bool cordon_frame_pull(struct cordon_frame *frame, u32 n);

/* A segment as the judge sees it. Arrays are sorted by memcmp(). */
struct cordon_segment_config {
	u32 id;
	u16 vlan;
	u32 n_broadcasts, n_believed, n_gateways;
	u32 n_hosts, n_prefixes;	/* of what is declared */
	u32 n_trusted, n_members;
	const u32 *broadcasts;		/* network order */
	const struct cordon_pair *believed;
	const u8 (*gateways)[ETH_ALEN];
	const struct cordon_prefix *hosts, *prefixes;
	const u8 (*trusted)[ETH_ALEN];
	const struct cordon_member *members;
};

struct cordon_host_config {
	u32 mark_mask;
	u8 bridge_mac[ETH_ALEN];
	u32 n_underlay;
	const struct cordon_prefix *underlay;
};

/*
 * A guest's port as the judge sees it. The MACs of pairs are among 'macs', none
 * of which is a group, zero or fe:ff:ff:ff:ff:ff. What is used most is first.
 */
struct cordon_port_config {
	const struct cordon_segment_config *segment;
	const struct cordon_host_config *host;
	u32 flags;			/* CORDON_PORT_F_* */
	u32 community;			/* 0: none */
	u32 mtu;
	u32 n_macs, n_pairs, n_vrrp;
	const u8 (*macs)[ETH_ALEN];
	const struct cordon_pair *pairs;
	const u8 *vrrp;
};

/* What a fragment is of, for the caller to look for overlaps. */
struct cordon_fragment {
	u8 family;			/* 0: the frame is none */
	u8 proto;			/* IPv4 only */
	bool more;
	u8 src[16], dst[16];
	u32 id;
	u32 start, end;			/* bytes of the payload */
};

/*
 * All return CORDON_PASS or why to drop. The caller has checked the segment,
 * looks for overlaps of what is left in 'ret_fragment', and limits storms if
 * the destination is a group.
 */
enum cordon_reason cordon_judge_from_guest(struct cordon_frame *frame,
					   const struct cordon_port_config *port,
					   struct cordon_fragment *ret_fragment);
enum cordon_reason cordon_judge_to_guest(struct cordon_frame *frame,
					 const struct cordon_port_config *port);
/*
 * The frame is without its outer tag ('tagged' set); VLAN and source MAC have
 * been looked up by the caller: the segment is that of the VLAN, the MAC no
 * local port's. That it is no group, zero or the bridge's is looked at here.
 */
enum cordon_reason
cordon_judge_from_uplink(struct cordon_frame *frame,
			 const struct cordon_segment_config *segment,
			 const struct cordon_host_config *host);

/* Whether the MAC is of a community, which is not 0. */
bool cordon_is_member(const struct cordon_segment_config *segment,
		      u32 community, const u8 *mac);

#endif /* CORDON_PARSE_H */
