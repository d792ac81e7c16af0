/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads frames for the audit, which must not believe the guards' own reading.
 * Pure. portsec.c calls this. */

#include <cordon-config.h>
#include "audit/packet.h"

#include <netinet/in.h>
#include <string.h>

#include "packets.h"
#include "util.h"

struct addr
packet_addr(const uint8_t *p, int family)
{
    struct addr a = { .family = family };

    memcpy(a.b, p, family == AF_INET ? 4 : 16);
    return a;
}

bool
packet_is_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200
           || type == 0x9300;
}

static void
parse_ip4(struct packet *p)
{
    const uint8_t *b = p->body;
    size_t header, total;

    p->has_ip_dst = p->body_n >= 20;
    if (!p->has_ip_dst) {
        return;
    }
    header = (b[0] & 15) * 4;
    total = packet_u16(b + 2);
    p->ip_src = packet_addr(b + 12, AF_INET);
    p->ip_dst = packet_addr(b + 16, AF_INET);
    p->ok = b[0] >> 4 == 4 && header >= 20 && header <= total
            && total <= p->body_n;
    if (!p->ok) {
        return;
    }
    p->hop_limit = b[8];
    p->protocol = b[9];
    p->id = packet_u16(b + 4);
    p->offset = (packet_u16(b + 6) & 0x1fff) * 8;
    p->more = packet_u16(b + 6) & 0x2000;
    p->is_fragment = p->more || p->offset;
    p->options = b + 20;
    p->options_n = header - 20;
    p->l4 = b + header;
    p->l4_n = total - header;
    p->chain_ok = true;
}

static bool
is_extension(uint8_t kind)
{
    return kind == IPPROTO_HOPOPTS || kind == IPPROTO_ROUTING
           || kind == IPPROTO_DSTOPTS || kind == IPPROTO_AH || kind == 135
           || kind == 139 || kind == 140;
}

/* Reads the Fragment header at 'h'. */
static void
take_fragment(struct packet *p, const uint8_t *h)
{
    p->n_fragment_headers++;
    p->is_fragment = true;
    p->offset = packet_u16(h + 2) & 0xfff8;
    p->more = h[3] & 1;
    memcpy(&p->id, h + 4, sizeof p->id);
}

/* Follows the header chain of a packet of 'total' bytes. */
static void
walk(struct packet *p, size_t total)
{
    const uint8_t *b = p->body;
    uint8_t kind = b[6];
    size_t at = 40;

    while (is_extension(kind) || kind == IPPROTO_FRAGMENT) {
        size_t size = 8;

        if (at + 8 > MIN(total, PACKET_CHAIN_MAX)) {
            return;
        } else if (kind == IPPROTO_FRAGMENT) {
            take_fragment(p, b + at);
        } else {
            if (!p->n_extensions++) {
                p->first_extension = kind;
            }
            size =
                kind == IPPROTO_AH ? (b[at + 1] + 2) * 4 : (b[at + 1] + 1) * 8;
            if (kind == IPPROTO_HOPOPTS) {
                p->hop_by_hop = b + at + 2;
                p->hop_by_hop_n = size - 2;
            }
        }
        kind = b[at];
        at += size;
        if (p->offset) {
            break; /* A later fragment: what is behind is anything. */
        } else if (at > MIN(total, PACKET_CHAIN_MAX)) {
            p->hop_by_hop_n = 0;
            return;
        }
    }
    p->protocol = kind;
    p->l4 = b + at;
    p->l4_n = total - at;
    p->chain_ok = true;
}

static void
parse_ip6(struct packet *p)
{
    const uint8_t *b = p->body;
    size_t payload;

    p->has_ip_dst = p->body_n >= 40;
    if (!p->has_ip_dst) {
        return;
    }
    payload = packet_u16(b + 4);
    p->ip_src = packet_addr(b + 8, AF_INET6);
    p->ip_dst = packet_addr(b + 24, AF_INET6);
    p->ok = b[0] >> 4 == 6 && payload && payload <= p->body_n - 40;
    if (p->ok) {
        p->hop_limit = b[7];
        walk(p, 40 + payload);
    }
}

void
packet_parse(const void *data, size_t n, struct packet *p)
{
    *p = (struct packet){
        .data = data,
        .n = n,
        .complete = n >= ETH_HEADER_LEN,
        .protocol = PACKET_NO_PROTOCOL,
    };
    if (!p->complete) {
        return;
    }
    memcpy(&p->dst, p->data, sizeof p->dst);
    memcpy(&p->src, p->data + 6, sizeof p->src);
    p->type = packet_u16(p->data + 12);
    p->body = p->data + ETH_HEADER_LEN;
    p->body_n = n - ETH_HEADER_LEN;
    if (p->type == ETH_TYPE_IP) {
        p->ip = 4;
        parse_ip4(p);
    } else if (p->type == ETH_TYPE_IPV6) {
        p->ip = 6;
        parse_ip6(p);
    }
}

bool
packet_arp(const struct packet *p, struct packet_arp *arp)
{
    const uint8_t *b = p->body;

    if (p->body_n < 28) {
        return false;
    }
    arp->hardware = packet_u16(b);
    arp->protocol = packet_u16(b + 2);
    arp->hardware_len = b[4];
    arp->protocol_len = b[5];
    arp->op = packet_u16(b + 6);
    memcpy(&arp->sha, b + 8, sizeof arp->sha);
    arp->spa = packet_addr(b + 14, AF_INET);
    arp->tpa = packet_addr(b + 24, AF_INET);
    return true;
}

int
packet_icmp6_type(const struct packet *p)
{
    return p->ip == 6 && p->protocol == IPPROTO_ICMPV6 && !p->offset && p->l4_n
               ? p->l4[0]
               : -1;
}

/* Bytes of a message before its options (RFC 4861, section 4); 0: it is none
 * of Neighbour Discovery. */
static size_t
nd_fixed(int type)
{
    static const uint8_t sizes[] = { 8, 16, 24, 24, 40 };

    return type >= 133 && type <= 137 ? sizes[type - 133] : 0;
}

bool
packet_nd_options(const struct packet *p, packet_option_func *func, void *aux)
{
    size_t at = nd_fixed(packet_icmp6_type(p));

    if (!at || p->l4_n < at || p->l4_n > PACKET_CHAIN_MAX) {
        return false;
    }
    while (at < p->l4_n) {
        const uint8_t *option = p->l4 + at;
        size_t size = p->l4_n - at >= 2 ? option[1] * 8 : 0;

        if (!size || size > p->l4_n - at
            || !func(option[0], option + 2, size - 2, aux)) {
            return false;
        }
        at += size;
    }
    return true;
}

bool
packet_is_router_alert(const struct packet *p)
{
    const uint8_t *o = p->hop_by_hop;
    size_t alerts = 0;

    if (p->hop_by_hop_n != 6) {
        return false;
    }
    for (size_t at = 0; at < 6;) {
        size_t size = !o[at] ? 1 : at + 2 <= 6 ? 2u + o[at + 1] : 7;

        if (size > 6 - at) {
            return false;
        } else if (o[at] > 1) {
            if (o[at] != 5 || size != 4 || o[at + 2] || o[at + 3]) {
                return false;
            }
            alerts++;
        }
        at += size;
    }
    return alerts == 1;
}
