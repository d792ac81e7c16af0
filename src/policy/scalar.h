/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_SCALAR_H
#define CORDON_POLICY_SCALAR_H 1

/* Single values: from text to what a policy holds.
 *
 * Each function returns true and a value, or false and nothing: because
 * 'node' is NULL (the key is absent), or with an error added. */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "openvswitch/uuid.h"

struct build;
struct node;

/* Which addresses fit. */
enum address_use {
    ADDRESS_GLOBAL,      /* Not a link-local one. */
    ADDRESS_LINK_LOCAL,  /* Only a link-local one. */
    ADDRESS_ANY_UNICAST, /* Either. */
};

bool scalar_bool(struct build *, const struct node *, bool *ret);
bool scalar_integer(struct build *, const struct node *, int64_t min,
                    int64_t max, int64_t *ret);

/* Points into the node. 'what' is what the string is ("a network's name"). */
bool scalar_string(struct build *, const struct node *, const char *what,
                   const char **ret);

/* A MAC that a station may have: not a group, not zero, not the one that
 * vifs have in dom0. */
bool scalar_mac(struct build *, const struct node *, struct eth_addr *ret);

bool scalar_address(struct build *, const struct node *, enum address_use,
                    struct addr *ret);

/* A prefix that no guest can disable a check with: at least /8 (IPv4) or /32
 * (IPv6), without host bits, all unicast. */
bool scalar_prefix(struct build *, const struct node *, struct prefix *ret);

/* The same with its length written out. */
bool scalar_subnet(struct build *, const struct node *, struct prefix *ret);

/* The same with host bits, which are cleared. */
bool scalar_underlay(struct build *, const struct node *, struct prefix *ret);

/* Any addresses, of whatever kind and however many, without host bits. */
bool scalar_peer(struct build *, const struct node *, struct prefix *ret);

/* One line for people. */
bool scalar_description(struct build *, const struct node *, const char **ret);

/* A network device's name. */
bool scalar_device(struct build *, const struct node *, const char **ret);

bool scalar_uuid(struct build *, const struct node *, struct uuid *ret);

/* True if the key 'name' is one for a tenant, network or guest ('what'). */
bool name_check(struct build *, const struct node *name, const char *what);

#endif /* src/policy/scalar.h */
