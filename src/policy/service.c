/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads the services of a network. */

#include <cordon-config.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "packets.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MAX_SERVICES = 64, /* Of a network. */
    MAX_ADDRESSES = 64,
    MAX_ALLOW = 64,
    MAX_PORTS = 1024, /* In all of "allow". */
};

struct service_nodes {
    const struct node *mac, *addresses, *allow, *dhcp, *max_connections;
    const struct node *device;
};

static const struct field service_fields[] = {
    FIELD(struct service_nodes, mac, FIELD_REQUIRED),
    FIELD(struct service_nodes, addresses, FIELD_REQUIRED),
    FIELD(struct service_nodes, allow, FIELD_OPTIONAL),
    FIELD(struct service_nodes, dhcp, FIELD_OPTIONAL),
    FIELD(struct service_nodes, max_connections, FIELD_OPTIONAL),
    FIELD(struct service_nodes, device, FIELD_OPTIONAL),
    FIELDS_END,
};

struct allow_nodes {
    const struct node *protocol, *ports;
};

static const struct field allow_fields[] = {
    FIELD(struct allow_nodes, protocol, FIELD_REQUIRED),
    FIELD(struct allow_nodes, ports, FIELD_OPTIONAL),
    FIELDS_END,
};

/* True if 'p', which 'node' gave, is nobody's in a subnet of 'network', or in
 * none of them. */
static bool
check_address(struct build *b, const struct node *node,
              const struct policy_network *network, const struct prefix *p)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (prefix_contains(&network->subnets[i], p)) {
            return subnet_check(b, node, network, p);
        }
    }
    return true;
}

static void
read_addresses(struct build *b, const struct node *node, struct claim *claim,
               struct policy_service *service)
{
    if (!list_check(b, node, 1, MAX_ADDRESSES, "addresses")) {
        return;
    }
    service->addresses = ARENA_ARRAY(b->arena, struct addr, node->n);
    NODE_FOR_EACH (item, node) {
        struct addr *a = &service->addresses[service->n_addresses];

        if (!scalar_address(b, item, ADDRESS_ANY_UNICAST, a)) {
            continue;
        }
        claim->node = item;
        claim->address = (struct prefix){ *a, addr_bits(a) };
        if (check_address(b, item, claim->network, &claim->address)) {
            claims_add(&b->addresses, claim);
            service->n_addresses++;
        }
    }
}

/* Reads "allow", a list of protocols with ports, as one list of ports. */
static void
read_allow(struct build *b, const struct node *node,
           struct policy_service *service)
{
    size_t n = 0;

    if (!list_check(b, node, 1, MAX_ALLOW, "protocols")) {
        return;
    }
    NODE_FOR_EACH (item, node) {
        NODE_FOR_EACH (key, item) {
            n += key->value ? key->value->n : 0;
        }
        n++;
    }
    if (n > MAX_PORTS) {
        build_error(b, node, "\"allow\" has more than %d ports; write ranges",
                    MAX_PORTS);
        return;
    }
    service->ports = ARENA_ARRAY(b->arena, struct policy_ports, n);
    NODE_FOR_EACH (item, node) {
        struct allow_nodes nodes = { .protocol = NULL };
        struct policy_ports *ports = NULL;
        size_t n_ports = 0;
        int16_t protocol;

        if (fields_read(b, item, item, "an item of \"allow\"", allow_fields,
                        &nodes)
            && protocol_read(b, nodes.protocol, &protocol)) {
            ports_read(b, nodes.ports, protocol, &ports, &n_ports);
        }
        for (size_t i = 0; i < n_ports; i++) {
            service->ports[service->n_ports++] = ports[i];
        }
    }
}

/* Claims what IPv6 makes of the service's MAC, unless it is listed. */
static void
claim_link_local(struct build *b, const struct node *mac, struct claim *claim)
{
    const struct policy_service *service = claim->service;
    struct addr a = addr_eui64(service->mac);

    if (eth_addr_is_zero(service->mac)) {
        return; /* Told already. */
    }
    for (size_t i = 0; i < service->n_addresses; i++) {
        if (!addr_cmp(&service->addresses[i], &a)) {
            return;
        }
    }
    claim->node = mac;
    claim->address = (struct prefix){ a, addr_bits(&a) };
    claims_add(&b->addresses, claim);
}

/* Whom a service on this host hears: the subnets of its network and, as no
 * router forwards them, all link-local addresses. */
static void
make_peers(struct arena *arena, const struct policy_network *network,
           struct policy_rule *rule)
{
    rule->n_peers = 2;
    rule->peers = ARENA_ARRAY(arena, struct policy_peer, rule->n_peers);
    rule->peers[0] = (struct policy_peer){
        .kind = PEER_NETWORK,
        .network = network,
    };
    rule->peers[1] = (struct policy_peer){
        .kind = PEER_PREFIX,
        .prefix = { { .family = AF_INET6, .b = { 0xfe, 0x80 } }, 10 },
    };
}

