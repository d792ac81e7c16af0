/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_PORT_ATTRS_H
#define CORDON_DATAPLANE_LINUX_PORT_ATTRS_H 1

/* What port.c and port_observe.c share: the form of the objects of a port. */

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/linux/device.h"

struct object;
struct device;
struct plan;

enum port_role {
    PORT_ROLE_GUEST,
    PORT_ROLE_ROUTER, /* A guest that takes part in a virtual
                       * router. */
    PORT_ROLE_UPLINK,
};
#define N_PORT_ROLES (PORT_ROLE_UPLINK + 1)

/* The role of the device in the bridge. */
enum port_role port_role(const struct plan *, uint32_t ifindex);
/* The flags that are wanted of it. */
struct brport_attrs port_attrs(enum port_role);

/* Whether the device is a port of a bridge, set up as a guest's. */
bool port_is_guests(const struct device *);

/* Texts of OBJECT_VLAN and OBJECT_FDB. */
#define PORT_ACCESS "pvid untagged"
#define PORT_TRUNK "tagged"
#define PORT_STICKY "static sticky"

void port_vlan_key(struct object *, uint16_t vlan);
void port_fdb_key(struct object *, uint16_t vlan, struct eth_addr);

#endif /* src/dataplane/linux/port_attrs.h */
