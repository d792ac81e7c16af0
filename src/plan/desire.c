/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From policy and inventory to plan: which ports there are on this host, what
 * each may do, and which devices must stay closed. Pure; called by the
 * reconciler and by tests. */

#include <cordon-config.h>
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "lib/arena.h"
#include "packets.h"
#include "plan/build.h"
#include "plan/shared.h"
#include "policy/policy.h"
#include "util.h"

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* linux/if.h, which <net/if.h> excludes. */
#endif

static int
compare_segments(const void *a_, const void *b_)
{
    const struct plan_segment *a = a_, *b = b_;

    return a->id < b->id ? -1 : a->id > b->id;
}

/* Segments with a port here. */
static void
make_segments(struct plan *plan, const struct bindings *bs)
{
    struct plan_segment *s;
    size_t n = 0;

    s = ARENA_ARRAY(plan->arena, struct plan_segment, bs->n);
    for (size_t i = 0; i < bs->n; i++) {
        if (bs->v[i].interface && bs->v[i].link) {
            const struct policy_network *net = bs->v[i].interface->network;

            s[n++] = (struct plan_segment){ net->vlan, net->vlan, net };
        }
    }
    if (n) {
        size_t kept = 1;

        qsort(s, n, sizeof *s, compare_segments);
        for (size_t i = 1; i < n; i++) {
            if (s[i].id != s[kept - 1].id) {
                s[kept++] = s[i];
            }
        }
        n = kept;
    }
    plan->segments = s;
    plan->n_segments = n;
}

static const struct plan_segment *
find_segment(const struct plan *plan, const struct policy_network *net)
{
    struct plan_segment key = { .id = net->vlan };

    return plan->n_segments ? bsearch(&key, plan->segments, plan->n_segments,
                                      sizeof key, compare_segments)
                            : NULL;
}

/* What about the device itself keeps a port closed? */
static const char *
device_problem(const struct plan_port *port, const struct inventory_link *l,
               struct arena *arena)
{
    if (l->xdp) {
        return arena_printf(arena,
                            "%s has an XDP program, which sees frames "
                            "before the guard",
                            l->name);
    }
    for (size_t i = 0; i < port->n_macs; i++) {
        if (!mac_cmp(port->macs[i], l->mac)) {
            return arena_printf(arena,
                                "%s itself has the guest's MAC " ETH_ADDR_FMT
                                "; give the host's end another",
                                l->name, ETH_ADDR_ARGS(l->mac));
        }
    }
    return NULL;
}

static void
make_port(struct plan *plan, const struct binding *b)
{
    struct plan_port *port = &plan->ports[plan->n_ports++];

    port->interface = b->interface;
    port->tap = b->tap;
    port->name = b->tap
                     ? arena_printf(plan->arena, "%s-emu", b->interface->port)
                     : b->interface->port;
    port->problem = b->why;
    port_addresses(port, plan->arena);
    if (b->link) {
        port->ifindex = b->link->ifindex;
        memcpy(port->device, b->link->name, sizeof port->device);
        port->mtu = b->link->mtu;
        port->segment = find_segment(plan, b->interface->network);
        if (!port->problem) {
            port->problem = device_problem(port, b->link, plan->arena);
        }
    }
}

static bool
has_carrier(const struct inventory *inv, uint32_t ifindex)
{
    const struct inventory_link *l = inventory_link_by_index(inv, ifindex);

    return l && l->flags & IFF_LOWER_UP;
}

/* Ports 'first' to 'end' are of one interface: vifs, then taps. More than one
 * of a sort cannot be told apart; a vif and a tap take turns. A frontend that
 * connects gives the vif its carrier. */
