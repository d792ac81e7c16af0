/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_POLICY_H
#define CORDON_POLICY_H

/*
 * What each request that sets something may have.
 */

#include <net/netlink.h>

#include "../include/uapi/cordon.h"

extern const struct nla_policy cordon_host_policy[CORDON_A_MAX + 1];
extern const struct nla_policy cordon_segment_policy[CORDON_A_MAX + 1];
extern const struct nla_policy cordon_port_policy[CORDON_A_MAX + 1];
extern const struct nla_policy cordon_table_policy[CORDON_A_MAX + 1];
extern const struct nla_policy cordon_add_policy[CORDON_A_MAX + 1];

#endif /* CORDON_POLICY_H */
