/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_RULE_H
#define CORDON_PLAN_RULE_H 1

/* What an interface's groups and its tenant's defaults say of a flow. This is
 * the meaning that rules have, whatever a dataplane makes of them. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "policy/policy.h"

struct arena;

/* The first packet of a flow. Ports are in host order, 0 unless the protocol
 * is TCP, UDP or SCTP; type and code are 0 unless it is ICMP or ICMPv6. */
struct rule_flow {
    uint8_t protocol;
    struct addr src, dst; /* Of one family. */
    uint16_t sport, dport;
    uint8_t type, code;
};

/* True if groups or the tenant's defaults decide about the interface;
 * otherwise all of its segment passes. */
bool rule_filtered(const struct policy_interface *);

/* True if it is filtered and frames of a flow that was allowed pass both
 * ways, without being looked at again. */
bool rule_stateful(const struct policy_interface *);

/* True if rules decide about a direction, be there none; false if all
 * passes. */
bool rule_restricted(const struct policy_interface *, enum policy_direction);

/* True if the flow, of which the interface is an end, is none of the groups'
 * concern, because segments do not work without it and port security judges
 * it: neighbour and router discovery, MLD, IGMP, DHCP between client and
 * server ports, what a client sends to all or to whom it may believe. (ARP is
 * no flow.) */
bool rule_essential(const struct policy_interface *, const struct rule_flow *);

/* Calls 'cb' with the addresses of whom the interface may believe in DHCP,
 * until it returns true; returns whether it did. */
typedef bool rule_server_cb(const struct addr *, void *aux);
bool rule_each_dhcp_server(const struct policy_interface *, rule_server_cb *,
                           void *aux);

/* True if the flow may be opened, as far as this interface decides: in
 * POLICY_EGRESS the interface is its source, in POLICY_INGRESS its
 * destination. '*ret_rule' is the first rule that allows it; NULL if none
 * does, or none is needed. 'ret_rule' may be NULL. */
bool rule_allows(const struct policy_interface *, enum policy_direction,
                 const struct rule_flow *,
                 const struct policy_rule **ret_rule);

/* The same for many flows: what is a member's address is asked of 'is_member',
 * which knows better than to walk through all guests of the tenant. */
typedef bool rule_member_cb(const struct policy_group *, const struct addr *,
                            const void *aux);
bool rule_allows_by(const struct policy_interface *, enum policy_direction,
                    const struct rule_flow *, rule_member_cb *is_member,
                    const void *aux, const struct policy_rule **ret_rule);

/* True if one of the groups of the interface is 'group'. */
bool rule_is_member(const struct policy_interface *,
                    const struct policy_group *group);

/* The addresses that are the members' of 'group', on whatever host they are:
 * 'addresses', those of 'extra' and of virtual routers. Link-local addresses
 * are not, since they say nothing outside their own segment. In 'arena',
 * sorted, without duplicates; a prefix may lie in another. Returns how
 * many. */
size_t rule_members(const struct policy_group *group, struct arena *,
                    struct prefix **ret_prefixes);

#endif /* src/plan/rule.h */
