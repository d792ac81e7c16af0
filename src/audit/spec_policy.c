/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Port security of an interface of the policy. */

#include <cordon-config.h>
#include "audit/spec.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"

struct building {
    struct arena *arena;
    struct eth_addr *macs;
    struct spec_pair *pairs;
    struct prefix *others;
    size_t n_macs, n_pairs, n_others;
};

static void
add_mac(struct building *b, struct eth_addr mac)
{
    for (size_t i = 0; i < b->n_macs; i++) {
        if (!mac_cmp(b->macs[i], mac)) {
            return;
        }
    }
    b->macs[b->n_macs++] = mac;
}

static void
add_pair(struct building *b, struct eth_addr mac, const struct prefix *p,
         bool any)
{
    add_mac(b, mac);
    b->pairs[b->n_pairs++] =
        (struct spec_pair){ .mac = mac, .prefix = *p, .free = any };
}

static struct prefix
host_prefix(const struct addr *a)
{
    return (struct prefix){ .addr = *a, .len = addr_bits(a) };
}

static void
add_link_local(struct building *b, const struct policy_interface *interface,
               struct eth_addr mac)
{
    struct prefix p = { .addr.family = AF_INET6 };

    switch (interface->link_local) {
    case LINK_LOCAL_ANY:
        p.addr.b[0] = 0xfe;
        p.addr.b[1] = 0x80;
        p.len = 64;
        add_pair(b, mac, &p, true);
        return;

    case LINK_LOCAL_EUI64:
        p.addr = addr_eui64(interface->mac);
        break;

    case LINK_LOCAL_ADDRESS:
        p.addr = interface->link_local_address;
        break;
    }
    p.len = 128;
    add_pair(b, mac, &p, false);
}

/* The virtual router's MAC of a family in which it has addresses, with those
 * and with the interface's own. */
static void
add_vrrp(struct building *b, const struct policy_interface *interface,
         const struct policy_vrrp *vrrp, int family)
{
    bool ip6 = family == AF_INET6, any = false;
    struct eth_addr mac = { { { 0, 0, 0x5e, 0, ip6 ? 2 : 1, vrrp->id } } };

    for (size_t i = 0; i < vrrp->n_addresses; i++) {
        if (vrrp->addresses[i].family == family) {
            struct prefix p = host_prefix(&vrrp->addresses[i]);

            add_pair(b, mac, &p, false);
            any = true;
        }
    }
    for (size_t i = 0; any && i < interface->n_addresses; i++) {
        if (interface->addresses[i].addr.family == family) {
            add_pair(b, mac, &interface->addresses[i], false);
        }
    }
    if (any && ip6) {
        add_link_local(b, interface, mac);
    }
}

/* What an interface may have, at most: pairs, or prefixes of it that are
 * others'. */
static size_t
count(const struct policy_interface *interface)
{
    size_t n = interface->n_addresses + 1;

    for (size_t i = 0; i < interface->n_extra; i++) {
        n += interface->extra[i].n_addresses + 1;
    }
    for (size_t i = 0; i < interface->n_vrrp; i++) {
        n += interface->vrrp[i].n_addresses + interface->n_addresses + 1;
    }
    return n;
}

static void
add_other(struct building *b, const struct policy_interface *interface)
{
    for (size_t i = 0; i < interface->n_addresses; i++) {
        b->others[b->n_others++] = interface->addresses[i];
    }
    for (size_t i = 0; i < interface->n_extra; i++) {
        for (size_t j = 0; j < interface->extra[i].n_addresses; j++) {
            b->others[b->n_others++] = interface->extra[i].addresses[j];
        }
    }
    if (interface->link_local == LINK_LOCAL_EUI64) {
        struct addr a = addr_eui64(interface->mac);

        b->others[b->n_others++] = host_prefix(&a);
    } else if (interface->link_local == LINK_LOCAL_ADDRESS) {
        b->others[b->n_others++] = host_prefix(&interface->link_local_address);
    }
    for (size_t i = 0; i < interface->n_vrrp; i++) {
        for (size_t j = 0; j < interface->vrrp[i].n_addresses; j++) {
            b->others[b->n_others++] =
                host_prefix(&interface->vrrp[i].addresses[j]);
        }
    }
}

/* Calls 'visit' for each other interface of the same network. Only ports that
 * may use what is not listed ('free' or a router) ask. */
static void
others(const struct policy *policy, const struct policy_interface *own,
       struct building *b)
{
    const struct policy_network *net = own->network;
    size_t n = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < policy->n_tenants; i++) {
            const struct policy_tenant *t = &policy->tenants[i];

            for (size_t j = 0; j < t->n_guests; j++) {
                for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                    const struct policy_interface *other =
                        &t->guests[j].interfaces[k];

                    if (other == own || other->network != net) {
                        continue;
                    }
                    if (pass) {
                        add_other(b, other);
                    } else {
                        n += count(other);
                    }
                }
            }
        }
        if (!pass) {
            for (size_t i = 0; i < net->n_gateways; i++) {
                n += net->gateways[i].n_addresses;
            }
            b->others = ARENA_ARRAY(b->arena, struct prefix, MAX(n, 1));
        }
    }
    for (size_t i = 0; i < net->n_gateways; i++) {
        for (size_t j = 0; j < net->gateways[i].n_addresses; j++) {
            b->others[b->n_others++] =
                host_prefix(&net->gateways[i].addresses[j]);
        }
    }
}

struct spec *
spec_of_interface(const struct policy *policy,
                  const struct policy_interface *interface,
                  struct arena *arena)
{
    struct spec *s = ARENA_ARRAY(arena, struct spec, 1);
    size_t n = count(interface);
    struct building b = {
        .arena = arena,
        .macs = ARENA_ARRAY(arena, struct eth_addr, n + 1),
        .pairs = ARENA_ARRAY(arena, struct spec_pair, n),
    };
    uint8_t *vrids = ARENA_ARRAY(arena, uint8_t, MAX(interface->n_vrrp, 1));

    add_mac(&b, interface->mac);
    for (size_t i = 0; i < interface->n_addresses; i++) {
        add_pair(&b, interface->mac, &interface->addresses[i], false);
    }
    add_link_local(&b, interface, interface->mac);
    for (size_t i = 0; i < interface->n_extra; i++) {
        const struct policy_pair *pair = &interface->extra[i];

        for (size_t j = 0; j < pair->n_addresses; j++) {
            add_pair(&b, pair->mac, &pair->addresses[j], false);
        }
    }
    for (size_t i = 0; i < interface->n_vrrp; i++) {
        add_vrrp(&b, interface, &interface->vrrp[i], AF_INET);
        add_vrrp(&b, interface, &interface->vrrp[i], AF_INET6);
        vrids[i] = interface->vrrp[i].id;
    }
    if (interface->link_local == LINK_LOCAL_ANY || interface->router) {
        others(policy, interface, &b);
    }
    s->macs = b.macs;
    s->n_macs = b.n_macs;
    s->pairs = b.pairs;
    s->n_pairs = b.n_pairs;
    s->others = b.others;
    s->n_others = b.n_others;
    s->underlay = policy->host.underlay;
    s->n_underlay = policy->host.n_underlay;
    s->subnets = interface->network->subnets;
    s->n_subnets = interface->network->n_subnets;
    s->vrids = vrids;
    s->n_vrids = interface->n_vrrp;
    s->router = interface->router;
    s->dhcp_server = interface->dhcp_server;
    return s;
}
