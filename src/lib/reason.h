/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_REASON_H
#define CORDON_LIB_REASON_H 1

/* Why a frame was dropped: the one list of reasons that dataplanes count by,
 * commands print and man pages explain. Numbers are stored in the kernel (as
 * part of counter keys), so they are never reused. */

enum reason {
    /* From the guest, in the order of the rules. */
    REASON_SPOOFED_MAC = 1,     /* Source MAC is not the port's. */
    REASON_TAGGED = 2,          /* A VLAN tag of any kind. */
    REASON_LLC = 3,             /* 802.3 length instead of an EtherType. */
    REASON_CONTROL_MAC = 4,     /* Control group, or destination is source. */
    REASON_MAC_IP_MISMATCH = 5, /* Group MAC and IP destination disagree. */
    REASON_ETHERTYPE = 6,       /* Not IPv4, ARP or IPv6. */
    REASON_ARP_MALFORMED = 7,
    REASON_ARP_SPOOF = 8,
    REASON_SPOOFED_IP = 9,
    REASON_MALFORMED = 10,
    REASON_IP_OPTIONS = 11,
    REASON_FRAGMENT = 12,
    REASON_ND_SPOOF = 13,
    REASON_ROGUE_RA = 14,
    REASON_EXT_HEADER = 15,
    REASON_ROGUE_DHCP = 16,
    REASON_ROGUE_ROUTER = 17,
    REASON_ENCAPSULATION = 18,
    REASON_ICMP_EMBEDDED = 19,
    REASON_STORM = 20,
    /* To the guest. */
    REASON_WRONG_SEGMENT = 21, /* No mark, or another segment's. */
    REASON_NOT_ADDRESSED = 22, /* Not to the guest's MAC or addresses. */
    /* From and to the uplink. */
    REASON_UNKNOWN_VLAN = 23, /* Untagged, or a VLAN not in use. */
    REASON_LOCAL_MAC = 24,    /* Source MAC of a port on this host. */
    /* To the host. */
    REASON_TO_HOST = 25, /* Reached the bridge device itself. */
    REASON_MAX = REASON_TO_HOST,
};

/* "spoofed-mac" and so on; NULL if 'reason' is not one. */
const char *reason_name(unsigned int reason);

#endif /* src/lib/reason.h */
