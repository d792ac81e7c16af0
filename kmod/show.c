// SPDX-License-Identifier: GPL-2.0
/*
 * Answers: what is configured, and the counters. A list that does not fit in
 * one message goes on in the next.
 */

#include <linux/module.h>
#include <linux/rtnetlink.h>

#include "host.h"
#include "netlink.h"
#include "port.h"
#include "rules.h"
#include "segment.h"

#define ANSWER_SIZE 32000

/* A list to show. */
struct view {
	u16 attr;
	u16 item_attr;
	u16 size;
	u32 n;
	const void *items;
};

/* Where a dump stands, in the callback's context. */
struct cursor {
	u64 at;			/* The last that has been begun. */
	bool part;		/* ... and is not complete. */
	u32 list;
	u32 item;
};

/* What a dump has begun with may have gone since. */
static void begin_item(struct cursor *cursor, u64 at)
{
	if (cursor->part && cursor->at == at)
		return;
	cursor->part = false;
	cursor->list = 0;
	cursor->item = 0;
}

/* True if all was shown; else 'cursor' says where to go on. */
static bool put_views(struct sk_buff *msg, const struct view *views, u32 n,
		      struct cursor *cursor)
{
	const struct view *v;
	struct nlattr *nest;
	const u8 *items;

	for (; cursor->list < n; cursor->list++, cursor->item = 0) {
		v = &views[cursor->list];
		if (!v->n)
			continue;
		items = v->items;
		nest = nla_nest_start(msg, v->attr);
		if (!nest)
			return false;
		for (; cursor->item < v->n; cursor->item++)
			if (nla_put(msg, v->item_attr, v->size,
				    &items[cursor->item * v->size])) {
				nla_nest_end(msg, nest);
				return false;
			}
		nla_nest_end(msg, nest);
	}
	return true;
}

static int put_segment(struct sk_buff *msg, const struct cordon_segment *s,
		       struct cursor *cursor)
{
	const struct cordon_segment_config *c = &s->config;
	const struct view views[] = {
		{ CORDON_A_SEGMENT_BROADCAST, CORDON_A_PREFIX,
		  sizeof(struct cordon_prefix), c->n_broadcasts, s->broadcasts },
		{ CORDON_A_SEGMENT_BELIEVED, CORDON_A_PAIR,
		  sizeof(struct cordon_pair), c->n_believed, c->believed },
		{ CORDON_A_SEGMENT_GATEWAYS, CORDON_A_MAC, ETH_ALEN,
		  c->n_gateways, c->gateways },
		/* Hosts, and behind them the others. */
		{ CORDON_A_SEGMENT_DECLARED, CORDON_A_PREFIX,
		  sizeof(struct cordon_prefix), c->n_hosts + c->n_prefixes,
		  c->hosts },
		{ CORDON_A_SEGMENT_TRUSTED, CORDON_A_MAC, ETH_ALEN,
		  c->n_trusted, c->trusted },
		{ CORDON_A_SEGMENT_MEMBERS, CORDON_A_MEMBER,
		  sizeof(struct cordon_member), c->n_members, c->members },
	};

	if (nla_put_u32(msg, CORDON_A_SEGMENT_ID, c->id) ||
	    (!cursor->part && nla_put_u16(msg, CORDON_A_SEGMENT_VLAN, c->vlan)))
		return -EMSGSIZE;
	cursor->part = !put_views(msg, views, ARRAY_SIZE(views), cursor);
	return 0;
}

static int put_rules(struct sk_buff *msg, const struct cordon_rules *r)
{
	if (nla_put_u8(msg, CORDON_A_PORT_KIND, r->kind))
		return -EMSGSIZE;
	if (r->kind != CORDON_PORT_GUEST)
		return 0;
	if (nla_put_u32(msg, CORDON_A_PORT_SEGMENT, r->config.segment->id) ||
	    nla_put_u32(msg, CORDON_A_PORT_FLAGS, r->config.flags) ||
	    nla_put_u32(msg, CORDON_A_PORT_MTU, r->mtu) ||
	    nla_put_u32(msg, CORDON_A_PORT_STORM, r->storm) ||
	    nla_put_u32(msg, CORDON_A_PORT_RATE, r->rate) ||
	    (r->community && nla_put_u32(msg, CORDON_A_PORT_COMMUNITY,
					 r->community)) ||
	    (r->burst &&
	     (nla_put_u64_64bit(msg, CORDON_A_PORT_BYTES, r->bytes,
				CORDON_A_PAD) ||
	      nla_put_u32(msg, CORDON_A_PORT_BURST, r->burst))) ||
	    (r->config.n_vrrp && nla_put(msg, CORDON_A_PORT_VRRP,
					 r->config.n_vrrp, r->config.vrrp)))
		return -EMSGSIZE;
	return 0;
}

