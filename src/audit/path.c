/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Follows a frame through devices: what happens where one comes in, and where
 * one leaves. Hooks are in path_hook.c, tc in path_tc.c, the bridge in
 * path_bridge.c. */

#include <cordon-config.h>
#include "audit/path.h"

#include <netinet/in.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "audit/path_private.h"
#include "lib/arena.h"
#include "util.h"

#define DEPTH_MAX 8
#define VLAN_LEN 4

struct path_hop *
path_add(struct walk *w, enum path_hop_kind kind, enum path_verdict verdict,
         const char *where, const struct host_link *link,
         const struct skb *skb, const char *why)
{
    struct path *p = w->path;

    if (p->n_hops == p->allocated_hops) {
        p->hops = x2nrealloc(p->hops, &p->allocated_hops, sizeof *p->hops);
    }
    p->hops[p->n_hops] = (struct path_hop){
        .kind = kind,
        .verdict = verdict,
        .where = where,
        .link = link,
        .why = why,
        .mark = skb->mark,
        .to = w->to,
    };
    return &p->hops[p->n_hops++];
}

void
path_give_up(struct walk *w, enum path_hop_kind kind, const char *where,
             const struct host_link *link, const struct skb *skb,
             const char *why)
{
    path_add(w, kind, PATH_UNKNOWN, where, link, skb, why);
    if (!w->path->unknown) {
        w->path->unknown = true;
        w->path->why = why;
    }
}

struct skb
path_copy(struct walk *w, const struct skb *skb)
{
    struct skb copy = *skb;

    /* Room for the tag, and for one that stood in the frame. */
    copy.data = arena_alloc(w->path->arena, skb->n + 4 * VLAN_LEN);
    memcpy(copy.data, skb->data, skb->n);
    return copy;
}

static void
deliver(struct walk *w, const struct host_link *link, bool host,
        const struct skb *skb)
{
    struct path *p = w->path;
    struct skb copy = path_copy(w, skb);

    skb_put_tag(&copy);
    if (p->n_receivers == p->allocated_receivers) {
        p->receivers = x2nrealloc(p->receivers, &p->allocated_receivers,
                                  sizeof *p->receivers);
    }
    p->receivers[p->n_receivers++] = (struct path_receiver){
        .link = link,
        .host = host,
        .data = copy.data,
        .n = copy.n,
    };
}

void
path_host(struct walk *w, const struct host_link *link, struct skb *skb)
{
    if (skb->pkttype == PACKET_OTHERHOST) {
        path_add(w, PATH_DEVICE, PATH_DROP, "host", link, skb,
                 "is for another host's MAC");
    } else {
        deliver(w, link, true, skb);
    }
}

/* The VLAN device of 'lower' for the tag of 'skb', or NULL. */
static const struct host_link *
vlan_device(struct walk *w, const struct host_link *lower,
            const struct skb *skb)
{
    for (size_t i = 0; skb->tagged && i < w->host->n_links; i++) {
        const struct host_link *l = &w->host->links[i];

        if (l->type == HOST_LINK_VLAN && l->lower == lower->ifindex
            && l->vlan_id == (skb->tci & 0xfff)
            && l->vlan_protocol == skb->tag_protocol) {
            return l;
        }
    }
    return NULL;
}

/* Is there a macvlan or ipvlan of 'lower', which gets what comes first? */
static bool
has_macvlan(struct walk *w, const struct host_link *lower)
{
    for (size_t i = 0; i < w->host->n_links; i++) {
        const struct host_link *l = &w->host->links[i];

        if ((l->type == HOST_LINK_MACVLAN || l->type == HOST_LINK_IPVLAN)
            && l->lower == lower->ifindex && !l->elsewhere) {
            return true;
        }
    }
    return false;
}

/* What the device's master does with it (its rx_handler). */
static void
hand_over(struct walk *w, const struct host_link *link, struct skb *skb)
{
    if (link->port) {
        path_bridge(w, link, skb);
    } else if (!strcmp(link->slave_kind, "openvswitch")
               || !strcmp(link->slave_kind, "ovs-system")) {
        path_give_up(w, PATH_DEVICE, "Open vSwitch", link, skb,
                     "its flows are not followed");
    } else if (link->master && !strcmp(link->slave_kind, "vrf")) {
        path_host(w, link, skb);
    } else if (link->master) {
        const struct host_link *master = host_link(w->host, link->master);

        if (master && master->type == HOST_LINK_BOND) {
            path_receive(w, master, skb);
        } else {
            path_give_up(w, PATH_DEVICE, "master", link, skb,
                         "is a port of something that is not followed");
        }
    } else if (has_macvlan(w, link)) {
        path_give_up(w, PATH_DEVICE, "macvlan", link, skb,
                     "macvlan or ipvlan devices are on it");
    } else {
        if (skb->tagged && skb->tci & 0xfff) {
            skb->pkttype = PACKET_OTHERHOST;
        }
        path_host(w, link, skb);
    }
}

