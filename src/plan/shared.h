/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_SHARED_H
#define CORDON_PLAN_SHARED_H 1

/* Who is heard in a shared network: there, a guest receives from gateways and
 * services, and, if its tenant is a community, from that tenant's other
 * interfaces. It is told by source MAC, which no guest can forge: one counts
 * only if everybody who may send from it does. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct arena;
struct plan;
struct plan_segment;
struct policy_interface;

/* A MAC of an interface, here or elsewhere, of a community that has a port
 * here. */
struct plan_member {
    uint32_t community;
    struct eth_addr mac;
};

/* Arrays are sorted, by community first, and without duplicates; empty for a
 * network that is not shared. */
struct shared_facts {
    struct eth_addr *trusted; /* Gateways' and services'. */
    size_t n_trusted;
    struct plan_member *members;
    size_t n_members;
};

/* Arrays are in 'arena'. Pure. */
void shared_facts(const struct plan *, const struct plan_segment *,
                  struct arena *, struct shared_facts *ret_facts);

/* Notes which ports are isolated and of which community: part of desire().
 * The number of a community is the lowest ifindex of its ports here. */
void shared_ports(struct plan *);

/* True if 'i' is a gateway or a service of its network. */
bool shared_is_trusted(const struct policy_interface *i);

#endif /* src/plan/shared.h */
