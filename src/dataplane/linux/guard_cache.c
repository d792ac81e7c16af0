/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The guard's table is by far the largest part of a reading. The kernel counts
 * every transaction of nftables, whoever makes it (NFT_MSG_GETGEN), so that a
 * reading holds as long as the count does; what goes without a transaction are
 * chains of a device that goes, so it holds only as long as the devices do.
 * Anything else is read again. */

#include <cordon-config.h>
#include "dataplane/linux/guard_cache.h"

#include <string.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/nft.h"
#include "hash.h"
#include "lib/arena.h"
#include "plan/object.h"
#include "util.h"

static struct {
    struct nft *nft;
    struct arena *arena; /* NULL: nothing is kept. */
    struct objects objects;
    uint32_t generation, devices; /* Of what is kept. */
} self;

int
guard_cache_open(void)
{
    return nft_open(false, &self.nft);
}

static void
forget(void)
{
    objects_done(&self.objects);
    arena_free(self.arena);
    self.arena = NULL;
}

void
guard_cache_close(void)
{
    forget();
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

static const char *
copy_string(struct arena *arena, const char *s)
{
    return s ? arena_strdup(arena, s) : NULL;
}

static void
copy(const struct object *from, size_t n, struct arena *arena,
     struct objects *to)
{
    for (size_t i = 0; i < n; i++) {
        struct object *o = objects_add(to, &from[i]);

        o->name = copy_string(arena, o->name);
        o->text = copy_string(arena, o->text);
        o->device = copy_string(arena, o->device);
    }
}

int
guard_cache_observe(const struct devices *ds, struct arena *arena,
                    struct objects *os)
{
    uint32_t devices = hash_devices(ds), before = 0, after;
    bool counted = self.nft && !nft_generation(self.nft, &before);
    size_t first = os->n;
    int error;

    if (counted && self.arena && self.generation == before
        && self.devices == devices) {
        copy(self.objects.v, self.objects.n, arena, os);
        return 0;
    }
    forget();
    error = guard_observe(arena, os);
    if (!error && counted && !nft_generation(self.nft, &after)
        && after == before) {
        self.arena = arena_new();
        copy(&os->v[first], os->n - first, self.arena, &self.objects);
        self.generation = before;
        self.devices = devices;
    }
    return error;
}
