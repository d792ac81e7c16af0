// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of ports: made from drafts, and published. What they refer to is
 * exchanged together with them: what is needed for that is allocated first, so
 * that a change happens whole or not at all.
 */

#include "rules.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "draft.h"
#include "host.h"
#include "port.h"
#include "segment.h"

#define CANNOT_HOOK "The device cannot be hooked"
#define NOT_BRIDGE "MAC address is that of a bridge or of netback"

u32 cordon_generation = 1;

/* A port's rules. */

/* The arrays follow the struct, those that need alignment first. */
static void lay_out(struct cordon_rules *r)
{
	struct cordon_port_config *c = &r->config;
	u8 *p = (u8 *)(r + 1);

	r->local = (struct cordon_mac *)p;
	p += c->n_macs * sizeof(*r->local);
	c->pairs = (const struct cordon_pair *)p;
	p += c->n_pairs * sizeof(*c->pairs);
	c->macs = (const u8 (*)[ETH_ALEN])p;
	p += c->n_macs * ETH_ALEN;
	r->roaming = (const u8 (*)[ETH_ALEN])p;
	p += r->n_roaming * ETH_ALEN;
	c->vrrp = p;
}

static bool roams(const struct cordon_rules *r, const u8 *mac)
{
	u32 i;

	for (i = 0; i < r->n_roaming; i++)
		if (ether_addr_equal_unaligned(r->roaming[i], mac))
			return true;
	return false;
}

static struct cordon_rules *rules_new(const struct cordon_draft *draft)
{
	const struct cordon_list *l = draft->list;
	struct cordon_rules *r;
	size_t size;
	u32 i;

	size = sizeof(*r) + l[CORDON_LIST_MACS].n *
			(sizeof(*r->local) + ETH_ALEN) +
		l[CORDON_LIST_PAIRS].n * sizeof(struct cordon_pair) +
		l[CORDON_LIST_ROAMING].n * ETH_ALEN + draft->n_vrrp;
	r = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!r)
		return NULL;
	r->size = size;
	r->kind = draft->kind;
	r->config.flags = draft->flags;
	r->config.n_macs = l[CORDON_LIST_MACS].n;
	r->config.n_pairs = l[CORDON_LIST_PAIRS].n;
	r->config.n_vrrp = draft->n_vrrp;
	r->n_roaming = l[CORDON_LIST_ROAMING].n;
	r->mtu = draft->mtu;
	r->storm = draft->storm;
	r->rate = draft->rate;
	r->bytes = draft->bytes;
	r->burst = draft->burst;
	r->storm_gap = r->storm ? max(NSEC_PER_SEC / r->storm, 1L) : 0;
	r->rate_gap = r->rate ? max(NSEC_PER_SEC / r->rate, 1L) : 0;
	r->community = draft->community;
	r->common_to = r->kind == CORDON_PORT_GUEST &&
		       !(r->config.flags & CORDON_PORT_F_ISOLATED);
	r->burst_ns = r->bytes ? div64_u64(((u64)r->burst + ETH_HLEN) *
					   NSEC_PER_SEC, r->bytes) : 0;
	r->common = r->kind == CORDON_PORT_GUEST && !r->rate_gap && !r->bytes;
	lay_out(r);
	cordon_list_copy(r->config.macs, &l[CORDON_LIST_MACS], ETH_ALEN);
	cordon_list_copy(r->roaming, &l[CORDON_LIST_ROAMING], ETH_ALEN);
	cordon_list_copy(r->config.pairs, &l[CORDON_LIST_PAIRS],
			 sizeof(struct cordon_pair));
	memcpy((void *)r->config.vrrp, draft->vrrp, draft->n_vrrp);
	for (i = 0; i < r->config.n_macs; i++)
		if (!roams(r, r->config.macs[i]))
			memcpy(r->local[r->n_local++].mac, r->config.macs[i],
			       ETH_ALEN);
	return r;
}

