/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest may send, row by row. Pure but for the memory of fragments.
 * The witness calls this. */

#include <cordon-config.h>
#include "audit/portsec.h"

#include <netinet/in.h>
#include <string.h>

#include "audit/packet.h"
#include "audit/portsec_private.h"
#include "packets.h"
#include "util.h"

#define VRRP 112

static const struct eth_addr vif_mac = ETH_ADDR_C(fe, ff, ff, ff, ff, ff);

/* What ports know. */

bool
portsec_has_mac(const struct eth_addr *macs, size_t n, struct eth_addr mac)
{
    for (size_t i = 0; i < n; i++) {
        if (eth_addr_equals(macs[i], mac)) {
            return true;
        }
    }
    return false;
}

bool
portsec_is_declared(const struct portsec_segment *s, const struct addr *a)
{
    for (size_t i = 0; i < s->n_declared; i++) {
        if (prefix_contains_addr(&s->declared[i], a)) {
            return true;
        }
    }
    return false;
}

/* fe80::/64, which 'link_local: any' gives. */
static bool
is_any_link_local(const struct prefix *p)
{
    return p->addr.family == AF_INET6 && p->len == 64
           && addr_is_link_local(&p->addr);
}

bool
portsec_owns(const struct portsec_port *port, const struct addr *a,
             const struct eth_addr *mac)
{
    for (size_t i = 0; i < port->n_pairs; i++) {
        const struct portsec_pair *pair = &port->pairs[i];

        if (prefix_contains_addr(&pair->prefix, a)
            && (!mac || eth_addr_equals(pair->mac, *mac))
            && !(is_any_link_local(&pair->prefix)
                 && portsec_is_declared(port->segment, a))) {
            return true;
        }
    }
    return false;
}

bool
portsec_is_broadcast(const struct portsec_segment *s, const struct addr *a)
{
    for (size_t i = 0; i < s->n_broadcasts; i++) {
        if (!addr_cmp(&s->broadcasts[i], a)) {
            return true;
        }
    }
    return false;
}

bool
portsec_in_underlay(const struct portsec_host *host, const struct addr *a)
{
    for (size_t i = 0; i < host->n_underlay; i++) {
        if (prefix_contains_addr(&host->underlay[i], a)) {
            return true;
        }
    }
    return false;
}

/* 00:00:5e:00:01:ID and :02: (RFC 5798, section 7.3). */
bool
portsec_is_virtual_mac(const struct portsec_port *port, struct eth_addr mac)
{
    static const uint8_t start[] = { 0, 0, 0x5e, 0 };

    return !memcmp(mac.ea, start, sizeof start)
           && (mac.ea[4] == 1 || mac.ea[4] == 2)
           && memchr(port->vrrp, mac.ea[5], port->n_vrrp)
           && portsec_has_mac(port->macs, port->n_macs, mac);
}

bool
portsec_is_oversize(const struct portsec_port *port, const struct packet *p)
{
    return port->mtu && p->body_n > port->mtu;
}

static bool
is_limited_broadcast(const struct addr *a)
{
    return a->family == AF_INET && a->b[0] == 255 && a->b[1] == 255
           && a->b[2] == 255 && a->b[3] == 255;
}

/* Rows. */

static bool
is_spoofed_mac(const struct portsec_port *port, const struct packet *p)
{
    return !portsec_has_mac(port->macs, port->n_macs, p->src)
           || eth_addr_is_multicast(p->src) || eth_addr_is_zero(p->src)
           || eth_addr_equals(p->src, port->host->bridge_mac)
           || eth_addr_equals(p->src, vif_mac);
}

/* RFC 1112, section 6.4; RFC 2464, section 7. */
static struct eth_addr
group_mac(const struct addr *a)
{
    struct eth_addr mac = ETH_ADDR_C(01, 00, 5e, 00, 00, 00);

    if (a->family == AF_INET) {
        mac.ea[3] = a->b[1] & 0x7f;
        mac.ea[4] = a->b[2];
        mac.ea[5] = a->b[3];
    } else {
        mac.ea[0] = mac.ea[1] = 0x33;
        memcpy(mac.ea + 2, a->b + 12, 4);
    }
    return mac;
}

