// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its operations, and the tables that come in
 * parts, one for each socket at most.
 */

#include "netlink.h"

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "draft.h"
#include "host.h"
#include "policy.h"
#include "port.h"
#include "rules.h"
#include "segment.h"

#define MAX_TABLES 16

/* A table that is not complete yet. */
struct table {
	struct list_head node;
	u32 portid;
	struct cordon_draft *draft;
};

/* Inside of it RTNL is taken. */
static DEFINE_MUTEX(tables_mutex);
static LIST_HEAD(tables);
static unsigned int n_tables;

static int apply(struct cordon_draft *draft, struct netlink_ext_ack *extack)
{
	int err = cordon_draft_finish(draft, extack);

	if (err)
		return err;
	switch (draft->command) {
	case CORDON_CMD_HOST_SET:
		err = cordon_host_apply(draft, extack);
		break;
	case CORDON_CMD_SEGMENT_SET:
		err = cordon_segment_apply(draft, extack);
		break;
	case CORDON_CMD_PORT_SET:
		err = cordon_port_apply(draft, extack);
		break;
	default:
		return -EINVAL;
	}
	if (err == -ENOMEM)
		NL_SET_ERR_MSG(extack, "There is not enough memory");
	return err;
}

/* HOST_SET, SEGMENT_SET, PORT_SET. */
static int set(struct sk_buff *skb, struct genl_info *info)
{
	struct cordon_draft *draft = cordon_draft_new(info->genlhdr->cmd);
	int err;

	if (!draft)
		return -ENOMEM;
	err = cordon_draft_read(draft, info) ?: apply(draft, info->extack);
	cordon_draft_free(draft);
	return err;
}

static int segment_del(struct sk_buff *skb, struct genl_info *info)
{
	if (!info->attrs[CORDON_A_SEGMENT_ID]) {
		NL_SET_ERR_MSG(info->extack, "SEGMENT_ID is missing");
		return -EINVAL;
	}
	return cordon_segment_del(nla_get_u32(info->attrs[CORDON_A_SEGMENT_ID]),
				  info->extack);
}

static int port_del(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *index = info->attrs[CORDON_A_PORT_IFINDEX];
	const struct nlattr *cookie = info->attrs[CORDON_A_PORT_COOKIE];
	struct cordon_port *port;
	int err = 0;

	if (!index) {
		NL_SET_ERR_MSG(info->extack, "PORT_IFINDEX is missing");
		return -EINVAL;
	}
	rtnl_lock();
	port = cordon_port_by_index(nla_get_u32(index));
	if (cookie && (!port || nla_get_u64(cookie) != port->cookie)) {
		NL_SET_ERR_MSG_ATTR(info->extack, cookie, "The device is not the one that had that cookie");
		err = -ESTALE;
	} else if (!info->attrs[CORDON_A_PORT_RELEASE]) {
		err = cordon_port_quarantine(nla_get_u32(index), info->extack);
	} else if (port) {
		cordon_port_release(port);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, index, "There is no guarded device of that index");
		err = -ENOENT;
	}
	rtnl_unlock();
	return err;
}

/* Tables. */

static struct table *find_table(u32 portid)
{
	struct table *table;

	lockdep_assert_held(&tables_mutex);
	list_for_each_entry(table, &tables, node)
		if (table->portid == portid)
			return table;
	return NULL;
}

static void free_table(struct table *table)
{
	lockdep_assert_held(&tables_mutex);
	list_del(&table->node);
	n_tables--;
	cordon_draft_free(table->draft);
	kfree(table);
}

static int table_begin(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *command = info->attrs[CORDON_A_TABLE];
	struct table *table;
	int err;

	if (!command) {
		NL_SET_ERR_MSG(info->extack, "TABLE is missing");
		return -EINVAL;
	}
	switch (nla_get_u16(command)) {
	case CORDON_CMD_SEGMENT_SET:
	case CORDON_CMD_PORT_SET:
		break;
	default:
		NL_SET_ERR_MSG_ATTR(info->extack, command, "There are tables for SEGMENT_SET and PORT_SET alone");
		return -EINVAL;
	}
	mutex_lock(&tables_mutex);
	err = -EBUSY;
	if (find_table(info->snd_portid)) {
		NL_SET_ERR_MSG(info->extack, "There is a table of this socket that is not complete");
		goto unlock;
	}
	if (n_tables >= MAX_TABLES) {
		NL_SET_ERR_MSG(info->extack, "Too many tables are not complete");
		goto unlock;
	}
	err = -ENOMEM;
	table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		goto unlock;
	table->draft = cordon_draft_new(nla_get_u16(command));
	if (!table->draft)
		goto free;
	err = cordon_draft_read(table->draft, info);
	if (err)
		goto free;
	table->portid = info->snd_portid;
	list_add(&table->node, &tables);
	n_tables++;
	mutex_unlock(&tables_mutex);
	return 0;

free:
	cordon_draft_free(table->draft);
	kfree(table);
unlock:
	mutex_unlock(&tables_mutex);
	return err;
}

