/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The sets of the guard. What is keyed by a device concerns that port alone;
 * what is keyed by a mark concerns its segment. Sets of a fixed size without
 * intervals are hash tables that cost the same whatever they hold
 * (net/netfilter/nft_set_hash.c); those with intervals are only looked into
 * off the common path. */

#include <cordon-config.h>
#include "dataplane/linux/guard_rules.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <string.h>

#include "dataplane/linux/logged.h"
#include "openvswitch/shash.h"
#include "util.h"

#define PORTS 8192 /* Ports of a host, by far. */
#define NETWORKS 16384
#define PAIRS 32768

#define DEV NFT_TYPE_DEVICE
#define MARK NFT_TYPE_MARK
#define MAC NFT_TYPE_MAC
#define IP4 NFT_TYPE_IP4
#define IP6 NFT_TYPE_IP6
#define ETYPE NFT_TYPE_ETHERTYPE
#define U16 NFT_TYPE_U16
#define U8 NFT_TYPE_U8
#define PREFIXES NFT_SET_PREFIXES
#define RANGES NFT_SET_RANGES
#define PACKETS NFT_SET_FROM_PACKETS

/* clang-format off */
const struct nft_set_def guard_sets[] = {
    /* A port's segment, both ways. */
    { "segment", { DEV }, .map = true, .size = PORTS },
    { "members", { MARK, DEV }, .size = PORTS },
    /* A port's MACs; 'same' has each twice, which is how a rule finds out
     * that two fields are one own MAC. */
    { "macs", { DEV, MAC }, .size = PAIRS },
    { "same", { DEV, MAC, MAC }, .size = PAIRS },
    /* A port's addresses, with MAC and without; hosts and prefixes. */
    { "pair4", { DEV, MAC, IP4 }, .size = PAIRS },
    { "pair6", { DEV, MAC, IP6 }, .size = PAIRS },
    { "pairs4", { DEV, MAC, IP4 }, PREFIXES, .size = PAIRS },
    { "pairs6", { DEV, MAC, IP6 }, PREFIXES, .size = PAIRS },
    { "addr4", { DEV, IP4 }, .size = PAIRS },
    { "addr6", { DEV, IP6 }, .size = PAIRS },
    { "addrs4", { DEV, IP4 }, PREFIXES, .size = PAIRS },
    { "addrs6", { DEV, IP6 }, PREFIXES, .size = PAIRS },
    /* The same for the common path. Of 'common4' and 'common6', the MAC has the
     * EtherType behind it, in what is padding elsewhere. */
    { "common4", { DEV, MAC, IP4 }, .map = true, .size = PAIRS },
    { "common6", { DEV, MAC, IP6 }, .map = true, .size = PAIRS },
    { "common-to4", { MARK, DEV, MAC, IP4 }, .size = PAIRS },
    { "common-to6", { MARK, DEV, MAC, IP6 }, .size = PAIRS },
    /* What a port is declared to be. */
    { "router", { DEV }, .size = PORTS },
    { "dhcp-server", { DEV }, .size = PORTS },
    { "vrrp", { DEV, U8 }, .size = PORTS },
    { "jumbo", { DEV }, .size = PORTS },
    { "storm", { DEV }, .limit = true, .size = PORTS },
    /* A segment's: subnets' broadcast addresses; what is declared for others
     * than a router; who may be believed to be a gateway or a service. */
    { "broadcast4", { MARK, IP4 }, .size = NETWORKS },
    { "declared4", { MARK, IP4 }, .size = PAIRS },
    { "declared6", { MARK, IP6 }, .size = PAIRS },
    { "declareds4", { MARK, IP4 }, PREFIXES, .size = PAIRS },
    { "declareds6", { MARK, IP6 }, PREFIXES, .size = PAIRS },
    { "gateway", { MARK, MAC }, .size = NETWORKS },
    { "believed4", { MARK, MAC, IP4 }, .size = NETWORKS },
    { "believed6", { MARK, MAC, IP6 }, .size = NETWORKS },
    /* With any link-local address. */
    { "believed-any", { MARK, MAC }, .size = NETWORKS },
    /* Of a shared network: gateways and services, whom all hear; the MACs
     * that a community hears, by its number. */
    { "trusted", { MARK, MAC }, .size = NETWORKS },
    { "neighbours", { MARK, MARK, MAC }, .size = PAIRS },
    /* MACs that are here, so not behind the uplink. */
    { GUARD_SET_LOCAL, { MARK, MAC }, .size = PAIRS },
    /* VLANs of the uplink. */
    { "vlans", { U16 }, .map = true, .size = 4096 },
    { "trunk", { U16, MARK }, .size = 4096 },
    /* The host's own. */
    { "underlay4", { ETYPE, IP4 }, PREFIXES, .size = 4096 },
    { "underlay6", { ETYPE, IP6 }, PREFIXES, .size = 4096 },
    /* Constants: what may follow IPv6's header, and its
     * Fragment header; Hop-by-Hop options that are one Router
     * Alert (RFC 2711); offsets and lengths of fragments that end within
     * 65,535 bytes. */
    { "upper6", { U8 }, .size = 0, .packed = true },
    { "parts6", { U8 }, .size = 0, .packed = true },
    { "alert", { MAC }, .size = 16, .packed = true },
    { "fits4", { U16, U16 }, RANGES, .size = 1024, .packed = true },
    { "fits6", { U16, U16 }, RANGES, .size = 1024, .packed = true },
    /* Each byte twice, which is how a rule finds out that two fields are
     * equal. */
    { "equal8", { U8, U8 }, .size = 256, .packed = true },
    /* Ports whose drops are logged; there only if there are any. */
    { LOGGED_FROM, { DEV }, .limit = true, .size = PORTS },
    { LOGGED_TO, { DEV }, .limit = true, .size = PORTS },
    /* Counters: device from, device to, reason. */
    { GUARD_SET_DROPS, { DEV, DEV, MARK }, PACKETS, .size = PAIRS },
};
/* clang-format on */

const size_t guard_n_sets = ARRAY_SIZE(guard_sets);

const struct nft_set_def *
guard_set_by_name(const char *name)
{
    static struct shash index = SHASH_INITIALIZER(&index);

    return nft_set_find(&index, guard_sets, guard_n_sets, name);
}

static const struct nft_base bases[] = {
    { GUARD_BASE_INGRESS, NF_NETDEV_INGRESS, INT32_MIN, NF_DROP, true },
    { GUARD_BASE_EGRESS, NF_NETDEV_EGRESS, INT32_MIN, NF_DROP, true },
    { .text = NULL },
};

const struct nft_table guard_table = {
    .family = NFPROTO_NETDEV,
    .name = GUARD_TABLE,
    .comment = GUARD_TABLE_COMMENT,
    .first = OBJECT_NFT_TABLE,
    .bases = bases,
    .set_by_name = guard_set_by_name,
    .drops = GUARD_SET_DROPS,
};
