/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads a tenant's networks. */

#include <cordon-config.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MAX_SUBNETS = 64,
    MAX_GATEWAYS = 64,
    MAX_GATEWAY_ADDRESSES = 64,
};

struct network_nodes {
    const struct node *vlan, *subnets, *gateways, *shared, *services;
};

static const struct field network_fields[] = {
    FIELD(struct network_nodes, vlan, FIELD_REQUIRED),
    FIELD(struct network_nodes, subnets, FIELD_REQUIRED),
    FIELD(struct network_nodes, gateways, FIELD_OPTIONAL),
    FIELD(struct network_nodes, shared, FIELD_OPTIONAL),
    FIELD(struct network_nodes, services, FIELD_OPTIONAL),
    FIELDS_END,
};

struct gateway_nodes {
    const struct node *mac, *addresses;
};

static const struct field gateway_fields[] = {
    FIELD(struct gateway_nodes, mac, FIELD_REQUIRED),
    FIELD(struct gateway_nodes, addresses, FIELD_REQUIRED),
    FIELDS_END,
};

static void
read_vlan(struct build *b, const struct node *node,
          struct policy_network *network)
{
    int64_t vlan;

    if (!scalar_integer(b, node, 1, 4094, &vlan)) {
        return;
    }
    if (b->vlans[vlan]) {
        const struct diag_place *first = &b->vlans[vlan]->place;

        build_error(b, node,
                    "VLAN %d is already another network's "
                    "(%s:%u:%u); give each network its own",
                    (int) vlan, first->source->name, first->line,
                    first->column);
        return;
    }
    b->vlans[vlan] = node;
    network->vlan = vlan;
}

static void
read_subnets(struct build *b, const struct node *node,
             struct policy_network *network)
{
    bool whole = true;

    if (!list_check(b, node, 1, MAX_SUBNETS, "subnets")) {
        return;
    }
    network->subnets = ARENA_ARRAY(b->arena, struct prefix, node->n);
    NODE_FOR_EACH (item, node) {
        struct prefix *p = &network->subnets[network->n_subnets];
        bool ok = scalar_subnet(b, item, p);

        for (size_t i = 0; ok && i < network->n_subnets; i++) {
            if (prefix_overlaps(p, &network->subnets[i])) {
                char other[PREFIX_STRLEN];

                build_error(b, item,
                            "%.60s overlaps subnet %s of the same "
                            "network; keep one of the two",
                            item->text,
                            prefix_format(&network->subnets[i], other));
                ok = false;
            }
        }
        network->n_subnets += ok;
        whole = whole && ok;
    }
    if (!whole) {
        network->n_subnets = 0; /* No address is held against the others. */
    }
}

/* True if IPv4 address 'a' names all of 'subnet', not one station. */
static bool
is_all_of(const struct prefix *subnet, const struct addr *a)
{
    struct prefix rest = { *a, subnet->len };
    struct addr inverse = *a;
    struct prefix ones;

    if (a->family != AF_INET || subnet->len > 30) {
        return false;
    }
    for (size_t i = 0; i < addr_len(a); i++) {
        inverse.b[i] = ~a->b[i];
    }
    ones = (struct prefix){ inverse, subnet->len };
    return !prefix_has_host_bits(&rest) || !prefix_has_host_bits(&ones);
}

static const struct prefix *
subnet_of(const struct policy_network *network, const struct prefix *p)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (prefix_contains(&network->subnets[i], p)) {
            return &network->subnets[i];
        }
    }
    return NULL;
}

bool
station_check(struct build *b, const struct node *node,
              const struct policy_network *network, const struct prefix *p)
{
    const struct prefix *subnet = subnet_of(network, p);
    char buf[PREFIX_STRLEN];

    if (subnet && prefix_is_host(p) && is_all_of(subnet, &p->addr)) {
        build_error(b, node,
                    "%.60s is the address of all of %s, not "
                    "of one station; write another",
                    node->text, prefix_format(subnet, buf));
        return false;
    }
    return true;
}

bool
subnet_check(struct build *b, const struct node *node,
             const struct policy_network *network, const struct prefix *p)
{
    if (!network->n_subnets) {
        return true; /* Told already. */
    }
    if (subnet_of(network, p)) {
        return station_check(b, node, network, p);
    }
    build_error(b, node,
                "%.60s is in none of the subnets of network \"%s\"; "
                "correct it, or add the subnet there",
                node->text, network->name);
    return false;
}

