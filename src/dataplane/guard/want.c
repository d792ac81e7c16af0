/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the module should hold for a plan, as objects. Pure. */

#include <cordon-config.h>
#include "dataplane/guard/module.h"

#include "dataplane/guard/private.h"
#include "dataplane/guard/record.h"
#include "lib/arena.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

void
module_add_port(struct objects *os, const struct module_port *p,
                const char *device, struct arena *arena)
{
    objects_add(os, &(struct object){
                        .kind = OBJECT_MODULE_PORT,
                        .ifindex = p->ifindex,
                        .device = device,
                        .text = module_port_text(p, arena),
                        .value = { p->state },
                    });
}

void
module_add_segment(struct objects *os, const struct module_segment *s,
                   struct arena *arena)
{
    objects_add(os, &(struct object){
                        .kind = OBJECT_MODULE_SEGMENT,
                        .name = arena_printf(arena, "%" PRIu32, s->id),
                        .segment = s->id,
                        .text = module_segment_text(s, arena),
                    });
}

void
module_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    struct module_segment segment;
    struct module_port port;
    struct module_host host;

    module_host_of(plan, arena, &host);
    objects_add(os, &(struct object){
                        .kind = OBJECT_MODULE_HOST,
                        .text = module_host_text(&host, arena),
                    });
    for (size_t i = 0; i < plan->n_segments; i++) {
        module_segment_of(plan, &plan->segments[i], arena, &segment);
        module_add_segment(os, &segment, arena);
    }
    for (size_t i = 0; i < plan->n_by_ifindex; i++) {
        const struct plan_port *p = plan->by_ifindex[i];

        /* Ports that have a device in common are closed, all of them. */
        if (!i || plan->by_ifindex[i - 1]->ifindex != p->ifindex) {
            module_port_of(plan, p, arena, &port);
            module_add_port(os, &port, p->device, arena);
        }
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        port = (struct module_port){ .ifindex = plan->strays[i].ifindex };
        module_add_port(os, &port, plan->strays[i].device, arena);
    }
    if (plan_uplink_usable(plan)) {
        port = (struct module_port){
            .ifindex = plan->uplink,
            .state = CORDON_PORT_GUARDED,
            .kind = CORDON_PORT_UPLINK,
        };
        module_add_port(os, &port, plan->host->uplink, arena);
    }
    if (plan->bridge) {
        port = (struct module_port){
            .ifindex = plan->bridge,
            .state = CORDON_PORT_GUARDED,
            .kind = CORDON_PORT_HOST,
        };
        module_add_port(os, &port, plan->host->bridge, arena);
    }
}
