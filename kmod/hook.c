// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to a frame at a guarded device. The common path takes no lock
 * and no atomic operation.
 */

#include "hook.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "event.h"
#include "limit.h"
#include "mac.h"
#include "offload.h"
#include "parse_common.h"
#include "port.h"
#include "segment.h"
#include "skb.h"

/* Verdicts. */

static bool fits(const struct cordon_rules *rules, struct sk_buff *skb)
{
	return cordon_offload_fits(skb, READ_ONCE(rules->config.mtu));
}

static enum cordon_reason note_fragment(struct cordon_port *port,
					const struct cordon_fragment *fragment)
{
	enum cordon_reason reason;

	spin_lock(&port->fragment_lock);
	reason = cordon_fragment_note(&port->fragments, fragment,
				      div_u64(ktime_get_coarse_ns(),
					      NSEC_PER_MSEC));
	spin_unlock(&port->fragment_lock);
	return reason;
}

static bool in_bridge(const struct net_device *dev)
{
	return dev->priv_flags & (IFF_BRIDGE_PORT | IFF_OVS_DATAPATH);
}

/* All of it: nobody has been asked yet who says so in another bit. */
static void set_mark(struct sk_buff *skb, const struct cordon_rules *rules)
{
	skb->mark = rules->mark;
}

static noinline enum cordon_reason from_guest(struct cordon_port *port,
					      const struct cordon_rules *rules,
					      struct sk_buff *skb)
{
	struct cordon_fragment fragment;
	struct cordon_frame frame;
	enum cordon_reason reason;

	if (!cordon_frame_in(&frame, skb))
		return CORDON_DROP_MALFORMED;
	fragment.family = 0;
	reason = cordon_judge_from_guest(&frame, &rules->config, &fragment);
	if (unlikely(reason))
		return reason;
	if (cordon_is_offloaded(skb) && !fits(rules, skb))
		return CORDON_DROP_MALFORMED;
	if (!in_bridge(port->dev))
		return CORDON_DROP_TO_HOST;
	if (fragment.family) {
		/* Cut, it would be several, of other datagrams. */
		if (skb_is_gso(skb))
			return CORDON_DROP_FRAGMENT;
		reason = note_fragment(port, &fragment);
		if (reason)
			return reason;
	}
	/* After that: a fragment that is lost here must not be waited for. */
	if (unlikely(rules->rate_gap) &&
	    !cordon_limit_take(&port->rate, rules->rate_gap))
		return CORDON_DROP_RATE;
	if (unlikely(rules->bytes) &&
	    !cordon_limit_take_bytes(&port->bytes, skb->len + ETH_HLEN,
				     rules->bytes, rules->burst_ns))
		return CORDON_DROP_POLICED;
	if (is_multicast_ether_addr(frame.eth->h_dest) &&
	    !(rules->storm_gap &&
	      cordon_limit_take(&port->storm, cordon_offload_segments(skb) *
				rules->storm_gap)))
		return CORDON_DROP_STORM;
	set_mark(skb, rules);
	return CORDON_PASS;
}

/*
 * What from_guest() would pass, for the common frame: to no group, no fragment.
 * The frame's description is never in memory.
 */
static __always_inline bool common_from(const struct cordon_port *port,
					const struct cordon_rules *rules,
					struct sk_buff *skb)
{
	const struct cordon_frame frame = {
		.eth = (const struct ethhdr *)(skb->data - ETH_HLEN),
		.net = skb->data,
		.have = skb_headlen(skb),
		.len = skb->len,
		.gso = skb_is_gso(skb),
		.tagged = skb_vlan_tag_present(skb),
	};

	return likely(rules->common) && in_bridge(port->dev) &&
	       skb_mac_header(skb) + ETH_HLEN == skb->data &&
	       is_common_from(&frame, &rules->config) &&
	       (!cordon_is_offloaded(skb) || fits(rules, skb));
}

static noinline enum cordon_reason to_guest(const struct cordon_rules *rules,
					    struct sk_buff *skb)
{
	struct cordon_frame frame;

	if (unlikely((skb->mark & rules->mask) != rules->mark))
		return CORDON_DROP_WRONG_SEGMENT;
	if (!cordon_frame_out(&frame, skb))
		return CORDON_DROP_MALFORMED;
	return cordon_judge_to_guest(&frame, &rules->config);
}

static __always_inline bool common_to(const struct cordon_rules *rules,
				      struct sk_buff *skb)
{
	const struct cordon_frame frame = {
		.eth = (const struct ethhdr *)skb->data,
		.net = skb->data + ETH_HLEN,
		.have = skb_headlen(skb) - ETH_HLEN,
		.len = skb->len - ETH_HLEN,
		.gso = skb_is_gso(skb),
		.tagged = skb_vlan_tag_present(skb),
	};

	return likely(rules->common_to) &&
	       (skb->mark & rules->mask) == rules->mark &&
	       skb_headlen(skb) >= ETH_HLEN &&
	       is_common_to(&frame, &rules->config);
}

static noinline enum cordon_reason
from_uplink(struct cordon_port *port, const struct cordon_rules *rules,
	    struct sk_buff *skb)
{
	const struct cordon_host_config *host = rules->config.host;
	const struct cordon_segment *segment = NULL;
	struct cordon_frame frame;
	enum cordon_reason reason;
	const u8 *source;

