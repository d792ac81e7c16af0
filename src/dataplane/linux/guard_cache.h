/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_CACHE_H
#define CORDON_DATAPLANE_LINUX_GUARD_CACHE_H 1

/* guard_observe() that does not read again what cannot have changed. */

#include <stdint.h>

struct arena;
struct changes;
struct devices;
struct objects;

/* 0 or -errno. */
int guard_cache_open(void);
void guard_cache_close(void);

/* Has the next guard_cache_observe() read everything. Called for every device
 * that has gone, since its chains have gone with it, and when others have
 * changed something. */
void guard_cache_forget(void);

/* Notes what a transaction has been about that has been sent, whatever became
 * of it. Called after each. */
void guard_cache_written(const struct changes *);

/* Appends what our tables hold, like guard_observe(), sorted, with 'segment'
 * as of 'mark_mask'. 'devices' is what has just been read. */
int guard_cache_observe(const struct devices *devices, uint32_t mark_mask,
                        struct arena *, struct objects *);

#endif /* src/dataplane/linux/guard_cache.h */
