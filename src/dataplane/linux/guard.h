/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_H
#define CORDON_DATAPLANE_LINUX_GUARD_H 1

/* Port security in nftables: the table "netdev cordon".
 *
 * Each guarded device has a base chain at ingress and one at egress, which go
 * to chains that all devices share; ports are elements of sets. All of it is
 * objects of kinds OBJECT_NFT_*. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apply_error;
struct arena;
struct changes;
struct drop_count;
struct object;
struct objects;
struct plan;

/* Opens the sockets. */
int guard_open(void);
void guard_close(void);

/* Appends what the table should hold for 'plan': filters of ports that may
 * open, chains that drop all for those that may not and for strays, the
 * uplink, the bridge device. Unsorted. Pure. */
void guard_want(const struct plan *plan, struct arena *, struct objects *);

/* Appends what the table holds. Unsorted. Returns 0, or -errno: nothing may
 * be concluded. */
int guard_observe(struct arena *, struct objects *);

/* Fills 'segment' of an element that was read, from its key. */
void guard_scope(uint32_t mark_mask, struct object *);

/* Puts a device down and out of the bridge. */
struct guard_closer {
    void (*close)(uint32_t ifindex, void *aux);
    void *aux;
};

/* Makes those of the changes that are of kinds OBJECT_NFT_*, in one
 * transaction. Where the kernel refuses what concerns one device, 'closer'
 * closes it, all of it is left out, and the rest is tried again; the same
 * without closing for what concerns one segment. If it refuses anything else,
 * nothing is done. Appends to '*errors' (malloc()ed) what was refused, with
 * messages in 'arena'. Returns the messages written, or -errno. */
int guard_apply(const struct changes *, const struct guard_closer *,
                struct arena *, struct apply_error **errors, size_t *n_errors);

/* Reads the counters, malloc()ed. */
int guard_drops(struct drop_count **ret_drops, size_t *ret_n);

/* True if something of ours was changed by others since the last call, or
 * notifications were lost. guard_monitor_fd() is readable when it is worth
 * calling. */
bool guard_changed(void);
int guard_monitor_fd(void);

/* What of the rules nftables cannot express, one line each, NULL-ended. */
extern const char *const guard_limits[];

#endif /* src/dataplane/linux/guard.h */
