/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Frames of a guest that tells the truth in a shape that no guest may use, or
 * that hides from a filter what it is: tags, other protocols, fragments and
 * extension headers. Pure. */

#include <cordon-config.h>
#include "audit/probe_spoof.h"

#include <netinet/in.h>

#include "audit/frame_maker.h"
#include "csum.h"
#include "packets.h"
#include "util.h"

#define MORE 0x2000 /* IPv4: fragments follow. */

static void
tagged(struct frame_maker *m)
{
    const uint16_t own = m->s->vlan;
    const uint16_t other = m->all->v[probe_other(m->from)].vlan;
    const struct {
        const char *name;
        uint16_t type, vid, type2, vid2;
    } tags[] = {
        { "vlan 0", ETH_TYPE_VLAN, 0, 0, 0 },
        { "own vlan", ETH_TYPE_VLAN, own, 0, 0 },
        { "vlan of the other", ETH_TYPE_VLAN, other, 0, 0 },
        { "service tag of the other", ETH_TYPE_VLAN_8021AD, other, 0, 0 },
        { "tag 0x9100 of the other", 0x9100, other, 0, 0 },
        { "two tags, own outside", ETH_TYPE_VLAN, own, ETH_TYPE_VLAN, other },
        { "two tags, 0 outside", ETH_TYPE_VLAN, 0, ETH_TYPE_VLAN, other },
        { "service tag and tag", ETH_TYPE_VLAN_8021AD, own, ETH_TYPE_VLAN,
          other },
    };

    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        maker_unicast(m, tags[i].type);
        maker_put16(m, tags[i].vid);
        if (tags[i].type2) {
            maker_put16(m, tags[i].type2);
            maker_put16(m, tags[i].vid2);
        }
        maker_put16(m, maker_plain_type(m));
        maker_plain(m);
        maker_end(m, tags[i].name);
    }
}

/* Without IP, or with other Ethernet addresses than IP's. */
static void
other_ethernet(struct frame_maker *m)
{
    static const uint16_t types[] = { 0x88b5, 0x8847, 0x8864, 0x8035 };
    static const char *const names[] = { "unknown ethertype", "mpls", "pppoe",
                                         "rarp" };
    static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0 };
    static const uint8_t llc[] = { 0x42, 0x42, 3, 0xff, 0xff, 0, 0x80 };
    size_t start;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        maker_unicast(m, types[i]);
        maker_put_mark(m);
        ofpbuf_put_zeros(&m->b, 38);
        maker_end(m, names[i]);
    }
    maker_unicast(m, 0);
    maker_put(m, snap, sizeof snap);
    maker_put16(m, maker_plain_type(m));
    maker_plain(m);
    start = m->b.size - ETH_HEADER_LEN;
    maker_at(m, 12)[0] = start >> 8;
    maker_at(m, 13)[0] = start;
    maker_end(m, "ip in 802.3 and snap");
    /* Of a protocol that no switch takes for a spanning tree's. */
    maker_ethernet(m, maker_mac("01:80:c2:00:00:00"), m->s->mac, 46);
    maker_put(m, llc, sizeof llc);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 31);
    maker_end(m, "llc to the bridges' group");
    maker_unicast(m, 46);
    maker_put(m, llc, sizeof llc);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 31);
    maker_end(m, "llc");
    maker_ethernet(m, maker_mac("01:80:c2:00:00:0e"), m->s->mac, 0x88cc);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 38);
    maker_end(m, "lldp");
    maker_ethernet(m, maker_mac("01:00:0c:cc:cc:cc"), m->s->mac,
                   maker_plain_type(m));
    maker_plain(m);
    maker_end(m, "ip to a switches' group");
    maker_ethernet(m, maker_mac("01:00:5e:7f:63:70"), m->s->mac,
                   maker_plain_type(m));
    maker_plain(m);
    maker_end(m, "unicast ip to a group");
    maker_ethernet(m, eth_addr_broadcast, m->s->mac, maker_plain_type(m));
    maker_plain(m);
    maker_finish(m, "unicast ip to broadcast", true);
    maker_ethernet(m, m->all->stranger, m->s->mac, maker_plain_type(m));
    maker_plain(m);
    maker_end(m, "to a mac of nobody");
}

static void
fragments4(struct frame_maker *m)
{
    static const uint8_t route[] = { 0x83, 7, 4, 192, 0, 2, 77, 0 };
    const struct addr *src = &m->s->v4, *dst = &m->t->v4;

    if (!maker_have_v4(m)) {
        return;
    }
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_UDP, 0, 24, route, sizeof route);
    maker_udp_body(m, 40009, 9);
    maker_end(m, "ipv4 source route");
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_TCP, MORE, 8, NULL, 0);
    maker_put_mark(m);
    maker_end(m, "ipv4 tiny first fragment");
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_TCP, 1, 16, NULL, 0);
    maker_put_mark(m);
    maker_put_mark(m);
    maker_end(m, "ipv4 fragment at 8");
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_UDP, 8190, 64, NULL, 0);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 56);
    maker_end(m, "ipv4 fragment past the end");
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_UDP, MORE, 48, NULL, 0);
    maker_udp_body(m, 40009, 9);
    ofpbuf_put_zeros(&m->b, 24);
    maker_finish(m, "ipv4 fragment", true);
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, src, dst, IPPROTO_UDP, 4, 48, NULL, 0);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 40);
    maker_finish(m, "ipv4 fragment over another", true);
}

