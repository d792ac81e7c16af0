/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whose addresses are whose: which a port whose replies pass has, and which of a
 * segment one such port has. By these the table knows which end of a
 * connection has agreed to it. And whom a segment's guests may believe in
 * DHCP. Pure; called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_maker.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "dataplane/linux/group.h"
#include "packets.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

/* A prefix of a segment that some port has, and that is no host. */
struct owned {
    uint32_t mark;
    struct prefix prefix;
};

struct owned_list {
    struct owned *v;
    size_t n, allocated;
};

static const char *
set_name(bool own, const struct prefix *p)
{
    static const char *const names[][4] = {
        { "owned4", "owned4p", "owned6", "owned6p" },
        { "own4", "own4p", "own6", "own6p" },
    };

    return names[own][2 * (p->addr.family == AF_INET6) + !prefix_is_host(p)];
}

/* Adds (mark or device, prefix). */
static void
add(struct group_maker *mk, bool own, uint32_t ifindex, uint32_t mark,
    const struct prefix *p)
{
    struct guard_element e =
        group_element(set_name(own, p), own ? ifindex : 0);

    e.o.owner = ifindex;
    guard_put_u32(&e, own ? ifindex : mark);
    guard_finish_prefix(&mk->m, &e, p);
}

/* True if another prefix of the port makes its number 'i' superfluous: sets of
 * prefixes hold no two that overlap. */
static bool
is_covered(const struct plan_port *port, size_t i)
{
    const struct prefix *p = &port->pairs[i].address;

    for (size_t j = 0; j < port->n_pairs; j++) {
        const struct prefix *other = &port->pairs[j].address;

        if (j != i && !prefix_is_host(other) && prefix_contains(other, p)
            && (j < i || !prefix_contains(p, other))) {
            return true;
        }
    }
    return false;
}

static void
add_port(struct group_maker *mk, const struct plan_port *port,
         struct owned_list *list)
{
    uint32_t mark =
        segment_mark(port->segment->id, mk->m.plan->host->mark_mask);

    for (size_t i = 0; i < port->n_pairs; i++) {
        const struct prefix *p = &port->pairs[i].address;

        if (prefix_is_host(p)) {
            add(mk, true, port->ifindex, mark, p);
            add(mk, false, port->ifindex, mark, p);
        } else if (!is_covered(port, i)) {
            add(mk, true, port->ifindex, mark, p);
            if (list->n == list->allocated) {
                list->v =
                    x2nrealloc(list->v, &list->allocated, sizeof *list->v);
            }
            list->v[list->n++] = (struct owned){ mark, *p };
        }
    }
}

static int
compare_owned(const void *a_, const void *b_)
{
    const struct owned *a = a_, *b = b_;

    return a->mark != b->mark ? (a->mark < b->mark ? -1 : 1)
                              : prefix_cmp(&a->prefix, &b->prefix);
}

void
group_add_own(struct group_maker *mk)
{
    const struct plan *plan = mk->m.plan;
    struct owned_list list = { .n = 0 };
    const struct owned *last = NULL;

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (group_filters(plan, port) && rule_stateful(port->interface)) {
            add_port(mk, port, &list);
        }
    }
    if (list.n) {
        qsort(list.v, list.n, sizeof *list.v, compare_owned);
    }
    /* Sorted, a prefix follows those that it lies in. */
    for (size_t i = 0; i < list.n; i++) {
        const struct owned *o = &list.v[i];

        if (!last || last->mark != o->mark
            || !prefix_contains(&last->prefix, &o->prefix)) {
            add(mk, false, 0, o->mark, &o->prefix);
            last = o;
        }
    }
    free(list.v);
}

/* A segment of which servers are added. */
struct asker {
    struct group_maker *mk;
    uint32_t mark;
};

static bool
add_server(const struct addr *a, void *asker_)
{
    const struct asker *asker = asker_;
    struct guard_element e =
        group_element(a->family == AF_INET ? "dhcp4" : "dhcp6", 0);

    guard_put_u32(&e, asker->mark);
    guard_put_addr(&e, a);
    guard_finish(&asker->mk->m, &e);
    return false;
}

void
group_add_dhcp(struct group_maker *mk)
{
    const struct plan *plan = mk->m.plan;
    const struct plan_port *last = NULL;

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        /* Ports are sorted by tenant. */
        if (group_filters(plan, port)
            && (!last || last->segment != port->segment
                || last->interface->guest->tenant
                       != port->interface->guest->tenant)) {
            struct asker asker = { mk, segment_mark(port->segment->id,
                                                    plan->host->mark_mask) };

            rule_each_dhcp_server(port->interface, add_server, &asker);
            last = port;
        }
    }
}
