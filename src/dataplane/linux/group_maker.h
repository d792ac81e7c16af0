/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GROUP_MAKER_H
#define CORDON_DATAPLANE_LINUX_GROUP_MAKER_H 1

/* What group_want() works on, and its parts: what all share is in
 * group_want.c, groups and their members in group_used.c, a port's own in
 * group_port.c, whose addresses are whose in group_own.c, strangers in
 * group_shared.c. */

#include <stddef.h>
#include <stdint.h>

#include "dataplane/linux/group_rules.h"
#include "dataplane/linux/guard_element.h"

struct ds;
struct plan_port;

/* A group that a port here is in, and these ports. */
struct group_used {
    const struct policy_group *group;
    uint32_t *ports; /* Sorted. */
    size_t n, allocated;
};

struct group_maker {
    struct guard_maker m;
    struct group_used *used; /* By group. */
    size_t n_used;
    struct group_members *members; /* Of groups that are peers; by group. */
    size_t n_members;
};

/* The bit of skb->mark that says that rules have been asked. */
uint32_t group_judged_bit(const struct group_maker *);

/* Starts an element of 'set', of a device, or of none: 0. */
struct guard_element group_element(const char *set, uint32_t ifindex);

/* Adds an element (device), with what it maps to or its limit. */
void group_add_flag(struct group_maker *, const char *set, uint32_t ifindex,
                    uint32_t value);

/* Finds the groups in use, and the members of those that they name. */
void group_collect(struct group_maker *);
void group_maker_done(struct group_maker *);

/* The rules of a group and direction. */
struct group_text {
    const char *chain, *text;
    const char **where; /* Where the policy has each line. */
    size_t n_where;
};

/* Has the following be about groups of 'policy'. 'arena' keeps what they
 * return. */
void group_known_policy(const struct policy *policy, struct arena *arena);
const struct group_members *group_known_members(const struct policy_group *);
const struct group_text *group_known_text(const struct policy_group *,
                                          enum policy_direction);

/* Adds what the table has of 'port', which is open or to be opened. */
void group_add_port(struct group_maker *, const struct plan_port *port);

/* Adds which addresses ports have whose replies pass. */
void group_add_own(struct group_maker *);

/* Adds a chain of the port's own, "STEM-IFINDEX". */
void group_add_port_chain(struct group_maker *, const struct plan_port *port,
                          const char *stem, struct ds *rules);

/* Adds who is a stranger to whom, in shared networks. */
void group_add_shared(struct group_maker *);

/* Adds whom guests may believe in DHCP. */
void group_add_dhcp(struct group_maker *);

#endif /* src/dataplane/linux/group_maker.h */
