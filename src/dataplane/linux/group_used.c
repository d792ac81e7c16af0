/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The groups that ports here are in, and the members of groups that these
 * name. Pure; called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_maker.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/group.h"
#include "lib/arena.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

static int
compare_pointers(const void *a, const void *b)
{
    return a < b ? -1 : a > b;
}

static int
compare_used(const void *a_, const void *b_)
{
    const struct group_used *a = a_, *b = b_;

    return compare_pointers(a->group, b->group);
}

static int
compare_members(const void *a_, const void *b_)
{
    const struct group_members *a = a_, *b = b_;

    return compare_pointers(a->group, b->group);
}

static int
compare_indices(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *) a_, b = *(const uint32_t *) b_;

    return a < b ? -1 : a > b;
}

static struct group_used *
find_used(struct group_maker *mk, const struct policy_group *g)
{
    struct group_used key = { .group = g };

    return mk->n_used
               ? bsearch(&key, mk->used, mk->n_used, sizeof key, compare_used)
               : NULL;
}

static void
collect_used(struct group_maker *mk)
{
    const struct plan *plan = mk->m.plan;
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < plan->n_ports; i++) {
        n += plan->ports[i].interface->n_groups;
    }
    mk->used = xcalloc(n + 1, sizeof *mk->used);
    n = 0;
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct policy_interface *ifc = plan->ports[i].interface;

        for (size_t j = 0;
             group_filters(plan, &plan->ports[i]) && j < ifc->n_groups; j++) {
            mk->used[n++].group = ifc->groups[j];
        }
    }
    qsort(mk->used, n, sizeof *mk->used, compare_used);
    for (size_t i = 0; i < n; i++) {
        if (!kept || compare_used(&mk->used[kept - 1], &mk->used[i])) {
            mk->used[kept++].group = mk->used[i].group;
        }
    }
    mk->n_used = kept;
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        for (size_t j = 0;
             group_filters(plan, port) && j < port->interface->n_groups; j++) {
            struct group_used *u = find_used(mk, port->interface->groups[j]);

            if (u->n == u->allocated) {
                u->ports =
                    x2nrealloc(u->ports, &u->allocated, sizeof *u->ports);
            }
            u->ports[u->n++] = port->ifindex;
        }
    }
}

static void
collect_peers(struct group_maker *mk, const struct policy_group *g,
              size_t *allocated)
{
    for (int d = 0; d < POLICY_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < g->n_rules[d]; i++) {
            const struct policy_rule *r = &g->rules[d][i];

            for (size_t j = 0; j < r->n_peers; j++) {
                if (r->peers[j].kind != PEER_GROUP) {
                    continue;
                }
                if (mk->n_members == *allocated) {
                    mk->members = x2nrealloc(mk->members, allocated,
                                             sizeof *mk->members);
                }
                mk->members[mk->n_members++] =
                    (struct group_members){ .group = r->peers[j].group };
            }
        }
    }
}

static void
collect_members(struct group_maker *mk)
{
    size_t allocated = 0, kept = 0;

    for (size_t i = 0; i < mk->n_used; i++) {
        collect_peers(mk, mk->used[i].group, &allocated);
    }
    if (mk->n_members) {
        qsort(mk->members, mk->n_members, sizeof *mk->members,
              compare_members);
    }
    for (size_t i = 0; i < mk->n_members; i++) {
        if (!kept
            || compare_members(&mk->members[kept - 1], &mk->members[i])) {
            mk->members[kept++] = *group_known_members(mk->members[i].group);
        }
    }
    mk->n_members = kept;
}

void
group_collect(struct group_maker *mk)
{
    group_known_policy(mk->m.plan->policy, mk->m.arena);
    collect_used(mk);
    for (size_t i = 0; i < mk->n_used; i++) {
        struct group_used *u = &mk->used[i];
        uint32_t *ports = ARENA_ARRAY(mk->m.arena, uint32_t, u->n);

        qsort(u->ports, u->n, sizeof *u->ports, compare_indices);
        memcpy(ports, u->ports, u->n * sizeof *ports);
        free(u->ports);
        u->ports = ports;
    }
    collect_members(mk);
}

void
group_maker_done(struct group_maker *mk)
{
    free(mk->members);
    free(mk->used);
}