static bool
is_group4(struct eth_addr mac)
{
    return mac.ea[0] == 1 && !mac.ea[1] && mac.ea[2] == 0x5e
           && mac.ea[3] < 0x80;
}

static bool
is_group6(struct eth_addr mac)
{
    return mac.ea[0] == 0x33 && mac.ea[1] == 0x33;
}

bool
portsec_is_ip_group(struct eth_addr mac)
{
    return eth_addr_is_broadcast(mac) || is_group4(mac) || is_group6(mac);
}

/* Whether a frame to an IP group is of that group. */
static bool
is_of_group(const struct packet *p)
{
    uint16_t type = is_group4(p->dst) ? ETH_TYPE_IP : ETH_TYPE_IPV6;

    if (p->type == type) {
        return !p->has_ip_dst
               || (addr_is_multicast(&p->ip_dst)
                   && eth_addr_equals(p->dst, group_mac(&p->ip_dst)));
    }
    return p->type != ETH_TYPE_ARP && p->type != ETH_TYPE_IP
           && p->type != ETH_TYPE_IPV6;
}

static unsigned int
judge_destination(const struct portsec_port *port, const struct packet *p)
{
    bool good;

    if (eth_addr_equals(p->dst, p->src)) {
        return REASON_CONTROL_MAC;
    } else if (eth_addr_is_broadcast(p->dst)) {
        good = !p->has_ip_dst || is_limited_broadcast(&p->ip_dst)
               || portsec_is_broadcast(port->segment, &p->ip_dst);
    } else if (is_group4(p->dst) || is_group6(p->dst)) {
        good = is_of_group(p);
    } else if (eth_addr_is_multicast(p->dst)) {
        return REASON_CONTROL_MAC;
    } else {
        good = !p->has_ip_dst
               || (!addr_is_multicast(&p->ip_dst)
                   && !is_limited_broadcast(&p->ip_dst));
    }
    return good ? PORTSEC_PASS : REASON_MAC_IP_MISMATCH;
}

static unsigned int
judge_arp(const struct portsec_port *port, const struct packet *p)
{
    struct packet_arp arp;

    if (!packet_arp(p, &arp) || arp.hardware != 1
        || portsec_is_oversize(port, p) || arp.protocol != ETH_TYPE_IP
        || arp.hardware_len != 6 || arp.protocol_len != 4
        || (arp.op != 1 && arp.op != 2)) {
        return REASON_ARP_MALFORMED;
    } else if (!eth_addr_equals(arp.sha, p->src)) {
        return REASON_ARP_SPOOF;
    } else if (addr_is_unspecified(&arp.spa)) {
        return arp.op == 1 && portsec_owns(port, &arp.tpa, &p->src)
                   ? PORTSEC_PASS
                   : REASON_ARP_SPOOF;
    }
    return portsec_owns(port, &arp.spa, &p->src) ? PORTSEC_PASS
                                                 : REASON_ARP_SPOOF;
}

/* 169.254.0.0/16, 240.0.0.0/4 and the like: nobody's to forward. */
static bool
is_special(const struct addr *a)
{
    return addr_is_multicast(a) || addr_is_loopback(a)
           || addr_is_unspecified(a) || addr_is_link_local(a)
           || addr_is_v4_mapped(a)
           || (a->family == AF_INET
               && (a->b[0] >= 240 || (a->b[0] == 169 && a->b[1] == 254)));
}

/* Advertisements of a virtual router are from the own address with the
 * virtual MAC too, and the reverse. A router's may be from anybody who is
 * nobody else here. */
static bool
may_send_from(const struct portsec_port *port, const struct packet *p)
{
    const struct addr *src = &p->ip_src;

    if (portsec_owns(port, src, &p->src)
        || (p->protocol == VRRP && port->n_vrrp
            && portsec_owns(port, src, NULL))) {
        return true;
    }
    return port->router && !portsec_is_virtual_mac(port, p->src)
           && !is_special(src) && !portsec_is_declared(port->segment, src)
           && !portsec_in_underlay(port->host, src)
           && !portsec_is_broadcast(port->segment, src);
}

