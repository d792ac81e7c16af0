/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looks for addresses and MACs that nobody in a policy has. */

#include <cordon-config.h>
#include "agent/vacant.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "packets.h"
#include "policy/policy.h"
#include "random.h"
#include "util.h"

#define TRIES 4096

static void
take(struct vacancy *t, const struct prefix *p)
{
    if (t->n == t->allocated) {
        t->v = x2nrealloc(t->v, &t->allocated, sizeof *t->v);
    }
    t->v[t->n++] = *p;
}

static void
take_addresses(struct vacancy *t, const struct addr *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct prefix p = { v[i], addr_bits(&v[i]) };

        take(t, &p);
    }
}

static void
take_interface(struct vacancy *t, const struct policy_interface *ifc)
{
    for (size_t i = 0; i < ifc->n_addresses; i++) {
        take(t, &ifc->addresses[i]);
    }
    for (size_t i = 0; i < ifc->n_extra; i++) {
        for (size_t j = 0; j < ifc->extra[i].n_addresses; j++) {
            take(t, &ifc->extra[i].addresses[j]);
        }
    }
    for (size_t i = 0; i < ifc->n_vrrp; i++) {
        take_addresses(t, ifc->vrrp[i].addresses, ifc->vrrp[i].n_addresses);
    }
}

static void
take_network(struct vacancy *t, const struct policy_network *network)
{
    for (size_t i = 0; i < network->n_gateways; i++) {
        take_addresses(t, network->gateways[i].addresses,
                       network->gateways[i].n_addresses);
    }
    for (size_t i = 0; i < network->n_services; i++) {
        take_addresses(t, network->services[i].addresses,
                       network->services[i].n_addresses);
    }
}

void
vacancy_init(struct vacancy *t, const struct policy *policy,
             const struct policy_tenant *owner,
             const struct policy_network *network)
{
    *t = (struct vacancy){ .network = network };
    for (size_t i = 0; i < owner->n_networks; i++) {
        take_network(t, &owner->networks[i]);
    }
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &policy->tenants[i];

        for (size_t j = 0; j < tenant->n_guests; j++) {
            const struct policy_guest *g = &tenant->guests[j];

            for (size_t k = 0; k < g->n_interfaces; k++) {
                if (tenant == owner || g->interfaces[k].network == network) {
                    take_interface(t, &g->interfaces[k]);
                }
            }
        }
    }
}

static bool
is_taken(const struct vacancy *t, const struct prefix *p)
{
    for (size_t i = 0; i < t->n; i++) {
        if (prefix_overlaps(&t->v[i], p)) {
            return true;
        }
    }
    return false;
}

/* Finds an address in 'subnet' that nobody has, and takes it. */
static bool
find_address(struct vacancy *t, const struct prefix *subnet,
             struct prefix *ret_prefix)
{
    unsigned int bits = MIN(addr_bits(&subnet->addr) - subnet->len, 16);
    unsigned int n = 1u << bits, start = random_range(n);
    size_t last = addr_len(&subnet->addr) - 1;

    for (unsigned int i = 0; i < MIN(n, TRIES); i++) {
        unsigned int host = (start + i) % n;
        struct prefix p = { subnet->addr, addr_bits(&subnet->addr) };

        if (!host || host == n - 1) {
            continue;
        }
        p.addr.b[last] |= host & 0xff;
        p.addr.b[last - 1] |= host >> 8;
        if (!is_taken(t, &p)) {
            take(t, &p);
            *ret_prefix = p;
            return true;
        }
    }
    return false;
}

size_t
vacancy_addresses(struct vacancy *t, struct prefix addresses[2])
{
    const struct policy_network *network = t->network;
    static const int families[] = { AF_INET, AF_INET6 };
    size_t n = 0;

    for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
        for (size_t i = 0; i < network->n_subnets; i++) {
            if (network->subnets[i].addr.family == families[f]
                && find_address(t, &network->subnets[i], &addresses[n])) {
                n++;
                break;
            }
        }
    }
    return n;
}

static bool
interface_has_mac(const struct policy_interface *ifc, struct eth_addr mac)
{
    for (size_t i = 0; i < ifc->n_extra; i++) {
        if (eth_addr_equals(ifc->extra[i].mac, mac)) {
            return true;
        }
    }
    return eth_addr_equals(ifc->mac, mac);
}

static bool
network_has_mac(const struct policy_network *network, struct eth_addr mac)
{
    for (size_t i = 0; i < network->n_gateways; i++) {
        if (eth_addr_equals(network->gateways[i].mac, mac)) {
            return true;
        }
    }
    for (size_t i = 0; i < network->n_services; i++) {
        if (eth_addr_equals(network->services[i].mac, mac)) {
            return true;
        }
    }
    return false;
}

bool
vacant_mac(const struct policy *policy, struct eth_addr mac)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_networks; j++) {
            if (network_has_mac(&t->networks[j], mac)) {
                return false;
            }
        }
        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                if (interface_has_mac(&t->guests[j].interfaces[k], mac)) {
                    return false;
                }
            }
        }
    }
    return true;
}

void
vacancy_done(struct vacancy *t)
{
    free(t->v);
}
