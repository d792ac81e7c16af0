/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ethernet and ARP, and what fields are compared with. Written from cordon(8)
 * over offsets into the frame; shares nothing with src/audit/spec*.c but what
 * these are given: the addresses that the policy declares. */

#include <cordon-config.h>
#include "audit/reprove/statement.h"

#include <netinet/in.h>
#include <string.h>

#include "audit/spec.h"
#include "util.h"

#define DST 0
#define SRC 6
#define TYPE 12
#define ARP 14

static const sym *
at_(const struct statement *s, unsigned int at)
{
    return &s->frame->byte[at];
}

sym
statement_same(const struct statement *s, unsigned int a, unsigned int b,
               unsigned int n)
{
    sym all = sym_true();

    for (unsigned int i = 0; i < n; i++) {
        all = sym_and(all, sym_equal(*at_(s, a + i), *at_(s, b + i)));
    }
    return all;
}

sym
statement_u8_in(const struct statement *s, unsigned int at,
                const uint8_t *values, size_t n)
{
    sym any = sym_false();

    for (size_t i = 0; i < n; i++) {
        any = sym_or(any, sym_is(*at_(s, at), values[i], 8));
    }
    return any;
}

sym
statement_u16(const struct statement *s, unsigned int at, uint16_t value)
{
    const uint8_t be[2] = { value >> 8, value & 0xff };

    return sym_bytes_equal(at_(s, at), be, 2);
}

sym
statement_zero(const struct statement *s, unsigned int at, unsigned int n)
{
    static const uint8_t zero[16];

    return sym_bytes_equal(at_(s, at), zero, n);
}

static sym
in_prefixes(const struct statement *s, unsigned int at, int family,
            const struct prefix *prefixes, size_t n)
{
    sym any = sym_false();

    for (size_t i = 0; i < n; i++) {
        const struct prefix *p = &prefixes[i];

        if (p->addr.family == family) {
            any = sym_or(any, sym_bytes_prefix(at_(s, at), p->addr.b, p->len));
        }
    }
    return any;
}

sym
statement_others(const struct statement *s, unsigned int at, int family)
{
    return in_prefixes(s, at, family, s->spec->others, s->spec->n_others);
}

sym
statement_underlay(const struct statement *s, unsigned int at, int family)
{
    return in_prefixes(s, at, family, s->spec->underlay, s->spec->n_underlay);
}

sym
statement_owned(const struct statement *s, unsigned int at, int family,
                bool with_mac)
{
    sym any = sym_false();

    for (size_t i = 0; i < s->spec->n_pairs; i++) {
        const struct spec_pair *p = &s->spec->pairs[i];
        sym is = in_prefixes(s, at, family, &p->prefix, 1);

        if (with_mac) {
            is = sym_and(is, sym_bytes_equal(at_(s, SRC), p->mac.ea, 6));
        }
        if (p->free) {
            is = sym_and(is, sym_not(statement_others(s, at, family)));
        }
        any = sym_or(any, is);
    }
    return any;
}

sym
statement_broadcast(const struct statement *s, unsigned int at)
{
    sym any = sym_false();

    for (size_t i = 0; i < s->spec->n_subnets; i++) {
        const struct prefix *p = &s->spec->subnets[i];
        uint8_t last[4];

        if (p->addr.family != AF_INET || p->len >= 31) {
            continue;
        }
        memcpy(last, p->addr.b, sizeof last);
        for (unsigned int bit = p->len; bit < 32; bit++) {
            last[bit / 8] |= 0x80 >> bit % 8;
        }
        any = sym_or(any, sym_bytes_equal(at_(s, at), last, 4));
    }
    return any;
}

void
statement_add(struct statement *s, const char *reason, sym about, sym keeps)
{
    keeps = statement_implies(about, keeps);
    for (size_t i = 0; i < s->n_rules; i++) {
        if (!strcmp(s->rules[i].reason, reason)) {
            s->rules[i].keeps = sym_and(s->rules[i].keeps, keeps);
            return;
        }
    }
    ovs_assert(s->n_rules < STATEMENT_MAX);
    s->rules[s->n_rules].reason = reason;
    s->rules[s->n_rules++].keeps = keeps;
}

static sym
own_mac(const struct statement *s, unsigned int at)
{
    sym any = sym_false();

    for (size_t i = 0; i < s->spec->n_macs; i++) {
        any = sym_or(any, sym_bytes_equal(at_(s, at), s->spec->macs[i].ea, 6));
    }
    return any;
}

