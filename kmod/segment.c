// SPDX-License-Identifier: GPL-2.0
/*
 * Segments: a tenant's network, by number and by VLAN.
 */

#include "segment.h"

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "draft.h"
#include "host.h"
#include "rules.h"

struct cordon_segment __rcu *cordon_vlans[4096];
DEFINE_XARRAY(cordon_segments);

static struct cordon_segment *segment_new(const struct cordon_draft *draft)
{
	const struct cordon_list *l = draft->list;
	const struct cordon_list *declared = &l[CORDON_LIST_DECLARED];
	const struct cordon_prefix *from;
	struct cordon_segment_config *c;
	struct cordon_prefix *hosts, *rest, *broadcasts;
	struct cordon_segment *s;
	u32 *addresses;
	u32 i, n, n_hosts = 0;
	u8 *p;

	n = l[CORDON_LIST_BROADCAST].n;
	s = kvzalloc(sizeof(*s) + l[CORDON_LIST_BELIEVED].n *
			     sizeof(struct cordon_pair) +
			     (n + declared->n) * sizeof(struct cordon_prefix) +
			     n * sizeof(u32) +
			     l[CORDON_LIST_MEMBERS].n *
			     sizeof(struct cordon_member) +
			     (l[CORDON_LIST_GATEWAYS].n +
			      l[CORDON_LIST_TRUSTED].n) * ETH_ALEN,
		     GFP_KERNEL_ACCOUNT);
	if (!s)
		return NULL;
	c = &s->config;
	c->id = draft->segment;
	c->vlan = draft->vlan;
	p = (u8 *)(s + 1);

	addresses = (u32 *)p;
	p += n * sizeof(*addresses);
	broadcasts = (struct cordon_prefix *)p;
	p += n * sizeof(*broadcasts);
	cordon_list_copy(broadcasts, &l[CORDON_LIST_BROADCAST], sizeof(*broadcasts));
	for (i = 0; i < n; i++)
		memcpy(&addresses[i], broadcasts[i].addr, sizeof(u32));
	c->n_broadcasts = n;
	c->broadcasts = addresses;
	s->broadcasts = broadcasts;

	from = (const struct cordon_prefix *)declared->items;
	for (i = 0; i < declared->n; i++)
		n_hosts += from[i].len == (from[i].family == AF_INET ? 32 : 128);
	hosts = (struct cordon_prefix *)p;
	rest = hosts + n_hosts;
	c->hosts = hosts;
	c->prefixes = rest;
	c->n_hosts = n_hosts;
	c->n_prefixes = declared->n - n_hosts;
	for (i = 0; i < declared->n; i++)
		if (from[i].len == (from[i].family == AF_INET ? 32 : 128))
			*hosts++ = from[i];
		else
			*rest++ = from[i];
	p = (u8 *)rest;

	c->believed = (const struct cordon_pair *)p;
	c->n_believed = l[CORDON_LIST_BELIEVED].n;
	cordon_list_copy(p, &l[CORDON_LIST_BELIEVED], sizeof(struct cordon_pair));
	p += c->n_believed * sizeof(struct cordon_pair);
	c->members = (const struct cordon_member *)p;
	c->n_members = l[CORDON_LIST_MEMBERS].n;
	cordon_list_copy(p, &l[CORDON_LIST_MEMBERS],
			 sizeof(struct cordon_member));
	p += c->n_members * sizeof(struct cordon_member);
	c->gateways = (const u8 (*)[ETH_ALEN])p;
	c->n_gateways = l[CORDON_LIST_GATEWAYS].n;
	cordon_list_copy(p, &l[CORDON_LIST_GATEWAYS], ETH_ALEN);
	p += c->n_gateways * ETH_ALEN;
	c->trusted = (const u8 (*)[ETH_ALEN])p;
	c->n_trusted = l[CORDON_LIST_TRUSTED].n;
	cordon_list_copy(p, &l[CORDON_LIST_TRUSTED], ETH_ALEN);
	return s;
}

static int segment_change(struct cordon_segment *new,
			  struct netlink_ext_ack *extack)
{
	const struct cordon_host *host = rtnl_dereference(cordon_host);
	struct cordon_segment *old, *other;
	u32 mask = host->config.mark_mask;
	int err;

	if (new->config.id > mask >> __ffs(mask)) {
		NL_SET_ERR_MSG(extack, "The segment's number does not fit under the mark mask");
		return -ERANGE;
	}
	old = xa_load(&cordon_segments, new->config.id);
	other = rtnl_dereference(cordon_vlans[new->config.vlan]);
	if (other && other != old) {
		NL_SET_ERR_MSG(extack, "The VLAN is that of another segment");
		return -EEXIST;
	}
	if (old && cordon_rules_prepare(old))
		return -ENOMEM;
	err = xa_err(xa_store(&cordon_segments, new->config.id, new,
			      GFP_KERNEL_ACCOUNT));
	if (err) {
		cordon_rules_forget();
		return err;
	}
	if (old) {
		new->n_ports = old->n_ports;
		if (old->config.vlan != new->config.vlan)
			RCU_INIT_POINTER(cordon_vlans[old->config.vlan], NULL);
	}
	rcu_assign_pointer(cordon_vlans[new->config.vlan], new);
	if (old) {
		cordon_rules_exchange();
		kvfree_rcu(old, rcu);
	}
	cordon_generation++;
	return 0;
}

int cordon_segment_apply(const struct cordon_draft *draft,
			 struct netlink_ext_ack *extack)
{
	struct cordon_segment *segment = segment_new(draft);
	int err;

	if (!segment)
		return -ENOMEM;
	rtnl_lock();
	err = segment_change(segment, extack);
	rtnl_unlock();
	if (err)
		kvfree(segment);
	return err;
}

int cordon_segment_del(u32 id, struct netlink_ext_ack *extack)
{
	struct cordon_segment *segment;
	int err = 0;

	rtnl_lock();
	segment = xa_load(&cordon_segments, id);
	if (!segment) {
		NL_SET_ERR_MSG(extack, "There is no such segment");
		err = -ENOENT;
	} else if (segment->n_ports) {
		NL_SET_ERR_MSG(extack, "Ports are in the segment");
		err = -EBUSY;
	} else {
		xa_erase(&cordon_segments, id);
		RCU_INIT_POINTER(cordon_vlans[segment->config.vlan], NULL);
		kvfree_rcu(segment, rcu);
		cordon_generation++;
	}
	rtnl_unlock();
	return err;
}

void cordon_segments_exit(void)
{
	struct cordon_segment *segment;
	unsigned long id;

	xa_for_each(&cordon_segments, id, segment) {
		xa_erase(&cordon_segments, id);
		kvfree_rcu(segment, rcu);
	}
	xa_destroy(&cordon_segments);
}
