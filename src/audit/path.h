/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PATH_H
#define CORDON_AUDIT_PATH_H 1

/* The way of one frame through a host, from the device by which it comes in to
 * all that get it, as a snapshot's state decides: XDP, tc, the netdev hooks,
 * bridge with its VLANs, FDB and flags, the bridge hooks, and back out.
 *
 * Follows __netif_receive_skb_core(), br_handle_frame(), br_forward(),
 * br_flood() and __dev_queue_xmit() of Linux 6.1. What cannot be followed (a
 * BPF program, Open vSwitch) makes the path "not known": the frame may get
 * anywhere. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/run.h"

struct arena;
struct host;
struct host_filter;
struct host_link;
struct ruleset;
struct skb;
struct writer;

struct path_options {
    struct run_assume assume;
    size_t linear; /* Bytes of the frame in the linear area; 0: all. */
};

enum path_hop_kind {
    PATH_DEVICE, /* The device itself: down, too long, XDP. */
    PATH_NFT,    /* A base chain. */
    PATH_TC,     /* A qdisc's filters. */
    PATH_MODULE, /* The kernel module's guard. */
    PATH_HOOK,   /* Another function that netfilter calls. */
    PATH_BRIDGE, /* What the bridge itself decides. */
    PATH_VLAN,   /* A VLAN device. */
};

enum path_verdict {
    PATH_PASS,
    PATH_DROP,
    PATH_DIVERT,  /* Goes another way than where it went. */
    PATH_UNKNOWN, /* Not known. */
};

/* A place that the frame came by. */
struct path_hop {
    enum path_hop_kind kind;
    enum path_verdict verdict;
    const char *where;            /* "netdev ingress", "tc egress". */
    const struct host_link *link; /* Whose; NULL: nobody's. */
    const char *why;              /* In words; NULL: see the rule. */
    uint32_t mark;                /* skb->mark behind it. */

    /* PATH_NFT. */
    const struct ruleset_chain *chain; /* That decided. */
    const struct ruleset_rule *rule;   /* NULL: the policy. */
    const struct run_step *steps;
    size_t n_steps;
    /* PATH_TC: the filter that decided, or NULL. */
    const struct host_filter *filter;

    const struct host_link *to; /* For whom this copy is; NULL: not yet
                                 * known. */
};

/* Somebody who gets the frame. */
struct path_receiver {
    const struct host_link *link; /* It leaves by this device. NULL: */
    bool host;                    /* The host itself, on 'link'. */
    const uint8_t *data;          /* As it leaves, with its tag. */
    size_t n;
};

struct path {
    struct arena *arena;
    struct path_hop *hops;
    size_t n_hops, allocated_hops;
    struct path_receiver *receivers;
    size_t n_receivers, allocated_receivers;
    bool unknown;     /* May get elsewhere, too. */
    const char *why;  /* If so: the first reason. */
    uint32_t assumed; /* RUN_ASSUMED_*. */
};

/* Follows the frame of 'n' bytes at 'frame' that comes in by 'link'. The
 * caller frees with path_free(). */
struct path *path_follow(const struct host *, const struct ruleset *,
                         const struct host_link *link, const void *frame,
                         size_t n, const struct path_options *);
void path_free(struct path *); /* NULL is fine. */

const char *path_verdict_name(enum path_verdict);
/* The chains that the frame went through, "in goto in4 jump arp", and what
 * decided: a rule's handle, "policy", a filter, "". The caller frees. */
char *path_hop_chains(const struct path_hop *);
char *path_hop_rule(const struct path_hop *);
void path_hop_write(const struct path_hop *, struct writer *);

#endif /* src/audit/path.h */