/* The IP destination of frames to a group, or to one. */
static void
destination(struct statement *s, sym ip4, sym ip6, sym arp)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    static const uint8_t group4[4] = { 1, 0, 0x5e, 0 };
    static const uint8_t group6[2] = { 0x33, 0x33 };
    sym broadcast = sym_bytes_equal(at_(s, DST), all, 6);
    sym to4 = sym_bytes_prefix(at_(s, DST), group4, 25);
    sym to6 = sym_bytes_prefix(at_(s, DST), group6, 16);
    sym group = sym_is(sym_slice(*at_(s, DST), 0, 0), 1, 1);
    sym here4 = sym_and(ip4, frame_has(s->frame, 34));
    sym here6 = sym_and(ip6, frame_has(s->frame, 54));
    sym multicast = sym_is(sym_slice(*at_(s, 30), 7, 4), 0xe, 4);
    sym limited = sym_bytes_equal(at_(s, 30), all, 4);
    sym low =
        sym_equal(sym_slice(*at_(s, 3), 6, 0), sym_slice(*at_(s, 31), 6, 0));

    statement_add(s, "control-mac", group,
                  sym_or(broadcast, sym_or(to4, to6)));
    statement_add(s, "control-mac", sym_true(),
                  sym_not(statement_same(s, DST, SRC, 6)));
    statement_add(s, "mac-ip-mismatch", arp, sym_not(sym_or(to4, to6)));
    statement_add(s, "mac-ip-mismatch", sym_and(here4, broadcast),
                  sym_or(limited, statement_broadcast(s, 30)));
    low = sym_and(low, statement_same(s, 4, 32, 2));
    statement_add(s, "mac-ip-mismatch", sym_and(here4, to4),
                  sym_and(multicast, low));
    statement_add(s, "mac-ip-mismatch", here4, sym_not(to6));
    statement_add(s, "mac-ip-mismatch", sym_and(here4, sym_not(group)),
                  sym_not(sym_or(multicast, limited)));
    multicast = sym_is(*at_(s, 38), 0xff, 8);
    statement_add(s, "mac-ip-mismatch", here6,
                  sym_not(sym_or(broadcast, to4)));
    statement_add(s, "mac-ip-mismatch", sym_and(here6, to6),
                  sym_and(multicast, statement_same(s, 2, 50, 4)));
    statement_add(s, "mac-ip-mismatch", sym_and(here6, sym_not(group)),
                  sym_not(multicast));
}

static void
arp_packet(struct statement *s, sym arp)
{
    static const uint8_t head[7] = { 0, 1, 8, 0, 6, 4, 0 };
    static const uint8_t ops[] = { 1, 2 };
    sym zero = statement_zero(s, ARP + 14, 4);
    sym probe = sym_and(sym_is(*at_(s, ARP + 7), 1, 8),
                        statement_owned(s, ARP + 24, AF_INET, true));
    sym good = sym_and(frame_has(s->frame, ARP + 28),
                       sym_bytes_equal(at_(s, ARP), head, sizeof head));

    good = sym_and(good, statement_u8_in(s, ARP + 7, ops, 2));
    statement_add(s, "arp-malformed", arp, good);
    statement_add(s, "arp-spoof", sym_and(arp, good),
                  statement_same(s, SRC, ARP + 8, 6));
    statement_add(s, "arp-spoof", sym_and(arp, good),
                  sym_or(statement_owned(s, ARP + 14, AF_INET, true),
                         sym_and(zero, probe)));
}

void
statement_init(struct statement *s, const struct spec *spec,
               const struct frame *frame)
{
    static const uint8_t vif[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
    static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300 };
    sym ip4, ip6, arp, ethernet, tag = sym_false();

    memset(s, 0, sizeof *s);
    s->spec = spec;
    s->frame = frame;
    statement_add(s, "spoofed-mac", sym_true(), own_mac(s, SRC));
    statement_add(s, "spoofed-mac", sym_true(),
                  sym_is(sym_slice(*at_(s, SRC), 0, 0), 0, 1));
    statement_add(s, "spoofed-mac", sym_true(),
                  sym_not(sym_bytes_equal(at_(s, SRC), vif, 6)));
    statement_add(s, "spoofed-mac", sym_true(),
                  sym_not(statement_zero(s, SRC, 6)));
    statement_add(s, "tagged", sym_true(),
                  frame->tagged ? sym_false() : sym_true());
    ethernet = sym_at_most(sym_byte(6), *at_(s, TYPE));
    statement_add(s, "llc", sym_true(), ethernet);
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        tag = sym_or(tag, statement_u16(s, TYPE, tags[i]));
    }
    statement_add(s, "tagged", tag, sym_false());
    ip4 = statement_u16(s, TYPE, 0x0800);
    ip6 = statement_u16(s, TYPE, 0x86dd);
    arp = statement_u16(s, TYPE, 0x0806);
    statement_add(s, "ethertype", ethernet, sym_or(ip4, sym_or(ip6, arp)));
    destination(s, ip4, ip6, arp);
    arp_packet(s, arp);
    statement_ip4(s, ip4);
    statement_ip6(s, ip6);
}
