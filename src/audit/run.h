/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_RUN_H
#define CORDON_AUDIT_RUN_H 1

/* Interprets nftables for one frame, as nft_do_chain() of Linux 6.1 does.
 *
 * Exact, with what may surprise: a load that does not fit ends the rule (it
 * does not match); loads of 1, 2 or 4 aligned bytes from the transport header
 * work in a later fragment, too, as far as the linear area goes, since the
 * kernel's short cut for them does not ask; those of a later fragment of IPv6
 * then start at skb->data.
 *
 * What does not depend on the frame alone (limits, connections) is assumed,
 * and the result says so. What is not understood makes it RUN_UNKNOWN. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/skb.h"

struct host_link;
struct ruleset_chain;
struct ruleset_rule;
struct ruleset_set;

/* What is assumed. Bits of struct run_result's 'assumed', too. */
#define RUN_ASSUMED_LIMIT (1u << 0)    /* Within its limit, or not. */
#define RUN_ASSUMED_CT (1u << 1)       /* The state of a connection. */
#define RUN_ASSUMED_ROOM (1u << 2)     /* A set that rules fill has room. */
#define RUN_ASSUMED_FRAGMENT (1u << 3) /* No fragment before that overlaps. */

struct run_assume {
    bool beyond_limits; /* Limits and quotas are used up. */
    uint32_t ct_state;  /* Bits as of NFT_CT_STATE, of frames that are tracked;
                         * 0: new. */
};

/* What a rule has put into a set for this very frame. */
struct run_added {
    const struct ruleset_set *set;
    uint8_t key[64];
};

/* Where chains are called. */
struct run_hook {
    uint8_t family;             /* state->pf: NFPROTO_NETDEV, _BRIDGE. */
    uint32_t hook;              /* NF_NETDEV_*, NF_BR_*. */
    const struct host_link *in; /* NULL: none. */
    const struct host_link *out;
    const struct host_link *in_bridge; /* Their masters, if bridges. */
    const struct host_link *out_bridge;
    const struct run_assume *assume; /* NULL: all 0. */
};

enum run_end {
    RUN_ACCEPT,
    RUN_DROP,
    RUN_SENT,    /* To 'device', by "fwd". */
    RUN_UNKNOWN, /* Anything may have happened: 'why'. */
};

enum run_step_kind {
    RUN_STEP_ENTER,   /* A base chain. */
    RUN_STEP_JUMP,    /* To 'to'. */
    RUN_STEP_GOTO,    /* To 'to'. */
    RUN_STEP_RETURN,  /* By a rule. */
    RUN_STEP_SET,     /* Set the mark to 'mark'. */
    RUN_STEP_DUP,     /* Sent a copy to the device 'mark'. */
    RUN_STEP_VERDICT, /* The rule ended it. */
    RUN_STEP_POLICY,  /* The base chain's policy did. */
};

struct run_step {
    enum run_step_kind kind;
    const struct ruleset_chain *chain;
    const struct ruleset_rule *rule; /* NULL for ENTER and POLICY. */
    const struct ruleset_chain *to;
    uint32_t mark;
};

struct run_result {
    enum run_end end;
    const char *why;  /* RUN_UNKNOWN, in words. Else NULL. */
    const char *expr; /* RUN_UNKNOWN: the expression, or NULL. */
    bool answers;     /* RUN_DROP by "reject". */
    uint32_t device;  /* RUN_SENT: ifindex. */
    uint32_t assumed; /* RUN_ASSUMED_*. */
    const struct ruleset_chain *chain; /* That decided. */
    const struct ruleset_rule *rule;   /* NULL: the policy. */
    struct run_step *steps;
    size_t n_steps, allocated_steps;
    struct run_added *added;
    size_t n_added, allocated_added;
    uint32_t *copies; /* Devices to which "dup" sent the frame. */
    size_t n_copies, allocated_copies;
};

/* Runs 'skb', which may be changed, through the base chain 'chain'. Appends to
 * the steps of '*result', which the caller has zeroed, or which is of another
 * chain of the same hook; sets the rest. */
void run_chain(const struct ruleset_chain *, const struct run_hook *,
               struct skb *, struct run_result *);
void run_result_done(struct run_result *);

#endif /* src/audit/run.h */
