/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a port may send: Ethernet, ARP and IPv4, and whom frames may be for.
 * IPv6 is in spec6.c. Each function adds the frames that break a rule to
 * those of its reason; a frame that breaks several is in several. */

#include <cordon-config.h>
#include "audit/spec.h"

#include <netinet/in.h>
#include <string.h>

#include "audit/spec_rules.h"
#include "util.h"

void
spec_add(struct spec_emit *e, enum reason reason, bits x)
{
    e->bad[reason] = bits_or(e->bad[reason], x);
}

static void
source_mac(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    spec_add(e, REASON_SPOOFED_MAC,
             bits_not(spec_ask(s, SPEC_SOURCE, NULL, h->src, 0)));
}

/* The group's MAC says the same as the IP destination. */
static bits
group_agrees(const struct spec *s, const struct header *h)
{
    bool ip4 = h->shape >= HEADER_IP4 && h->shape < HEADER_IP6;
    bool ip6 = h->shape >= HEADER_IP6;
    bits broadcast =
        bits_equal(h->dst, (const uint8_t[]){ [0 ... 5] = 255 }, 6);
    bits in4 = bits_prefix(h->dst, (const uint8_t[]){ 1, 0, 0x5e, 0 }, 25);
    bits in6 = bits_equal(h->dst, (const uint8_t[]){ 0x33, 0x33 }, 2);
    bits good;

    if (ip4) {
        const struct bits_byte *dst = &h->nh[16];
        bits x = bits_prefix(dst, (const uint8_t[]){ 0xe0 }, 4);

        x = bits_and(x, bits_same(&h->dst[4], &dst[2], 2));
        for (size_t i = 1; i < 8; i++) {
            x = bits_diff(x, bits_xor(h->dst[3].bit[i], dst[1].bit[i]));
        }
        good = bits_and(in4, x);
        x = bits_or(spec_is_ip4(dst, UINT32_MAX),
                    s->n_pairs ? spec_directed_broadcast(s, dst)
                               : bits_not(bits_prefix(
                                   dst, (const uint8_t[]){ 0xe0 }, 4)));
        good = bits_or(good, bits_and(broadcast, x));
    } else if (ip6) {
        bits x = bits_u8(&h->nh[24], 0xff);

        x = bits_and(x, bits_same(&h->dst[2], &h->nh[36], 4));
        good = bits_and(in6, x);
    } else {
        good = broadcast;
    }
    return good;
}

static void
destination(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    bool ip4 = h->shape >= HEADER_IP4 && h->shape < HEADER_IP6;
    bool ip6 = h->shape >= HEADER_IP6;
    bits group = h->dst[0].bit[7];
    bits ip_group = bits_or(
        bits_equal(h->dst, (const uint8_t[]){ [0 ... 5] = 255 }, 6),
        bits_or(bits_prefix(h->dst, (const uint8_t[]){ 1, 0, 0x5e, 0 }, 25),
                bits_equal(h->dst, (const uint8_t[]){ 0x33, 0x33 }, 2)));
    bits there = ip4   ? header_longer(h, 20)
                 : ip6 ? header_longer(h, 40)
                       : BITS_ALL;

    spec_add(e, REASON_CONTROL_MAC, bits_diff(group, ip_group));
    if (s->n_macs) {
        spec_add(e, REASON_CONTROL_MAC, spec_is_mac(s, h->src, h->dst));
    }
    spec_add(
        e, REASON_MAC_IP_MISMATCH,
        bits_and(bits_and(ip_group, there), bits_not(group_agrees(s, h))));
    if (ip4) {
        spec_add(
            e, REASON_MAC_IP_MISMATCH,
            bits_diff(
                bits_and(there,
                         bits_or(bits_prefix(&h->nh[16],
                                             (const uint8_t[]){ 0xe0 }, 4),
                                 spec_is_ip4(&h->nh[16], UINT32_MAX))),
                group));
    } else if (ip6) {
        spec_add(e, REASON_MAC_IP_MISMATCH,
                 bits_diff(bits_and(there, bits_u8(&h->nh[24], 0xff)), group));
    }
}

