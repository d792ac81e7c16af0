/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What peers "group:NAME" need: rules know members of a group by address, and
 * a tenant may have two networks of the same addresses. */

#include <cordon-config.h>
#include <stdlib.h>

#include "policy/build.h"
#include "policy/node.h"
#include "util.h"

struct subnet {
    const struct prefix *prefix;
    const struct policy_network *network;
};

static int
subnet_cmp(const void *a_, const void *b_)
{
    const struct subnet *a = a_, *b = b_;

    return prefix_cmp(a->prefix, b->prefix);
}

/* Finds two networks that overlap among the 'n' 'subnets', of which those of
 * one network do not. Prefixes nest or are apart, so one that is within
 * another has such a neighbour in their order. */
static void
check_subnets(struct build *b, const struct node *node, struct subnet *subnets,
              size_t n)
{
    if (n) {
        qsort(subnets, n, sizeof *subnets, subnet_cmp);
    }
    for (size_t i = 1; i < n; i++) {
        const struct policy_network *first = subnets[i - 1].network;
        const struct policy_network *second = subnets[i].network;
        char buf[PREFIX_STRLEN];

        if (first != second
            && prefix_overlaps(subnets[i - 1].prefix, subnets[i].prefix)) {
            build_error(b, node,
                        "\"%.60s\" knows members by address, but networks "
                        "\"%s/%s\" and \"%s/%s\" both have %s; "
                        "give each its own, or write addresses here",
                        node->text, first->tenant->name, first->name,
                        second->tenant->name, second->name,
                        prefix_format(subnets[i].prefix, buf));
            return;
        }
    }
}

/* A growing array of networks. */
struct networks {
    const struct policy_network **v;
    size_t n, allocated;
};

static void
add_network(struct networks *ns, const struct policy_network *network)
{
    if (ns->n == ns->allocated) {
        ns->v = x2nrealloc(ns->v, &ns->allocated, sizeof *ns->v);
    }
    ns->v[ns->n++] = network;
}

static int
network_cmp(const void *a_, const void *b_)
{
    const struct policy_network *const *a = a_, *const *b = b_;

    return *a < *b ? -1 : *a > *b;
}

/* Collects the tenant's networks, and those of others that its guests are in,
 * each once. */
static void
add_networks(struct networks *ns, const struct policy_tenant *tenant)
{
    size_t n = 0;

    for (size_t i = 0; i < tenant->n_networks; i++) {
        add_network(ns, &tenant->networks[i]);
    }
    for (size_t i = 0; i < tenant->n_guests; i++) {
        const struct policy_guest *guest = &tenant->guests[i];

        for (size_t j = 0; j < guest->n_interfaces; j++) {
            const struct policy_network *network =
                guest->interfaces[j].network;

            if (network && network->tenant != tenant) {
                add_network(ns, network);
            }
        }
    }
    if (ns->n) {
        qsort(ns->v, ns->n, sizeof *ns->v, network_cmp);
    }
    for (size_t i = 0; i < ns->n; i++) {
        if (!i || ns->v[i] != ns->v[i - 1]) {
            ns->v[n++] = ns->v[i];
        }
    }
    ns->n = n;
}

static void
check_tenant(struct build *b, const struct node *node,
             const struct policy_tenant *tenant)
{
    struct networks networks = { .n = 0 };
    struct subnet *subnets;
    size_t n = 0;

    add_networks(&networks, tenant);
    for (size_t i = 0; i < networks.n; i++) {
        n += networks.v[i]->n_subnets;
    }
    subnets = xcalloc(n, sizeof *subnets);
    n = 0;
    for (size_t i = 0; i < networks.n; i++) {
        for (size_t j = 0; j < networks.v[i]->n_subnets; j++) {
            subnets[n++] =
                (struct subnet){ &networks.v[i]->subnets[j], networks.v[i] };
        }
    }
    check_subnets(b, node, subnets, n);
    free(subnets);
    free(networks.v);
}

void
members_check(struct build *b)
{
    for (size_t i = 0; i < b->policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &b->policy->tenants[i];
        const struct node *node =
            shash_find_data(&b->group_peers, tenant->name);

        if (node) {
            check_tenant(b, node, tenant);
        }
    }
}
