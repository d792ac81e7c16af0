/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_PORT_H
#define CORDON_DATAPLANE_LINUX_PORT_H 1

/* Ports and the uplink in the bridge: membership, flags, VLANs, FDB, up. */

#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct arena;
struct change;
struct devices;
struct nlsock;
struct objects;
struct plan;

void port_want(const struct plan *, struct arena *, struct objects *);

/* VLANs 'first' to 'last' of a device. */
struct port_vlans {
    uint32_t ifindex;
    uint16_t first, last;
    uint16_t flags; /* BRIDGE_VLAN_INFO_*. */
};

struct port_fdb {
    uint32_t ifindex;
    uint16_t vlan;
    uint16_t state; /* NUD_*. */
    uint8_t flags;  /* NTF_*. */
    struct eth_addr mac;
};

/* VLANs of all devices, FDB of our bridge. */
struct port_reading {
    uint32_t bridge; /* ifindex; 0: there is none, nothing was read. */
    struct port_vlans *vlans;
    size_t n_vlans, allocated_vlans;
    struct port_fdb *fdb;
    size_t n_fdb, allocated_fdb;
};

/* Reads them. 0 or -errno; the caller frees with port_reading_done() in
 * either case. */
int port_read(struct nlsock *, uint32_t bridge, struct port_reading *);
void port_reading_done(struct port_reading *);

/* Appends what ports and uplink are in the bridge. */
void port_observe(const struct port_reading *, const struct plan *,
                  const struct devices *, struct arena *, struct objects *);

/* Queues what 'change' takes. 'bridge' is the ifindex of our bridge. */
void port_put(struct nlsock *, const struct plan *, const struct change *,
              uint32_t bridge, uint32_t tag);

#endif /* src/dataplane/linux/port.h */
