/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_BUILD_H
#define CORDON_PLAN_BUILD_H 1

/* What the files that make up desire() share. */

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/types.h"

struct arena;
struct inventory;
struct inventory_link;
struct plan_port;
struct policy;
struct policy_interface;
struct policy_vrrp;

/* A device of this host and what the policy has for it. */
struct binding {
    const struct inventory_link *link; /* NULL: the guest is here, but not
                                        * this device. */
    const struct policy_interface *interface; /* NULL: a stray. */
    bool tap;                                 /* An HVM guest's -emu device. */
    const char *why; /* Of a stray; or the problem of a port. */
};

/* A growing array. */
struct bindings {
    struct binding *v;
    size_t n, allocated;
};

/* Finds, for the devices of 'inv', the interfaces of 'policy' that they
 * realise. Sorted by port name, taps after vifs, then ifindex; strays last.
 * Strings are in 'arena'; the caller frees ret_bindings->v. */
void bind_devices(const struct policy *policy, const struct inventory *inv,
                  struct arena *arena, struct bindings *ret_bindings);

/* Fills in the MACs and pairs of 'port' from its interface. */
void port_addresses(struct plan_port *port, struct arena *arena);

/* RFC 5798 section 7.3. */
struct eth_addr virtual_router_mac(const struct policy_vrrp *, bool ipv6);

#endif /* src/plan/build.h */
