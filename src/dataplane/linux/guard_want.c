/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From plan to objects: which base chains there are, and what the sets hold
 * for ports, segments and the uplink. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/guard_rules.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

struct maker {
    const struct plan *plan;
    struct arena *arena;
    struct objects *objects;
    size_t first_element; /* In 'objects', of those to make unique. */
};

/* An element that is being made. */
struct element {
    const struct nft_set_def *set;
    struct object o;
};

static struct element
element(const char *set, uint32_t ifindex, uint32_t segment)
{
    return (struct element){
        .set = guard_set_by_name(set),
        .o = { .kind = OBJECT_NFT_ELEMENT,
               .name = set,
               .ifindex = ifindex,
               .segment = segment },
    };
}

/* Appends a field to the key. */
static void
put(struct element *e, const void *p, size_t len, size_t padded)
{
    memcpy(e->o.key + e->o.key_len, p, len);
    e->o.key_len += padded;
}

static void
put_u32(struct element *e, uint32_t x)
{
    put(e, &x, 4, 4);
}

static void
put_mac(struct element *e, struct eth_addr mac)
{
    put(e, mac.ea, 6, 8);
}

static void
put_addr(struct element *e, const struct addr *a)
{
    put(e, a->b, addr_len(a), addr_len(a));
}

static void
finish(struct maker *m, struct element *e)
{
    const struct plan_port *port;

    nft_element_describe(e->set, m->arena, &e->o);
    port = plan_port_by_ifindex(m->plan, e->o.ifindex);
    e->o.device = port ? port->device : NULL;
    objects_add(m->objects, &e->o);
}

/* A MAC of a segment. */
static void
add_mac(struct maker *m, const char *set, uint32_t segment, uint32_t mark,
        struct eth_addr mac)
{
    struct element e = element(set, 0, segment);

    put_u32(&e, mark);
    put_mac(&e, mac);
    finish(m, &e);
}

/* "pair" and an IPv4 prefix is "pairs4". */
static const char *
set_name(const char *stem, const struct prefix *p)
{
    static const char *const names[][4] = {
        { "pair4", "pair6", "pairs4", "pairs6" },
        { "addr4", "addr6", "addrs4", "addrs6" },
        { "declared4", "declared6", "declareds4", "declareds6" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strncmp(names[i][0], stem, strlen(stem))) {
            return names[i][(p->addr.family == AF_INET6)
                            + 2 * !prefix_is_host(p)];
        }
    }
    OVS_NOT_REACHED();
}

static void
finish_prefix(struct maker *m, struct element *e, const struct prefix *p)
{
    put_addr(e, &p->addr);
    if (!prefix_is_host(p)) {
        put(e, &p->len, 1, 1);
    }
    finish(m, e);
}

/* Base chains. */

static void
add_base_chain(struct maker *m, uint32_t ifindex, const char *device,
               bool ingress, const char *go)
{
    const char *name =
        arena_printf(m->arena, "%s-%" PRIu32, ingress ? "in" : "out", ifindex);

    objects_add(m->objects,
                &(struct object){ .kind = OBJECT_NFT_CHAIN,
                                  .ifindex = ifindex,
                                  .name = name,
                                  .device = device,
                                  .text = ingress ? GUARD_BASE_INGRESS
                                                  : GUARD_BASE_EGRESS });
    objects_add(
        m->objects,
        &(struct object){ .kind = OBJECT_NFT_RULES,
                          .ifindex = ifindex,
                          .name = name,
                          .device = device,
                          .text = go ? arena_printf(m->arena, "goto %s", go)
                                     : "drop" });
}

static void
close_device(struct maker *m, uint32_t ifindex, const char *device)
{
    add_base_chain(m, ifindex, device, true, NULL);
    add_base_chain(m, ifindex, device, false, NULL);
}

/* Ports. */

/* True if another prefix that 'p' lies in makes it superfluous: sets of
 * prefixes hold no two that overlap. */
static bool
is_covered(const struct prefix *p, const struct prefix *other, bool earlier)
{
    return !prefix_is_host(other) && prefix_contains(other, p)
           && (earlier || !prefix_contains(p, other));
}

