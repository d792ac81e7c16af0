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
struct plan;

struct target {
    uint32_t ifindex;
    uint32_t segment; /* 0: the uplink. */

    /* Kinds of objects that differ (plan/progress.h): all that concern it;
     * those of its own device; those that make up the fence itself. */
    uint32_t kinds, own, fence;
    bool up;     /* Was up when last read. */
    bool failed; /* A change that matters to it was refused. */
};

struct targets {
    struct target *v; /* By ifindex. */
    size_t n;
};

/* The caller frees with targets_done(). */
void targets_init(struct targets *, const struct plan *,
                  const struct changes *);
void targets_done(struct targets *);

/* NULL if there is none on 'ifindex'. */
struct target *targets_find(const struct targets *, uint32_t ifindex);

/* True if guard and lock of 't' are both not what they should be, so that
 * neither keeps it closed while the other is repaired. What may differ are
 * elements and passes: they are what a policy changes. */
bool target_is_unfenced(const struct target *t);

/* Marks as failed those that must not stay open when a change of 'o' was
 * refused. The uplink stays where it is if it merely lacks something that
 * would let more pass, or keeps a VLAN that no port has any more. */
void targets_fail(struct targets *, const struct object *o);

/* The same for the guard. 'ifindex' 0: of all its changes. */
void targets_fail_guard(struct targets *, uint32_t ifindex);

#endif /* src/dataplane/linux/target.h */