static int put_port(struct sk_buff *msg, const struct cordon_port *port,
		    struct cursor *cursor)
{
	const struct cordon_rules *r = rtnl_dereference(port->rules);
	const struct view views[] = {
		{ CORDON_A_PORT_MACS, CORDON_A_MAC, ETH_ALEN,
		  r ? r->config.n_macs : 0, r ? r->config.macs : NULL },
		{ CORDON_A_PORT_ROAMING, CORDON_A_MAC, ETH_ALEN,
		  r ? r->n_roaming : 0, r ? r->roaming : NULL },
		{ CORDON_A_PORT_PAIRS, CORDON_A_PAIR,
		  sizeof(struct cordon_pair), r ? r->config.n_pairs : 0,
		  r ? r->config.pairs : NULL },
	};
	const char *why;

	if (nla_put_u32(msg, CORDON_A_PORT_IFINDEX, port->dev->ifindex))
		return -EMSGSIZE;
	if (!cursor->part) {
		if (nla_put_string(msg, CORDON_A_PORT_NAME, port->dev->name) ||
		    nla_put_u64_64bit(msg, CORDON_A_PORT_COOKIE, port->cookie,
				      CORDON_A_PAD) ||
		    nla_put_u8(msg, CORDON_A_PORT_STATE,
			       cordon_port_state(port)))
			return -EMSGSIZE;
		why = cordon_port_overtaken(port);
		if (port->blocked &&
		    nla_put_string(msg, CORDON_A_PORT_WHY,
				   why ?: "an XDP program or a filter at tc ingress, now gone"))
			return -EMSGSIZE;
		if (r && put_rules(msg, r))
			return -EMSGSIZE;
	}
	cursor->part = !put_views(msg, views, ARRAY_SIZE(views), cursor);
	return 0;
}

static int put_stats(struct sk_buff *msg, const struct cordon_port *port)
{
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(msg, CORDON_A_PORT_IFINDEX, port->dev->ifindex) ||
	    nla_put_u64_64bit(msg, CORDON_A_PORT_COOKIE, port->cookie,
			      CORDON_A_PAD))
		return -EMSGSIZE;
	nest = nla_nest_start(msg, CORDON_A_STATS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < 2 * __CORDON_REASON_MAX; i++) {
		struct cordon_stat stat = {
			.reason = i / 2,
			.ingress = i % 2,
		};

		cordon_port_count(port, stat.ingress, stat.reason,
				  &stat.packets, &stat.bytes);
		if (stat.packets &&
		    nla_put(msg, CORDON_A_STAT, sizeof(stat), &stat))
			return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

/* One. */

typedef int (*putter)(struct sk_buff *msg, struct genl_info *info,
		      struct cursor *cursor);

static int answer(struct genl_info *info, putter put)
{
	struct sk_buff *msg = genlmsg_new(ANSWER_SIZE, GFP_KERNEL_ACCOUNT);
	struct cursor cursor = { };
	void *header;
	int err;

	if (!msg)
		return -ENOMEM;
	rtnl_lock();
	header = genlmsg_put_reply(msg, info, &cordon_family, 0,
				   info->genlhdr->cmd);
	err = -EMSGSIZE;
	if (header &&
	    !nla_put_u32(msg, CORDON_A_GENERATION, cordon_generation))
		err = put(msg, info, &cursor);
	rtnl_unlock();
	if (!err && cursor.part) {
		NL_SET_ERR_MSG(info->extack, "The answer does not fit in one message: dump");
		err = -EMSGSIZE;
	}
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

static int put_host(struct sk_buff *msg, struct genl_info *info,
		    struct cursor *cursor)
{
	const struct cordon_host *host = rtnl_dereference(cordon_host);
	const struct view underlay = {
		CORDON_A_HOST_UNDERLAY, CORDON_A_PREFIX,
		sizeof(struct cordon_prefix), host->config.n_underlay,
		host->underlay,
	};
	const struct cordon_port *port;
	u32 guarded = 0, quarantined = 0;

	list_for_each_entry(port, &cordon_ports, node)
		if (cordon_port_state(port) == CORDON_PORT_GUARDED)
			guarded++;
		else
			quarantined++;
	if (nla_put_string(msg, CORDON_A_HOST_VERSION, THIS_MODULE->version) ||
	    nla_put_u32(msg, CORDON_A_HOST_MARK_MASK, host->config.mark_mask) ||
	    nla_put(msg, CORDON_A_HOST_BRIDGE_MAC, ETH_ALEN,
		    host->config.bridge_mac) ||
	    nla_put_u32(msg, CORDON_A_HOST_GUARDED, guarded) ||
	    nla_put_u32(msg, CORDON_A_HOST_QUARANTINED, quarantined))
		return -EMSGSIZE;
	cursor->part = !put_views(msg, &underlay, 1, cursor);
	return 0;
}

static int put_one_segment(struct sk_buff *msg, struct genl_info *info,
			   struct cursor *cursor)
{
	const struct nlattr *id = info->attrs[CORDON_A_SEGMENT_ID];
	const struct cordon_segment *s;

	if (!id) {
		NL_SET_ERR_MSG(info->extack, "SEGMENT_ID is missing");
		return -EINVAL;
	}
	s = xa_load(&cordon_segments, nla_get_u32(id));
	if (!s) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "There is no such segment");
		return -ENOENT;
	}
	return put_segment(msg, s, cursor);
}

