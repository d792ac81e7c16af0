/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Groups, rules and rates in words. Called by show.c. */

#include <cordon-config.h>
#include "agent/show_rules.h"

#include "lib/arena.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "plan/filtering.h"
#include "plan/rule.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

void
show_tenant_rules(struct writer *w, const struct policy_tenant *tenant)
{
    if (tenant->has_defaults) {
        writer_format(w, "defaults", "ingress %s, egress %s",
                      tenant->allow[POLICY_INGRESS] ? "allow" : "deny",
                      tenant->allow[POLICY_EGRESS] ? "allow" : "deny");
    } else {
        writer_string(w, "defaults", NULL);
    }
    writer_bool(w, "community", tenant->community);
    writer_bool(w, "log", tenant->log);
}

/* How many interfaces are in 'group'. */
static size_t
count_members(const struct policy_group *group)
{
    const struct policy_tenant *tenant = group->tenant;
    size_t n = 0;

    for (size_t i = 0; i < tenant->n_guests; i++) {
        const struct policy_guest *guest = &tenant->guests[i];

        for (size_t j = 0; j < guest->n_interfaces; j++) {
            n += rule_is_member(&guest->interfaces[j], group);
        }
    }
    return n;
}

/* Writes the rules of 'group' as rows; with the tenant's name if 'tenant'. */
static void
rule_rows(struct writer *w, const struct policy_group *group, bool tenant)
{
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < group->n_rules[d]; i++) {
            const struct policy_rule *rule = &group->rules[d][i];
            struct ds text = DS_EMPTY_INITIALIZER;

            rule_format(rule, d, &text);
            writer_object(w, NULL);
            if (tenant) {
                writer_string(w, "tenant", group->tenant->name);
            }
            writer_string(w, "group", group->name);
            writer_string(w, "direction", direction_name(d));
            writer_string(w, "rule", ds_cstr(&text));
            writer_string(w, "description", rule->description);
            writer_format(w, "at", "%s:%u:%u", rule->where.file,
                          rule->where.line, rule->where.column);
            writer_end(w);
            ds_destroy(&text);
        }
    }
}

void
show_groups(struct writer *w, const struct policy *policy)
{
    writer_list(w, "groups");
    for (size_t i = 0; policy && i < policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &policy->tenants[i];

        for (size_t j = 0; j < tenant->n_groups; j++) {
            const struct policy_group *group = &tenant->groups[j];

            writer_object(w, NULL);
            writer_string(w, "tenant", tenant->name);
            writer_string(w, "group", group->name);
            writer_uint(w, "interfaces", count_members(group));
            writer_bool(w, "stateless", group->stateless);
            writer_string(w, "description", group->description);
            writer_end(w);
        }
    }
    writer_end(w);
    writer_list(w, "rules");
    for (size_t i = 0; policy && i < policy->n_tenants; i++) {
        for (size_t j = 0; j < policy->tenants[i].n_groups; j++) {
            rule_rows(w, &policy->tenants[i].groups[j], true);
        }
    }
    writer_end(w);
}

static void
direction_field(struct writer *w, const struct policy_interface *i,
                enum policy_direction direction)
{
    writer_string(w, direction_name(direction),
                  !rule_filtered(i)                ? "not filtered"
                  : !rule_restricted(i, direction) ? "allowed"
                                                   : "denied unless allowed");
}

static void
rate_field(struct writer *w, const char *key, const struct policy_rate *rate)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    rate_format(rate, &text);
    writer_string(w, key, ds_cstr(&text));
    ds_destroy(&text);
}

void
show_interface_rules(struct writer *w, const struct policy_interface *i)
{
    direction_field(w, i, POLICY_INGRESS);
    direction_field(w, i, POLICY_EGRESS);
    writer_bool(w, "stateful", rule_stateful(i));
    rate_field(w, "rate_ingress", &i->rate[POLICY_INGRESS]);
    rate_field(w, "rate_egress", &i->rate[POLICY_EGRESS]);
    if (i->packet_rate) {
        writer_uint(w, "packet_rate", i->packet_rate);
    }
    writer_uint(w, "storm", i->storm);
    writer_list(w, "groups");
    for (size_t j = 0; j < i->n_groups; j++) {
        const struct policy_group *group = i->groups[j];

        writer_format(w, NULL, "%s%s%s%s", group->name,
                      group->stateless ? " (stateless)" : "",
                      *group->description ? ": " : "", group->description);
    }
    writer_end(w);
    writer_list(w, "rules");
    for (size_t j = 0; j < i->n_groups; j++) {
        rule_rows(w, i->groups[j], false);
    }
    writer_end(w);
}

bool
show_filtering(struct writer *w, const struct policy *before,
               const struct policy *after)
{
    struct arena *arena = arena_new();
    struct filtering_change *changes;
    size_t n = filtering_changes(before, after, arena, &changes);

    writer_list(w, "filtering");
    for (size_t i = 0; i < n; i++) {
        writer_object(w, NULL);
        writer_string(w, "port", changes[i].port);
        writer_string(w, "change", changes[i].text);
        writer_end(w);
    }
    writer_end(w);
    arena_free(arena);
    return n > 0;
}
