/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PACKET_H
#define CORDON_AUDIT_PACKET_H 1

/* A frame as far as it can be read: Ethernet (IEEE 802.3), ARP (RFC 826), IPv4
 * (RFC 791), IPv6 and its header chain (RFC 8200). Judges nothing. Shares no
 * code with what the guards read frames by. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* Headers, and messages of Neighbour Discovery, that go on past this many
 * bytes are too long. */
#define PACKET_CHAIN_MAX 512

#define PACKET_NO_PROTOCOL -1

struct packet {
    const uint8_t *data; /* All of it, which the caller keeps. */
    size_t n;
    bool complete; /* Has an Ethernet header; all else is 0 if not. */
    struct eth_addr dst, src;
    uint16_t type; /* EtherType, or a length. */
    const uint8_t *body;
    size_t body_n;

    /* Of IP. 'ip' is 4 or 6 by EtherType, else 0. What follows is read only
     * if 'ok': the lengths are consistent. 'ip_dst' is there if
     * 'has_ip_dst', consistent or not. */
    int ip;
    bool ok, has_ip_dst;
    struct addr ip_src, ip_dst;
    uint8_t hop_limit;
    const uint8_t *options; /* IPv4's. */
    size_t options_n;
    int protocol; /* Of the upper layer, PACKET_NO_PROTOCOL: the chain
                   * cannot be read to its end. */
    const uint8_t *l4;
    size_t l4_n;

    bool is_fragment, more;
    unsigned int offset; /* Bytes. */
    uint32_t id;

    /* IPv6's chain: headers before the upper layer but Fragment. */
    bool chain_ok;
    unsigned int n_extensions, n_fragment_headers;
    uint8_t first_extension;
    const uint8_t *hop_by_hop; /* Options of the last such header. */
    size_t hop_by_hop_n;
};

/* 'data' must outlive 'p'. */
void packet_parse(const void *data, size_t n, struct packet *p);

/* An ARP packet's fields; false if it is cut short. */
struct packet_arp {
    uint16_t hardware, protocol;
    uint8_t hardware_len, protocol_len;
    uint16_t op;
    struct eth_addr sha;
    struct addr spa, tpa;
};
bool packet_arp(const struct packet *, struct packet_arp *);

bool packet_is_tag(uint16_t ethertype);

/* The type of an ICMPv6 message that begins in this packet, else -1. */
int packet_icmp6_type(const struct packet *);

/* Type of option, and what is behind its length. For packet_nd_options(). */
typedef bool packet_option_func(uint8_t type, const uint8_t *value, size_t n,
                                void *aux);

/* Calls 'func' for each option of the Neighbour Discovery message in 'p',
 * until it returns false. False if that, or if the message is no such, or too
 * short, or too long, or an option does not fit. */
bool packet_nd_options(const struct packet *p, packet_option_func *func,
                       void *aux);

/* True if the Hop-by-Hop header has 8 bytes and Router Alert for MLD (RFC
 * 2711) as its one option, but for padding. */
bool packet_is_router_alert(const struct packet *);

/* A big-endian number at 'p'. */
static inline uint16_t
packet_u16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/* The address at 'p', of 'family'. */
struct addr packet_addr(const uint8_t *p, int family);

#endif /* src/audit/packet.h */
