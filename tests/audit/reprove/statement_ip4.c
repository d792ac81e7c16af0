/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest may send over IPv4. */

#include <cordon-config.h>
#include "audit/reprove/statement.h"

#include <netinet/in.h>

#include "audit/spec.h"
#include "util.h"

#define IP 14
#define SRC (IP + 12)
#define DST (IP + 16)

/* Header and what is behind it: the header has 20 bytes, or 24 with Router
 * Alert, which is only for IGMP. Longer ones are forbidden by themselves. */
struct ip4 {
    sym is;              /* Its lengths are consistent. */
    sym total;           /* 17 bits. */
    sym plain;           /* 20 bytes. */
    sym fragment, first; /* Of several; with the offset 0, or whole. */
    sym offset;          /* 17 bits, bytes. */
};

static const sym *
at_(const struct statement *s, unsigned int at)
{
    return &s->frame->byte[at];
}

static sym
protocol(const struct statement *s, uint8_t value)
{
    return sym_is(*at_(s, IP + 9), value, 8);
}

/* The header is 'header' bytes long, and behind it are 'n' more or more. */
static sym
behind(const struct ip4 *p, unsigned int header, unsigned int n)
{
    sym is = header == 20 ? p->plain : sym_not(p->plain);

    return sym_and(is, sym_at_most(sym_number(header + n, 17), p->total));
}

static struct ip4
parse(const struct statement *s, sym ip4)
{
    sym flags = frame_u16(s->frame, IP + 6);
    sym header = sym_slice(*at_(s, IP), 3, 0), good;
    struct ip4 p;

    p.total = sym_widen(frame_u16(s->frame, IP + 2), 17);
    p.plain = sym_is(header, 5, 4);
    p.fragment =
        sym_not(sym_is(sym_bitand(flags, sym_number(0x3fff, 16)), 0, 16));
    p.first = sym_is(sym_slice(flags, 12, 0), 0, 13);
    p.offset = sym_join(sym_join(sym_number(0, 1), sym_slice(flags, 12, 0)),
                        sym_number(0, 3));
    good = sym_and(frame_has(s->frame, IP + 20),
                   sym_is(sym_slice(*at_(s, IP), 7, 4), 4, 4));
    good = sym_and(good, sym_at_most(sym_number(5, 4), header));
    good = sym_and(
        good, sym_at_most(sym_join(sym_widen(header, 15), sym_number(0, 2)),
                          p.total));
    good = sym_and(good, sym_at_most(sym_plus(p.total, sym_number(IP, 17)),
                                     s->frame->len));
    p.is = sym_and(ip4, good);
    return p;
}

/* A request for oneself, not relayed, in a whole packet. */
static sym
own_dhcp(const struct statement *s, const struct ip4 *p, unsigned int header)
{
    unsigned int dhcp = IP + header + 8;
    sym is = sym_and(behind(p, header, 42), sym_not(p->fragment));

    is = sym_and(is, statement_zero(s, dhcp + 24, 4));
    is = sym_and(is, statement_same(s, 6, dhcp + 28, 6));
    return sym_and(is, sym_or(statement_zero(s, dhcp + 12, 4),
                              statement_owned(s, dhcp + 12, AF_INET, true)));
}

/* What a router may forward from. */
static sym
forwarded(const struct statement *s)
{
    sym bad = sym_at_most(sym_byte(224), *at_(s, SRC));

    bad = sym_or(bad, sym_is(*at_(s, SRC), 127, 8));
    bad = sym_or(bad, statement_u16(s, SRC, 0xa9fe));
    bad = sym_or(bad, statement_others(s, SRC, AF_INET));
    bad = sym_or(bad, statement_underlay(s, SRC, AF_INET));
    return sym_not(sym_or(bad, statement_broadcast(s, SRC)));
}

static void
source(struct statement *s, const struct ip4 *p)
{
    static const uint8_t all[4] = { 255, 255, 255, 255 };
    sym zero = statement_zero(s, SRC, 4);
    sym own = statement_owned(s, SRC, AF_INET, true);
    sym discovery =
        sym_and(protocol(s, 17), sym_bytes_equal(at_(s, DST), all, 4));
    sym ports =
        sym_and(statement_u16(s, IP + 20, 68), statement_u16(s, IP + 22, 67));

    /* Without options: these are only IGMP's. */
    discovery = sym_and(discovery, sym_and(ports, own_dhcp(s, p, 20)));
    if (s->spec->n_vrids) {
        own = sym_or(own, sym_and(protocol(s, 112),
                                  statement_owned(s, SRC, AF_INET, false)));
    }
    if (s->spec->router) {
        own = sym_or(own, forwarded(s));
    }
    statement_add(s, "spoofed-ip", sym_and(p->is, zero), discovery);
    statement_add(s, "spoofed-ip", sym_and(p->is, sym_not(zero)), own);
}

