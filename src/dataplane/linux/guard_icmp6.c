/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest: ICMPv6 without an extension header before it. The options
 * of Neighbour Discovery are walked by chains that guard_rules.c makes, one
 * for each place where an option may begin. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

const struct guard_chain guard_chains_icmp6[] = {
    { "in6-icmp", RULES(
        "ip6.plen < 0004; goto drop-malformed",
        "nh40:1 == 87; goto in6-ns",
        "nh40:1 == 88; goto in6-na",
        "nh40:1 == 85; goto in6-rs",
        "nh40:1 == 86; goto in6-ra",
        "nh40:1 == 89; goto in6-ra",
        "nh40:1 80-81; goto in6-to",
        "nh40:1 01-04; iif in router; goto in6-to",
        "nh40:1 01-04; ip6.plen >= 0030; goto in6-error",
        "nh40:1 01-04; goto drop-icmp-embedded",
        "nh40:1 83-84; goto in6-to",
        "nh40:1 == 8f; goto in6-to",
        "nh40:1 == 82; goto in6-routers",
        "nh40:1 97-99; goto in6-routers",
        "goto drop-nd-spoof") },
    { "in6-routers", RULES(
        "iif in router; goto in6-to",
        "goto drop-rogue-router") },
    { "in6-ns", RULES(
        "ip6.hops == ff; nh41:1 == 00; ip6.plen >= 0018; goto nd-64",
        "goto drop-nd-spoof") },
    { "in6-na", RULES(
        "ip6.hops == ff; nh41:1 == 00; ip6.plen >= 0018; "
        "nh44:1 & 80 == 00; goto in6-na-target",
        "ip6.hops == ff; nh41:1 == 00; ip6.plen >= 0018; iif in router; "
        "goto in6-na-target",
        "goto drop-nd-spoof") },
    { "in6-na-target", RULES(
        "iif . eth.src . nh48:16 in pair6; goto nd-64",
        "iif . eth.src . nh48:16 in pairs6; goto nd-64",
        "goto drop-nd-spoof") },
    { "in6-rs", RULES(
        "ip6.hops == ff; nh41:1 == 00; ip6.plen >= 0008; goto nd-48",
        "goto drop-nd-spoof") },
    /* A declared router's options are its own affair. */
    { "in6-ra", RULES(
        "iif in router; ip6.hops == ff; nh41:1 == 00; ip6.plen >= 0010; "
        "goto in6-to",
        "goto drop-rogue-ra") },
    { "in6-error", RULES(
        "protocol . ip6.dst in underlay6; goto drop-encapsulation",
        "th8:1 & f0 == 60; iif . th32:16 in addr6; goto in6-error-to",
        "th8:1 & f0 == 60; iif . th32:16 in addrs6; goto in6-error-to",
        "goto drop-icmp-embedded") },
    { "in6-error-to", RULES(
        "add scratch6 cpu . ip6.dst",
        "cpu . th16:16 in scratch6; delete scratch6 cpu . ip6.dst; "
        "goto in-storm",
        "delete scratch6 cpu . ip6.dst",
        "goto drop-icmp-embedded") },
    { NULL, NULL },
};
