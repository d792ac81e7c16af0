/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the table has whatever ports there are: its sets, the rules that all
 * share, and constants. That follows from three things alone, and is made
 * when one of them is another than the last time. Called by guard_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/guard_rules.h"

#include <stdlib.h>

#include "dataplane/linux/logged.h"
#include "dataplane/linux/nft_set.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "policy/policy.h"
#include "util.h"

static struct {
    struct arena *arena; /* NULL: nothing has been made yet. */
    struct objects objects;

    /* What it follows from. */
    uint32_t mark_mask;
    const struct prefix *underlay;
    size_t n_underlay;
    bool logs;
} fixed;

static bool
is_of(const struct policy_host *host, bool logs)
{
    if (!fixed.arena || fixed.logs != logs
        || fixed.mark_mask != host->mark_mask
        || fixed.n_underlay != host->n_underlay) {
        return false;
    }
    for (size_t i = 0; i < host->n_underlay; i++) {
        if (prefix_cmp(&fixed.underlay[i], &host->underlay[i])) {
            return false;
        }
    }
    return true;
}

static void
add_sets(bool logs, struct arena *arena, struct objects *objects)
{
    for (size_t i = 0; i < guard_n_sets; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        if (!logs && logged_set(guard_sets[i].name)) {
            continue;
        }
        nft_set_format(&guard_sets[i], &ds);
        objects_add(objects, &(struct object){
                                 .kind = OBJECT_NFT_SET,
                                 .name = guard_sets[i].name,
                                 .text = arena_strdup(arena, ds_cstr(&ds)) });
        ds_destroy(&ds);
    }
}

static void
make(const struct policy_host *host, bool logs)
{
    struct prefix *underlay;

    arena_free(fixed.arena);
    fixed.arena = arena_new();
    fixed.objects.n = 0;
    fixed.mark_mask = host->mark_mask;
    underlay = ARENA_ARRAY(fixed.arena, struct prefix, host->n_underlay);
    for (size_t i = 0; i < host->n_underlay; i++) {
        underlay[i] = host->underlay[i];
    }
    fixed.underlay = underlay;
    fixed.n_underlay = host->n_underlay;
    fixed.logs = logs;
    add_sets(logs, fixed.arena, &fixed.objects);
    guard_want_rules(host, logs, fixed.arena, &fixed.objects);
    objects_sort(&fixed.objects);
}

void
guard_want_fixed(const struct policy_host *host, bool logs,
                 struct arena *arena, struct objects *objects)
{
    if (!is_of(host, logs)) {
        make(host, logs);
    }
    objects_append(objects, fixed.objects.v, fixed.objects.n);
    arena_keep(arena, fixed.arena);
}
