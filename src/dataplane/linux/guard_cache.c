/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The tables of nftables are by far the largest part of a reading. The kernel
 * counts every transaction of nftables, whoever makes it (NFT_MSG_GETGEN), so
 * that a reading holds as long as the count does. What goes without a
 * transaction are chains of a device that goes: then it is forgotten, and it
 * holds only as long as names and numbers of devices do.
 *
 * If the count shows one transaction more, and that was our own, all but what
 * it was about holds: then that is read, a few elements one by one, and
 * otherwise the table that they are of. If it shows anything else, everything
 * is read. Our own is not counted if all of it was there already, be it that
 * somebody else has just made it: so all is forgotten, too, when a notification
 * says that somebody else has changed something. */

#include <cordon-config.h>
#include "dataplane/linux/guard_cache.h"

#include <errno.h>
#include <string.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_single.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_memo.h"
#include "dataplane/linux/nft_table.h"
#include "hash.h"
#include "lib/arena.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "util.h"

/* Elements that are read one by one; of more, the table is cheaper. */
#define SINGLES 64

/* Bytes of no use; with more, a table is read again at the next change. */
#define LEFT_MAX (4u << 20)

/* A table of ours as it was read. */
struct kept {
    struct arena *arena;
    struct objects objects; /* Sorted. */

    /* Of these, what transactions of ours have been about since, be it that
     * the kernel refused them: a few elements, or more than that. */
    struct objects written;
    bool rewritten;
    size_t left; /* Bytes in 'arena' that are of no use any more. */
};

static struct {
    struct nft *nft;
    bool valid; /* What is kept may be of use. */
    struct kept tables[NFT_N_TABLES];
    uint32_t generation, devices, mark_mask; /* Of what is kept. */
    unsigned int transactions;               /* Our own, then. */
} self;

int
guard_cache_open(void)
{
    return nft_open(false, &self.nft);
}

static void
forget_table(struct kept *k)
{
    objects_done(&k->objects);
    objects_done(&k->written);
    arena_free(k->arena);
    *k = (struct kept){ .arena = NULL };
}

void
guard_cache_forget(void)
{
    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        forget_table(&self.tables[i]);
    }
    self.valid = false;
}

void
guard_cache_close(void)
{
    guard_cache_forget();
    nft_memo_clear();
    nft_close(self.nft);
    self.nft = NULL;
}

static uint32_t
hash_devices(const struct devices *ds)
{
    uint32_t h = 0;

    for (size_t i = 0; i < ds->n; i++) {
        h = hash_string(ds->v[i].name, hash_add(h, ds->v[i].ifindex));
    }
    return h;
}

static void
note(struct kept *k, const struct object *o)
{
    if (k->written.n == SINGLES || !guard_is_single(o)) {
        k->rewritten = true;
    } else {
        struct object *copy = objects_add(&k->written, o);

        copy->name = arena_strdup(k->arena, o->name);
        copy->text = copy->device = NULL;
    }
}

void
guard_cache_written(const struct changes *changes)
{
    for (size_t i = 0; self.valid && i < changes->n; i++) {
        const struct object *o = change_object(&changes->v[i]);
        const struct nft_table *t = nft_table_of(o);

        for (size_t j = 0; j < NFT_N_TABLES; j++) {
            if (t == nft_tables[j]) {
                note(&self.tables[j], o);
            }
        }
    }
}

/* The object that the set is that 'o' is an element of, if that is kept as
 * one. */
static struct object *
find_packed(const struct kept *k, const struct object *o)
{
    static const struct object_keys any;
    struct object key = { .kind = o->kind, .name = o->name, .keys = &any };

    return CONST_CAST(struct object *, objects_find(&k->objects, &key));
}

/* Puts the key of 'o' among those of 'packed', or takes it away. Others have
 * the keys from here: those that were are left to them. */
