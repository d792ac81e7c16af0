/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tells drift from work: a change is drift if its object was wanted just the
 * same when kernel and plan last agreed, or was not there then either and has
 * not been wanted since. The reconciler calls it before it repairs. */

#include <cordon-config.h>
#include "agent/drift.h"

#include <stdlib.h>

#include "agent/turn.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(drift);

#define LOG_MAX 20 /* Lines a turn; the rest is counted. */

static bool
is_drift(const struct change *c, const struct objects *before,
         const struct objects *since)
{
    const struct object *o;

    switch (c->op) {
    case CHANGE_ADD:
    case CHANGE_MOD:
        o = objects_find(before, c->want);
        return o && object_same(o, c->want);
    case CHANGE_DEL:
        return !objects_find(before, c->have)
               && !(since && objects_find(since, c->have));
    }
    OVS_NOT_REACHED();
}

static void
log_one(const struct change *c)
{
    struct ds was = DS_EMPTY_INITIALIZER;
    struct ds wanted = DS_EMPTY_INITIALIZER;

    if (c->have) {
        object_format(c->have, &was);
    } else {
        ds_put_cstr(&was, "nothing");
    }
    if (c->want) {
        object_format(c->want, &wanted);
    } else {
        ds_put_cstr(&wanted, "nothing");
    }
    VLOG_WARN("drift: found %s; should be %s; repairing", ds_cstr(&was),
              ds_cstr(&wanted));
    ds_destroy(&was);
    ds_destroy(&wanted);
}

void
drift_done(struct drift *drift)
{
    objects_done(&drift->before);
    arena_free(drift->arena);
    drift->arena = NULL;
    drift->any = false;
}

/* Of an object with many keys, those on which kernel and plan agree; none if
 * the kernel has none. */
static const struct object_keys *
agreed_keys(const struct drift *drift, const struct turn *t,
            const struct object *want)
{
    const struct object *have = objects_find(&t->have, want);

    return !t->changes.n ? keys_copy(want->keys, drift->arena)
           : have        ? keys_common(want->keys, have->keys, drift->arena)
                         : NULL;
}

void
drift_remember(struct drift *drift, const struct turn *t)
{
    bool *differs = xcalloc(t->want.n + 1, sizeof *differs);

    for (size_t i = 0; i < t->changes.n; i++) {
        const struct object *want = t->changes.v[i].want;

        if (want >= t->want.v && want < t->want.v + t->want.n) {
            differs[want - t->want.v] = true;
        }
    }
    drift_done(drift);
    drift->arena = arena_new();
    drift->any = true;
    objects_reserve(&drift->before, t->want.n);
    for (size_t i = 0; i < t->want.n; i++) {
        const struct object *want = &t->want.v[i];
        struct object *o;

        if (differs[i]) {
            continue;
        }
        o = objects_add(&drift->before, want);
        if (want->keys) {
            o->keys = agreed_keys(drift, t, want);
            if (!o->keys) {
                drift->before.n--;
                differs[i] = true;
                continue;
            }
        }
        o->device = NULL;
        o->text = want->text ? arena_strdup(drift->arena, want->text) : NULL;
        /* Elements of a set have its name in common. */
        if (i && !differs[i - 1] && want->name == want[-1].name) {
            o->name = o[-1].name;
        } else if (want->name) {
            o->name = arena_strdup(drift->arena, want->name);
        }
    }
    free(differs);
}

size_t
drift_log(const struct drift *drift, const struct changes *changes,
          const struct objects *since)
{
    size_t n = 0;

    if (!drift->any) {
        return 0;
    }
    for (size_t i = 0; i < changes->n; i++) {
        if (is_drift(&changes->v[i], &drift->before, since) && n++ < LOG_MAX) {
            log_one(&changes->v[i]);
        }
    }
    if (n > LOG_MAX) {
        VLOG_WARN("drift: and %" PRIuSIZE " objects more; repairing",
                  n - LOG_MAX);
    }
    return n;
}
