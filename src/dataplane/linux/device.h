/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_DEVICE_H
#define CORDON_DATAPLANE_LINUX_DEVICE_H 1

/* Network devices as the kernel has them, with what of bridging and IP this
 * dataplane cares about. */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct arena;
struct nlsock;

/* Attributes of a bridge (linux/if_link.h, IFLA_BR_*). */
struct bridge_attrs {
    bool vlan_filtering, stp, mcast_snooping, no_linklocal_learn;
    bool nf_call_iptables, nf_call_ip6tables, nf_call_arptables;
    uint16_t default_pvid, vlan_protocol, group_fwd_mask;
    uint32_t ageing; /* 1/100 s. */
    bool addr_gen;   /* Makes itself a link-local address. */
};

/* Flags of a bridge port: bits by position in brport_flags[]. */
struct brport_attrs {
    uint32_t flags;
    uint8_t multicast_router;
    uint16_t group_fwd_mask;
    bool backup; /* Has a backup port. */
};

/* Name, and attribute IFLA_BRPORT_*, of each flag. */
struct brport_flag {
    const char *name;
    int attr;
};
extern const struct brport_flag brport_flags[];
extern const size_t n_brport_flags;

/* How much IP a device has. */
struct ip_attrs {
    bool ipv6;     /* IPv6 is not disabled. */
    bool has_ipv4; /* The rest is known. */
    uint32_t forwarding, proxy_arp, route_localnet, arp_ignore;
    uint32_t drop_unicast_in_l2_multicast;
};

struct device {
    uint32_t ifindex;
    char name[IFNAMSIZ];
    uint32_t flags;
    uint32_t master;
    struct eth_addr mac;
    bool is_bridge;
    bool ours; /* A bridge with PLAN_BRIDGE_ALIAS. */
    bool is_brport;
    bool xdp;                   /* A program is attached. */
    struct bridge_attrs bridge; /* If 'is_bridge'. */
    struct brport_attrs brport; /* If 'is_brport'. */
    struct ip_attrs ip;
};

struct devices {
    struct device *v; /* By ifindex. */
    size_t n;
};

/* Reads all devices of the network namespace. 'bridge' is the name of the one
 * device that is read more closely. 0 or -errno. */
int devices_read(struct nlsock *, const char *bridge, struct arena *,
                 struct devices *ret_devices);

/* Copies into 'arena'. */
void devices_copy(const struct devices *, struct arena *, struct devices *to);

/* Equal as long as nothing has changed. */
uint32_t devices_fingerprint(const struct devices *);

/* NULL if there is none. */
const struct device *device_by_index(const struct devices *, uint32_t);
const struct device *device_by_name(const struct devices *, const char *);

/* True if 'd' is in a bridge of ours. */
bool device_in_our_bridge(const struct devices *, const struct device *d);

/* One line each. */
const char *bridge_attrs_format(const struct bridge_attrs *, struct eth_addr,
                                uint32_t flags, struct arena *);
const char *brport_attrs_format(const struct brport_attrs *, struct arena *);
const char *ip_attrs_format(const struct ip_attrs *, struct arena *);

#endif /* src/dataplane/linux/device.h */
