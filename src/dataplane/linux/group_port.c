/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the table of tenants' rules has of one port: its chains, and what the
 * sets hold of it. Pure; called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_maker.h"

#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/logged.h"
#include "dataplane/linux/nft_text.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

void
group_add_port_chain(struct group_maker *mk, const struct plan_port *port,
                     const char *stem, struct ds *rules)
{
    size_t first = mk->m.objects->n;

    nft_text_chain(
        &group_table,
        arena_printf(mk->m.arena, "%s-%" PRIu32, stem, port->ifindex), rules,
        mk->m.arena, mk->m.objects);
    for (size_t i = first; i < mk->m.objects->n; i++) {
        mk->m.objects->v[i].ifindex = port->ifindex;
        mk->m.objects->v[i].device = port->device;
    }
}

static void
add_direction(struct group_maker *mk, const struct plan_port *port,
              enum policy_direction d)
{
    const struct policy_interface *ifc = port->interface;
    bool in = d == POLICY_INGRESS;
    const char *again = arena_printf(
        mk->m.arena, "\nmark & %08" PRIx32 " != 00000000; return\n",
        group_judged_bit(mk));
    struct ds rules = DS_EMPTY_INITIALIZER;

    if (!rule_restricted(ifc, d)) {
        group_add_flag(mk, in ? "any-ingress" : "any-egress", port->ifindex,
                       0);
        return;
    }
    for (size_t i = 0; i < ifc->n_groups; i++) {
        if (ifc->groups[i]->n_rules[d]) {
            ds_put_format(&rules, "%sjump %s", rules.length ? again : "",
                          group_chain_name(mk->m.arena, ifc->groups[i], d));
        }
    }
    group_add_port_chain(mk, port, in ? "in" : "out", &rules);
    group_add_flag(mk, in ? "ingress" : "egress", port->ifindex, 1);
    ds_destroy(&rules);
}

/* The zone is the segment's. The kernel takes the first two bytes of what the
 * map has. */
static uint32_t
zone_of(const struct plan_port *port)
{
    uint16_t id = port->segment->id;
    uint32_t zone = 0;

    memcpy(&zone, &id, sizeof id);
    return zone;
}

/* How many connections may be opened in a second: for each, the kernel goes
 * through the list of those that there are. */
static uint32_t
openings(const struct plan_port *port)
{
    uint32_t n = GROUP_CONNECTIONS_WALKED / port->interface->max_connections;

    return MIN(MAX(n, GROUP_OPENINGS_MIN), GROUP_OPENINGS_MAX);
}

/* Those that the port opens, or those that come to it: neither may use up what
 * the other has. */
static void
add_connections(struct group_maker *mk, const struct plan_port *port,
                bool from)
{
    struct ds rules = DS_EMPTY_INITIALIZER;

    ds_put_format(&rules, "connections > %08x; goto drop-connections-%s",
                  port->interface->max_connections, from ? "from" : "to");
    group_add_port_chain(mk, port, from ? "new" : "take", &rules);
    group_add_flag(mk, from ? "new" : "take", port->ifindex, 1);
    group_add_flag(mk, from ? "opens" : "opened", port->ifindex,
                   openings(port));
    ds_destroy(&rules);
}

static void
add_tracking(struct group_maker *mk, const struct plan_port *port)
{
    uint32_t mask = mk->m.plan->host->mark_mask;
    uint32_t mark = segment_mark(port->segment->id, mask);
    uint32_t whole = plan_whole_bit(mask);

    group_add_flag(mk, "stateful", port->ifindex, 0);
    group_add_flag(mk, "tracked", port->ifindex, zone_of(port));
    if (whole) {
        struct guard_element e = group_element("zones", 0);

        e.o.value[0] = zone_of(port);
        guard_put_u32(&e, mark | whole);
        guard_finish(&mk->m, &e);
    }
    for (size_t i = 0; i < port->n_macs; i++) {
        struct guard_element e = group_element("tracked-macs", 0);

        e.o.owner = port->ifindex;
        e.o.value[0] = zone_of(port);
        guard_put_u32(&e, mark);
        guard_put_mac(&e, port->macs[i]);
        guard_finish(&mk->m, &e);
        e = group_element("fragments-to", 0);
        e.o.owner = port->ifindex;
        e.o.value[0] = GROUP_FRAGMENTS;
        guard_put_u32(&e, mark);
        guard_put_mac(&e, port->macs[i]);
        guard_finish(&mk->m, &e);
    }
    add_connections(mk, port, true);
    add_connections(mk, port, false);
}

void
group_add_port(struct group_maker *mk, const struct plan_port *port)
{
    group_add_flag(mk, "fragments", port->ifindex, GROUP_FRAGMENTS);
    if (logged_port(mk->m.plan, port)) {
        group_add_flag(mk, LOGGED_FROM, port->ifindex, LOGGED_RATE);
        group_add_flag(mk, LOGGED_TO, port->ifindex, LOGGED_RATE);
    }
    if (!rule_filtered(port->interface)) {
        group_add_flag(mk, "unfiltered", port->ifindex, 0);
        return;
    }
    if (rule_stateful(port->interface)) {
        add_tracking(mk, port);
    } else {
        group_add_flag(mk, "stateless", port->ifindex, 0);
    }
    add_direction(mk, port, POLICY_EGRESS);
    add_direction(mk, port, POLICY_INGRESS);
}
