/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_RULES_H
#define CORDON_DATAPLANE_LINUX_GUARD_RULES_H 1

/* The chains that all devices share, and the sets that they look into. */

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"

struct arena;
struct objects;
struct policy_host;

#define GUARD_TABLE "cordon"

#define GUARD_TABLE_COMMENT "cordon 1"

extern const struct nft_table guard_table;

/* Base chains come before all others of their hook. */
#define GUARD_BASE_INGRESS "ingress first, policy drop"
#define GUARD_BASE_EGRESS "egress first, policy drop"

/* Where the base chains of devices go to. */
#define GUARD_CHAIN_IN "in"   /* From a guest. */
#define GUARD_CHAIN_OUT "out" /* To a guest. */
#define GUARD_CHAIN_UPLINK_IN "uplink-in"
#define GUARD_CHAIN_UPLINK_OUT "uplink-out"
#define GUARD_CHAIN_HOST "host" /* Has reached the bridge device. */

/* Not dumped: rules, not we, put elements there. */
#define GUARD_SET_DROPS "drops"
#define GUARD_SET_LOCAL "local"

extern const struct nft_set_def guard_sets[];
extern const size_t guard_n_sets;

/* NULL if there is no set 'name'. */
const struct nft_set_def *guard_set_by_name(const char *name);

/* Appends sets, and what guard_want_rules() does. In order, without
 * duplicates. */
void guard_want_fixed(const struct policy_host *, bool logs, struct arena *,
                      struct objects *);

/* Appends the shared chains and their rules, and the elements of sets that
 * depend on nothing. 'logs': drops of some ports are logged. Pure. */
void guard_want_rules(const struct policy_host *, bool logs, struct arena *,
                      struct objects *);

#endif /* src/dataplane/linux/guard_rules.h */
