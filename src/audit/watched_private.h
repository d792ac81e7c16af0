/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_WATCHED_PRIVATE_H
#define CORDON_AUDIT_WATCHED_PRIVATE_H 1

/* What the files of watched share. */

#include "audit/watched.h"
#include "hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"

struct arena;
struct policy_interface;
struct policy_network;

#define VID_MASK 0xfff

/* A port, and who else there may use one of its MACs. */
struct sender {
    struct hmap_node node;
    struct eth_addr mac;
    struct member *member;
};

struct member {
    struct portsec_port port; /* First: watched_port() gives it away. */
    struct segment *segment;
    const struct policy_interface *interface;
    struct portsec_memory sent;      /* Fragments seen at its port, from */
    struct portsec_memory delivered; /* and to the guest. */
    bool here;
};

struct segment {
    struct portsec_segment s;
    const struct policy_network *network;
    struct member **members;
    size_t n_members, allocated_members;
    size_t allocated_believed, allocated_gateways, allocated_declared;
    struct eth_addr *trusted; /* Whom isolated ports hear. */
    size_t n_trusted, allocated_trusted;
};

struct watched {
    struct arena *arena;
    struct portsec_host host;
    struct hmap senders; /* By MAC. */
    struct shash members;
    struct segment *by_vlan[VID_MASK + 1];
    struct portsec_memory uplink; /* Fragments seen there. */
    double aged;                  /* When memories were last aged. */
};

/* Where a MAC is in 'senders'. */
static inline uint32_t
watched_hash(struct eth_addr mac)
{
    return hash_bytes(mac.ea, sizeof mac.ea, 0);
}

#endif /* src/audit/watched_private.h */
