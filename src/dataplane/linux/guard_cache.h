/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_CACHE_H
#define CORDON_DATAPLANE_LINUX_GUARD_CACHE_H 1

/* guard_observe() that does not read again what cannot have changed. */

struct arena;
struct devices;
struct objects;

/* 0 or -errno. Without it being open, everything is read each time. */
int guard_cache_open(void);
void guard_cache_close(void);

/* Appends what the guard's table holds, like guard_observe(). 'devices' is
 * what has just been read. */
int guard_cache_observe(const struct devices *devices, struct arena *,
                        struct objects *);

#endif /* src/dataplane/linux/guard_cache.h */
