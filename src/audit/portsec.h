/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PORTSEC_H
#define CORDON_AUDIT_PORTSEC_H 1

/* Port security for those who watch: what a guest may send and receive,
 * judged a frame at a time, in userland, by what the policy says alone
 * (cordon(8), PORT SECURITY). It is a reading of its own of the same rules that
 * the guards enforce, so that a mistake in one is seen by the other.
 *
 * Limits a second are not judged. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/reason.h"
#include "openvswitch/hmap.h"

#define PORTSEC_PASS 0

struct portsec_pair {
    struct eth_addr mac;
    struct prefix prefix;
};

struct portsec_host {
    struct eth_addr bridge_mac; /* Zero: not known. */
    struct prefix *underlay;
    size_t n_underlay;
};

/* A network. */
struct portsec_segment {
    uint16_t vlan;
    struct addr *broadcasts; /* Of its IPv4 subnets. */
    size_t n_broadcasts;
    struct portsec_pair *believed; /* Gateways and services. */
    size_t n_believed;
    struct eth_addr *gateways;
    size_t n_gateways;
    struct prefix *declared; /* Somebody's there; sorted. */
    size_t n_declared;
};

/* An interface. */
struct portsec_port {
    const char *name; /* "tenant/guest/index". */
    const struct portsec_host *host;
    const struct portsec_segment *segment;
    struct eth_addr mac;   /* One of 'macs'. */
    struct eth_addr *macs; /* All that it may send from. */
    size_t n_macs;
    struct portsec_pair *pairs;
    size_t n_pairs;
    uint8_t *vrrp; /* Virtual routers' numbers. */
    size_t n_vrrp;
    bool router, dhcp_server;
    uint32_t mtu;           /* 0: frames may be larger than the device's, as
                             * those are that the kernel is yet to cut. */
    bool isolated;          /* In a shared network, and hears 'heard' alone. */
    struct eth_addr *heard; /* Sorted. */
    size_t n_heard;
};

/* What was seen of a port's fragments: two that overlap are one too many. */
struct portsec_memory {
    struct hmap datagrams;
};
void portsec_memory_init(struct portsec_memory *);
void portsec_memory_done(struct portsec_memory *);
/* Forgets what is older than any receiver would wait for, or everything if it
 * has become much. 'now' is in seconds. */
void portsec_memory_age(struct portsec_memory *, double now);

/* Each returns an 'enum reason', or PORTSEC_PASS. Frames begin with the
 * Ethernet header; a VLAN tag that the kernel keeps apart is in it. */

/* What the guest behind 'port' sends. 'memory' may be NULL. */
unsigned int portsec_from_guest(const struct portsec_port *port,
                                struct portsec_memory *memory, double now,
                                const void *frame, size_t n);

/* What it is to receive. */
unsigned int portsec_to_guest(const struct portsec_port *port,
                              const void *frame, size_t n);

/* What the trunk brings for 'segment', without its tag. */
unsigned int portsec_from_uplink(const struct portsec_segment *,
                                 const struct portsec_host *,
                                 const void *frame, size_t n);

#endif /* src/audit/portsec.h */
