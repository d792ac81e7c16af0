/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest: ICMPv6 without an extension header before it. The options
 * of Neighbour Discovery are walked by chains that guard_rules.c makes, one
 * for each place where an option may begin. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define ND(PLEN) "ip6.hops == ff; nh41:1 == 00; ip6.plen >= " PLEN "; "

/* Each returns if all is well. */
/* clang-format off */
const struct guard_chain guard_chains_icmp6[] = {
    { "in6-icmp", RULES(
        "ip6.plen < 0004; goto drop-malformed",
        "nh40:1 80-81; return",
        "nh40:1 01-04; return",
        "nh40:1 == 88; jump in6-na",
        "nh40:1 87-88; " ND("0018") "goto nd-64",
        "nh40:1 == 85; " ND("0008") "goto rs-48",
        /* A declared router's options are its own affair. */
        "nh40:1 == 86; " ND("0010") "iif in router; return",
        "nh40:1 == 89; " ND("0028") "iif in router; return",
        "nh40:1 == 86; goto drop-rogue-ra",
        "nh40:1 == 89; goto drop-rogue-ra",
        "nh40:1 83-84; return",
        "nh40:1 == 8f; return",
        "nh40:1 == 82; iif in router; return",
        "nh40:1 97-99; iif in router; return",
        "nh40:1 == 82; goto drop-rogue-router",
        "nh40:1 97-99; goto drop-rogue-router",
        "goto drop-nd-spoof") },
    { "in6-na", RULES(
        "nh44:1 & 80 != 00; !iif in router; goto drop-nd-spoof",
        "iif . eth.src . nh48:16 in pair6; return",
        "iif . eth.src . nh48:16 in pairs6; goto in6-na-any",
        "goto drop-nd-spoof") },
    { "in6-na-any", RULES(
        "nh48:8 == fe80000000000000; $mark . nh48:16 in declared6; "
        "goto drop-nd-spoof") },
    /* Of the embedded packet, all of the header is there. */
    { "in6-error", RULES(
        "iif in router; return",
        "ip6.plen < 0030; goto drop-icmp-embedded",
        "th8:1 & f0 != 60; goto drop-icmp-embedded",
        "nh24:1 . th16:1 in equal8; nh25:1 . th17:1 in equal8; "
        "nh26:1 . th18:1 in equal8; nh27:1 . th19:1 in equal8; "
        "nh28:1 . th20:1 in equal8; nh29:1 . th21:1 in equal8; "
        "nh30:1 . th22:1 in equal8; nh31:1 . th23:1 in equal8; "
        "nh32:1 . th24:1 in equal8; nh33:1 . th25:1 in equal8; "
        "nh34:1 . th26:1 in equal8; nh35:1 . th27:1 in equal8; "
        "nh36:1 . th28:1 in equal8; nh37:1 . th29:1 in equal8; "
        "nh38:1 . th30:1 in equal8; nh39:1 . th31:1 in equal8; "
        "goto in6-error-to",
        "goto drop-icmp-embedded") },
    { "in6-error-to", RULES(
        "iif . th32:16 in addr6; return",
        "iif . th32:16 in addrs6; goto in6-error-any",
        "goto drop-icmp-embedded") },
    { "in6-error-any", RULES(
        "th32:8 == fe80000000000000; $mark . th32:16 in declared6; "
        "goto drop-icmp-embedded") },
    { NULL, NULL },
};
/* clang-format on */
