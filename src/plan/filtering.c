/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Compares how two policies filter the same interfaces. Pure; `cordon diff`
 * prints it, so that no port changes its default silently. */

#include <cordon-config.h>
#include "plan/filtering.h"

#include "lib/arena.h"
#include "openvswitch/shash.h"
#include "plan/rule.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

enum { MAX_CHANGES = POLICY_N_DIRECTIONS + 1 }; /* Of an interface. */

struct collector {
    struct arena *arena;
    struct filtering_change *changes;
    size_t n;
};

/* Calls 'function' for each interface of 'policy'. */
static void
for_each_interface(const struct policy *policy,
                   void (*function)(const struct policy_interface *, void *),
                   void *aux)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &policy->tenants[i];

        for (size_t j = 0; j < tenant->n_guests; j++) {
            const struct policy_guest *guest = &tenant->guests[j];

            for (size_t k = 0; k < guest->n_interfaces; k++) {
                function(&guest->interfaces[k], aux);
            }
        }
    }
}

static void
enter(const struct policy_interface *i, void *by_port)
{
    shash_add(by_port, i->port, i);
}

static void
add(struct collector *c, const struct policy_interface *i, char *text)
{
    c->changes[c->n++] = (struct filtering_change){ i->port, text };
}

/* Adds what becomes of a direction, if anything does. 'cut' is true if
 * connections made before do not go on. Returns whether it added something. */
static bool
compare_direction(struct collector *c, const struct policy_interface *before,
                  const struct policy_interface *after,
                  enum policy_direction direction, bool cut)
{
    const char *what;

    if (rule_restricted(before, direction)
        == rule_restricted(after, direction)) {
        return false;
    }
    what = rule_restricted(after, direction)
               ? "is now denied unless a group allows it"
           : rule_filtered(after) ? "is now allowed by default"
                                  : "is no longer filtered";
    add(c, after,
        arena_printf(c->arena, "%s %s%s", direction_name(direction), what,
                     cut ? "; connections made before are cut" : ""));
    return true;
}

static void
compare(struct collector *c, const struct policy_interface *before,
        const struct policy_interface *after)
{
    bool tracked = rule_stateful(before), track = rule_stateful(after);
    bool cut = track && !tracked, told = false;

    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        told |= compare_direction(c, before, after, d, cut);
    }
    if (cut && !told) {
        add(c, after,
            arena_strdup(c->arena,
                         "connections are now tracked; those made before "
                         "are cut"));
    } else if (tracked && !track && rule_filtered(after)) {
        add(c, after,
            arena_strdup(c->arena,
                         "connections are no longer tracked: replies pass "
                         "only if a rule allows them"));
    }
}

struct comparison {
    struct collector collector;
    struct shash by_port; /* Interfaces before. */
};

static void
compare_interface(const struct policy_interface *after, void *comparison_)
{
    struct comparison *comparison = comparison_;
    const struct policy_interface *before =
        shash_find_data(&comparison->by_port, after->port);

    if (before) {
        compare(&comparison->collector, before, after);
    }
}

size_t
filtering_changes(const struct policy *before, const struct policy *after,
                  struct arena *arena, struct filtering_change **ret_changes)
{
    struct comparison comparison = { .collector = { .arena = arena } };

    if (before && after) {
        comparison.collector.changes = ARENA_ARRAY(
            arena, struct filtering_change, after->n_interfaces * MAX_CHANGES);
        shash_init(&comparison.by_port);
        for_each_interface(before, enter, &comparison.by_port);
        for_each_interface(after, compare_interface, &comparison);
        shash_destroy(&comparison.by_port);
    }
    *ret_changes = comparison.collector.changes;
    return comparison.collector.n;
}
