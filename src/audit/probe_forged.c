/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Frames of a guest that claims to be somebody else: in Ethernet, IP, ARP and
 * Neighbour Discovery, as a router and as a server. Pure. */

#include <cordon-config.h>
#include "audit/probe_spoof.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "audit/frame_maker.h"
#include "csum.h"
#include "packets.h"
#include "util.h"

static void
forged_mac(struct frame_maker *m)
{
    const struct probe_station *somebody =
        &m->all->v[probe_peer(m->to) == m->from ? probe_other(m->from)
                                                : probe_peer(m->from)];
    const struct {
        const char *name;
        struct eth_addr mac;
    } forged[] = {
        { "source mac of nobody", m->all->stranger },
        { "source mac of another guest", somebody->mac },
        { "source mac of the receiver", m->t->mac },
        { "source mac of the bridge", m->all->bridge },
        { "source mac of a group", maker_mac("03:63:70:00:00:01") },
        { "source mac zero", eth_addr_zero },
        { "source mac of a vif", maker_mac("fe:ff:ff:ff:ff:ff") },
        { "source mac of the gateway", m->s->gateway },
    };
    struct maker_arp a = maker_arp_reply(m);

    for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
        if (i == ARRAY_SIZE(forged) - 1 && eth_addr_is_zero(m->s->gateway)) {
            continue;
        }
        maker_ethernet(m, m->t->mac, forged[i].mac, maker_plain_type(m));
        maker_plain(m);
        maker_end(m, forged[i].name);
    }
    if (maker_have_v4(m)) {
        a.src = somebody->mac;
        a.dst = eth_addr_broadcast;
        a.op = 1;
        maker_arp(m, &a);
        maker_end(m, "broadcast from the mac of another guest");
    }
}