static void
fragments(struct statement *s, const struct ip4 *p)
{
    sym fragment = sym_and(p->is, p->fragment);
    sym first = sym_and(fragment, p->first);
    sym end = sym_plus(p->offset, p->total);

    /* 2^16 fits into 17 bits. */
    statement_add(s, "fragment", fragment,
                  sym_less(end, sym_number(65536, 17)));
    statement_add(s, "fragment", fragment, sym_not(sym_is(p->offset, 8, 17)));
    statement_add(s, "fragment", sym_and(first, p->plain), behind(p, 20, 8));
    statement_add(s, "fragment",
                  sym_and(first, sym_and(p->plain, protocol(s, 6))),
                  behind(p, 20, 20));
    statement_add(s, "fragment", sym_and(first, sym_not(p->plain)),
                  behind(p, 24, 8));
}

/* Servers and routers, what is said of them in the first bytes of a packet.
 * With options there is but IGMP. */
static void
upper(struct statement *s, const struct ip4 *p)
{
    static const uint8_t reports[] = { 0x12, 0x16, 0x17, 0x22 };
    static const uint8_t redirects[] = { 5, 9 };
    static const uint8_t errors[] = { 3, 4, 11, 12 };
    static const uint8_t routing[] = { 88, 89, 103 };
    static const uint8_t vrrp_group[4] = { 224, 0, 0, 18 };
    static const uint8_t routers[2] = { 224, 0 };
    sym first = sym_and(p->is, p->first), udp, icmp, inner;

    udp = sym_and(sym_and(first, protocol(s, 17)), behind(p, 20, 8));
    icmp = sym_and(sym_and(first, protocol(s, 1)), behind(p, 20, 1));
    if (!s->spec->dhcp_server) {
        statement_add(s, "rogue-dhcp", udp,
                      sym_not(sym_or(statement_u16(s, IP + 20, 67),
                                     statement_u16(s, IP + 20, 547))));
        statement_add(s, "rogue-dhcp",
                      sym_and(udp, statement_u16(s, IP + 22, 67)),
                      own_dhcp(s, p, 20));
    }
    if (s->spec->n_vrids) {
        sym good = sym_and(sym_bytes_equal(at_(s, DST), vrrp_group, 4),
                           sym_and(behind(p, 20, 8), sym_not(p->fragment)));

        good = sym_and(good, statement_u8_in(s, IP + 21, s->spec->vrids,
                                             s->spec->n_vrids));
        statement_add(s, "rogue-router", sym_and(p->is, protocol(s, 112)),
                      good);
    } else {
        statement_add(s, "rogue-router", p->is, sym_not(protocol(s, 112)));
    }
    if (s->spec->router) {
        return;
    }
    statement_add(s, "rogue-router", p->is,
                  sym_not(statement_u8_in(s, IP + 9, routing, 3)));
    statement_add(s, "rogue-router", icmp,
                  sym_not(statement_u8_in(s, IP + 20, redirects, 2)));
    for (unsigned int header = 20; header <= 24; header += 4) {
        sym igmp =
            sym_and(first, sym_and(protocol(s, 2), behind(p, header, 1)));

        statement_add(s, "rogue-router", igmp,
                      statement_u8_in(s, IP + header, reports, 4));
    }
    statement_add(s, "rogue-router",
                  sym_and(udp, sym_bytes_equal(at_(s, DST), routers, 2)),
                  sym_not(sym_or(statement_u16(s, IP + 22, 1985),
                                 statement_u16(s, IP + 22, 2029))));
    icmp = sym_and(icmp, statement_u8_in(s, IP + 20, errors, 4));
    inner = sym_and(behind(p, 20, 28),
                    sym_is(sym_slice(*at_(s, IP + 28), 7, 4), 4, 4));
    inner = sym_and(inner, statement_same(s, IP + 40, DST, 4));
    inner = sym_and(inner, statement_owned(s, IP + 44, AF_INET, false));
    statement_add(s, "icmp-embedded", icmp, inner);
}

void
statement_ip4(struct statement *s, sym ip4)
{
    static const uint8_t alert[4] = { 0x94, 4, 0, 0 };
    struct ip4 p = parse(s, ip4);
    sym with_alert = sym_and(sym_is(*at_(s, IP), 0x46, 8), protocol(s, 2));

    with_alert =
        sym_and(with_alert, sym_bytes_equal(at_(s, IP + 20), alert, 4));
    statement_add(s, "malformed", ip4, p.is);
    statement_add(s, "malformed", p.is, sym_not(protocol(s, 255)));
    statement_add(s, "ip-options", p.is, sym_or(p.plain, with_alert));
    source(s, &p);
    fragments(s, &p);
    upper(s, &p);
    statement_add(s, "encapsulation", p.is,
                  sym_not(statement_underlay(s, DST, AF_INET)));
}
