/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The rates of a port that the kernel holds, for `cordon show port`. */

#include <cordon-config.h>
#include "agent/show_rate.h"

#include <stdlib.h>
#include <string.h>

#include "agent/reconcile.h"
#include "dataplane/guard/record.h"
#include "lib/writer.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

/* What the kernel was read to hold of a port's limits in a direction, NULL:
 * none. */
static const char *
held(const struct turn *t, const struct plan_port *port,
     enum policy_direction direction)
{
    enum object_kind kind =
        direction == POLICY_INGRESS ? OBJECT_SHAPE : OBJECT_POLICE;

    for (size_t i = 0; i < t->have.n; i++) {
        const struct object *o = &t->have.v[i];
        const char *police;

        if (o->ifindex != port->ifindex) {
            continue;
        }
        if (o->kind == kind) {
            return o->text;
        }
        if (o->kind == OBJECT_MODULE_PORT && kind == OBJECT_POLICE) {
            police = strstr(o->text, RECORD_POLICE);
            if (police) {
                return police + strlen(RECORD_POLICE);
            }
        }
    }
    return NULL;
}

void
show_rates(struct writer *w, const struct turn *t,
           const struct plan_port *port)
{
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        const char *text = port->ifindex ? held(t, port, d) : NULL;
        const char *more = text ? strstr(text, LIMITS_MORE) : NULL;
        char *key = xasprintf("kernel_%s", direction_name(d));

        if (more) {
            writer_format(w, key, "%.*s", (int) (more - text), text);
            more += strlen(LIMITS_MORE);
        } else {
            writer_string(w, key,
                          text            ? text
                          : port->ifindex ? "unlimited"
                                          : NULL);
        }
        free(key);
        if (more && d == POLICY_INGRESS) {
            writer_string(w, "kernel_queue", more);
        } else if (more) {
            writer_uint(w, "kernel_packet_rate", strtoull(more, NULL, 10));
        }
    }
}