static void
forged_ip(struct frame_maker *m)
{
    static const char *const sources4[] = { "192.0.2.77", "0.0.0.0",
                                            "127.0.0.1", "224.0.0.1",
                                            "255.255.255.255" };
    static const char *const names4[] = { "ipv4 source of nobody",
                                          "ipv4 source 0.0.0.0",
                                          "ipv4 source of loopback",
                                          "ipv4 source of a group",
                                          "ipv4 source of broadcast" };
    static const char *const sources6[] = { "2001:db8::77", "::", "::1",
                                            "ff02::1", "fe80::77" };
    static const char *const names6[] = {
        "ipv6 source of nobody", "ipv6 source ::", "ipv6 source of loopback",
        "ipv6 source of a group", "ipv6 link-local source of nobody"
    };
    struct addr src;

    for (size_t i = 0; maker_have_v4(m) && i < ARRAY_SIZE(sources4); i++) {
        src = maker_addr(sources4[i]);
        maker_unicast(m, ETH_TYPE_IP);
        maker_udp4(m, &src, &m->t->v4);
        maker_end(m, names4[i]);
    }
    if (maker_have_v4(m)) {
        maker_unicast(m, ETH_TYPE_IP);
        maker_udp4(m, &m->t->v4, &m->t->v4);
        maker_end(m, "ipv4 source of the receiver");
        if (m->s->gateway_v4.family) {
            maker_unicast(m, ETH_TYPE_IP);
            maker_udp4(m, &m->s->gateway_v4, &m->t->v4);
            maker_end(m, "ipv4 source of the gateway");
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(sources6); i++) {
        src = maker_addr(sources6[i]);
        maker_unicast(m, ETH_TYPE_IPV6);
        maker_udp6(m, &src, &m->t->v6);
        maker_end(m, names6[i]);
    }
    maker_unicast(m, ETH_TYPE_IPV6);
    maker_udp6(m, &m->t->v6, &m->t->v6);
    maker_end(m, "ipv6 source of the receiver");
    if (m->s->gateway_v6.family) {
        maker_unicast(m, ETH_TYPE_IPV6);
        maker_udp6(m, &m->s->gateway_v6, &m->t->v6);
        maker_end(m, "ipv6 source of the gateway");
    }
}

static void
forged_arp(struct frame_maker *m)
{
    struct maker_arp a = maker_arp_reply(m);

    if (!maker_have_v4(m)) {
        return;
    }
    a.spa = maker_addr("192.0.2.77");
    maker_arp(m, &a);
    maker_end(m, "arp for the address of nobody");
    a.spa = m->t->v4;
    maker_arp(m, &a);
    maker_end(m, "arp for the address of the receiver");
    a = maker_arp_reply(m);
    a.sha = m->all->stranger;
    maker_arp(m, &a);
    maker_end(m, "arp with the mac of nobody");
    a = maker_arp_reply(m);
    a.op = 4;
    maker_arp(m, &a);
    maker_end(m, "reverse arp in arp");
    a = maker_arp_reply(m);
    a.hardware_len = 8;
    maker_arp(m, &a);
    maker_end(m, "arp of another length");
    if (m->s->gateway_v4.family) {
        a = maker_arp_reply(m);
        a.spa = m->s->gateway_v4;
        maker_arp(m, &a);
        maker_end(m, "arp for the gateway");
        a.src = a.sha = m->s->gateway;
        maker_arp(m, &a);
        maker_end(m, "arp as the gateway");
    }
}

static void
forged_nd(struct frame_maker *m)
{
    struct maker_nd nd = maker_advertisement(m);

    nd.target = maker_addr("fe80::77");
    maker_nd(m, &nd);
    maker_end(m, "advertisement for the address of nobody");
    nd.target = m->t->link_local;
    maker_nd(m, &nd);
    maker_end(m, "advertisement for the receiver");
    nd = maker_advertisement(m);
    nd.option_mac = m->all->stranger;
    maker_nd(m, &nd);
    maker_end(m, "advertisement with the mac of nobody");
    nd = maker_advertisement(m);
    nd.flags |= 0x80;
    maker_nd(m, &nd);
    maker_end(m, "advertisement of a router");
    nd = maker_advertisement(m);
    nd.hop_limit = 64;
    maker_nd(m, &nd);
    maker_end(m, "advertisement from afar");
    nd = maker_advertisement(m);
    nd.before = IPPROTO_DSTOPTS;
    maker_nd(m, &nd);
    maker_end(m, "advertisement behind destination options");
    nd = maker_advertisement(m);
    nd.before = IPPROTO_FRAGMENT;
    maker_nd(m, &nd);
    maker_end(m, "advertisement in a fragment");
    nd = maker_advertisement(m);
    nd.type = ND_NEIGHBOR_SOLICIT;
    nd.flags = 0;
    nd.option = 1;
    nd.target = m->t->link_local;
    nd.option_mac = m->all->stranger;
    maker_nd(m, &nd);
    maker_end(m, "solicitation with the mac of nobody");
    if (m->s->gateway_v6.family) {
        nd = maker_advertisement(m);
        nd.target = m->s->gateway_v6;
        maker_nd(m, &nd);
        maker_end(m, "advertisement for the gateway");
    }
}

static void
rogue_router(struct frame_maker *m)
{
    static const struct {
        const char *name;
        uint8_t before;
    } hidden[] = {
        { "router advertisement", 0 },
        { "router advertisement behind hop-by-hop", IPPROTO_HOPOPTS },
        { "router advertisement behind destination options", IPPROTO_DSTOPTS },
        { "router advertisement in a fragment", IPPROTO_FRAGMENT },
    };
    struct maker_nd nd = maker_advertisement(m);

    nd.type = ND_ROUTER_ADVERT;
    nd.option = 1;
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
        nd.before = hidden[i].before;
        maker_nd(m, &nd);
        maker_end(m, hidden[i].name);
    }
    nd.before = 0;
    nd.type = ND_REDIRECT;
    nd.flags = 0;
    nd.option = 2;
    maker_nd(m, &nd);
    maker_end(m, "redirect");
}

static void
rogue_server(struct frame_maker *m)
{
    size_t ip, l4;

    if (maker_have_v4(m)) {
        maker_unicast(m, ETH_TYPE_IP);
        maker_ip4(m, &m->s->v4, &m->t->v4, IPPROTO_UDP, 0, 24, NULL, 0);
        maker_udp_body(m, 67, 68);
        maker_end(m, "dhcp answer");
        for (int type = 5; type <= 9; type += 4) {
            maker_unicast(m, ETH_TYPE_IP);
            maker_ip4(m, &m->s->v4, &m->t->v4, IPPROTO_ICMP, 0, 16, NULL, 0);
            l4 = m->b.size;
            maker_put32(m, (uint32_t) type << 24);
            maker_put32(m, 0);
            maker_put_mark(m);
            maker_set_checksum(maker_at(m, l4 + 2),
                               csum_continue(0, maker_at(m, l4), 16));
            maker_end(m, type == 5 ? "icmp redirect"
                                   : "icmp router advertisement");
        }
    }
    maker_unicast(m, ETH_TYPE_IPV6);
    ip = maker_ip6(m, &m->s->link_local, &m->t->link_local, IPPROTO_UDP, 64);
    maker_ip6_end(m, ip, maker_udp6_body(m, 547, 546), IPPROTO_UDP);
    maker_end(m, "dhcpv6 answer");
}

void
probe_forged(struct frame_maker *m)
{
    forged_mac(m);
    forged_ip(m);
    forged_arp(m);
    forged_nd(m);
    rogue_router(m);
    rogue_server(m);
}
