// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: devices are hooked, quarantined, given rules, and let go; and those
 * on which something runs ahead of the hooks are closed.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "port.h"

#include <linux/etherdevice.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "event.h"
#include "hook.h"
#include "segment.h"

#define WATCH_INTERVAL HZ

LIST_HEAD(cordon_ports);

static DEFINE_HASHTABLE(by_dev, 10);
static u64 last_cookie;

static void watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch);

struct cordon_port *cordon_port_find(const struct net_device *dev)
{
	struct cordon_port *port;

	ASSERT_RTNL();
	hash_for_each_possible(by_dev, port, by_dev, (unsigned long)dev)
		if (port->dev == dev)
			return port;
	return NULL;
}

struct cordon_port *cordon_port_by_index(u32 ifindex)
{
	struct net_device *dev = __dev_get_by_index(&init_net, ifindex);

	return dev ? cordon_port_find(dev) : NULL;
}

static void free_port(struct rcu_head *rcu)
{
	struct cordon_port *port = container_of(rcu, struct cordon_port, rcu);

	free_percpu(port->stats);
	kfree(port);
	module_put(THIS_MODULE);
}

struct cordon_port *cordon_port_alloc(struct net_device *dev)
{
	struct cordon_port *port;
	int err, cpu;

	ASSERT_RTNL();
	/* A module that is being removed takes no more devices: there would be
	 * nobody to hold them.
	 */
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-EBUSY);
	err = -ENOMEM;
	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		goto put;
	port->stats = alloc_percpu(struct cordon_stats);
	if (!port->stats)
		goto free;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(port->stats, cpu)->syncp);
	spin_lock_init(&port->fragment_lock);
	port->dev = dev;
	port->ops[0] = (struct nf_hook_ops){
		.hook = cordon_hook_ingress,
		.dev = dev,
		.priv = port,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = INT_MIN,
	};
	port->ops[1] = port->ops[0];
	port->ops[1].hook = cordon_hook_egress;
	port->ops[1].hooknum = NF_NETDEV_EGRESS;
	return port;

free:
	kfree(port);
put:
	module_put(THIS_MODULE);
	return ERR_PTR(err);
}

int cordon_port_hook(struct cordon_port *port)
{
	int err = nf_register_net_hooks(dev_net(port->dev), port->ops, 2);

	ASSERT_RTNL();
	if (err) {
		/* The first of the hooks may have been there for a moment. */
		cordon_port_publish(port, NULL);
		call_rcu(&port->rcu, free_port);
		return err;
	}
	hash_add_rcu(by_dev, &port->by_dev, (unsigned long)port->dev);
	port->cookie = ++last_cookie;
	list_add_tail_rcu(&port->node, &cordon_ports);
	cordon_generation++;
	/* It may have come without (main.c). */
	if (cordon_dev_is_guests(port->dev))
		netif_device_attach(port->dev);
	return 0;
}

static void forget(struct cordon_port *port)
{
	cordon_port_publish(port, NULL);
	hash_del_rcu(&port->by_dev);
	list_del_rcu(&port->node);
	cordon_generation++;
	call_rcu(&port->rcu, free_port);
}

void cordon_port_free(struct cordon_port *port)
{
	ASSERT_RTNL();
	nf_unregister_net_hooks(dev_net(port->dev), port->ops, 2);
	forget(port);
}

void cordon_port_release(struct cordon_port *port)
{
	ASSERT_RTNL();
	nf_unregister_net_hooks(dev_net(port->dev), port->ops, 2);
	/* What is in the hooks just now passes by the rules that it met. */
	synchronize_net();
	forget(port);
}

void cordon_port_reborn(struct cordon_port *port)
{
	ASSERT_RTNL();
	cordon_port_publish(port, NULL);
	/* Hooks are the device's, whatever its namespace, and have stayed. The
	 * list is in the order of cookies. Who reads it under RCU and stands
	 * here ends early, which only the watch does, and does again.
	 */
	port->cookie = ++last_cookie;
	list_del_rcu(&port->node);
	list_add_tail_rcu(&port->node, &cordon_ports);
	cordon_generation++;
}

