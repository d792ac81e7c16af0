/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The frame as the kernel's eth_type_trans(), skb_vlan_untag(),
 * nft_set_pktinfo_*(), ipv6_find_hdr() and nft_payload_eval() of Linux 6.1 see
 * it, in formulas. Where an upper layer starts is a formula, too: all lengths
 * of IPv4's header, and all chains of IPv6 whose headers before the upper
 * layer are no more than CHAIN_MAX bytes; behind longer ones, anything. */

#include <cordon-config.h>
#include "audit/reprove/frame.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define ETH 14
#define CHAIN_MAX 48

sym
frame_has(const struct frame *f, unsigned int n)
{
    return sym_at_most(sym_number(n, 17), f->len);
}

sym
frame_u16(const struct frame *f, unsigned int at)
{
    return sym_join(f->byte[at], f->byte[at + 1]);
}

static sym
type_is(const struct frame *f, uint16_t type)
{
    return sym_and(sym_is(f->byte[12], type >> 8, 8),
                   sym_is(f->byte[13], type & 0xff, 8));
}

static void
make_protocol(struct frame *f)
{
    sym ethernet = sym_at_most(sym_byte(6), f->byte[12]);
    sym raw = sym_and(frame_has(f, 16), sym_is(frame_u16(f, 14), 0xffff, 16));

    f->protocol[0] = sym_if(ethernet, f->byte[12], sym_byte(0));
    f->protocol[1] =
        sym_if(ethernet, f->byte[13], sym_if(raw, sym_byte(1), sym_byte(4)));
}

static void
make_pkttype(struct frame *f, const uint8_t mac[6])
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    sym group = sym_is(sym_slice(f->byte[0], 0, 0), 1, 1);

    f->pkttype =
        sym_if(group, sym_byte(PACKET_MULTICAST), sym_byte(PACKET_OTHERHOST));
    f->pkttype = sym_if(sym_bytes_equal(f->byte, all, 6),
                        sym_byte(PACKET_BROADCAST), f->pkttype);
    f->pkttype = sym_if(sym_bytes_equal(f->byte, mac, 6),
                        sym_byte(PACKET_HOST), f->pkttype);
}

static void
add_place(struct frame *f, sym is, unsigned int at)
{
    for (size_t i = 0; i < f->n_places; i++) {
        if (f->places[i].at == at) {
            f->places[i].is = sym_or(f->places[i].is, is);
            return;
        }
    }
    ovs_assert(f->n_places < FRAME_PLACES);
    f->places[f->n_places].is = is;
    f->places[f->n_places++].at = at;
}

static void
make_upper4(struct frame *f, sym ip4)
{
    sym header = sym_slice(f->byte[ETH], 3, 0);
    sym total = sym_widen(frame_u16(f, ETH + 2), 17);
    sym bytes = sym_join(sym_widen(header, 15), sym_number(0, 2));
    sym is = sym_and(ip4, frame_has(f, ETH + 20));

    is = sym_and(is, sym_is(sym_slice(f->byte[ETH], 7, 4), 4, 4));
    is = sym_and(is, sym_at_most(sym_number(5, 4), header));
    is = sym_and(is, sym_at_most(bytes, total));
    is =
        sym_and(is, sym_at_most(sym_plus(total, sym_number(ETH, 17)), f->len));
    f->known = sym_or(f->known, is);
    f->l4proto = sym_if(is, f->byte[ETH + 9], f->l4proto);
    f->later =
        sym_or(f->later,
               sym_and(is, sym_not(sym_is(sym_bitand(frame_u16(f, ETH + 6),
                                                     sym_number(0x1fff, 16)),
                                          0, 16))));
    for (unsigned int i = 5; i < 16; i++) {
        add_place(f, sym_and(is, sym_is(header, i, 4)), ETH + 4 * i);
    }
}

