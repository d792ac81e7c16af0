/* SPDX-License-Identifier: GPL-3.0-or-later */

/* All frames that `cordon probe` plays, and those that guests may send. What
 * may pass is not known here; audit/portsec.h judges it. Pure. audit/probe.c
 * calls this. */

#include <cordon-config.h>
#include "audit/probe_frame.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "audit/frame_maker.h"
#include "audit/probe_spoof.h"
#include "csum.h"
#include "packets.h"
#include "util.h"

/* What guests may send. */

static void
legit_arp(struct frame_maker *m)
{
    struct maker_arp a = maker_arp_reply(m);

    if (!maker_have_v4(m)) {
        return;
    }
    maker_arp(m, &a);
    maker_end(m, "arp reply");
    a.op = 1;
    a.dst = eth_addr_broadcast;
    maker_arp(m, &a);
    maker_end(m, "arp request");
    a.spa = maker_addr("0.0.0.0");
    a.tpa = m->s->v4;
    maker_arp(m, &a);
    maker_end(m, "arp probe for an own address");
}

static void
legit_nd(struct frame_maker *m)
{
    struct maker_nd nd = maker_advertisement(m);
    const uint8_t *b = m->t->link_local.b;

    maker_nd(m, &nd);
    maker_end(m, "neighbour advertisement");
    nd.type = ND_NEIGHBOR_SOLICIT;
    nd.flags = 0;
    nd.option = 1;
    nd.target = m->t->link_local;
    maker_nd(m, &nd);
    maker_end(m, "neighbour solicitation");
    nd.dst = (struct eth_addr) ETH_ADDR_C(33, 33, ff, 00, 00, 00);
    memcpy(&nd.dst.ea[3], &b[13], 3);
    nd.ip_dst = maker_addr("ff02::1:ff00:0");
    memcpy(&nd.ip_dst.b[13], &b[13], 3);
    maker_nd(m, &nd);
    maker_end(m, "neighbour solicitation to its group");
}

static void
legit_ip(struct frame_maker *m)
{
    size_t ip, l4;

    if (maker_have_v4(m)) {
        maker_unicast(m, ETH_TYPE_IP);
        maker_udp4(m, &m->s->v4, &m->t->v4);
        maker_end(m, "udp over ipv4");
        maker_unicast(m, ETH_TYPE_IP);
        maker_ip4(m, &m->s->v4, &m->t->v4, IPPROTO_ICMP, 0, 24, NULL, 0);
        l4 = m->b.size;
        maker_put32(m, 8u << 24);
        maker_put32(m, m->run);
        maker_put_mark(m);
        ofpbuf_put_zeros(&m->b, 8);
        maker_set_checksum(maker_at(m, l4 + 2),
                           csum_continue(0, maker_at(m, l4), 24));
        maker_end(m, "icmp echo");
    }
    maker_unicast(m, ETH_TYPE_IPV6);
    maker_udp6(m, &m->s->v6, &m->t->v6);
    maker_end(m, "udp over ipv6");
    maker_unicast(m, ETH_TYPE_IPV6);
    ip = maker_ip6(m, &m->s->v6, &m->t->v6, IPPROTO_ICMPV6, 64);
    l4 = m->b.size;
    maker_put32(m, 128u << 24);
    maker_put32(m, m->run);
    maker_put_mark(m);
    maker_ip6_end(m, ip, l4, IPPROTO_ICMPV6);
    maker_end(m, "icmpv6 echo");
}

static void
legit(struct frame_maker *m)
{
    legit_arp(m);
    legit_nd(m);
    legit_ip(m);
}

static void
between(struct frame_maker *m, size_t from, size_t to)
{
    m->from = from;
    m->to = to;
    m->s = &m->all->v[from];
    m->t = &m->all->v[to];
}

void
probe_frames_make(const struct probe_stations *stations, uint32_t run,
                  struct probe_frames *ret_frames)
{
    struct probe_frames out = { .v = NULL };
    struct frame_maker m = { .out = &out, .all = stations, .run = run };

    ofpbuf_init(&m.b, 256);
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        between(&m, i, probe_peer(i));
        legit(&m);
        between(&m, i, probe_other(i));
        legit(&m);
    }
    for (size_t i = 0; i < PROBE_N_STATIONS; i += 2) {
        between(&m, i, probe_peer(i));
        probe_forged(&m);
        probe_shapes(&m);
        between(&m, i, probe_other(i));
        probe_forged(&m);
        probe_shapes(&m);
    }
    /* What the bridge has learned meanwhile does not matter. */
    for (size_t i = 0; i < PROBE_N_STATIONS; i++) {
        between(&m, i, probe_peer(i));
        legit(&m);
    }
    ofpbuf_uninit(&m.b);
    *ret_frames = out;
}

void
probe_frames_done(struct probe_frames *frames)
{
    for (size_t i = 0; i < frames->n; i++) {
        free(frames->v[i].data);
    }
    free(frames->v);
}
