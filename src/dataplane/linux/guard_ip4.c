/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest, off the common path: IPv4. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define DROP_SPOOFED_IP "goto drop-spoofed-ip"
#define WHOLE "ip.frag & 3fff == 0000; "

/* DHCP from a client (RFC 2131, section 2), unfragmented and whole as far as
 * chaddr: giaddr is 0, chaddr the frame's source, ciaddr 0 or own. */
#define OWN_DHCP                                 \
    WHOLE "ip.len >= 003e; th32:4 == 00000000; " \
          "iif . eth.src . th36:6 in same; "

/* 'l4proto' is there only if version, header and total length are consistent
 * and the packet is whole. Chains that are jumped to return if all is well. */
/* clang-format off */
const struct guard_chain guard_chains_ip4[] = {
    { "in4", RULES(
        "l4proto != ff; ip.len != 0000; goto in4-valid",
        "goto drop-malformed") },
    { "in4-valid", RULES(
        "ip.len > 05dc; jump in4-long",
        "jump in4-source",
        "ip.vhl != 45; jump in4-options",
        "ip.frag & 3fff != 0000; jump in4-fragment",
        WHOLE "jump in4-whole",
        "ip.proto == 11; jump in4-udp",
        "ip.proto == 01; jump in4-icmp",
        "ip.proto == 02; jump in4-igmp",
        "ip.proto == 70; jump in4-vrrp",
        "ip.proto 58-59; !iif in router; goto drop-rogue-router",
        "ip.proto == 67; !iif in router; goto drop-rogue-router",
        "protocol . ip.dst in underlay4; goto drop-encapsulation",
        "ip.proto == 01; th0:1 03-04; jump in4-error",
        "ip.proto == 01; th0:1 0b-0c; jump in4-error",
        "goto in-storm") },
    { "in4-long", RULES(
        /* The host sees TCP before it is cut into segments. */
        "ip.proto == 06; " WHOLE "return",
        "iif in jumbo; return",
        "goto drop-malformed") },

    { "in4-source", RULES(
        "iif . eth.src . ip.src in pair4; return",
        "iif . eth.src . ip.src in pairs4; return",
        "ip.src == 00000000; goto in4-zero",
        "ip.proto == 70; iif . ip.src in addr4; return",
        "ip.proto == 70; iif . ip.src in addrs4; return",
        "iif in router; goto in4-router",
        DROP_SPOOFED_IP) },
    { "in4-router", RULES(
        "eth.src & ffffffffff00 == 00005e000100; " DROP_SPOOFED_IP,
        "eth.src & ffffffffff00 == 00005e000200; " DROP_SPOOFED_IP,
        "ip.src >= e0000000; " DROP_SPOOFED_IP,
        "ip.src & ff000000 == 7f000000; " DROP_SPOOFED_IP,
        "ip.src & ffff0000 == a9fe0000; " DROP_SPOOFED_IP,
        "protocol . ip.src in underlay4; " DROP_SPOOFED_IP,
        "$mark . ip.src in broadcast4; " DROP_SPOOFED_IP,
        "$mark . ip.src in declared4; " DROP_SPOOFED_IP,
        "$mark . ip.src in declareds4; " DROP_SPOOFED_IP) },
    { "in4-zero", RULES(
        "ip.dst != ffffffff; " DROP_SPOOFED_IP,
        "ip.proto != 11; " DROP_SPOOFED_IP,
        OWN_DHCP "th0:4 == 00440043; th20:4 == 00000000; return",
        OWN_DHCP "th0:4 == 00440043; iif . eth.src . th20:4 in pair4; "
        "return",
        OWN_DHCP "th0:4 == 00440043; iif . eth.src . th20:4 in pairs4; "
        "return",
        DROP_SPOOFED_IP) },
    { "in4-options", RULES(
        "ip.vhl == 46; ip.option == 94040000; ip.proto == 02; return",
        "goto drop-ip-options") },

    { "in4-fragment", RULES(
        "ip.proto == 02; goto drop-fragment",
        "ip.frag & 1fff == 0001; goto drop-fragment",
        "ip.frag & 1fff != 0000; goto in4-later",
        "ip.len < 001c; goto drop-fragment",
        "ip.proto == 84; ip.len < 0020; goto drop-fragment",
        "ip.proto == 06; goto in4-first-tcp") },
    { "in4-later", RULES(
        "!ip.frag & 1fff . ip.len in fits4; goto drop-fragment",
        "protocol . ip.dst in underlay4; goto drop-encapsulation",
        /* Of routing protocols, no part. */
        "ip.proto 58-59; !iif in router; goto drop-rogue-router",
        "ip.proto == 67; !iif in router; goto drop-rogue-router",
        "ip.proto == 70; goto drop-rogue-router",
        "goto in-storm") },
    { "in4-whole", RULES(
        "ip.proto == 06; goto in4-tcp",
        "ip.proto == 11; ip.len < 001c; goto drop-malformed",
        "ip.proto == 01; ip.len < 0018; goto drop-malformed",
        "ip.proto == 02; ip.len < 001c; goto drop-malformed",
        "ip.proto == 02; ip.vhl == 46; ip.len < 0020; "
        "goto drop-malformed") },

    { "in4-vrrp", RULES(
        WHOLE "ip.len >= 001c; ip.dst == e0000012; "
        "iif . th1:1 in vrrp; return",
        "goto drop-rogue-router") },
    { "in4-udp", RULES(
        /* HSRP's hellos (RFC 2281). */
        "ip.dst & f0000000 == e0000000; dport == 07c1; !iif in router; "
        "goto drop-rogue-router",
        "ip.dst & f0000000 == e0000000; dport == 07ed; !iif in router; "
        "goto drop-rogue-router",
        "iif in dhcp-server; return",
        "sport == 0043; goto drop-rogue-dhcp",
        "sport == 0223; goto drop-rogue-dhcp",
        "dport == 0044; goto drop-rogue-dhcp",
        "dport == 0222; goto drop-rogue-dhcp",
        "dport == 0223; th8:1 0c-0d; goto drop-rogue-dhcp",
        "dport != 0043; return",
        OWN_DHCP "th20:4 == 00000000; return",
        OWN_DHCP "iif . eth.src . th20:4 in pair4; return",
        OWN_DHCP "iif . eth.src . th20:4 in pairs4; return",
        "goto drop-rogue-dhcp") },
    { "in4-igmp", RULES(
        "iif in router; return",
        "th0:1 == 12; return",
        "th0:1 16-17; return",
        "th0:1 == 22; return",
        "goto drop-rogue-router") },
    { "in4-icmp", RULES(
        "iif in router; return",
        "th0:1 == 05; goto drop-rogue-router",
        "th0:1 == 09; goto drop-rogue-router") },
    /* The packet that an error is about was from its receiver, to the
     * guest. */
    { "in4-error", RULES(
        "iif in router; return",
        "ip.len < 0030; goto drop-icmp-embedded",
        "th8:1 & f0 != 40; goto drop-icmp-embedded",
        "nh16:1 . th20:1 in equal8; nh17:1 . th21:1 in equal8; "
        "nh18:1 . th22:1 in equal8; nh19:1 . th23:1 in equal8; "
        "goto in4-error-to",
        "goto drop-icmp-embedded") },
    { "in4-error-to", RULES(
        "iif . th24:4 in addr4; return",
        "iif . th24:4 in addrs4; return",
        "goto drop-icmp-embedded") },
    { NULL, NULL },
};
/* clang-format on */
