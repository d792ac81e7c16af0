/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a port may send over IPv6. */

#include <cordon-config.h>
#include "audit/spec_rules.h"

#include <netinet/in.h>
#include <string.h>

#include "util.h"

#define ND_END 80 /* Of a message whose options are all modelled. */

static bits
zero16(const struct bits_byte *b)
{
    static const uint8_t zero[16];

    return bits_equal(b, zero, 16);
}

/* Bytes of the packet that are upper layer: 16 bits. */
static void
upper_len(const struct header *h, bits len[16])
{
    if (h->shape == HEADER_IP6_EXTENSION) {
        bits payload[16], minus[16], sum[17];

        /* Modulo 2^16: what is shorter than the header is malformed. */
        bits_number(65536 - 8, minus, 16);
        memcpy(payload, &h->nh[4], sizeof payload);
        bits_add(payload, minus, 16, sum);
        memcpy(len, &sum[1], 16 * sizeof *len);
    } else {
        memcpy(len, &h->nh[4], 16 * sizeof *len);
    }
}

static bits
upper_longer(const struct header *h, unsigned int n)
{
    unsigned int payload = n + h->th - 40;
    const uint8_t be[2] = { payload >> 8, payload };

    return bits_at_least(&h->nh[4], be, 2);
}

static bits
upper_is(const struct header *h, unsigned int n)
{
    return bits_u16(&h->nh[4], n + h->th - 40);
}

/* Messages whose options from 'at' on are well formed and fit, each
 * link-layer address the frame's source; '*ret_none' those without link-layer
 * address. Both only of those no longer than ND_END. */
static void
options(const struct spec *s, const struct header *h, unsigned int at,
        bits *ret_good, bits *ret_none)
{
    const struct bits_byte *th = &h->nh[h->th];
    bits good[ND_END / 8 + 1], none[ND_END / 8 + 1];

    for (unsigned int i = ND_END; i + 8 > at; i -= 8) {
        bits is = upper_is(h, i), g = BITS_NONE, n = BITS_NONE;

        for (unsigned int units = 1; i + 8 * units <= ND_END; units++) {
            bits u = bits_u8(&th[i + 1], units);

            g = bits_or(g, bits_and(u, good[i / 8 + units]));
            n = bits_or(n, bits_and(u, none[i / 8 + units]));
        }
        if (i < ND_END) {
            bits link = bits_or(bits_u8(&th[i], 1), bits_u8(&th[i], 2));
            bits own = bits_and(bits_u8(&th[i + 1], 1),
                                spec_is_mac(s, h->src, &th[i + 2]));

            g = bits_and(g, bits_or(bits_not(link), own));
            n = bits_diff(n, link);
        }
        good[i / 8] = bits_or(is, g);
        none[i / 8] = bits_or(is, n);
    }
    *ret_good = good[at / 8];
    *ret_none = none[at / 8];
}

struct nd {
    bits kind;       /* Solicitation, advertisement... */
    bits good, none; /* Of its options. */
};

static struct nd
nd_of(const struct spec *s, const struct header *h, bits icmp, uint8_t type,
      unsigned int fixed)
{
    struct nd nd = { .kind = bits_and(icmp, bits_u8(&h->nh[h->th], type)) };

    options(s, h, fixed, &nd.good, &nd.none);
    return nd;
}

/* Solicitations from the unspecified address: for an own address, to its
 * group. */
static bits
is_dad(const struct spec *s, const struct header *h)
{
    static const uint8_t group[13] = { 0xff, 2, [11] = 1, [12] = 0xff };
    const struct bits_byte *target = &h->nh[h->th + 8];
    bits x = bits_and(bits_equal(&h->nh[24], group, 13),
                      bits_same(&h->nh[37], &target[13], 3));

    return bits_and(x, spec_owned(s, h->src, target, AF_INET6));
}

/* Neighbour Discovery without extension header. Returns what may be sent from
 * the unspecified address. */
static bits
neighbour_discovery(const struct spec *s, const struct header *h, bits icmp,
                    struct spec_emit *e)
{
    const struct bits_byte *th = &h->nh[h->th];
    struct nd rs = nd_of(s, h, icmp, 133, 8);
    struct nd ns = nd_of(s, h, icmp, 135, 24);
    struct nd na = nd_of(s, h, icmp, 136, 24);
    bits routers = bits_and(icmp, bits_or(bits_u8(th, 134), bits_u8(th, 137)));
    bits local = bits_and(bits_u8(&h->nh[7], 255), bits_u8(&th[1], 0));
    bits long_one = upper_longer(h, ND_END + 1), all, good;

