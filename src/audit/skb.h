/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_SKB_H
#define CORDON_AUDIT_SKB_H 1

/* A frame as the kernel carries it: its bytes, and what goes with them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

/* Connection tracking has ... */
enum skb_ct {
    SKB_CT_NONE,      /* not seen the frame yet, or nothing it could track. */
    SKB_CT_UNTRACKED, /* been told to leave it alone. */
    SKB_CT_TRACKED,   /* seen it: its state is assumed. */
};

struct skb {
    uint8_t *data; /* From the destination MAC, without a tag that is in
                    * 'tci'. Not owned. */
    size_t n;
    size_t linear;  /* Bytes of it that are in the linear area. */
    size_t network; /* Offset of the network header. */
    size_t pulled;  /* Offset of skb->data: behind the MAC header, or 0 on the
                     * way out. */
    uint16_t protocol; /* skb->protocol: ETH_P_*, host order. */
    bool tagged;       /* There is an accelerated tag: */
    uint16_t tci, tag_protocol;
    uint32_t mark, priority;
    uint8_t pkttype; /* PACKET_*. */
    enum skb_ct ct;
};

/* Makes '*skb' of a frame of 'n' bytes that arrives at a device of MAC 'mac',
 * as eth_type_trans() and the untagging in __netif_receive_skb_core() do. All
 * of it is linear, as far as 'linear' allows. The frame in 'data' is changed.
 * False if the kernel drops it as too short. */
bool skb_receive(struct skb *, uint8_t *data, size_t n, size_t linear,
                 struct eth_addr mac);

/* Takes out a tag that stands in the frame, if there is none in 'tci'. False
 * if it is too short for that. */
bool skb_untag(struct skb *);

/* Puts the tag of 'tci' into the frame, as for sending. 'data' has to have
 * room for 4 more bytes. */
void skb_put_tag(struct skb *);

/* Of the MAC header as it stands. */
struct eth_addr skb_destination(const struct skb *);
struct eth_addr skb_source(const struct skb *);
uint16_t skb_ethertype(const struct skb *);

/* Where netfilter finds the transport header (net/netfilter/nf_tables_ipv4.h,
 * nf_tables_ipv6.h). */
struct skb_transport {
    bool known;        /* NFT_PKTINFO_L4PROTO. */
    uint8_t protocol;  /* IPPROTO_*. */
    size_t offset;     /* From the destination MAC. */
    uint16_t fragment; /* Offset of a later fragment; 0: none. If it is IPv6,
                        * 'offset' is where skb->data starts. */
};

/* Finds it for a packet of 'protocol', ETH_P_IP or ETH_P_IPV6, not believing
 * any length. Another protocol has none. */
void skb_transport(const struct skb *, uint16_t protocol,
                   struct skb_transport *);

/* As the kernel's ipv6_find_hdr(): the header 'target', or the transport
 * header if that is -1; looks behind an authentication header only if
 * 'stop_at_auth' is false. Sets '*ret_offset' to where it starts, from the
 * destination MAC. Returns its number or -1. */
int skb_find_ip6(const struct skb *, int target, bool stop_at_auth,
                 size_t *ret_offset, uint16_t *ret_fragment);

#endif /* src/audit/skb.h */
