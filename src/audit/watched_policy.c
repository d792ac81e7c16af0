/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Turns a policy into what portsec.h judges by. watched.h's users call
 * this. */

#include <cordon-config.h>
#include "audit/watched.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "audit/watched_private.h"
#include "lib/arena.h"
#include "packets.h"
#include "policy/policy.h"
#include "util.h"

#define ADD(V, N, ALLOCATED, ELEMENT)                       \
    do {                                                    \
        if ((N) == (ALLOCATED)) {                           \
            (V) = x2nrealloc(V, &(ALLOCATED), sizeof *(V)); \
        }                                                   \
        (V)[(N)++] = ELEMENT;                               \
    } while (0)

static struct prefix
host_prefix(const struct addr *a)
{
    return (struct prefix){ *a, addr_bits(a) };
}

static void
declare(struct segment *s, const struct prefix *p)
{
    ADD(s->s.declared, s->s.n_declared, s->allocated_declared, *p);
}

static void
believe(struct segment *s, struct eth_addr mac, const struct prefix *p)
{
    const struct portsec_pair pair = { mac, *p };

    ADD(s->s.believed, s->s.n_believed, s->allocated_believed, pair);
}

static void
trust(struct segment *s, struct eth_addr mac)
{
    ADD(s->trusted, s->n_trusted, s->allocated_trusted, mac);
}

/* What an interface may send from. */

static struct prefix
link_local(const struct policy_interface *i)
{
    struct prefix p = {
        .addr = { .family = AF_INET6, .b = { 0xfe, 0x80 } },
        .len = 64,
    };
    struct addr own = addr_eui64(i->mac);

    switch (i->link_local) {
    case LINK_LOCAL_ANY:
        return p;
    case LINK_LOCAL_EUI64:
        return host_prefix(&own);
    case LINK_LOCAL_ADDRESS:
        return host_prefix(&i->link_local_address);
    }
    OVS_NOT_REACHED();
}

static void
add_pair(struct portsec_port *port, struct eth_addr mac,
         const struct prefix *p)
{
    port->pairs[port->n_pairs++] = (struct portsec_pair){ mac, *p };
}

static void
add_mac(struct portsec_port *port, struct eth_addr mac)
{
    port->macs[port->n_macs++] = mac;
}

/* The virtual MAC (RFC 5798, section 7.3) goes with the virtual router's
 * addresses of a family and with the interface's own. */
static void
add_vrrp(struct portsec_port *port, const struct policy_interface *interface,
         const struct policy_vrrp *v, int family)
{
    struct eth_addr mac = ETH_ADDR_C(00, 00, 5e, 00, 01, 00);
    struct prefix own = link_local(interface);
    bool any = false;

    mac.ea[4] = family == AF_INET ? 1 : 2;
    mac.ea[5] = v->id;
    for (size_t i = 0; i < v->n_addresses; i++) {
        struct prefix p = host_prefix(&v->addresses[i]);

        if (v->addresses[i].family == family) {
            add_pair(port, mac, &p);
            any = true;
        }
    }
    if (!any) {
        return;
    }
    add_mac(port, mac);
    for (size_t i = 0; i < interface->n_addresses; i++) {
        if (interface->addresses[i].addr.family == family) {
            add_pair(port, mac, &interface->addresses[i]);
        }
    }
    if (family == AF_INET6) {
        add_pair(port, mac, &own);
    }
}

static void
port_init(struct arena *arena, const struct policy_interface *i,
          struct portsec_port *port)
{
    struct prefix own = link_local(i);
    size_t pairs = i->n_addresses + 1;

    for (size_t j = 0; j < i->n_extra; j++) {
        pairs += i->extra[j].n_addresses;
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        pairs += i->vrrp[j].n_addresses + i->n_addresses + 1;
    }
    port->name = i->port;
    port->mac = i->mac;
    port->router = i->router;
    port->dhcp_server = i->dhcp_server;
    port->macs =
        ARENA_ARRAY(arena, struct eth_addr, 1 + i->n_extra + 2 * i->n_vrrp);
    port->pairs = ARENA_ARRAY(arena, struct portsec_pair, pairs);
    port->vrrp = ARENA_ARRAY(arena, uint8_t, i->n_vrrp + 1);
    add_mac(port, i->mac);
    for (size_t j = 0; j < i->n_addresses; j++) {
        add_pair(port, i->mac, &i->addresses[j]);
    }
    add_pair(port, i->mac, &own);
    for (size_t j = 0; j < i->n_extra; j++) {
        add_mac(port, i->extra[j].mac);
        for (size_t k = 0; k < i->extra[j].n_addresses; k++) {
            add_pair(port, i->extra[j].mac, &i->extra[j].addresses[k]);
        }
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        port->vrrp[port->n_vrrp++] = i->vrrp[j].id;
        add_vrrp(port, i, &i->vrrp[j], AF_INET);
        add_vrrp(port, i, &i->vrrp[j], AF_INET6);
    }
}

