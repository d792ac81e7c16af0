/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_FRAME_MAKER_H
#define CORDON_AUDIT_FRAME_MAKER_H 1

/* Makes the frames that one canary of `cordon probe` sends another, byte by
 * byte. maker_ethernet() begins a frame, the others add to it, maker_end() or
 * maker_finish() puts it with the rest. Numbers are in host byte order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/probe_frame.h"
#include "lib/addr.h"
#include "openvswitch/ofpbuf.h"

struct frame_maker {
    struct probe_frames *out;
    const struct probe_stations *all;
    const struct probe_station *s, *t; /* Who sends, and to whom. */
    size_t from, to;
    uint32_t run;
    uint8_t mark[PROBE_MARK_LEN]; /* Of the frame that is being made. */
    struct ofpbuf b;
};

void maker_ethernet(struct frame_maker *, struct eth_addr dst,
                    struct eth_addr src, uint16_t type);
/* From the sender to the receiver. */
void maker_unicast(struct frame_maker *, uint16_t type);
/* With whether it may pass, too, or whether it may not. */
void maker_finish(struct frame_maker *, const char *name, bool may);
void maker_end(struct frame_maker *, const char *name);

void maker_put(struct frame_maker *, const void *, size_t n);
void maker_put8(struct frame_maker *, uint8_t);
void maker_put16(struct frame_maker *, uint16_t);
void maker_put32(struct frame_maker *, uint32_t);
void maker_put_mark(struct frame_maker *);
/* Valid until more is put. */
uint8_t *maker_at(struct frame_maker *, size_t offset);
/* Puts csum_continue()'s sum at 'p', the two bytes of a header's checksum. */
void maker_set_checksum(uint8_t *p, uint32_t partial);

/* Both have an IPv4 address. */
bool maker_have_v4(const struct frame_maker *);
/* A header, for 'payload' bytes that follow. */
void maker_ip4(struct frame_maker *, const struct addr *src,
               const struct addr *dst, uint8_t protocol, uint16_t fragment,
               size_t payload, const void *options, size_t options_n);
/* 24 bytes, with the mark in the first 16 of them. */
void maker_udp_body(struct frame_maker *, uint16_t sport, uint16_t dport);
void maker_udp4(struct frame_maker *, const struct addr *src,
                const struct addr *dst);

/* Gives where the header begins, for maker_ip6_end(). */
size_t maker_ip6(struct frame_maker *, const struct addr *src,
                 const struct addr *dst, uint8_t next, uint8_t hop_limit);
/* Fills the length in, and the checksum of what begins at 'l4';
 * IPPROTO_NONE: there is none. */
void maker_ip6_end(struct frame_maker *, size_t ip, size_t l4,
                   uint8_t protocol);
/* Gives where it begins. */
size_t maker_udp6_body(struct frame_maker *, uint16_t sport, uint16_t dport);
void maker_udp6(struct frame_maker *, const struct addr *src,
                const struct addr *dst);

/* What the sender may send the receiver, without Ethernet header. */
uint16_t maker_plain_type(const struct frame_maker *);
void maker_plain(struct frame_maker *);

struct maker_arp {
    struct eth_addr dst, src, sha;
    struct addr spa, tpa;
    uint16_t op;
    uint8_t hardware_len;
};

/* What the sender may answer the receiver. */
struct maker_arp maker_arp_reply(const struct frame_maker *);
/* A whole frame, with the mark in its padding. */
void maker_arp(struct frame_maker *, const struct maker_arp *);

struct maker_nd {
    struct eth_addr dst;
    struct addr ip_src, ip_dst, target;
    uint8_t type, hop_limit, flags;
    uint8_t option; /* Type of the link-layer option; 0: none. */
    struct eth_addr option_mac;
    uint8_t before; /* Extension header in front of it; 0: none. */
};

/* An advertisement that the sender may send the receiver. */
struct maker_nd maker_advertisement(const struct frame_maker *);
/* A whole frame, with the mark in a Nonce option. */
void maker_nd(struct frame_maker *, const struct maker_nd *);

/* An address of this text, which is right. */
struct addr maker_addr(const char *);
struct eth_addr maker_mac(const char *);

#endif /* src/audit/frame_maker.h */