static sym
one_of(sym byte, const uint8_t *values, size_t n)
{
    sym any = sym_false();

    for (size_t i = 0; i < n; i++) {
        any = sym_or(any, sym_is(byte, values[i], 8));
    }
    return any;
}

/* Where headers of the chain may start, and what they are. */
struct link {
    sym here, next;
};

/* The chain's header 'at' bytes behind the first one goes on 'step' bytes
 * further. */
static void
go_on(struct link *to, sym is, sym next)
{
    to->here = sym_or(to->here, is);
    to->next = sym_if(is, next, to->next);
}

static void
make_upper6(struct frame *f, sym ip6)
{
    static const uint8_t walked[] = { 0, 43, 44, 60 };
    static const uint8_t all[] = { 0, 43, 44, 51, 60 };
    struct link links[CHAIN_MAX / 8 + 1];
    sym sum = sym_plus(sym_widen(frame_u16(f, ETH + 4), 17),
                       sym_number(ETH + 40, 17));
    sym is = sym_and(ip6, frame_has(f, ETH + 40));

    is = sym_and(is, sym_is(sym_slice(f->byte[ETH], 7, 4), 6, 4));
    is = sym_and(is, sym_at_most(sum, f->len));
    f->elsewhere = sym_false();
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        links[i].here = i ? sym_false() : is;
        links[i].next = i ? sym_byte(0) : f->byte[ETH + 6];
    }
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        unsigned int at = ETH + 40 + 8 * i;
        sym here = links[i].here, kind = links[i].next, next = f->byte[at];
        sym fragment = sym_and(here, sym_is(kind, 44, 8));
        sym other = sym_and(sym_and(here, one_of(kind, walked, 4)),
                            sym_not(sym_is(kind, 44, 8)));
        sym end = sym_and(here, sym_not(one_of(kind, walked, 4)));
        sym zero = sym_is(
            sym_bitand(frame_u16(f, at + 2), sym_number(0xfff8, 16)), 0, 16);
        sym later;

        add_place(f, end, at);
        f->known = sym_or(f->known, end);
        f->l4proto = sym_if(end, kind, f->l4proto);

        /* A later fragment's upper layer "starts" at skb->data. */
        fragment = sym_and(fragment, frame_has(f, at + 4));
        later = sym_and(sym_and(fragment, sym_not(zero)),
                        sym_not(one_of(next, all, 5)));
        f->known = sym_or(f->known, later);
        f->l4proto = sym_if(later, next, f->l4proto);
        f->later = sym_or(f->later, later);
        add_place(f, later, ETH);

        fragment = sym_and(sym_and(fragment, zero), frame_has(f, at + 8));
        if (i + 1 < ARRAY_SIZE(links)) {
            go_on(&links[i + 1], fragment, next);
        } else {
            f->elsewhere = sym_or(f->elsewhere, fragment);
        }
        for (unsigned int n = 1; i + n < ARRAY_SIZE(links); n++) {
            sym there = sym_and(sym_is(f->byte[at + 1], n - 1, 8),
                                frame_has(f, at + 8 * n));

            go_on(&links[i + n], sym_and(other, there), next);
        }
        f->elsewhere = sym_or(
            f->elsewhere,
            sym_and(other,
                    sym_not(sym_less(f->byte[at + 1],
                                     sym_byte(ARRAY_SIZE(links) - 1 - i)))));
    }
    f->known = sym_or(f->known, sym_and(f->elsewhere, sym_any("long chain")));
    f->l4proto =
        sym_if(f->elsewhere, sym_variable("its protocol", 8), f->l4proto);
}