/* A fragment of 'next' at 'offset' bytes. */
static void
fragment6(struct frame_maker *m, uint8_t next, unsigned int offset, bool more)
{
    maker_ip6(m, &m->s->v6, &m->t->v6, IPPROTO_FRAGMENT, 64);
    maker_put8(m, next);
    maker_put8(m, 0);
    maker_put16(m, offset | more);
    maker_put32(m, m->run * 8 + m->from);
}

static void
fragments6(struct frame_maker *m)
{
    maker_unicast(m, ETH_TYPE_IPV6);
    fragment6(m, IPPROTO_TCP, 0, true);
    maker_put_mark(m);
    maker_ip6_end(m, ETH_HEADER_LEN, 0, IPPROTO_NONE);
    maker_end(m, "ipv6 tiny first fragment");
    maker_unicast(m, ETH_TYPE_IPV6);
    fragment6(m, IPPROTO_DSTOPTS, 0, true);
    maker_put8(m, IPPROTO_ICMPV6);
    maker_put8(m, 0);
    ofpbuf_put_zeros(&m->b, 6);
    maker_put_mark(m);
    maker_ip6_end(m, ETH_HEADER_LEN, 0, IPPROTO_NONE);
    maker_end(m, "ipv6 fragment with a chain in it");
    maker_unicast(m, ETH_TYPE_IPV6);
    fragment6(m, IPPROTO_UDP, 65528, false);
    maker_put_mark(m);
    maker_put_mark(m);
    maker_ip6_end(m, ETH_HEADER_LEN, 0, IPPROTO_NONE);
    maker_end(m, "ipv6 fragment past the end");
    maker_unicast(m, ETH_TYPE_IPV6);
    fragment6(m, IPPROTO_UDP, 0, true);
    maker_udp_body(m, 40009, 9);
    ofpbuf_put_zeros(&m->b, 24);
    maker_ip6_end(m, ETH_HEADER_LEN, 0, IPPROTO_NONE);
    maker_finish(m, "ipv6 fragment", true);
    maker_unicast(m, ETH_TYPE_IPV6);
    fragment6(m, IPPROTO_UDP, 32, false);
    maker_put_mark(m);
    ofpbuf_put_zeros(&m->b, 40);
    maker_ip6_end(m, ETH_HEADER_LEN, 0, IPPROTO_NONE);
    maker_finish(m, "ipv6 fragment over another", true);
}

static void
extensions(struct frame_maker *m)
{
    static const struct {
        const char *name;
        uint8_t type;
    } headers[] = {
        { "hop-by-hop ahead of udp", IPPROTO_HOPOPTS },
        { "destination options ahead of udp", IPPROTO_DSTOPTS },
        { "routing header ahead of udp", IPPROTO_ROUTING },
        { "ah ahead of udp", IPPROTO_AH },
        { "ipv6 without a payload that is known", IPPROTO_NONE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
        uint8_t type = headers[i].type;
        size_t ip;

        maker_unicast(m, ETH_TYPE_IPV6);
        ip = maker_ip6(m, &m->s->v6, &m->t->v6, type, 64);
        if (type == IPPROTO_NONE) {
            maker_put_mark(m);
            maker_ip6_end(m, ip, 0, IPPROTO_NONE);
            maker_finish(m, headers[i].name, true);
            continue;
        }
        maker_put8(m, IPPROTO_UDP);
        maker_put8(m, type == IPPROTO_AH ? 1 : 0);
        if (type == IPPROTO_ROUTING || type == IPPROTO_AH) {
            ofpbuf_put_zeros(&m->b, type == IPPROTO_AH ? 10 : 6);
        } else {
            maker_put16(m, 0x0104);
            ofpbuf_put_zeros(&m->b, 4);
        }
        maker_ip6_end(m, ip, maker_udp6_body(m, 40009, 9), IPPROTO_UDP);
        maker_end(m, headers[i].name);
    }
}

/* An error about a packet that the receiver has not sent. */
static void
icmp_error(struct frame_maker *m)
{
    const struct addr nobody = maker_addr("192.0.2.77");
    size_t l4;

    if (!maker_have_v4(m)) {
        return;
    }
    maker_unicast(m, ETH_TYPE_IP);
    maker_ip4(m, &m->s->v4, &m->t->v4, IPPROTO_ICMP, 0, 52, NULL, 0);
    l4 = m->b.size;
    maker_put32(m, 0x03010000);
    maker_put32(m, 0);
    maker_udp4(m, &nobody, &nobody);
    maker_set_checksum(maker_at(m, l4 + 2),
                       csum_continue(0, maker_at(m, l4), 52));
    maker_end(m, "icmp error about a packet of others");
}

void
probe_shapes(struct frame_maker *m)
{
    tagged(m);
    other_ethernet(m);
    fragments4(m);
    fragments6(m);
    extensions(m);
    icmp_error(m);
}
