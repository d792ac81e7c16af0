/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a reason to the part of the policy behind it. Rules only allow, so
 * behind a drop by groups is that none of them does. Pure; drop_log.c calls
 * this. */

#include <cordon-config.h>
#include "agent/drop_rule.h"

#include <inttypes.h>
#include <stddef.h>

#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "plan/plan.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

/* "no rule of groups web, db allows it": those that have rules for the
 * direction, or else the tenant's defaults. Where: the first of them. */
static const struct policy_where *
no_rule(const struct policy_interface *ifc, enum policy_direction d,
        struct ds *rule)
{
    const struct policy_where *where = NULL;
    struct ds names = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    for (size_t i = 0; i < ifc->n_groups; i++) {
        const struct policy_group *g = ifc->groups[i];

        if (g->has[d]) {
            ds_put_format(&names, "%s%s", n++ ? ", " : "", g->name);
            where = where ? where : &g->where;
        }
    }
    if (n) {
        ds_put_format(rule, "no rule of group%s %s allows it",
                      n > 1 ? "s" : "", ds_cstr(&names));
    } else {
        ds_put_format(rule, "the defaults of tenant %s deny %s",
                      ifc->guest->tenant->name, direction_name(d));
    }
    ds_destroy(&names);
    return where ? where : &ifc->where;
}

static void
put_rate(const struct policy_interface *ifc, enum policy_direction d,
         struct ds *rule)
{
    ds_put_cstr(rule, "rate: ");
    rate_format(&ifc->rate[d], rule);
}

const struct policy_where *
drop_rule(const struct plan_port *port, unsigned int reason, struct ds *rule)
{
    const struct policy_interface *ifc = port->interface;

    switch (reason) {
    case REASON_GROUP_INGRESS:
        return no_rule(ifc, POLICY_INGRESS, rule);

    case REASON_GROUP_EGRESS:
        return no_rule(ifc, POLICY_EGRESS, rule);

    case REASON_CT_INVALID:
        ds_put_cstr(rule, "it is of no connection and opens none");
        break;

    case REASON_CT_BLOCKED:
        ds_put_cstr(rule, "the rules do not allow its connection any more");
        break;

    case REASON_CONNECTIONS:
        ds_put_format(rule, "max_connections: %" PRIu32, ifc->max_connections);
        break;

    case REASON_STORM:
        ds_put_format(rule, "storm: %" PRIu32, ifc->storm);
        break;

    case REASON_RATE:
        ds_put_format(rule, "packet_rate: %" PRIu32, ifc->packet_rate);
        break;

    case REASON_POLICED:
        put_rate(ifc, POLICY_EGRESS, rule);
        break;

    case REASON_QUEUE_FULL:
        put_rate(ifc, POLICY_INGRESS, rule);
        break;

    case REASON_NOT_GATEWAY:
        ds_put_format(rule, "network %s/%s is shared",
                      ifc->network->tenant->name, ifc->network->name);
        return &ifc->network->where;

    default:
        break;
    }
    return &ifc->where;
}
