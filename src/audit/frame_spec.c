/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes frames of a few words or of hex. Used by cordon trace. */

#include <cordon-config.h>
#include "audit/frame_spec.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "lib/addr.h"
#include "util.h"

#define FRAME_MAX 65535

/* One side: an address, and a port if there is one. */
struct end {
    struct addr addr;
    bool has_port;
    uint16_t port;
};

char *
frame_from_hex(const char *text, uint8_t **ret_frame, size_t *ret_n)
{
    uint8_t *p = xmalloc(strlen(text) / 2 + 1);
    size_t n = 0;

    for (; *text; text++) {
        bool ok;

        if (isspace((unsigned char) *text) || *text == ':') {
            continue;
        }
        p[n] = hexits_value(text, text[1] ? 2 : 1, &ok);
        if (!ok || !text[1]) {
            free(p);
            return xstrdup("not pairs of hex digits");
        }
        n++;
        text++;
    }
    if (n < ETH_HLEN || n > FRAME_MAX) {
        free(p);
        return xasprintf("a frame has %d to %d bytes, not %zu", ETH_HLEN,
                         FRAME_MAX, n);
    }
    *ret_frame = p;
    *ret_n = n;
    return NULL;
}

/* Parses "10.0.0.1:80", "10.0.0.1", "[fd00::1]:80" or "fd00::1". */
static bool
parse_end(const char *s, struct end *ret)
{
    struct end e = { .has_port = false };
    char *copy = xstrdup(s), *address = copy, *port = NULL;
    int x;
    bool ok;

    if (*copy == '[') {
        char *close = strchr(copy, ']');

        if (close) {
            *close = '\0';
            address = copy + 1;
            port = close[1] == ':' ? close + 2 : NULL;
        }
    } else if (strchr(copy, ':') == strrchr(copy, ':')) {
        port = strchr(copy, ':');
        if (port) {
            *port++ = '\0';
        }
    }
    ok = addr_parse(address, &e.addr)
         && (!port || (str_to_int(port, 10, &x) && x >= 0 && x <= 65535));
    if (ok && port) {
        e.has_port = true;
        e.port = x;
    }
    free(copy);
    *ret = e;
    return ok;
}

static bool
is_usable(const uint8_t *mac)
{
    return !(mac[0] & 1) && memcmp(mac, "\0\0\0\0\0\0", 6);
}

/* Looks for a key in which a MAC stands before 'addr'. */
static bool
mac_in_set(const struct ruleset_set *s, const struct addr *addr,
           struct eth_addr *ret_mac)
{
    size_t len = addr_len(addr);

    for (size_t i = 0; i < s->n_elements; i++) {
        const uint8_t *key = s->elements[i].from;

        for (size_t at = 8; key && at + len <= s->key_len; at += 4) {
            if (!memcmp(key + at, addr->b, len) && !key[at - 1] && !key[at - 2]
                && is_usable(key + at - 8)) {
                memcpy(ret_mac, key + at - 8, sizeof *ret_mac);
                return true;
            }
        }
    }
    return false;
}

/* The MAC that the kernel module has for 'addr' at a port. */
static bool
mac_in_module(const struct host *host, const struct addr *addr,
              struct eth_addr *ret_mac)
{
    const struct host_module *m = host->module;

    for (size_t i = 0; m && i < m->n_ports; i++) {
        for (size_t j = 0; j < m->ports[i].n_pairs; j++) {
            const struct host_pair *pair = &m->ports[i].pairs[j];

            if (prefix_is_host(&pair->prefix)
                && !addr_cmp(&pair->prefix.addr, addr)) {
                *ret_mac = pair->mac;
                return true;
            }
        }
    }
    return false;
}

