/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the table of tenants' rules has whatever ports there are. That follows
 * from a few things of the plan, and is made when one of them is another than
 * the last time. Called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_rules.h"

#include <net/if.h>
#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/logged.h"
#include "dataplane/linux/nft_set.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "util.h"

/* What it follows from. Without gaps. */
struct facts {
    char bridge[IFNAMSIZ];
    uint32_t uplink, mark_mask;
    uint32_t logs, all_stateful;
};

static struct {
    struct arena *arena; /* NULL: nothing has been made yet. */
    struct objects objects;
    struct facts facts;
} fixed;

static void
make(const struct plan *plan)
{
    bool logs = fixed.facts.logs;

    arena_free(fixed.arena);
    fixed.arena = arena_new();
    fixed.objects.n = 0;
    for (size_t i = 0; i < group_n_sets; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        if (!logs && logged_set(group_sets[i].name)) {
            continue;
        }
        nft_set_format(&group_sets[i], &ds);
        objects_add(&fixed.objects,
                    &(struct object){
                        .kind = OBJECT_GROUP_SET,
                        .name = group_sets[i].name,
                        .text = arena_strdup(fixed.arena, ds_cstr(&ds)) });
        ds_destroy(&ds);
    }
    group_want_rules(plan, logs, fixed.arena, &fixed.objects);
    objects_sort(&fixed.objects);
}

const struct objects *
group_fixed(const struct plan *plan, struct arena *arena)
{
    struct facts facts = {
        .uplink = plan->uplink,
        .mark_mask = plan->host->mark_mask,
        .logs = logged_any(plan),
        .all_stateful = group_all_stateful(plan),
    };

    ovs_strzcpy(facts.bridge, plan->host->bridge, sizeof facts.bridge);
    if (!fixed.arena || memcmp(&fixed.facts, &facts, sizeof facts)) {
        fixed.facts = facts;
        make(plan);
    }
    arena_keep(arena, fixed.arena);
    return &fixed.objects;
}
