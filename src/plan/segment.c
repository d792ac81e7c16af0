/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Collects what a segment's network, its gateways and the interfaces in it
 * declare. Pure; called by the guards when they turn a plan into objects. */

#include <cordon-config.h>
#include "plan/segment.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"

/* Growing arrays of what is being collected. */
struct collector {
    struct plan_pair *pairs;
    size_t n_pairs, allocated_pairs;
    struct eth_addr *macs;
    size_t n_macs, allocated_macs;
    struct prefix *declared;
    size_t n_declared, allocated_declared;

    /* Which of what is declared some port of the segment is told apart by:
     * only routers have to be kept from what is declared for others, and from
     * that which is link-local those that have any link-local address. */
    bool link_local, global;
};

static bool
is_needed(const struct collector *c, const struct prefix *p)
{
    return addr_is_link_local(&p->addr) ? c->link_local : c->global;
}

static void
add_declared(struct collector *c, const struct prefix *p)
{
    if (!is_needed(c, p)) {
        return;
    }
    if (c->n_declared == c->allocated_declared) {
        c->declared = x2nrealloc(c->declared, &c->allocated_declared,
                                 sizeof *c->declared);
    }
    c->declared[c->n_declared++] = *p;
}

static void
add_believed(struct collector *c, struct eth_addr mac, struct prefix p)
{
    if (c->n_pairs == c->allocated_pairs) {
        c->pairs = x2nrealloc(c->pairs, &c->allocated_pairs, sizeof *c->pairs);
    }
    c->pairs[c->n_pairs++] = (struct plan_pair){ mac, p };
}

static void
add_gateway(struct collector *c, struct eth_addr mac)
{
    if (c->n_macs == c->allocated_macs) {
        c->macs = x2nrealloc(c->macs, &c->allocated_macs, sizeof *c->macs);
    }
    c->macs[c->n_macs++] = mac;
}

static struct prefix
host_prefix(const struct addr *a)
{
    return (struct prefix){ *a, addr_bits(a) };
}

static struct prefix
link_local(const struct policy_interface *i)
{
    struct addr a = addr_eui64(i->mac);

    switch (i->link_local) {
    case LINK_LOCAL_EUI64:
        return host_prefix(&a);

    case LINK_LOCAL_ADDRESS:
        return host_prefix(&i->link_local_address);

    case LINK_LOCAL_ANY:
        memset(&a.b[8], 0, 8);
        return (struct prefix){ a, 64 };
    }
    OVS_NOT_REACHED();
}

static void
add_interface(struct collector *c, const struct policy_interface *i)
{
    bool believed = i->router || i->dhcp_server;

    if (!believed && !c->global && !c->link_local) {
        return;
    }
    for (size_t j = 0; j < i->n_addresses; j++) {
        const struct prefix *p = &i->addresses[j];

        add_declared(c, p);
        if (believed && prefix_is_host(p)) {
            add_believed(c, i->mac, *p);
        }
    }
    for (size_t j = 0; j < i->n_extra; j++) {
        for (size_t k = 0; k < i->extra[j].n_addresses; k++) {
            add_declared(c, &i->extra[j].addresses[k]);
        }
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        for (size_t k = 0; k < i->vrrp[j].n_addresses; k++) {
            struct prefix p = host_prefix(&i->vrrp[j].addresses[k]);

            add_declared(c, &p);
        }
    }
    if (i->link_local != LINK_LOCAL_ANY) {
        struct prefix p = link_local(i);

        add_declared(c, &p);
    }
    if (believed) {
        add_believed(c, i->mac, link_local(i));
    }
    if (i->router) {
        add_gateway(c, i->mac);
    }
}

static void
add_guests(struct collector *c, const struct policy_tenant *tenant,
           const struct policy_network *network)
{
    if (!tenant->serves && !c->global && !c->link_local) {
        return; /* As it is in most segments. */
    }
    for (size_t i = 0; i < tenant->n_guests; i++) {
        const struct policy_guest *guest = &tenant->guests[i];

        for (size_t j = 0; j < guest->n_interfaces; j++) {
            if (guest->interfaces[j].network == network) {
                add_interface(c, &guest->interfaces[j]);
            }
        }
    }
}

