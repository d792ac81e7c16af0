/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads an interface of a guest. */

#include <cordon-config.h>
#include <stdlib.h>
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
    MAX_CONNECTIONS = 16384, /* The kernel goes through them one by one. */
    MAX_LIST = 4096,         /* Addresses of one list. */
    MAX_VRRP = 255,
    MAX_STORM = 1000000,
    MAX_PACKET_RATE = 10000000,
};

struct interface_nodes {
    const struct node *mac, *addresses, *network, *link_local, *extra;
    const struct node *router, *dhcp_server, *vrrp, *storm, *device;
    const struct node *groups, *max_connections, *rate, *burst, *packet_rate;
};

static const struct field interface_fields[] = {
    FIELD(struct interface_nodes, mac, FIELD_REQUIRED),
    FIELD(struct interface_nodes, addresses, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, network, FIELD_REQUIRED),
    FIELD(struct interface_nodes, link_local, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, extra, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, router, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, dhcp_server, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, vrrp, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, storm, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, device, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, groups, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, max_connections, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, rate, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, burst, FIELD_OPTIONAL),
    FIELD(struct interface_nodes, packet_rate, FIELD_OPTIONAL),
    FIELDS_END,
};

struct pair_nodes {
    const struct node *mac, *addresses;
};

static const struct field pair_fields[] = {
    FIELD(struct pair_nodes, mac, FIELD_OPTIONAL),
    FIELD(struct pair_nodes, addresses, FIELD_REQUIRED),
    FIELDS_END,
};

struct vrrp_nodes {
    const struct node *id, *addresses;
};

static const struct field vrrp_fields[] = {
    FIELD(struct vrrp_nodes, id, FIELD_REQUIRED),
    FIELD(struct vrrp_nodes, addresses, FIELD_REQUIRED),
    FIELDS_END,
};

static void
claim_mac(struct build *b, const struct node *node,
          const struct policy_interface *i, enum claim_kind kind,
          struct eth_addr mac, uint8_t vrrp)
{
    struct claim claim = {
        .kind = kind,
        .vrrp = vrrp,
        .mac = mac,
        .network = i->network,
        .interface = i,
        .node = node,
    };

    claims_add(&b->macs, &claim);
}

static void
claim_address(struct build *b, const struct node *node,
              const struct policy_interface *i, enum claim_kind kind,
              const struct prefix *p, uint8_t vrrp)
{
    struct claim claim = {
        .kind = kind,
        .vrrp = vrrp,
        .address = *p,
        .network = i->network,
        .interface = i,
        .node = node,
    };

    claims_add(&b->addresses, &claim);
}

static void
read_network(struct build *b, const struct node *node,
             struct policy_interface *i)
{
    const char *name;

    if (scalar_string(b, node, "the name of a network", &name)) {
        i->network = network_find_shared(b, node, name, i->guest->tenant);
    }
}

static void
read_addresses(struct build *b, const struct node *node, const struct node *at,
               struct policy_interface *i)
{
    if (!node) {
        if (!i->router) {
            build_error(b, at,
                        "an interface has no \"addresses\"; add them "
                        "(only one with \"router: true\" needs none)");
        }
        return;
    }
    if (!list_check(b, node, i->router ? 0 : 1, MAX_LIST, "addresses")) {
        return;
    }
    i->addresses = ARENA_ARRAY(b->arena, struct prefix, node->n);
    NODE_FOR_EACH (item, node) {
        struct prefix *p = &i->addresses[i->n_addresses];

        if (scalar_prefix(b, item, p)
            && (!i->network || subnet_check(b, item, i->network, p))) {
            claim_address(b, item, i, CLAIM_OWN, p, 0);
            i->n_addresses++;
        }
    }
}

