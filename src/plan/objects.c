/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Arrays of objects: growing, sorting, finding. */

#include <cordon-config.h>
#include "plan/object.h"

#include <stdlib.h>
#include <string.h>

#include "plan/keys.h"
#include "util.h"

struct object *
objects_add(struct objects *os, const struct object *o)
{
    if (os->n == os->allocated) {
        os->v = x2nrealloc(os->v, &os->allocated, sizeof *os->v);
    }
    os->v[os->n] = *o;
    return &os->v[os->n++];
}

void
objects_reserve(struct objects *os, size_t n)
{
    if (os->allocated - os->n < n) {
        os->allocated = os->n + n + os->n / 2;
        os->v = xrealloc(os->v, os->allocated * sizeof *os->v);
    }
}

void
objects_append(struct objects *os, const struct object *v, size_t n)
{
    objects_reserve(os, n);
    if (n) {
        memcpy(os->v + os->n, v, n * sizeof *v);
    }
    os->n += n;
}

/* Where the run that starts at 'from' ends: objects that are in order. */
static size_t
run_end(const struct objects *os, size_t from)
{
    size_t i = from + 1;

    while (i < os->n && object_cmp(&os->v[i - 1], &os->v[i]) <= 0) {
        i++;
    }
    return i;
}

/* Returns the first of v[low..high), which is in order, that comes after
 * 'o'. */
static size_t
first_after(const struct object *v, size_t low, size_t high,
            const struct object *o)
{
    while (low < high) {
        size_t mid = (low + high) / 2;

        if (object_cmp(&v[mid], o) <= 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* How many of v[0..n), which is in order, come before 'o', or are its equal
 * and 'equal'. Looks near the beginning first. */
static size_t
count_before(const struct object *v, size_t n, const struct object *o,
             bool equal)
{
    size_t low = 0, step = 1;

    while (low + step <= n
           && object_cmp(&v[low + step - 1], o) < (equal ? 1 : 0)) {
        low += step;
        step *= 2;
    }
    for (; step; step /= 2) {
        if (low + step <= n
            && object_cmp(&v[low + step - 1], o) < (equal ? 1 : 0)) {
            low += step;
        }
    }
    return low;
}

/* Merges v[low..mid) and v[mid..high), each in order; 'spare' has room for
 * the first. Of both, many that follow one another are moved at once. */
static void
merge(struct object *v, size_t low, size_t mid, size_t high,
      struct object *spare)
{
    const struct object *a = spare, *a_end;
    const struct object *b = v + mid, *b_end = v + high;
    struct object *to;

    low = first_after(v, low, mid, b);
    to = v + low;
    a_end = spare + (mid - low);
    memcpy(spare, to, (mid - low) * sizeof *v);
    while (a < a_end && b < b_end) {
        size_t n = count_before(b, b_end - b, a, false);

        memmove(to, b, n * sizeof *v);
        to += n;
        b += n;
        if (b == b_end) {
            break;
        }
        n = count_before(a, a_end - a, b, true);
        memcpy(to, a, n * sizeof *v);
        to += n;
        a += n;
    }
    /* What is left of the second is where it belongs. */
    memcpy(to, a, (a_end - a) * sizeof *v);
}

/* What is wanted and what is read comes nearly in order, set by set, so what
 * is merged are the runs that there are. */
void
objects_sort(struct objects *os)
{
    size_t *ends = NULL, n = 0, allocated = 0;
    struct object *spare;

    for (size_t end = 0; end < os->n; n++) {
        end = run_end(os, end);
        if (n == allocated) {
            ends = x2nrealloc(ends, &allocated, sizeof *ends);
        }
        ends[n] = end;
    }
    spare = n > 1 ? xmalloc(os->n * sizeof *spare) : NULL;
    while (n > 1) {
        size_t kept = 0, low = 0;

        for (size_t i = 0; i < n; i += 2) {
            if (i + 1 < n) {
                merge(os->v, low, ends[i], ends[i + 1], spare);
                low = ends[i + 1];
            } else {
                low = ends[i];
            }
            ends[kept++] = low;
        }
        n = kept;
    }
    free(spare);
    free(ends);
}

const struct object *
objects_find_kind(const struct objects *os, enum object_kind kind)
{
    size_t low = 0, high = os->n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (os->v[mid].kind < kind) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < os->n && os->v[low].kind == kind ? &os->v[low] : NULL;
}

static int
compare(const void *a, const void *b)
{
    return object_cmp(a, b);
}

const struct object *
objects_find(const struct objects *os, const struct object *o)
{
    static const struct object_keys any;
    struct object key = *o;
    const struct object *found;
    bool has = true;

    if (!os->n) {
        return NULL;
    }
    found = bsearch(o, os->v, os->n, sizeof *os->v, compare);
    if (!found && o->key_len) {
        memset(key.key, 0, sizeof key.key);
        key.key_len = 0;
        key.keys = &any;
        found = bsearch(&key, os->v, os->n, sizeof *os->v, compare);
        if (found) {
            has = found->keys->len == o->key_len;
        }
        if (found && has) {
            keys_find(found->keys, o->key, &has);
        }
    }
    return has ? found : NULL;
}

void
objects_done(struct objects *os)
{
    free(os->v);
    memset(os, 0, sizeof *os);
}
