/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The uplink and the bridge device. A frame from the uplink is put into its
 * VLAN's segment; router advertisements, redirects and DHCP are believed from
 * who is declared alone, and from others no header chain that could hide
 * them. To the uplink goes what carries the segment of its VLAN. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define BELIEVED4 "$mark . eth.src . ip.src in believed4; accept"
#define BELIEVED6                                     \
    "$mark . eth.src . ip6.src in believed6; accept", \
        "nh8:8 == fe80000000000000; $mark . eth.src in believed-any; accept"

/* The kernel has taken the outer tag out of the frame; eth.type, vlan.tci and
 * vlan.type show the frame as if it had not. The network header is behind
 * that tag. 02:63:6f:72:64:6e is the bridge's MAC. */
/* clang-format off */
const struct guard_chain guard_chains_uplink[] = {
    { "uplink-in", RULES(
        "eth.type != 8100; goto drop-unknown-vlan",
        "mark = vlan.tci & 0fff map vlans; goto uplink-source",
        "goto drop-unknown-vlan") },
    { "uplink-source", RULES(
        "$mark . eth.src in local; goto drop-local-mac",
        "eth.src & 010000000000 != 000000000000; goto drop-spoofed-mac",
        "eth.src == 000000000000; goto drop-spoofed-mac",
        "eth.src == 02636f72646e; goto drop-spoofed-mac",
        "vlan.type == 0800; goto uplink-ip4",
        "vlan.type == 86dd; goto uplink-ip6",
        "vlan.type == 0806; accept",
        "vlan.type == 8100; goto drop-tagged",
        "vlan.type == 88a8; goto drop-tagged",
        "vlan.type == 9100; goto drop-tagged",
        "vlan.type == 9200; goto drop-tagged",
        "vlan.type == 9300; goto drop-tagged",
        "vlan.type < 0600; goto drop-llc",
        "goto drop-ethertype") },
    /* What cannot be read goes nowhere: the common path to a guest does not
     * look again. */
    { "uplink-ip4", RULES(
        "ip.len == 0000; goto drop-malformed",
        "l4proto != 11; accept",
        "l4proto == 11; ip.frag & 1fff != 0000; accept",
        "l4proto == 11; goto uplink-udp4",
        "goto drop-malformed") },
    { "uplink-udp4", RULES(
        BELIEVED4,
        "sport == 0043; goto drop-rogue-dhcp",
        "sport == 0223; goto drop-rogue-dhcp",
        "dport == 0044; goto drop-rogue-dhcp",
        "dport == 0222; goto drop-rogue-dhcp",
        "accept") },
    { "uplink-ip6", RULES(
        "l4proto >= 00; ip6.plen != 0000; goto uplink-ip6-valid",
        "goto drop-malformed") },
    { "uplink-ip6-valid", RULES(
        "ip6.next == 06; accept",
        "ip6.next == 11; goto uplink-udp6",
        "ip6.next == 3a; nh40:1 == 86; goto uplink-ra",
        "ip6.next == 3a; nh40:1 == 89; goto uplink-ra",
        "ip6.next == 3a; accept",
        "ip6.next == 2c; goto uplink-fragment",
        "ip6.next == 00; goto uplink-options",
        "ip6.next == 2b; goto uplink-chain",
        "ip6.next == 3c; goto uplink-chain",
        "ip6.next == 33; goto uplink-chain",
        "ip6.next == 87; goto uplink-chain",
        "ip6.next == 8b; goto uplink-chain",
        "ip6.next == 8c; goto uplink-chain",
        "accept") },
    { "uplink-ra", RULES(
        BELIEVED6,
        "goto drop-rogue-ra") },
    { "uplink-udp6", RULES(
        BELIEVED6,
        "sport == 0043; goto drop-rogue-dhcp",
        "sport == 0223; goto drop-rogue-dhcp",
        "dport == 0044; goto drop-rogue-dhcp",
        "dport == 0222; goto drop-rogue-dhcp",
        "accept") },
    { "uplink-options", RULES(
        "nh40:2 == 3a00; nh42:6 in alert; nh48:1 82-84; accept",
        "nh40:2 == 3a00; nh42:6 in alert; nh48:1 == 8f; accept",
        "goto uplink-chain") },
    { "uplink-fragment", RULES(
        "ip6.plen < 0008; goto drop-ext-header",
        "nh42:2 & fff8 != 0000; accept",
        "nh40:1 == 06; accept",
        "nh40:1 == 11; l4proto == 11; goto uplink-udp6",
        "nh40:1 == 32; accept",
        "nh40:1 == 84; accept",
        "nh40:1 == 2f; accept",
        "nh40:1 == 3a; nh48:1 == 86; goto drop-rogue-ra",
        "nh40:1 == 3a; nh48:1 == 89; goto drop-rogue-ra",
        "nh40:1 == 3a; nh48:1 >= 00; accept",
        "goto uplink-chain") },
    /* A header chain of some length. */
    { "uplink-chain", RULES(
        "l4proto == 3a; th0:1 == 86; goto drop-rogue-ra",
        "l4proto == 3a; th0:1 == 89; goto drop-rogue-ra",
        "$mark . eth.src in gateway; l4proto == 3a; th0:1 >= 00; accept",
        "$mark . eth.src in gateway; l4proto == 11; goto uplink-udp6",
        "$mark . eth.src in gateway; l4proto != 2c; accept",
        "goto drop-ext-header") },

    { "uplink-out", RULES(
        "eth.type == 8100; vlan.tci & 0fff . $mark in trunk; accept",
        "goto drop-wrong-segment") },
    { "host", RULES(
        "goto drop-to-host") },
    { NULL, NULL },
};
/* clang-format on */
