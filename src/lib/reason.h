/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_REASON_H
#define CORDON_LIB_REASON_H 1

/* Why a frame was dropped: the one list of reasons that dataplanes count by,
 * commands print and man pages explain. Numbers are stored in the kernel (as
 * part of counter keys), so they are never reused. */

#include <stdbool.h>

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
    REASON_NFT_MAX = REASON_TO_HOST,
    /* Of the kernel module alone. */
    REASON_QUARANTINED = 26, /* The port is not guarded yet. */
    REASON_BLOCKED = 27,     /* XDP or tc run ahead of the guard. */
    /* Tenants' rules. */
    REASON_GROUP_INGRESS = 29, /* No rule allows it to the guest... */
    REASON_GROUP_EGRESS = 30,  /* ...or from it. */
    REASON_CT_INVALID = 31,    /* Of no connection, and opens none. */
    REASON_CT_BLOCKED = 32,    /* The rules do not allow it any more. */
    REASON_CONNECTIONS = 33,   /* More than the interface may have. */
    REASON_FRAGMENT_RATE = 34, /* More fragments a second than it may. */
    /* Rates. */
    REASON_RATE = 28,       /* From the guest, more frames a second. */
    REASON_POLICED = 35,    /* From the guest, more bytes a second. */
    REASON_QUEUE_FULL = 36, /* To the guest, more than its queue holds. */
    /* To the guest, in a shared network. */
    REASON_NOT_GATEWAY = 37, /* From no gateway, service or community. */
    REASON_MAX = REASON_NOT_GATEWAY,
};

/* "spoofed-mac" and so on; NULL if 'reason' is not one. */
const char *reason_name(unsigned int reason);

/* True of what the guard spares a guest: others send it, and decide how much
 * it is. */
bool reason_is_others(unsigned int reason);

#endif /* src/lib/reason.h */
