/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The shapes that frames come in. Where bytes begin follows the kernel: VLAN
 * tags are taken out ahead of the hooks (net/core/dev.c, skb_vlan_untag()) and
 * shown again to loads from the link layer (nft_payload.c); the transport
 * header is where nft_set_pktinfo_ipv4_validate() and ..._ipv6_validate() find
 * it. */

#include <cordon-config.h>
#include "audit/header.h"

#include <string.h>

#include "audit/header_vars.h"
#include "util.h"

bits
header_longer(const struct header *h, unsigned int n)
{
    const uint8_t be[2] = { n >> 8, n };
    struct bits_byte len[2];

    if (n > UINT16_MAX) {
        return BITS_NONE;
    }
    memcpy(len, h->len, sizeof len);
    return bits_at_least(len, be, 2);
}

static bits
one_of(const struct bits_byte *b, const uint8_t *values, size_t n)
{
    bits x = BITS_NONE;

    for (size_t i = 0; i < n; i++) {
        x = bits_or(x, bits_u8(b, values[i]));
    }
    return x;
}

/* Headers that ipv6_find_hdr() passes over. */
static bits
is_extension(const struct bits_byte *b)
{
    static const uint8_t kinds[] = { 0, 43, 44, 60 };

    return one_of(b, kinds, ARRAY_SIZE(kinds));
}

static void
put(struct header *h, const struct bits_byte *b, size_t n)
{
    memcpy(&h->nh[h->n_nh], b, n * sizeof *b);
    h->n_nh += n;
}

/* Whether a length, that the packet claims, fits into the frame: exactly, or
 * at egress "perhaps" where kernels differ in whether they take the Ethernet
 * header into account. */
static bits
fits(const struct header *h, const bits *claimed, size_t n)
{
    bits len[HEADER_LEN_BITS + 1], sum[HEADER_LEN_BITS + 1], more[16];
    bits is, may;

    len[0] = BITS_NONE;
    memcpy(&len[1], h->len, sizeof h->len);
    if (n == HEADER_LEN_BITS) {
        sum[0] = BITS_NONE;
        memcpy(&sum[1], claimed, sizeof h->len);
    } else {
        memcpy(sum, claimed, sizeof sum);
    }
    is = bits_not(bits_less(len, sum, HEADER_LEN_BITS + 1));
    if (h->direction == HEADER_INGRESS || h->shape >= HEADER_IP6) {
        return is;
    }
    bits_number(14, more, 16);
    bits_add(h->len, more, 16, len);
    may = bits_not(bits_less(len, sum, HEADER_LEN_BITS + 1));
    return bits_or(is, bits_and(may, header_oracle("frame shorter than its "
                                                   "IPv4 packet")));
}

static void
make_ip4(struct header *h)
{
    const struct header_vars *v = header_vars();
    bits header[16], minimum, total[16], rest;
    bool good = h->shape != HEADER_IP4_BAD;

    put(h, v->ip4, 20);
    switch (h->shape) {
    case HEADER_IP4:
        h->domain = bits_u8(&v->ip4[0], 0x45);
        h->th = 20;
        break;
    case HEADER_IP4_OPTION:
        h->domain = bits_u8(&v->ip4[0], 0x46);
        put(h, v->option, 4);
        h->th = 24;
        break;
    case HEADER_IP4_OPTIONS:
    case HEADER_IP4_BAD: {
        const uint8_t first = 0x47, last = 0x4f;

        h->domain = bits_and(bits_at_least(v->ip4, &first, 1),
                             bits_at_most(v->ip4, &last, 1));
        if (!good) {
            h->domain =
                bits_not(bits_or(h->domain, bits_or(bits_u8(v->ip4, 0x45),
                                                    bits_u8(v->ip4, 0x46))));
        }
        h->th = -1;
        break;
    }
    case HEADER_ARP:
    case HEADER_OTHER:
    case HEADER_IP6:
    case HEADER_IP6_EXTENSION:
    case HEADER_IP6_CHAIN:
    case HEADER_IP6_BAD:
        OVS_NOT_REACHED();
    }
    put(h, v->upper4, HEADER_N_TRANSPORT);
    if (!good) {
        return;
    }
    memcpy(total, &v->ip4[2], sizeof total);
    bits_number(0, header, 16);
    memcpy(&header[10], &v->ip4[0].bit[4], 4 * sizeof *header);
    minimum = bits_not(bits_less(total, header, 16));
    if (h->direction == HEADER_EGRESS) {
        bits fourteen[16], sum[17];

        bits_number(14, fourteen, 16);
        bits_add(header, fourteen, 16, sum);
        rest = bits_not(bits_less(total, &sum[1], 16));
        minimum =
            bits_and(minimum, bits_or(rest, header_oracle("small IPv4 packet "
                                                          "at egress")));
    }
    h->valid =
        bits_and(bits_and(header_longer(h, 20), minimum), fits(h, total, 16));
    h->l4proto = v->ip4[9];
    /* Offset 0. */
    rest = bits_and(bits_prefix(&h->nh[7], (const uint8_t *) "", 8),
                    bits_not(v->ip4[6].bit[3]));
    for (size_t i = 4; i < 8; i++) {
        rest = bits_diff(rest, v->ip4[6].bit[i]);
    }
    h->upper = bits_and(h->valid, rest);
}