static struct eth_addr
multicast_mac(const struct addr *addr)
{
    struct eth_addr mac = { { { 0x33, 0x33, addr->b[12], addr->b[13],
                                addr->b[14], addr->b[15] } } };

    if (addr->family == AF_INET) {
        mac = (struct eth_addr){ { { 0x01, 0x00, 0x5e, addr->b[1] & 0x7f,
                                     addr->b[2], addr->b[3] } } };
    }
    return mac;
}

/* Finds the MAC of 'addr'. */
static bool
find_mac(const struct frame_spec *spec, const struct addr *addr,
         struct eth_addr *ret_mac)
{
    if (addr_is_multicast(addr)) {
        *ret_mac = multicast_mac(addr);
        return true;
    }
    if (mac_in_module(spec->host, addr, ret_mac)) {
        return true;
    }
    for (size_t i = 0; i < spec->ruleset->n_sets; i++) {
        if (mac_in_set(&spec->ruleset->sets[i], addr, ret_mac)) {
            return true;
        }
    }
    for (size_t i = 0; i < spec->host->n_neighbors; i++) {
        const struct host_neighbor *n = &spec->host->neighbors[i];

        if (!addr_cmp(&n->addr, addr) && is_usable(n->mac.ea)) {
            *ret_mac = n->mac;
            return true;
        }
    }
    return false;
}

static void
put16(uint8_t *p, uint16_t x)
{
    p[0] = x >> 8;
    p[1] = x;
}

static uint32_t
sum(uint32_t start, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        start += i & 1 ? p[i] : p[i] << 8;
    }
    return start;
}

static uint16_t
fold(uint32_t x)
{
    while (x >> 16) {
        x = (x & 0xffff) + (x >> 16);
    }
    return ~x;
}

/* Puts the IP header at 'p', for 'n' bytes of 'protocol' behind it. Returns
 * its length. */
static size_t
put_ip(uint8_t *p, uint8_t protocol, size_t n, const struct end *from,
       const struct end *to)
{
    if (from->addr.family == AF_INET) {
        p[0] = 0x45;
        put16(p + 2, 20 + n);
        p[6] = 0x40;
        p[8] = 64;
        p[9] = protocol;
        memcpy(p + 12, from->addr.b, 4);
        memcpy(p + 16, to->addr.b, 4);
        put16(p + 10, fold(sum(0, p, 20)));
        return 20;
    }
    p[0] = 0x60;
    put16(p + 4, n);
    p[6] = protocol;
    p[7] = 64;
    memcpy(p + 8, from->addr.b, 16);
    memcpy(p + 24, to->addr.b, 16);
    return 40;
}

/* Puts what the IP packet carries at 'p', its checksum left open. Returns its
 * length; '*ret_checksum' is where that is. */
static size_t
put_payload(uint8_t *p, uint8_t protocol, const struct end *from,
            const struct end *to, size_t *ret_checksum)
{
    if (protocol == IPPROTO_TCP) {
        put16(p, from->port);
        put16(p + 2, to->port);
        p[12] = 0x50;
        p[13] = 0x02; /* SYN. */
        put16(p + 14, 65535);
        *ret_checksum = 16;
        return 20;
    } else if (protocol == IPPROTO_UDP) {
        put16(p, from->port);
        put16(p + 2, to->port);
        put16(p + 4, 8);
        *ret_checksum = 6;
        return 8;
    }
    p[0] = protocol == IPPROTO_ICMP ? 8 : 128; /* Echo. */
    *ret_checksum = 2;
    return 8;
}

static size_t
put_packet(uint8_t *p, uint8_t protocol, const struct end *from,
           const struct end *to)
{
    size_t header = from->addr.family == AF_INET ? 20 : 40;
    size_t len = addr_len(&from->addr), at, n;
    uint32_t x = 0;

    n = put_payload(p + header, protocol, from, to, &at);
    put_ip(p, protocol, n, from, to);
    if (protocol != IPPROTO_ICMP) {
        x = sum(sum(protocol + n, from->addr.b, len), to->addr.b, len);
    }
    put16(p + header + at, fold(sum(x, p + header, n)));
    return header + n;
}

