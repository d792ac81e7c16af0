// SPDX-License-Identifier: GPL-2.0
/*
 * Reading requests, and what can be checked without knowing the host's state.
 */

#include "draft.h"

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "policy.h"

struct cordon_draft *cordon_draft_new(u16 command)
{
	struct cordon_draft *draft = kzalloc(sizeof(*draft), GFP_KERNEL_ACCOUNT);

	if (draft)
		draft->command = command;
	return draft;
}

void cordon_draft_free(struct cordon_draft *draft)
{
	unsigned int i;

	if (!draft)
		return;
	for (i = 0; i < CORDON_LISTS; i++)
		kvfree(draft->list[i].items);
	kfree(draft);
}

int cordon_draft_add(struct cordon_draft *draft, struct genl_info *info)
{
	const struct nlattr *attr;
	unsigned int i;
	int err;

	for (i = 0; i < CORDON_LISTS; i++) {
		attr = info->attrs[cordon_list_attr(i)];
		if (!attr)
			continue;
		if (cordon_list_command(i) != draft->command)
			return CORDON_REFUSE(info->extack, attr, "Attribute is not of what the table is of");
		err = cordon_list_read(&draft->list[i], i, attr,
				       info->extack);
		if (err)
			return err;
	}
	return 0;
}

/* Requests. */

static int need(struct genl_info *info, u16 attr, const char *message)
{
	if (info->attrs[attr])
		return 0;
	/* Where it would stand. */
	if (info->extack)
		info->extack->_msg = message;
	return -EINVAL;
}

static int read_host(struct cordon_draft *draft, struct genl_info *info)
{
	const struct nlattr *mask = info->attrs[CORDON_A_HOST_MARK_MASK];
	const struct nlattr *mac = info->attrs[CORDON_A_HOST_BRIDGE_MAC];
	u32 bits;
	int err;

	err = need(info, CORDON_A_HOST_MARK_MASK, "HOST_MARK_MASK is missing") ?:
	      need(info, CORDON_A_HOST_BRIDGE_MAC, "HOST_BRIDGE_MAC is missing");
	if (err)
		return err;
	draft->mark_mask = nla_get_u32(mask);
	bits = draft->mark_mask >> __ffs(draft->mark_mask);
	if (bits & (bits + 1))
		return CORDON_REFUSE(info->extack, mask, "Mark mask has gaps");
	err = cordon_mac_check(mac, nla_data(mac), info->extack);
	if (err)
		return err;
	memcpy(draft->bridge_mac, nla_data(mac), ETH_ALEN);
	return 0;
}

static int read_segment(struct cordon_draft *draft, struct genl_info *info)
{
	int err;

	err = need(info, CORDON_A_SEGMENT_ID, "SEGMENT_ID is missing") ?:
	      need(info, CORDON_A_SEGMENT_VLAN, "SEGMENT_VLAN is missing");
	if (err)
		return err;
	draft->segment = nla_get_u32(info->attrs[CORDON_A_SEGMENT_ID]);
	draft->vlan = nla_get_u16(info->attrs[CORDON_A_SEGMENT_VLAN]);
	return 0;
}

static int read_limit(struct cordon_draft *draft, struct genl_info *info)
{
	const struct nlattr *bytes = info->attrs[CORDON_A_PORT_BYTES];
	const struct nlattr *burst = info->attrs[CORDON_A_PORT_BURST];

	if (!bytes && !burst)
		return 0;
	if (!bytes || !burst)
		return CORDON_REFUSE(info->extack, bytes ?: burst, "PORT_BYTES and PORT_BURST come together");
	draft->bytes = nla_get_u64(bytes);
	draft->burst = nla_get_u32(burst);
	if (draft->bytes && draft->burst / draft->bytes > 300)
		return CORDON_REFUSE(info->extack, burst, "A burst of more than 300 seconds");
	return 0;
}

static int read_guest(struct cordon_draft *draft, struct genl_info *info)
{
	const struct nlattr *vrrp = info->attrs[CORDON_A_PORT_VRRP];
	struct nlattr **attrs = info->attrs;
	int err;

	err = need(info, CORDON_A_PORT_SEGMENT, "PORT_SEGMENT is missing") ?:
	      need(info, CORDON_A_PORT_STORM, "PORT_STORM is missing");
	if (err)
		return err;
	draft->segment = nla_get_u32(attrs[CORDON_A_PORT_SEGMENT]);
	draft->storm = nla_get_u32(attrs[CORDON_A_PORT_STORM]);
	if (attrs[CORDON_A_PORT_RATE])
		draft->rate = nla_get_u32(attrs[CORDON_A_PORT_RATE]);
	err = read_limit(draft, info);
	if (err)
		return err;
	if (attrs[CORDON_A_PORT_FLAGS])
		draft->flags = nla_get_u32(attrs[CORDON_A_PORT_FLAGS]);
	if (attrs[CORDON_A_PORT_COMMUNITY]) {
		draft->community = nla_get_u32(attrs[CORDON_A_PORT_COMMUNITY]);
		if (!(draft->flags & CORDON_PORT_F_ISOLATED))
			return CORDON_REFUSE(info->extack, attrs[CORDON_A_PORT_COMMUNITY], "Only an isolated port has a community");
	}
	if (attrs[CORDON_A_PORT_MTU]) {
		draft->mtu = nla_get_u32(attrs[CORDON_A_PORT_MTU]);
		if (draft->mtu && (draft->mtu < 68 || draft->mtu > 65535))
			return CORDON_REFUSE(info->extack, attrs[CORDON_A_PORT_MTU], "MTU is neither 0 nor from 68 to 65535");
	}
	if (vrrp) {
		draft->n_vrrp = nla_len(vrrp);
		memcpy(draft->vrrp, nla_data(vrrp), draft->n_vrrp);
		if (memchr(draft->vrrp, 0, draft->n_vrrp))
			return CORDON_REFUSE(info->extack, vrrp, "A virtual router has number 0");
	}
	return 0;
}

