/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which foreign objects in the kernel close which ports. Pure; the reconciler
 * calls plan_judge() between observe() and want(). */

#include <cordon-config.h>
#include "plan/plan.h"

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "util.h"

static const char *
describe(struct plan *plan, const struct object *o)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *s;

    object_format(o, &ds);
    s = arena_printf(plan->arena, "foreign %s", ds_cstr(&ds));
    ds_destroy(&ds);
    return s;
}

void
plan_judge(struct plan *plan, const struct objects *have)
{
    plan->host_foreign = NULL;
    plan->uplink_foreign = NULL;
    plan->uplink_foreign_kinds = 0;
    for (size_t i = 0; i < plan->n_ports; i++) {
        plan->ports[i].foreign = NULL;
        plan->ports[i].foreign_kinds = 0;
    }
    for (size_t i = 0; i < have->n; i++) {
        const struct object *o = &have->v[i];
        const char **why = NULL;

        /* Nobody's business unless we need the place. */
        if (!o->foreign
            || (o->kind == OBJECT_GROUP_TABLE && !plan_filtered(plan))) {
            continue;
        }
        if (!o->ifindex) {
            why = &plan->host_foreign;
        } else if (o->ifindex == plan->uplink) {
            why = &plan->uplink_foreign;
            plan->uplink_foreign_kinds |= 1u << o->kind;
        } else {
            struct plan_port *port;

            port = CONST_CAST(struct plan_port *,
                              plan_port_by_ifindex(plan, o->ifindex));
            if (port) {
                why = &port->foreign;
                port->foreign_kinds |= 1u << o->kind;
            }
        }
        if (why && !*why) {
            *why = describe(plan, o);
        }
    }
}
