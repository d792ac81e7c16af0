/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest may send over IPv6. One extension header is allowed at most: a
 * Fragment header, or Hop-by-Hop of 8 bytes with Router Alert before MLD. So
 * the upper layer is behind the header or 8 bytes further, and all else is
 * forbidden by what it begins with. */

#include <cordon-config.h>
#include "audit/reprove/statement.h"

#include <netinet/in.h>

#include "audit/spec.h"
#include "util.h"

#define IP 14
#define SRC (IP + 8)
#define DST (IP + 24)
#define NEXT (IP + 6)
#define EXT (IP + 40)
#define ND_MAX 104 /* Bytes of messages whose options are looked at. */

struct ip6 {
    sym is;       /* Its length is consistent. */
    sym payload;  /* 17 bits. */
    sym plain;    /* No extension header. */
    sym options;  /* Hop-by-Hop. */
    sym fragment; /* One is next. */
    sym first;    /* With the offset 0. */
};

/* Where an upper layer is. */
struct upper6 {
    sym is;            /* A packet with it there; its beginning. */
    unsigned int at;   /* From the destination MAC. */
    unsigned int kind; /* Where its number is. */
};

static const sym *
at_(const struct statement *s, unsigned int at)
{
    return &s->frame->byte[at];
}

static sym
is_(const struct statement *s, unsigned int at, uint8_t value)
{
    return sym_is(*at_(s, at), value, 8);
}

/* The packet goes on for 'n' bytes from 'at'. */
static sym
has(const struct ip6 *p, unsigned int at, unsigned int n)
{
    return sym_at_most(sym_number(at + n - EXT, 17), p->payload);
}

static struct ip6
parse(const struct statement *s, sym ip6)
{
    sym sum, good, parts;
    struct ip6 p;

    p.payload = sym_widen(frame_u16(s->frame, IP + 4), 17);
    sum = sym_plus(p.payload, sym_number(IP + 40, 17));
    good = sym_and(frame_has(s->frame, IP + 40),
                   sym_is(sym_slice(*at_(s, IP), 7, 4), 6, 4));
    good = sym_and(good, sym_at_most(sum, s->frame->len));
    good = sym_and(good, sym_not(sym_is(p.payload, 0, 17)));
    p.options = is_(s, NEXT, 0);
    p.fragment = is_(s, NEXT, 44);
    parts = sym_or(p.options, p.fragment);
    p.plain = sym_not(parts);
    good = sym_and(good, sym_or(p.plain, has(&p, EXT, 8)));
    p.first = sym_is(sym_slice(frame_u16(s->frame, EXT + 2), 15, 3), 0, 13);
    p.is = sym_and(ip6, good);
    return p;
}

/* Options of the message at EXT from 'fixed' bytes on, up to its end: they
 * fit, and link-layer addresses are the frame's source, or, if 'none', there
 * are none. */
static sym
options(const struct statement *s, const struct ip6 *p, unsigned int fixed,
        bool none)
{
    sym reached[ND_MAX / 8 + 1], good = sym_false();

    for (size_t i = 0; i < ARRAY_SIZE(reached); i++) {
        reached[i] = i == fixed / 8 ? sym_true() : sym_false();
    }
    for (size_t i = fixed / 8; i < ARRAY_SIZE(reached); i++) {
        unsigned int at = EXT + 8 * i;
        sym link = sym_or(is_(s, at, 1), is_(s, at, 2)), ok;

        good =
            sym_or(good, sym_and(reached[i], sym_is(p->payload, 8 * i, 17)));
        ok = none ? sym_not(link)
                  : statement_implies(
                      link, sym_and(is_(s, at + 1, 1),
                                    statement_same(s, at + 2, 6, 6)));
        ok = sym_and(ok, sym_and(reached[i], has(p, at, 8)));
        for (size_t n = 1; i + n < ARRAY_SIZE(reached); n++) {
            reached[i + n] =
                sym_or(reached[i + n], sym_and(ok, is_(s, at + 1, n)));
        }
    }
    return good;
}

