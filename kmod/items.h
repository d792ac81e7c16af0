/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_ITEMS_H
#define CORDON_ITEMS_H

/*
 * Lists of MACs, prefixes, pairs and members, as requests have them.
 */

#include <net/netlink.h>

#include "../include/uapi/cordon.h"

/* Every refusal says which attribute, if one is at fault, and why. */
#define CORDON_REFUSE(extack, attr, message) \
	({ \
		NL_SET_ERR_MSG_ATTR(extack, attr, message); \
		-EINVAL; \
	})

enum cordon_list_kind {
	CORDON_LIST_UNDERLAY,
	CORDON_LIST_BROADCAST,
	CORDON_LIST_BELIEVED,
	CORDON_LIST_GATEWAYS,
	CORDON_LIST_DECLARED,
	CORDON_LIST_TRUSTED,
	CORDON_LIST_MEMBERS,
	CORDON_LIST_MACS,
	CORDON_LIST_ROAMING,
	CORDON_LIST_PAIRS,
	CORDON_LISTS,
};

struct cordon_list {
	u8 *items;
	u32 n;
	u32 room;
};

static inline void cordon_list_copy(const void *to,
				    const struct cordon_list *list, size_t size)
{
	if (list->n)
		memcpy((void *)to, list->items, list->n * size);
}

/* The attribute that has such a list, and the SET that has the attribute. */
u16 cordon_list_attr(enum cordon_list_kind kind);
u16 cordon_list_command(enum cordon_list_kind kind);

/* Adds the items of 'attr'. */
int cordon_list_read(struct cordon_list *list, enum cordon_list_kind kind,
		     const struct nlattr *attr, struct netlink_ext_ack *extack);
/* After the last: sorts, drops what is there twice. */
void cordon_list_finish(struct cordon_list *list, enum cordon_list_kind kind);
/* Of a list of MACs that is finished. */
bool cordon_list_has_mac(const struct cordon_list *list, const u8 *mac);

/* A MAC that one device may have. */
int cordon_mac_check(const struct nlattr *attr, const u8 *mac,
		     struct netlink_ext_ack *extack);

#endif /* CORDON_ITEMS_H */
