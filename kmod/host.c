// SPDX-License-Identifier: GPL-2.0
/*
 * What ports share: the mark's mask, the bridge's MAC, the underlay.
 */

#include "host.h"

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "draft.h"
#include "port.h"
#include "rules.h"
#include "segment.h"

#define DEFAULT_MASK 0xffff0000

struct cordon_host __rcu *cordon_host;

static const u8 netback_mac[ETH_ALEN] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

bool cordon_host_reserves(const struct cordon_host *host, const u8 *mac)
{
	return ether_addr_equal_unaligned(mac, netback_mac) ||
	       ether_addr_equal_unaligned(mac, host->config.bridge_mac);
}

static int host_change(struct cordon_host *host,
		       struct netlink_ext_ack *extack)
{
	struct cordon_host *old = rtnl_dereference(cordon_host);
	const struct cordon_rules *rules;
	struct cordon_port *port;
	u32 i;

	list_for_each_entry(port, &cordon_ports, node) {
		rules = rtnl_dereference(port->rules);
		if (!rules)
			continue;
		if (host->config.mark_mask != old->config.mark_mask) {
			NL_SET_ERR_MSG(extack, "The mark mask cannot be changed while ports are guarded");
			return -EBUSY;
		}
		for (i = 0; i < rules->config.n_macs; i++)
			if (cordon_host_reserves(host, rules->config.macs[i])) {
				NL_SET_ERR_MSG(extack, "A port has the bridge's MAC address");
				return -EBUSY;
			}
	}
	if (cordon_rules_prepare(NULL)) {
		NL_SET_ERR_MSG(extack, "No memory");
		return -ENOMEM;
	}
	rcu_assign_pointer(cordon_host, host);
	cordon_rules_exchange();
	kvfree_rcu(old, rcu);
	cordon_generation++;
	return 0;
}

static int check_ids(u32 mask, struct netlink_ext_ack *extack)
{
	unsigned long id = mask >> __ffs(mask);

	if (xa_find_after(&cordon_segments, &id, ULONG_MAX, XA_PRESENT)) {
		NL_SET_ERR_MSG(extack, "There are segments whose number does not fit under that mark mask");
		return -EBUSY;
	}
	return 0;
}

int cordon_host_apply(const struct cordon_draft *draft,
		      struct netlink_ext_ack *extack)
{
	const struct cordon_list *underlay = &draft->list[CORDON_LIST_UNDERLAY];
	struct cordon_host *host;
	int err;

	host = kvzalloc(struct_size(host, underlay, underlay->n),
			GFP_KERNEL_ACCOUNT);
	if (!host)
		return -ENOMEM;
	host->config.mark_mask = draft->mark_mask;
	memcpy(host->config.bridge_mac, draft->bridge_mac, ETH_ALEN);
	host->config.n_underlay = underlay->n;
	host->config.underlay = host->underlay;
	cordon_list_copy(host->underlay, underlay, sizeof(struct cordon_prefix));
	rtnl_lock();
	err = check_ids(draft->mark_mask, extack);
	if (!err)
		err = host_change(host, extack);
	rtnl_unlock();
	if (err)
		kvfree(host);
	return err;
}

int cordon_host_init(void)
{
	struct cordon_host *host = kvzalloc(sizeof(*host), GFP_KERNEL);

	if (!host)
		return -ENOMEM;
	host->config.mark_mask = DEFAULT_MASK;
	host->config.underlay = host->underlay;
	RCU_INIT_POINTER(cordon_host, host);
	return 0;
}

void cordon_host_exit(void)
{
	kvfree_rcu(rcu_dereference_protected(cordon_host, true), rcu);
	RCU_INIT_POINTER(cordon_host, NULL);
}
