/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_RULES_H
#define CORDON_RULES_H

/*
 * The rules of a port: one allocation, built outside of all locks, published
 * by RCU, and replaced whole.
 */

#include <linux/netlink.h>
#include <linux/rcupdate.h>

#include "mac.h"
#include "parse.h"

struct cordon_draft;
struct cordon_segment;

struct cordon_rules {
	struct cordon_port_config config;
	enum cordon_port_kind kind;
	bool common;			/* A guest's, with no rates. */
	bool common_to;			/* A guest's, not isolated. */
	u32 mask;
	u32 mark;			/* The segment, under the mask. */
	u32 storm;
	u32 rate;
	u64 bytes;			/* A second, and at once. */
	u32 burst;
	u32 mtu;			/* As asked for. */
	u32 community;
	u64 storm_gap;			/* In ns. */
	u64 rate_gap;
	u64 burst_ns;			/* How long a burst and a header take. */
	u32 n_local;
	u32 n_roaming;
	struct cordon_mac *local;
	const u8 (*roaming)[ETH_ALEN];
	size_t size;
	struct rcu_head rcu;
};

/* Changes with each change. */
extern u32 cordon_generation;

int cordon_port_apply(const struct cordon_draft *draft,
		      struct netlink_ext_ack *extack);
/* Quarantines a device, which need not have been hooked. */
int cordon_port_quarantine(u32 ifindex, struct netlink_ext_ack *extack);

/*
 * Rules are exchanged when the host, or a segment (NULL: all), that they refer
 * to is: PREPARE copies them; EXCHANGE publishes the copies, which refer to
 * what is published then; FORGET frees them.
 */
int cordon_rules_prepare(const struct cordon_segment *segment);
void cordon_rules_exchange(void);
void cordon_rules_forget(void);

#endif /* CORDON_RULES_H */