static void
read_link_local(struct build *b, const struct node *node,
                const struct node *mac, struct policy_interface *i)
{
    struct prefix p = { .len = 128 };
    const char *s;

    i->link_local = LINK_LOCAL_EUI64;
    if (node) {
        if (!scalar_string(b, node, "eui64, any or a link-local address",
                           &s)) {
            return;
        }
        if (!strcmp(s, "any")) {
            i->link_local = LINK_LOCAL_ANY;
            return;
        }
        if (strcmp(s, "eui64")) {
            if (!strchr(s, ':')) {
                build_error(b, node,
                            "\"link_local\" cannot be \"%.60s\"; "
                            "write eui64, any or an address in fe80::/64",
                            s);
            } else if (scalar_address(b, node, ADDRESS_LINK_LOCAL,
                                      &i->link_local_address)) {
                i->link_local = LINK_LOCAL_ADDRESS;
                p.addr = i->link_local_address;
                claim_address(b, node, i, CLAIM_LINK_LOCAL, &p, 0);
            }
            return;
        }
    }
    if (!eth_addr_is_zero(i->mac)) {
        p.addr = addr_eui64(i->mac);
        claim_address(b, node ? node : mac, i, CLAIM_LINK_LOCAL, &p, 0);
    }
}

static void
read_pair(struct build *b, const struct node *value,
          struct policy_interface *i)
{
    struct policy_pair *pair = &i->extra[i->n_extra++];
    struct pair_nodes nodes = { .mac = NULL };

    if (!fields_read(b, value, value, "an item of \"extra\"", pair_fields,
                     &nodes)) {
        return;
    }
    pair->mac = i->mac;
    if (scalar_mac(b, nodes.mac, &pair->mac)) {
        claim_mac(b, nodes.mac, i, CLAIM_EXTRA, pair->mac, 0);
    }
    if (!list_check(b, nodes.addresses, 1, MAX_LIST, "addresses")) {
        return;
    }
    pair->addresses = ARENA_ARRAY(b->arena, struct prefix, nodes.addresses->n);
    NODE_FOR_EACH (item, nodes.addresses) {
        struct prefix *p = &pair->addresses[pair->n_addresses];

        if (scalar_prefix(b, item, p)
            && (!i->network || station_check(b, item, i->network, p))) {
            claim_address(b, item, i, CLAIM_EXTRA, p, 0);
            pair->n_addresses++;
        }
    }
}

static int
compare_addresses(const void *a, const void *b)
{
    return addr_cmp(a, b);
}

/* Reads the addresses of a virtual router. Each family has a virtual MAC of
 * its own (RFC 5798 section 7.3). */
static void
read_vrrp_addresses(struct build *b, const struct node *node,
                    struct policy_interface *i, struct policy_vrrp *vrrp)
{
    bool families[2] = { false, false };
    size_t n = 0;

    vrrp->addresses = ARENA_ARRAY(b->arena, struct addr, node->n);
    NODE_FOR_EACH (item, node) {
        struct addr *a = &vrrp->addresses[vrrp->n_addresses];
        struct prefix p;
        bool v6;

        if (!scalar_address(b, item, ADDRESS_ANY_UNICAST, a)) {
            continue;
        }
        p = (struct prefix){ *a, addr_bits(a) };
        v6 = a->family == AF_INET6;
        if (addr_is_link_local(a) || !i->network
            || subnet_check(b, item, i->network, &p)) {
            claim_address(b, item, i, CLAIM_VRRP, &p, vrrp->id);
            vrrp->n_addresses++;
        }
        if (!families[v6]) {
            struct eth_addr mac = ETH_ADDR_C(00, 00, 5e, 00, 01, 00);

            mac.ea[4] += v6;
            mac.ea[5] = vrrp->id;
            claim_mac(b, item, i, CLAIM_VRRP, mac, vrrp->id);
            families[v6] = true;
        }
    }
    qsort(vrrp->addresses, vrrp->n_addresses, sizeof *vrrp->addresses,
          compare_addresses);
    for (size_t j = 0; j < vrrp->n_addresses; j++) {
        if (!j || addr_cmp(&vrrp->addresses[j], &vrrp->addresses[j - 1])) {
            vrrp->addresses[n++] = vrrp->addresses[j];
        }
    }
    vrrp->n_addresses = n;
}

static void
read_vrrp(struct build *b, const struct node *value,
          struct policy_interface *i)
{
    struct policy_vrrp *vrrp = &i->vrrp[i->n_vrrp];
    struct vrrp_nodes nodes = { .id = NULL };
    int64_t id;

