/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_PORT_H
#define CORDON_DATAPLANE_LINUX_PORT_H 1

/* Ports and the uplink in the bridge: membership, flags, VLANs, FDB, up. */

#include <stdint.h>

struct arena;
struct change;
struct devices;
struct nlsock;
struct objects;
struct plan;

void port_want(const struct plan *, struct arena *, struct objects *);
int port_observe(struct nlsock *, const struct plan *, const struct devices *,
                 struct arena *, struct objects *);

/* Queues what 'change' takes. 'bridge' is the ifindex of our bridge. */
void port_put(struct nlsock *, const struct plan *, const struct change *,
              uint32_t bridge, uint32_t tag);

#endif /* src/dataplane/linux/port.h */