static void
read_gateway(struct build *b, const struct node *value,
             struct policy_network *network)
{
    struct policy_gateway *gateway = &network->gateways[network->n_gateways];
    struct gateway_nodes nodes = { .mac = NULL };
    struct claim claim = {
        .kind = CLAIM_GATEWAY,
        .network = network,
    };

    if (!fields_read(b, value, value, "a gateway", gateway_fields, &nodes)) {
        return;
    }
    if (scalar_mac(b, nodes.mac, &gateway->mac)) {
        claim.mac = gateway->mac;
        claim.node = nodes.mac;
        claims_add(&b->macs, &claim);
    }
    for (size_t i = 0; claim.node && i < network->n_gateways; i++) {
        if (!mac_cmp(network->gateways[i].mac, gateway->mac)) {
            build_error(b, nodes.mac,
                        "%s is already a gateway of the same "
                        "network; put all of its addresses there",
                        nodes.mac->text);
        }
    }
    network->n_gateways++;
    if (!list_check(b, nodes.addresses, 1, MAX_GATEWAY_ADDRESSES,
                    "addresses")) {
        return;
    }
    gateway->addresses =
        ARENA_ARRAY(b->arena, struct addr, nodes.addresses->n);
    NODE_FOR_EACH (item, nodes.addresses) {
        struct addr *a = &gateway->addresses[gateway->n_addresses];

        if (!scalar_address(b, item, ADDRESS_ANY_UNICAST, a)) {
            continue;
        }
        claim.node = item;
        claim.address = (struct prefix){ *a, addr_bits(a) };
        if (addr_is_link_local(a)
            || subnet_check(b, item, network, &claim.address)) {
            claims_add(&b->addresses, &claim);
            gateway->n_addresses++;
        }
    }
}

void
network_read(struct build *b, const struct node *name,
             struct policy_network *network)
{
    struct network_nodes nodes = { .vlan = NULL };

    network->name = arena_strdup(b->arena, name->text);
    network->where = build_where(name);
    if (!fields_read(b, name->value, name, "a network", network_fields,
                     &nodes)) {
        return;
    }
    read_vlan(b, nodes.vlan, network);
    read_subnets(b, nodes.subnets, network);
    if (list_check(b, nodes.gateways, 0, MAX_GATEWAYS, "gateways")) {
        network->gateways =
            ARENA_ARRAY(b->arena, struct policy_gateway, nodes.gateways->n);
        NODE_FOR_EACH (item, nodes.gateways) {
            read_gateway(b, item, network);
        }
    }
    scalar_bool(b, nodes.shared, &network->shared);
    services_read(b, nodes.services, network);
}

const struct policy_network *
network_find(struct build *b, const struct node *node, const char *name,
             const struct policy_tenant *tenant)
{
    ssize_t i = name_find(b, node, name, tenant->name, "network",
                          tenant->networks ? &tenant->networks->name : NULL,
                          tenant->n_networks, sizeof *tenant->networks);

    return i < 0 ? NULL : &tenant->networks[i];
}

const struct policy_network *
network_find_shared(struct build *b, const struct node *node, const char *name,
                    const struct policy_tenant *tenant)
{
    const struct policy_network *network;
    const struct policy_tenant *owner;
    size_t n = strcspn(name, "/");
    char *owner_name;

    if (!name[n]) {
        return network_find(b, node, name, tenant);
    }
    owner_name = xmemdup0(name, n);
    owner = shash_find_data(&b->owners, owner_name);
    free(owner_name);
    if (!owner) {
        build_error(b, node,
                    "there is no tenant \"%.*s\"; a shared network of "
                    "another tenant is written TENANT/NETWORK",
                    (int) MIN(n, 60), name);
        return NULL;
    }
    network = network_find(b, node, &name[n + 1], owner);
    if (network && !network->shared && owner != tenant) {
        build_error(b, node,
                    "network \"%s\" of tenant \"%s\" is not shared; name "
                    "a network of tenant \"%s\", or write \"shared: true\" "
                    "there",
                    network->name, owner->name, tenant->name);
        return NULL;
    }
    return network;
}
