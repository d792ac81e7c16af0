/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest may say above IP: DHCP (RFC 2131, 8415), Neighbour Discovery
 * (RFC 4861), MLD and IGMP, routing protocols, ICMP errors. Pure. portsec.c
 * calls this. */

#include <cordon-config.h>
#include "audit/portsec_private.h"

#include <netinet/in.h>
#include <string.h>

#include "packets.h"
#include "util.h"

#define VRRP 112

enum {
    ICMP6_MLD_QUERY = 130,
    ICMP6_MLD_REPORT = 131,
    ICMP6_MLD_DONE = 132,
    ICMP6_RS = 133,
    ICMP6_RA = 134,
    ICMP6_NS = 135,
    ICMP6_NA = 136,
    ICMP6_REDIRECT = 137,
    ICMP6_MLD_REPORT2 = 143,
};

/* UDP with its header, in an unfragmented packet or a first fragment. */
static bool
has_udp(const struct packet *p)
{
    return p->protocol == IPPROTO_UDP && !p->offset && p->l4_n >= 8;
}

/* DHCP. */

/* Whether a request is of the port's own, and nobody has relayed it. */
static bool
is_own_dhcp(const struct portsec_port *port, const struct packet *p)
{
    const uint8_t *dhcp = p->l4 + 8;
    struct addr ciaddr, giaddr;

    if (p->l4_n < 8 + 34) {
        return false;
    }
    ciaddr = packet_addr(dhcp + 12, AF_INET);
    giaddr = packet_addr(dhcp + 24, AF_INET);
    return addr_is_unspecified(&giaddr)
           && !memcmp(dhcp + 28, &p->src, sizeof p->src)
           && (addr_is_unspecified(&ciaddr)
               || portsec_owns(port, &ciaddr, &p->src));
}

bool
portsec_is_dhcp_discovery(const struct portsec_port *port,
                          const struct packet *p)
{
    static const uint8_t all_ones[] = { 255, 255, 255, 255 };

    return !memcmp(p->ip_dst.b, all_ones, sizeof all_ones) && !p->is_fragment
           && has_udp(p) && packet_u16(p->l4) == 68
           && packet_u16(p->l4 + 2) == 67 && is_own_dhcp(port, p);
}

static bool
is_rogue_dhcp(const struct portsec_port *port, const struct packet *p)
{
    unsigned int sport, dport;

    if (!has_udp(p) || port->dhcp_server) {
        return false;
    }
    sport = packet_u16(p->l4);
    dport = packet_u16(p->l4 + 2);
    if (sport == 67 || sport == 547 || dport == 68 || dport == 546) {
        return true;
    } else if (dport == 67 && p->ip == 4) {
        return p->is_fragment || !is_own_dhcp(port, p);
    }
    /* A relay's messages (RFC 8415, section 7.3). */
    return dport == 547 && p->l4_n > 8 && (p->l4[8] == 12 || p->l4[8] == 13);
}

/* Neighbour Discovery. */

bool
portsec_is_mld(int type)
{
    return type == ICMP6_MLD_QUERY || type == ICMP6_MLD_REPORT
           || type == ICMP6_MLD_DONE || type == ICMP6_MLD_REPORT2;
}

bool
portsec_is_plain6(int type)
{
    return (type >= 1 && type <= 4) || type == 128 || type == 129;
}

static bool
is_link_layer(uint8_t option)
{
    return option == 1 || option == 2; /* Source, target. */
}

static bool
is_no_link_layer(uint8_t type, const uint8_t *value OVS_UNUSED,
                 size_t n OVS_UNUSED, void *aux OVS_UNUSED)
{
    return !is_link_layer(type);
}

static bool
is_own_link_layer(uint8_t type, const uint8_t *value, size_t n, void *mac)
{
    return !is_link_layer(type) || (n == 6 && !memcmp(value, mac, 6));
}

static bool
is_any(uint8_t type OVS_UNUSED, const uint8_t *value OVS_UNUSED,
       size_t n OVS_UNUSED, void *aux OVS_UNUSED)
{
    return true;
}