/* A host's pair is on the common path. */
static void
add_common(struct maker *m, const struct plan_port *port, uint32_t mark,
           const struct plan_pair *pair)
{
    bool v4 = pair->address.addr.family == AF_INET;
    ovs_be16 type = htons(v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
    struct element e;

    e = element(v4 ? "common4" : "common6", port->ifindex, 0);
    e.o.value[0] = mark;
    put_u32(&e, port->ifindex);
    put(&e, pair->mac.ea, 6, 6);
    put(&e, &type, 2, 2);
    put_addr(&e, &pair->address.addr);
    finish(m, &e);

    e = element(v4 ? "common-to4" : "common-to6", port->ifindex, 0);
    put_u32(&e, mark);
    put_u32(&e, port->ifindex);
    put_mac(&e, pair->mac);
    put_addr(&e, &pair->address.addr);
    finish(m, &e);
}

static void
add_pairs(struct maker *m, const struct plan_port *port, uint32_t mark)
{
    for (size_t i = 0; i < port->n_pairs; i++) {
        const struct plan_pair *pair = &port->pairs[i];
        const struct prefix *p = &pair->address;
        bool need_pair = true, need_addr = true;

        for (size_t j = 0; j < port->n_pairs && !prefix_is_host(p); j++) {
            if (j != i && is_covered(p, &port->pairs[j].address, j < i)) {
                need_addr = false;
                if (eth_addr_equals(port->pairs[j].mac, pair->mac)) {
                    need_pair = false;
                }
            }
        }
        if (prefix_is_host(p)) {
            add_common(m, port, mark, pair);
        }
        if (need_pair) {
            struct element e = element(set_name("pair", p), port->ifindex, 0);

            put_u32(&e, port->ifindex);
            put_mac(&e, pair->mac);
            finish_prefix(m, &e, p);
        }
        if (need_addr) {
            struct element e = element(set_name("addr", p), port->ifindex, 0);

            put_u32(&e, port->ifindex);
            finish_prefix(m, &e, p);
        }
    }
}

static void
add_macs(struct maker *m, const struct plan_port *port, uint32_t mark)
{
    for (size_t i = 0; i < port->n_macs; i++) {
        struct eth_addr mac = port->macs[i];
        struct element e;

        e = element("macs", port->ifindex, 0);
        put_u32(&e, port->ifindex);
        put_mac(&e, mac);
        finish(m, &e);

        e = element("same", port->ifindex, 0);
        put_u32(&e, port->ifindex);
        put_mac(&e, mac);
        put_mac(&e, mac);
        finish(m, &e);

        if (!plan_mac_roams(port, mac)) {
            add_mac(m, "local", port->segment->id, mark, mac);
        }
    }
}

static void
add_flag(struct maker *m, const struct plan_port *port, const char *set)
{
    struct element e = element(set, port->ifindex, 0);

    put_u32(&e, port->ifindex);
    finish(m, &e);
}

static void
add_roles(struct maker *m, const struct plan_port *port)
{
    const struct policy_interface *i = port->interface;
    struct element e;

    if (i->router) {
        add_flag(m, port, "router");
    }
    if (i->dhcp_server) {
        add_flag(m, port, "dhcp-server");
    }
    if (port->mtu > 1500) {
        add_flag(m, port, "jumbo");
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        e = element("vrrp", port->ifindex, 0);
        put_u32(&e, port->ifindex);
        put(&e, &i->vrrp[j].id, 1, 4);
        finish(m, &e);
    }
    e = element("storm", port->ifindex, 0);
    e.o.value[0] = i->storm;
    put_u32(&e, port->ifindex);
    finish(m, &e);
}

static void
add_port(struct maker *m, const struct plan_port *port)
{
    uint32_t mark = segment_mark(port->segment->id, m->plan->host->mark_mask);
    struct element e;

    add_base_chain(m, port->ifindex, port->device, true, GUARD_CHAIN_IN);
    add_base_chain(m, port->ifindex, port->device, false, GUARD_CHAIN_OUT);

    e = element("segment", port->ifindex, 0);
    e.o.value[0] = mark;
    put_u32(&e, port->ifindex);
    finish(m, &e);

    e = element("members", port->ifindex, 0);
    put_u32(&e, mark);
    put_u32(&e, port->ifindex);
    finish(m, &e);

    add_macs(m, port, mark);
    add_pairs(m, port, mark);
    add_roles(m, port);
}

/* Segments. */

static void
add_declared(struct maker *m, uint32_t segment, uint32_t mark,
             const struct prefix *p)
{
    struct element e = element(set_name("declared", p), 0, segment);

    put_u32(&e, mark);
    finish_prefix(m, &e, p);
}

static void
add_believed(struct maker *m, uint32_t segment, uint32_t mark,
             struct eth_addr mac, const struct addr *a)
{
    struct element e =
        element(a->family == AF_INET ? "believed4" : "believed6", 0, segment);

    put_u32(&e, mark);
    put_mac(&e, mac);
    put_addr(&e, a);
    finish(m, &e);
}

static void
add_believed_link_local(struct maker *m, uint32_t segment, uint32_t mark,
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
        add_mac(m, "believed-any", segment, mark, i->mac);
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
add_interface(struct maker *m, const struct plan_segment *s, uint32_t mark,
              const struct policy_interface *i, struct prefixes *declared)
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
        add_mac(m, "gateway", s->id, mark, i->mac);
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
add_all_declared(struct maker *m, uint32_t segment, uint32_t mark,
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
add_broadcast(struct maker *m, uint32_t segment, uint32_t mark,
              const struct prefix *subnet)
{
    struct element e = element("broadcast4", 0, segment);
    struct addr a = subnet->addr;

    if (a.family != AF_INET || subnet->len > 30) {
        return;
    }
    for (unsigned int bit = subnet->len; bit < 32; bit++) {
        a.b[bit / 8] |= 0x80 >> bit % 8;
    }
    put_u32(&e, mark);
    put_addr(&e, &a);
    finish(m, &e);
}

static void
add_trunk(struct maker *m, const struct plan_segment *s, uint32_t mark)
{
    ovs_be16 vlan = htons(s->vlan);
    struct element e;

    e = element("vlans", 0, s->id);
    e.o.value[0] = mark;
    put(&e, &vlan, 2, 2);
    finish(m, &e);

    e = element("trunk", 0, s->id);
    put(&e, &vlan, 2, 4);
    put_u32(&e, mark);
    finish(m, &e);
}

static void
add_segment(struct maker *m, const struct plan_segment *s)
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

        add_mac(m, "gateway", s->id, mark, g->mac);
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

/* Two ports may have a MAC in common (vif and tap of one guest), a gateway
 * may be declared twice: elements are there once. */
static void
make_unique(struct maker *m)
{
    struct object *v = m->objects->v + m->first_element;
    struct objects own = { .v = v, .n = m->objects->n - m->first_element };
    size_t n = 0;

    objects_sort(&own);
    for (size_t i = 0; i < own.n; i++) {
        if (!n || object_cmp(&v[n - 1], &v[i])) {
            v[n++] = v[i];
        }
    }
    m->objects->n = m->first_element + n;
}

void
guard_want(const struct plan *plan, struct arena *arena,
           struct objects *objects)
{
    struct maker m = { plan, arena, objects, objects->n };

    objects_add(objects, &(struct object){ .kind = OBJECT_NFT_TABLE,
                                           .name = GUARD_TABLE,
                                           .text = GUARD_TABLE_COMMENT });
    for (size_t i = 0; i < guard_n_sets; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        nft_set_format(&guard_sets[i], &ds);
        objects_add(objects, &(struct object){
                                 .kind = OBJECT_NFT_SET,
                                 .name = guard_sets[i].name,
                                 .text = arena_strdup(arena, ds_cstr(&ds)) });
        ds_destroy(&ds);
    }
    guard_want_rules(plan->host, arena, objects);

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (!port->ifindex) {
            continue;
        } else if (plan_port_closed(plan, port)) {
            close_device(&m, port->ifindex, port->device);
        } else {
            add_port(&m, port);
        }
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        close_device(&m, plan->strays[i].ifindex, plan->strays[i].device);
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        add_segment(&m, &plan->segments[i]);
    }
    if (plan_uplink_usable(plan)) {
        add_base_chain(&m, plan->uplink, plan->host->uplink, true,
                       GUARD_CHAIN_UPLINK_IN);
        add_base_chain(&m, plan->uplink, plan->host->uplink, false,
                       GUARD_CHAIN_UPLINK_OUT);
    }
    if (plan->bridge) {
        add_base_chain(&m, plan->bridge, plan->host->bridge, true,
                       GUARD_CHAIN_HOST);
    }
    make_unique(&m);
}
