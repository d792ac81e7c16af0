/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GROUP_RULES_H
#define CORDON_DATAPLANE_LINUX_GROUP_RULES_H 1

/* The chains of the table of tenants' rules, as text; and its sets. */

#include <stdbool.h>

#include "dataplane/linux/nft_set.h"
#include "plan/keys.h"
#include "policy/policy.h"

struct arena;
struct ds;
struct objects;
struct plan;
struct prefix;

/* The places of base chains. */
#define GROUP_BASE_TRACK "prerouting -300, policy accept"
#define GROUP_BASE_JUDGE "forward 0, policy accept"

#define GROUP_CHAIN_TRACK "track"
#define GROUP_CHAIN_JUDGE "judge"
#define GROUP_SET_DROPS "drops"

/* Fragments in a second that a port may send, and that come to it from the
 * uplink. What is put together from them waits in the host's memory. */
#define GROUP_FRAGMENTS 250

/* Connections that a port may open in a second, and that may come to it: as
 * many as have the kernel look at so many others, within limits. */
#define GROUP_CONNECTIONS_WALKED (1u << 21)
#define GROUP_OPENINGS_MIN 128
#define GROUP_OPENINGS_MAX 2048

/* NULL if there is no set 'name'. */
const struct nft_set_def *group_set_by_name(const char *name);

/* The chain of a group's rules: "TENANT/GROUP/in". */
char *group_chain_name(struct arena *, const struct policy_group *,
                       enum policy_direction);

/* A set that members of a group are in: "TENANT/GROUP/4"... */
struct group_set {
    int family;
    bool hosts; /* Or prefixes. */
    const char *name;
    struct object_keys keys; /* None: there is no such set. */
};

/* The members of a group that is somebody's peer. */
struct group_members {
    const struct policy_group *group;
    struct prefix *prefixes; /* None lies in another. */
    size_t n;
    struct group_set sets[4];
};

/* Finds the members of 'group'. */
typedef const struct group_members *
group_members_cb(const struct policy_group *group, void *aux);

/* Appends the lines that 'rule' is in 'direction'; what it allows gets the bit
 * 'judged' of skb->mark, and returns. Pure. */
void group_rule_lines(const struct policy_rule *, enum policy_direction,
                      uint32_t judged, struct arena *, group_members_cb *,
                      void *aux, struct ds *lines);

/* Appends the chain that keeps frames from being tracked. Pure. */
void group_want_untracked_rules(const struct plan *, struct arena *,
                                struct objects *);

/* True if there is no port whose rules are asked about each frame. */
bool group_all_stateful(const struct plan *);

/* What the table has whatever ports there are, but for the table: its sets,
 * and the chains of group_want_rules(). Sorted; 'arena' keeps it. */
const struct objects *group_fixed(const struct plan *, struct arena *arena);

/* Appends the chains that all ports share. 'logs': drops of some ports are
 * logged. Pure. */
void group_want_rules(const struct plan *, bool logs, struct arena *,
                      struct objects *);

#endif /* src/dataplane/linux/group_rules.h */
