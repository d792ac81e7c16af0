/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_OFFLOAD_H
#define CORDON_OFFLOAD_H

/*
 * Whether what is left to others to do is what it seems.
 */

#include <linux/skbuff.h>

/* How many frames it will be, about: not less. */
u64 cordon_offload_segments(const struct sk_buff *skb);

static inline bool cordon_is_offloaded(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb);
}

/*
 * Whether a checksum goes where the packet has it, and what a frame is cut
 * into fits and is what has been judged. The frame is at ingress, and has been
 * judged.
 */
bool cordon_offload_fits(struct sk_buff *skb, u32 mtu);

#endif /* CORDON_OFFLOAD_H */
