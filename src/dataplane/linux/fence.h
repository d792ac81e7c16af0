/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_FENCE_H
#define CORDON_DATAPLANE_LINUX_FENCE_H 1

/* Which guard holds the ports: the kernel module where it is loaded (and the
 * policy's host.guard does not say otherwise), nftables and tc where it is
 * not. One takes over from the other while both are in place: what went
 * before is wanted until all of what comes has been read back. A lock that is
 * there stays, beside the module too. */

struct arena;
struct objects;
struct plan;

/* Appends what guards and lock should hold for 'plan', given what they hold.
 * Unsorted. Pure. */
void fence_want(const struct plan *, const struct objects *have,
                struct arena *, struct objects *);

/* "nftables", "module", or "nftables and module" while one takes over. */
const char *fence_name(const struct objects *want);

/* What of the rules these guards cannot express, NULL-ended. */
const char *const *fence_limits(const struct objects *want);

#endif /* src/dataplane/linux/fence.h */
