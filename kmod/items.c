// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of what requests have several of: their items, one by one, and the
 * whole.
 */

#include "items.h"

#include <linux/etherdevice.h>
#include <linux/slab.h>
#include <linux/sort.h>

#define MAX_ITEMS 65536

static const struct {
	u16 attr;
	u16 size;
	u16 command;
} kinds[CORDON_LISTS] = {
	[CORDON_LIST_UNDERLAY] = { CORDON_A_HOST_UNDERLAY,
				   sizeof(struct cordon_prefix),
				   CORDON_CMD_HOST_SET },
	[CORDON_LIST_BROADCAST] = { CORDON_A_SEGMENT_BROADCAST,
				    sizeof(struct cordon_prefix),
				    CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_BELIEVED] = { CORDON_A_SEGMENT_BELIEVED,
				   sizeof(struct cordon_pair),
				   CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_GATEWAYS] = { CORDON_A_SEGMENT_GATEWAYS, ETH_ALEN,
				   CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_DECLARED] = { CORDON_A_SEGMENT_DECLARED,
				   sizeof(struct cordon_prefix),
				   CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_TRUSTED] = { CORDON_A_SEGMENT_TRUSTED, ETH_ALEN,
				  CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_MEMBERS] = { CORDON_A_SEGMENT_MEMBERS,
				  sizeof(struct cordon_member),
				  CORDON_CMD_SEGMENT_SET },
	[CORDON_LIST_MACS] = { CORDON_A_PORT_MACS, ETH_ALEN,
			       CORDON_CMD_PORT_SET },
	[CORDON_LIST_ROAMING] = { CORDON_A_PORT_ROAMING, ETH_ALEN,
				  CORDON_CMD_PORT_SET },
	[CORDON_LIST_PAIRS] = { CORDON_A_PORT_PAIRS,
				sizeof(struct cordon_pair),
				CORDON_CMD_PORT_SET },
};

u16 cordon_list_attr(enum cordon_list_kind kind)
{
	return kinds[kind].attr;
}

u16 cordon_list_command(enum cordon_list_kind kind)
{
	return kinds[kind].command;
}

static int check_prefix(const struct nlattr *attr,
			const struct cordon_prefix *p,
			struct netlink_ext_ack *extack)
{
	unsigned int bits, i;

	if (p->family != AF_INET && p->family != AF_INET6)
		return CORDON_REFUSE(extack, attr, "Address family is neither IPv4 nor IPv6");
	bits = p->family == AF_INET ? 32 : 128;
	if (p->len > bits)
		return CORDON_REFUSE(extack, attr, "Prefix is longer than an address");
	if (p->reserved[0] || p->reserved[1])
		return CORDON_REFUSE(extack, attr, "Reserved bytes are not 0");
	for (i = p->len; i < 128; i++)
		if (p->addr[i / 8] & 0x80 >> i % 8)
			return CORDON_REFUSE(extack, attr, "Bits past the prefix are not 0");
	return 0;
}

int cordon_mac_check(const struct nlattr *attr, const u8 *mac,
		     struct netlink_ext_ack *extack)
{
	if (mac[0] & 1 || !memchr_inv(mac, 0, ETH_ALEN))
		return CORDON_REFUSE(extack, attr, "MAC address is a group's or zero");
	return 0;
}

static int check_item(enum cordon_list_kind kind, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	struct cordon_member member;
	struct cordon_pair pair;
	struct cordon_prefix p;
	int err;

	switch (kind) {
	case CORDON_LIST_GATEWAYS:
	case CORDON_LIST_TRUSTED:
	case CORDON_LIST_MACS:
	case CORDON_LIST_ROAMING:
		return cordon_mac_check(attr, nla_data(attr), extack);

	case CORDON_LIST_BELIEVED:
	case CORDON_LIST_PAIRS:
		memcpy(&pair, nla_data(attr), sizeof(pair));
		err = cordon_mac_check(attr, pair.mac, extack);
		if (err)
			return err;
		if (pair.reserved[0] || pair.reserved[1])
			return CORDON_REFUSE(extack, attr, "Reserved bytes are not 0");
		return check_prefix(attr, &pair.prefix, extack);

	case CORDON_LIST_MEMBERS:
		memcpy(&member, nla_data(attr), sizeof(member));
		if (!member.community)
			return CORDON_REFUSE(extack, attr, "A community has number 0");
		if (member.reserved[0] || member.reserved[1])
			return CORDON_REFUSE(extack, attr, "Reserved bytes are not 0");
		return cordon_mac_check(attr, member.mac, extack);

	case CORDON_LIST_BROADCAST:
		memcpy(&p, nla_data(attr), sizeof(p));
		if (p.family != AF_INET || p.len != 32)
			return CORDON_REFUSE(extack, attr, "Broadcast address is not an IPv4 address");
		fallthrough;
	case CORDON_LIST_DECLARED:
	case CORDON_LIST_UNDERLAY:
		memcpy(&p, nla_data(attr), sizeof(p));
		return check_prefix(attr, &p, extack);

	case CORDON_LISTS:
		break;
	}
	return -EINVAL;
}

static int grow(struct cordon_list *list, size_t size)
{
	u32 room = max(2 * list->room, 16u);
	u8 *items = kvmalloc_array(room, size, GFP_KERNEL_ACCOUNT);

	if (!items)
		return -ENOMEM;
	if (list->n)
		memcpy(items, list->items, list->n * size);
	kvfree(list->items);
	list->items = items;
	list->room = room;
	return 0;
}

int cordon_list_read(struct cordon_list *list, enum cordon_list_kind kind,
		     const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	size_t size = kinds[kind].size;
	const struct nlattr *item;
	int rest, err;

	nla_for_each_nested(item, attr, rest) {
		err = check_item(kind, item, extack);
		if (err)
			return err;
		if (list->n == MAX_ITEMS) {
			NL_SET_ERR_MSG_ATTR(extack, item, "List is too long");
			return -E2BIG;
		}
		if (list->n == list->room && grow(list, size))
			return -ENOMEM;
		memcpy(&list->items[list->n++ * size], nla_data(item), size);
	}
	return 0;
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, ETH_ALEN);
}

static int compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cordon_prefix));
}

static int compare_members(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cordon_member));
}

static int compare_pairs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cordon_pair));
}

void cordon_list_finish(struct cordon_list *list, enum cordon_list_kind kind)
{
	size_t size = kinds[kind].size;
	u8 *items = list->items;
	u32 i, n = 0;

	if (!list->n)
		return;
	sort(items, list->n, size,
	     size == ETH_ALEN ? compare_macs :
	     size == sizeof(struct cordon_member) ? compare_members :
	     size == sizeof(struct cordon_pair) ? compare_pairs :
						  compare_prefixes, NULL);
	for (i = 0; i < list->n; i++)
		if (!n || memcmp(items + (n - 1) * size, items + i * size, size))
			memmove(items + n++ * size, items + i * size, size);
	list->n = n;
}

bool cordon_list_has_mac(const struct cordon_list *list, const u8 *mac)
{
	const u8 *items = list->items;
	u32 first = 0, end = list->n, i;
	int c;

	while (first < end) {
		i = first + (end - first) / 2;
		c = memcmp(mac, items + i * ETH_ALEN, ETH_ALEN);
		if (!c)
			return true;
		if (c < 0)
			end = i;
		else
			first = i + 1;
	}
	return false;
}
