/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_WANT_H
#define CORDON_DATAPLANE_LINUX_WANT_H 1

/* What the parts of this dataplane ask of a plan. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct plan;
struct plan_port;

/* True if 'port' has a device and nothing keeps it closed. */
bool want_port(const struct plan *, const struct plan_port *port);

/* The same for a lock: a closed port has one too, unless something foreign
 * stands in its place. */
bool want_lock(const struct plan_port *port);

/* True if the uplink is there and not in other use, though it may have to
 * stay out of the bridge; true if it has a lock. */
bool want_uplink(const struct plan *);
bool want_uplink_lock(const struct plan *);

/* For each of plan->segments: is there such a port in it? In 'arena'. */
const bool *want_segments(const struct plan *, struct arena *);

/* The index in plan->segments of the segment 'id'. */
size_t want_segment_index(const struct plan *, uint32_t id);

/* plan->by_ifindex[i] if it is the first port of its device, otherwise NULL.
 * (Only closed ports have a device in common.) */
const struct plan_port *want_device(const struct plan *, size_t i);

#endif /* src/dataplane/linux/want.h */
