/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest, off the common path: the frame, ARP, and what all that
 * passes goes through last. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

#define GROUP "eth.dst & 010000000000 == 010000000000; "
#define UNICAST "eth.dst & 010000000000 == 000000000000; "

/* The frame is another host's: this host's own ARP and IP do not take it, should
 * the port be out of the bridge. The bridge looks at the address instead. */
#define NOT_HOST "pkttype = 03; "

/* An Ethernet header is always there. A group MAC is compared with the IP
 * destination byte by byte: registers cannot be, but a pair of bytes can be
 * looked up in a set that holds each byte twice. */
/* clang-format off */
const struct guard_chain guard_chains_frame[] = {
    { "in-frame", RULES(
        "mark = iif map segment; goto in-port",
        "goto drop-spoofed-mac") },
    { "in-port", RULES(
        "!iif . eth.src in macs; goto drop-spoofed-mac",
        "eth.type == 8100; goto drop-tagged",
        "eth.type == 88a8; goto drop-tagged",
        "eth.type == 9100; goto drop-tagged",
        "eth.type == 9200; goto drop-tagged",
        "eth.type == 9300; goto drop-tagged",
        "eth.type < 0600; goto drop-llc",
        "iif . eth.src . eth.dst in same; goto drop-control-mac",
        GROUP "jump in-group",
        UNICAST "eth.type == 0800; ip.dst & f0000000 == e0000000; "
        "goto drop-mac-ip-mismatch",
        UNICAST "eth.type == 0800; ip.dst == ffffffff; "
        "goto drop-mac-ip-mismatch",
        UNICAST "eth.type == 86dd; nh24:1 == ff; "
        "goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto in4",
        "eth.type == 86dd; goto in6",
        "eth.type == 0806; goto in-arp",
        "goto drop-ethertype") },

    /* Returns if the group is one of IP, and the packet's. */
    { "in-group", RULES(
        "eth.dst == ffffffffffff; goto in-broadcast",
        "eth.dst & ffffff800000 == 01005e000000; goto in-group4",
        "eth.dst & ffff00000000 == 333300000000; goto in-group6",
        "goto drop-control-mac") },
    { "in-broadcast", RULES(
        "eth.type == 0800; ip.dst == ffffffff; return",
        "eth.type == 0800; $mark . ip.dst in broadcast4; return",
        "eth.type == 0800; ip.dst >= 00000000; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; nh24:1 >= 00; goto drop-mac-ip-mismatch") },
    { "in-group4", RULES(
        "eth.type == 0806; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; goto drop-mac-ip-mismatch",
        "eth.type != 0800; return",
        "ip.dst & f0000000 == e0000000; ll3:1 & 7f . nh17:1 & 7f in equal8; "
        "ll4:1 . nh18:1 in equal8; ll5:1 . nh19:1 in equal8; return",
        "ip.dst >= 00000000; goto drop-mac-ip-mismatch",
        "goto drop-malformed") },
    { "in-group6", RULES(
        "eth.type == 0806; goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto drop-mac-ip-mismatch",
        "eth.type != 86dd; return",
        "nh24:1 == ff; ll2:1 . nh36:1 in equal8; ll3:1 . nh37:1 in equal8; "
        "ll4:1 . nh38:1 in equal8; ll5:1 . nh39:1 in equal8; return",
        "nh24:1 >= 00; goto drop-mac-ip-mismatch",
        "goto drop-malformed") },

    { "in-arp", RULES(
        "arp.head & ffffffffffffff00 != 0001080006040000; "
        "goto drop-arp-malformed",
        "arp.head == 0001080006040001; arp.tpa >= 00000000; "
        "goto in-arp-source",
        "arp.head == 0001080006040002; arp.tpa >= 00000000; "
        "goto in-arp-source",
        "goto drop-arp-malformed") },
    { "in-arp-source", RULES(
        "!iif . eth.src . arp.sha in same; goto drop-arp-spoof",
        "iif . eth.src . arp.spa in pair4; goto in-storm",
        "iif . eth.src . arp.spa in pairs4; goto in-storm",
        /* A probe for an own address (RFC 5227). */
        "arp.head == 0001080006040001; arp.spa == 00000000; "
        "iif . eth.src . arp.tpa in pair4; goto in-storm",
        "arp.head == 0001080006040001; arp.spa == 00000000; "
        "iif . eth.src . arp.tpa in pairs4; goto in-storm",
        "goto drop-arp-spoof") },

    { "in-storm", RULES(
        UNICAST NOT_HOST "accept",
        "iif in storm; " NOT_HOST "accept",
        "goto drop-storm") },
    { NULL, NULL },
};
/* clang-format on */