/* Returns what may be sent from the unspecified address. */
static sym
discovery(struct statement *s, const struct ip6 *p)
{
    static const uint8_t solicited[13] = { 0xff, 2, [11] = 1, [12] = 0xff };
    static const uint8_t routers[] = { 134, 137 };
    sym icmp = sym_and(sym_and(p->is, is_(s, NEXT, 58)), has(p, EXT, 1));
    sym rs = sym_and(icmp, is_(s, EXT, 133));
    sym ns = sym_and(icmp, is_(s, EXT, 135));
    sym na = sym_and(icmp, is_(s, EXT, 136));
    sym ra = sym_and(icmp, statement_u8_in(s, EXT, routers, 2));
    sym any = sym_or(rs, sym_or(ns, na));
    sym local = sym_and(is_(s, IP + 7, 255), is_(s, EXT + 1, 0));
    sym own = statement_owned(s, EXT + 8, AF_INET6, true), dad;

    local = sym_and(local, has(p, EXT, 2));
    statement_add(s, "rogue-ra", ra, s->spec->router ? local : sym_false());
    statement_add(s, "nd-spoof", any, local);
    statement_add(s, "nd-spoof", rs, options(s, p, 8, false));
    statement_add(s, "nd-spoof", sym_or(ns, na), options(s, p, 24, false));
    statement_add(s, "nd-spoof", na, own);
    if (!s->spec->router) {
        statement_add(s, "nd-spoof", na,
                      sym_is(sym_slice(*at_(s, EXT + 4), 7, 7), 0, 1));
    }
    dad = sym_and(sym_bytes_equal(at_(s, DST), solicited, 13),
                  statement_same(s, DST + 13, EXT + 21, 3));
    dad = sym_and(sym_and(ns, own), sym_and(dad, options(s, p, 24, true)));
    return sym_or(dad, sym_and(rs, options(s, p, 8, true)));
}

static void
source(struct statement *s, const struct ip6 *p, sym unspecified)
{
    static const uint8_t local[2] = { 0xfe, 0x80 };
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const uint8_t loopback[16] = { [15] = 1 };
    sym zero = statement_zero(s, SRC, 16);
    sym own = statement_owned(s, SRC, AF_INET6, true);

    if (s->spec->n_vrids) {
        own = sym_or(own, sym_and(is_(s, NEXT, 112),
                                  statement_owned(s, SRC, AF_INET6, false)));
    }
    if (s->spec->router) {
        sym bad = sym_or(is_(s, SRC, 0xff),
                         sym_bytes_equal(at_(s, SRC), loopback, 16));

        bad = sym_or(bad, sym_bytes_prefix(at_(s, SRC), local, 10));
        bad = sym_or(bad, sym_bytes_equal(at_(s, SRC), mapped, 12));
        bad = sym_or(bad, statement_others(s, SRC, AF_INET6));
        bad = sym_or(bad, statement_underlay(s, SRC, AF_INET6));
        own = sym_or(own, sym_not(bad));
    }
    statement_add(s, "spoofed-ip", sym_and(p->is, zero), unspecified);
    statement_add(s, "spoofed-ip", sym_and(p->is, sym_not(zero)), own);
}

/* What extension headers may be. */
static void
extension(struct statement *s, const struct ip6 *p)
{
    static const uint8_t alerts[][6] = {
        { 5, 2, 0, 0, 0, 0 }, { 5, 2, 0, 0, 1, 0 }, { 0, 0, 5, 2, 0, 0 },
        { 1, 0, 5, 2, 0, 0 }, { 0, 5, 2, 0, 0, 0 },
    };
    static const uint8_t mld[] = { 130, 131, 132, 143 };
    static const uint8_t parts[] = { 6, 17, 58, 50, 132 };
    static const uint8_t plain[] = { 1, 2, 3, 4, 128, 129 };
    static const uint8_t upper[] = {
        6, 17, 58, 50, 132, 47, 112, 88, 89, 103
    };
    sym alert = sym_false(), fragment, first, end;

    for (size_t i = 0; i < ARRAY_SIZE(alerts); i++) {
        alert = sym_or(alert, sym_bytes_equal(at_(s, EXT + 2), alerts[i], 6));
    }
    alert = sym_and(alert, sym_and(is_(s, EXT, 58), is_(s, EXT + 1, 0)));
    alert = sym_and(alert, sym_and(has(p, EXT + 8, 1),
                                   statement_u8_in(s, EXT + 8, mld, 4)));
    statement_add(s, "ext-header", sym_and(p->is, p->options), alert);
    statement_add(s, "ext-header", sym_and(p->is, p->plain),
                  statement_u8_in(s, NEXT, upper, ARRAY_SIZE(upper)));

