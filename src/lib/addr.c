/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Parsing, comparing and writing MAC and IP addresses. No state, no I/O;
 * everything above src/lib uses it. */

#include <cordon-config.h>
#include "lib/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

unsigned int
addr_bits(const struct addr *a)
{
    return a->family == AF_INET ? 32 : 128;
}

size_t
addr_len(const struct addr *a)
{
    return addr_bits(a) / 8;
}

bool
addr_parse(const char *s, struct addr *ret_addr)
{
    struct addr a = { .family = strchr(s, ':') ? AF_INET6 : AF_INET };

    if (inet_pton(a.family, s, a.b) != 1) {
        return false;
    }
    *ret_addr = a;
    return true;
}

bool
prefix_parse(const char *s, struct prefix *ret_prefix)
{
    char host[ADDR_STRLEN];
    const char *slash = strchr(s, '/');
    size_t n = slash ? (size_t) (slash - s) : strlen(s);
    struct prefix p;

    if (n >= sizeof host) {
        return false;
    }
    memcpy(host, s, n);
    host[n] = '\0';
    if (!addr_parse(host, &p.addr)) {
        return false;
    }
    p.len = addr_bits(&p.addr);
    if (slash) {
        unsigned int len = 0;
        const char *d = slash + 1;

        if (!*d || strlen(d) > 3 || (d[0] == '0' && d[1])) {
            return false;
        }
        for (; *d; d++) {
            if (*d < '0' || *d > '9') {
                return false;
            }
            len = len * 10 + (*d - '0');
        }
        if (len > addr_bits(&p.addr)) {
            return false;
        }
        p.len = len;
    }
    *ret_prefix = p;
    return true;
}

/* True if the first 'bits' bits of 'a' and 'b' agree. */
static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
    unsigned int bytes = bits / 8, rest = bits % 8;

    return !memcmp(a, b, bytes)
           && (!rest || !((a[bytes] ^ b[bytes]) >> (8 - rest)));
}

bool
prefix_has_host_bits(const struct prefix *p)
{
    for (unsigned int i = p->len; i < addr_bits(&p->addr); i++) {
        if (p->addr.b[i / 8] & (0x80 >> (i % 8))) {
            return true;
        }
    }
    return false;
}

void
prefix_clear_host_bits(struct prefix *p)
{
    for (unsigned int i = p->len; i < addr_bits(&p->addr); i++) {
        p->addr.b[i / 8] &= ~(0x80 >> (i % 8));
    }
}

bool
prefix_is_host(const struct prefix *p)
{
    return p->len == addr_bits(&p->addr);
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
    return outer->addr.family == inner->addr.family && outer->len <= inner->len
           && bits_equal(outer->addr.b, inner->addr.b, outer->len);
}

bool
prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
    return prefix_contains(a, b) || prefix_contains(b, a);
}

bool
prefix_contains_addr(const struct prefix *p, const struct addr *a)
{
    return p->addr.family == a->family && bits_equal(p->addr.b, a->b, p->len);
}

bool
addr_is_multicast(const struct addr *a)
{
    return a->family == AF_INET ? (a->b[0] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

bool
addr_is_unspecified(const struct addr *a)
{
    static const uint8_t zero[16];

    return !memcmp(a->b, zero, sizeof zero);
}

bool
addr_is_loopback(const struct addr *a)
{
    static const uint8_t one[16] = { [15] = 1 };

    return a->family == AF_INET ? a->b[0] == 127
                                : !memcmp(a->b, one, sizeof one);
}

bool
addr_is_link_local(const struct addr *a)
{
    return a->family == AF_INET6 && a->b[0] == 0xfe
           && (a->b[1] & 0xc0) == 0x80;
}

bool
addr_is_v4_mapped(const struct addr *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    return a->family == AF_INET6 && !memcmp(a->b, mapped, sizeof mapped);
}

struct addr
addr_eui64(struct eth_addr mac)
{
    return (struct addr){
        .family = AF_INET6,
        .b = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac.ea[0] ^ 2, mac.ea[1],
               mac.ea[2], 0xff, 0xfe, mac.ea[3], mac.ea[4], mac.ea[5] },
    };
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
    return a->family != b->family ? (a->family < b->family ? -1 : 1)
                                  : memcmp(a->b, b->b, sizeof a->b);
}

int
prefix_cmp(const struct prefix *a, const struct prefix *b)
{
    int c = addr_cmp(&a->addr, &b->addr);

    return c ? c : (int) a->len - (int) b->len;
}

int
mac_cmp(struct eth_addr a, struct eth_addr b)
{
    return memcmp(a.ea, b.ea, sizeof a.ea);
}

bool
mac_parse(const char *s, struct eth_addr *ret_mac)
{
    struct eth_addr mac;

    if (strlen(s) != 17) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        bool ok;

        mac.ea[i] = hexits_value(&s[i * 3], 2, &ok);
        if (!ok || (i < 5 && s[i * 3 + 2] != ':')) {
            return false;
        }
    }
    *ret_mac = mac;
    return true;
}

const char *
addr_format(const struct addr *a, char buf[ADDR_STRLEN])
{
    return inet_ntop(a->family, a->b, buf, ADDR_STRLEN);
}

const char *
prefix_format(const struct prefix *p, char buf[PREFIX_STRLEN])
{
    addr_format(&p->addr, buf);
    if (!prefix_is_host(p)) {
        size_t n = strlen(buf);

        snprintf(buf + n, PREFIX_STRLEN - n, "/%u", p->len);
    }
    return buf;
}
