/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_MAC_H
#define CORDON_MAC_H

/*
 * MACs of local ports, by segment.
 */

#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/types.h>

struct cordon_rules;

/* A MAC of a port, in the table; part of the port's rules. */
struct cordon_mac {
	struct hlist_node node;
	u32 segment;
	u8 mac[ETH_ALEN];
};

void cordon_macs_init(void);

/* Whether a port of the segment has that MAC for its own. Under RCU. */
bool cordon_mac_is_local(u32 segment, const u8 *mac);
void cordon_macs_add(struct cordon_rules *rules);
void cordon_macs_del(struct cordon_rules *rules);

#endif /* CORDON_MAC_H */
