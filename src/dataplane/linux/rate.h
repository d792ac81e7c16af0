/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_RATE_H
#define CORDON_DATAPLANE_LINUX_RATE_H 1

/* Rates: how much goes to a guest and comes from it, by tc.
 *
 * What goes to a guest waits in a queue of its device (OBJECT_SHAPE), which
 * is behind guard and lock. What comes from it is dropped if it is too much
 * (OBJECT_POLICE), ahead of the guard: by a filter in an ingress block of the
 * port's own, which passes what it does not drop on to the guard. Where the
 * kernel module guards, which has nothing go ahead of itself, it does this
 * too. Nothing is redirected to another device: that would bypass the guard. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct change;
struct devices;
struct drop_count;
struct lock_reading;
struct nlsock;
struct objects;
struct plan;
struct plan_port;

/* True if tc polices 'port', which has a lock: there are limits, and no guard
 * of the module's in 'have' (sorted; NULL: there is to be one). */
bool rate_is_policed(const struct plan_port *port, const struct objects *have);

/* 'have' as above. */
void rate_want(const struct plan *, const struct objects *have, struct arena *,
               struct objects *);
void rate_observe(const struct lock_reading *, const struct plan *,
                  const struct devices *, struct arena *, struct objects *);

/* Queues what 'change' takes, a change of one of the two kinds. */
void rate_put(struct nlsock *, const struct change *, uint32_t tag);

/* Appends to the array. */
void rate_drops(const struct lock_reading *, struct drop_count **drops,
                size_t *n);

/* Bytes a second. */
uint64_t rate_bytes(uint64_t bits);

#endif /* src/dataplane/linux/rate.h */