static void
arp(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 };
    const struct bits_byte *sha = &h->nh[8], *spa = &h->nh[14];
    bits request = bits_u8(&h->nh[7], 1);
    bits good = bits_and(header_longer(h, 28), bits_equal(h->nh, head, 7));
    bits probe = bits_and(bits_and(request, spec_is_ip4(spa, 0)),
                          spec_owned(s, h->src, &h->nh[24], AF_INET));
    bits own = bits_diff(spec_owned(s, h->src, spa, AF_INET),
                         s->n_pairs ? BITS_NONE : spec_is_ip4(spa, 0));

    good = bits_and(good, bits_or(request, bits_u8(&h->nh[7], 2)));
    spec_add(e, REASON_ARP_MALFORMED, bits_not(good));
    own = bits_and(bits_or(probe, own), spec_is_mac(s, h->src, sha));
    spec_add(e, REASON_ARP_SPOOF, bits_diff(good, own));
}

/* What a first fragment or whole packet has of the upper layer is at least
 * 'n' bytes. */
static bits
upper4_longer(const struct header *h, unsigned int n)
{
    unsigned int total = h->th + n;
    const uint8_t be[2] = { total >> 8, total };

    return bits_at_least(&h->nh[2], be, 2);
}

static bits
whole4(const struct header *h)
{
    static const uint8_t zero[2];
    struct bits_byte b[2] = { h->nh[6], h->nh[7] };

    b[0].bit[0] = b[0].bit[1] = BITS_NONE; /* Reserved, "do not fragment". */
    return bits_equal(b, zero, 2);
}

/* A DHCP request of the port's own, not relayed. */
static bits
own_dhcp4(const struct spec *s, const struct header *h)
{
    const struct bits_byte *udp = &h->nh[h->th];
    bits x = bits_and(whole4(h), upper4_longer(h, 42));
    bits client = bits_or(spec_is_ip4(&udp[20], 0),
                          spec_owned(s, h->src, &udp[20], AF_INET));

    x = bits_and(x, spec_is_ip4(&udp[32], 0));
    x = bits_and(x, spec_is_mac(s, h->src, &udp[36]));
    return bits_and(x, client);
}

static void
source4(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    const struct bits_byte *src = &h->nh[12];
    bits zero = spec_is_ip4(src, 0), own = spec_owned(s, h->src, src, AF_INET);
    bits vrrp = bits_u8(&h->nh[9], 112);

    if (h->th >= 0) {
        const struct bits_byte *udp = &h->nh[h->th];
        bits discovery = bits_and(bits_u8(&h->nh[9], 17),
                                  spec_is_ip4(&h->nh[16], UINT32_MAX));

        discovery = bits_and(discovery, bits_u16(&udp[0], 68));
        discovery = bits_and(discovery, bits_u16(&udp[2], 67));
        discovery = bits_and(discovery, own_dhcp4(s, h));
        spec_add(e, REASON_SPOOFED_IP, bits_diff(zero, discovery));
    } else {
        spec_add(e, REASON_SPOOFED_IP, zero);
    }
    if (s->n_vrids) {
        own = bits_or(own, bits_and(vrrp, spec_owned(s, NULL, src, AF_INET)));
    }
    if (s->router) {
        own = bits_or(own, spec_ask(s, SPEC_FORWARDED, NULL, src, AF_INET));
    }
    spec_add(e, REASON_SPOOFED_IP, bits_not(bits_or(own, zero)));
}

