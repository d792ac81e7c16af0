/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes frames byte by byte: Ethernet, ARP (RFC 826), IPv4 (RFC 791), IPv6
 * (RFC 8200), UDP, ICMP and Neighbour Discovery (RFC 4861). Pure. */

#include <cordon-config.h>
#include "audit/frame_maker.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

#include "csum.h"
#include "packets.h"
#include "util.h"

void
maker_put(struct frame_maker *m, const void *p, size_t n)
{
    if (n) {
        ofpbuf_put(&m->b, p, n);
    }
}

void
maker_put8(struct frame_maker *m, uint8_t x)
{
    maker_put(m, &x, 1);
}

void
maker_put16(struct frame_maker *m, uint16_t x)
{
    maker_put8(m, x >> 8);
    maker_put8(m, x);
}

void
maker_put32(struct frame_maker *m, uint32_t x)
{
    maker_put16(m, x >> 16);
    maker_put16(m, x);
}

static void
put_mac(struct frame_maker *m, struct eth_addr mac)
{
    maker_put(m, mac.ea, sizeof mac.ea);
}

static void
put_addr(struct frame_maker *m, const struct addr *a)
{
    maker_put(m, a->b, addr_len(a));
}

void
maker_put_mark(struct frame_maker *m)
{
    maker_put(m, m->mark, sizeof m->mark);
}

uint8_t *
maker_at(struct frame_maker *m, size_t offset)
{
    return ofpbuf_at_assert(&m->b, offset, 0);
}

/* The checksum, as it is put into a header. */
void
maker_set_checksum(uint8_t *p, uint32_t partial)
{
    ovs_be16 sum = csum_finish(partial);

    memcpy(p, &sum, sizeof sum);
}

struct addr
maker_addr(const char *s)
{
    struct addr a = { .family = AF_UNSPEC };

    ovs_assert(addr_parse(s, &a));
    return a;
}

struct eth_addr
maker_mac(const char *s)
{
    struct eth_addr mac = eth_addr_zero;

    ovs_assert(mac_parse(s, &mac));
    return mac;
}

/* A frame begins; its mark is its number. */
static void
begin(struct frame_maker *m)
{
    ofpbuf_clear(&m->b);
    m->mark[0] = 0xc0;
    m->mark[1] = 0xd0;
    for (int i = 0; i < 4; i++) {
        m->mark[2 + i] = m->run >> (24 - 8 * i);
    }
    m->mark[6] = m->out->n >> 8;
    m->mark[7] = m->out->n;
}

void
maker_finish(struct frame_maker *m, const char *name, bool may)
{
    struct probe_frames *out = m->out;
    struct probe_frame *f;

    if (out->n == out->allocated) {
        out->v = x2nrealloc(out->v, &out->allocated, sizeof *out->v);
    }
    f = &out->v[out->n++];
    *f = (struct probe_frame){
        .name = name,
        .from = m->from,
        .to = m->to,
        .may = may,
        .data = xmemdup(m->b.data, m->b.size),
        .n = m->b.size,
    };
    memcpy(f->mark, m->mark, sizeof f->mark);
}

void
maker_end(struct frame_maker *m, const char *name)
{
    maker_finish(m, name, false);
}

void
maker_ethernet(struct frame_maker *m, struct eth_addr dst, struct eth_addr src,
               uint16_t type)
{
    begin(m);
    put_mac(m, dst);
    put_mac(m, src);
    maker_put16(m, type);
}

/* From the sender to the receiver. */
void
maker_unicast(struct frame_maker *m, uint16_t type)
{
    maker_ethernet(m, m->t->mac, m->s->mac, type);
}

bool
maker_have_v4(const struct frame_maker *m)
{
    return m->s->v4.family && m->t->v4.family;
}

/* IPv4. */

void
maker_ip4(struct frame_maker *m, const struct addr *src,
          const struct addr *dst, uint8_t protocol, uint16_t fragment,
          size_t payload, const void *options, size_t options_n)
{
    size_t start = m->b.size;

    maker_put8(m, 0x45 + options_n / 4);
    maker_put8(m, 0);
    maker_put16(m, 20 + options_n + payload);
    maker_put16(m, m->run * 7 + m->from);
    maker_put16(m, fragment);
    maker_put8(m, 64);
    maker_put8(m, protocol);
    maker_put16(m, 0);
    put_addr(m, src);
    put_addr(m, dst);
    maker_put(m, options, options_n);
    maker_set_checksum(
        maker_at(m, start + 10),
        csum_continue(0, maker_at(m, start), m->b.size - start));
}

/* 24 bytes, with the mark in the first 16 of them. */
void
maker_udp_body(struct frame_maker *m, uint16_t sport, uint16_t dport)
{
    maker_put16(m, sport);
    maker_put16(m, dport);
    maker_put16(m, 24);
    maker_put16(m, 0); /* None. */
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 8);
}

void
maker_udp4(struct frame_maker *m, const struct addr *src,
           const struct addr *dst)
{
    maker_ip4(m, src, dst, IPPROTO_UDP, 0, 24, NULL, 0);
    maker_udp_body(m, 40009, 9);
}

/* IPv6. */

/* Gives where the header begins, for ip6_end(). */
size_t
maker_ip6(struct frame_maker *m, const struct addr *src,
          const struct addr *dst, uint8_t next, uint8_t hop_limit)
{
    size_t start = m->b.size;

    maker_put32(m, 6u << 28);
    maker_put16(m, 0);
    maker_put8(m, next);
    maker_put8(m, hop_limit);
    put_addr(m, src);
    put_addr(m, dst);
    return start;
}

