/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the guard's sets hold for a segment: whom guests may believe, what is
 * declared for others, the VLAN. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/guard_element.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static void
add_declared(struct guard_maker *m, uint32_t segment, uint32_t mark,
             const struct prefix *p)
{
    struct guard_element e =
        guard_element(guard_pair_set("declared", p), 0, segment);

    guard_put_u32(&e, mark);
    guard_finish_prefix(m, &e, p);
}

static void
add_believed(struct guard_maker *m, uint32_t segment, uint32_t mark,
             struct eth_addr mac, const struct addr *a)
{
    struct guard_element e = guard_element(
        a->family == AF_INET ? "believed4" : "believed6", 0, segment);

    guard_put_u32(&e, mark);
    guard_put_mac(&e, mac);
    guard_put_addr(&e, a);
    guard_finish(m, &e);
}

static void
add_believed_link_local(struct guard_maker *m, uint32_t segment, uint32_t mark,
                        const struct policy_interface *i)
{
    struct addr a = addr_eui64(i->mac);

    switch (i->link_local) {
    case LINK_LOCAL_EUI64:
        add_believed(m, segment, mark, i->mac, &a);
        return;

    case LINK_LOCAL_ADDRESS:
        add_believed(m, segment, mark, i->mac, &i->link_local_address);
        return;

    case LINK_LOCAL_ANY:
        guard_add_mac(m, "believed-any", segment, mark, i->mac);
        return;
    }
    OVS_NOT_REACHED();
}

static struct prefix
host_prefix(const struct addr *a)
{
    return (struct prefix){ *a, addr_bits(a) };
}

/* Collects what all interfaces of a network, here or on other hosts, have
 * been declared with. */
struct prefixes {
    struct prefix *v;
    size_t n, allocated;
};

static void
collect(struct prefixes *ps, const struct prefix *p)
{
    if (ps->n == ps->allocated) {
        ps->v = x2nrealloc(ps->v, &ps->allocated, sizeof *ps->v);
    }
    ps->v[ps->n++] = *p;
}

static void
add_interface(struct guard_maker *m, const struct plan_segment *s,
              uint32_t mark, const struct policy_interface *i,
              struct prefixes *declared)
{
    for (size_t j = 0; j < i->n_addresses; j++) {
        const struct prefix *p = &i->addresses[j];

        collect(declared, p);
        if ((i->router || i->dhcp_server) && prefix_is_host(p)) {
            add_believed(m, s->id, mark, i->mac, &p->addr);
        }
    }
    for (size_t j = 0; j < i->n_extra; j++) {
        for (size_t k = 0; k < i->extra[j].n_addresses; k++) {
            collect(declared, &i->extra[j].addresses[k]);
        }
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        for (size_t k = 0; k < i->vrrp[j].n_addresses; k++) {
            struct prefix p = host_prefix(&i->vrrp[j].addresses[k]);

            collect(declared, &p);
        }
    }
    if (i->router || i->dhcp_server) {
        add_believed_link_local(m, s->id, mark, i);
    }
    if (i->router) {
        guard_add_mac(m, "gateway", s->id, mark, i->mac);
    }
}

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_cmp(a, b);
}

/* Appends what 'ps' holds, each once, leaving out prefixes that lie in
 * another: sorted, a prefix follows those that it lies in. */
static void
add_all_declared(struct guard_maker *m, uint32_t segment, uint32_t mark,
                 struct prefixes *ps)
{
    const struct prefix *last = NULL;

    if (ps->n) {
        qsort(ps->v, ps->n, sizeof *ps->v, compare_prefixes);
    }
    for (size_t i = 0; i < ps->n; i++) {
        const struct prefix *p = &ps->v[i];

        if (prefix_is_host(p)) {
            if (!i || prefix_cmp(p, &ps->v[i - 1])) {
                add_declared(m, segment, mark, p);
            }
        } else if (!last || !prefix_contains(last, p)) {
            add_declared(m, segment, mark, p);
            last = p;
        }
    }
    free(ps->v);
}

/* True if a port of the segment is a router, for whom alone it is of
 * interest what is declared for others. */
static bool
has_router(const struct plan *plan, const struct plan_segment *s)
{
    for (size_t i = 0; i < plan->n_ports; i++) {
        if (plan->ports[i].segment == s && plan->ports[i].interface->router) {
            return true;
        }
    }
    return false;
}

static void
add_broadcast(struct guard_maker *m, uint32_t segment, uint32_t mark,
              const struct prefix *subnet)
{
    struct guard_element e = guard_element("broadcast4", 0, segment);
    struct addr a = subnet->addr;

    if (a.family != AF_INET || subnet->len > 30) {
        return;
    }
    for (unsigned int bit = subnet->len; bit < 32; bit++) {
        a.b[bit / 8] |= 0x80 >> bit % 8;
    }
    guard_put_u32(&e, mark);
    guard_put_addr(&e, &a);
    guard_finish(m, &e);
}

static void
add_trunk(struct guard_maker *m, const struct plan_segment *s, uint32_t mark)
{
    ovs_be16 vlan = htons(s->vlan);
    struct guard_element e;

    e = guard_element("vlans", 0, s->id);
    e.o.value[0] = mark;
    guard_put(&e, &vlan, 2, 2);
    guard_finish(m, &e);

    e = guard_element("trunk", 0, s->id);
    guard_put(&e, &vlan, 2, 4);
    guard_put_u32(&e, mark);
    guard_finish(m, &e);
}

void
guard_want_segment(struct guard_maker *m, const struct plan_segment *s)
{
    uint32_t mark = segment_mark(s->id, m->plan->host->mark_mask);
    const struct policy_network *network = s->network;
    const struct policy_tenant *tenant = network->tenant;
    struct prefixes declared = { 0 };

    for (size_t i = 0; i < network->n_subnets; i++) {
        add_broadcast(m, s->id, mark, &network->subnets[i]);
    }
    for (size_t i = 0; i < network->n_gateways; i++) {
        const struct policy_gateway *g = &network->gateways[i];

        guard_add_mac(m, "gateway", s->id, mark, g->mac);
        for (size_t j = 0; j < g->n_addresses; j++) {
            struct prefix p = host_prefix(&g->addresses[j]);

            collect(&declared, &p);
            add_believed(m, s->id, mark, g->mac, &g->addresses[j]);
        }
    }
    for (size_t i = 0; tenant && i < tenant->n_guests; i++) {
        const struct policy_guest *guest = &tenant->guests[i];

        for (size_t j = 0; j < guest->n_interfaces; j++) {
            if (guest->interfaces[j].network == network) {
                add_interface(m, s, mark, &guest->interfaces[j], &declared);
            }
        }
    }
    if (!has_router(m->plan, s)) {
        declared.n = 0;
    }
    add_all_declared(m, s->id, mark, &declared);
    add_trunk(m, s, mark);
}
