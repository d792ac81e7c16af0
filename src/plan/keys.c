/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keys as bytes, one after the other. Pure. */

#include <cordon-config.h>
#include "plan/keys.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "util.h"

#define SPARE 8 /* Keys that a copy has room for. */

const uint8_t *
keys_at(const struct object_keys *k, size_t i)
{
    return k->v + i * k->len;
}

/* Makes room for one more. */
static void
grow(struct object_keys *k, struct arena *arena)
{
    if (k->n == k->allocated) {
        uint8_t *v;

        k->allocated = MAX(2 * k->allocated, 16);
        v = arena_room(arena, k->allocated * k->len);
        if (k->n) {
            memcpy(v, k->v, k->n * k->len);
        }
        k->v = v;
    }
}

void
keys_reserve(struct object_keys *k, size_t n, struct arena *arena)
{
    k->allocated = n;
    k->v = arena_room(arena, n * k->len);
}

void
keys_append(struct object_keys *k, const uint8_t *key, struct arena *arena)
{
    grow(k, arena);
    memcpy(k->v + k->n++ * k->len, key, k->len);
}

static int
compare(const void *a, const void *b, void *len)
{
    return memcmp(a, b, *(const uint8_t *) len);
}

void
keys_sort(struct object_keys *k)
{
    size_t i = 1, kept = 1;

    while (i < k->n && memcmp(keys_at(k, i - 1), keys_at(k, i), k->len) < 0) {
        i++;
    }
    if (i >= k->n) {
        return;
    }
    qsort_r(k->v, k->n, k->len, compare, &k->len);
    for (i = 1; i < k->n; i++) {
        if (memcmp(keys_at(k, kept - 1), keys_at(k, i), k->len)) {
            memmove(k->v + kept++ * k->len, keys_at(k, i), k->len);
        }
    }
    k->n = kept;
}

size_t
keys_find(const struct object_keys *k, const uint8_t *key, bool *ret_found)
{
    size_t low = 0, high = k->n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (memcmp(keys_at(k, mid), key, k->len) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_found = low < k->n && !memcmp(keys_at(k, low), key, k->len);
    return low;
}

void
keys_insert(struct object_keys *k, const uint8_t *key, struct arena *arena)
{
    bool found;
    size_t i = keys_find(k, key, &found);
    uint8_t *at;

    if (!found) {
        grow(k, arena);
        at = k->v + i * k->len;
        memmove(at + k->len, at, (k->n - i) * k->len);
        memcpy(at, key, k->len);
        k->n++;
    }
}

void
keys_remove(struct object_keys *k, const uint8_t *key)
{
    bool found;
    size_t i = keys_find(k, key, &found);
    uint8_t *at = k->v + i * k->len;

    if (found) {
        k->n--;
        memmove(at, at + k->len, (k->n - i) * k->len);
    }
}

bool
keys_equal(const struct object_keys *a, const struct object_keys *b)
{
    return a == b
           || (a->n == b->n && a->len == b->len
               && (!a->n || !memcmp(a->v, b->v, a->n * a->len)));
}

struct object_keys *
keys_copy(const struct object_keys *k, struct arena *arena)
{
    struct object_keys *copy = arena_alloc(arena, sizeof *copy);

    *copy = *k;
    /* How long those of none are may not be known yet. */
    copy->allocated = k->len ? k->n + SPARE : 0;
    copy->v = arena_room(arena, copy->allocated * k->len);
    if (k->n) {
        memcpy(copy->v, k->v, k->n * k->len);
    }
    return copy;
}

struct object_keys *
keys_common(const struct object_keys *a, const struct object_keys *b,
            struct arena *arena)
{
    struct object_keys *common = arena_alloc(arena, sizeof *common);
    size_t i = 0, j = 0;

    common->len = a->len;
    while (a->len == b->len && i < a->n && j < b->n) {
        int c = memcmp(keys_at(a, i), keys_at(b, j), a->len);

        if (!c) {
            keys_append(common, keys_at(a, i), arena);
        }
        i += c <= 0;
        j += c >= 0;
    }
    return common;
}
