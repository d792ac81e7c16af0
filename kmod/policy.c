// SPDX-License-Identifier: GPL-2.0
/*
 * What each request may have, in the words of netlink.
 */

#include "policy.h"

#include "../include/uapi/cordon.h"

static const struct nla_policy prefixes[] = {
	[CORDON_A_PREFIX] = NLA_POLICY_EXACT_LEN(sizeof(struct cordon_prefix)),
};

static const struct nla_policy pairs[] = {
	[CORDON_A_PAIR] = NLA_POLICY_EXACT_LEN(sizeof(struct cordon_pair)),
};

static const struct nla_policy macs[] = {
	[CORDON_A_MAC] = NLA_POLICY_EXACT_LEN(ETH_ALEN),
};

static const struct nla_policy members[] = {
	[CORDON_A_MEMBER] = NLA_POLICY_EXACT_LEN(sizeof(struct cordon_member)),
};

#define SEGMENT_LISTS \
	[CORDON_A_SEGMENT_BROADCAST] = NLA_POLICY_NESTED(prefixes), \
	[CORDON_A_SEGMENT_BELIEVED] = NLA_POLICY_NESTED(pairs), \
	[CORDON_A_SEGMENT_GATEWAYS] = NLA_POLICY_NESTED(macs), \
	[CORDON_A_SEGMENT_DECLARED] = NLA_POLICY_NESTED(prefixes), \
	[CORDON_A_SEGMENT_TRUSTED] = NLA_POLICY_NESTED(macs), \
	[CORDON_A_SEGMENT_MEMBERS] = NLA_POLICY_NESTED(members)

#define SEGMENT_ATTRIBUTES \
	[CORDON_A_SEGMENT_ID] = NLA_POLICY_MIN(NLA_U32, 1), \
	[CORDON_A_SEGMENT_VLAN] = NLA_POLICY_RANGE(NLA_U16, 1, 4094), \
	SEGMENT_LISTS

#define PORT_LISTS \
	[CORDON_A_PORT_MACS] = NLA_POLICY_NESTED(macs), \
	[CORDON_A_PORT_ROAMING] = NLA_POLICY_NESTED(macs), \
	[CORDON_A_PORT_PAIRS] = NLA_POLICY_NESTED(pairs)

#define PORT_ATTRIBUTES \
	[CORDON_A_PORT_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1), \
	[CORDON_A_PORT_COOKIE] = { .type = NLA_U64 }, \
	[CORDON_A_PORT_KIND] = NLA_POLICY_RANGE(NLA_U8, CORDON_PORT_GUEST, \
						CORDON_PORT_HOST), \
	[CORDON_A_PORT_SEGMENT] = NLA_POLICY_MIN(NLA_U32, 1), \
	[CORDON_A_PORT_FLAGS] = NLA_POLICY_MASK(NLA_U32, CORDON_PORT_F_ALL), \
	[CORDON_A_PORT_VRRP] = NLA_POLICY_RANGE(NLA_BINARY, 1, 255), \
	[CORDON_A_PORT_MTU] = { .type = NLA_U32 }, \
	[CORDON_A_PORT_STORM] = { .type = NLA_U32 }, \
	[CORDON_A_PORT_RATE] = { .type = NLA_U32 }, \
	[CORDON_A_PORT_COMMUNITY] = NLA_POLICY_MIN(NLA_U32, 1), \
	[CORDON_A_PORT_BYTES] = { .type = NLA_U64 }, \
	[CORDON_A_PORT_BURST] = NLA_POLICY_MIN(NLA_U32, 1), \
	PORT_LISTS

const struct nla_policy cordon_host_policy[CORDON_A_MAX + 1] = {
	[CORDON_A_HOST_MARK_MASK] = NLA_POLICY_MIN(NLA_U32, 1),
	[CORDON_A_HOST_BRIDGE_MAC] = NLA_POLICY_EXACT_LEN(ETH_ALEN),
	[CORDON_A_HOST_UNDERLAY] = NLA_POLICY_NESTED(prefixes),
};

const struct nla_policy cordon_segment_policy[CORDON_A_MAX + 1] = {
	SEGMENT_ATTRIBUTES,
};

const struct nla_policy cordon_port_policy[CORDON_A_MAX + 1] = {
	PORT_ATTRIBUTES,
};

const struct nla_policy cordon_table_policy[CORDON_A_MAX + 1] = {
	[CORDON_A_TABLE] = NLA_POLICY_RANGE(NLA_U16, CORDON_CMD_SEGMENT_SET,
					    CORDON_CMD_PORT_SET),
	SEGMENT_ATTRIBUTES,
	PORT_ATTRIBUTES,
};

const struct nla_policy cordon_add_policy[CORDON_A_MAX + 1] = {
	SEGMENT_LISTS,
	PORT_LISTS,
};
