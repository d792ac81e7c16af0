/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_GUARD_RECORD_H
#define CORDON_DATAPLANE_GUARD_RECORD_H 1

/* What the kernel module is told of the host, a segment or a port, and tells
 * of them (include/uapi/cordon.h): made from a plan, or read from a message.
 * Two records are the same if their texts are. Arrays are in an arena. */

#include <stddef.h>
#include <stdint.h>

#include "uapi/cordon.h"
#include "lib/addr.h"

struct arena;
struct plan;
struct plan_port;
struct plan_segment;

struct module_host {
    uint32_t mark_mask;
    struct eth_addr bridge_mac;
    struct cordon_prefix *underlay;
    size_t n_underlay;
};

struct module_segment {
    uint32_t id;
    uint16_t vlan;
    struct cordon_prefix *broadcasts, *declared;
    struct cordon_pair *believed;
    struct eth_addr *gateways, *trusted;
    struct cordon_member *members;
    size_t n_broadcasts, n_declared, n_believed, n_gateways;
    size_t n_trusted, n_members;
};

struct module_port {
    uint32_t ifindex;
    uint8_t state;   /* enum cordon_port_state. */
    uint8_t kind;    /* enum cordon_port_kind; what follows: guests only. */
    const char *why; /* If CORDON_PORT_BLOCKED. */
    uint32_t segment;
    struct eth_addr *macs, *roaming;
    struct cordon_pair *pairs;
    uint8_t *vrrp;
    size_t n_macs, n_roaming, n_pairs, n_vrrp;
    uint32_t flags, storm, community;
    uint32_t mtu;    /* 0: the device's. */
    uint32_t frames; /* A second; 0: no limit. */
    uint64_t bytes;  /* The same, and at once. */
    uint32_t burst;
};

/* What 'plan' asks for. */
void module_host_of(const struct plan *, struct arena *,
                    struct module_host *ret);
void module_segment_of(const struct plan *, const struct plan_segment *,
                       struct arena *, struct module_segment *ret);
void module_port_of(const struct plan *, const struct plan_port *,
                    struct arena *, struct module_port *ret);

/* Before the limits in the text of a port. */
#define RECORD_POLICE " police "

/* "mask 0xffff0000 bridge 02:63:6f:72:64:6e underlay 192.0.2.0/24": one line,
 * in 'arena'. */
const char *module_host_text(const struct module_host *, struct arena *);
const char *module_segment_text(const struct module_segment *, struct arena *);
const char *module_port_text(const struct module_port *, struct arena *);

#endif /* src/dataplane/guard/record.h */
