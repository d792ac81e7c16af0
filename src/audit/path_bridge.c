/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The Linux bridge: br_handle_frame(), br_handle_frame_finish(), br_forward(),
 * br_flood(), br_pass_frame_up() and VLAN filtering (br_vlan.c). */

#include <cordon-config.h>
#include "audit/path_private.h"

#include <netinet/in.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "util.h"

#define VLAN_LEN 4

/* packets.h and linux/netfilter_bridge.h do not go together. */
static bool
is_multicast(struct eth_addr mac)
{
    return mac.ea[0] & 1;
}

static bool
is_filled_with(struct eth_addr mac, uint8_t byte)
{
    for (size_t i = 0; i < sizeof mac.ea; i++) {
        if (mac.ea[i] != byte) {
            return false;
        }
    }
    return true;
}

static bool
is_broadcast(struct eth_addr mac)
{
    return is_filled_with(mac, 0xff);
}

static bool
is_same(struct eth_addr a, struct eth_addr b)
{
    return !memcmp(&a, &b, sizeof a);
}

/* A frame in a bridge. */
struct bridging {
    struct walk *w;
    const struct host_link *port, *bridge;
    bool filtered; /* VLANs are. */
    uint16_t vid;
};

static void
drop(struct bridging *b, const struct skb *skb, const char *why)
{
    path_add(b->w, PATH_BRIDGE, PATH_DROP, "bridge", b->port, skb, why);
}

/* May frames be forwarded in a VLAN of 'state' (br_vlan_state_allowed())? */
static bool
forwards(const struct host_vlan *v)
{
    return v && v->state == BR_STATE_FORWARDING;
}

/* Finds the VLAN (__allowed_ingress()). False if it drops the frame. */
static bool
enter_vlan(struct bridging *b, struct skb *skb)
{
    uint16_t protocol = b->bridge->bridge->vlan_protocol;
    const struct host_vlan *v;

    if (!b->filtered) {
        b->vid = 0;
        return true;
    }
    if (!skb->tagged && skb->protocol == protocol && !skb_untag(skb)) {
        drop(b, skb, "its tag is not whole");
        return false;
    }
    if (skb->tagged && skb->tag_protocol != protocol) {
        skb_put_tag(skb);
    }
    b->vid = skb->tagged ? skb->tci & 0xfff : 0;
    if (!b->vid) {
        b->vid = host_link_pvid(b->port);
        if (!b->vid) {
            drop(b, skb, "the port has no VLAN for frames without a tag");
            return false;
        }
        if (skb->tagged) {
            skb->tci |= b->vid;
        } else {
            skb->tagged = true;
            skb->tag_protocol = protocol;
            skb->tci = b->vid;
        }
    }
    v = host_link_vlan(b->port, b->vid);
    if (!v) {
        drop(b, skb, "the port is not in this VLAN");
        return false;
    }
    if (!forwards(v)) {
        drop(b, skb, "the VLAN does not forward at this port");
        return false;
    }
    return true;
}

/* The entry of the FDB, or NULL. */
static const struct host_fdb *
find_fdb(const struct bridging *b, struct eth_addr mac)
{
    for (size_t i = 0; i < b->w->host->n_fdb; i++) {
        const struct host_fdb *f = &b->w->host->fdb[i];

        if (f->bridge == b->bridge->ifindex && f->vlan == b->vid
            && is_same(f->mac, mac)) {
            return f;
        }
    }
    return NULL;
}

/* Would it leave by 'to' (should_deliver())? Says why not. */
static const char *
refuses(const struct bridging *b, const struct host_link *to)
{
    const struct host_port *p = to->port;

    if (to == b->port && !p->hairpin) {
        return "would go back where it came from";
    } else if (p->state != BR_STATE_FORWARDING) {
        return "the port does not forward";
    } else if (b->filtered && !forwards(host_link_vlan(to, b->vid))) {
        return "the port is not in this VLAN";
    } else if (p->isolated && b->port->port->isolated) {
        return "both ports are isolated";
    }
    return NULL;
}