static unsigned int
judge_ip4(const struct portsec_port *port, const struct packet *p)
{
    static const uint8_t router_alert[] = { 0x94, 4, 0, 0 };

    if (!p->ok || portsec_is_oversize(port, p) || p->protocol == IPPROTO_RAW) {
        return REASON_MALFORMED;
    } else if (addr_is_unspecified(&p->ip_src)
                   ? !portsec_is_dhcp_discovery(port, p)
                   : !may_send_from(port, p)) {
        return REASON_SPOOFED_IP;
    } else if (p->options_n
               && (p->options_n != sizeof router_alert
                   || memcmp(p->options, router_alert, sizeof router_alert)
                   || p->protocol != IPPROTO_IGMP)) {
        return REASON_IP_OPTIONS;
    }
    return portsec_fragment(p);
}

/* What goes over IPv6; all else is a chain that nobody can read. */
static bool
is_known6(const struct portsec_port *port, int protocol)
{
    return portsec_may_be_fragmented6(protocol) || protocol == IPPROTO_GRE
           || (protocol == VRRP && port->n_vrrp)
           || ((protocol == 88 || protocol == 89 || protocol == 103)
               && port->router);
}

static unsigned int
judge_fragment6(const struct packet *p)
{
    if (!portsec_may_be_fragmented6(p->protocol)
        || p->n_fragment_headers > 1) {
        return REASON_FRAGMENT;
    } else if (p->protocol == IPPROTO_ICMPV6
               && (addr_is_multicast(&p->ip_dst)
                   || (packet_icmp6_type(p) >= 0
                       && !portsec_is_plain6(packet_icmp6_type(p))))) {
        /* A later fragment may be of anything; Neighbour Discovery and MLD
         * are what goes to groups. */
        return REASON_FRAGMENT;
    }
    return portsec_fragment(p);
}

static unsigned int
judge_chain(const struct portsec_port *port, const struct packet *p)
{
    if (!p->chain_ok) {
        return p->is_fragment ? REASON_FRAGMENT : REASON_EXT_HEADER;
    } else if (p->n_extensions
               && !(p->n_extensions == 1
                    && p->first_extension == IPPROTO_HOPOPTS && !p->is_fragment
                    && portsec_is_mld(packet_icmp6_type(p))
                    && packet_is_router_alert(p))) {
        return REASON_EXT_HEADER;
    } else if (p->is_fragment) {
        return judge_fragment6(p);
    }
    return is_known6(port, p->protocol) ? PORTSEC_PASS : REASON_EXT_HEADER;
}

static unsigned int
judge_ip6(const struct portsec_port *port, const struct packet *p)
{
    unsigned int reason;

    if (!p->ok || portsec_is_oversize(port, p)) {
        return REASON_MALFORMED;
    } else if (addr_is_unspecified(&p->ip_src)
                   ? !portsec_may_be_unspecified(port, p)
                   : !may_send_from(port, p)) {
        return REASON_SPOOFED_IP;
    }
    reason = portsec_nd(port, p);
    return reason ? reason : judge_chain(port, p);
}

static unsigned int
judge_ip(const struct portsec_port *port, const struct packet *p)
{
    unsigned int reason = p->ip == 4 ? judge_ip4(port, p) : judge_ip6(port, p);

    if (!reason) {
        reason = portsec_servers(port, p);
    }
    if (!reason && portsec_in_underlay(port->host, &p->ip_dst)) {
        reason = REASON_ENCAPSULATION;
    }
    return reason ? reason : portsec_embedded(port, p);
}

unsigned int
portsec_from_guest(const struct portsec_port *port,
                   struct portsec_memory *memory, double now,
                   const void *frame, size_t n)
{
    unsigned int reason;
    struct packet p;

    packet_parse(frame, n, &p);
    if (!p.complete) {
        return REASON_MALFORMED;
    } else if (is_spoofed_mac(port, &p)) {
        return REASON_SPOOFED_MAC;
    } else if (packet_is_tag(p.type)) {
        return REASON_TAGGED;
    } else if (p.type < ETH_TYPE_MIN) {
        return REASON_LLC;
    }
    reason = judge_destination(port, &p);
    if (reason) {
        return reason;
    } else if (p.type == ETH_TYPE_ARP) {
        return judge_arp(port, &p);
    } else if (!p.ip) {
        return REASON_ETHERTYPE;
    }
    reason = judge_ip(port, &p);
    if (!reason && memory && portsec_overlaps(memory, now, &p)) {
        reason = REASON_FRAGMENT;
    }
    return reason;
}
