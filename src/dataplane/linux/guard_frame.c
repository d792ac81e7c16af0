/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the guest, off the common path: the frame, ARP, and what all that
 * passes goes through last. */

#include <cordon-config.h>
#include "dataplane/linux/guard_chains.h"

#include <stddef.h>

/* An Ethernet header is always there. That a group MAC is the one of the IP
 * destination is found by putting the low bits of one into a scratch set and
 * looking for those of the other. */
const struct guard_chain guard_chains_frame[] = {
    { "in-frame", RULES(
        "mark = iif map segment; iif . eth.src in macs; goto in-tag",
        "goto drop-spoofed-mac") },
    { "in-tag", RULES(
        "eth.type == 8100; goto drop-tagged",
        "eth.type == 88a8; goto drop-tagged",
        "eth.type == 9100; goto drop-tagged",
        "eth.type == 9200; goto drop-tagged",
        "eth.type == 9300; goto drop-tagged",
        "eth.type < 0600; goto drop-llc",
        "iif . eth.src . eth.dst in same; goto drop-control-mac",
        "eth.dst & 010000000000 == 000000000000; goto in-unicast",
        "eth.dst == ffffffffffff; goto in-broadcast",
        "eth.dst & ffffff800000 == 01005e000000; goto in-group4",
        "eth.dst & ffff00000000 == 333300000000; goto in-group6",
        "goto drop-control-mac") },
    { "in-unicast", RULES(
        "eth.type == 0806; goto in-arp",
        "eth.type == 0800; ip.dst & f0000000 == e0000000; "
        "goto drop-mac-ip-mismatch",
        "eth.type == 0800; ip.dst == ffffffff; goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto in4",
        "eth.type == 86dd; nh24:1 == ff; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; goto in6",
        "goto drop-ethertype") },
    { "in-broadcast", RULES(
        "eth.type == 0806; goto in-arp",
        "eth.type == 0800; ip.dst == ffffffff; goto in4",
        "eth.type == 0800; $mark . ip.dst in broadcast4; goto in4",
        "eth.type == 0800; ip.dst >= 00000000; goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto drop-malformed",
        "eth.type == 86dd; nh24:1 >= 00; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; goto drop-malformed",
        "goto drop-ethertype") },
    { "in-group4", RULES(
        "eth.type == 0800; ip.dst & f0000000 == e0000000; goto in-match4",
        "eth.type == 0800; ip.dst >= 00000000; goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto drop-malformed",
        "eth.type == 0806; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; goto drop-mac-ip-mismatch",
        "goto drop-ethertype") },
    { "in-match4", RULES(
        "add scratch4 cpu . ip.dst & 007fffff",
        "cpu . eth.dst.low & 007fffff in scratch4; "
        "delete scratch4 cpu . ip.dst & 007fffff; goto in4",
        "delete scratch4 cpu . ip.dst & 007fffff",
        "goto drop-mac-ip-mismatch") },
    { "in-group6", RULES(
        "eth.type == 86dd; nh24:1 == ff; goto in-match6",
        "eth.type == 86dd; nh24:1 >= 00; goto drop-mac-ip-mismatch",
        "eth.type == 86dd; goto drop-malformed",
        "eth.type == 0806; goto drop-mac-ip-mismatch",
        "eth.type == 0800; goto drop-mac-ip-mismatch",
        "goto drop-ethertype") },
    { "in-match6", RULES(
        "add scratch4 cpu . ip6.dst.low",
        "cpu . eth.dst.low in scratch4; delete scratch4 cpu . ip6.dst.low; "
        "goto in6",
        "delete scratch4 cpu . ip6.dst.low",
        "goto drop-mac-ip-mismatch") },

    { "in-arp", RULES(
        "arp.head == 0001080006040001; arp.tpa >= 00000000; "
        "goto in-arp-request",
        "arp.head == 0001080006040002; arp.tpa >= 00000000; "
        "iif . eth.src . arp.sha in same; goto in-arp-source",
        "arp.head == 0001080006040002; arp.tpa >= 00000000; "
        "goto drop-arp-spoof",
        "goto drop-arp-malformed") },
    { "in-arp-request", RULES(
        "iif . eth.src . arp.sha in same; arp.spa == 00000000; "
        "goto in-arp-probe",
        "iif . eth.src . arp.sha in same; goto in-arp-source",
        "goto drop-arp-spoof") },
    { "in-arp-probe", RULES(
        "iif . eth.src . arp.tpa in pair4; goto in-storm",
        "iif . eth.src . arp.tpa in pairs4; goto in-storm",
        "goto drop-arp-spoof") },
    { "in-arp-source", RULES(
        "iif . eth.src . arp.spa in pair4; goto in-storm",
        "iif . eth.src . arp.spa in pairs4; goto in-storm",
        "goto drop-arp-spoof") },

    { "in-storm", RULES(
        "eth.dst & 010000000000 == 000000000000; accept",
        "iif in storm; accept",
        "goto drop-storm") },
    { NULL, NULL },
};
