/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_DRAFT_H
#define CORDON_DRAFT_H

/*
 * What a request says, checked as far as one can without knowing the host's
 * state. Lists may come in parts.
 */

#include <net/genetlink.h>

#include "items.h"

struct cordon_draft {
	u16 command;
	struct cordon_list list[CORDON_LISTS];

	u32 mark_mask;
	u8 bridge_mac[ETH_ALEN];

	u32 segment;
	u16 vlan;

	u32 ifindex;
	bool has_cookie;
	u64 cookie;
	u8 kind;
	u32 flags;
	u32 mtu;
	u32 storm;
	u32 rate;
	u32 community;
	u64 bytes;
	u32 burst;
	u8 n_vrrp;
	u8 vrrp[255];
};

struct cordon_draft *cordon_draft_new(u16 command);
void cordon_draft_free(struct cordon_draft *draft);
/* Takes the attributes of a SET or BEGIN, or (draft_add) of an ADD. */
int cordon_draft_read(struct cordon_draft *draft, struct genl_info *info);
int cordon_draft_add(struct cordon_draft *draft, struct genl_info *info);
/* After the last: sorts, drops what is there twice, checks the whole. */
int cordon_draft_finish(struct cordon_draft *draft,
			struct netlink_ext_ack *extack);

#endif /* CORDON_DRAFT_H */
