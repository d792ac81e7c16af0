/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_GUARD_MODULE_H
#define CORDON_DATAPLANE_GUARD_MODULE_H 1

/* The guard in the kernel module, where it is loaded: port security and lock
 * in one (include/uapi/cordon.h). All of it is objects of kinds
 * OBJECT_MODULE_*; if none of kind OBJECT_MODULE_HOST has been read, the
 * module is not loaded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apply_error;
struct arena;
struct change;
struct drop_count;
struct nlsock;
struct objects;
struct plan;

/* Opens the sockets. The module need not be loaded. */
int module_open(void);
void module_close(void);

/* Appends what the module should hold for 'plan'. Unsorted. Pure. */
void module_want(const struct plan *, struct arena *, struct objects *);

/* Appends what it holds, nothing if it is not loaded. Guests' devices
 * that 'plan' does not know and that are closed are left out: they are where
 * they should be.
 * Unsorted. 0, -EAGAIN if the reading was torn, or another -errno. */
int module_observe(const struct plan *, struct arena *, struct objects *);

/* Requests go through this socket; nlsock_set_failed() it, flush it. */
struct nlsock *module_sock(void);

/* Queues what makes change 'c' so. A port that is not wanted any more is
 * released if nftables have it, or if it is no guest's, and else quarantined.
 * 0, or -errno: no request has been queued, '*ret_message' says why. */
int module_put(const struct plan *, const struct change *c, struct arena *,
               uint32_t tag, const char **ret_message);

/* Appends its counters to '*drops' (malloc()ed). */
int module_drops(struct drop_count **drops, size_t *n);

/* True if the module was loaded or unloaded since the last call. */
bool module_changed(void);
int module_fd(void);

/* What of the rules the module cannot see, one line each, NULL-ended. */
extern const char *const module_limits[];

#endif /* src/dataplane/guard/module.h */