    if (!s->router) {
        spec_add(e, REASON_ROGUE_RA, routers);
    } else {
        /* What it says of itself is its own business. */
        spec_add(e, REASON_ROGUE_RA, bits_diff(routers, local));
    }
    all = bits_or(rs.kind, bits_or(ns.kind, na.kind));
    spec_add(e, REASON_ND_SPOOF, bits_diff(all, local));
    e->unknown = bits_or(e->unknown, bits_and(all, long_one));
    good = bits_and(rs.kind, rs.good);
    good = bits_or(good, bits_and(ns.kind, ns.good));
    good = bits_or(good, bits_and(na.kind, na.good));
    spec_add(e, REASON_ND_SPOOF, bits_diff(bits_diff(all, good), long_one));
    spec_add(e, REASON_ND_SPOOF,
             bits_diff(na.kind, spec_owned(s, h->src, &th[8], AF_INET6)));
    if (!s->router) {
        spec_add(e, REASON_ND_SPOOF, bits_and(na.kind, th[4].bit[0]));
    }
    good = bits_and(rs.kind, bits_or(rs.none, long_one));
    return bits_or(good, bits_and(bits_and(ns.kind, is_dad(s, h)),
                                  bits_or(ns.none, long_one)));
}

/* Router Alert and padding, and nothing else (RFC 2711). */
static bits
only_router_alert(const struct bits_byte *b)
{
    static const uint8_t forms[][6] = {
        { 5, 2, 0, 0, 0, 0 }, { 5, 2, 0, 0, 1, 0 }, { 0, 0, 5, 2, 0, 0 },
        { 1, 0, 5, 2, 0, 0 }, { 0, 5, 2, 0, 0, 0 },
    };
    bits x = BITS_NONE;

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        x = bits_or(x, bits_equal(b, forms[i], 6));
    }
    return x;
}

static void
extension(const struct header *h, bits mld, struct spec_emit *e)
{
    static const uint8_t parts[] = { 6, 17, 58, 50, 132 };
    static const uint8_t plain[] = { 1, 2, 3, 4, 128, 129 };
    const struct bits_byte *ext = &h->nh[40], *th = &h->nh[h->th];
    bits fragment = bits_u8(&h->nh[6], 44), offset[16], len[16], sum[17];
    bits zero = BITS_ALL, one, first, tiny, bad;

    for (size_t i = 0; i < 13; i++) {
        offset[i] = ext[2 + i / 8].bit[i % 8];
        zero = bits_diff(zero, offset[i]);
    }
    offset[13] = offset[14] = offset[15] = BITS_NONE;
    one = offset[12];
    for (size_t i = 0; i < 12; i++) {
        one = bits_diff(one, offset[i]);
    }
    spec_add(e, REASON_EXT_HEADER,
             bits_diff(bits_diff(bits_not(fragment),
                                 bits_and(bits_u8(&h->nh[6], 0), mld)),
                       BITS_NONE));
    spec_add(e, REASON_EXT_HEADER,
             bits_diff(bits_u8(&h->nh[6], 0), only_router_alert(&ext[2])));
    first = bits_and(fragment, zero);
    upper_len(h, len);
    bits_add(offset, len, 16, sum);
    bad = bits_or(one, sum[0]);
    bad =
        bits_or(bad, bits_not(spec_u8_in(&ext[0], parts, ARRAY_SIZE(parts))));
    tiny = bits_not(upper_longer(h, 8));
    tiny = bits_or(tiny, bits_diff(bits_u8(&ext[0], 6), upper_longer(h, 20)));
    tiny = bits_or(
        tiny, bits_and(bits_u8(&ext[0], 58),
                       bits_not(spec_u8_in(th, plain, ARRAY_SIZE(plain)))));
    bad = bits_or(bits_and(fragment, bad), bits_and(first, tiny));
    spec_add(e, REASON_FRAGMENT, bad);
}

bits
spec_forwarded6(const struct spec *s, const struct bits_byte *b)
{
    static const uint8_t loopback[16] = { [15] = 1 };
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const uint8_t link_local[] = { 0xfe, 0x80 };
    bits bad = bits_or(bits_u8(b, 0xff), bits_equal(b, loopback, 16));

    bad = bits_or(bad, bits_prefix(b, link_local, 10));
    bad = bits_or(bad, bits_equal(b, mapped, 12));
    bad = bits_or(bad, zero16(b));
    bad = bits_or(bad, spec_in_prefixes(b, AF_INET6, s->others, s->n_others));
    return bits_not(bits_or(
        bad, spec_in_prefixes(b, AF_INET6, s->underlay, s->n_underlay)));
}

static void
source6(const struct spec *s, const struct header *h, bits unspecified,
        struct spec_emit *e)
{
    const struct bits_byte *src = &h->nh[8];
    bits zero = zero16(src), own = spec_owned(s, h->src, src, AF_INET6);

    if (s->n_vrids) {
        own = bits_or(own, bits_and(bits_u8(&h->nh[6], 112),
                                    spec_owned(s, NULL, src, AF_INET6)));
    }
    if (s->router) {
        own = bits_or(own, spec_ask(s, SPEC_FORWARDED, NULL, src, AF_INET6));
    }
    own = bits_diff(own, zero);
    spec_add(e, REASON_SPOOFED_IP, bits_diff(zero, unspecified));
    spec_add(e, REASON_SPOOFED_IP, bits_not(bits_or(own, zero)));
}

