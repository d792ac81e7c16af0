/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tells drift from work: a change is drift if its object was wanted just the
 * same when kernel and plan last agreed, or was not there then either. The
 * reconciler calls it before it repairs. */

#include <cordon-config.h>
#include "agent/drift.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "plan/object.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(drift);

#define LOG_MAX 20 /* Lines a turn; the rest is counted. */

static int
compare(const void *a, const void *b)
{
    return object_cmp(a, b);
}

static const struct object *
find(const struct objects *objects, const struct object *key)
{
    return objects->n ? bsearch(key, objects->v, objects->n,
                                sizeof *objects->v, compare)
                      : NULL;
}

static bool
is_drift(const struct change *c, const struct objects *before)
{
    const struct object *o;

    switch (c->op) {
    case CHANGE_ADD:
    case CHANGE_MOD:
        o = find(before, c->want);
        return o && object_same(o, c->want);
    case CHANGE_DEL:
        return !find(before, c->have);
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

size_t
drift_log(const struct changes *changes, const struct objects *before)
{
    size_t n = 0;

    if (!before) {
        return 0;
    }
    for (size_t i = 0; i < changes->n; i++) {
        if (is_drift(&changes->v[i], before) && n++ < LOG_MAX) {
            log_one(&changes->v[i]);
        }
    }
    if (n > LOG_MAX) {
        VLOG_WARN("drift: and %" PRIuSIZE " objects more; repairing",
                  n - LOG_MAX);
    }
    return n;
}