/* The group that a service on this host is in: a rule for each protocol in
 * "allow", none for what it opens itself. */
static struct policy_group *
make_group(struct arena *arena, const struct policy_service *service,
           const char *name)
{
    struct policy_group *group = arena_alloc(arena, sizeof *group);
    struct policy_ports *ports = service->ports;
    size_t n = service->n_ports;
    struct policy_rule *rules;

    if (!n) {
        ports = arena_alloc(arena, sizeof *ports);
        *ports = (struct policy_ports){ POLICY_PROTOCOL_ANY, 0, UINT16_MAX };
        n = 1;
    }
    rules = ARENA_ARRAY(arena, struct policy_rule, n);
    *group = (struct policy_group){
        .name = name,
        .tenant = service->network->tenant,
        .description = "what guests may send to the service",
        .has = { true, true },
        .where = service->where,
    };
    group->rules[POLICY_INGRESS] = rules;
    for (size_t i = 0, end; i < n; i = end) {
        struct policy_rule *rule = &rules[group->n_rules[POLICY_INGRESS]++];

        for (end = i + 1; end < n && ports[end].protocol == ports[i].protocol;
             end++) {
            continue;
        }
        rule->description = "";
        rule->ports = &ports[i];
        rule->n_ports = end - i;
        rule->icmp_type = rule->icmp_code = -1;
        rule->where = service->where;
        make_peers(arena, service->network, rule);
    }
    return group;
}

/* The port that a service on this host is, with a guest and a group of its
 * own. */
static struct policy_interface *
make_interface(struct arena *arena, const struct policy_service *service)
{
    const struct policy_network *network = service->network;
    struct policy_guest *guest = arena_alloc(arena, sizeof *guest);
    struct policy_interface *i = arena_alloc(arena, sizeof *i);
    const char *name =
        arena_printf(arena, "%s:%s", network->name, service->name);

    *guest = (struct policy_guest){
        .name = name,
        .tenant = network->tenant,
        .interfaces = i,
        .n_interfaces = 1,
        .where = service->where,
    };
    *i = (struct policy_interface){
        .guest = guest,
        .service = service,
        .port = arena_printf(arena, "%s/%s", network->tenant->name, name),
        .mac = service->mac,
        .network = network,
        .link_local = LINK_LOCAL_EUI64,
        .dhcp_server = service->dhcp,
        .storm = POLICY_STORM,
        .max_connections = service->max_connections,
        .device = service->device,
        .where = service->where,
        .n_groups = 1,
        .n_addresses = service->n_addresses,
        .addresses = ARENA_ARRAY(arena, struct prefix, service->n_addresses),
    };
    for (size_t j = 0; j < service->n_addresses; j++) {
        const struct addr *a = &service->addresses[j];

        i->addresses[j] = (struct prefix){ *a, addr_bits(a) };
    }
    i->groups = ARENA_ARRAY(arena, const struct policy_group *, 1);
    i->groups[0] = make_group(arena, service, name);
    return i;
}

static void
read_service(struct build *b, const struct node *name,
             struct policy_network *network, struct policy_service *service)
{
    struct service_nodes nodes = { .mac = NULL };
    struct claim claim = {
        .kind = CLAIM_SERVICE,
        .network = network,
        .service = service,
    };

    service->name = arena_strdup(b->arena, name->text);
    service->network = network;
    service->where = build_where(name);
    if (!fields_read(b, name->value, name, "a service", service_fields,
                     &nodes)) {
        return;
    }
    if (scalar_mac(b, nodes.mac, &service->mac)) {
        claim.mac = service->mac;
        claim.node = nodes.mac;
        claims_add(&b->macs, &claim);
    }
    read_addresses(b, nodes.addresses, &claim, service);
    read_allow(b, nodes.allow, service);
    claim_link_local(b, nodes.mac, &claim);
    scalar_bool(b, nodes.dhcp, &service->dhcp);
    max_connections_read(b, nodes.max_connections, &service->max_connections);
    device_read(b, nodes.device, &service->device);
    if (service->device) {
        service->interface = make_interface(b->arena, service);
    }
}

void
services_read(struct build *b, const struct node *value,
              struct policy_network *network)
{
    if (!mapping_check(b, value)) {
        return;
    }
    if (value->n > MAX_SERVICES) {
        build_error(b, value,
                    "\"services\" has %zu services; at most %d are possible",
                    value->n, MAX_SERVICES);
        return;
    }
    network->services = ARENA_ARRAY(b->arena, struct policy_service, value->n);
    NODE_FOR_EACH (key, value) {
        name_check(b, key, "a service");
        read_service(b, key, network,
                     &network->services[network->n_services++]);
    }
}
