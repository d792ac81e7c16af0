/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes headers for logs: Ethernet and tags, ARP, IPv4, IPv6 and its
 * extension headers, ports, ICMP. What is judged here has been dropped
 * already: where a header makes no sense, this stops and says no more. */

#include <cordon-config.h>
#include "lib/frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

#define EXTENSIONS_MAX 8
#define ETHERTYPE_MIN 0x600 /* Less is a length (IEEE 802.3). */

/* What is left of the frame. */
struct rest {
    const uint8_t *p;
    size_t n;
};

static void
skip(struct rest *r, size_t n)
{
    n = MIN(n, r->n);
    r->p += n;
    r->n -= n;
}

static uint16_t
get16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void
write_mac(struct writer *w, const char *key, const uint8_t *p)
{
    writer_format(w, key, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2],
                  p[3], p[4], p[5]);
}

static void
write_addr(struct writer *w, const char *key, int family, const uint8_t *p)
{
    char buf[INET6_ADDRSTRLEN];

    writer_string(w, key, inet_ntop(family, p, buf, sizeof buf));
}

static void
write_protocol(struct writer *w, uint8_t protocol)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = {
        { IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" },
        { IPPROTO_TCP, "tcp" },   { IPPROTO_UDP, "udp" },
        { IPPROTO_GRE, "gre" },   { IPPROTO_ESP, "esp" },
        { IPPROTO_AH, "ah" },     { IPPROTO_ICMPV6, "icmpv6" },
        { 112, "vrrp" },          { IPPROTO_SCTP, "sctp" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].number == protocol) {
            writer_string(w, "protocol", names[i].name);
            return;
        }
    }
    writer_format(w, "protocol", "%u", protocol);
}

static void
write_icmp(struct writer *w, bool v6, const struct rest *r)
{
    if (r->n < 2) {
        return;
    }
    writer_uint(w, "icmp_type", r->p[0]);
    writer_uint(w, "icmp_code", r->p[1]);
    /* Neighbour Solicitation and Advertisement (RFC 4861). */
    if (v6 && (r->p[0] == 135 || r->p[0] == 136) && r->n >= 24) {
        write_addr(w, "target", AF_INET6, r->p + 8);
    }
}

/* What follows the headers of IP, if it is the first fragment or all. */
static void
write_upper(struct writer *w, uint8_t protocol, bool v6, const struct rest *r)
{
    write_protocol(w, protocol);
    switch (protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
        if (r->n >= 4) {
            writer_uint(w, "source_port", get16(r->p));
            writer_uint(w, "destination_port", get16(r->p + 2));
        }
        return;

    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        if (v6 == (protocol == IPPROTO_ICMPV6)) {
            write_icmp(w, v6, r);
        }
        return;
    }
}

static void
write_ip4(struct writer *w, struct rest r)
{
    unsigned int header, offset;
    uint8_t protocol;

    if (r.n < 20 || r.p[0] >> 4 != 4) {
        return;
    }
    header = 4 * (r.p[0] & 15);
    offset = 8 * (get16(r.p + 6) & 0x1fff);
    protocol = r.p[9];
    write_addr(w, "source", AF_INET, r.p + 12);
    write_addr(w, "destination", AF_INET, r.p + 16);
    skip(&r, header);
    if (offset) {
        writer_uint(w, "fragment_offset", offset);
    }
    if (offset || header < 20) {
        r.n = 0;
    }
    write_upper(w, protocol, false, &r);
}

static void
write_ip6(struct writer *w, struct rest r)
{
    unsigned int offset = 0;
    uint8_t next;

    if (r.n < 40 || r.p[0] >> 4 != 6) {
        return;
    }
    write_addr(w, "source", AF_INET6, r.p + 8);
    write_addr(w, "destination", AF_INET6, r.p + 24);
    next = r.p[6];
    skip(&r, 40);
    for (int i = 0; i < EXTENSIONS_MAX && r.n >= 8 && !offset; i++) {
        uint8_t here = next;

        if (here == IPPROTO_FRAGMENT) {
            offset = get16(r.p + 2) & 0xfff8;
            next = r.p[0];
            skip(&r, 8);
        } else if (here == IPPROTO_HOPOPTS || here == IPPROTO_ROUTING
                   || here == IPPROTO_DSTOPTS) {
            next = r.p[0];
            skip(&r, 8 * (r.p[1] + 1));
        } else {
            break;
        }
    }
    if (offset) {
        writer_uint(w, "fragment_offset", offset);
        r.n = 0;
    }
    write_upper(w, next, true, &r);
}

static void
write_arp(struct writer *w, const struct rest *r)
{
    static const uint8_t ethernet_ip4[] = { 0, 1, 8, 0, 6, 4 };
    unsigned int op;

    if (r->n < 28 || memcmp(r->p, ethernet_ip4, sizeof ethernet_ip4)) {
        return;
    }
    op = get16(r->p + 6);
    if (op == ARP_OP_REQUEST || op == ARP_OP_REPLY) {
        writer_string(w, "operation",
                      op == ARP_OP_REQUEST ? "request" : "reply");
    } else {
        writer_format(w, "operation", "%u", op);
    }
    write_mac(w, "sender_mac", r->p + 8);
    write_addr(w, "sender", AF_INET, r->p + 14);
    write_addr(w, "target", AF_INET, r->p + 24);
}

void
frame_write(struct writer *w, const uint8_t *p, size_t n)
{
    struct rest r = { p, n };
    uint16_t type;

    if (n < ETH_HEADER_LEN) {
        return;
    }
    write_mac(w, "destination_mac", p);
    write_mac(w, "source_mac", p + 6);
    skip(&r, 12);
    type = get16(r.p);
    if ((type == ETHERTYPE_VLAN || type == 0x88a8) && r.n >= 6) {
        writer_uint(w, "vlan", get16(r.p + 2) & 0xfff);
        skip(&r, 4);
        type = get16(r.p);
    }
    skip(&r, 2);
    switch (type) {
    case ETHERTYPE_IP:
        writer_string(w, "ethertype", "ipv4");
        write_ip4(w, r);
        return;

    case ETHERTYPE_IPV6:
        writer_string(w, "ethertype", "ipv6");
        write_ip6(w, r);
        return;

    case ETHERTYPE_ARP:
        writer_string(w, "ethertype", "arp");
        write_arp(w, &r);
        return;
    }
    if (type < ETHERTYPE_MIN) {
        writer_string(w, "ethertype", "llc");
    } else {
        writer_format(w, "ethertype", "0x%04x", type);
    }
}

char *
frame_hex(const uint8_t *p, size_t n)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_format(&s, "%02x", p[i]);
    }
    return ds_steal_cstr(&s);
}
