/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads a tenant and its guests, down to their interfaces. */

#include <cordon-config.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"
#include "uuid.h"

enum {
    MAX_INTERFACES = 256, /* Of a guest. */
};

/* What xl calls a domain that it receives by migration: such a domain is
 * matched by UUID only. */
static const char incoming[] = "--incoming";

struct tenant_nodes {
    const struct node *defaults, *community, *log;
    const struct node *networks, *groups, *guests;
};

static const struct field tenant_fields[] = {
    FIELD(struct tenant_nodes, networks, FIELD_OPTIONAL),
    FIELD(struct tenant_nodes, guests, FIELD_OPTIONAL),
    FIELD(struct tenant_nodes, defaults, FIELD_OPTIONAL),
    FIELD(struct tenant_nodes, community, FIELD_OPTIONAL),
    FIELD(struct tenant_nodes, log, FIELD_OPTIONAL),
    FIELD(struct tenant_nodes, groups, FIELD_OPTIONAL),
    FIELDS_END,
};

struct default_nodes {
    const struct node *ingress, *egress;
};

static const struct field default_fields[] = {
    FIELD(struct default_nodes, ingress, FIELD_OPTIONAL),
    FIELD(struct default_nodes, egress, FIELD_OPTIONAL),
    FIELDS_END,
};

struct guest_nodes {
    const struct node *uuid, *interfaces;
};

static const struct field guest_fields[] = {
    FIELD(struct guest_nodes, uuid, FIELD_OPTIONAL),
    FIELD(struct guest_nodes, interfaces, FIELD_REQUIRED),
    FIELDS_END,
};

static void
read_uuid(struct build *b, const struct node *node, struct policy_guest *guest)
{
    char text[UUID_LEN + 1];
    const struct node *first;

    if (!scalar_uuid(b, node, &guest->uuid)) {
        return;
    }
    guest->has_uuid = true;
    snprintf(text, sizeof text, UUID_FMT, UUID_ARGS(&guest->uuid));
    first = build_once(&b->uuids, text, node);
    if (first) {
        build_error(b, node,
                    "UUID %s is already another guest's (%s:%u:%u); "
                    "each domain has its own",
                    text, first->place.source->name, first->place.line,
                    first->place.column);
    }
}

static bool
is_bound_by_device(const struct policy_guest *guest)
{
    for (size_t i = 0; i < guest->n_interfaces; i++) {
        if (!guest->interfaces[i].device) {
            return false;
        }
    }
    return true;
}

/* Reports if a domain could match 'guest' and one read before it. One that
 * has a UUID is matched by that alone. */
static void
check_domain(struct build *b, const struct node *name,
             const struct policy_guest *guest)
{
    const struct node *first;
    size_t n = strlen(name->text), suffix = strlen(incoming);

    if (is_bound_by_device(guest)) {
        return;
    }
    if (!strcmp(name->text, "Domain-0")
        || (n >= suffix && !strcmp(&name->text[n - suffix], incoming))) {
        build_error(b, name,
                    "\"%.80s\" is a name that Xen gives to domains "
                    "itself; write the guest's own",
                    name->text);
        return;
    }
    first = shash_find_data(&b->by_name, name->text);
    if (!first && !guest->has_uuid) {
        first = shash_find_data(&b->by_uuid, name->text);
    }
    if (first) {
        build_error(b, name,
                    "a domain \"%s\" would match the guest at "
                    "%s:%u:%u, too; give both guests their \"uuid\"",
                    name->text, first->place.source->name, first->place.line,
                    first->place.column);
    }
    build_once(guest->has_uuid ? &b->by_uuid : &b->by_name, name->text, name);
}

void
guest_read(struct build *b, const struct node *name,
           struct policy_guest *guest)
{
    struct guest_nodes nodes = { .uuid = NULL };
    unsigned int index = 0;