/* Whether 'group' is the one that 'a' is asked for in (RFC 4291, 2.7.1). */
static bool
is_solicited_node(const struct addr *group, const struct addr *a)
{
    static const uint8_t start[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

    return !memcmp(group->b, start, sizeof start)
           && !memcmp(group->b + 13, a->b + 13, 3);
}

bool
portsec_may_be_unspecified(const struct portsec_port *port,
                           const struct packet *p)
{
    int type = packet_icmp6_type(p);
    struct addr target;

    if (type == ICMP6_MLD_REPORT || type == ICMP6_MLD_REPORT2) {
        return !p->is_fragment;
    } else if ((type != ICMP6_RS && type != ICMP6_NS) || p->n_extensions
               || p->is_fragment
               || !packet_nd_options(p, is_no_link_layer, NULL)) {
        return false;
    } else if (type == ICMP6_RS) {
        return true;
    }
    target = packet_addr(p->l4 + 8, AF_INET6);
    return portsec_owns(port, &target, &p->src)
           && is_solicited_node(&p->ip_dst, &target);
}

unsigned int
portsec_nd(const struct portsec_port *port, const struct packet *p)
{
    struct eth_addr src = p->src;
    int type = packet_icmp6_type(p);
    bool router = type == ICMP6_RA || type == ICMP6_REDIRECT;
    unsigned int bad = router ? REASON_ROGUE_RA : REASON_ND_SPOOF;
    struct addr target;

    if (type < ICMP6_RS || type > ICMP6_REDIRECT) {
        return PORTSEC_PASS;
    } else if ((router && !port->router) || p->hop_limit != 255
               || p->is_fragment || p->n_extensions || p->l4_n < 2 || p->l4[1]
               || !packet_nd_options(
                   p, type == ICMP6_REDIRECT ? is_any : is_own_link_layer,
                   &src)) {
        return bad;
    } else if (type == ICMP6_NA) {
        target = packet_addr(p->l4 + 8, AF_INET6);
        if (!portsec_owns(port, &target, &p->src)
            || (p->l4[4] & 0x80 && !port->router)) {
            return bad;
        }
    }
    return PORTSEC_PASS;
}

/* Servers and routers. */

/* The headers that say what a packet is must be there. */
static bool
is_truncated(const struct packet *p)
{
    switch (p->protocol) {
    case IPPROTO_TCP:
        return p->l4_n < 20 || p->l4[12] >> 4 < 5
               || (p->l4[12] >> 4) * 4u > p->l4_n;
    case IPPROTO_UDP:
    case IPPROTO_IGMP:
        return p->l4_n < 8;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return p->l4_n < 4;
    default:
        return false;
    }
}

/* VRRP: to the routers' group alone, and only from those declared. */
static bool
may_advertise(const struct portsec_port *port, const struct packet *p)
{
    static const uint8_t group4[4] = { 224, 0, 0, 18 };
    static const uint8_t group6[16] = { 0xff, 2, [15] = 0x12 };
    const uint8_t *group = p->ip == 4 ? group4 : group6;

    return !memcmp(p->ip_dst.b, group, p->ip == 4 ? 4 : 16) && !p->is_fragment
           && p->l4_n >= 8 && memchr(port->vrrp, p->l4[1], port->n_vrrp);
}

static bool
is_rogue_router4(const struct packet *p)
{
    if (p->offset || !p->l4_n) {
        return false;
    } else if (p->protocol == IPPROTO_ICMP) {
        return p->l4[0] == 5 || p->l4[0] == 9; /* Redirect, router. */
    }
    /* Hosts report and leave groups. */
    return p->protocol == IPPROTO_IGMP && p->l4[0] != 0x12 && p->l4[0] != 0x16
           && p->l4[0] != 0x17 && p->l4[0] != 0x22;
}

static unsigned int
judge_icmp6(const struct portsec_port *port, int type)
{
    bool query = type == ICMP6_MLD_QUERY || (type >= 151 && type <= 153);

    if (type < 0 || portsec_is_plain6(type) || type == ICMP6_RS
        || type == ICMP6_NS || type == ICMP6_NA || type == ICMP6_MLD_REPORT
        || type == ICMP6_MLD_REPORT2 || type == ICMP6_MLD_DONE
        || (port->router
            && (query || type == ICMP6_RA || type == ICMP6_REDIRECT))) {
        return PORTSEC_PASS;
    }
    return query ? REASON_ROGUE_ROUTER : REASON_ND_SPOOF;
}

/* HSRP's hellos (RFC 2281, and version 2 for IPv6). */
static bool
is_hot_standby(const struct packet *p)
{
    return has_udp(p) && addr_is_multicast(&p->ip_dst)
           && (packet_u16(p->l4 + 2) == 1985 || packet_u16(p->l4 + 2) == 2029);
}

unsigned int
portsec_servers(const struct portsec_port *port, const struct packet *p)
{
    bool rogue = false;

    if (!p->is_fragment && is_truncated(p)) {
        return REASON_MALFORMED;
    }
    switch (p->protocol) {
    case VRRP:
        return may_advertise(port, p) ? PORTSEC_PASS : REASON_ROGUE_ROUTER;
    case 88:  /* EIGRP. */
    case 89:  /* OSPF. */
    case 103: /* PIM. */
        rogue = true;
        break;
    case IPPROTO_UDP:
        if (is_rogue_dhcp(port, p)) {
            return REASON_ROGUE_DHCP;
        }
        rogue = is_hot_standby(p);
        break;
    default:
        if (p->ip == 6) {
            return judge_icmp6(port, packet_icmp6_type(p));
        }
        rogue = is_rogue_router4(p);
    }
    return rogue && !port->router ? REASON_ROGUE_ROUTER : PORTSEC_PASS;
}

/* An error is about a packet that its receiver sent to its sender. */
unsigned int
portsec_embedded(const struct portsec_port *port, const struct packet *p)
{
    const uint8_t *inner = p->l4 + 8;
    struct addr src, dst;
    int type;

    if (p->offset || !p->l4_n || port->router) {
        return PORTSEC_PASS;
    }
    type = p->l4[0];
    if (p->ip == 4) {
        if (p->protocol != IPPROTO_ICMP
            || (type != 3 && type != 4 && type != 11 && type != 12)) {
            return PORTSEC_PASS;
        } else if (p->l4_n < 8 + 20 || inner[0] >> 4 != 4) {
            return REASON_ICMP_EMBEDDED;
        }
        src = packet_addr(inner + 12, AF_INET);
        dst = packet_addr(inner + 16, AF_INET);
    } else {
        if (p->protocol != IPPROTO_ICMPV6 || type < 1 || type > 4) {
            return PORTSEC_PASS;
        } else if (p->l4_n < 8 + 40 || inner[0] >> 4 != 6) {
            return REASON_ICMP_EMBEDDED;
        }
        src = packet_addr(inner + 8, AF_INET6);
        dst = packet_addr(inner + 24, AF_INET6);
    }
    return !addr_cmp(&src, &p->ip_dst) && portsec_owns(port, &dst, NULL)
               ? PORTSEC_PASS
               : REASON_ICMP_EMBEDDED;
}
