/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_ENDS_H
#define CORDON_PLAN_ENDS_H 1

/* The ends of running connections: which ports of a plan they are, and what
 * the groups of both say now. Pure.
 *
 * Ports are known by segment and address, since a connection, once it is
 * tracked, says no more. Of an address that several prefixes hold, the longest
 * counts; where several ports have that one (a virtual router's, fe80::/64 of
 * LINK_LOCAL_ANY), the connection is allowed if it is at one of them. What a
 * guest forwards for others is judged at its other end alone. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

struct plan;
struct plan_port;
struct rule_flow;

enum ends_verdict {
    ENDS_FOREIGN, /* Nothing of ours, not to be touched. */
    ENDS_ALLOWED,
    ENDS_BLOCKED,
};

struct ends;

/* True if connections of some port are tracked. */
bool ends_wanted(const struct plan *);

/* The plan must outlive it. */
struct ends *ends_new(const struct plan *);
void ends_free(struct ends *); /* NULL is fine. */

/* What one end of a connection in 'segment' (plan_segment's id), of which
 * 'flow' was the first packet, says of it: in POLICY_EGRESS its source, in
 * POLICY_INGRESS its destination. One that is no stateful port here says
 * nothing, and is foreign. */
enum ends_verdict ends_judge(const struct ends *, uint32_t segment,
                             const struct rule_flow *flow,
                             enum policy_direction);

/* True if one of the connection's ends is 'port', or the other device of its
 * interface. */
bool ends_at(const struct ends *, uint32_t segment,
             const struct rule_flow *flow, const struct plan_port *port);

#endif /* src/plan/ends.h */
