// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the multicast group of dropped frames, so many a second for each port
 * and direction and for all, and of closed ports. If nobody listens it costs
 * nothing.
 */

#include "event.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/genetlink.h>

#include "limit.h"
#include "netlink.h"
#include "port.h"

#define PORT_GAP (NSEC_PER_SEC / 10)
#define ALL_GAP (NSEC_PER_SEC / 1000)

static struct cordon_limit all;

/* The first bytes of the frame, with the tag that the kernel has taken out. */
static unsigned int first_bytes(const struct sk_buff *skb, bool ingress,
				u8 *bytes)
{
	int begin = ingress ? -ETH_HLEN : 0;
	unsigned int n = 2 * ETH_ALEN, rest;

	if (ingress && (!skb_mac_header_was_set(skb) ||
			skb_mac_header(skb) + ETH_HLEN != skb->data))
		return 0;
	if (!ingress && skb_headlen(skb) < ETH_HLEN)
		return 0;
	memcpy(bytes, skb->data + begin, n);
	begin += n;
	if (skb_vlan_tag_present(skb)) {
		put_unaligned(skb->vlan_proto, (__be16 *)(bytes + n));
		put_unaligned_be16(skb->vlan_tci, bytes + n + 2);
		n += VLAN_HLEN;
	}
	if (ingress) {
		memcpy(bytes + n, skb->data + begin, 2);
		n += 2;
		begin += 2;
	}
	rest = min_t(unsigned int, skb->len - begin, CORDON_EVENT_BYTES - n);
	return skb_copy_bits(skb, begin, bytes + n, rest) ? n : n + rest;
}

static void *begin_event(struct sk_buff *msg, const struct cordon_port *port,
			 enum cordon_reason reason)
{
	void *header = genlmsg_put(msg, 0, 0, &cordon_family, 0,
				   CORDON_CMD_EVENT);

	if (!header ||
	    nla_put_u32(msg, CORDON_A_PORT_IFINDEX, port->dev->ifindex) ||
	    nla_put_string(msg, CORDON_A_PORT_NAME, port->dev->name) ||
	    nla_put_u64_64bit(msg, CORDON_A_PORT_COOKIE, port->cookie,
			      CORDON_A_PAD) ||
	    nla_put_u32(msg, CORDON_A_REASON, reason))
		return NULL;
	return header;
}

void cordon_event_drop(struct cordon_port *port, const struct sk_buff *skb,
		       bool ingress, enum cordon_reason reason)
{
	u8 bytes[CORDON_EVENT_BYTES];
	struct sk_buff *msg;
	unsigned int n;
	void *header;
	u64 lost;

	if (!genl_has_listeners(&cordon_family, &init_net, 0))
		return;
	if (!cordon_limit_take(&port->events[ingress], PORT_GAP) ||
	    !cordon_limit_take(&all, ALL_GAP)) {
		atomic64_inc(&port->lost);
		return;
	}
	msg = genlmsg_new(256, GFP_ATOMIC);
	if (!msg) {
		atomic64_inc(&port->lost);
		return;
	}
	n = first_bytes(skb, ingress, bytes);
	lost = atomic64_xchg(&port->lost, 0);
	header = begin_event(msg, port, reason);
	if (!header ||
	    (ingress && nla_put_flag(msg, CORDON_A_INGRESS)) ||
	    nla_put(msg, CORDON_A_FRAME, n, bytes) ||
	    (lost && nla_put_u64_64bit(msg, CORDON_A_LOST, lost, CORDON_A_PAD))) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, header);
	genlmsg_multicast_netns(&cordon_family, &init_net, msg, 0, 0,
				GFP_ATOMIC);
}

void cordon_event_blocked(const struct cordon_port *port, const char *why)
{
	struct sk_buff *msg = genlmsg_new(256, GFP_KERNEL);
	void *header;

	if (!msg)
		return;
	header = begin_event(msg, port, CORDON_DROP_BLOCKED);
	if (!header || nla_put_string(msg, CORDON_A_PORT_WHY, why)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, header);
	genlmsg_multicast_netns(&cordon_family, &init_net, msg, 0, 0,
				GFP_KERNEL);
}