	if (!cordon_frame_in(&frame, skb))
		return CORDON_DROP_MALFORMED;
	/* The kernel takes the outer tag out of each frame before the hook. */
	if (frame.tagged && frame.vlan_proto == ETH_P_8021Q)
		segment = rcu_dereference(cordon_vlans[skb_vlan_tag_get_id(skb)]);
	if (!segment)
		return CORDON_DROP_UNKNOWN_VLAN;
	source = frame.eth->h_source;
	if (cordon_mac_is_local(segment->config.id, source))
		return CORDON_DROP_LOCAL_MAC;
	if (!is_valid_ether_addr(source) ||
	    ether_addr_equal_unaligned(source, host->bridge_mac))
		return CORDON_DROP_SPOOFED_MAC;
	reason = cordon_judge_from_uplink(&frame, &segment->config, host);
	if (reason)
		return reason;
	if (!in_bridge(port->dev))
		return CORDON_DROP_TO_HOST;
	skb->mark = segment->config.id << __ffs(rules->mask);
	return CORDON_PASS;
}

static noinline enum cordon_reason to_uplink(const struct cordon_rules *rules,
					     struct sk_buff *skb)
{
	const struct cordon_segment *segment;
	struct cordon_frame frame;
	u16 vlan;

	if (!cordon_frame_out(&frame, skb))
		return CORDON_DROP_MALFORMED;
	if (frame.tagged) {
		if (frame.vlan_proto != ETH_P_8021Q)
			return CORDON_DROP_WRONG_SEGMENT;
		vlan = frame.vlan_tci;
	} else {
		if (frame.eth->h_proto != htons(ETH_P_8021Q) ||
		    !cordon_frame_pull(&frame, VLAN_HLEN))
			return CORDON_DROP_WRONG_SEGMENT;
		vlan = get_unaligned_be16(frame.net);
	}
	segment = rcu_dereference(cordon_vlans[vlan & VLAN_VID_MASK]);
	if (!segment || (skb->mark & rules->mask) !=
			segment->config.id << __ffs(rules->mask))
		return CORDON_DROP_WRONG_SEGMENT;
	return CORDON_PASS;
}

/* The hooks. */

static __always_inline void count(const struct cordon_port *port,
				  const struct sk_buff *skb, bool ingress,
				  enum cordon_reason reason)
{
	struct cordon_stats *s = this_cpu_ptr(port->stats);
	struct cordon_counter *c = &s->counter[ingress][reason];
	u32 len = skb->len + (ingress ? ETH_HLEN : 0);

	if (unlikely(skb_vlan_tag_present(skb)))
		len += VLAN_HLEN;
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&c->packets);
	u64_stats_add(&c->bytes, len);
	u64_stats_update_end(&s->syncp);
}

/* What ran ahead of us is looked for with each frame, and each second. */
static __always_inline bool overtaken(const struct cordon_port *port)
{
	return READ_ONCE(port->blocked) || cordon_tc_ingress(port->dev) ||
	       rcu_access_pointer(port->dev->xdp_prog);
}

static noinline enum cordon_reason judge_in(struct cordon_port *port,
					    const struct cordon_rules *rules,
					    struct sk_buff *skb)
{
	if (!rules)
		return CORDON_DROP_QUARANTINED;
	if (rules->kind == CORDON_PORT_HOST)
		return CORDON_DROP_TO_HOST;
	if (overtaken(port)) {
		if (!READ_ONCE(port->blocked))
			cordon_port_watch_now();
		return CORDON_DROP_BLOCKED;
	}
	return rules->kind == CORDON_PORT_GUEST ?
		from_guest(port, rules, skb) : from_uplink(port, rules, skb);
}

static noinline enum cordon_reason judge_out(const struct cordon_port *port,
					     const struct cordon_rules *rules,
					     struct sk_buff *skb)
{
	if (READ_ONCE(port->blocked))
		return CORDON_DROP_BLOCKED;
	if (!rules)
		return CORDON_DROP_QUARANTINED;
	switch (rules->kind) {
	case CORDON_PORT_GUEST:
		return to_guest(rules, skb);
	case CORDON_PORT_UPLINK:
		return to_uplink(rules, skb);
	case CORDON_PORT_HOST:
		break;
	}
	return CORDON_DROP_WRONG_SEGMENT;
}

static noinline unsigned int finish(struct cordon_port *port,
				    const struct sk_buff *skb, bool ingress,
				    enum cordon_reason reason)
{
	count(port, skb, ingress, reason);
	if (!reason)
		return NF_ACCEPT;
	cordon_event_drop(port, skb, ingress, reason);
	return NF_DROP;
}

unsigned int cordon_hook_ingress(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct cordon_port *port = priv;
	const struct cordon_rules *rules = rcu_dereference(port->rules);

	if (likely(rules && !overtaken(port) && common_from(port, rules, skb))) {
		set_mark(skb, rules);
		count(port, skb, true, CORDON_PASS);
		return NF_ACCEPT;
	}
	return finish(port, skb, true, judge_in(port, rules, skb));
}

unsigned int cordon_hook_egress(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct cordon_port *port = priv;
	const struct cordon_rules *rules = rcu_dereference(port->rules);

	if (likely(rules && !READ_ONCE(port->blocked) &&
		   common_to(rules, skb))) {
		count(port, skb, false, CORDON_PASS);
		return NF_ACCEPT;
	}
	return finish(port, skb, false, judge_out(port, rules, skb));
}
