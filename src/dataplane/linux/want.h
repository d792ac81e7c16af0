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

/* For each of plan->segments: is there such a port in it? In 'arena'. */
const bool *want_segments(const struct plan *, struct arena *);

/* The index in plan->segments of the segment 'id'. */
size_t want_segment_index(const struct plan *, uint32_t id);

#endif /* src/dataplane/linux/want.h */
