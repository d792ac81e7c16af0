/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest, off the common path: IPv6 and its extension headers. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define ZERO16 "00000000000000000000000000000000"
#define LOOPBACK "00000000000000000000000000000001"
#define LINK_LOCAL "fe80000000000000"
#define DROP_SPOOFED_IP "goto drop-spoofed-ip"

/* 'l4proto' is there only if version and payload length are consistent and
 * the header chain can be read to its end. Hop-by-Hop, the one extension
 * header besides Fragment, has its options at nh42 and what follows at nh48;
 * Fragment has its offset, in bytes, at nh42. Chains that are jumped to
 * return if all is well. */
/* clang-format off */
const struct guard_chain guard_chains_ip6[] = {
    { "in6", RULES(
        "l4proto >= 00; ip6.plen != 0000; goto in6-valid",
        "goto drop-malformed") },
    { "in6-valid", RULES(
        "ip6.plen > 05b4; jump in6-long",
        "jump in6-source",
        "ip6.next == 3a; jump in6-icmp",
        "ip6.next == 00; jump in6-options",
        "ip6.next == 2c; jump in6-fragment",
        "!ip6.next in upper6; jump in6-routing",
        "ip6.next == 06; jump in6-tcp",
        "ip6.next == 11; jump in6-udp",
        "ip6.next == 70; jump in6-vrrp",
        "protocol . ip6.dst in underlay6; goto drop-encapsulation",
        "ip6.next == 3a; nh40:1 01-04; jump in6-error",
        "ip6.next == 2c; nh40:1 == 3a; nh48:1 01-04; jump in6-error",
        "goto in-storm") },
    { "in6-long", RULES(
        "ip6.next == 06; return",
        "iif in jumbo; return",
        "goto drop-malformed") },

    { "in6-source", RULES(
        "iif . eth.src . ip6.src in pair6; return",
        "iif . eth.src . ip6.src in pairs6; goto in6-any",
        "ip6.src == " ZERO16 "; goto in6-unspecified",
        "ip6.next == 70; iif . ip6.src in addr6; return",
        "ip6.next == 70; iif . ip6.src in addrs6; goto in6-any",
        "iif in router; goto in6-router",
        DROP_SPOOFED_IP) },
    /* With any link-local address: not one that is declared for others. */
    { "in6-any", RULES(
        "nh8:8 != " LINK_LOCAL "; return",
        "ip6.next == 70; iif . ip6.src in addr6; return",
        "$mark . ip6.src in declared6; " DROP_SPOOFED_IP) },
    { "in6-router", RULES(
        "eth.src & ffffffffff00 == 00005e000100; " DROP_SPOOFED_IP,
        "eth.src & ffffffffff00 == 00005e000200; " DROP_SPOOFED_IP,
        "nh8:1 == ff; " DROP_SPOOFED_IP,
        "nh8:2 & ffc0 == fe80; " DROP_SPOOFED_IP,
        "ip6.src == " LOOPBACK "; " DROP_SPOOFED_IP,
        "nh8:12 == 00000000000000000000ffff; " DROP_SPOOFED_IP,
        "protocol . ip6.src in underlay6; " DROP_SPOOFED_IP,
        "$mark . ip6.src in declared6; " DROP_SPOOFED_IP,
        "$mark . ip6.src in declareds6; " DROP_SPOOFED_IP) },
    /* From "::": detecting duplicates of an own address, asking for routers,
     * reporting groups (RFC 4861, RFC 3810). */
    { "in6-unspecified", RULES(
        "ip6.next == 00; nh40:2 == 3a00; nh48:1 == 83; return",
        "ip6.next == 00; nh40:2 == 3a00; nh48:1 == 8f; return",
        "ip6.next != 3a; " DROP_SPOOFED_IP,
        "nh40:1 == 83; return",
        "nh40:1 == 8f; return",
        "nh40:1 == 85; return",
        "nh40:1 == 87; ip6.plen >= 0018; "
        "nh24:13 == ff0200000000000000000001ff; goto in6-solicited",
        DROP_SPOOFED_IP) },
    { "in6-solicited", RULES(
        "nh37:1 . nh61:1 in equal8; nh38:1 . nh62:1 in equal8; "
        "nh39:1 . nh63:1 in equal8; goto in6-dad",
        DROP_SPOOFED_IP) },
    { "in6-dad", RULES(
        "iif . eth.src . nh48:16 in pair6; return",
        "iif . eth.src . nh48:16 in pairs6; goto in6-dad-any",
        DROP_SPOOFED_IP) },
    { "in6-dad-any", RULES(
        "nh48:8 == " LINK_LOCAL "; $mark . nh48:16 in declared6; "
        DROP_SPOOFED_IP) },

    { "in6-routing", RULES(
        "ip6.next 58-59; iif in router; return",
        "ip6.next == 67; iif in router; return",
        "goto drop-ext-header") },
    { "in6-options", RULES(
        "nh40:2 == 3a00; nh48:1 85-89; goto in6-hidden-nd",
        "nh40:2 == 3a00; nh42:6 in alert; ip6.plen >= 000c; goto in6-mld",
        "goto drop-ext-header") },
    { "in6-hidden-nd", RULES(
        "nh48:1 == 86; goto drop-rogue-ra",
        "nh48:1 == 89; goto drop-rogue-ra",
        "goto drop-nd-spoof") },
    { "in6-mld", RULES(
        "nh48:1 83-84; return",
        "nh48:1 == 8f; return",
        "nh48:1 == 82; iif in router; return",
        "nh48:1 == 82; goto drop-rogue-router",
        "goto drop-ext-header") },
    { "in6-vrrp", RULES(
        "ip6.plen >= 0008; ip6.dst == ff020000000000000000000000000012; "
        "iif . nh41:1 in vrrp; return",
        "goto drop-rogue-router") },

    /* Eight bytes of Fragment are there, or the chain would not be read. */
    { "in6-fragment", RULES(
        "nh40:1 == 3a; nh42:2 & fff8 == 0000; nh48:1 85-89; "
        "goto in6-hidden-nd",
        "nh40:1 == 3a; nh24:1 == ff; goto drop-fragment",
        "nh42:2 & fff8 == 0008; goto drop-fragment",
        "!nh40:1 in parts6; goto drop-fragment",
        "nh42:2 & fff8 != 0000; goto in6-later",
        "ip6.plen < 0010; goto drop-fragment",
        "nh40:1 == 84; ip6.plen < 0014; goto drop-fragment",
        "nh40:1 == 06; goto in6-first-tcp",
        "nh40:1 == 11; goto in6-udp-ports",
        "nh40:1 == 3a; goto in6-first-icmp") },
    { "in6-later", RULES(
        "ip6.plen < 0008; goto drop-fragment",
        "!nh42:2 & fff8 . ip6.plen in fits6; goto drop-fragment",
        "protocol . ip6.dst in underlay6; goto drop-encapsulation",
        "goto in-storm") },
    { "in6-first-icmp", RULES(
        "nh48:1 80-81; return",
        "nh48:1 01-04; iif in router; return",
        "nh48:1 01-04; ip6.plen >= 0038; return",
        "nh48:1 01-04; goto drop-icmp-embedded",
        "goto drop-fragment") },

    { "in6-udp", RULES(
        "ip6.plen < 0008; goto drop-malformed",
        "goto in6-udp-ports") },
    { "in6-udp-ports", RULES(
        "nh24:1 == ff; dport == 07c1; !iif in router; "
        "goto drop-rogue-router",
        "nh24:1 == ff; dport == 07ed; !iif in router; "
        "goto drop-rogue-router",
        "iif in dhcp-server; return",
        "sport == 0043; goto drop-rogue-dhcp",
        "sport == 0223; goto drop-rogue-dhcp",
        "dport == 0044; goto drop-rogue-dhcp",
        "dport == 0222; goto drop-rogue-dhcp",
        "dport == 0223; th8:1 0c-0d; goto drop-rogue-dhcp") },
    { NULL, NULL },
};
/* clang-format on */
