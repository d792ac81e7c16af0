/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two maps from segment and address, of who has gone and of who stays; and the
 * ports of the time before. Called by cut.c. */

#include <cordon-config.h>
#include "dataplane/linux/leavers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/group_rules.h"
#include "lib/addr.h"
#include "lib/prefix_map.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "util.h"

/* An address that a port had. */
struct former {
    uint32_t ifindex, segment;
    struct prefix address;
};

/* Of the time before. */
static struct former *former;
static size_t n_former, allocated_former;

struct leavers {
    struct prefix_map gone, staying;
};

static void
remember(uint32_t ifindex, uint32_t segment, const struct prefix *address)
{
    if (n_former == allocated_former) {
        former = x2nrealloc(former, &allocated_former, sizeof *former);
    }
    former[n_former++] = (struct former){ ifindex, segment, *address };
}

/* The zone of what comes from 'ifindex'; 0: it is not tracked. */
static uint16_t
zone_of(const struct objects *have, uint32_t ifindex)
{
    struct object key = { .kind = OBJECT_GROUP_ELEMENT,
                          .name = "tracked",
                          .ifindex = ifindex,
                          .key_len = sizeof ifindex };
    const struct object *o;
    uint16_t zone = 0;

    memcpy(key.key, &ifindex, sizeof ifindex);
    o = objects_find(have, &key);
    if (o) {
        memcpy(&zone, &o->value[0], sizeof zone);
    }
    return zone;
}

/* Parses an element of a set of addresses that ports have. */
static bool
parse_own(const struct object *o, struct prefix *ret_address)
{
    static const char *const names[] = { "own4", "own4p", "own6", "own6p" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t len = i < 2 ? 4 : 16;

        if (!strcmp(o->name, names[i]) && o->key_len == 4 + len + i % 2) {
            struct prefix p = { { .family = i < 2 ? AF_INET : AF_INET6 },
                                i % 2 ? o->key[4 + len] : 8 * len };

            memcpy(p.addr.b, o->key + 4, len);
            *ret_address = p;
            return true;
        }
    }
    return false;
}

void
leavers_found(const struct objects *have)
{
    const struct object *o = objects_find_kind(have, OBJECT_GROUP_ELEMENT);

    for (; o && o < have->v + have->n && o->kind == OBJECT_GROUP_ELEMENT;
         o++) {
        uint16_t zone = o->ifindex ? zone_of(have, o->ifindex) : 0;
        struct prefix address;

        if (zone && parse_own(o, &address)) {
            remember(o->ifindex, zone, &address);
        }
    }
}

bool
leavers_any(void)
{
    return n_former > 0;
}

/* True if 'port' is one whose connections are tracked. */
static bool
is_tracked(const struct plan_port *port)
{
    return port && port->ifindex && port->segment
           && rule_stateful(port->interface);
}

struct leavers *
leavers_new(const struct plan *plan)
{
    struct leavers *ls = xmalloc(sizeof *ls);

    prefix_map_init(&ls->gone);
    prefix_map_init(&ls->staying);
    for (size_t i = 0; i < n_former; i++) {
        const struct former *f = &former[i];
        const struct plan_port *port = plan_port_by_ifindex(plan, f->ifindex);
        bool stays = is_tracked(port) && port->segment->id == f->segment;

        prefix_map_add(stays ? &ls->staying : &ls->gone, f->segment,
                       &f->address, former);
    }
    return ls;
}

void
leavers_free(struct leavers *ls)
{
    if (ls) {
        prefix_map_done(&ls->gone);
        prefix_map_done(&ls->staying);
        free(ls);
    }
}

bool
leavers_had(const struct leavers *ls, uint32_t segment,
            const struct rule_flow *flow)
{
    const struct addr *const addrs[] = { &flow->src, &flow->dst };

    for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
        const struct prefix_node *gone =
            prefix_map_find(&ls->gone, segment, addrs[i]);
        const struct prefix_node *staying =
            prefix_map_find(&ls->staying, segment, addrs[i]);

        if (gone && (!staying || staying->prefix.len < gone->prefix.len)) {
            return true;
        }
    }
    return false;
}

void
leavers_forget(const struct plan *plan)
{
    n_former = 0;
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        for (size_t j = 0; is_tracked(port) && j < port->n_pairs; j++) {
            remember(port->ifindex, port->segment->id,
                     &port->pairs[j].address);
        }
    }
}
