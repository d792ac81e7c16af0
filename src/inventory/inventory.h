/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_INVENTORY_INVENTORY_H
#define CORDON_INVENTORY_INVENTORY_H 1

/* What the host has: Xen domains and their vif backends, as xenstored tells,
 * and network devices, as rtnetlink tells. One reading, in an arena of its
 * own; plain data, so that tests make their own. */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"
#include "openvswitch/uuid.h"

struct arena;
struct xenstore;

/* A running Xen domain: /vm/UUID and /local/domain/DOMID/name. */
struct inventory_domain {
    uint32_t domid;
    struct uuid uuid;
    const char *name; /* A domain being received by migration is
                                 * NAME--incoming until it runs. */
};

/* A backend directory /local/domain/0/backend/vif/DOMID/HANDLE. Only nodes
 * below it are read: the frontend's are the guest's to write. */
struct inventory_vif {
    uint32_t domid;
    uint32_t handle;
    bool has_mac;
    struct eth_addr mac; /* The toolstack's. */
    const char *script;  /* Base name of the hotplug script, or "". */
    const char *vifname; /* Name the toolstack asks for, or "". */
};

/* A network device of the host's own network namespace. */
struct inventory_link {
    uint32_t ifindex;
    char name[IFNAMSIZ];
    char kind[16];   /* IFLA_INFO_KIND: "bridge", "tun", "". */
    char bus[16];    /* IFLA_PARENT_DEV_BUS_NAME: "xen-backend". */
    char parent[32]; /* IFLA_PARENT_DEV_NAME: "vif-1-0". */
    char alias[16];  /* IFLA_IFALIAS, "" if longer. */
    uint32_t master; /* ifindex, 0: none. */
    uint32_t lower;  /* IFLA_LINK: of a VLAN device, say. */
    uint32_t flags;  /* IFF_UP and so on. */
    uint32_t mtu;
    struct eth_addr mac;
    bool xdp;         /* An XDP program is attached. */
    bool has_address; /* Has an IPv4 or IPv6 address other than a
                                 * link-local one. */
};

struct inventory {
    struct arena *arena;
    bool xen;                         /* xenstored answered. */
    struct inventory_domain *domains; /* Sorted by domid. */
    size_t n_domains;
    struct inventory_vif *vifs; /* Sorted by (domid, handle). */
    size_t n_vifs;
    struct inventory_link *links; /* Sorted by ifindex. */
    size_t n_links;
};

/* Reads links and, unless 'xs' is NULL, xenstore as of xenstore_run(). A
 * xenstored that does not answer is not an error: 'xen' is false then.
 * Returns -errno if the links could not be read. */
int inventory_read(struct xenstore *xs, struct inventory **ret_inventory);

void inventory_free(struct inventory *); /* NULL is fine. */

/* NULL if there is none. */
const struct inventory_link *inventory_link_by_index(const struct inventory *,
                                                     uint32_t ifindex);
const struct inventory_link *inventory_link_by_name(const struct inventory *,
                                                    const char *name);
const struct inventory_domain *inventory_domain_by_id(const struct inventory *,
                                                      uint32_t domid);
const struct inventory_vif *inventory_vif_by_handle(const struct inventory *,
                                                    uint32_t domid,
                                                    uint32_t handle);

#endif /* src/inventory/inventory.h */
