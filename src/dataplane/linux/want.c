/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Questions about a plan that more than one part of this dataplane has. */

#include <cordon-config.h>
#include "dataplane/linux/want.h"

#include "lib/arena.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "util.h"

bool
want_port(const struct plan *plan, const struct plan_port *port)
{
    return port->ifindex && !plan_port_closed(plan, port);
}

bool
want_lock(const struct plan_port *port)
{
    return port->ifindex && !(port->foreign_kinds & KIND(OBJECT_QDISC));
}

bool
want_uplink(const struct plan *plan)
{
    return plan->uplink && !plan->host_problem;
}

bool
want_uplink_lock(const struct plan *plan)
{
    return want_uplink(plan)
           && !(plan->uplink_foreign_kinds & KIND(OBJECT_QDISC));
}

const struct plan_port *
want_device(const struct plan *plan, size_t i)
{
    const struct plan_port *port = plan->by_ifindex[i];

    return i && plan->by_ifindex[i - 1]->ifindex == port->ifindex ? NULL
                                                                  : port;
}

size_t
want_segment_index(const struct plan *plan, uint32_t id)
{
    size_t low = 0, high = plan->n_segments;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (plan->segments[mid].id < id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const bool *
want_segments(const struct plan *plan, struct arena *arena)
{
    bool *used = ARENA_ARRAY(arena, bool, MAX(plan->n_segments, 1));

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (want_port(plan, port)) {
            used[want_segment_index(plan, port->segment->id)] = true;
        }
    }
    return used;
}
