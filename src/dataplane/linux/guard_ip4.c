/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest, off the common path: IPv4. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define DROP_SPOOFED_IP "goto drop-spoofed-ip"

/* 'l4proto' is there only if version, header and total length are consistent
 * and the packet is whole. The BOOTP fields (RFC 2131, section 2) are ciaddr
 * at th20, giaddr at th32, chaddr at th36. */
const struct guard_chain guard_chains_ip4[] = {
    { "in4", RULES(
        "l4proto != ff; ip.len != 0000; goto in4-size",
        "goto drop-malformed") },
    { "in4-size", RULES(
        "ip.len <= 05dc; goto in4-source",
        /* The host sees TCP before it is cut into segments. */
        "ip.proto == 06; ip.frag & 3fff == 0000; goto in4-source",
        "iif in jumbo; goto in4-source",
        "goto drop-malformed") },
    { "in4-source", RULES(
        "iif . eth.src . ip.src in pair4; goto in4-options",
        "iif . eth.src . ip.src in pairs4; goto in4-options",
        "ip.src == 00000000; goto in4-zero",
        "ip.proto == 70; iif . ip.src in addr4; goto in4-options",
        "ip.proto == 70; iif . ip.src in addrs4; goto in4-options",
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
        "$mark . ip.src in declareds4; " DROP_SPOOFED_IP,
        "goto in4-options") },
    { "in4-zero", RULES(
        "ip.dst == ffffffff; ip.proto == 11; ip.frag & 3fff == 0000; "
        "sport == 0044; dport == 0043; goto in4-zero-dhcp",
        DROP_SPOOFED_IP) },
    { "in4-zero-dhcp", RULES(
        "ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; th20:4 == 00000000; "
        "goto in4-options",
        "ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; iif . eth.src . th20:4 in pair4; "
        "goto in4-options",
        "ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; iif . eth.src . th20:4 in pairs4; "
        "goto in4-options",
        DROP_SPOOFED_IP) },
    { "in4-options", RULES(
        "ip.vhl == 45; goto in4-fragment",
        "ip.vhl == 46; ip.option == 94040000; ip.proto == 02; "
        "goto in4-fragment",
        "goto drop-ip-options") },

    { "in4-fragment", RULES(
        "ip.frag & 3fff == 0000; goto in4-whole",
        "ip.proto == 02; goto drop-fragment",
        "ip.frag & 1fff == 0001; goto drop-fragment",
        "ip.frag & 1fff != 0000; goto in4-later",
        "ip.proto == 06; goto in4-first-tcp",
        "ip.proto == 84; ip.len < 0020; goto drop-fragment",
        "ip.len >= 001c; goto in4-upper",
        "goto drop-fragment") },
    { "in4-later", RULES(
        "ip.frag & 1fff . ip.len in fits4; goto in4-to",
        "goto drop-fragment") },
    { "in4-whole", RULES(
        "ip.proto == 06; goto in4-tcp",
        "ip.proto == 11; ip.len < 001c; goto drop-malformed",
        "ip.proto == 01; ip.len < 0018; goto drop-malformed",
        "ip.proto == 02; ip.vhl == 45; ip.len < 001c; goto drop-malformed",
        "ip.proto == 02; ip.vhl == 46; ip.len < 0020; goto drop-malformed",
        "goto in4-upper") },

    { "in4-upper", RULES(
        "ip.proto == 11; goto in4-udp",
        "ip.proto == 01; goto in4-icmp",
        "ip.proto == 02; goto in4-igmp",
        "ip.proto == 70; goto in4-vrrp",
        "ip.proto == 58; goto in4-routing",
        "ip.proto == 59; goto in4-routing",
        "ip.proto == 67; goto in4-routing",
        "goto in4-to") },
    { "in4-routing", RULES(
        "iif in router; goto in4-to",
        "goto drop-rogue-router") },
    { "in4-vrrp", RULES(
        "ip.frag & 3fff == 0000; ip.len >= 001c; ip.dst == e0000012; "
        "iif . th1:1 in vrrp; goto in4-to",
        "goto drop-rogue-router") },
    { "in4-udp", RULES(
        "iif in dhcp-server; goto in4-udp-group",
        "sport == 0043; goto drop-rogue-dhcp",
        "sport == 0223; goto drop-rogue-dhcp",
        "dport == 0044; goto drop-rogue-dhcp",
        "dport == 0222; goto drop-rogue-dhcp",
        "dport == 0223; th8:1 0c-0d; goto drop-rogue-dhcp",
        "dport == 0043; goto in4-dhcp",
        "goto in4-udp-group") },
    { "in4-dhcp", RULES(
        "ip.frag & 3fff == 0000; ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; th20:4 == 00000000; "
        "goto in4-udp-group",
        "ip.frag & 3fff == 0000; ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; iif . eth.src . th20:4 in pair4; "
        "goto in4-udp-group",
        "ip.frag & 3fff == 0000; ip.len >= 003e; th32:4 == 00000000; "
        "iif . eth.src . th36:6 in same; iif . eth.src . th20:4 in pairs4; "
        "goto in4-udp-group",
        "goto drop-rogue-dhcp") },
    /* HSRP's hellos (RFC 2281). */
    { "in4-udp-group", RULES(
        "ip.dst & f0000000 == e0000000; dport == 07c1; !iif in router; "
        "goto drop-rogue-router",
        "ip.dst & f0000000 == e0000000; dport == 07ed; !iif in router; "
        "goto drop-rogue-router",
        "goto in4-to") },
    { "in4-igmp", RULES(
        "iif in router; goto in4-to",
        "th0:1 == 12; goto in4-to",
        "th0:1 == 16; goto in4-to",
        "th0:1 == 17; goto in4-to",
        "th0:1 == 22; goto in4-to",
        "goto drop-rogue-router") },
    { "in4-icmp", RULES(
        "iif in router; goto in4-to",
        "th0:1 == 05; goto drop-rogue-router",
        "th0:1 == 09; goto drop-rogue-router",
        "th0:1 03-04; goto in4-error",
        "th0:1 0b-0c; goto in4-error",
        "goto in4-to") },
    { "in4-to", RULES(
        "protocol . ip.dst in underlay4; goto drop-encapsulation",
        "goto in-storm") },
    /* The packet that an error is about was from its receiver, to the
     * guest. */
    { "in4-error", RULES(
        "protocol . ip.dst in underlay4; goto drop-encapsulation",
        "ip.len >= 0030; th8:1 & f0 == 40; iif . th24:4 in addr4; "
        "goto in4-error-to",
        "ip.len >= 0030; th8:1 & f0 == 40; iif . th24:4 in addrs4; "
        "goto in4-error-to",
        "goto drop-icmp-embedded") },
    { "in4-error-to", RULES(
        "add scratch4 cpu . ip.dst",
        "cpu . th20:4 in scratch4; delete scratch4 cpu . ip.dst; "
        "goto in-storm",
        "delete scratch4 cpu . ip.dst",
        "goto drop-icmp-embedded") },
    { NULL, NULL },
};