static void
fragment4(const struct header *h, struct spec_emit *e)
{
    bits fragment = bits_not(whole4(h)), end[17], offset[16], sum[17],
         total[17];
    struct bits_byte b[2] = { h->nh[6], h->nh[7] };
    bits first, past, tiny;

    b[0].bit[0] = b[0].bit[1] = b[0].bit[2] = BITS_NONE;
    first = bits_and(fragment, bits_u16(b, 0));
    /* 'offset' in bytes is 16 bits. */
    for (size_t i = 0; i < 13; i++) {
        offset[i] = b[(i + 3) / 8].bit[(i + 3) % 8];
    }
    offset[13] = offset[14] = offset[15] = BITS_NONE;
    memcpy(total, &h->nh[2], sizeof total);
    bits_add(offset, total, 16, sum);
    memcpy(end, sum, sizeof end);
    past = bits_and(fragment, end[0]);
    tiny = bits_and(first, bits_not(upper4_longer(h, 8)));
    tiny = bits_or(tiny, bits_and(bits_and(first, bits_u8(&h->nh[9], 6)),
                                  bits_not(upper4_longer(h, 20))));
    spec_add(e, REASON_FRAGMENT, bits_or(past, tiny));
    spec_add(e, REASON_FRAGMENT, bits_and(fragment, bits_u16(b, 1)));
}

/* 'first': the ports, or the ICMP type, are there. */
static void
upper4(const struct spec *s, const struct header *h, bits good,
       struct spec_emit *e)
{
    static const uint8_t from_hosts[] = { 0x12, 0x16, 0x17, 0x22 };
    static const uint8_t redirects[] = { 5, 9 };
    static const uint8_t errors[] = { 3, 4, 11, 12 };
    static const uint8_t routing[] = { 88, 89, 103 };
    const struct bits_byte *th = &h->nh[h->th], *proto = &h->nh[9];
    bits first = bits_and(good, h->upper);
    bits udp =
        bits_and(bits_and(first, upper4_longer(h, 8)), bits_u8(proto, 17));
    bits icmp =
        bits_and(bits_and(first, upper4_longer(h, 1)), bits_u8(proto, 1));
    bits group = bits_u16(&h->nh[16], 0xe000);

    if (!s->dhcp_server) {
        bits server = bits_or(bits_u16(&th[0], 67), bits_u16(&th[0], 547));
        bits asked = bits_diff(bits_u16(&th[2], 67), own_dhcp4(s, h));

        spec_add(e, REASON_ROGUE_DHCP, bits_and(udp, bits_or(server, asked)));
    }
    if (s->n_vrids) {
        bits may = bits_and(spec_is_ip4(&h->nh[16], 0xe0000012), whole4(h));

        may = bits_and(may, bits_and(upper4_longer(h, 8),
                                     spec_ask(s, SPEC_VRID, NULL, &th[1], 0)));
        spec_add(e, REASON_ROGUE_ROUTER,
                 bits_diff(bits_and(good, bits_u8(proto, 112)), may));
    } else {
        spec_add(e, REASON_ROGUE_ROUTER, bits_and(good, bits_u8(proto, 112)));
    }
    if (s->router) {
        return;
    }
    spec_add(e, REASON_ROGUE_ROUTER,
             bits_and(good, spec_u8_in(proto, routing, ARRAY_SIZE(routing))));
    spec_add(e, REASON_ROGUE_ROUTER,
             bits_and(icmp, spec_u8_in(th, redirects, ARRAY_SIZE(redirects))));
    spec_add(e, REASON_ROGUE_ROUTER,
             bits_and(bits_and(first, upper4_longer(h, 1)),
                      bits_diff(bits_u8(proto, 2),
                                spec_u8_in(th, from_hosts,
                                           ARRAY_SIZE(from_hosts)))));
    /* Hot standby, to all routers and all of its own. */
    group = bits_and(group,
                     bits_or(bits_u16(&th[2], 1985), bits_u16(&th[2], 2029)));
    spec_add(e, REASON_ROGUE_ROUTER, bits_and(udp, group));
    icmp = bits_and(icmp, spec_u8_in(th, errors, ARRAY_SIZE(errors)));
    good = bits_and(upper4_longer(h, 28),
                    bits_prefix(&th[8], (const uint8_t[]){ 0x40 }, 4));
    good = bits_and(good, bits_same(&th[20], &h->nh[16], 4));
    good = bits_and(good, spec_owned(s, NULL, &th[24], AF_INET));
    spec_add(e, REASON_ICMP_EMBEDDED, bits_diff(icmp, good));
}

