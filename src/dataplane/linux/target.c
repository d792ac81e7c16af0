/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What of each port and of the uplink differs, and which of them must be
 * closed when a change is refused. Pure; for apply.c. */

#include <cordon-config.h>
#include "dataplane/linux/target.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/lock.h"
#include "dataplane/linux/want.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "util.h"

static int
compare_targets(const void *a_, const void *b_)
{
    const struct target *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

struct target *
targets_find(const struct targets *ts, uint32_t ifindex)
{
    struct target key = { .ifindex = ifindex };

    return ts->n ? bsearch(&key, ts->v, ts->n, sizeof key, compare_targets)
                 : NULL;
}

/* True for what a fence is made of: rules and their chains, qdiscs, drops; in
 * the kernel module, that it has the device at all. What may differ are
 * elements, passes and what the module is told of a device: they are what a
 * policy changes. */
static bool
is_fence(const struct object *o)
{
    return o->kind == OBJECT_FILTER
               ? lock_filter_drops(o)
               : KIND(o->kind) & KINDS_FENCE && o->kind != OBJECT_NFT_ELEMENT
                     && o->kind != OBJECT_GROUP_ELEMENT;
}

/* True if, until 'c' is made, a fence that is wanted is not there. */
static bool
lacks_fence(const struct change *c)
{
    return is_fence(change_object(c)) && c->op != CHANGE_DEL
           && !(c->op == CHANGE_MOD
                && KIND(change_object(c)->kind) & KINDS_MODULE);
}

/* Guard and lock of nftables and tc are two fences: while one is repaired, the
 * other keeps a port closed. The kernel module's is a third. */
static bool
is_fenced(const struct target *t, bool nft, bool module)
{
    return (nft && (!(t->fence & KINDS_GUARD) || !(t->fence & KINDS_LOCK)))
           || (module && !(t->fence & KINDS_MODULE));
}

static void
fill_in(struct targets *ts, const struct objects *want,
        const struct changes *changes)
{
    bool nft = objects_find_kind(want, OBJECT_NFT_TABLE);
    bool module = objects_find_kind(want, OBJECT_MODULE_PORT);
    struct progress all, fence;
    struct changes some = { .n = 0 };

    some.v = xmalloc((changes->n + 1) * sizeof *some.v);
    for (size_t i = 0; i < changes->n; i++) {
        if (lacks_fence(&changes->v[i])) {
            some.v[some.n++] = changes->v[i];
        }
    }
    progress_init(&all, changes);
    progress_init(&fence, &some);
    for (size_t i = 0; i < ts->n; i++) {
        struct target *t = &ts->v[i];

        t->kinds = progress_kinds(&all, t->ifindex, t->segment);
        t->own = progress_own_kinds(&all, t->ifindex);
        t->fence = progress_kinds(&fence, t->ifindex, t->segment);
        t->fenced = is_fenced(t, nft, module);
        /* What is wanted up and not missing is up. */
        t->up &= !(t->kinds & KIND(OBJECT_UP));
    }
    progress_done(&all);
    progress_done(&fence);
    free(some.v);
}

void
targets_init(struct targets *ts, const struct plan *plan,
             const struct objects *want, const struct changes *changes)
{
    ts->n = 0;
    ts->v = xcalloc(plan->n_ports + 1, sizeof *ts->v);
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *p = &plan->ports[i];

        if (want_port(plan, p)) {
            ts->v[ts->n++] = (struct target){
                .ifindex = p->ifindex,
                .segment = p->segment->id,
                .up = !(p->tap && p->standby),
            };
        }
    }
    if (want_uplink(plan)) {
        ts->v[ts->n++] = (struct target){
            .ifindex = plan->uplink,
            .up = true,
        };
    }
    if (ts->n) {
        qsort(ts->v, ts->n, sizeof *ts->v, compare_targets);
    }
    fill_in(ts, want, changes);
}

void
targets_done(struct targets *ts)
{
    free(ts->v);
    memset(ts, 0, sizeof *ts);
}

void
targets_fail(struct targets *ts, const struct object *o)
{
    for (size_t i = 0; i < ts->n; i++) {
        struct target *t = &ts->v[i];

        t->failed |=
            object_concerns(o, t->ifindex, t->segment)
            && (t->segment || is_fence(o) || o->kind == OBJECT_MASTER);
    }
}

void
targets_fail_guard(struct targets *ts, uint32_t ifindex, uint32_t segment)
{
    for (size_t i = 0; i < ts->n; i++) {
        struct target *t = &ts->v[i];
        uint32_t differs = t->fence | (t->segment ? t->own : 0);

        t->failed |= (!ifindex || ifindex == t->ifindex)
                     && (!segment || segment == t->segment)
                     && differs & KINDS_NFT;
    }
}
