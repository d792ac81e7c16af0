/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The common path: a TCP or UDP packet of usual form, in a frame from one
 * MAC to another, from and to declared addresses. What is not of that form
 * goes to the chains that name reasons; nothing passes here that they would
 * drop. The cost of this path is the cost of port security (make bench). */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

/* The EtherType is that at offset 12, which is a tag's if there is one, even
 * if the tag has been taken out of the frame (nft_payload.c). 'pkttype' 03 is
 * a unicast MAC other than the device's own. A load from the transport header
 * ("th", "sport") works only if the packet's version and lengths have been
 * found to be consistent (nf_tables_ipv4.h, nf_tables_ipv6.h). */
/* clang-format off */
const struct guard_chain guard_chains_fast[] = {
    { "in", RULES(
        "protocol == 0800; eth.type == 0800; pkttype == 03; ip.vhl == 45; "
        "ip.frag & 3fff == 0000; ip.dst & e0000000 != e0000000; "
        "$not-underlay4"
        "iif . eth.src . ip.src in pair4; !iif . eth.dst in macs; "
        "mark = iif map segment; jump in-fast4",
        "protocol == 86dd; eth.type == 86dd; pkttype == 03; "
        "nh24:1 != ff; $not-underlay6"
        "iif . eth.src . ip6.src in pair6; !iif . eth.dst in macs; "
        "mark = iif map segment; jump in-fast6",
        "goto in-frame") },
    { "in-fast4", RULES(
        "ip.proto == 11; ip.len 001c-05dc; !sport in dhcp; !dport in dhcp; "
        "accept",
        "ip.proto == 06; ip.len >= 0050; th12:1 >= 50; accept",
        "ip.proto == 06; ip.len >= 0034; th12:1 & f0 == 80; accept",
        "ip.proto == 06; ip.len >= 0028; th12:1 & f0 == 50; accept") },
    { "in-fast6", RULES(
        "ip6.next == 11; ip6.plen 0008-05b4; !sport in dhcp; "
        "!dport in dhcp; accept",
        "ip6.next == 06; ip6.plen >= 003c; th12:1 >= 50; accept",
        "ip6.next == 06; ip6.plen >= 0020; th12:1 & f0 == 80; accept",
        "ip6.next == 06; ip6.plen >= 0014; th12:1 & f0 == 50; accept") },
    { "out", RULES(
        "protocol == 0800; eth.type == 0800; $mark . oif in members; "
        "oif . eth.dst . ip.dst in pair4; l4proto != ff; accept",
        "protocol == 86dd; eth.type == 86dd; $mark . oif in members; "
        "oif . eth.dst . ip6.dst in pair6; ip6.plen != 0000; l4proto != ff; "
        "accept",
        "goto out-frame") },
    { NULL, NULL },
};
/* clang-format on */
