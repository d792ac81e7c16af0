/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Look-ups in a plan, and the small rules that the dataplanes share. */

#include <cordon-config.h>
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "plan/build.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

const char *
port_state_name(enum port_state state)
{
    switch (state) {
    case PORT_QUARANTINED:
        return "quarantined";
    case PORT_FENCING:
        return "fencing";
    case PORT_FENCED:
        return "fenced";
    case PORT_OPEN:
        return "open";
    case PORT_FAILED:
        return "failed";
    case PORT_ABSENT:
        return "absent";
    }
    return NULL;
}

void
plan_free(struct plan *plan)
{
    if (plan) {
        arena_free(plan->arena);
    }
}

static int
compare_ifindex(const void *key, const void *port)
{
    uint32_t a = *(const uint32_t *) key;
    uint32_t b = (*(struct plan_port *const *) port)->ifindex;

    return a < b ? -1 : a > b;
}

const struct plan_port *
plan_port_by_ifindex(const struct plan *plan, uint32_t ifindex)
{
    struct plan_port **p =
        plan->n_by_ifindex
            ? bsearch(&ifindex, plan->by_ifindex, plan->n_by_ifindex,
                      sizeof *plan->by_ifindex, compare_ifindex)
            : NULL;

    return p ? *p : NULL;
}

static int
compare_name(const void *name, const void *port)
{
    return strcmp(name, ((const struct plan_port *) port)->name);
}

const struct plan_port *
plan_port_by_name(const struct plan *plan, const char *name)
{
    return plan->n_ports ? bsearch(name, plan->ports, plan->n_ports,
                                   sizeof *plan->ports, compare_name)
                         : NULL;
}

uint32_t
segment_mark(uint32_t id, uint32_t mask)
{
    return mask ? (id << __builtin_ctz(mask)) & mask : 0;
}

uint32_t
plan_judged_bit(uint32_t mask)
{
    uint32_t below = mask & -mask;

    return below > 1 ? below >> 1 : ~mask & -~mask;
}

uint32_t
plan_whole_bit(uint32_t mask)
{
    uint32_t below = mask & -mask;

    return below > 2 ? below >> 2 : 0;
}

bool
plan_filtered(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (plan->ports[i].ifindex
            && rule_filtered(plan->ports[i].interface)) {
            return true;
        }
    }
    return false;
}

struct eth_addr
virtual_router_mac(const struct policy_vrrp *v, bool ipv6)
{
    struct eth_addr mac = { { { 0x00, 0x00, 0x5e, 0x00, ipv6 ? 2 : 1,
                                v->id } } };

    return mac;
}

bool
plan_mac_roams(const struct plan_port *port, struct eth_addr mac)
{
    const struct policy_interface *i = port->interface;

    for (size_t j = 0; j < i->n_vrrp; j++) {
        if (!mac_cmp(mac, virtual_router_mac(&i->vrrp[j], false))
            || !mac_cmp(mac, virtual_router_mac(&i->vrrp[j], true))) {
            return true;
        }
    }
    return false;
}

const char *
plan_port_closed(const struct plan *plan, const struct plan_port *port)
{
    return plan->host_problem   ? plan->host_problem
           : plan->host_foreign ? plan->host_foreign
           : port->problem      ? port->problem
                                : port->foreign;
}

bool
plan_uplink_usable(const struct plan *plan)
{
    return plan->uplink && !plan->host_problem && !plan->host_foreign
           && !plan->uplink_foreign;
}