/* ADD, COMMIT, ABORT. What is refused ends the table. */
static int table_go_on(struct sk_buff *skb, struct genl_info *info)
{
	struct table *table;
	int err = 0;

	mutex_lock(&tables_mutex);
	table = find_table(info->snd_portid);
	if (!table) {
		NL_SET_ERR_MSG(info->extack, "There is no table of this socket");
		err = -ENOENT;
	} else if (info->genlhdr->cmd == CORDON_CMD_TABLE_ADD) {
		err = cordon_draft_add(table->draft, info);
		if (err)
			free_table(table);
	} else {
		if (info->genlhdr->cmd == CORDON_CMD_TABLE_COMMIT)
			err = apply(table->draft, info->extack);
		free_table(table);
	}
	mutex_unlock(&tables_mutex);
	return err;
}

static int on_netlink(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct netlink_notify *notify = ptr;
	struct table *table;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net))
		return NOTIFY_DONE;
	mutex_lock(&tables_mutex);
	table = find_table(notify->portid);
	if (table)
		free_table(table);
	mutex_unlock(&tables_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = on_netlink,
};

/* The family. */

/* Takes nothing. A table of one would have no maximum, and mean the family's. */
static const struct nla_policy none_policy[CORDON_A_PAD + 1];

static const struct nla_policy segment_key[] = {
	[CORDON_A_SEGMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy port_key[] = {
	[CORDON_A_PORT_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy port_del_policy[] = {
	[CORDON_A_PORT_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[CORDON_A_PORT_COOKIE] = { .type = NLA_U64 },
	[CORDON_A_PORT_RELEASE] = { .type = NLA_FLAG },
};

#define OPERATION(number, function, attributes) \
	.cmd = number, .flags = GENL_ADMIN_PERM, .doit = function, \
	.policy = attributes, .maxattr = ARRAY_SIZE(attributes) - 1

static const struct genl_ops operations[] = {
	{ OPERATION(CORDON_CMD_HOST_GET, cordon_host_get, none_policy) },
	{ OPERATION(CORDON_CMD_HOST_SET, set, cordon_host_policy) },
	{ OPERATION(CORDON_CMD_SEGMENT_SET, set, cordon_segment_policy) },
	{ OPERATION(CORDON_CMD_SEGMENT_GET, cordon_segment_get, segment_key),
	  .dumpit = cordon_segment_dump },
	{ OPERATION(CORDON_CMD_SEGMENT_DEL, segment_del, segment_key) },
	{ OPERATION(CORDON_CMD_PORT_SET, set, cordon_port_policy) },
	{ OPERATION(CORDON_CMD_PORT_GET, cordon_port_get, port_key),
	  .dumpit = cordon_port_dump },
	{ OPERATION(CORDON_CMD_PORT_DEL, port_del, port_del_policy) },
	{ OPERATION(CORDON_CMD_TABLE_BEGIN, table_begin, cordon_table_policy) },
	{ OPERATION(CORDON_CMD_TABLE_ADD, table_go_on, cordon_add_policy) },
	{ OPERATION(CORDON_CMD_TABLE_COMMIT, table_go_on, none_policy) },
	{ OPERATION(CORDON_CMD_TABLE_ABORT, table_go_on, none_policy) },
	{ OPERATION(CORDON_CMD_STATS_GET, cordon_stats_get, port_key),
	  .dumpit = cordon_stats_dump },
};

/* Frames are their tenants' data. */
static const struct genl_multicast_group groups[] = {
	{ .name = CORDON_GENL_MCGRP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family cordon_family = {
	.name = CORDON_GENL_NAME,
	.version = CORDON_GENL_VERSION,
	.maxattr = CORDON_A_MAX,
	.netnsok = false,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int cordon_netlink_init(void)
{
	int err = netlink_register_notifier(&notifier);

	if (err)
		return err;
	err = genl_register_family(&cordon_family);
	if (err)
		netlink_unregister_notifier(&notifier);
	return err;
}

void cordon_netlink_exit(void)
{
	struct table *table, *next;

	genl_unregister_family(&cordon_family);
	netlink_unregister_notifier(&notifier);
	mutex_lock(&tables_mutex);
	list_for_each_entry_safe(table, next, &tables, node)
		free_table(table);
	mutex_unlock(&tables_mutex);
}