static const struct cordon_port *find_port(struct genl_info *info, int *ret_err)
{
	const struct nlattr *index = info->attrs[CORDON_A_PORT_IFINDEX];
	const struct cordon_port *port;

	*ret_err = -EINVAL;
	if (!index) {
		NL_SET_ERR_MSG(info->extack, "PORT_IFINDEX is missing");
		return NULL;
	}
	*ret_err = -ENOENT;
	port = cordon_port_by_index(nla_get_u32(index));
	if (!port)
		NL_SET_ERR_MSG_ATTR(info->extack, index, "There is no guarded device of that index");
	return port;
}

static int put_one_port(struct sk_buff *msg, struct genl_info *info,
			struct cursor *cursor)
{
	int err;
	const struct cordon_port *port = find_port(info, &err);

	return port ? put_port(msg, port, cursor) : err;
}

static int put_one_stats(struct sk_buff *msg, struct genl_info *info,
			 struct cursor *cursor)
{
	int err;
	const struct cordon_port *port = find_port(info, &err);

	return port ? put_stats(msg, port) : err;
}

int cordon_host_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_host);
}

int cordon_segment_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_one_segment);
}

int cordon_port_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_one_port);
}

int cordon_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	return answer(info, put_one_stats);
}

/* All. */

static void *begin_dumped(struct sk_buff *msg, struct netlink_callback *cb,
			  u8 command)
{
	void *header = genlmsg_put(msg, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &cordon_family,
				   NLM_F_MULTI, command);

	if (!header)
		return NULL;
	genl_dump_check_consistent(cb, header);
	if (nla_put_u32(msg, CORDON_A_GENERATION, cordon_generation)) {
		genlmsg_cancel(msg, header);
		return NULL;
	}
	return header;
}

/*
 * Ends a message: true if the next one of its kind may follow. What did not
 * fit at all is begun again in the next buffer.
 */
static bool end_dumped(struct sk_buff *msg, void *header, int err,
		       struct cursor *cursor, u64 at)
{
	if (err) {
		genlmsg_cancel(msg, header);
		return false;
	}
	genlmsg_end(msg, header);
	cursor->at = at;
	return !cursor->part;
}

int cordon_segment_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *cursor = (struct cursor *)cb->ctx;
	struct cordon_segment *s;
	unsigned long id;
	void *header;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	rtnl_lock();
	cb->seq = cordon_generation;
	xa_for_each_start(&cordon_segments, id, s,
			  cursor->at + !cursor->part) {
		begin_item(cursor, id);
		header = begin_dumped(skb, cb, CORDON_CMD_SEGMENT_GET);
		if (!header ||
		    !end_dumped(skb, header, put_segment(skb, s, cursor),
				cursor, id))
			break;
	}
	rtnl_unlock();
	return skb->len;
}

/* Ports are in the order of their cookies. */
static int dump_ports(struct sk_buff *skb, struct netlink_callback *cb,
		      u8 command)
{
	struct cursor *cursor = (struct cursor *)cb->ctx;
	struct cordon_port *port;
	void *header;
	int err;

	rtnl_lock();
	cb->seq = cordon_generation;
	list_for_each_entry(port, &cordon_ports, node) {
		if (port->cookie < cursor->at + !cursor->part ||
		    !net_eq(dev_net(port->dev), &init_net))
			continue;
		begin_item(cursor, port->cookie);
		header = begin_dumped(skb, cb, command);
		if (!header)
			break;
		err = command == CORDON_CMD_PORT_GET ?
			put_port(skb, port, cursor) : put_stats(skb, port);
		if (!end_dumped(skb, header, err, cursor, port->cookie))
			break;
	}
	rtnl_unlock();
	return skb->len;
}

int cordon_port_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_ports(skb, cb, CORDON_CMD_PORT_GET);
}

int cordon_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_ports(skb, cb, CORDON_CMD_STATS_GET);
}
