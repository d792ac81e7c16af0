/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sums changes up by device and segment. Pure; what port_states() and the
 * stages of a dataplane's apply() go by. */

#include <cordon-config.h>
#include "plan/progress.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static int
compare_items(const void *a_, const void *b_)
{
    const struct progress_item *a = a_, *b = b_;

    return a->id < b->id ? -1 : a->id > b->id;
}

/* Sorts, and merges items of the same id. */
static size_t
merge(struct progress_item *v, size_t n)
{
    size_t kept = 0;

    if (!n) {
        return 0;
    }
    qsort(v, n, sizeof *v, compare_items);
    for (size_t i = 1; i < n; i++) {
        if (v[i].id == v[kept].id) {
            v[kept].kinds |= v[i].kinds;
        } else {
            v[++kept] = v[i];
        }
    }
    return kept + 1;
}

/* How many items there may be at most. */
static size_t
count_items(const struct changes *changes)
{
    size_t n = changes->n + 1;

    for (size_t i = 0; i < changes->n; i++) {
        const struct object *o = change_object(&changes->v[i]);

        n += o->users ? o->users->n_ports : 0;
    }
    return n;
}

static void
add_item(struct progress_item *v, size_t *n, uint32_t id,
         const struct object *o)
{
    v[(*n)++] = (struct progress_item){ id, KIND(o->kind) };
}

void
progress_init(struct progress *p, const struct changes *changes)
{
    size_t n = count_items(changes);

    p->shared = 0;
    p->n_devices = p->n_segments = 0;
    p->devices = xmalloc(n * sizeof *p->devices);
    p->segments = xmalloc(n * sizeof *p->segments);
    for (size_t i = 0; i < changes->n; i++) {
        const struct object *o = change_object(&changes->v[i]);
        uint32_t owner = o->ifindex ? o->ifindex : o->owner;

        for (size_t j = 0; o->users && j < o->users->n_ports; j++) {
            add_item(p->devices, &p->n_devices, o->users->ports[j], o);
        }
        if (owner) {
            add_item(p->devices, &p->n_devices, owner, o);
        } else if (o->segment) {
            add_item(p->segments, &p->n_segments, o->segment, o);
        } else {
            p->shared |= KIND(o->kind);
        }
    }
    p->n_devices = merge(p->devices, p->n_devices);
    p->n_segments = merge(p->segments, p->n_segments);
}

void
progress_done(struct progress *p)
{
    free(p->devices);
    free(p->segments);
    memset(p, 0, sizeof *p);
}

static uint32_t
find(const struct progress_item *v, size_t n, uint32_t id)
{
    struct progress_item key = { .id = id };
    const struct progress_item *item;

    item = n ? bsearch(&key, v, n, sizeof *v, compare_items) : NULL;
    return item ? item->kinds : 0;
}

uint32_t
progress_kinds(const struct progress *p, uint32_t ifindex, uint32_t segment)
{
    return p->shared | find(p->devices, p->n_devices, ifindex)
           | (segment ? find(p->segments, p->n_segments, segment) : 0);
}

uint32_t
progress_own_kinds(const struct progress *p, uint32_t ifindex)
{
    return find(p->devices, p->n_devices, ifindex);
}
