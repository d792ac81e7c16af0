/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_VACANT_H
#define CORDON_AGENT_VACANT_H 1

/* Addresses and MACs that nobody in a policy has. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

struct policy;
struct policy_network;
struct policy_tenant;

struct vacancy {
    const struct policy_network *network;
    struct prefix *v; /* Those that somebody has. */
    size_t n, allocated;
};

/* For a guest of 'tenant' in 'network': taken is what is declared there or
 * elsewhere of the tenant, whose groups know their members by address. */
void vacancy_init(struct vacancy *, const struct policy *,
                  const struct policy_tenant *tenant,
                  const struct policy_network *network);
void vacancy_done(struct vacancy *);

/* An address of each family that the network has room for, each of which is
 * taken from now on. Returns how many. */
size_t vacancy_addresses(struct vacancy *, struct prefix ret_addresses[2]);

/* True if nobody in the policy has the MAC. */
bool vacant_mac(const struct policy *, struct eth_addr mac);

#endif /* src/agent/vacant.h */