static void
settle_twins(struct plan *plan, const struct inventory *inv, size_t first,
             size_t end)
{
    struct plan_port *twin[2] = { NULL, NULL };

    for (size_t i = first; i < end; i++) {
        struct plan_port *p = &plan->ports[i];
        struct plan_port *other = twin[p->tap];

        if (other) {
            const char *why;

            why = arena_printf(plan->arena,
                               "%s and %s are both this "
                               "interface",
                               other->device, p->device);
            other->problem = other->problem ? other->problem : why;
            p->problem = p->problem ? p->problem : why;
        }
        twin[p->tap] = p;
    }
    if (twin[0] && twin[1] && !twin[1]->problem) {
        bool vif = !twin[0]->problem && has_carrier(inv, twin[0]->ifindex);

        twin[vif]->standby = true;
    }
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct plan_port *a = a_, *b = b_;
    int c = strcmp(a->name, b->name);

    return c ? c : a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

static int
compare_pointers(const void *a_, const void *b_)
{
    uint32_t a = (*(struct plan_port *const *) a_)->ifindex;
    uint32_t b = (*(struct plan_port *const *) b_)->ifindex;

    return a < b ? -1 : a > b;
}

/* One device that two interfaces name: neither can have it. */
static void
refuse_shared_devices(struct plan *plan)
{
    for (size_t i = 1; i < plan->n_by_ifindex; i++) {
        struct plan_port *a = plan->by_ifindex[i - 1];
        struct plan_port *b = plan->by_ifindex[i];

        if (a->ifindex == b->ifindex) {
            a->problem =
                arena_printf(plan->arena, "%s is also %s", a->device, b->name);
            b->problem =
                arena_printf(plan->arena, "%s is also %s", b->device, a->name);
        }
    }
}

static void
make_ports(struct plan *plan, const struct bindings *bs,
           const struct inventory *inv)
{
    size_t n = 0;

    while (n < bs->n && bs->v[n].interface) {
        n++;
    }
    plan->ports = ARENA_ARRAY(plan->arena, struct plan_port, n);
    for (size_t i = 0; i < n; i++) {
        make_port(plan, &bs->v[i]);
    }
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && bs->v[j].interface == bs->v[i].interface;
             j++) {
            continue;
        }
        settle_twins(plan, inv, i, j);
    }
    if (n) {
        qsort(plan->ports, n, sizeof *plan->ports, compare_ports);
    }

    plan->by_ifindex = ARENA_ARRAY(plan->arena, struct plan_port *, n);
    for (size_t i = 0; i < n; i++) {
        if (plan->ports[i].ifindex) {
            plan->by_ifindex[plan->n_by_ifindex++] = &plan->ports[i];
        }
    }
    if (plan->n_by_ifindex) {
        qsort(plan->by_ifindex, plan->n_by_ifindex, sizeof *plan->by_ifindex,
              compare_pointers);
    }
    refuse_shared_devices(plan);
    shared_ports(plan);
}

static void
make_strays(struct plan *plan, const struct bindings *bs)
{
    plan->strays = ARENA_ARRAY(plan->arena, struct plan_stray, bs->n);
    for (size_t i = 0; i < bs->n; i++) {
        const struct binding *b = &bs->v[i];

        if (!b->interface) {
            struct plan_stray *s = &plan->strays[plan->n_strays++];

            s->ifindex = b->link->ifindex;
            memcpy(s->device, b->link->name, sizeof s->device);
            s->why = b->why;
        }
    }
}

struct plan *
desire(const struct policy *policy, const struct inventory *inv)
{
    struct arena *arena = arena_new();
    struct plan *plan = arena_alloc(arena, sizeof *plan);
    const struct inventory_link *bridge;
    struct bindings bs;

    plan->arena = arena;
    plan->policy = policy;
    plan->host = &policy->host;
    bridge = inventory_link_by_name(inv, policy->host.bridge);
    plan->bridge = bridge ? bridge->ifindex : 0;
    if (policy->host.uplink) {
        const struct inventory_link *up;

        up = inventory_link_by_name(inv, policy->host.uplink);
        plan->uplink = up ? up->ifindex : 0;
    }
    plan->host_problem = plan_host_problem(policy, inv, arena);

    bind_devices(policy, inv, arena, &bs);
    make_segments(plan, &bs);
    make_ports(plan, &bs, inv);
    make_strays(plan, &bs);
    free(bs.v);
    return plan;
}
