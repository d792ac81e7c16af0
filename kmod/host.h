/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_HOST_H
#define CORDON_HOST_H

/*
 * What ports share. Built outside of all locks, published by RCU, and replaced
 * whole, with the rules that refer to it.
 */

#include <linux/netlink.h>
#include <linux/rcupdate.h>

#include "parse.h"

struct cordon_draft;

struct cordon_host {
	struct cordon_host_config config;
	struct rcu_head rcu;
	struct cordon_prefix underlay[];
};

extern struct cordon_host __rcu *cordon_host;

int cordon_host_init(void);
void cordon_host_exit(void);
int cordon_host_apply(const struct cordon_draft *draft,
		      struct netlink_ext_ack *extack);

/* Whether the MAC is the bridge's or netback's, and may be no guest's. */
bool cordon_host_reserves(const struct cordon_host *host, const u8 *mac);

#endif /* CORDON_HOST_H */
