/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which ports tenants' rules are asked about. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/group.h"

#include "dataplane/linux/want.h"
#include "plan/plan.h"
#include "plan/rule.h"

bool
group_filters(const struct plan *plan, const struct plan_port *port)
{
    return want_port(plan, port) && rule_filtered(port->interface);
}

bool
group_wanted(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (group_filters(plan, &plan->ports[i])) {
            return true;
        }
    }
    return false;
}

bool
group_in_segment(const struct plan *plan, uint32_t segment)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (group_filters(plan, &plan->ports[i])
            && plan->ports[i].segment->id == segment) {
            return true;
        }
    }
    return false;
}
