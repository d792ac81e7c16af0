/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Chooses the guard, and keeps the one that goes until the one that comes is
 * whole. Pure; called by dataplane.c. */

#include <cordon-config.h>
#include "dataplane/linux/fence.h"

#include "dataplane/guard/module.h"
#include "dataplane/linux/group.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/rate.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "policy/policy.h"
#include "util.h"

/* Appends those of 'from' that are of 'kinds' and ours. */
static void
keep(const struct objects *from, uint32_t kinds, struct objects *os)
{
    for (size_t i = 0; i < from->n; i++) {
        if (KIND(from->v[i].kind) & kinds && !from->v[i].foreign) {
            objects_add(os, &from->v[i]);
        }
    }
}

/* True if 'have' holds of 'kinds' just what 'os' does. */
static bool
is_whole(const struct objects *os, const struct objects *have, uint32_t kinds)
{
    struct objects want = { .n = 0 }, held = { .n = 0 };
    struct changes changes = { .n = 0 };
    bool whole;

    keep(os, kinds, &want);
    objects_sort(&want);
    keep(have, kinds, &held);
    diff(&want, &held, &changes);
    whole = !changes.n;
    changes_done(&changes);
    objects_done(&held);
    objects_done(&want);
    return whole;
}

/* The lock stays where it is: the kernel stops a device's queue, and drops
 * what is in it, while a qdisc is put to it or taken away (qdisc_graft(),
 * net/sched/sch_api.c). */
static bool
has_lock(const struct objects *have)
{
    for (const struct object *o = objects_find_kind(have, OBJECT_QDISC);
         o && o < have->v + have->n && o->kind == OBJECT_QDISC; o++) {
        if (!o->foreign) {
            return true;
        }
    }
    return false;
}

static bool
has_police(const struct objects *have)
{
    return objects_find_kind(have, OBJECT_POLICE) != NULL;
}

/* True if the lock is to ask for the bit of tenants' rules: from when the chain
 * that sets it has been read back, and then whatever becomes of the table. */
static bool
judged(const struct plan *plan, const struct objects *have)
{
    return group_wanted(plan) && (lock_asks(have) || group_judges(plan, have));
}

/* What tenants' rules add. Their table goes only when the lock does not ask
 * any more. It comes and goes in steps, between which nothing is tracked,
 * unless nothing passes without it. */
static void
want_groups(const struct plan *plan, const struct objects *have,
            struct arena *arena, struct objects *os)
{
    enum group_extent extent = group_extent(have);
    bool asks = lock_asks(have);

    if (group_wanted(plan)) {
        if (extent == GROUP_NONE && !asks) {
            group_want_untracked(plan, arena, os);
        } else {
            group_want(plan, arena, os);
        }
    } else if (asks) {
        keep(have, KINDS_GROUPS, os);
    } else if (extent == GROUP_WHOLE) {
        size_t first = os->n;

        keep(have, KINDS_GROUPS, os);
        if (!group_let_pass(os)) {
            os->n = first;
            group_want_untracked(plan, arena, os);
        }
    }
}

static void
want_module(const struct plan *plan, const struct objects *have,
            struct arena *arena, struct objects *os)
{
    bool police = has_police(have);

    if (police) {
        /* The module takes no device that tc acts on ahead of it. */
        keep(have, KINDS_MODULE, os);
    } else {
        module_want(plan, arena, os);
    }
    if (police
        || (objects_find_kind(have, OBJECT_NFT_TABLE)
            && !is_whole(os, have, KINDS_MODULE))) {
        guard_want(plan, arena, os);
    }
    want_groups(plan, have, arena, os);
    if (police || has_lock(have) || group_wanted(plan)) {
        lock_want(plan, NULL, judged(plan, have), arena, os);
    }
}

static void
want_nftables(const struct plan *plan, const struct objects *have,
              struct arena *arena, struct objects *os)
{
    guard_want(plan, arena, os);
    want_groups(plan, have, arena, os);
    lock_want(plan, have, judged(plan, have), arena, os);
    if (objects_find_kind(have, OBJECT_MODULE_HOST)) {
        bool whole = is_whole(os, have, KINDS_GUARD | KINDS_LOCK);

        /* Let go of, it still is there. */
        keep(have, whole ? KIND(OBJECT_MODULE_HOST) : KINDS_MODULE, os);
    }
}

void
fence_want(const struct plan *plan, const struct objects *have,
           struct arena *arena, struct objects *os)
{
    enum policy_guard guard = plan->host->guard;
    bool loaded = objects_find_kind(have, OBJECT_MODULE_HOST);
    bool module = guard == GUARD_MODULE || (guard == GUARD_AUTO && loaded);

    if (module) {
        want_module(plan, have, arena, os);
    } else {
        want_nftables(plan, have, arena, os);
    }
    rate_want(plan, module ? NULL : have, arena, os);
}

const char *
fence_name(const struct objects *want)
{
    bool nft = objects_find_kind(want, OBJECT_NFT_TABLE);

    return !objects_find_kind(want, OBJECT_MODULE_PORT) ? "nftables"
           : nft                                        ? "nftables and module"
                                                        : "module";
}

const char *const *
fence_limits(const struct objects *want)
{
    return objects_find_kind(want, OBJECT_NFT_TABLE) ? guard_limits
                                                     : module_limits;
}
