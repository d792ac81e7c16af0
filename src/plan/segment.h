/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_SEGMENT_H
#define CORDON_PLAN_SEGMENT_H 1

/* What a guard has to know of a segment beyond its ports on this host: whom
 * guests may believe, and what is declared for others. Interfaces on other
 * hosts count too. */

#include <stddef.h>

#include "lib/addr.h"
#include "plan/plan.h"

struct arena;

/* Arrays are sorted and without duplicates. */
struct segment_facts {
    struct addr *broadcasts; /* Of the IPv4 subnets. */
    size_t n_broadcasts;

    /* Sources of router advertisements and of a DHCP server's messages. */
    struct plan_pair *believed;
    size_t n_believed;
    struct eth_addr *gateways; /* MACs of routers. */
    size_t n_gateways;

    /* What a router in the segment may not send from, unless it is its own;
     * and, of link-local addresses, what a port with LINK_LOCAL_ANY may not:
     * those of gateways, virtual routers and interfaces. Only as far as a port
     * here is the one or the other. No prefix lies in another; a host may. */
    struct prefix *declared;
    size_t n_declared;
};

/* Arrays are in 'arena'. Pure. */
void segment_facts(const struct plan *, const struct plan_segment *,
                   struct arena *, struct segment_facts *ret_facts);

#endif /* src/plan/segment.h */
