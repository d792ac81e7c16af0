/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_COMPAT_H
#define CORDON_COMPAT_H

/*
 * What differs between the kernels that are supported, 6.1 and later.
 */

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/sch_generic.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/tcx.h>

/* Whether a filter or program stands at tc ingress. */
static inline bool cordon_tc_ingress(const struct net_device *dev)
{
	const struct bpf_mprog_entry *entry;
	const struct tcx_entry *tcx;

	entry = rcu_dereference_check(dev->tcx_ingress, lockdep_rtnl_is_held());
	if (likely(!entry))
		return false;
	tcx = container_of(entry->parent, struct tcx_entry, bundle);
	return rcu_access_pointer(tcx->miniq) || bpf_mprog_total((void *)entry);
}
#else
static inline bool cordon_tc_ingress(const struct net_device *dev)
{
	return rcu_access_pointer(dev->miniq_ingress);
}
#endif

#endif /* CORDON_COMPAT_H */
