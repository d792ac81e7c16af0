/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What rtnetlink tells, kept as long as it holds. A part is marked as read
 * before it is read, so that what is heard of meanwhile counts. Called by
 * dataplane.c alone. */

#include <cordon-config.h>
#include "dataplane/linux/reading.h"

#include <string.h>

#include "dataplane/linux/monitor.h"
#include "dataplane/linux/sysctl.h"
#include "hash.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "util.h"

void
reading_init(struct reading *r)
{
    memset(r, 0, sizeof *r);
    r->stale = HEARD_ALL;
}

void
reading_done(struct reading *r)
{
    arena_free(r->arena);
    lock_reading_done(&r->lock);
    port_reading_done(&r->ports);
    memset(r, 0, sizeof *r);
}

void
reading_mark(struct reading *r, uint32_t kinds)
{
    /* VLANs come as links, and a qdisc goes without a word with its device. */
    r->stale |= kinds & (HEARD_LINK | HEARD_GONE) ? HEARD_ALL : kinds;
}

static uint32_t
our_bridge(const struct devices *ds, const char *name)
{
    const struct device *d = device_by_name(ds, name);

    return d && d->ours ? d->ifindex : 0;
}

static uint32_t
fingerprint(const struct devices *ds, const struct lock_reading *lock)
{
    return hash_2words(
        hash_2words(devices_fingerprint(ds), lock_fingerprint(lock)),
        sysctl_fingerprint());
}

static int
update_devices(struct reading *r, struct nlsock *sock)
{
    struct arena *arena = arena_new();
    struct devices ds;
    int error = devices_read(sock, r->bridge, arena, &ds);

    if (error) {
        arena_free(arena);
        return error;
    }
    arena_free(r->arena);
    r->arena = arena;
    r->devices = ds;
    r->bridge_index = our_bridge(&ds, r->bridge);
    return 0;
}

static int
update(struct reading *r, struct nlsock *sock, uint32_t stale)
{
    int error = 0;

    if (stale & HEARD_LINK) {
        error = update_devices(r, sock);
    }
    if (!error && stale & HEARD_TC) {
        lock_reading_done(&r->lock);
        error = lock_read(sock, r->bridge_index, &r->lock);
    }
    if (!error && stale & HEARD_NEIGH) {
        port_reading_done(&r->ports);
        error = port_read(sock, r->bridge_index, &r->ports);
    }
    return error;
}

int
reading_update(struct reading *r, struct nlsock *sock, const char *bridge)
{
    uint32_t stale;
    int error;

    if (strcmp(r->bridge, bridge)) {
        ovs_strzcpy(r->bridge, bridge, sizeof r->bridge);
        r->stale = HEARD_ALL;
    }
    stale = r->stale;
    r->stale = 0;
    error = update(r, sock, stale);
    if (error) {
        r->stale = HEARD_ALL;
    } else if (stale & (HEARD_LINK | HEARD_TC)) {
        r->polled = fingerprint(&r->devices, &r->lock);
    }
    return error;
}

bool
reading_poll(struct reading *r, struct nlsock *sock)
{
    struct arena *arena = arena_new();
    struct lock_reading lock;
    bool changed = true;
    struct devices ds;

    if (!devices_read(sock, r->bridge, arena, &ds)) {
        if (!lock_read(sock, our_bridge(&ds, r->bridge), &lock)) {
            changed = r->polled != fingerprint(&ds, &lock);
        }
        lock_reading_done(&lock);
    }
    arena_free(arena);
    if (changed) {
        r->stale = HEARD_ALL;
    }
    return changed;
}