/* Segments. */

static void
add_broadcast(struct arena *arena, struct segment *s,
              const struct policy_network *network)
{
    s->s.broadcasts = ARENA_ARRAY(arena, struct addr, network->n_subnets + 1);
    for (size_t i = 0; i < network->n_subnets; i++) {
        struct addr a = network->subnets[i].addr;
        unsigned int len = network->subnets[i].len;

        if (a.family != AF_INET || len > 30) {
            continue;
        }
        for (; len < 32; len++) {
            a.b[len / 8] |= 0x80 >> len % 8;
        }
        s->s.broadcasts[s->s.n_broadcasts++] = a;
    }
}

static void
add_gateway(struct segment *s, const struct policy_gateway *g)
{
    ADD(s->s.gateways, s->s.n_gateways, s->allocated_gateways, g->mac);
    trust(s, g->mac);
    for (size_t i = 0; i < g->n_addresses; i++) {
        struct prefix p = host_prefix(&g->addresses[i]);

        declare(s, &p);
        believe(s, g->mac, &p);
    }
}

static void
add_service(struct segment *s, const struct policy_service *service)
{
    struct addr own = addr_eui64(service->mac);

    trust(s, service->mac);
    for (size_t i = 0; i <= service->n_addresses; i++) {
        struct prefix p = host_prefix(
            i < service->n_addresses ? &service->addresses[i] : &own);

        declare(s, &p);
        if (service->dhcp) {
            believe(s, service->mac, &p);
        }
    }
}

/* A router or server among the guests. */
static void
add_trusted_member(struct segment *s, const struct member *m)
{
    const struct portsec_port *port = &m->port;
    const struct policy_interface *i = m->interface;
    struct prefix own = link_local(i);

    for (size_t j = 0; j < port->n_macs; j++) {
        trust(s, port->macs[j]);
    }
    for (size_t j = 0; j < i->n_addresses; j++) {
        if (prefix_is_host(&i->addresses[j])) {
            believe(s, i->mac, &i->addresses[j]);
        }
    }
    believe(s, i->mac, &own);
    if (i->router) {
        ADD(s->s.gateways, s->s.n_gateways, s->allocated_gateways, i->mac);
    }
}

static void
add_interface(struct watched *w, const struct policy_interface *i)
{
    struct segment *s = w->by_vlan[i->network->vlan];
    struct member *m = arena_alloc(w->arena, sizeof *m);

    m->interface = i;
    m->segment = s;
    m->port.host = &w->host;
    m->port.segment = &s->s;
    portsec_memory_init(&m->sent);
    portsec_memory_init(&m->delivered);
    port_init(w->arena, i, &m->port);
    for (size_t j = 0; j < m->port.n_pairs; j++) {
        if (i->link_local != LINK_LOCAL_ANY
            || !addr_is_link_local(&m->port.pairs[j].prefix.addr)) {
            declare(s, &m->port.pairs[j].prefix);
        }
    }
    if (i->router || i->dhcp_server) {
        add_trusted_member(s, m);
    }
    for (size_t j = 0; j < m->port.n_macs; j++) {
        struct sender *sender = arena_alloc(w->arena, sizeof *sender);

        sender->mac = m->port.macs[j];
        sender->member = m;
        hmap_insert(&w->senders, &sender->node, watched_hash(sender->mac));
    }
    ADD(s->members, s->n_members, s->allocated_members, m);
    shash_add_nocopy(&w->members, xstrdup(i->port), m);
}