static struct cordon_rules *rules_copy(const struct cordon_rules *old)
{
	struct cordon_rules *r = kvmalloc(old->size, GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	memcpy(r, old, old->size);
	lay_out(r);
	return r;
}

/*
 * A community's number may be another's in the segment that is to come, while
 * the port has the old one.
 */
static u32 community_of(const struct cordon_rules *r,
			const struct cordon_segment *segment)
{
	u32 i;

	for (i = 0; i < r->config.n_macs; i++)
		if (cordon_is_member(&segment->config, r->community,
				     r->config.macs[i]))
			return r->community;
	return 0;
}

/* Gives rules what they refer to. */
static void rules_bind(struct cordon_rules *r, const struct cordon_port *port,
		       const struct cordon_segment *segment,
		       const struct cordon_host *host)
{
	u32 i;

	r->config.host = &host->config;
	r->config.mtu = r->mtu ?: port->dev->mtu;
	r->mask = host->config.mark_mask;
	if (segment) {
		r->config.segment = &segment->config;
		r->config.community = community_of(r, segment);
		r->mark = segment->config.id << __ffs(r->mask);
		for (i = 0; i < r->n_local; i++)
			r->local[i].segment = segment->config.id;
	}
}

/* Exchanging rules because of what they refer to. */

void cordon_rules_forget(void)
{
	struct cordon_port *port;

	list_for_each_entry(port, &cordon_ports, node) {
		kvfree(port->pending);
		port->pending = NULL;
	}
}

int cordon_rules_prepare(const struct cordon_segment *segment)
{
	const struct cordon_rules *rules;
	struct cordon_port *port;

	list_for_each_entry(port, &cordon_ports, node) {
		rules = rtnl_dereference(port->rules);
		if (!rules || (segment &&
			       rules->config.segment != &segment->config))
			continue;
		port->pending = rules_copy(rules);
		if (!port->pending) {
			cordon_rules_forget();
			return -ENOMEM;
		}
	}
	return 0;
}

void cordon_rules_exchange(void)
{
	const struct cordon_host *host = rtnl_dereference(cordon_host);
	const struct cordon_segment *segment;
	struct cordon_port *port;

	list_for_each_entry(port, &cordon_ports, node) {
		if (!port->pending)
			continue;
		segment = NULL;
		if (port->pending->kind == CORDON_PORT_GUEST)
			segment = xa_load(&cordon_segments,
					  port->pending->config.segment->id);
		rules_bind(port->pending, port, segment, host);
		cordon_port_publish(port, port->pending);
		port->pending = NULL;
	}
}

/* Ports. */

static int check_device(const struct net_device *dev,
			struct netlink_ext_ack *extack)
{
	if (!dev) {
		NL_SET_ERR_MSG(extack, "There is no such device in the initial namespace");
		return -ENODEV;
	}
	if (dev->type != ARPHRD_ETHER || dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "The device is not Ethernet");
		return -EOPNOTSUPP;
	}
	if (dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "The device is being unregistered");
		return -ENODEV;
	}
	return 0;
}

/* Under RTNL: sets '*rules_' to NULL if it takes the rules over. A device that
 * is not hooked yet has its rules from the first frame on: another guard may
 * have kept it open.
 */
static int port_change(const struct cordon_draft *draft,
		       struct cordon_rules **rules_,
		       struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_index(&init_net, draft->ifindex);
	const struct cordon_host *host = rtnl_dereference(cordon_host);
	const struct cordon_segment *segment = NULL;
	struct cordon_rules *rules = *rules_;
	struct cordon_port *port;
	bool hooked;
	u32 i;
	int err;

	err = check_device(dev, extack);
	if (err)
		return err;
	port = cordon_port_find(dev);
	if (draft->has_cookie && (!port || port->cookie != draft->cookie)) {
		NL_SET_ERR_MSG(extack, "The device is not the one that had that cookie");
		return -ESTALE;
	}
	if (draft->kind == CORDON_PORT_GUEST) {
		segment = xa_load(&cordon_segments, draft->segment);
		if (!segment) {
			NL_SET_ERR_MSG(extack, "There is no such segment");
			return -ENOENT;
		}
	}
	for (i = 0; i < rules->config.n_macs; i++)
		if (cordon_host_reserves(host, rules->config.macs[i])) {
			NL_SET_ERR_MSG(extack, NOT_BRIDGE);
			return -EINVAL;
		}
	if (draft->kind != CORDON_PORT_HOST && cordon_dev_overtaken(dev)) {
		NL_SET_ERR_MSG(extack, "An XDP program or a filter at tc ingress is ahead of the guard");
		return -EBUSY;
	}
	hooked = port;
	if (!hooked)
		port = cordon_port_alloc(dev);
	if (IS_ERR(port)) {
		NL_SET_ERR_MSG(extack, CANNOT_HOOK);
		return PTR_ERR(port);
	}
	rules_bind(rules, port, segment, host);
	cordon_port_publish(port, rules);
	*rules_ = NULL;
	WRITE_ONCE(port->blocked, false);
	err = hooked ? 0 : cordon_port_hook(port);
	if (err)
		NL_SET_ERR_MSG(extack, CANNOT_HOOK);
	return err;
}

int cordon_port_quarantine(u32 ifindex, struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_index(&init_net, ifindex);
	struct cordon_port *port;
	int err;

	err = check_device(dev, extack);
	if (err)
		return err;
	port = cordon_port_find(dev);
	if (port) {
		cordon_port_publish(port, NULL);
		if (!cordon_port_overtaken(port))
			WRITE_ONCE(port->blocked, false);
		return 0;
	}
	port = cordon_port_alloc(dev);
	err = IS_ERR(port) ? PTR_ERR(port) : cordon_port_hook(port);
	if (err)
		NL_SET_ERR_MSG(extack, CANNOT_HOOK);
	return err;
}

int cordon_port_apply(const struct cordon_draft *draft,
		      struct netlink_ext_ack *extack)
{
	struct cordon_rules *rules = rules_new(draft);
	int err;

	if (!rules)
		return -ENOMEM;
	rtnl_lock();
	err = port_change(draft, &rules, extack);
	rtnl_unlock();
	kvfree(rules);
	return err;
}