static void
upper6(const struct spec *s, const struct header *h, bits icmp,
       struct spec_emit *e)
{
    static const uint8_t errors[] = { 1, 2, 3, 4 };
    static const uint8_t routers[] = { 130, 151, 152, 153 };
    static const uint8_t routing[] = { 88, 89, 103 };
    static const uint8_t upper[] = { 6, 17, 58, 50, 132, 47, 112 };
    static const uint8_t messages[] = { 1,   2,   3,   4,   128, 129,
                                        131, 132, 133, 134, 135, 136,
                                        137, 143, 130, 151, 152, 153 };
    const struct bits_byte *th = &h->nh[h->th];
    bits first = bits_and(h->upper, upper_longer(h, 8));
    bits udp = bits_and(first, bits_u8(&h->l4proto, 17)), error, good;
    bits vrrp = bits_and(h->valid, bits_u8(&h->l4proto, 112)), may, relay;

    spec_add(e, REASON_EXT_HEADER,
             bits_diff(h->valid, bits_or(spec_u8_in(&h->l4proto, upper,
                                                    ARRAY_SIZE(upper)),
                                         spec_u8_in(&h->l4proto, routing,
                                                    ARRAY_SIZE(routing)))));
    spec_add(e, REASON_ND_SPOOF,
             bits_diff(icmp, spec_u8_in(th, messages, ARRAY_SIZE(messages))));
    if (!s->dhcp_server) {
        spec_add(e, REASON_ROGUE_DHCP,
                 bits_and(udp, bits_or(bits_u16(&th[0], 67),
                                       bits_u16(&th[0], 547))));
        /* A relay's messages (RFC 8415, section 7.3). */
        relay = bits_and(bits_u16(&th[2], 547), upper_longer(h, 9));
        relay =
            bits_and(relay, bits_or(bits_u8(&th[8], 12), bits_u8(&th[8], 13)));
        spec_add(e, REASON_ROGUE_DHCP, bits_and(udp, relay));
    }
    may = BITS_NONE;
    if (s->n_vrids) {
        static const uint8_t group[16] = { 0xff, 2, [15] = 0x12 };

        may = bits_and(bits_equal(&h->nh[24], group, 16),
                       spec_ask(s, SPEC_VRID, NULL, &th[1], 0));
    }
    spec_add(e, REASON_ROGUE_ROUTER, bits_diff(vrrp, may));
    if (s->router) {
        return;
    }
    spec_add(e, REASON_ROGUE_ROUTER,
             bits_and(h->valid,
                      spec_u8_in(&h->l4proto, routing, ARRAY_SIZE(routing))));
    spec_add(e, REASON_ROGUE_ROUTER,
             bits_and(icmp, spec_u8_in(th, routers, ARRAY_SIZE(routers))));
    error = bits_and(icmp, spec_u8_in(th, errors, ARRAY_SIZE(errors)));
    good = bits_and(upper_longer(h, 48),
                    bits_prefix(&th[8], (const uint8_t[]){ 0x60 }, 4));
    good = bits_and(good, bits_same(&th[16], &h->nh[24], 16));
    good = bits_and(good, spec_owned(s, NULL, &th[32], AF_INET6));
    spec_add(e, REASON_ICMP_EMBEDDED, bits_diff(error, good));
}

void
spec_ip6(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    static const uint8_t reports[] = { 131, 143 };
    static const uint8_t mlds[] = { 130, 131, 132, 143 };
    bits icmp, mld, unspecified = BITS_NONE, good;

    if (h->shape == HEADER_IP6_BAD) {
        spec_add(e, REASON_MALFORMED, BITS_ALL);
        return;
    }
    if (h->shape == HEADER_IP6_CHAIN) {
        spec_add(e, REASON_EXT_HEADER, BITS_ALL);
        return;
    }
    good = bits_diff(h->valid, bits_u16(&h->nh[4], 0));
    if (h->shape == HEADER_IP6_EXTENSION) {
        good = bits_and(good, upper_longer(h, 0));
    }
    spec_add(e, REASON_MALFORMED, bits_not(good));
    icmp = bits_and(bits_and(h->upper, upper_longer(h, 1)),
                    bits_u8(&h->l4proto, 58));
    mld = bits_and(icmp, spec_u8_in(&h->nh[h->th], mlds, ARRAY_SIZE(mlds)));
    if (h->shape == HEADER_IP6) {
        unspecified = neighbour_discovery(s, h, icmp, e);
    } else {
        extension(h, mld, e);
    }
    unspecified =
        bits_or(unspecified,
                bits_diff(bits_and(icmp, spec_u8_in(&h->nh[h->th], reports,
                                                    ARRAY_SIZE(reports))),
                          bits_u8(&h->nh[6], 44)));
    source6(s, h, unspecified, e);
    upper6(s, h, icmp, e);
    spec_add(
        e, REASON_ENCAPSULATION,
        spec_in_prefixes(&h->nh[24], AF_INET6, s->underlay, s->n_underlay));
}
