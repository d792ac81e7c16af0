// SPDX-License-Identifier: GPL-2.0
/*
 * An skb as a frame to judge. What a verdict depends on is in the skb's linear
 * part, which is ours: the rest may be pages that the guest still writes to.
 */

#include "skb.h"

#include <linux/if_vlan.h>

bool cordon_frame_pull(struct cordon_frame *frame, u32 n)
{
	struct sk_buff *skb = frame->skb;
	u32 offset = frame->net - skb->data;

	if (n <= frame->have)
		return true;
	/* Nobody may move the data of an skb that others hold too. */
	if (n > frame->len || skb_shared(skb) ||
	    !pskb_may_pull(skb, offset + n))
		return false;
	frame->net = skb->data + offset;
	frame->eth = (const struct ethhdr *)(frame->net - ETH_HLEN);
	frame->have = skb_headlen(skb) - offset;
	return true;
}

void cordon_frame_set(struct cordon_frame *frame, struct sk_buff *skb,
		      u32 offset)
{
	frame->net = skb->data + offset;
	frame->eth = (const struct ethhdr *)(frame->net - ETH_HLEN);
	frame->have = skb_headlen(skb) - offset;
	frame->len = skb->len - offset;
	frame->gso = skb_is_gso(skb);
	frame->tagged = skb_vlan_tag_present(skb);
	frame->vlan_tci = skb->vlan_tci;
	frame->vlan_proto = ntohs(skb->vlan_proto);
	frame->skb = skb;
}

/* At ingress, data begins behind the Ethernet header. */
bool cordon_frame_in(struct cordon_frame *frame, struct sk_buff *skb)
{
	if (unlikely(!skb_mac_header_was_set(skb) ||
		     skb_mac_header(skb) + ETH_HLEN != skb->data))
		return false;
	cordon_frame_set(frame, skb, 0);
	return true;
}

/* At egress, with it. */
bool cordon_frame_out(struct cordon_frame *frame, struct sk_buff *skb)
{
	if (unlikely(skb_headlen(skb) < ETH_HLEN) &&
	    (skb_shared(skb) || !pskb_may_pull(skb, ETH_HLEN)))
		return false;
	cordon_frame_set(frame, skb, ETH_HLEN);
	return true;
}
