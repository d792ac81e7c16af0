/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The sets and base chains of the table of tenants' rules. Names with a slash
 * are a group's; names in a policy have none. */

#include <cordon-config.h>
#include "dataplane/linux/group.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "dataplane/linux/group_rules.h"
#include "dataplane/linux/logged.h"
#include "openvswitch/shash.h"
#include "util.h"

#define PORTS 8192 /* Ports of a host, by far. */
#define PAIRS 32768

#define DEV NFT_TYPE_DEVICE
#define MARK NFT_TYPE_MARK
#define MAC NFT_TYPE_MAC
#define IP4 NFT_TYPE_IP4
#define IP6 NFT_TYPE_IP6

/* clang-format off */
const struct nft_set_def group_sets[] = {
    /* Ports that rules are not asked about, the uplink among them; of the
     * others, those whose replies pass, and not; directions in which all
     * passes. */
    { "unfiltered", { DEV }, .size = PORTS },
    { "stateful", { DEV }, .size = PORTS },
    { "stateless", { DEV }, .size = PORTS },
    { "any-egress", { DEV }, .size = PORTS },
    { "any-ingress", { DEV }, .size = PORTS },
    /* The zone of these: of whole packets that come from them, by what the
     * guard has put into the mark; by where any frame comes from, and goes
     * to. */
    { "zones", { MARK }, .map = true, .size = PORTS },
    { "tracked", { DEV }, .map = true, .size = PORTS },
    { "tracked-macs", { MARK, MAC }, .map = true, .size = PAIRS },
    /* Of ports whose replies pass: the addresses that each has, and those of
     * a segment that one of them has. */
    { "own4", { DEV, IP4 }, .size = PAIRS },
    { "own4p", { DEV, IP4 }, NFT_SET_PREFIXES, .size = PAIRS },
    { "own6", { DEV, IP6 }, .size = PAIRS },
    { "own6p", { DEV, IP6 }, NFT_SET_PREFIXES, .size = PAIRS },
    { "owned4", { MARK, IP4 }, .size = PAIRS },
    { "owned4p", { MARK, IP4 }, NFT_SET_PREFIXES, .size = PAIRS },
    { "owned6", { MARK, IP6 }, .size = PAIRS },
    { "owned6p", { MARK, IP6 }, NFT_SET_PREFIXES, .size = PAIRS },
    /* Guests of shared networks, and whom they hear, all of them or of a
     * community. */
    { "isolated", { DEV }, .jump = "heard", .size = PORTS },
    { "trusted", { MARK, MAC }, .size = PAIRS },
    { "neighbours", { MARK, MARK, MAC }, .size = PAIRS },
    /* Whom a segment's guests may believe in DHCP. */
    { "dhcp4", { MARK, IP4 }, .size = PAIRS },
    { "dhcp6", { MARK, IP6 }, .size = PAIRS },
    { "fragments", { DEV }, .limit = true, .size = PORTS },
    { "fragments-to", { MARK, MAC }, .limit = true, .size = PAIRS },
    /* How many connections they open in a second, and how many come. */
    { "opens", { DEV }, .limit = true, .size = PORTS },
    { "opened", { DEV }, .limit = true, .size = PORTS },
    /* The port's own chains, of the other directions. */
    { "egress", { DEV }, .jump = "out", .size = PORTS },
    { "ingress", { DEV }, .jump = "in", .size = PORTS },
    { "new", { DEV }, .jump = "new", .size = PORTS },
    { "take", { DEV }, .jump = "take", .size = PORTS },
    /* Ports whose drops are logged; there only if there are any. */
    { LOGGED_FROM, { DEV }, .limit = true, .size = PORTS },
    { LOGGED_TO, { DEV }, .limit = true, .size = PORTS },
    /* Counters: device from, device to, reason. */
    { GROUP_SET_DROPS, { DEV, DEV, MARK }, NFT_SET_FROM_PACKETS,
      .size = PAIRS },
};

/* Members' addresses, hosts and prefixes. There is no telling how many. The
 * kernel wants a field before that of a prefix. */
static const struct nft_set_def member_sets[] = {
    { "/4", { IP4 }, .size = 0, .packed = true },
    { "/6", { IP6 }, .size = 0, .packed = true },
    { "/4p", { NFT_TYPE_ETHERTYPE, NFT_TYPE_IP4 }, NFT_SET_PREFIXES,
      .size = 0, .packed = true },
    { "/6p", { NFT_TYPE_ETHERTYPE, NFT_TYPE_IP6 }, NFT_SET_PREFIXES,
      .size = 0, .packed = true },
};
/* clang-format on */

const size_t group_n_sets = ARRAY_SIZE(group_sets);

const struct nft_set_def *
group_set_by_name(const char *name)
{
    static struct shash index = SHASH_INITIALIZER(&index);
    const char *slash = strrchr(name, '/');

    if (slash) {
        for (size_t i = 0; i < ARRAY_SIZE(member_sets); i++) {
            if (!strcmp(member_sets[i].name, slash)) {
                return &member_sets[i];
            }
        }
        return NULL;
    }
    return nft_set_find(&index, group_sets, group_n_sets, name);
}

static const struct nft_base bases[] = {
    { GROUP_BASE_TRACK, NF_BR_PRE_ROUTING, -300, NF_ACCEPT, false },
    { GROUP_BASE_JUDGE, NF_BR_FORWARD, 0, NF_ACCEPT, false },
    { .text = NULL },
};

const struct nft_table group_table = {
    .family = NFPROTO_BRIDGE,
    .name = "cordon",
    .comment = "cordon 1",
    .first = OBJECT_GROUP_TABLE,
    .bases = bases,
    .set_by_name = group_set_by_name,
    .drops = GROUP_SET_DROPS,
};