static size_t
put_arp(uint8_t *p, const struct eth_addr *mac, const struct end *from,
        const struct end *to)
{
    static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

    memcpy(p, head, sizeof head);
    memcpy(p + 8, mac->ea, 6);
    memcpy(p + 14, from->addr.b, 4);
    memcpy(p + 24, to->addr.b, 4);
    return 28;
}

/* The protocol that 'word' names, among addresses of 'family'; ETH_P_ARP for
 * ARP. 0 if there is none. */
static uint16_t
protocol_of(const char *word, uint8_t family)
{
    if (!strcmp(word, "tcp")) {
        return IPPROTO_TCP;
    } else if (!strcmp(word, "udp")) {
        return IPPROTO_UDP;
    } else if (!strcmp(word, "icmp") || !strcmp(word, "icmp6")) {
        return family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    } else if (!strcmp(word, "arp") && family == AF_INET) {
        return ETH_P_ARP;
    }
    return 0;
}

static char *
build(const struct frame_spec *spec, uint16_t protocol, const struct end *from,
      const struct end *to, uint8_t **ret_frame, size_t *ret_n)
{
    struct eth_addr source, destination;
    char s[ADDR_STRLEN];
    uint8_t *p;
    size_t n = ETH_HLEN;

    if (spec->source) {
        source = *spec->source;
    } else if (!find_mac(spec, &from->addr, &source)) {
        return xasprintf("what MAC %s has is not known: say --source-mac",
                         addr_format(&from->addr, s));
    }
    if (spec->destination) {
        destination = *spec->destination;
    } else if (protocol == ETH_P_ARP) {
        memset(&destination, 0xff, sizeof destination);
    } else if (!find_mac(spec, &to->addr, &destination)) {
        return xasprintf("what MAC %s has is not known: say "
                         "--destination-mac",
                         addr_format(&to->addr, s));
    }
    p = xzalloc(128);
    memcpy(p, &destination, 6);
    memcpy(p + 6, &source, 6);
    if (spec->vlan) {
        put16(p + 12, ETH_P_8021Q);
        put16(p + 14, spec->vlan);
        n += 4;
    }
    if (protocol == ETH_P_ARP) {
        put16(p + n - 2, ETH_P_ARP);
        n += put_arp(p + n, &source, from, to);
    } else {
        put16(p + n - 2, from->addr.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
        n += put_packet(p + n, protocol, from, to);
    }
    *ret_frame = p;
    *ret_n = n;
    return NULL;
}

char *
frame_from_text(const struct frame_spec *spec, const char *text,
                uint8_t **ret_frame, size_t *ret_n)
{
    char word[8], from_text[64], to_text[64];
    struct end from, to;
    uint16_t protocol;
    int end = 0;

    if (sscanf(text, " %7s %63s > %63s %n", word, from_text, to_text, &end)
            != 3
        || !end || text[end]) {
        return xstrdup("say it like \"tcp 10.0.0.11:1000 > 10.0.0.12:80\", or "
                       "in hex");
    }
    if (!parse_end(from_text, &from)) {
        return xasprintf("%s: not an address", from_text);
    } else if (!parse_end(to_text, &to)) {
        return xasprintf("%s: not an address", to_text);
    } else if (from.addr.family != to.addr.family) {
        return xstrdup("one address is of IPv4, the other of IPv6");
    }
    protocol = protocol_of(word, from.addr.family);
    if (!protocol) {
        return xasprintf("%s: tcp, udp, icmp, or arp of IPv4", word);
    }
    if ((protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) != from.has_port
        || from.has_port != to.has_port) {
        return xasprintf("%s: %s", word,
                         from.has_port || to.has_port
                             ? "both sides have a port, or none does"
                             : "a port is missing");
    }
    return build(spec, protocol, &from, &to, ret_frame, ret_n);
}
