/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How far each port is, from what is wanted and what has been read back.
 * Pure; called by the agent after observe(). */

#include <cordon-config.h>
#include "plan/plan.h"

#include <stdlib.h>

#include "plan/object.h"
#include "plan/progress.h"
#include "util.h"

static int
compare_indices(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *) a_, b = *(const uint32_t *) b_;

    return a < b ? -1 : a > b;
}

/* The devices of which something of guard or lock has been read back, sorted.
 * The caller frees. */
static uint32_t *
fenced_devices(const struct objects *have, size_t *ret_n)
{
    uint32_t *v = xmalloc(MAX(have->n, 1) * sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < have->n; i++) {
        const struct object *o = &have->v[i];

        if (o->ifindex && !o->foreign && object_stage(o) == STAGE_GUARD
            && (o->kind != OBJECT_MODULE_PORT || o->value[0])
            && (!n || v[n - 1] != o->ifindex)) {
            v[n++] = o->ifindex;
        }
    }
    if (n) {
        qsort(v, n, sizeof *v, compare_indices);
    }
    *ret_n = n;
    return v;
}

void
port_states(const struct plan *plan, const struct objects *have,
            const struct changes *changes, struct port_status *ret_status)
{
    struct progress progress;
    uint32_t *begun;
    size_t n_begun;

    progress_init(&progress, changes);
    begun = fenced_devices(have, &n_begun);
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];
        struct port_status *s = &ret_status[i];
        uint32_t kinds;

        *s = (struct port_status){ .state = PORT_ABSENT };
        if (!port->ifindex) {
            continue;
        }
        s->why = plan_port_closed(plan, port);
        if (s->why) {
            s->state = PORT_FAILED;
            continue;
        }
        kinds = progress_kinds(&progress, port->ifindex, port->segment->id);
        if (kinds & (KINDS_HOST | KINDS_FENCE | KINDS_RATE)) {
            bool any = n_begun
                       && bsearch(&port->ifindex, begun, n_begun,
                                  sizeof *begun, compare_indices);

            s->state = any ? PORT_FENCING : PORT_QUARANTINED;
        } else if (kinds || (port->tap && port->standby)) {
            s->state = PORT_FENCED;
        } else {
            s->state = PORT_OPEN;
        }
    }
    free(begun);
    progress_done(&progress);
}
