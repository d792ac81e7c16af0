/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_POLICY_H
#define CORDON_POLICY_POLICY_H 1

/* What the operator wants, as the policy file says it (cordon-policy(5)).
 *
 * A policy is built whole by policy_load() (policy/parse.h), lives in one
 * arena, is never changed afterwards and is freed whole. Everything in it has
 * been validated: names resolve, addresses lie in their subnets, nothing that
 * must be unique is there twice. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "openvswitch/uuid.h"

struct arena;

/* Where in the policy something stands: for errors found after parsing. */
struct policy_where {
    const char *file;
    unsigned int line, column; /* From 1. */
};

enum policy_dataplane {
    DATAPLANE_LINUX, /* VLAN-aware bridge and nftables. */
};

/* host: what concerns this host alone. */
struct policy_host {
    const char *uplink; /* Trunk device, NULL: none. */
    const char *bridge; /* Device that cordon makes, "cordon0". */
    enum policy_dataplane dataplane;
    struct prefix *underlay; /* Tunnel endpoints that no guest reaches. */
    size_t n_underlay;
    uint32_t mark_mask; /* Bits of skb->mark that hold the segment:
                                 * contiguous, at least 12. */
    struct policy_where where;
    struct policy_where uplink_where;
};

#define POLICY_MARK_MASK 0xffff0000u /* Default of 'mark_mask'. */

/* A router that a network's guests may believe. */
struct policy_gateway {
    struct eth_addr mac;
    struct addr *addresses;
    size_t n_addresses;
};

struct policy_network {
    const char *name;
    const struct policy_tenant *tenant;
    uint16_t vlan; /* 1 to 4094. */
    struct prefix *subnets;
    size_t n_subnets;
    struct policy_gateway *gateways;
    size_t n_gateways;
    struct policy_where where;
};

enum policy_link_local {
    LINK_LOCAL_EUI64,   /* Only what the MAC makes. */
    LINK_LOCAL_ANY,     /* All of fe80::/64. */
    LINK_LOCAL_ADDRESS, /* The one given. */
};

/* More that an interface may send from and receive: a MAC (its own if none
 * is given) with hosts or prefixes. */
struct policy_pair {
    struct eth_addr mac;
    struct prefix *addresses;
    size_t n_addresses;
};

/* A virtual router (RFC 5798) that the interface takes part in: it may use
 * the virtual MAC 00:00:5e:00:01:ID (IPv4), 00:00:5e:00:02:ID (IPv6) with
 * these addresses and send advertisements. */
struct policy_vrrp {
    uint8_t id; /* 1 to 255. */
    struct addr *addresses;
    size_t n_addresses;
};

#define POLICY_STORM 1000 /* Default of 'storm'. */

struct policy_interface {
    const struct policy_guest *guest;
    unsigned int index; /* From 0, in the guest. */
    const char *port;   /* "tenant/guest/index": the port's name. */
    struct eth_addr mac;
    struct prefix *addresses;
    size_t n_addresses;
    const struct policy_network *network;
    enum policy_link_local link_local;
    struct addr link_local_address; /* If LINK_LOCAL_ADDRESS. */
    struct policy_pair *extra;
    size_t n_extra;
    bool router;
    bool dhcp_server;
    struct policy_vrrp *vrrp;
    size_t n_vrrp;
    uint32_t storm;     /* Broadcast and multicast frames a second
                                 * from the guest. */
    const char *device; /* Bound by device name instead of by Xen
                                 * domain, NULL: not. */
    struct policy_where where;
};

struct policy_guest {
    const char *name; /* The Xen domain's name. */
    const struct policy_tenant *tenant;
    bool has_uuid;
    struct uuid uuid; /* If 'has_uuid', the domain's UUID decides
                                 * and the name is not looked at. */
    struct policy_interface *interfaces;
    size_t n_interfaces;
    struct policy_where where;
};

struct policy_tenant {
    const char *name;
    struct policy_network *networks;
    size_t n_networks;
    struct policy_guest *guests;
    size_t n_guests;
};

struct policy {
    struct arena *arena;
    struct policy_host host;
    struct policy_tenant *tenants;
    size_t n_tenants;
    size_t n_interfaces; /* Of all guests. */
};

void policy_free(struct policy *); /* NULL is fine. */

#endif /* src/policy/policy.h */
