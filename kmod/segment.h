/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_SEGMENT_H
#define CORDON_SEGMENT_H

/*
 * Segments. Each is one allocation, built outside of all locks, published by
 * RCU, and replaced whole, with the rules that refer to it.
 */

#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "parse.h"

struct cordon_draft;

struct cordon_segment {
	struct cordon_segment_config config;
	u32 n_ports;
	const struct cordon_prefix *broadcasts;
	struct rcu_head rcu;
};

extern struct cordon_segment __rcu *cordon_vlans[4096];
extern struct xarray cordon_segments;

void cordon_segments_exit(void);
int cordon_segment_apply(const struct cordon_draft *draft,
			 struct netlink_ext_ack *extack);
int cordon_segment_del(u32 id, struct netlink_ext_ack *extack);

#endif /* CORDON_SEGMENT_H */