static void
replace_key(struct kept *k, struct object *packed, const struct object *o,
            bool gone)
{
    struct object_keys *keys = keys_copy(packed->keys, k->arena);

    keys->len = o->key_len;
    if (gone) {
        keys_remove(keys, o->key);
    } else {
        keys_insert(keys, o->key, k->arena);
    }
    packed->keys = keys;
    k->left += keys->n * keys->len;
    k->rewritten |= k->left > LEFT_MAX;
}

/* Puts 'o' where it belongs in what is kept, in place of one of its key; only
 * takes that away if 'gone'. */
static void
replace(struct kept *k, const struct object *o, bool gone)
{
    struct object *packed = find_packed(k, o);
    struct objects *os = &k->objects;
    size_t low = 0, high = os->n;
    bool found;

    if (packed) {
        replace_key(k, packed, o, gone);
        return;
    }
    while (low < high) {
        size_t mid = (low + high) / 2;

        if (object_cmp(&os->v[mid], o) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    found = low < os->n && !object_cmp(&os->v[low], o);
    if (found && gone) {
        os->n--;
        memmove(&os->v[low], &os->v[low + 1], (os->n - low) * sizeof *os->v);
    } else if (!found && !gone) {
        objects_add(os, o);
        memmove(&os->v[low + 1], &os->v[low],
                (os->n - 1 - low) * sizeof *os->v);
    }
    if (!gone) {
        os->v[low] = *o;
    }
}

/* Reads the elements that have been written. */
static int
read_written(struct kept *k)
{
    for (size_t i = 0; i < k->written.n; i++) {
        const struct object *o = &k->written.v[i];
        struct object now;
        int error = guard_read_single(self.nft, o, &now);

        if (error && error != -ENOENT) {
            return error;
        }
        if (!error) {
            guard_scope(self.mark_mask, &now);
        }
        replace(k, error ? o : &now, error != 0);
    }
    objects_done(&k->written);
    return 0;
}

/* Reads a table, which is of 'generation'. */
static int
read_table(size_t i, uint32_t generation)
{
    struct kept *k = &self.tables[i];
    int error;

    forget_table(k);
    k->arena = arena_new();
    error = guard_observe_table(self.nft, nft_tables[i], generation, k->arena,
                                &k->objects);
    for (size_t j = 0; j < k->objects.n; j++) {
        guard_scope(self.mark_mask, &k->objects.v[j]);
    }
    objects_sort(&k->objects);
    return error;
}

/* True if what is kept is of 'generation', or has been made so. */
static bool
keep_up(uint32_t generation)
{
    uint32_t after;

    if (generation == self.generation) {
        return true;
    }
    if (generation != self.generation + 1
        || nft_transactions() != self.transactions + 1) {
        return false;
    }
    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        struct kept *k = &self.tables[i];

        if (k->rewritten ? read_table(i, generation) : read_written(k)) {
            return false;
        }
    }
    if (nft_generation(self.nft, &after) || after != generation) {
        return false;
    }
    self.generation = generation;
    self.transactions = nft_transactions();
    return true;
}

static int
read_all(void)
{
    uint32_t generation;
    int error = nft_generation(self.nft, &generation);

    for (size_t i = 0; !error && i < NFT_N_TABLES; i++) {
        error = read_table(i, generation);
    }
    self.valid = !error;
    self.generation = generation;
    self.transactions = nft_transactions();
    return error;
}

int
guard_cache_observe(const struct devices *ds, uint32_t mark_mask,
                    struct arena *arena, struct objects *os)
{
    uint32_t devices = hash_devices(ds), generation;
    int error = nft_generation(self.nft, &generation);

    if (error) {
        return error;
    }
    if (!self.valid || self.devices != devices || self.mark_mask != mark_mask
        || !keep_up(generation)) {
        self.devices = devices;
        self.mark_mask = mark_mask;
        error = -EINTR;
        for (int i = 0; i < GUARD_TRIES && error == -EINTR; i++) {
            error = read_all();
        }
    }
    if (error) {
        guard_cache_forget();
        return error;
    }
    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        struct kept *k = &self.tables[i];

        objects_append(os, k->objects.v, k->objects.n);
        arena_keep(arena, k->arena);
    }
    return 0;
}
