/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is a port's own in port security: its MACs and addresses, and what goes
 * with them. */

#include <cordon-config.h>
#include "audit/spec_rules.h"

#include <netinet/in.h>
#include <string.h>

#include "audit/question.h"
#include "util.h"

bits
spec_mac(const struct bits_byte *b, struct eth_addr mac)
{
    return bits_equal(b, mac.ea, 6);
}

bits
spec_in_prefixes(const struct bits_byte *b, uint8_t family,
                 const struct prefix *prefixes, size_t n)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i < n; i++) {
        if (prefixes[i].addr.family == family) {
            x = bits_or(x,
                        bits_prefix(b, prefixes[i].addr.b, prefixes[i].len));
        }
    }
    return x;
}

bits
spec_u8_in(const struct bits_byte *b, const uint8_t *values, size_t n)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i < n; i++) {
        x = bits_or(x, bits_u8(b, values[i]));
    }
    return x;
}

bits
spec_is_ip4(const struct bits_byte *b, uint32_t addr)
{
    const uint8_t be[4] = { addr >> 24, addr >> 16, addr >> 8, addr };

    return bits_equal(b, be, 4);
}

static bits
owned(const struct spec *s, const struct bits_byte *mac,
      const struct bits_byte *b, uint8_t family)
{
    bits x = BITS_NONE;

    if (!s->n_pairs) {
        return BITS_ALL;
    }
    for (size_t i = 0; i < s->n_pairs; i++) {
        const struct spec_pair *p = &s->pairs[i];
        bits one;

        if (p->prefix.addr.family != family) {
            continue;
        }
        one = bits_prefix(b, p->prefix.addr.b, p->prefix.len);
        if (p->free) {
            one = bits_diff(
                one, spec_in_prefixes(b, family, s->others, s->n_others));
        }
        if (mac) {
            one = bits_and(one, spec_mac(mac, p->mac));
        }
        x = bits_or(x, one);
    }
    return x;
}

static bits
same_mac(const struct spec *s, const struct bits_byte *a,
         const struct bits_byte *b)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i < s->n_macs; i++) {
        x = bits_or(
            x, bits_and(spec_mac(a, s->macs[i]), spec_mac(b, s->macs[i])));
    }
    return s->n_macs ? x : BITS_ALL;
}

static bits
directed_broadcast(const struct spec *s, const struct bits_byte *b)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i < s->n_subnets; i++) {
        const struct prefix *p = &s->subnets[i];

        if (p->addr.family == AF_INET && p->len < 31) {
            uint32_t low = p->len ? UINT32_MAX >> p->len : UINT32_MAX;
            uint32_t addr;

            memcpy(&addr, p->addr.b, sizeof addr);
            x = bits_or(x, spec_is_ip4(b, ntohl(addr) | low));
        }
    }
    return x;
}

static bits
own_source(const struct spec *s, const struct bits_byte *b)
{
    static const struct eth_addr vif = { { { 0xfe, 0xff, 0xff, 0xff, 0xff,
                                             0xff } } };
    static const struct eth_addr zero;
    bits own = s->n_macs ? BITS_NONE : BITS_ALL;

    for (size_t i = 0; i < s->n_macs; i++) {
        own = bits_or(own, spec_mac(b, s->macs[i]));
    }
    own = bits_diff(own, b[0].bit[7]);
    own = bits_diff(own, spec_mac(b, vif));
    return bits_diff(own, spec_mac(b, zero));
}

static bits
own_mac(const struct spec *s, const struct bits_byte *b)
{
    bits own = BITS_NONE;

    for (size_t i = 0; i < s->n_macs; i++) {
        own = bits_or(own, spec_mac(b, s->macs[i]));
    }
    return own;
}

/* A source that a router may forward from. */
static bits
forwarded4(const struct spec *s, const struct bits_byte *b)
{
    static const uint8_t multicast = 0xe0;
    bits bad = bits_or(bits_at_least(b, &multicast, 1), spec_is_ip4(b, 0));

    bad = bits_or(bad, bits_u8(b, 127));
    bad = bits_or(bad, bits_u16(b, 0xa9fe));
    bad = bits_or(bad, spec_in_prefixes(b, AF_INET, s->others, s->n_others));
    bad =
        bits_or(bad, spec_in_prefixes(b, AF_INET, s->underlay, s->n_underlay));
    return bits_not(bits_or(bad, directed_broadcast(s, b)));
}

static bits
said(const struct spec *s, enum spec_ask ask, const struct bits_byte *a,
     const struct bits_byte *b, uint8_t family)
{
    switch (ask) {
    case SPEC_SOURCE:
        return own_source(s, b);
    case SPEC_MAC:
        return own_mac(s, b);
    case SPEC_SAME_MAC:
        return same_mac(s, a, b);
    case SPEC_OWNED:
        return owned(s, a, b, family);
    case SPEC_BROADCAST:
        return directed_broadcast(s, b);
    case SPEC_FORWARDED:
        return family == AF_INET ? forwarded4(s, b) : spec_forwarded6(s, b);
    case SPEC_VRID:
        return spec_u8_in(b, s->vrids, s->n_vrids);
    }
    OVS_NOT_REACHED();
}

/* Bytes of 'b'. */
static size_t
size_of(enum spec_ask ask, uint8_t family)
{
    switch (ask) {
    case SPEC_SOURCE:
    case SPEC_MAC:
    case SPEC_SAME_MAC:
        return 6;
    case SPEC_OWNED:
    case SPEC_FORWARDED:
        return family == AF_INET ? 4 : 16;
    case SPEC_BROADCAST:
        return 4;
    case SPEC_VRID:
        return 1;
    }
    OVS_NOT_REACHED();
}

/* Of the key 'a' comes first, if it is there. */
#define KIND(ASK, FAMILY, HAS_A) ((ASK) | (FAMILY) << 8 | (HAS_A) << 16)

static bool
answer(const struct question *q, const struct question_port *port,
       const struct bits_byte *key, bits *ret_frames,
       struct question_data *ret_data OVS_UNUSED)
{
    bool has_a = q->kind >> 16;

    *ret_frames = said(port->spec, q->kind & 0xff, has_a ? key : NULL,
                       has_a ? &key[6] : key, q->kind >> 8 & 0xff);
    return true;
}

bits
spec_ask(const struct spec *s, enum spec_ask ask, const struct bits_byte *a,
         const struct bits_byte *b, uint8_t family)
{
    struct question q = {
        .answer = answer,
        .kind = KIND(ask, family, a != NULL),
        .n = size_of(ask, family) + (a ? 6 : 0),
    };

    if (!question_is_open()) {
        return said(s, ask, a, b, family);
    }
    if (a) {
        memcpy(q.key, a, 6 * sizeof *a);
    }
    memcpy(&q.key[a ? 6 : 0], b, size_of(ask, family) * sizeof *b);
    return question_ask(&q, NULL);
}

bits
spec_owned(const struct spec *s, const struct bits_byte *mac,
           const struct bits_byte *b, uint8_t family)
{
    return spec_ask(s, SPEC_OWNED, mac, b, family);
}

bits
spec_is_mac(const struct spec *s, const struct bits_byte *a,
            const struct bits_byte *b)
{
    return spec_ask(s, SPEC_SAME_MAC, a, b, 0);
}

bits
spec_directed_broadcast(const struct spec *s, const struct bits_byte *b)
{
    return spec_ask(s, SPEC_BROADCAST, NULL, b, AF_INET);
}
