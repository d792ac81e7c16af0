/* SPDX-License-Identifier: GPL-3.0-or-later */

/* To a guest of a shared network: only from gateways, services and its
 * community, told by the source MAC, which its owner's port or host has
 * checked. Who has an address is asked of the port that has it alone. All else
 * is as in any network, the common path too. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/guard_shared.h"
#include "dataplane/linux/nft_table.h"
#include "dataplane/linux/nft_text.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

#define COMMUNITY "community-"

/* Each is looked at as early as the chain needs it: what passes "common-to4"
 * has the port's mark and addresses. */
/* clang-format off */
const struct guard_chain guard_chains_shared[] = {
    { "out-shared", RULES(
        "$mark . eth.src in trusted; goto out-heard",
        "goto out-stranger") },
    { "out-stranger", RULES(
        "!$mark . oif in members; goto drop-wrong-segment",
        "goto drop-not-gateway") },
    { "out-heard", RULES(
        "protocol == 0800; eth.type == 0800; "
        "$mark . oif . eth.dst . ip.dst in common-to4; accept",
        "eth.type == 86dd; "
        "$mark . oif . eth.dst . ip6.dst in common-to6; accept",
        "!$mark . oif in members; goto drop-wrong-segment",
        "eth.dst & 010000000000 == 010000000000; jump out-asked",
        "goto out-frame") },
    { "out-asked", RULES(
        "eth.type == 0806; arp.head & 000000000000ffff == 0000000000000001; "
        "goto out-who-has",
        "eth.type == 86dd; ip6.next == 3a; nh40:1 == 87; "
        "goto out-solicitation") },
    { "out-who-has", RULES(
        "oif . arp.tpa in addr4; return",
        "oif . arp.tpa in addrs4; return",
        /* A gateway tells of its own address (RFC 5227). */
        "$mark . eth.src . arp.tpa in believed4; return",
        "goto drop-not-addressed") },
    { "out-solicitation", RULES(
        "oif . nh48:16 in addr6; return",
        "nh48:8 == fe80000000000000; $mark . nh48:16 in declared6; "
        "goto drop-not-addressed",
        "oif . nh48:16 in addrs6; return",
        "goto drop-not-addressed") },
    { NULL, NULL },
};

/* Of the ports of a community. */
static const char *const of_community[] = {
    "$mark . eth.src in trusted; goto out-heard",
    "$community . $mark . eth.src in neighbours; goto out-heard",
    "goto out-stranger",
};
/* clang-format on */

const char *
guard_shared_chain(const struct plan_port *port, struct arena *arena)
{
    return port->community
               ? arena_printf(arena, COMMUNITY "%" PRIu32, port->community)
               : "out-shared";
}

void
guard_want_community(const struct plan *plan, const struct plan_port *port,
                     struct arena *arena, struct objects *objects)
{
    const struct nft_word words[] = {
        { "$mark",
          arena_printf(arena, "mark & %08" PRIx32, plan->host->mark_mask) },
        { "$community", arena_printf(arena, "#%08" PRIx32, port->community) },
        { NULL, NULL },
    };
    struct ds rules = DS_EMPTY_INITIALIZER;
    size_t first = objects->n;

    for (size_t i = 0; i < ARRAY_SIZE(of_community); i++) {
        nft_text_add(&rules, of_community[i], words);
    }
    nft_text_chain(&guard_table, guard_shared_chain(port, arena), &rules,
                   arena, objects);
    ds_destroy(&rules);
    for (size_t i = first; i < objects->n; i++) {
        objects->v[i].segment = port->segment->id;
    }
}

bool
guard_is_community(const struct object *o)
{
    return (o->kind == OBJECT_NFT_CHAIN || o->kind == OBJECT_NFT_RULES)
           && !o->ifindex && !strncmp(o->name, COMMUNITY, strlen(COMMUNITY));
}