static bits
zero(const bits *b, size_t n)
{
    bits x = BITS_ALL;

    for (size_t i = n; i-- > 0;) {
        x = bits_diff(x, b[i]);
    }
    return x;
}

/* Extension headers of 8 bytes: Fragment always is, the others if their
 * second byte is 0. */
static bits
single_extension(void)
{
    const struct header_vars *v = header_vars();
    static const uint8_t others[] = { 0, 43, 60 };
    bits whole = bits_and(one_of(&v->ip6[6], others, ARRAY_SIZE(others)),
                          bits_u8(&v->extension[1], 0));
    bits fragment = bits_u8(&v->ip6[6], 44);

    return bits_diff(bits_or(whole, fragment), is_extension(&v->extension[0]));
}

static void
make_ip6(struct header *h)
{
    const struct header_vars *v = header_vars();
    bits payload[16], header[16], sum[17];
    bits version = bits_prefix(v->ip6, (const uint8_t *) "\x60", 4);
    bits none = bits_not(is_extension(&v->ip6[6]));
    bits single = single_extension();

    put(h, v->ip6, 40);
    h->th = -1;
    if (h->shape == HEADER_IP6_BAD) {
        h->domain = bits_not(version);
        put(h, v->upper6, HEADER_N_TRANSPORT);
        return;
    }
    memcpy(payload, &v->ip6[4], sizeof payload);
    bits_number(40, header, 16);
    bits_add(payload, header, 16, sum);
    h->valid = bits_and(header_longer(h, 40), fits(h, sum, 17));
    if (h->shape == HEADER_IP6) {
        h->domain = bits_and(version, none);
        h->th = 40;
        h->l4proto = v->ip6[6];
        h->upper = h->valid;
    } else {
        put(h, v->extension, 8);
        h->valid = bits_and(h->valid, header_longer(h, 48));
        if (h->shape == HEADER_IP6_EXTENSION) {
            bits whole = zero(&v->extension[2].bit[0], 8);

            for (size_t i = 0; i < 5; i++) {
                whole = bits_diff(whole, v->extension[3].bit[i]);
            }
            h->domain = bits_and(version, single);
            h->th = 48;
            h->l4proto = v->extension[0];
            h->upper = bits_and(
                h->valid, bits_or(whole, bits_not(bits_u8(&v->ip6[6], 44))));
        } else {
            h->domain = bits_diff(bits_diff(version, none), single);
            h->valid = bits_and(h->valid, header_oracle("IPv6 header chain"));
            h->upper = bits_and(h->valid,
                                header_oracle("fragment in a header chain"));
            for (size_t i = 0; i < 8; i++) {
                char why[32];

                snprintf(why, sizeof why, "upper protocol of a chain %zu", i);
                h->l4proto.bit[i] = header_oracle(why);
            }
        }
    }
    put(h, v->upper6, HEADER_N_TRANSPORT);
}

/* skb->protocol: the EtherType, but of LLC frames ETH_P_802_2, or ETH_P_802_3
 * for the raw ones of old (eth_type_trans(), vlan_set_encap_proto()). */
static void
make_protocol(struct header *h, bits llc)
{
    bits raw = bits_and(header_longer(h, 2), bits_u16(h->nh, 0xffff));

    for (size_t i = 0; i < 16; i++) {
        bits of_llc = i == 13 ? bits_not(raw) : i == 15 ? raw : BITS_NONE;

        h->protocol[i / 8].bit[i % 8] =
            bits_if(llc, of_llc, h->type[i / 8].bit[i % 8]);
    }
}

static void
make_other(struct header *h)
{
    const struct header_vars *v = header_vars();
    static const uint8_t smallest[2] = { 0x06, 0x00 };
    bits llc = bits_not(bits_at_least(v->type, smallest, 2));

    put(h, v->other, 16);
    h->th = -1;
    h->domain = bits_not(bits_or(
        bits_u16(v->type, 0x0806),
        bits_or(bits_u16(v->type, 0x0800), bits_u16(v->type, 0x86dd))));
    if (!h->tagged) { /* Else this would be a tagged shape. */
        h->domain = bits_diff(h->domain, bits_or(bits_u16(v->type, 0x8100),
                                                 bits_u16(v->type, 0x88a8)));
    }
    memcpy(h->type, v->type, sizeof h->type);
    make_protocol(h, llc);
}

void
header_make(struct header *h, enum header_shape shape, bool tagged,
            enum header_direction direction)
{
    const struct header_vars *v = header_vars();
    static const uint8_t types[HEADER_N_SHAPES][2] = {
        [HEADER_ARP] = { 0x08, 0x06 },
        [HEADER_IP4] = { 0x08, 0x00 },
        [HEADER_IP4_OPTION] = { 0x08, 0x00 },
        [HEADER_IP4_OPTIONS] = { 0x08, 0x00 },
        [HEADER_IP4_BAD] = { 0x08, 0x00 },
        [HEADER_IP6] = { 0x86, 0xdd },
        [HEADER_IP6_EXTENSION] = { 0x86, 0xdd },
        [HEADER_IP6_CHAIN] = { 0x86, 0xdd },
        [HEADER_IP6_BAD] = { 0x86, 0xdd },
    };