    if (!fields_read(b, value, value, "an item of \"vrrp\"", vrrp_fields,
                     &nodes)
        || !scalar_integer(b, nodes.id, 1, 255, &id)) {
        return;
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        if (i->vrrp[j].id == id) {
            build_error(b, nodes.id,
                        "virtual router %d is already in this "
                        "list; put all of its addresses there",
                        (int) id);
            return;
        }
    }
    vrrp->id = id;
    i->n_vrrp++;
    if (list_check(b, nodes.addresses, 1, MAX_LIST, "addresses")) {
        read_vrrp_addresses(b, nodes.addresses, i, vrrp);
    }
}

/* Refuses what would let a guest pass for another tenant's, or for what all of
 * them believe, in a shared network. */
static void
check_shared(struct build *b, const struct interface_nodes *nodes,
             struct policy_interface *i)
{
    if (!i->network || !i->network->shared) {
        return;
    }
    if (i->link_local == LINK_LOCAL_ANY) {
        build_error(b, nodes->link_local,
                    "\"link_local: any\" has no place in a shared network, "
                    "where it could be another guest's; write eui64 or the "
                    "address");
    }
    if (i->network->tenant == i->guest->tenant) {
        return;
    }
    if (i->router) {
        build_error(b, nodes->router,
                    "only a guest of tenant \"%s\", whose network it is, can "
                    "be a router there; remove it",
                    i->network->tenant->name);
    }
    if (i->dhcp_server) {
        build_error(b, nodes->dhcp_server,
                    "only a guest of tenant \"%s\", whose network it is, can "
                    "be a DHCP server there; remove it",
                    i->network->tenant->name);
    }
}

void
max_connections_read(struct build *b, const struct node *node,
                     uint32_t *ret_max)
{
    int64_t number;

    *ret_max = scalar_integer(b, node, 1, MAX_CONNECTIONS, &number)
                   ? number
                   : POLICY_MAX_CONNECTIONS;
}

void
device_read(struct build *b, const struct node *node, const char **ret_device)
{
    const struct node *first;
    const char *name;

    if (!scalar_device(b, node, &name)) {
        return;
    }
    *ret_device = arena_strdup(b->arena, name);
    first = build_once(&b->devices, name, node);
    if (first) {
        build_error(b, node,
                    "device \"%s\" is already another port's "
                    "(%s:%u:%u); each has its own",
                    name, first->place.source->name, first->place.line,
                    first->place.column);
    }
}

void
interface_read(struct build *b, const struct node *value,
               struct policy_interface *i)
{
    struct interface_nodes nodes = { .mac = NULL };
    int64_t number;

    i->where = build_where(value);
    i->storm = POLICY_STORM;
    if (!fields_read(b, value, value, "an interface", interface_fields,
                     &nodes)) {
        return;
    }
    /* These first: the others build on them. */
    read_network(b, nodes.network, i);
    if (scalar_mac(b, nodes.mac, &i->mac)) {
        claim_mac(b, nodes.mac, i, CLAIM_OWN, i->mac, 0);
    }
    scalar_bool(b, nodes.router, &i->router);
    scalar_bool(b, nodes.dhcp_server, &i->dhcp_server);
    read_addresses(b, nodes.addresses, value, i);
    read_link_local(b, nodes.link_local, nodes.mac, i);
    check_shared(b, &nodes, i);
    if (list_check(b, nodes.extra, 0, MAX_LIST, "pairs")) {
        i->extra = ARENA_ARRAY(b->arena, struct policy_pair, nodes.extra->n);
        NODE_FOR_EACH (item, nodes.extra) {
            read_pair(b, item, i);
        }
    }
    if (list_check(b, nodes.vrrp, 0, MAX_VRRP, "virtual routers")) {
        i->vrrp = ARENA_ARRAY(b->arena, struct policy_vrrp, nodes.vrrp->n);
        NODE_FOR_EACH (item, nodes.vrrp) {
            read_vrrp(b, item, i);
        }
    }
    if (scalar_integer(b, nodes.storm, 1, MAX_STORM, &number)) {
        i->storm = number;
    }
    device_read(b, nodes.device, &i->device);
    membership_read(b, nodes.groups, i);
    max_connections_read(b, nodes.max_connections, &i->max_connections);
    rates_read(b, nodes.rate, nodes.burst, i->rate);
    if (scalar_integer(b, nodes.packet_rate, 1, MAX_PACKET_RATE, &number)) {
        i->packet_rate = number;
    }
}
