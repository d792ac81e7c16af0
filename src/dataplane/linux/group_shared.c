/* SPDX-License-Identifier: GPL-3.0-or-later */

/* In a shared network, what a stranger sends to a guest is dropped where it
 * leaves for it. Before that, it must open no connection that is the guest's.
 * Pure; called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_maker.h"

#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/want.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "plan/shared.h"
#include "util.h"

/* Whom the guests of 'segment' hear. */
static void
add_segment(struct group_maker *mk, const struct plan_segment *segment)
{
    uint32_t mark = segment_mark(segment->id, mk->m.plan->host->mark_mask);
    struct shared_facts facts;

    shared_facts(mk->m.plan, segment, mk->m.arena, &facts);
    for (size_t i = 0; i < facts.n_trusted; i++) {
        struct guard_element e = group_element("trusted", 0);

        guard_put_u32(&e, mark);
        guard_put_mac(&e, facts.trusted[i]);
        guard_finish(&mk->m, &e);
    }
    for (size_t i = 0; i < facts.n_members; i++) {
        struct guard_element e = group_element("neighbours", 0);

        guard_put_u32(&e, facts.members[i].community);
        guard_put_u32(&e, mark);
        guard_put_mac(&e, facts.members[i].mac);
        guard_finish(&mk->m, &e);
    }
}

static void
add_port(struct group_maker *mk, const struct plan_port *port)
{
    uint32_t mask = mk->m.plan->host->mark_mask;
    struct ds rules = DS_EMPTY_INITIALIZER;

    ds_put_format(&rules, "mark & %08" PRIx32 " . eth.src in trusted; return",
                  mask);
    if (port->community) {
        ds_put_format(&rules,
                      "\n#%08" PRIx32 " . mark & %08" PRIx32
                      " . eth.src in neighbours; return",
                      port->community, mask);
    }
    ds_put_cstr(&rules, "\ngoto drop-not-gateway-to");
    group_add_port_chain(mk, port, "heard", &rules);
    group_add_flag(mk, "isolated", port->ifindex, 1);
    ds_destroy(&rules);
}

void
group_add_shared(struct group_maker *mk)
{
    const struct plan *plan = mk->m.plan;
    bool *done = xcalloc(plan->n_segments + 1, sizeof *done);

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];
        size_t index;

        if (!group_filters(plan, port) || !port->isolated
            || !rule_stateful(port->interface)) {
            continue;
        }
        index = want_segment_index(plan, port->segment->id);
        if (!done[index]) {
            add_segment(mk, port->segment);
            done[index] = true;
        }
        add_port(mk, port);
    }
    free(done);
}