/* Fills the length in, and the checksum of what begins at 'l4'. */
void
maker_ip6_end(struct frame_maker *m, size_t ip, size_t l4, uint8_t protocol)
{
    size_t sum_at = l4 + (protocol == IPPROTO_UDP ? 6 : 2);
    size_t length = m->b.size - ip - 40;
    uint32_t sum;

    maker_at(m, ip)[4] = length >> 8;
    maker_at(m, ip)[5] = length;
    if (protocol != IPPROTO_NONE) {
        sum = csum_continue(0, maker_at(m, ip + 8), 32);
        sum = csum_add32(sum, htonl(m->b.size - l4));
        sum = csum_add32(sum, htonl(protocol));
        sum = csum_continue(sum, maker_at(m, l4), m->b.size - l4);
        maker_set_checksum(maker_at(m, sum_at), sum);
    }
}

size_t
maker_udp6_body(struct frame_maker *m, uint16_t sport, uint16_t dport)
{
    size_t l4 = m->b.size;

    maker_udp_body(m, sport, dport);
    return l4;
}

void
maker_udp6(struct frame_maker *m, const struct addr *src,
           const struct addr *dst)
{
    size_t ip = maker_ip6(m, src, dst, IPPROTO_UDP, 64);

    maker_ip6_end(m, ip, maker_udp6_body(m, 40009, 9), IPPROTO_UDP);
}

/* What the sender may send the receiver, without Ethernet header. */
uint16_t
maker_plain_type(const struct frame_maker *m)
{
    return maker_have_v4(m) ? ETH_TYPE_IP : ETH_TYPE_IPV6;
}

void
maker_plain(struct frame_maker *m)
{
    if (maker_have_v4(m)) {
        maker_udp4(m, &m->s->v4, &m->t->v4);
    } else {
        maker_udp6(m, &m->s->link_local, &m->t->link_local);
    }
}

/* ARP, with the mark in its padding. */

void
maker_arp(struct frame_maker *m, const struct maker_arp *a)
{
    maker_ethernet(m, a->dst, a->src, ETH_TYPE_ARP);
    maker_put16(m, 1);
    maker_put16(m, ETH_TYPE_IP);
    maker_put8(m, a->hardware_len);
    maker_put8(m, 4);
    maker_put16(m, a->op);
    put_mac(m, a->sha);
    put_addr(m, &a->spa);
    put_mac(m, a->op == 1 ? eth_addr_zero : m->t->mac);
    put_addr(m, &a->tpa);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 10);
}

/* What the sender may answer the receiver. */
struct maker_arp
maker_arp_reply(const struct frame_maker *m)
{
    return (struct maker_arp){
        .dst = m->t->mac,
        .src = m->s->mac,
        .sha = m->s->mac,
        .spa = m->s->v4,
        .tpa = m->t->v4,
        .op = 2,
        .hardware_len = 6,
    };
}

/* ICMPv6 from ND on, with the mark in a Nonce option. */

static void
nd_message(struct frame_maker *m, const struct maker_nd *nd)
{
    maker_put8(m, nd->type);
    maker_put8(m, 0);
    maker_put16(m, 0);
    if (nd->type == ND_ROUTER_ADVERT) {
        ofpbuf_put_zeros(&m->b, 12); /* A router for no time at all. */
    } else {
        maker_put8(m, nd->flags);
        ofpbuf_put_zeros(&m->b, 3);
        if (nd->type != ND_ROUTER_SOLICIT) {
            put_addr(m, &nd->target);
        }
        if (nd->type == ND_REDIRECT) {
            put_addr(m, &nd->target);
        }
    }
    if (nd->option) {
        maker_put8(m, nd->option);
        maker_put8(m, 1);
        put_mac(m, nd->option_mac);
    }
    maker_put8(m, 14);
    maker_put8(m, 2);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 6);
}

void
maker_nd(struct frame_maker *m, const struct maker_nd *nd)
{
    static const uint8_t padding[] = { IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0 };
    static const uint8_t atomic[] = { IPPROTO_ICMPV6, 0, 0, 0, 0, 0, 0, 1 };
    size_t ip, l4;

    maker_ethernet(m, nd->dst, m->s->mac, ETH_TYPE_IPV6);
    ip = maker_ip6(m, &nd->ip_src, &nd->ip_dst,
                   nd->before ? nd->before : IPPROTO_ICMPV6, nd->hop_limit);
    if (nd->before == IPPROTO_FRAGMENT) {
        maker_put(m, atomic, sizeof atomic);
    } else if (nd->before) {
        maker_put(m, padding, sizeof padding);
    }
    l4 = m->b.size;
    nd_message(m, nd);
    maker_ip6_end(m, ip, l4, IPPROTO_ICMPV6);
}

/* An advertisement that the sender may send the receiver. */
struct maker_nd
maker_advertisement(const struct frame_maker *m)
{
    return (struct maker_nd){
        .dst = m->t->mac,
        .ip_src = m->s->link_local,
        .ip_dst = m->t->link_local,
        .target = m->s->link_local,
        .type = ND_NEIGHBOR_ADVERT,
        .hop_limit = 255,
        .flags = 0x60,
        .option = 2,
        .option_mac = m->s->mac,
    };
}
