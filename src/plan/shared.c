/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Collects who may send from which MAC in a shared network, and from that who
 * may receive it. Pure; called by desire() and by the guards. */

#include <cordon-config.h>
#include "plan/shared.h"

#include <stdlib.h>

#include "hash.h"
#include "lib/arena.h"
#include "openvswitch/hmap.h"
#include "plan/build.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

/* 'tenant' has an interface that may send from 'mac'; NULL: a gateway or a
 * service may. */
struct sender {
    struct eth_addr mac;
    const struct policy_tenant *tenant;
};

struct senders {
    struct sender *v;
    size_t n, allocated;
};

bool
shared_is_trusted(const struct policy_interface *i)
{
    return i->router || i->dhcp_server || i->service;
}

static void
add_sender(struct senders *ss, struct eth_addr mac,
           const struct policy_tenant *tenant)
{
    if (ss->n == ss->allocated) {
        ss->v = x2nrealloc(ss->v, &ss->allocated, sizeof *ss->v);
    }
    ss->v[ss->n++] = (struct sender){ mac, tenant };
}

static void
add_interface(struct senders *ss, const struct policy_interface *i)
{
    const struct policy_tenant *tenant =
        shared_is_trusted(i) ? NULL : i->guest->tenant;

    add_sender(ss, i->mac, tenant);
    for (size_t j = 0; j < i->n_extra; j++) {
        add_sender(ss, i->extra[j].mac, tenant);
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        add_sender(ss, virtual_router_mac(&i->vrrp[j], false), tenant);
        add_sender(ss, virtual_router_mac(&i->vrrp[j], true), tenant);
    }
}

static int
compare_senders(const void *a_, const void *b_)
{
    const struct sender *a = a_, *b = b_;

    return mac_cmp(a->mac, b->mac);
}

static void
collect(const struct policy *policy, const struct policy_network *network,
        struct senders *ss)
{
    for (size_t i = 0; i < network->n_gateways; i++) {
        add_sender(ss, network->gateways[i].mac, NULL);
    }
    for (size_t i = 0; i < network->n_services; i++) {
        add_sender(ss, network->services[i].mac, NULL);
    }
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &policy->tenants[i];

        for (size_t j = 0; j < tenant->n_guests; j++) {
            const struct policy_guest *guest = &tenant->guests[j];

            for (size_t k = 0; k < guest->n_interfaces; k++) {
                if (guest->interfaces[k].network == network) {
                    add_interface(ss, &guest->interfaces[k]);
                }
            }
        }
    }
    if (ss->n) {
        qsort(ss->v, ss->n, sizeof *ss->v, compare_senders);
    }
}

/* The communities that have ports here, by segment and tenant. */
struct community {
    struct hmap_node node;
    const struct plan_segment *segment;
    const struct policy_tenant *tenant;
    uint32_t number;
};

static struct community *
find_community(const struct hmap *communities, const struct plan_segment *s,
               const struct policy_tenant *tenant)
{
    struct community *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash_pointer(tenant, s->id),
                             communities) {
        if (c->segment == s && c->tenant == tenant) {
            return c;
        }
    }
    return NULL;
}

/* Notes community 'number', unless the tenant has one there already. Returns
 * the one that it has. */
static uint32_t
note_community(struct hmap *communities, const struct plan_port *p,
               uint32_t number)
{
    const struct policy_tenant *tenant = p->interface->guest->tenant;
    struct community *c = find_community(communities, p->segment, tenant);

    if (!c) {
        c = xmalloc(sizeof *c);
        c->segment = p->segment;
        c->tenant = tenant;
        c->number = number;
        hmap_insert(communities, &c->node,
                    hash_pointer(tenant, p->segment->id));
    }
    return c->number;
}

static void
communities_done(struct hmap *communities)
{
    struct community *c;

    HMAP_FOR_EACH_POP (c, node, communities) {
        free(c);
    }
    hmap_destroy(communities);
}

static int
compare_members(const void *a_, const void *b_)
{
    const struct plan_member *a = a_, *b = b_;

    return a->community != b->community
               ? (a->community < b->community ? -1 : 1)
               : mac_cmp(a->mac, b->mac);
}

/* Sorts a MAC, from which those of 'v' may send, into 'f'. */
static void
add_mac(const struct sender *v, size_t n, const struct plan_segment *s,
        const struct hmap *communities, struct shared_facts *f)
{
    const struct policy_tenant *tenant = NULL;
    const struct community *c;

    for (size_t i = 0; i < n; i++) {
        if (tenant && v[i].tenant && v[i].tenant != tenant) {
            return;
        }
        tenant = v[i].tenant ? v[i].tenant : tenant;
    }
    if (!tenant) {
        f->trusted[f->n_trusted++] = v->mac;
        return;
    }
    c = find_community(communities, s, tenant);
    if (c) {
        f->members[f->n_members++] = (struct plan_member){ c->number, v->mac };
    }
}

void
shared_facts(const struct plan *plan, const struct plan_segment *s,
             struct arena *arena, struct shared_facts *f)
{
    struct hmap communities = HMAP_INITIALIZER(&communities);
    struct senders ss = { .n = 0 };

    if (s->network->shared) {
        collect(plan->policy, s->network, &ss);
        for (size_t i = 0; i < plan->n_ports; i++) {
            const struct plan_port *p = &plan->ports[i];

            if (p->segment == s && p->community) {
                note_community(&communities, p, p->community);
            }
        }
    }
    f->trusted = ARENA_ARRAY(arena, struct eth_addr, MAX(ss.n, 1));
    f->members = ARENA_ARRAY(arena, struct plan_member, MAX(ss.n, 1));
    f->n_trusted = f->n_members = 0;
    for (size_t i = 0, end; i < ss.n; i = end) {
        for (end = i + 1; end < ss.n && !mac_cmp(ss.v[end].mac, ss.v[i].mac);
             end++) {
            continue;
        }
        add_mac(&ss.v[i], end - i, s, &communities, f);
    }
    if (f->n_members) {
        qsort(f->members, f->n_members, sizeof *f->members, compare_members);
    }
    communities_done(&communities);
    free(ss.v);
}

/* Ports that have a problem do not count: one that has its device in common
 * with another would give both of their tenants the same number. */
void
shared_ports(struct plan *plan)
{
    struct hmap communities = HMAP_INITIALIZER(&communities);

    for (size_t i = 0; i < plan->n_by_ifindex; i++) {
        struct plan_port *p = plan->by_ifindex[i];

        p->isolated =
            p->segment->network->shared && !shared_is_trusted(p->interface);
        if (p->isolated && p->interface->guest->tenant->community
            && !p->problem) {
            p->community = note_community(&communities, p, p->ifindex);
        }
    }
    communities_done(&communities);
}