static void
ip4(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    static const uint8_t alert[] = { 0x94, 4, 0, 0 };
    bits good;

    if (h->shape == HEADER_IP4_BAD) {
        spec_add(e, REASON_MALFORMED, BITS_ALL);
        return;
    }
    /* Not h->valid: that is what the kernel finds, with its own uncertainty
     * at egress. */
    good = h->valid;
    spec_add(e, REASON_MALFORMED, bits_not(good));
    spec_add(e, REASON_MALFORMED, bits_u8(&h->nh[9], 255)); /* Reserved. */
    if (h->shape == HEADER_IP4_OPTIONS) {
        spec_add(e, REASON_IP_OPTIONS, good);
        return;
    }
    source4(s, h, e);
    if (h->shape == HEADER_IP4_OPTION) {
        spec_add(e, REASON_IP_OPTIONS,
                 bits_diff(good, bits_and(bits_equal(&h->nh[20], alert, 4),
                                          bits_u8(&h->nh[9], 2))));
    }
    fragment4(h, e);
    upper4(s, h, good, e);
    spec_add(
        e, REASON_ENCAPSULATION,
        spec_in_prefixes(&h->nh[16], AF_INET, s->underlay, s->n_underlay));
}

static void
other(const struct header *h, struct spec_emit *e)
{
    static const uint8_t smallest[2] = { 0x06, 0x00 };
    static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300 };
    bits ethernet = bits_at_least(h->type, smallest, 2), tag = BITS_NONE;

    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        tag = bits_or(tag, bits_u16(h->type, tags[i]));
    }
    spec_add(e, REASON_LLC, bits_not(ethernet));
    spec_add(e, REASON_TAGGED, tag);
    spec_add(e, REASON_ETHERTYPE, bits_diff(ethernet, tag));
}

void
spec_emit(const struct spec *s, const struct header *h, struct spec_emit *e)
{
    memset(e, 0, sizeof *e); /* BITS_NONE. */
    source_mac(s, h, e);
    if (h->tagged) {
        spec_add(e, REASON_TAGGED, BITS_ALL);
    }
    destination(s, h, e);
    if (h->shape == HEADER_ARP) {
        arp(s, h, e);
    } else if (h->shape == HEADER_OTHER) {
        other(h, e);
    } else if (h->shape < HEADER_IP6) {
        ip4(s, h, e);
    } else {
        spec_ip6(s, h, e);
    }
    for (size_t i = 0; i <= REASON_MAX; i++) {
        e->bad[i] = bits_and(e->bad[i], h->domain);
    }
    e->unknown = bits_and(e->unknown, h->domain);
}

bits
spec_not_addressed(const struct spec *s, const struct header *h)
{
    bits own = s->n_macs ? h->dst[0].bit[7] : BITS_ALL, address = BITS_ALL;
    bits group = h->dst[0].bit[7];

    if (h->tagged) {
        return h->domain;
    }
    own = bits_or(own, spec_ask(s, SPEC_MAC, NULL, h->dst, 0));
    if (s->router || !s->n_pairs) {
        return bits_diff(h->domain, own);
    }
    if (h->shape >= HEADER_IP6) {
        address = bits_or(bits_u8(&h->nh[24], 0xff),
                          spec_owned(s, NULL, &h->nh[24], AF_INET6));
    } else if (h->shape >= HEADER_IP4) {
        address =
            bits_or(bits_prefix(&h->nh[16], (const uint8_t[]){ 0xe0 }, 4),
                    spec_owned(s, NULL, &h->nh[16], AF_INET));
        address = bits_or(address, spec_is_ip4(&h->nh[16], UINT32_MAX));
        address = bits_or(
            address, bits_and(group, spec_directed_broadcast(s, &h->nh[16])));
    }
    return bits_diff(h->domain, bits_and(own, address));
}

bits
spec_bad(const struct spec_emit *e)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i <= REASON_MAX; i++) {
        x = bits_or(x, e->bad[i]);
    }
    return x;
}