static void
add_network(struct watched *w, const struct policy_network *network)
{
    struct segment *s = arena_alloc(w->arena, sizeof *s);

    w->by_vlan[network->vlan] = s;
    s->network = network;
    s->s.vlan = network->vlan;
    add_broadcast(w->arena, s, network);
    for (size_t i = 0; i < network->n_gateways; i++) {
        add_gateway(s, &network->gateways[i]);
    }
    for (size_t i = 0; i < network->n_services; i++) {
        add_service(s, &network->services[i]);
    }
}

static int
compare_macs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct eth_addr));
}

/* Whether all who may send from 'mac' in the segment are the tenant's. */
static bool
is_tenants_alone(const struct watched *w, const struct segment *s,
                 struct eth_addr mac, const struct policy_tenant *tenant)
{
    const struct sender *sender;

    HMAP_FOR_EACH_WITH_HASH (sender, node, watched_hash(mac), &w->senders) {
        if (eth_addr_equals(sender->mac, mac) && sender->member->segment == s
            && sender->member->interface->guest->tenant != tenant) {
            return false;
        }
    }
    return true;
}

/* Whom a port of a shared network hears. */
static void
isolate(const struct watched *w, struct member *m)
{
    const struct policy_tenant *tenant = m->interface->guest->tenant;
    const struct segment *s = m->segment;
    size_t allocated = s->n_trusted + 1;
    struct eth_addr *heard = xmalloc(allocated * sizeof *heard);
    size_t n = s->n_trusted;

    memcpy(heard, s->trusted, n * sizeof *heard);
    for (size_t i = 0; tenant->community && i < s->n_members; i++) {
        const struct portsec_port *other = &s->members[i]->port;

        if (s->members[i]->interface->guest->tenant == tenant) {
            for (size_t j = 0; j < other->n_macs; j++) {
                if (is_tenants_alone(w, s, other->macs[j], tenant)) {
                    ADD(heard, n, allocated, other->macs[j]);
                }
            }
        }
    }
    qsort(heard, n, sizeof *heard, compare_macs);
    m->port.heard = heard;
    m->port.n_heard = n;
    m->port.isolated = true;
}

static void
add_tenants(struct watched *w, const struct policy *policy)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_networks; j++) {
            add_network(w, &t->networks[j]);
        }
    }
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                add_interface(w, &t->guests[j].interfaces[k]);
            }
        }
        for (size_t j = 0; j < t->n_networks; j++) {
            for (size_t k = 0; k < t->networks[j].n_services; k++) {
                if (t->networks[j].services[k].interface) {
                    add_interface(w, t->networks[j].services[k].interface);
                }
            }
        }
    }
}

struct watched *
watched_new(const struct policy *policy, struct eth_addr bridge_mac)
{
    struct arena *arena = arena_new();
    struct watched *w = arena_alloc(arena, sizeof *w);
    struct shash_node *node;

    w->arena = arena;
    w->host.bridge_mac = bridge_mac;
    w->host.underlay = policy->host.underlay;
    w->host.n_underlay = policy->host.n_underlay;
    portsec_memory_init(&w->uplink);
    hmap_init(&w->senders);
    shash_init(&w->members);
    add_tenants(w, policy);
    SHASH_FOR_EACH (node, &w->members) {
        struct member *m = node->data;

        if (m->segment->network->shared && !m->interface->router
            && !m->interface->dhcp_server && !m->interface->service) {
            isolate(w, m);
        }
    }
    return w;
}

void
watched_free(struct watched *w)
{
    struct shash_node *node;

    if (!w) {
        return;
    }
    SHASH_FOR_EACH (node, &w->members) {
        struct member *m = node->data;

        portsec_memory_done(&m->sent);
        portsec_memory_done(&m->delivered);
        free(m->port.heard);
    }
    for (size_t i = 0; i < ARRAY_SIZE(w->by_vlan); i++) {
        struct segment *s = w->by_vlan[i];

        if (s) {
            free(s->members);
            free(s->trusted);
            free(s->s.believed);
            free(s->s.gateways);
            free(s->s.declared);
        }
    }
    portsec_memory_done(&w->uplink);
    shash_destroy(&w->members);
    hmap_destroy(&w->senders);
    arena_free(w->arena);
}

const struct portsec_port *
watched_port(const struct watched *w, const char *name)
{
    struct member *m = shash_find_data(&w->members, name);

    return m ? &m->port : NULL;
}

void
watched_is_here(struct watched *w, const struct portsec_port *port)
{
    struct member *m = shash_find_data(&w->members, port->name);

    m->here = true;
}