void
frame_init(struct frame *f, bool tagged, const uint8_t mac[6])
{
    char name[32];

    memset(f, 0, sizeof *f);
    for (unsigned int i = 0; i < FRAME_N; i++) {
        snprintf(name, sizeof name, "byte %u", i);
        f->byte[i] = sym_variable(name, 8);
    }
    f->tagged = tagged;
    f->len = sym_variable("length", 17);
    f->linear = sym_variable("linear", 17);
    f->good = sym_and(frame_has(f, tagged ? ETH + 2 : ETH),
                      sym_at_most(f->len, sym_number(65535, 17)));
    f->good = sym_and(f->good, sym_at_most(f->linear, f->len));
    if (tagged) {
        for (unsigned int i = 0; i < FRAME_TAG_LEN; i++) {
            snprintf(name, sizeof name, "tag %u", i);
            f->tag[i] = sym_variable(name, 8);
        }
        f->good =
            sym_and(f->good, sym_or(sym_and(sym_is(f->tag[0], 0x81, 8),
                                            sym_is(f->tag[1], 0, 8)),
                                    sym_and(sym_is(f->tag[0], 0x88, 8),
                                            sym_is(f->tag[1], 0xa8, 8))));
    } else {
        f->good = sym_and(
            f->good, sym_not(sym_or(type_is(f, 0x8100), type_is(f, 0x88a8))));
    }
    make_protocol(f);
    make_pkttype(f, mac);
    f->known = f->later = sym_false();
    f->l4proto = sym_byte(0);
    make_upper4(f, type_is(f, 0x0800));
    make_upper6(f, type_is(f, 0x86dd));
}

static sym
load_link(const struct frame *f, unsigned int offset, unsigned int n, sym *ret)
{
    sym header[18];

    if (!f->tagged || offset + n <= 12) {
        memcpy(ret, &f->byte[offset], n * sizeof *ret);
        return frame_has(f, offset + n);
    }
    memcpy(header, f->byte, 12 * sizeof *header);
    memcpy(&header[12], f->tag, sizeof f->tag);
    memcpy(&header[16], f->protocol, sizeof f->protocol);
    for (unsigned int i = 0; i < n; i++) {
        ret[i] = offset + i < 18 ? header[offset + i]
                                 : f->byte[offset + i - FRAME_TAG_LEN];
    }
    return frame_has(f, offset + n <= 18 ? ETH : offset + n - FRAME_TAG_LEN);
}

/* The kernel's short cut for small aligned loads does not ask whether the
 * packet is a later fragment, but needs the bytes in the linear area. */
static sym
load_upper(const struct frame *f, unsigned int offset, unsigned int n,
           sym *ret)
{
    bool fast = (n == 1 || n == 2 || n == 4) && offset % n == 0;
    sym there = sym_false();
    char name[64];

    snprintf(name, sizeof name, "behind a long chain: %u, %u", offset, n);
    there = sym_and(f->elsewhere, sym_any(name));
    for (unsigned int j = 0; j < n; j++) {
        snprintf(name, sizeof name, "byte %u behind a long chain", offset + j);
        ret[j] = sym_variable(name, 8);
    }
    for (size_t i = 0; i < f->n_places; i++) {
        unsigned int at = f->places[i].at + offset;
        sym end = sym_number(at + n, 17);
        sym has = sym_and(sym_not(f->later), sym_at_most(end, f->len));

        if (fast) {
            has = sym_or(has, sym_at_most(end, f->linear));
        }
        there = sym_or(there, sym_and(f->places[i].is, has));
        for (unsigned int j = 0; j < n; j++) {
            ret[j] = sym_if(f->places[i].is, f->byte[at + j], ret[j]);
        }
    }
    return sym_and(f->known, there);
}

sym
frame_load(const struct frame *f, unsigned int base, unsigned int offset,
           unsigned int n, sym *ret)
{
    switch (base) {
    case NFT_PAYLOAD_LL_HEADER:
        return load_link(f, offset, n, ret);
    case NFT_PAYLOAD_NETWORK_HEADER:
        memcpy(ret, &f->byte[ETH + offset], n * sizeof *ret);
        return frame_has(f, ETH + offset + n);
    case NFT_PAYLOAD_TRANSPORT_HEADER:
        return load_upper(f, offset, n, ret);
    default:
        OVS_NOT_REACHED();
    }
}
