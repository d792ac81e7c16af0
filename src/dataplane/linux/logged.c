/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whose drops are logged, and the rules for it. Used by guard_want.c and
 * nflog.c. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/logged.h"

#include <inttypes.h>
#include <string.h>

#include "dataplane/linux/want.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

/* Directions are the guest's. */
#define FROM "egress:"
#define TO "ingress:"

bool
logged_any(const struct plan *plan)
{
    for (size_t i = 0; i < plan->policy->n_tenants; i++) {
        if (plan->policy->tenants[i].log) {
            return true;
        }
    }
    return false;
}

bool
logged_set(const char *name)
{
    return !strcmp(name, LOGGED_FROM) || !strcmp(name, LOGGED_TO);
}

bool
logged_port(const struct plan *plan, const struct plan_port *port)
{
    return want_port(plan, port) && port->interface->guest->tenant->log;
}

void
logged_rule(unsigned int reason, bool from, uint32_t ifindex, struct ds *rules)
{
    const char *device = from ? "iif" : "oif";

    if (ifindex) {
        ds_put_format(rules, "%s == %08" PRIx32 "; ", device, ifindex);
    }
    ds_put_format(rules, "%s in %s; log %04x %08x %s%s\n", device,
                  from ? LOGGED_FROM : LOGGED_TO, LOGGED_GROUP, LOGGED_BYTES,
                  from ? FROM : TO, reason_name(reason));
}

bool
logged_prefix(const char *prefix, unsigned int *ret_reason, bool *ret_from)
{
    bool from = !strncmp(prefix, FROM, strlen(FROM));

    if (!from && strncmp(prefix, TO, strlen(TO))) {
        return false;
    }
    prefix += strlen(from ? FROM : TO);
    for (unsigned int i = 1; i <= REASON_MAX; i++) {
        const char *name = reason_name(i);

        if (name && !strcmp(name, prefix)) {
            *ret_reason = i;
            *ret_from = from;
            return true;
        }
    }
    return false;
}
