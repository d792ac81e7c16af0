/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_LOCK_H
#define CORDON_DATAPLANE_LINUX_LOCK_H 1

/* The lock: only frames that carry a port's own segment mark leave through
 * it, whatever the guard or the bridge do. By tc, at the egress hook.
 *
 * Frames of a segment in which tenants' rules are asked carry a bit more once
 * they have been (group.h); then the lock asks for that, too.
 *
 * Filters are in shared blocks, so that their number does not grow with the
 * ports': one block for the egress of all ports of a segment, one for the
 * egress of the uplink, one for the ingress of all of them, which stays empty
 * (the kernel refuses to add a filter to a device whose block is shared), and
 * one that drops all that reaches the bridge device itself. A port that is
 * policed (rate.h) has an ingress block of its own.
 *
 * Block numbers follow from what a block is for, so that nothing has to be
 * remembered: the top bit says that a block is ours. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct change;
struct devices;
struct drop_count;
struct nlsock;
struct object;
struct objects;
struct plan;

#define LOCK_BLOCK_INGRESS 0xc0000001u  /* Of ports and uplink; empty. */
#define LOCK_BLOCK_HOST 0xc0000002u     /* Ingress of the bridge device. */
#define LOCK_BLOCK_UPLINK 0xc0000003u   /* Egress of the uplink. */
#define LOCK_BLOCK_SEGMENTS 0xc1000000u /* Or'ed with the segment's id. */

/* What the kernel has of it and of rates: qdiscs of all devices, filters of
 * our blocks. */
struct lock_reading {
    struct tc_qdisc *qdiscs;
    size_t n_qdiscs, allocated_qdiscs;
    struct tc_queue *queues; /* Of rates. */
    size_t n_queues, allocated_queues;
    struct tc_filter *filters;
    size_t n_filters, allocated_filters;
};

/* Reads it. 'bridge' is the ifindex of our bridge, 0 if there is none. 0 or
 * -errno; the caller frees with lock_reading_done() in either case. */
int lock_read(struct nlsock *, uint32_t bridge, struct lock_reading *);
void lock_reading_done(struct lock_reading *);
/* True if nobody but us would make such a qdisc, such a block of a
 * segment's. */
bool lock_is_ours(const struct tc_qdisc *);
bool lock_is_segment_block(uint32_t block);

/* Equal as long as nothing but counters has changed. */
uint32_t lock_fingerprint(const struct lock_reading *);

/* 'have': what there is, sorted; NULL: no port is policed by tc. If 'judged',
 * frames of segments in which tenants' rules are asked need the bit that says
 * so, too. */
void lock_want(const struct plan *, const struct objects *have, bool judged,
               struct arena *, struct objects *);

/* True if 'have' holds a filter that asks for this bit. */
bool lock_asks(const struct objects *have);

/* True if the filter 'o' passes frames by their mark. */
bool lock_filter_passes(const struct object *o);
void lock_observe(const struct lock_reading *, const struct plan *,
                  const struct devices *, struct arena *, struct objects *);

/* Queues what 'change' takes, a change of a qdisc or filter. */
void lock_put(struct nlsock *, const struct change *, uint32_t bridge,
              uint32_t tag);

/* True if the filter 'o' is what drops all that did not pass. */
bool lock_filter_drops(const struct object *o);

/* Appends to the array. 0 or -errno. */
int lock_drops(struct nlsock *, uint32_t bridge, uint32_t uplink,
               struct drop_count **drops, size_t *n);

#endif /* src/dataplane/linux/lock.h */
