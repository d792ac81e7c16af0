/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_SKB_H
#define CORDON_SKB_H

/*
 * An skb as a frame to judge; cordon_frame_pull() is here too.
 */

#include <linux/skbuff.h>

#include "parse.h"

/* 'offset': of the packet, from skb->data. */
void cordon_frame_set(struct cordon_frame *frame, struct sk_buff *skb,
		      u32 offset);
/* False: there is no whole Ethernet header, or not where it should be. */
bool cordon_frame_in(struct cordon_frame *frame, struct sk_buff *skb);
bool cordon_frame_out(struct cordon_frame *frame, struct sk_buff *skb);

#endif /* CORDON_SKB_H */
