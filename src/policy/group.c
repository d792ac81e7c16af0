/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads a tenant's groups, and which of them an interface is in. */

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
    MAX_RULES = 1000,    /* Of a group and direction. */
    MAX_MEMBERSHIP = 64, /* Groups of an interface. */
};

struct group_nodes {
    const struct node *description, *stateless, *ingress, *egress;
};

static const struct field group_fields[] = {
    FIELD(struct group_nodes, description, FIELD_OPTIONAL),
    FIELD(struct group_nodes, stateless, FIELD_OPTIONAL),
    FIELD(struct group_nodes, ingress, FIELD_OPTIONAL),
    FIELD(struct group_nodes, egress, FIELD_OPTIONAL),
    FIELDS_END,
};

static void
read_rules(struct build *b, const struct node *node,
           enum policy_direction direction, struct policy_group *group)
{
    if (!list_check(b, node, 0, MAX_RULES, "rules")) {
        return;
    }
    group->has[direction] = true;
    group->rules[direction] =
        ARENA_ARRAY(b->arena, struct policy_rule, node->n);
    NODE_FOR_EACH (item, node) {
        rule_read(b, item, group, direction,
                  &group->rules[direction][group->n_rules[direction]++]);
    }
}

static void
read_group(struct build *b, const struct node *name,
           struct policy_group *group)
{
    struct group_nodes nodes = { .description = NULL };
    const char *description;

    if (!fields_read(b, name->value, name, "a group", group_fields, &nodes)) {
        return;
    }
    if (scalar_description(b, nodes.description, &description)) {
        group->description = arena_strdup(b->arena, description);
    }
    scalar_bool(b, nodes.stateless, &group->stateless);
    read_rules(b, nodes.ingress, POLICY_INGRESS, group);
    read_rules(b, nodes.egress, POLICY_EGRESS, group);
}

void
groups_read(struct build *b, const struct node *value,
            struct policy_tenant *tenant)
{
    struct policy_group *group;

    if (!mapping_check(b, value)) {
        return;
    }
    tenant->groups = ARENA_ARRAY(b->arena, struct policy_group, value->n);
    /* All names first: rules refer to groups below. */
    NODE_FOR_EACH (key, value) {
        name_check(b, key, "a group");
        tenant->groups[tenant->n_groups++] = (struct policy_group){
            .name = arena_strdup(b->arena, key->text),
            .tenant = tenant,
            .description = "",
            .where = build_where(key),
        };
    }
    group = tenant->groups;
    NODE_FOR_EACH (key, value) {
        read_group(b, key, group++);
    }
}

const struct policy_group *
group_find(struct build *b, const struct node *node, const char *name,
           const struct policy_tenant *tenant)
{
    ssize_t i = name_find(b, node, name, tenant->name, "group",
                          tenant->groups ? &tenant->groups->name : NULL,
                          tenant->n_groups, sizeof *tenant->groups);

    return i < 0 ? NULL : &tenant->groups[i];
}

static int
compare_groups(const void *a_, const void *b_)
{
    const struct policy_group *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

void
membership_read(struct build *b, const struct node *value,
                struct policy_interface *i)
{
    if (!list_check(b, value, 0, MAX_MEMBERSHIP, "groups")) {
        return;
    }
    i->groups = ARENA_ARRAY(b->arena, const struct policy_group *, value->n);
    NODE_FOR_EACH (item, value) {
        const struct policy_group *group = NULL;
        const char *name;
        size_t j;

        if (scalar_string(b, item, "the name of a group", &name)) {
            group = group_find(b, item, name, i->guest->tenant);
        }
        for (j = 0; j < i->n_groups && i->groups[j] != group; j++) {
            continue;
        }
        if (group && j < i->n_groups) {
            build_error(b, item,
                        "group \"%s\" is already in this list; write it once",
                        name);
        } else if (group) {
            i->groups[i->n_groups++] = group;
        }
    }
    qsort(i->groups, i->n_groups, sizeof *i->groups, compare_groups);
}
