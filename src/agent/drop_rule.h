/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DROP_RULE_H
#define CORDON_AGENT_DROP_RULE_H 1

/* What of the policy a dropped frame was dropped for, in words. */

struct ds;
struct plan_port;
struct policy_where;

/* Appends to 'rule' what decided that 'port' drops frames for 'reason', or
 * nothing if the reason says it all. Returns where that stands in the
 * policy; NULL: nowhere. */
const struct policy_where *drop_rule(const struct plan_port *port,
                                     unsigned int reason, struct ds *rule);

#endif /* src/agent/drop_rule.h */
