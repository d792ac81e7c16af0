/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_NETLINK_H
#define CORDON_NETLINK_H

/*
 * The generic netlink family; include/uapi/cordon.h is its specification.
 */

#include <net/genetlink.h>

extern struct genl_family cordon_family;

int cordon_netlink_init(void);
void cordon_netlink_exit(void);

/* What answers say, show.c. */
int cordon_host_get(struct sk_buff *skb, struct genl_info *info);
int cordon_segment_get(struct sk_buff *skb, struct genl_info *info);
int cordon_segment_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cordon_port_get(struct sk_buff *skb, struct genl_info *info);
int cordon_port_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cordon_stats_get(struct sk_buff *skb, struct genl_info *info);
int cordon_stats_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* CORDON_NETLINK_H */
