/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The common path: a TCP or UDP packet of usual form, in a frame from one
 * MAC to another, from and to declared addresses. What is not of that form
 * goes to the chains that name reasons; nothing passes here that they would
 * drop. The cost of this path is the cost of port security (make bench). */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

/* What a frame of such form has shown about itself and its sender: the MAC is
 * one host's, the EtherType behind the source MAC is that of the key, so no
 * tag's, and the source is one of the port's. The mark follows from that. */
#define FRAME4                                       \
    "pkttype == 03; ip.dst & e0000000 != e0000000; " \
    "$not-underlay4"                                 \
    "mark = iif . ll6:8 . ip.src map common4; "
#define FRAME6                                    \
    "pkttype == 03; nh24:1 != ff; $not-underlay6" \
    "mark = iif . ll6:8 . ip6.src map common6; "

#define IP4 "ip.vhl == 45; nh4:4 & 00003fff == 00000000; "

/* None of 67, 68, 546 and 547 as destination, nor of 67 and 547 as source, and
 * a few other ports that the masks do not tell from these. */
#define NO_DHCP "th0:4 & fd9f0000 != 00030000; th0:4 & 0000fd98 != 00000000; "

/* 'pkttype' 03 is a unicast MAC other than the device's own. A load from the
 * transport header ("th") works only if the packet's version and lengths have
 * been found to be consistent (nf_tables_ipv4.h, nf_tables_ipv6.h). The bytes
 * at offset 12 are a tag's EtherType if there is a tag, even if it has been
 * taken out of the frame (nft_payload.c).
 *
 * A frame to its own source is not looked for: the bridge drops it, for it
 * sends nothing back to where it came from. */
/* clang-format off */
const struct guard_chain guard_chains_fast[] = {
    { "in", RULES(
        IP4 "ip.proto == 11; ip.len 001c-05dc; " NO_DHCP FRAME4 "accept",
        "ip6.next == 11; ip6.plen 0008-05b4; " NO_DHCP FRAME6 "accept",
        IP4 "ip.proto == 06; " FRAME4 "jump in-tcp4",
        "ip6.next == 06; " FRAME6 "jump in-tcp6",
        "goto in-frame") },
    /* Header and options are there for usual lengths. */
    { "in-tcp4", RULES(
        "ip.len >= 0050; th12:1 >= 50; accept",
        "th12:1 & f0 == 80; ip.len >= 0034; accept",
        "th12:1 & f0 == 50; ip.len >= 0028; accept") },
    { "in-tcp6", RULES(
        "ip6.plen >= 003c; th12:1 >= 50; accept",
        "th12:1 & f0 == 80; ip6.plen >= 0020; accept",
        "th12:1 & f0 == 50; ip6.plen >= 0014; accept") },
    { "out", RULES(
        "protocol == 0800; eth.type == 0800; "
        "$mark . oif . eth.dst . ip.dst in common-to4; accept",
        "eth.type == 86dd; "
        "$mark . oif . eth.dst . ip6.dst in common-to6; accept",
        "goto out-frame") },
    { NULL, NULL },
};
/* clang-format on */