static int read_port(struct cordon_draft *draft, struct genl_info *info)
{
	static const u16 of_guests[] = {
		CORDON_A_PORT_SEGMENT, CORDON_A_PORT_MACS,
		CORDON_A_PORT_ROAMING, CORDON_A_PORT_PAIRS,
		CORDON_A_PORT_FLAGS,   CORDON_A_PORT_VRRP,
		CORDON_A_PORT_MTU,     CORDON_A_PORT_STORM,
		CORDON_A_PORT_RATE,    CORDON_A_PORT_COMMUNITY,
		CORDON_A_PORT_BYTES,   CORDON_A_PORT_BURST,
	};
	struct nlattr **attrs = info->attrs;
	unsigned int i;
	int err;

	err = need(info, CORDON_A_PORT_IFINDEX, "PORT_IFINDEX is missing") ?:
	      need(info, CORDON_A_PORT_KIND, "PORT_KIND is missing");
	if (err)
		return err;
	draft->ifindex = nla_get_u32(attrs[CORDON_A_PORT_IFINDEX]);
	draft->kind = nla_get_u8(attrs[CORDON_A_PORT_KIND]);
	draft->has_cookie = attrs[CORDON_A_PORT_COOKIE];
	if (draft->has_cookie)
		draft->cookie = nla_get_u64(attrs[CORDON_A_PORT_COOKIE]);
	if (draft->kind == CORDON_PORT_GUEST)
		return read_guest(draft, info);
	for (i = 0; i < ARRAY_SIZE(of_guests); i++)
		if (attrs[of_guests[i]])
			return CORDON_REFUSE(info->extack, attrs[of_guests[i]], "Only a guest's port has that");
	return 0;
}

/* A BEGIN may have the attributes of either command, but not of both. */
static int check_table(const struct cordon_draft *draft, struct genl_info *info)
{
	const struct nla_policy *policy = cordon_port_policy;
	unsigned int i;

	if (!info->attrs[CORDON_A_TABLE])
		return 0;
	if (draft->command == CORDON_CMD_SEGMENT_SET)
		policy = cordon_segment_policy;
	for (i = 0; i <= CORDON_A_MAX; i++)
		if (i != CORDON_A_TABLE && info->attrs[i] &&
		    policy[i].type == NLA_UNSPEC)
			return CORDON_REFUSE(info->extack, info->attrs[i], "Attribute is not of what the table is of");
	return 0;
}

int cordon_draft_read(struct cordon_draft *draft, struct genl_info *info)
{
	int err = check_table(draft, info);

	if (err)
		return err;
	switch (draft->command) {
	case CORDON_CMD_HOST_SET:
		err = read_host(draft, info);
		break;
	case CORDON_CMD_SEGMENT_SET:
		err = read_segment(draft, info);
		break;
	case CORDON_CMD_PORT_SET:
		err = read_port(draft, info);
		break;
	default:
		err = -EINVAL;
	}
	return err ?: cordon_draft_add(draft, info);
}

/* The whole. */

int cordon_draft_finish(struct cordon_draft *draft,
			struct netlink_ext_ack *extack)
{
	const struct cordon_list *own = &draft->list[CORDON_LIST_MACS];
	const struct cordon_list *list;
	const struct cordon_pair *pair;
	unsigned int i;

	for (i = 0; i < CORDON_LISTS; i++)
		cordon_list_finish(&draft->list[i], i);
	if (draft->command != CORDON_CMD_PORT_SET ||
	    draft->kind != CORDON_PORT_GUEST)
		return 0;
	if (!own->n) {
		NL_SET_ERR_MSG(extack, "PORT_MACS is missing or empty");
		return -EINVAL;
	}
	list = &draft->list[CORDON_LIST_ROAMING];
	for (i = 0; i < list->n; i++)
		if (!cordon_list_has_mac(own, &list->items[i * ETH_ALEN])) {
			NL_SET_ERR_MSG(extack, "A MAC address of PORT_ROAMING is not in PORT_MACS");
			return -EINVAL;
		}
	list = &draft->list[CORDON_LIST_PAIRS];
	pair = (const struct cordon_pair *)list->items;
	for (i = 0; i < list->n; i++, pair++)
		if (!cordon_list_has_mac(own, pair->mac)) {
			NL_SET_ERR_MSG(extack, "A MAC address of PORT_PAIRS is not in PORT_MACS");
			return -EINVAL;
		}
	return 0;
}