    memset(h, 0, sizeof *h); /* All sets are empty. */
    h->shape = shape;
    h->tagged = tagged;
    h->direction = direction;
    memcpy(h->dst, v->dst, sizeof h->dst);
    memcpy(h->src, v->src, sizeof h->src);
    memcpy(h->len, v->len, sizeof h->len);
    if (tagged) {
        bits_constant(h->tpid, (const uint8_t *) "\x81", 2);
        /* 0x8100 or 0x88a8. */
        for (size_t i = 0; i < 16; i++) {
            bool a = 0x8100 >> (15 - i) & 1, b = 0x88a8 >> (15 - i) & 1;

            h->tpid[i / 8].bit[i % 8] = a && b ? BITS_ALL
                                        : b    ? v->tpid
                                        : a    ? bits_not(v->tpid)
                                               : BITS_NONE;
        }
        memcpy(h->tci, v->tci, sizeof h->tci);
    }
    if (shape == HEADER_OTHER) {
        make_other(h);
        return;
    }
    bits_constant(h->type, types[shape], 2);
    memcpy(h->protocol, h->type, sizeof h->protocol);
    if (shape == HEADER_ARP) {
        h->domain = BITS_ALL;
        h->th = -1;
        put(h, v->arp, 28);
    } else if (shape < HEADER_IP6) {
        make_ip4(h);
    } else {
        make_ip6(h);
    }
}

/* A byte that is not modelled: the same for the same place. */
static void
oracle_byte(const char *what, unsigned int at, struct bits_byte *ret)
{
    for (size_t i = 0; i < 8; i++) {
        char why[64];

        snprintf(why, sizeof why, "%s byte %u bit %zu", what, at, i);
        ret->bit[i] = header_oracle(why);
    }
}

static void
network_byte(const struct header *h, unsigned int at, struct bits_byte *ret)
{
    if (at < h->n_nh) {
        *ret = h->nh[at];
    } else {
        oracle_byte("packet", at, ret);
    }
}

static void
load_link(const struct header *h, unsigned int offset, unsigned int n,
          struct bits_byte *ret, bits *ret_there)
{
    unsigned int size = h->tagged ? 18 : 14;
    struct bits_byte all[18];

    memcpy(all, h->dst, sizeof h->dst);
    memcpy(&all[6], h->src, sizeof h->src);
    memcpy(&all[12], h->tagged ? h->tpid : h->type, sizeof h->type);
    if (h->tagged) {
        memcpy(&all[14], h->tci, sizeof h->tci);
        memcpy(&all[16], h->type, sizeof h->type);
    }
    for (unsigned int i = 0; i < n; i++) {
        if (offset + i < size) {
            ret[i] = all[offset + i];
        } else if (h->tagged && h->shape == HEADER_OTHER) {
            /* If it is a second tag, kernels take it for the first. */
            oracle_byte("link layer", offset + i, &ret[i]);
        } else {
            network_byte(h, offset + i - size, &ret[i]);
        }
    }
    *ret_there =
        offset + n <= size ? BITS_ALL : header_longer(h, offset + n - size);
}

void
header_load(const struct header *h, enum header_base base, unsigned int offset,
            unsigned int n, struct bits_byte *ret, bits *ret_there)
{
    unsigned int at = offset;

    switch (base) {
    case HEADER_LINK:
        load_link(h, offset, n, ret, ret_there);
        return;

    case HEADER_NETWORK:
        *ret_there = header_longer(h, offset + n);
        break;

    case HEADER_TRANSPORT:
        if (h->th < 0) {
            char why[64];

            for (unsigned int i = 0; i < n; i++) {
                oracle_byte("upper layer", offset + i, &ret[i]);
            }
            snprintf(why, sizeof why, "upper layer has %u bytes", offset + n);
            *ret_there = bits_and(h->upper, header_oracle(why));
            return;
        }
        at = h->th + offset;
        *ret_there = bits_and(h->upper, header_longer(h, at + n));
        break;
    }
    for (unsigned int i = 0; i < n; i++) {
        network_byte(h, at + i, &ret[i]);
    }
}

const char *
header_shape_name(enum header_shape shape)
{
    static const char *const names[HEADER_N_SHAPES] = {
        [HEADER_ARP] = "ARP",
        [HEADER_OTHER] = "neither ARP nor IP",
        [HEADER_IP4] = "IPv4",
        [HEADER_IP4_OPTION] = "IPv4 with one option",
        [HEADER_IP4_OPTIONS] = "IPv4 with options",
        [HEADER_IP4_BAD] = "broken IPv4",
        [HEADER_IP6] = "IPv6",
        [HEADER_IP6_EXTENSION] = "IPv6 with an extension header",
        [HEADER_IP6_CHAIN] = "IPv6 with extension headers",
        [HEADER_IP6_BAD] = "broken IPv6",
    };

    return names[shape];
}