/* Sends a copy by 'to' (__br_forward()). */
static void
forward(struct bridging *b, const struct host_link *to, const struct skb *skb)
{
    const struct host_link *before = b->w->to;
    struct skb copy = path_copy(b->w, skb);
    const struct host_vlan *v =
        b->filtered ? host_link_vlan(to, b->vid) : NULL;

    b->w->to = to;
    if (v && v->untagged) {
        copy.tagged = false;
    }
    if (to->port->vlan_tunnel) {
        path_give_up(b->w, PATH_BRIDGE, "bridge", to, &copy,
                     "the VLAN is that of a tunnel");
    } else if (path_hooks(b->w, NFPROTO_BRIDGE, NF_BR_FORWARD, b->port, to,
                          &copy)
               && path_hooks(b->w, NFPROTO_BRIDGE, NF_BR_POST_ROUTING, NULL,
                             to, &copy)) {
        if (!to->up || copy.n > to->mtu + ETH_HLEN + (size_t) VLAN_LEN) {
            path_add(b->w, PATH_BRIDGE, PATH_DROP, "bridge", to, &copy,
                     to->up ? "is longer than the MTU" : "is down");
        } else {
            path_transmit(b->w, to, &copy);
        }
    }
    b->w->to = before;
}

/* To all ports that take such (br_flood()). */
static void
flood(struct bridging *b, const struct skb *skb)
{
    struct eth_addr to = skb_destination(skb);
    size_t n = 0;

    path_add(b->w, PATH_BRIDGE, PATH_PASS, "bridge", b->port, skb,
             is_multicast(to) ? "to all ports that take such"
                              : "to all ports: nobody knows where");
    for (size_t i = 0; i < b->w->host->n_links; i++) {
        const struct host_link *l = &b->w->host->links[i];
        bool takes;

        if (!l->port || l->port->bridge != b->bridge->ifindex) {
            continue;
        }
        takes = is_broadcast(to)   ? l->port->bcast_flood
                : is_multicast(to) ? l->port->mcast_flood
                                   : l->port->unicast_flood;
        if (takes && !l->port->proxy_arp && !refuses(b, l)) {
            n++;
            forward(b, l, skb);
        }
    }
    if (!n) {
        drop(b, skb, "no port takes it");
    }
}

/* The host gets it (br_pass_frame_up()). */
static void
pass_up(struct bridging *b, const struct skb *skb)
{
    const struct host_link *br = b->bridge, *before = b->w->to;
    const struct host_vlan *v =
        b->filtered ? host_link_vlan(br, b->vid) : NULL;
    bool promiscuous = br->flags & IFF_PROMISC;
    struct skb copy = path_copy(b->w, skb);

    b->w->to = br;
    if (b->filtered && !promiscuous && !forwards(v)) {
        path_add(b->w, PATH_BRIDGE, PATH_DROP, "bridge", br, &copy,
                 "the host is not in this VLAN");
    } else {
        if (v && v->untagged) {
            copy.tagged = false;
        }
        if (path_hooks(b->w, NFPROTO_BRIDGE, NF_BR_LOCAL_IN, b->port, NULL,
                       &copy)) {
            path_receive(b->w, br, &copy);
        }
    }
    b->w->to = before;
}

/* The ones' complement sum of a header. */
static bool
is_summed(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < n; i += 2) {
        sum += p[i] << 8 | p[i + 1];
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum == 0xffff;
}

/* What multicast snooping finds broken (ip_mc_check_iphdr(),
 * ipv6_mc_check_ip6hdr()). */
static bool
is_broken(const struct skb *skb)
{
    const uint8_t *ip = skb->data + skb->network;
    size_t n = skb->n - skb->network, header, len;

    if (skb->protocol == ETH_P_IP) {
        if (n < 20) {
            return true;
        }
        header = (ip[0] & 15) * 4;
        len = ip[2] << 8 | ip[3];
        return ip[0] >> 4 != 4 || header < 20 || n < header
               || !is_summed(ip, header) || n < len || len < header;
    } else if (skb->protocol == ETH_P_IPV6) {
        if (n < 40) {
            return true;
        }
        len = 40 + (ip[4] << 8 | ip[5]);
        return ip[0] >> 4 != 6 || n < len || len <= 40;
    }
    return false;
}

/* A multicast. With snooping, it goes only to who asked for it if there is a
 * querier, which a snapshot does not say. */
