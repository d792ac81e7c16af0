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

enum policy_guard {
    GUARD_AUTO,     /* The kernel module where it is loaded. */
    GUARD_MODULE,   /* Always the kernel module. */
    GUARD_NFTABLES, /* Never. */
};

/* host: what concerns this host alone. */
struct policy_host {
    const char *uplink; /* Trunk device, NULL: none. */
    const char *bridge; /* Device that cordon makes, "cordon0". */
    enum policy_dataplane dataplane;
    enum policy_guard guard;
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

/* Something that a network's guests may reach and believe besides its
 * gateways: DHCP, DNS, metadata. It answers from 'mac' and 'addresses', on
 * this host behind 'device', or somewhere behind the uplink.
 *
 * On this host it is a port like a guest's. What it may be sent are the rules
 * of a group that it alone is in; it opens nothing itself. */
struct policy_service {
    const char *name;
    const struct policy_network *network;
    struct eth_addr mac;
    struct addr *addresses; /* Need not lie in the network's subnets. */
    size_t n_addresses;
    struct policy_ports *ports; /* What guests may send there; none: all. */
    size_t n_ports;
    bool dhcp; /* Answers DHCP. */
    uint32_t max_connections;
    const char *device;                 /* A port on this host, NULL: none. */
    struct policy_interface *interface; /* That port; NULL: none. */
    struct policy_where where;
};

struct policy_network {
    const char *name;
    const struct policy_tenant *tenant;
    uint16_t vlan; /* 1 to 4094. */
    struct prefix *subnets;
    size_t n_subnets;
    struct policy_gateway *gateways;
    size_t n_gateways;
    struct policy_service *services;
    size_t n_services;
    bool shared; /* Guests of many tenants, who reach its gateways and
                  * services, not one another. */
    struct policy_where where;
};

/* Rules of a tenant's own, which its interfaces join by group.
 *
 * A direction is the guest's: ingress comes to it, egress leaves it. Rules
 * only allow. An interface's groups are a union: what one of them allows
 * passes. A direction that none of them has rules for follows the tenant's
 * 'defaults' (as Kubernetes' NetworkPolicy has it). Replies to what was
 * allowed pass, unless all the groups of the interface are stateless. */

enum policy_direction { POLICY_INGRESS, POLICY_EGRESS, POLICY_N_DIRECTIONS };

#define POLICY_PROTOCOL_ANY -1

/* A range of protocol and ports. */
struct policy_ports {
    int16_t protocol;     /* IP protocol number, or POLICY_PROTOCOL_ANY. */
    uint16_t first, last; /* Destination ports; 0 to 65535: all. Those of
                           * ICMP are 'type' and 'code' of a rule. */
};

enum policy_peer_kind {
    PEER_ANY,
    PEER_PREFIX,
    PEER_GROUP,   /* The addresses of its members, wherever they are. */
    PEER_NETWORK, /* Its subnets. */
};

struct policy_peer {
    enum policy_peer_kind kind;
    struct prefix prefix;                 /* PEER_PREFIX. */
    const struct policy_group *group;     /* PEER_GROUP, of the tenant. */
    const struct policy_network *network; /* PEER_NETWORK, of the tenant. */
};

/* Allows what is of one of the ports and from (ingress) or to (egress) one of
 * the peers. */
struct policy_rule {
    const char *description; /* "": none. */
    struct policy_ports *ports;
    size_t n_ports;               /* At least 1; all of one protocol. */
    int16_t icmp_type, icmp_code; /* Of protocols 1 and 58; -1: any. */
    struct policy_peer *peers;
    size_t n_peers; /* At least 1. */
    struct policy_where where;
};

struct policy_group {
    const char *name;
    const struct policy_tenant *tenant;
    const char *description; /* "": none. */
    bool stateless;
    bool has[POLICY_N_DIRECTIONS]; /* Has such a list, be it empty. */
    struct policy_rule *rules[POLICY_N_DIRECTIONS];
    size_t n_rules[POLICY_N_DIRECTIONS];
    struct policy_where where;
};

/* Bits a second and bytes at once; 0: no limit. */
struct policy_rate {
    uint64_t rate;
    uint32_t burst; /* Not 0 if 'rate' is not. */
};

#define POLICY_MAX_CONNECTIONS 4096 /* Default of 'max_connections'. */

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
    const struct policy_service *service; /* NULL: a guest's. Otherwise
                                           * 'guest' is made up for it and
                                           * in no list. */
    unsigned int index;                   /* From 0, in the guest. */
    const char *port; /* The port's name: "tenant/guest/index"; of a
                         * service "tenant/network:service". */
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
    uint32_t storm; /* Broadcast and multicast frames a second
                                 * from the guest. */
    const struct policy_group **groups; /* By name, without duplicates. */
    size_t n_groups;
    uint32_t max_connections; /* That conntrack holds for it, if its
                               * frames are tracked. */
    struct policy_rate rate[POLICY_N_DIRECTIONS];
    uint32_t packet_rate; /* Frames a second from the guest; 0: no
                           * limit. */
    const char *device;   /* Bound by device name instead of by Xen
                                 * domain, NULL: not. */
    struct policy_where where;
};

struct policy_guest {
    const char *name; /* The Xen domain's name; of a service
                       * "network:service". */
    const struct policy_tenant *tenant;
    bool has_uuid;
    struct uuid uuid; /* If 'has_uuid', the domain's UUID decides
                                 * and the name is not looked at. */
    struct policy_interface *interfaces;
    size_t n_interfaces;
    struct policy_where where;
};

/* Room behind a tenant's guests for such as come and go while the policy is in
 * force (agent/canary.h). */
#define POLICY_SPARE_GUESTS 2

struct policy_tenant {
    const char *name;
    bool has_defaults; /* Interfaces without groups follow 'allow' too;
                        * otherwise all of their segment's passes. */
    bool allow[POLICY_N_DIRECTIONS]; /* What no group has rules for: egress
                                      * is allowed, ingress is not, unless
                                      * 'defaults' says otherwise. */
    bool community; /* Its guests of a shared network reach one another. */
    bool log;       /* Its drops are logged. */
    bool serves;    /* A guest of its is a router or a DHCP server. */
    struct policy_group *groups;
    size_t n_groups;
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
