/* SPDX-License-Identifier: GPL-3.0-or-later */

/* To the guest, off the common path. What a guest sent has been judged at its
 * own port, and what the uplink brought, there; here is only whether the frame
 * is of the segment and addressed to the guest. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

/* clang-format off */
const struct guard_chain guard_chains_out[] = {
    { "out-frame", RULES(
        "!$mark . oif in members; goto drop-wrong-segment",
        "eth.type == 0806; arp.tpa >= 00000000; goto out-arp",
        "eth.type == 0806; goto drop-arp-malformed",
        "eth.type == 0800; l4proto >= 00; ip.len != 0000; goto out-ip",
        "eth.type == 0800; goto drop-malformed",
        "eth.type == 86dd; l4proto >= 00; ip6.plen != 0000; goto out-ip",
        "eth.type == 86dd; goto drop-malformed",
        "eth.type == 8100; goto drop-tagged",
        "eth.type == 88a8; goto drop-tagged",
        "eth.type == 9100; goto drop-tagged",
        "eth.type == 9200; goto drop-tagged",
        "eth.type == 9300; goto drop-tagged",
        "eth.type < 0600; goto drop-llc",
        "goto drop-ethertype") },
    { "out-arp", RULES(
        "oif . eth.dst in macs; accept",
        "eth.dst == ffffffffffff; accept",
        "eth.dst & ffffff800000 == 01005e000000; accept",
        "eth.dst & ffff00000000 == 333300000000; accept",
        "eth.dst & 010000000000 == 010000000000; goto drop-control-mac",
        "goto drop-not-addressed") },
    { "out-ip", RULES(
        "oif . eth.dst in macs; goto out-address",
        "eth.dst == ffffffffffff; goto out-group",
        "eth.dst & ffffff800000 == 01005e000000; goto out-group",
        "eth.dst & ffff00000000 == 333300000000; goto out-group",
        "eth.dst & 010000000000 == 010000000000; goto drop-control-mac",
        "goto drop-not-addressed") },
    { "out-group", RULES(
        "eth.type == 0800; $mark . ip.dst in broadcast4; accept",
        "goto out-address") },
    { "out-address", RULES(
        "oif in router; accept",
        "eth.type == 0800; ip.dst & f0000000 == e0000000; accept",
        "eth.type == 0800; ip.dst == ffffffff; accept",
        "eth.type == 0800; oif . ip.dst in addr4; accept",
        "eth.type == 0800; oif . ip.dst in addrs4; accept",
        "eth.type == 86dd; nh24:1 == ff; accept",
        "eth.type == 86dd; oif . ip6.dst in addr6; accept",
        "eth.type == 86dd; nh24:8 == fe80000000000000; "
        "$mark . ip6.dst in declared6; goto drop-not-addressed",
        "eth.type == 86dd; oif . ip6.dst in addrs6; accept",
        "goto drop-not-addressed") },
    { NULL, NULL },
};
/* clang-format on */
