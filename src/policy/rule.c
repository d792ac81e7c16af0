/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads a rule of a group. */

#include <cordon-config.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/format.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

struct rule_nodes {
    const struct node *allow, *ports, *type, *code, *from, *to, *description;
};

static const struct field rule_fields[] = {
    FIELD(struct rule_nodes, allow, FIELD_REQUIRED),
    FIELD(struct rule_nodes, ports, FIELD_OPTIONAL),
    FIELD(struct rule_nodes, type, FIELD_OPTIONAL),
    FIELD(struct rule_nodes, code, FIELD_OPTIONAL),
    FIELD(struct rule_nodes, from, FIELD_OPTIONAL),
    FIELD(struct rule_nodes, to, FIELD_OPTIONAL),
    FIELD(struct rule_nodes, description, FIELD_OPTIONAL),
    FIELDS_END,
};

/* Reads "type" and "code", which ICMP alone has. */
static void
read_icmp(struct build *b, const struct rule_nodes *nodes,
          struct policy_rule *rule)
{
    int16_t protocol = rule->ports->protocol;
    int64_t number;

    if (protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6) {
        const struct node *first = nodes->type ? nodes->type : nodes->code;

        if (first) {
            build_error(b, first,
                        "\"%s\" needs \"allow: icmp\" or \"allow: icmpv6\"; "
                        "remove it, or allow one of them",
                        first->key);
        }
        return;
    }
    if (scalar_integer(b, nodes->type, 0, 255, &number)) {
        rule->icmp_type = number;
    }
    if (nodes->code && !nodes->type) {
        build_error(b, nodes->code,
                    "\"code\" says nothing without \"type\"; add that");
    } else if (scalar_integer(b, nodes->code, 0, 255, &number)) {
        rule->icmp_code = number;
    }
}

/* Returns the node of the peers: "from" of what comes, "to" of what leaves.
 * NULL, and an error, if there is none. */
static const struct node *
choose_peers(struct build *b, const struct rule_nodes *nodes,
             const struct node *at, enum policy_direction direction)
{
    const struct node *mine, *other;
    const char *name;

    mine = direction == POLICY_INGRESS ? nodes->from : nodes->to;
    other = direction == POLICY_INGRESS ? nodes->to : nodes->from;
    name = direction == POLICY_INGRESS ? "from" : "to";
    if (other) {
        build_error(b, other,
                    "\"%s\" has no place in a rule of \"%s\"; %s \"%s\"",
                    other->key, direction_name(direction),
                    mine ? "it has" : "write", name);
    } else if (!mine) {
        build_error(b, at, "a rule of \"%s\" has no \"%s\"; add it",
                    direction_name(direction), name);
    }
    return mine;
}

void
rule_read(struct build *b, const struct node *value,
          const struct policy_group *group, enum policy_direction direction,
          struct policy_rule *rule)
{
    struct rule_nodes nodes = { .allow = NULL };
    const struct node *peers;
    const char *description;
    int16_t protocol;

    rule->description = "";
    rule->icmp_type = rule->icmp_code = -1;
    rule->where = build_where(value);
    if (!fields_read(b, value, value, "a rule", rule_fields, &nodes)) {
        return;
    }
    if (scalar_description(b, nodes.description, &description)) {
        rule->description = arena_strdup(b->arena, description);
    }
    peers = choose_peers(b, &nodes, value, direction);
    if (protocol_read(b, nodes.allow, &protocol)) {
        ports_read(b, nodes.ports, protocol, &rule->ports, &rule->n_ports);
    }
    if (rule->n_ports) {
        read_icmp(b, &nodes, rule);
    }
    peers_read(b, peers, group->tenant, rule);
}
