// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel guard's beginning and end, and which devices it takes: those of
 * Xen's netback, and those whose name says that they are a guest's, from the
 * instant they are registered.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/bus.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "host.h"
#include "mac.h"
#include "netlink.h"
#include "port.h"
#include "segment.h"

static char *patterns = "vif*-emu";
module_param(patterns, charp, 0444);
MODULE_PARM_DESC(patterns,
		 "names of guests' devices, beside those of netback: list separated by commas, * is any text [vif*-emu]");

static bool adopt;
module_param(adopt, bool, 0444);
MODULE_PARM_DESC(adopt,
		 "leave alone the devices that are there when the module is loaded, until PORT_SET names them [0]");

/* Who loads the module, until it is loaded, and is shown the devices that are
 * there. Others may register devices at that time, but not this one.
 */
static const struct task_struct *loader;

static bool is_loading(void)
{
	return READ_ONCE(loader) == current;
}

/* Whether 'name' is like the pattern from 'p' to 'end'. */
static bool matches(const char *p, const char *end, const char *name)
{
	const char *star = NULL, *back = NULL;

	while (*name) {
		if (p < end && *p == '*') {
			star = ++p;
			back = name;
		} else if (p < end && *p == *name) {
			p++;
			name++;
		} else if (star) {
			p = star;
			name = ++back;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

bool cordon_dev_is_guests(const struct net_device *dev)
{
	const struct device *parent = dev->dev.parent;
	const char *p, *end;

	if (!net_eq(dev_net(dev), &init_net))
		return false;
	if (parent && parent->bus && !strcmp(parent->bus->name, "xen-backend"))
		return true;
	for (p = patterns; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ',');
		if (end > p && matches(p, end, dev->name))
			return true;
	}
	return false;
}

static int take(struct net_device *dev)
{
	struct cordon_port *port = cordon_port_alloc(dev);
	int err = IS_ERR(port) ? PTR_ERR(port) : cordon_port_hook(port);

	if (err)
		netdev_err(dev, "cannot be guarded: error %d\n", err);
	return err;
}

static int on_register(struct net_device *dev)
{
	struct cordon_port *port = cordon_port_find(dev);
	int err;

	if (port) {
		cordon_port_reborn(port);
		return 0;
	}
	if (!cordon_dev_is_guests(dev) || (adopt && is_loading()))
		return 0;
	err = take(dev);
	/* A device that moves between namespaces cannot be refused, but it
	 * can be taken out of service until it is hooked.
	 */
	if (err && !is_loading())
		netif_device_detach(dev);
	return err;
}

static void on_unregister(struct net_device *dev)
{
	struct cordon_port *port = cordon_port_find(dev);

	if (!port)
		return;
	/* The hooks stay while a device moves to another namespace. */
	if (!is_loading() && dev->reg_state == NETREG_REGISTERED)
		cordon_port_publish(port, NULL);
	else
		cordon_port_free(port);
}

static int on_rename(struct net_device *dev)
{
	if (cordon_port_find(dev) || !cordon_dev_is_guests(dev))
		return 0;
	return take(dev);
}

static int on_pre_up(struct net_device *dev, struct netlink_ext_ack *extack)
{
	struct cordon_port *port = cordon_port_find(dev);
	const char *why = port ? cordon_port_overtaken(port) : NULL;

	if (!port || (!port->blocked && !why))
		return 0;
	port->blocked = true;
	NL_SET_ERR_MSG(extack, "Guarded by cordon, and an XDP program or tc ingress filter is or was ahead of the guard");
	return -EBUSY;
}

static void on_mtu(struct net_device *dev)
{
	struct cordon_port *port = cordon_port_find(dev);
	struct cordon_rules *rules;

	rules = port ? rtnl_dereference(port->rules) : NULL;
	if (rules && !rules->mtu)
		WRITE_ONCE(rules->config.mtu, dev->mtu);
}

static int on_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	switch (event) {
	case NETDEV_REGISTER:
		return notifier_from_errno(on_register(dev));
	case NETDEV_UNREGISTER:
		on_unregister(dev);
		break;
	case NETDEV_CHANGENAME:
		return notifier_from_errno(on_rename(dev));
	case NETDEV_PRE_UP:
		return notifier_from_errno(on_pre_up(dev, netdev_notifier_info_to_extack(ptr)));
	case NETDEV_CHANGEMTU:
		on_mtu(dev);
		break;
	}
	return NOTIFY_DONE;
}

/* Before the bridge and others, which do things with a device they see. */
static struct notifier_block notifier = {
	.notifier_call = on_event,
	.priority = INT_MAX,
};

/* Requests come last: nothing but what is there is hooked until all is well. */
static int __init cordon_init(void)
{
	int err;

	cordon_macs_init();
	err = cordon_host_init();
	if (err)
		return err;
	WRITE_ONCE(loader, current);
	err = register_netdevice_notifier(&notifier);
	if (err)
		goto host;
	err = cordon_netlink_init();
	if (err)
		goto notifier;
	WRITE_ONCE(loader, NULL);
	cordon_port_watch(true);
	return 0;

notifier:
	unregister_netdevice_notifier(&notifier);
host:
	rcu_barrier();
	cordon_host_exit();
	return err;
}

/* No device is hooked: each has a reference to the module. */
static void __exit cordon_exit(void)
{
	cordon_netlink_exit();
	unregister_netdevice_notifier(&notifier);
	cordon_port_watch(false);
	cordon_segments_exit();
	cordon_host_exit();
	rcu_barrier();
}

module_init(cordon_init);
module_exit(cordon_exit);
MODULE_DESCRIPTION("Tenant isolation and port security at each guest's device");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