    fragment = sym_and(p->is, p->fragment);
    first = sym_and(fragment, p->first);
    end = sym_plus(
        sym_join(sym_join(sym_number(0, 1),
                          sym_slice(frame_u16(s->frame, EXT + 2), 15, 3)),
                 sym_number(0, 3)),
        p->payload);
    statement_add(s, "fragment", fragment,
                  statement_u8_in(s, EXT, parts, ARRAY_SIZE(parts)));
    statement_add(s, "fragment", fragment,
                  sym_not(sym_is(
                      sym_slice(frame_u16(s->frame, EXT + 2), 15, 3), 1, 13)));
    /* Without the header itself, which the payload length counts. */
    statement_add(s, "fragment", fragment,
                  sym_less(end, sym_number(65536 + 8, 17)));
    statement_add(s, "fragment", first, has(p, EXT + 8, 8));
    statement_add(s, "fragment", sym_and(first, is_(s, EXT, 6)),
                  has(p, EXT + 8, 20));
    statement_add(s, "fragment", sym_and(first, is_(s, EXT, 58)),
                  statement_u8_in(s, EXT + 8, plain, ARRAY_SIZE(plain)));
}

static void
servers(struct statement *s, const struct ip6 *p, const struct upper6 *u)
{
    static const uint8_t errors[] = { 1, 2, 3, 4 };
    static const uint8_t routers[] = { 130, 151, 152, 153 };
    static const uint8_t relayed[] = { 12, 13 };
    static const uint8_t messages[] = { 1,   2,   3,   4,   128, 129,
                                        130, 131, 132, 133, 134, 135,
                                        136, 137, 143, 151, 152, 153 };
    sym icmp = sym_and(sym_and(u->is, is_(s, u->kind, 58)), has(p, u->at, 1));
    sym udp = sym_and(sym_and(u->is, is_(s, u->kind, 17)), has(p, u->at, 8));
    sym inner;

    statement_add(s, "nd-spoof", icmp,
                  statement_u8_in(s, u->at, messages, ARRAY_SIZE(messages)));
    if (!s->spec->dhcp_server) {
        statement_add(s, "rogue-dhcp", udp,
                      sym_not(sym_or(statement_u16(s, u->at, 67),
                                     statement_u16(s, u->at, 547))));
        statement_add(s, "rogue-dhcp",
                      sym_and(sym_and(udp, statement_u16(s, u->at + 2, 547)),
                              has(p, u->at, 9)),
                      sym_not(statement_u8_in(s, u->at + 8, relayed, 2)));
    }
    if (s->spec->router) {
        return;
    }
    statement_add(s, "rogue-router", icmp,
                  sym_not(statement_u8_in(s, u->at, routers, 4)));
    icmp = sym_and(icmp, statement_u8_in(s, u->at, errors, 4));
    inner = sym_and(has(p, u->at, 48),
                    sym_is(sym_slice(*at_(s, u->at + 8), 7, 4), 6, 4));
    inner = sym_and(inner, statement_same(s, u->at + 16, DST, 16));
    inner = sym_and(inner, statement_owned(s, u->at + 32, AF_INET6, false));
    statement_add(s, "icmp-embedded", icmp, inner);
}

static void
routing(struct statement *s, const struct ip6 *p)
{
    static const uint8_t kinds[] = { 88, 89, 103 };
    static const uint8_t group[16] = { 0xff, 2, [15] = 0x12 };
    sym vrrp = sym_and(p->is, is_(s, NEXT, 112));

    statement_add(s, "rogue-router", vrrp,
                  s->spec->n_vrids
                      ? sym_and(sym_bytes_equal(at_(s, DST), group, 16),
                                statement_u8_in(s, EXT + 1, s->spec->vrids,
                                                s->spec->n_vrids))
                      : sym_false());
    if (!s->spec->router) {
        statement_add(s, "rogue-router", p->is,
                      sym_not(statement_u8_in(s, NEXT, kinds, 3)));
    }
}

void
statement_ip6(struct statement *s, sym ip6)
{
    static const uint8_t reports[] = { 131, 143 };
    struct ip6 p = parse(s, ip6);
    sym more =
        sym_and(p.options, sym_and(is_(s, EXT, 58), has(&p, EXT + 8, 1)));
    struct upper6 plain = { sym_and(p.is, p.plain), EXT, NEXT };
    struct upper6 behind = {
        sym_and(p.is, sym_or(p.options, sym_and(p.fragment, p.first))),
        EXT + 8,
        EXT,
    };
    sym report =
        sym_and(sym_and(p.plain, is_(s, NEXT, 58)),
                sym_and(has(&p, EXT, 1), statement_u8_in(s, EXT, reports, 2)));

    statement_add(s, "malformed", ip6, p.is);
    report =
        sym_or(report, sym_and(more, statement_u8_in(s, EXT + 8, reports, 2)));
    source(s, &p, sym_or(report, discovery(s, &p)));
    extension(s, &p);
    servers(s, &p, &plain);
    servers(s, &p, &behind);
    routing(s, &p);
    statement_add(s, "encapsulation", p.is,
                  sym_not(statement_underlay(s, DST, AF_INET6)));
}
