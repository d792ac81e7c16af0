/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_PORT_H
#define CORDON_PORT_H

/*
 * A guarded device: what is known of it while it is hooked.
 *
 * All that changes ports, segments or the host's configuration holds RTNL,
 * under which devices come and go; nothing else is locked inside. Hooks read
 * under RCU.
 */

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/u64_stats_sync.h>

#include "fragment.h"
#include "limit.h"
#include "rules.h"

struct cordon_draft;

struct cordon_counter {
	u64_stats_t packets;
	u64_stats_t bytes;
};

/* Of one processor. From the guest: [1]. */
struct cordon_stats {
	struct cordon_counter counter[2][__CORDON_REASON_MAX];
	struct u64_stats_sync syncp;
};

struct cordon_port {
	/* NULL: quarantined. */
	struct cordon_rules __rcu *rules;
	struct net_device *dev;
	struct cordon_stats __percpu *stats;
	/* Something ran ahead of the hooks; only PORT_SET and PORT_DEL clear
	 * this.
	 */
	bool blocked;

	struct cordon_limit storm;
	struct cordon_limit rate;
	struct cordon_limit bytes;
	struct cordon_limit events[2]; /* To the guest, from it. */
	atomic64_t lost;		/* Events, since the last. */

	spinlock_t fragment_lock;
	struct cordon_fragments fragments;

	u64 cookie;
	struct nf_hook_ops ops[2];
	struct cordon_rules *pending;	/* While rules are exchanged. */
	struct hlist_node by_dev;
	struct list_head node;		/* In the order of cookies. */
	struct rcu_head rcu;
};

/* main.c: whether a device is taken for what it is, and not by PORT_SET. */
bool cordon_dev_is_guests(const struct net_device *dev);

/* All ports; RTNL to change, RCU to read. */
extern struct list_head cordon_ports;

struct cordon_port *cordon_port_find(const struct net_device *dev);
/* The port of a device of the initial namespace, or NULL. */
struct cordon_port *cordon_port_by_index(u32 ifindex);

/*
 * A port that is not hooked yet; without rules it will be quarantined. HOOK
 * frees it if it fails.
 */
struct cordon_port *cordon_port_alloc(struct net_device *dev);
int cordon_port_hook(struct cordon_port *port);
/* Lets go of a device that goes, or of one that goes on, not losing a frame. */
void cordon_port_free(struct cordon_port *port);
void cordon_port_release(struct cordon_port *port);
/* The device begins a new life, in another namespace. */
void cordon_port_reborn(struct cordon_port *port);
/* Puts 'rules' (NULL: quarantine) in the place of what there is. */
void cordon_port_publish(struct cordon_port *port, struct cordon_rules *rules);

enum cordon_port_state cordon_port_state(const struct cordon_port *port);
/* Why frames may pass by the hooks of a device or port, or NULL. */
const char *cordon_dev_overtaken(const struct net_device *dev);
const char *cordon_port_overtaken(const struct cordon_port *port);
/* Closes ports that are overtaken; run each second and when a hook sees one. */
void cordon_port_watch(bool start);
void cordon_port_watch_now(void);

/* The sum of all processors. */
void cordon_port_count(const struct cordon_port *port, bool ingress,
		       enum cordon_reason reason, u64 *ret_packets,
		       u64 *ret_bytes);

#endif /* CORDON_PORT_H */
