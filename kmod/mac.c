// SPDX-License-Identifier: GPL-2.0
/*
 * The table of local ports' MACs, by segment: hooks read it under RCU.
 */

#include "mac.h"

#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>

#include "rules.h"

#define MAC_BITS 12

static struct hlist_head macs[1 << MAC_BITS];
static u32 mac_seed __read_mostly;

static struct hlist_head *bucket(u32 segment, const u8 *mac)
{
	u32 hash = jhash_3words(get_unaligned((const u32 *)mac),
				get_unaligned((const u16 *)(mac + 4)), segment,
				mac_seed);

	return &macs[hash_32(hash, MAC_BITS)];
}

bool cordon_mac_is_local(u32 segment, const u8 *mac)
{
	const struct cordon_mac *m;

	hlist_for_each_entry_rcu(m, bucket(segment, mac), node)
		if (ether_addr_equal_unaligned(m->mac, mac) &&
		    m->segment == segment)
			return true;
	return false;
}

void cordon_macs_add(struct cordon_rules *rules)
{
	u32 i;

	ASSERT_RTNL();
	for (i = 0; i < rules->n_local; i++)
		hlist_add_head_rcu(&rules->local[i].node,
				   bucket(rules->local[i].segment,
					  rules->local[i].mac));
}

void cordon_macs_del(struct cordon_rules *rules)
{
	u32 i;

	ASSERT_RTNL();
	for (i = 0; i < rules->n_local; i++)
		hlist_del_rcu(&rules->local[i].node);
}

void cordon_macs_init(void)
{
	mac_seed = get_random_u32();
}
