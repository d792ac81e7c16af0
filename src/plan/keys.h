/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_KEYS_H
#define CORDON_PLAN_KEYS_H 1

/* The keys of many objects that differ in nothing else, thousands of members
 * of a group: one sorted array of bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* 'n' keys of 'len' bytes each; ascending, but while they are being gathered.
 * Zeroed but for 'len' is empty, and 'len' may wait for the first key. The
 * bytes are in an arena. */
struct object_keys {
    uint8_t *v;
    size_t n, allocated;
    uint8_t len;
};

const uint8_t *keys_at(const struct object_keys *, size_t i);

/* Makes room for 'n' in 'k', which has none. */
void keys_reserve(struct object_keys *k, size_t n, struct arena *);

/* Appends 'key', in whatever order. */
void keys_append(struct object_keys *, const uint8_t *key, struct arena *);

/* Sorts, and leaves one of each. */
void keys_sort(struct object_keys *);

/* How many come before 'key'; whether it is the next. */
size_t keys_find(const struct object_keys *, const uint8_t *key,
                 bool *ret_found);

/* Put 'key' where it belongs, if it is not there, and take it away, if it
 * is. */
void keys_insert(struct object_keys *, const uint8_t *key, struct arena *);
void keys_remove(struct object_keys *, const uint8_t *key);

bool keys_equal(const struct object_keys *, const struct object_keys *);

/* A copy in 'arena'. */
struct object_keys *keys_copy(const struct object_keys *, struct arena *);

/* Those that are in both. */
struct object_keys *keys_common(const struct object_keys *,
                                const struct object_keys *, struct arena *);

#endif /* src/plan/keys.h */
