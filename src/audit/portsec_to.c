/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a guest is to receive, and what the trunk may bring. Pure. The witness
 * calls this. */

#include <cordon-config.h>
#include "audit/portsec.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "audit/packet.h"
#include "audit/portsec_private.h"
#include "packets.h"
#include "util.h"

#define ND_SOLICIT 135
#define ND_RA 134
#define ND_REDIRECT 137

static bool
is_believed(const struct portsec_segment *s, struct eth_addr mac,
            const struct addr *a)
{
    for (size_t i = 0; i < s->n_believed; i++) {
        if (eth_addr_equals(s->believed[i].mac, mac)
            && prefix_contains_addr(&s->believed[i].prefix, a)) {
            return true;
        }
    }
    return false;
}

static int
compare_macs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct eth_addr));
}

static bool
is_heard(const struct portsec_port *port, struct eth_addr mac)
{
    return !port->isolated
           || (port->n_heard
               && bsearch(&mac, port->heard, port->n_heard, sizeof mac,
                          compare_macs));
}

static unsigned int
judge_kind(const struct packet *p)
{
    struct packet_arp arp;

    if (packet_is_tag(p->type)) {
        return REASON_TAGGED;
    } else if (p->type < ETH_TYPE_MIN) {
        return REASON_LLC;
    } else if (p->type == ETH_TYPE_ARP) {
        return packet_arp(p, &arp) ? PORTSEC_PASS : REASON_ARP_MALFORMED;
    } else if (!p->ip) {
        return REASON_ETHERTYPE;
    }
    return p->ok ? PORTSEC_PASS : REASON_MALFORMED;
}

/* Whether a frame to a group asks for an address that is not the port's. A
 * gateway that asks for its own tells everybody of it. */
static bool
asks_others(const struct portsec_port *port, const struct packet *p)
{
    struct packet_arp arp;
    struct addr target;

    if (p->type == ETH_TYPE_ARP && packet_arp(p, &arp)) {
        return arp.op == 1 && !portsec_owns(port, &arp.tpa, NULL)
               && !is_believed(port->segment, p->src, &arp.tpa);
    } else if (packet_icmp6_type(p) != ND_SOLICIT || p->n_extensions
               || p->is_fragment) {
        return false;
    } else if (p->l4_n < 24) {
        return true;
    }
    target = packet_addr(p->l4 + 8, AF_INET6);
    return !portsec_owns(port, &target, NULL);
}

static bool
is_addressed(const struct portsec_port *port, const struct packet *p)
{
    static const uint8_t all_ones[] = { 255, 255, 255, 255 };
    bool group = eth_addr_is_multicast(p->dst);

    if (group ? port->isolated && asks_others(port, p)
              : !portsec_has_mac(port->macs, port->n_macs, p->dst)) {
        return false;
    }
    return !p->ip || port->router || addr_is_multicast(&p->ip_dst)
           || (p->ip == 4 && !memcmp(p->ip_dst.b, all_ones, sizeof all_ones))
           || (group && portsec_is_broadcast(port->segment, &p->ip_dst))
           || portsec_owns(port, &p->ip_dst, NULL);
}

unsigned int
portsec_to_guest(const struct portsec_port *port, const void *frame, size_t n)
{
    unsigned int reason;
    struct packet p;

    packet_parse(frame, n, &p);
    if (!p.complete) {
        return REASON_MALFORMED;
    } else if (!is_heard(port, p.src)) {
        return REASON_NOT_GATEWAY;
    } else if (portsec_is_oversize(port, &p)) {
        return REASON_MALFORMED;
    }
    reason = judge_kind(&p);
    if (reason) {
        return reason;
    } else if (eth_addr_is_multicast(p.dst) && !portsec_is_ip_group(p.dst)) {
        return REASON_CONTROL_MAC;
    }
    return is_addressed(port, &p) ? PORTSEC_PASS : REASON_NOT_ADDRESSED;
}

/* What a receiver walks over to find what is behind it. */
static bool
is_walked(int protocol)
{
    return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING
           || protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_AH
           || protocol == IPPROTO_DSTOPTS;
}

/* Whether the header chain is one that no guest could have sent, behind which
 * anything may be. */
static bool
hides(const struct packet *p)
{
    if (p->n_fragment_headers > 1) {
        return true;
    } else if (p->offset) {
        return p->n_extensions || is_walked(p->protocol);
    } else if (p->is_fragment && !portsec_may_be_fragmented6(p->protocol)
               && p->protocol != IPPROTO_GRE) {
        return true;
    }
    return p->n_extensions
           && !(p->n_extensions == 1 && p->first_extension == IPPROTO_HOPOPTS
                && !p->is_fragment && portsec_is_mld(packet_icmp6_type(p))
                && packet_is_router_alert(p));
}

static unsigned int
judge_outside(const struct portsec_segment *s, const struct packet *p)
{
    bool believed = is_believed(s, p->src, &p->ip_src);
    unsigned int sport, dport;

    if (p->ip == 6) {
        int type = packet_icmp6_type(p);

        if ((type == ND_RA || type == ND_REDIRECT)
            && (!believed || p->n_extensions || p->is_fragment)) {
            return REASON_ROGUE_RA;
        } else if (!p->chain_ok
                   || (hides(p)
                       && !portsec_has_mac(s->gateways, s->n_gateways,
                                           p->src))) {
            return REASON_EXT_HEADER;
        }
    }
    if (believed || p->offset || p->protocol != IPPROTO_UDP) {
        return PORTSEC_PASS;
    }
    /* As far as it is there. */
    sport = p->l4_n >= 2 ? packet_u16(p->l4) : 0;
    dport = p->l4_n >= 4 ? packet_u16(p->l4 + 2) : 0;
    return sport == 67 || sport == 547 || dport == 68 || dport == 546
               ? REASON_ROGUE_DHCP
               : PORTSEC_PASS;
}

unsigned int
portsec_from_uplink(const struct portsec_segment *s,
                    const struct portsec_host *host, const void *frame,
                    size_t n)
{
    unsigned int reason;
    struct packet p;

    packet_parse(frame, n, &p);
    if (!p.complete) {
        return REASON_MALFORMED;
    } else if (eth_addr_is_multicast(p.src) || eth_addr_is_zero(p.src)
               || eth_addr_equals(p.src, host->bridge_mac)) {
        return REASON_SPOOFED_MAC;
    }
    reason = judge_kind(&p);
    if (reason) {
        return reason;
    } else if (eth_addr_is_multicast(p.dst) && !portsec_is_ip_group(p.dst)) {
        return REASON_CONTROL_MAC;
    }
    return p.ip ? judge_outside(s, &p) : PORTSEC_PASS;
}