    guest->name = arena_strdup(b->arena, name->text);
    guest->where = build_where(name);
    if (!fields_read(b, name->value, name, "a guest", guest_fields, &nodes)) {
        return;
    }
    read_uuid(b, nodes.uuid, guest);
    if (list_check(b, nodes.interfaces, 1, MAX_INTERFACES, "interfaces")) {
        guest->interfaces = ARENA_ARRAY(b->arena, struct policy_interface,
                                        nodes.interfaces->n);
        guest->n_interfaces = nodes.interfaces->n;
        NODE_FOR_EACH (item, nodes.interfaces) {
            struct policy_interface *i = &guest->interfaces[index];

            i->guest = guest;
            i->index = index;
            i->port = arena_printf(b->arena, "%s/%s/%u", guest->tenant->name,
                                   guest->name, index);
            interface_read(b, item, i);
            index++;
        }
        b->policy->n_interfaces += guest->n_interfaces;
    }
    check_domain(b, name, guest);
}

static void
read_default(struct build *b, const struct node *node, bool *ret_allow)
{
    const char *word;

    if (!scalar_string(b, node, "allow or deny", &word)) {
        return;
    }
    if (!strcmp(word, "allow") || !strcmp(word, "deny")) {
        *ret_allow = !strcmp(word, "allow");
    } else {
        build_error(b, node, "\"%s\" cannot be \"%.60s\"; write allow or deny",
                    node->key, word);
    }
}

static void
read_defaults(struct build *b, const struct node *node,
              struct policy_tenant *tenant)
{
    struct default_nodes nodes = { .ingress = NULL };

    tenant->allow[POLICY_EGRESS] = true;
    if (!node
        || !fields_read(b, node, node, "\"defaults\"", default_fields,
                        &nodes)) {
        return;
    }
    tenant->has_defaults = true;
    read_default(b, nodes.ingress, &tenant->allow[POLICY_INGRESS]);
    read_default(b, nodes.egress, &tenant->allow[POLICY_EGRESS]);
}

/* True if others may take 'guest' for a router or a DHCP server. */
static bool
serves(const struct policy_guest *guest)
{
    for (size_t i = 0; i < guest->n_interfaces; i++) {
        if (guest->interfaces[i].router || guest->interfaces[i].dhcp_server) {
            return true;
        }
    }
    return false;
}

void
guests_read(struct build *b, const struct node *value,
            struct policy_tenant *tenant)
{
    bool good = mapping_check(b, value);

    tenant->guests = ARENA_ARRAY(b->arena, struct policy_guest,
                                 (good ? value->n : 0) + POLICY_SPARE_GUESTS);
    if (!good) {
        return;
    }
    NODE_FOR_EACH (key, value) {
        struct policy_guest *g = &tenant->guests[tenant->n_guests];

        name_check(b, key, "a guest");
        g->tenant = tenant;
        tenant->n_guests++;
        guest_read(b, key, g);
        tenant->serves |= serves(g);
    }
}

const struct node *
tenant_read(struct build *b, const struct node *name,
            struct policy_tenant *tenant)
{
    struct tenant_nodes nodes = { .networks = NULL };

    tenant->name = arena_strdup(b->arena, name->text);
    if (!fields_read(b, name->value, name, "a tenant", tenant_fields,
                     &nodes)) {
        return NULL;
    }
    read_defaults(b, nodes.defaults, tenant);
    scalar_bool(b, nodes.community, &tenant->community);
    scalar_bool(b, nodes.log, &tenant->log);
    /* Networks first, wherever they stand: rules refer to them. */
    if (mapping_check(b, nodes.networks)) {
        tenant->networks =
            ARENA_ARRAY(b->arena, struct policy_network, nodes.networks->n);
        NODE_FOR_EACH (key, nodes.networks) {
            struct policy_network *n = &tenant->networks[tenant->n_networks];

            name_check(b, key, "a network");
            n->tenant = tenant;
            tenant->n_networks++;
            network_read(b, key, n);
        }
    }
    groups_read(b, nodes.groups, tenant);
    return nodes.guests;
}