static void
multicast(struct bridging *b, const struct skb *skb)
{
    if (b->bridge->bridge->mcast_snooping) {
        if (is_broken(skb)) {
            drop(b, skb, "is not what multicast snooping takes");
            return;
        }
        if (b->bridge->bridge->mcast_querier) {
            path_give_up(b->w, PATH_BRIDGE, "bridge", b->port, skb,
                         "who gets it depends on a querier");
        }
    }
    flood(b, skb);
    pass_up(b, skb);
}

/* To the port that the FDB has, or to the host, or to all. */
static void
unicast(struct bridging *b, const struct skb *skb)
{
    const struct host_fdb *f = find_fdb(b, skb_destination(skb));

    if (f && f->local) {
        pass_up(b, skb);
        return;
    }
    if (!f) {
        flood(b, skb);
    } else {
        const struct host_link *out = host_link(b->w->host, f->ifindex);
        const char *why = out && out->port ? refuses(b, out) : "is gone";

        path_add(b->w, PATH_BRIDGE, why ? PATH_DROP : PATH_PASS, "bridge", out,
                 skb, why ? why : "the FDB knows where");
        if (!why) {
            forward(b, out, skb);
        }
    }
    if (b->bridge->flags & IFF_PROMISC) {
        pass_up(b, skb);
    }
}

static void
finish(struct bridging *b, struct skb *skb)
{
    const struct host_port *p = b->port->port;
    struct eth_addr to;

    if (!enter_vlan(b, skb)) {
        return;
    }
    if (p->locked) {
        const struct host_fdb *f = find_fdb(b, skb_source(skb));

        if (!f || f->ifindex != b->port->ifindex || f->local) {
            drop(b, skb, "the port is locked, and the source not known here");
            return;
        }
    }
    to = skb_destination(skb);
    if (p->state == BR_STATE_LEARNING) {
        drop(b, skb, "the port does not forward yet");
    } else if (is_broadcast(to)) {
        flood(b, skb);
        pass_up(b, skb);
    } else if (is_multicast(to)) {
        multicast(b, skb);
    } else {
        unicast(b, skb);
    }
}

/* A frame to 01:80:c2:00:00:0X. True if it is forwarded as others are. */
static bool
link_local(struct bridging *b, struct skb *skb)
{
    uint8_t last = skb->data[5];
    uint16_t mask = b->port->port->group_fwd_mask;

    if (!last && !b->bridge->bridge->stp) {
        return true;
    }
    if (last == 1) {
        drop(b, skb, "is a pause frame");
        return false;
    }
    if (last) {
        mask |= b->bridge->bridge->group_fwd_mask;
    }
    if (mask & 1u << last) {
        return true;
    }
    if (last && last != 0x0e
        && !path_hooks(b->w, NFPROTO_BRIDGE, NF_BR_LOCAL_IN, b->port, NULL,
                       skb)) {
        return false;
    }
    /* To who listens on the port itself; IP does not. */
    path_host(b->w, b->port, skb);
    return false;
}

void
path_bridge(struct walk *w, const struct host_link *port, struct skb *skb)
{
    static const uint8_t reserved[] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };
    struct bridging b = {
        .w = w,
        .port = port,
        .bridge = host_link(w->host, port->port->bridge),
    };
    struct eth_addr to = skb_destination(skb), from = skb_source(skb);

    if (!b.bridge || !b.bridge->bridge) {
        path_give_up(w, PATH_BRIDGE, "bridge", port, skb, "could not be read");
        return;
    }
    b.filtered = b.bridge->bridge->vlan_filtering;
    if (is_multicast(from) || is_filled_with(from, 0)) {
        drop(&b, skb, "its source is no address");
        return;
    }
    if (port->port->vlan_tunnel || port->port->neigh_suppress) {
        path_give_up(w, PATH_BRIDGE, "bridge", port, skb,
                     "maps tunnels or answers for others");
    }
    if (!memcmp(to.ea, reserved, sizeof reserved) && to.ea[5] < 0x10
        && !link_local(&b, skb)) {
        return;
    }
    if (port->port->state != BR_STATE_FORWARDING
        && port->port->state != BR_STATE_LEARNING) {
        drop(&b, skb, "the port does not forward");
        return;
    }
    if (is_same(to, b.bridge->mac)) {
        skb->pkttype = PACKET_HOST;
    }
    if (path_hooks(w, NFPROTO_BRIDGE, NF_BR_PRE_ROUTING, port, NULL, skb)) {
        finish(&b, skb);
    }
}
