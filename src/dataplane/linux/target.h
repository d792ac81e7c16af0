/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_TARGET_H
#define CORDON_DATAPLANE_LINUX_TARGET_H 1

/* The ports that may open, and the uplink, with what of each differs from
 * what is wanted: what the order of changes goes by. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct changes;
struct object;
struct objects;
struct plan;

struct target {
    uint32_t ifindex;
    uint32_t segment; /* 0: the uplink. */

    /* Kinds of objects that differ (plan/progress.h): all that concern it;
     * those of its own device; those that make up the fence itself. */
    uint32_t kinds, own, fence;
    bool fenced; /* One fence at least is whole. */
    bool up;     /* Was up when last read. */
    bool failed; /* A change that matters to it was refused. */
};

struct targets {
    struct target *v; /* By ifindex. */
    size_t n;
};

/* The caller frees with targets_done(). */
void targets_init(struct targets *, const struct plan *,
                  const struct objects *want, const struct changes *);
void targets_done(struct targets *);

/* NULL if there is none on 'ifindex'. */
struct target *targets_find(const struct targets *, uint32_t ifindex);

/* Marks as failed those that must not stay open when a change of 'o' was
 * refused. The uplink stays where it is if it merely lacks something that
 * would let more pass, or keeps a VLAN that no port has any more. */
void targets_fail(struct targets *, const struct object *o);

/* The same for the guard's changes of a device or, with 'ifindex' 0, of a
 * segment. Both 0: for all of them. */
void targets_fail_guard(struct targets *, uint32_t ifindex, uint32_t segment);

#endif /* src/dataplane/linux/target.h */