void cordon_port_publish(struct cordon_port *port, struct cordon_rules *rules)
{
	struct cordon_rules *old = rtnl_dereference(port->rules);
	struct cordon_segment *segment;

	if (!old && !rules)
		return;
	if (!rules) {
		/* Who is guarded anew has sent nothing yet. */
		spin_lock_bh(&port->fragment_lock);
		memset(&port->fragments, 0, sizeof(port->fragments));
		spin_unlock_bh(&port->fragment_lock);
	}
	/* A MAC that both have stays local throughout. */
	if (rules)
		cordon_macs_add(rules);
	rcu_assign_pointer(port->rules, rules);
	if (old) {
		cordon_macs_del(old);
		if (old->kind == CORDON_PORT_GUEST) {
			segment = xa_load(&cordon_segments, old->config.segment->id);
			segment->n_ports--;
		}
		kvfree_rcu(old, rcu);
	}
	if (rules && rules->kind == CORDON_PORT_GUEST) {
		segment = xa_load(&cordon_segments, rules->config.segment->id);
		segment->n_ports++;
	}
	cordon_generation++;
}

enum cordon_port_state cordon_port_state(const struct cordon_port *port)
{
	if (READ_ONCE(port->blocked))
		return CORDON_PORT_BLOCKED;
	return rcu_access_pointer(port->rules) ? CORDON_PORT_GUARDED
					       : CORDON_PORT_QUARANTINED;
}

const char *cordon_dev_overtaken(const struct net_device *dev)
{
	if (dev_xdp_prog_count((struct net_device *)dev) ||
	    rcu_access_pointer(dev->xdp_prog))
		return "an XDP program";
	if (cordon_tc_ingress(dev))
		return "a filter at tc ingress";
	return NULL;
}

/* What comes to the bridge device goes to nobody, whatever is ahead. */
static bool passes_nothing(const struct cordon_port *port)
{
	const struct cordon_rules *rules;
	bool host;

	rcu_read_lock();
	rules = rcu_dereference(port->rules);
	host = rules && rules->kind == CORDON_PORT_HOST;
	rcu_read_unlock();
	return host;
}

const char *cordon_port_overtaken(const struct cordon_port *port)
{
	return passes_nothing(port) ? NULL : cordon_dev_overtaken(port->dev);
}

static bool any_overtaken(void)
{
	const struct cordon_port *port;
	bool any = false;

	rcu_read_lock();
	list_for_each_entry_rcu(port, &cordon_ports, node)
		if ((READ_ONCE(port->blocked) && netif_running(port->dev)) ||
		    (!READ_ONCE(port->blocked) && cordon_port_overtaken(port))) {
			any = true;
			break;
		}
	rcu_read_unlock();
	return any;
}

static void watch(struct work_struct *work)
{
	struct cordon_port *port;
	const char *why;

	if (any_overtaken()) {
		rtnl_lock();
		list_for_each_entry(port, &cordon_ports, node) {
			why = cordon_port_overtaken(port);
			if (why && !port->blocked) {
				WRITE_ONCE(port->blocked, true);
				cordon_generation++;
				netdev_warn(port->dev,
					    "%s is ahead of the guard: closed\n",
					    why);
				cordon_event_blocked(port, why);
			}
			if (port->blocked)
				dev_close(port->dev);
		}
		rtnl_unlock();
	}
	queue_delayed_work(system_long_wq, &watch_work, WATCH_INTERVAL);
}

void cordon_port_watch(bool start)
{
	if (start)
		queue_delayed_work(system_long_wq, &watch_work, WATCH_INTERVAL);
	else
		cancel_delayed_work_sync(&watch_work);
}

void cordon_port_watch_now(void)
{
	mod_delayed_work(system_long_wq, &watch_work, 0);
}

void cordon_port_count(const struct cordon_port *port, bool ingress,
		       enum cordon_reason reason, u64 *ret_packets,
		       u64 *ret_bytes)
{
	int cpu;

	*ret_packets = 0;
	*ret_bytes = 0;
	for_each_possible_cpu(cpu) {
		const struct cordon_stats *s = per_cpu_ptr(port->stats, cpu);
		const struct cordon_counter *c = &s->counter[ingress][reason];
		unsigned int start;
		u64 packets, bytes;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			packets = u64_stats_read(&c->packets);
			bytes = u64_stats_read(&c->bytes);
		} while (u64_stats_fetch_retry(&s->syncp, start));
		*ret_packets += packets;
		*ret_bytes += bytes;
	}
}
