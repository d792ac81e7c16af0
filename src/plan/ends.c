/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two maps make judging cheap: from segment and address to port, and from
 * group and address to its being a member's. Called by the dataplane with
 * what it has read of connections. */

#include <cordon-config.h>
#include "plan/ends.h"

#include <stdlib.h>

#include "lib/arena.h"
#include "lib/prefix_map.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

struct ends {
    struct prefix_map ports;   /* Values: struct policy_interface. */
    struct prefix_map members; /* Scope: struct policy_group. */
};

static bool
is_stateful(const struct plan_port *port)
{
    return port->segment && rule_stateful(port->interface);
}

bool
ends_wanted(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (is_stateful(&plan->ports[i])) {
            return true;
        }
    }
    return false;
}

static uint64_t
group_scope(const struct policy_group *group)
{
    return (uintptr_t) group;
}

/* Adds the members of all groups of 'tenant'. */
static void
add_tenant(struct ends *ends, const struct policy_tenant *tenant)
{
    struct arena *arena = arena_new();

    for (size_t i = 0; i < tenant->n_groups; i++) {
        const struct policy_group *group = &tenant->groups[i];
        struct prefix *members;
        size_t n = rule_members(group, arena, &members);

        for (size_t j = 0; j < n; j++) {
            prefix_map_add(&ends->members, group_scope(group), &members[j],
                           group);
        }
    }
    arena_free(arena);
}

struct ends *
ends_new(const struct plan *plan)
{
    struct ends *ends = xmalloc(sizeof *ends);
    const struct policy_tenant *last = NULL;

    prefix_map_init(&ends->ports);
    prefix_map_init(&ends->members);
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];
        const struct policy_tenant *tenant = port->interface->guest->tenant;

        if (!port->segment) {
            continue;
        }
        for (size_t j = 0; j < port->n_pairs; j++) {
            prefix_map_add(&ends->ports, port->segment->id,
                           &port->pairs[j].address, port->interface);
        }
        if (tenant != last) { /* Ports are sorted by tenant. */
            add_tenant(ends, tenant);
            last = tenant;
        }
    }
    return ends;
}

void
ends_free(struct ends *ends)
{
    if (ends) {
        prefix_map_done(&ends->ports);
        prefix_map_done(&ends->members);
        free(ends);
    }
}

static bool
is_member(const struct policy_group *group, const struct addr *a,
          const void *ends_)
{
    const struct ends *ends = ends_;

    return prefix_map_find(&ends->members, group_scope(group), a) != NULL;
}

enum ends_verdict
ends_judge(const struct ends *ends, uint32_t segment,
           const struct rule_flow *flow, enum policy_direction direction)
{
    const struct addr *a =
        direction == POLICY_EGRESS ? &flow->src : &flow->dst;
    bool ours = false, allowed = false;

    for (const struct prefix_node *node =
             prefix_map_find(&ends->ports, segment, a);
         node; node = node->next) {
        const struct policy_interface *ifc = node->value;
        bool stateful = rule_stateful(ifc);

        ours |= stateful;
        allowed |=
            !stateful
            || rule_allows_by(ifc, direction, flow, is_member, ends, NULL);
    }
    return !ours ? ENDS_FOREIGN : allowed ? ENDS_ALLOWED : ENDS_BLOCKED;
}

bool
ends_at(const struct ends *ends, uint32_t segment,
        const struct rule_flow *flow, const struct plan_port *port)
{
    const struct addr *const addrs[] = { &flow->src, &flow->dst };

    for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
        for (const struct prefix_node *node =
                 prefix_map_find(&ends->ports, segment, addrs[i]);
             node; node = node->next) {
            if (node->value == port->interface) {
                return true;
            }
        }
    }
    return false;
}
