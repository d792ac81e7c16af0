/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to be done to come from one sorted array of objects to another:
 * one merge walk. Pure; called by the reconciler and by `cordon diff`. */

#include <cordon-config.h>
#include "plan/object.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "plan/keys.h"
#include "util.h"

#define BLOCK 64 /* Keys that are compared at once. */

/* The object of key 'i' of 'o', for 'ch' to point to. */
static const struct object *
one(struct changes *ch, const struct object *o, size_t i)
{
    struct object *copy;

    if (!ch->arena) {
        ch->arena = arena_new();
    }
    copy = arena_alloc(ch->arena, sizeof *copy);
    *copy = object_of_key(o, keys_at(o->keys, i));
    return copy;
}

static void
add_one(struct changes *ch, enum change_op op, const struct object *want,
        const struct object *have)
{
    if (ch->n == ch->allocated) {
        ch->v = x2nrealloc(ch->v, &ch->allocated, sizeof *ch->v);
    }
    ch->v[ch->n++] = (struct change){ op, want, have };
}

/* How many keys are the same in both from 'w' and 'h' on: some BLOCKs of them.
 * Of thousands, those that differ are few. */
static size_t
alike(const struct object_keys *want, size_t w, const struct object_keys *have,
      size_t h)
{
    size_t room = MIN(want->n - w, have->n - h), n = 0;

    while (want->len == have->len && room - n >= BLOCK
           && !memcmp(keys_at(want, w + n), keys_at(have, h + n),
                      BLOCK * want->len)) {
        n += BLOCK;
    }
    return n;
}

/* The same merge walk over the keys of two objects that are else the same, of
 * which one may be NULL. */
static void
add_keys(struct changes *ch, const struct object *want,
         const struct object *have)
{
    size_t n_want = want ? want->keys->n : 0;
    size_t n_have = have ? have->keys->n : 0;
    bool same = want && have && object_same(want, have);
    size_t w = 0, h = 0;

    while (w < n_want || h < n_have) {
        size_t n = same ? alike(want->keys, w, have->keys, h) : 0;
        int c;

        if (n) {
            w += n;
            h += n;
            continue;
        }
        c = w == n_want ? 1
            : h == n_have
                ? -1
                : memcmp(keys_at(want->keys, w), keys_at(have->keys, h),
                         MIN(want->keys->len, have->keys->len));
        if (c < 0) {
            add_one(ch, CHANGE_ADD, one(ch, want, w), NULL);
        } else if (c > 0) {
            add_one(ch, CHANGE_DEL, NULL, one(ch, have, h));
        } else if (!same) {
            add_one(ch, CHANGE_MOD, one(ch, want, w), one(ch, have, h));
        }
        w += c <= 0;
        h += c >= 0;
    }
}

static void
changes_add(struct changes *ch, enum change_op op, const struct object *want,
            const struct object *have)
{
    if ((want ? want : have)->keys) {
        add_keys(ch, want, have);
    } else {
        add_one(ch, op, want, have);
    }
}

void
changes_done(struct changes *ch)
{
    free(ch->v);
    arena_free(ch->arena);
    memset(ch, 0, sizeof *ch);
}

void
diff(const struct objects *want, const struct objects *have,
     struct changes *ch)
{
    size_t w = 0, h = 0;

    while (w < want->n || h < have->n) {
        const struct object *wo = w < want->n ? &want->v[w] : NULL;
        const struct object *ho = h < have->n ? &have->v[h] : NULL;
        int c;

        if (ho && ho->foreign) {
            h++;
            continue;
        }
        if (wo && ho) {
            if (object_equal(wo, ho)) {
                w++;
                h++;
                continue;
            }
            c = object_cmp(wo, ho);
            if (!c) {
                changes_add(ch, CHANGE_MOD, wo, ho);
            }
        } else {
            c = wo ? -1 : 1;
        }
        if (c < 0) {
            changes_add(ch, CHANGE_ADD, wo, NULL);
        } else if (c > 0) {
            changes_add(ch, CHANGE_DEL, NULL, ho);
        }
        w += c <= 0;
        h += c >= 0;
    }
}
