/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_BRIDGE_H
#define CORDON_DATAPLANE_LINUX_BRIDGE_H 1

/* The bridge device: one a host, of which nothing is a member but ports. */

#include <stdint.h>

struct arena;
struct change;
struct devices;
struct nlsock;
struct objects;
struct plan;

void bridge_want(const struct plan *, struct arena *, struct objects *);
/* A device of the bridge's name that is not ours is a foreign object. */
void bridge_observe(const struct plan *, const struct devices *,
                    struct arena *, struct objects *);

/* Makes or changes the bridge, by queued requests; or removes it. */
void bridge_put(struct nlsock *, const struct change *, uint32_t tag);

#endif /* src/dataplane/linux/bridge.h */