static void
add_network(struct collector *c, const struct policy_network *network)
{
    for (size_t i = 0; i < network->n_gateways; i++) {
        const struct policy_gateway *g = &network->gateways[i];

        add_gateway(c, g->mac);
        for (size_t j = 0; j < g->n_addresses; j++) {
            struct prefix p = host_prefix(&g->addresses[j]);

            add_declared(c, &p);
            add_believed(c, g->mac, p);
        }
    }
    for (size_t i = 0; i < network->n_services; i++) {
        const struct policy_service *s = &network->services[i];

        for (size_t j = 0; j <= s->n_addresses; j++) {
            struct addr own = addr_eui64(s->mac);
            struct prefix p =
                host_prefix(j < s->n_addresses ? &s->addresses[j] : &own);

            add_declared(c, &p);
            if (s->dhcp) {
                add_believed(c, s->mac, p);
            }
        }
    }
}

/* Finds what ports of the segment are told apart by. */
static void
find_needs(struct collector *c, const struct plan *plan,
           const struct plan_segment *s)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (plan->ports[i].segment == s) {
            const struct policy_interface *ifc = plan->ports[i].interface;

            c->global |= ifc->router;
            c->link_local |= ifc->link_local == LINK_LOCAL_ANY;
        }
    }
}

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_cmp(a, b);
}

static int
compare_pairs(const void *a_, const void *b_)
{
    const struct plan_pair *a = a_, *b = b_;
    int cmp = mac_cmp(a->mac, b->mac);

    return cmp ? cmp : prefix_cmp(&a->address, &b->address);
}

static int
compare_macs(const void *a, const void *b)
{
    return mac_cmp(*(const struct eth_addr *) a, *(const struct eth_addr *) b);
}

static int
compare_addrs(const void *a, const void *b)
{
    return addr_cmp(a, b);
}

/* Sorts the 'n' elements of 'size' bytes at 'v', drops duplicates, and copies
 * the rest to 'arena'. Frees 'v'. */
static void *
finish(void *v, size_t n, size_t size, int (*cmp)(const void *, const void *),
       struct arena *arena, size_t *ret_n)
{
    char *from = v, *to;
    size_t kept = 0;

    to = arena_alloc(arena, MAX(n, 1) * size);
    if (n) {
        qsort(v, n, size, cmp);
    }
    for (size_t i = 0; i < n; i++) {
        if (!kept || cmp(to + (kept - 1) * size, from + i * size)) {
            memcpy(to + kept++ * size, from + i * size, size);
        }
    }
    free(v);
    *ret_n = kept;
    return to;
}

/* Leaves out prefixes that lie in another: sorted, a prefix follows those
 * that it lies in. */
static size_t
drop_covered(struct prefix *v, size_t n)
{
    const struct prefix *last = NULL;
    struct prefix kept;
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!prefix_is_host(&v[i])) {
            if (last && prefix_contains(last, &v[i])) {
                continue;
            }
            kept = v[i];
            last = &kept;
        }
        v[n_kept++] = v[i];
    }
    return n_kept;
}

static struct addr
broadcast(const struct prefix *subnet)
{
    struct addr a = subnet->addr;

    for (unsigned int bit = subnet->len; bit < 32; bit++) {
        a.b[bit / 8] |= 0x80 >> bit % 8;
    }
    return a;
}

void
segment_facts(const struct plan *plan, const struct plan_segment *s,
              struct arena *arena, struct segment_facts *f)
{
    const struct policy_network *network = s->network;
    struct addr *broadcasts =
        xmalloc(MAX(network->n_subnets, 1) * sizeof *broadcasts);
    struct collector c = { .pairs = NULL };
    size_t n = 0;

    for (size_t i = 0; i < network->n_subnets; i++) {
        const struct prefix *p = &network->subnets[i];

        if (p->addr.family == AF_INET && p->len <= 30) {
            broadcasts[n++] = broadcast(p);
        }
    }
    find_needs(&c, plan, s);
    add_network(&c, network);
    for (size_t i = 0; network->shared && i < plan->policy->n_tenants; i++) {
        add_guests(&c, &plan->policy->tenants[i], network);
    }
    if (!network->shared && network->tenant) {
        add_guests(&c, network->tenant, network);
    }
    f->broadcasts = finish(broadcasts, n, sizeof *broadcasts, compare_addrs,
                           arena, &f->n_broadcasts);
    f->believed = finish(c.pairs, c.n_pairs, sizeof *c.pairs, compare_pairs,
                         arena, &f->n_believed);
    f->gateways = finish(c.macs, c.n_macs, sizeof *c.macs, compare_macs, arena,
                         &f->n_gateways);
    f->declared = finish(c.declared, c.n_declared, sizeof *c.declared,
                         compare_prefixes, arena, &f->n_declared);
    f->n_declared = drop_covered(f->declared, f->n_declared);
}