void
path_receive(struct walk *w, const struct host_link *link, struct skb *skb)
{
    const struct host_link *vlan;

    if (++w->depth > DEPTH_MAX) {
        path_give_up(w, PATH_DEVICE, "device", link, skb, "goes in circles");
        w->depth--;
        return;
    }
    skb->pulled = ETH_HLEN;
    if (!link->up) {
        path_add(w, PATH_DEVICE, PATH_DROP, "device", link, skb, "is down");
    } else if (link->xdp) {
        path_give_up(w, PATH_DEVICE, "XDP", link, skb,
                     "a program sees frames first");
    } else if (path_tc(w, link, false, skb)
               && path_hooks(w, NFPROTO_NETDEV, NF_NETDEV_INGRESS, link, NULL,
                             skb)) {
        vlan = vlan_device(w, link, skb);
        if (vlan && vlan->up) {
            struct eth_addr to = skb_destination(skb);

            path_add(w, PATH_VLAN, PATH_PASS, "VLAN device", vlan, skb, NULL);
            skb->tagged = false;
            if (skb->pkttype == PACKET_OTHERHOST
                && !memcmp(&to, &vlan->mac, sizeof to)) {
                skb->pkttype = PACKET_HOST;
            }
            path_receive(w, vlan, skb);
        } else if (vlan) {
            path_add(w, PATH_VLAN, PATH_DROP, "VLAN device", vlan, skb,
                     "is down");
        } else {
            hand_over(w, link, skb);
        }
    }
    w->depth--;
}

/* What the device itself does with what is sent by it. */
static void
send_out(struct walk *w, const struct host_link *link, struct skb *skb)
{
    const struct host_link *other;

    switch (link->type) {
    case HOST_LINK_VLAN:
        other = link->lower && !link->elsewhere
                    ? host_link(w->host, link->lower)
                    : NULL;
        if (!other) {
            path_give_up(w, PATH_VLAN, "VLAN device", link, skb,
                         "is of a device that is not here");
            return;
        }
        path_add(w, PATH_VLAN, PATH_PASS, "VLAN device", link, skb, NULL);
        skb_put_tag(skb);
        skb->tagged = true;
        skb->tag_protocol = link->vlan_protocol;
        skb->tci = link->vlan_id;
        path_transmit(w, other, skb);
        return;

    case HOST_LINK_VETH:
        other = link->peer && !link->elsewhere ? host_link(w->host, link->peer)
                                               : NULL;
        if (other) {
            struct skb in;
            bool tagged = skb->tagged;

            if (!skb_receive(&in, skb->data, skb->n, skb->linear,
                             other->mac)) {
                path_add(w, PATH_DEVICE, PATH_DROP, "device", other, skb,
                         "is too short");
                return;
            }
            if (tagged) {
                in.tagged = true;
                in.tci = skb->tci;
                in.tag_protocol = skb->tag_protocol;
            }
            in.mark = skb->mark;
            path_receive(w, other, &in);
            return;
        }
        break;

    case HOST_LINK_BRIDGE:
    case HOST_LINK_OPENVSWITCH:
    case HOST_LINK_MACVLAN:
    case HOST_LINK_IPVLAN:
    case HOST_LINK_BOND:
    case HOST_LINK_TEAM:
    case HOST_LINK_IFB:
        path_give_up(w, PATH_DEVICE, "device", link, skb,
                     "sends by other devices");
        return;

    case HOST_LINK_PHYSICAL:
    case HOST_LINK_LOOPBACK:
    case HOST_LINK_VXLAN:
    case HOST_LINK_TUNNEL:
    case HOST_LINK_VRF:
    case HOST_LINK_TUN:
    case HOST_LINK_DUMMY:
    case HOST_LINK_OTHER:
        break;
    }
    deliver(w, link, false, skb);
}

void
path_transmit(struct walk *w, const struct host_link *link, struct skb *skb)
{
    if (++w->depth > DEPTH_MAX) {
        path_give_up(w, PATH_DEVICE, "device", link, skb, "goes in circles");
    } else if (!link->up) {
        path_add(w, PATH_DEVICE, PATH_DROP, "device", link, skb, "is down");
    } else {
        skb->pulled = 0;
        if (path_hooks(w, NFPROTO_NETDEV, NF_NETDEV_EGRESS, NULL, link, skb)
            && path_tc(w, link, true, skb)) {
            send_out(w, link, skb);
        }
    }
    w->depth--;
}

struct path *
path_follow(const struct host *host, const struct ruleset *ruleset,
            const struct host_link *link, const void *frame, size_t n,
            const struct path_options *options)
{
    struct path *p = xzalloc(sizeof *p);
    struct walk w = {
        .host = host,
        .ruleset = ruleset,
        .options = options,
        .path = p,
    };
    struct skb skb = { .n = n };
    uint8_t *data;

    p->arena = arena_new();
    data = arena_alloc(p->arena, n + 4 * VLAN_LEN);
    memcpy(data, frame, n);
    if (ruleset->incomplete) {
        path_give_up(&w, PATH_HOOK, "nftables", NULL, &skb,
                     "not all of its rules could be read");
    }
    if (link->type == HOST_LINK_VETH
        && n > link->mtu + ETH_HLEN + (size_t) VLAN_LEN) {
        /* A vif has no such limit, and a NIC its own. */
        path_add(&w, PATH_DEVICE, PATH_DROP, "device", link, &skb,
                 "is longer than the MTU");
    } else if (!skb_receive(&skb, data, n,
                            options->linear ? options->linear : n,
                            link->mac)) {
        path_add(&w, PATH_DEVICE, PATH_DROP, "device", link, &skb,
                 "is too short");
    } else {
        path_receive(&w, link, &skb);
    }
    return p;
}

void
path_free(struct path *p)
{
    if (p) {
        free(p->hops);
        free(p->receivers);
        arena_free(p->arena);
        free(p);
    }
}
