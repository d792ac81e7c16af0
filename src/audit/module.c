/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernel module's guard, frame by frame. Follows kmod/hook.c for what is
 * of a host, not of a frame: who guards what, marks, local MACs, the order in
 * which it asks; portsec.c is the rest. path_hook.c calls this. */

#include <cordon-config.h>
#include "audit/module.h"

#include <string.h>

#include "audit/filter.h"
#include "audit/host.h"
#include "audit/packet.h"
#include "audit/portsec.h"
#include "audit/run.h"
#include "audit/skb.h"
#include "lib/arena.h"
#include "packets.h"
#include "uapi/cordon.h"
#include "util.h"

#define TAG_LEN 4

/* A frame at a hook. */
struct judging {
    const struct host *host;
    const struct host_link *link;
    const struct host_guarded *port;
    const struct run_assume *assume;
    struct skb *skb;
    struct arena *arena;
    struct module_assumed *assumed;
};

static const struct host_guarded *
find_port(const struct host_module *m, uint32_t ifindex)
{
    for (size_t i = 0; m && i < m->n_ports; i++) {
        if (m->ports[i].ifindex == ifindex) {
            return &m->ports[i];
        }
    }
    return NULL;
}

static const struct host_segment *
find_segment(const struct host_module *m, uint32_t id)
{
    for (size_t i = 0; i < m->n_segments; i++) {
        if (m->segments[i].id == id) {
            return &m->segments[i];
        }
    }
    return NULL;
}

/* The segment that has the VLAN of a tag. */
static const struct host_segment *
find_vlan(const struct host_module *m, uint16_t tci)
{
    for (size_t i = 0; i < m->n_segments; i++) {
        if (m->segments[i].vlan == (tci & VLAN_VID_MASK)) {
            return &m->segments[i];
        }
    }
    return NULL;
}

/* The table's words in portsec's. Arrays of the same type stay the host's. */

static struct portsec_pair *
to_pairs(struct arena *arena, const struct host_pair *pairs, size_t n)
{
    struct portsec_pair *to = ARENA_ARRAY(arena, struct portsec_pair, n + 1);

    for (size_t i = 0; i < n; i++) {
        to[i].mac = pairs[i].mac;
        to[i].prefix = pairs[i].prefix;
    }
    return to;
}

static struct portsec_host
to_host(const struct host_module *m)
{
    return (struct portsec_host){
        .bridge_mac = m->bridge_mac,
        .underlay = CONST_CAST(struct prefix *, m->underlay),
        .n_underlay = m->n_underlay,
    };
}

static struct portsec_segment
to_segment(struct arena *arena, const struct host_segment *s)
{
    struct portsec_segment to = {
        .vlan = s->vlan,
        .broadcasts = ARENA_ARRAY(arena, struct addr, s->n_broadcast + 1),
        .n_broadcasts = s->n_broadcast,
        .believed = to_pairs(arena, s->believed, s->n_believed),
        .n_believed = s->n_believed,
        .gateways = CONST_CAST(struct eth_addr *, s->gateways),
        .n_gateways = s->n_gateways,
        .declared = CONST_CAST(struct prefix *, s->declared),
        .n_declared = s->n_declared,
    };

    for (size_t i = 0; i < s->n_broadcast; i++) {
        to.broadcasts[i] = s->broadcast[i].addr;
    }
    return to;
}

static bool
is_member(const struct host_segment *s, uint32_t community,
          struct eth_addr mac)
{
    for (size_t i = 0; community && i < s->n_members; i++) {
        if (s->members[i].community == community
            && eth_addr_equals(s->members[i].mac, mac)) {
            return true;
        }
    }
    return false;
}

/* Whether an isolated port hears frames from 'mac'. It is in its community
 * while one of its own MACs is. */
static bool
hears(const struct host_guarded *g, const struct host_segment *s,
      struct eth_addr mac)
{
    for (size_t i = 0; i < s->n_trusted; i++) {
        if (eth_addr_equals(s->trusted[i], mac)) {
            return true;
        }
    }
    for (size_t i = 0; i < g->n_macs; i++) {
        if (is_member(s, g->community, g->macs[i])) {
            return is_member(s, g->community, mac);
        }
    }
    return false;
}

/* The port as the module has it; '*ret_host', '*ret_segment' and 'heard' are
 * parts of it. 'heard' is the frame's source: nothing else is asked for. */
static struct portsec_port
to_port(const struct judging *j, const struct host_segment *s,
        struct portsec_host *ret_host, struct portsec_segment *ret_segment,
        struct eth_addr *heard)
{
    const struct host_guarded *g = j->port;

    *ret_host = to_host(j->host->module);
    *ret_segment = to_segment(j->arena, s);
    *heard = skb_source(j->skb);
    return (struct portsec_port){
        .name = j->link->name,
        .host = ret_host,
        .segment = ret_segment,
        .mac = g->n_macs ? g->macs[0] : eth_addr_zero,
        .macs = CONST_CAST(struct eth_addr *, g->macs),
        .n_macs = g->n_macs,
        .pairs = to_pairs(j->arena, g->pairs, g->n_pairs),
        .n_pairs = g->n_pairs,
        .vrrp = g->n_vrids ? CONST_CAST(uint8_t *, g->vrids)
                           : ARENA_ARRAY(j->arena, uint8_t, 1),
        .n_vrrp = g->n_vrids,
        .router = g->flags & CORDON_PORT_F_ROUTER,
        .dhcp_server = g->flags & CORDON_PORT_F_DHCP_SERVER,
        .mtu = g->mtu ? g->mtu : j->link->mtu,
        .isolated = g->flags & CORDON_PORT_F_ISOLATED,
        .heard = heard,
        .n_heard = hears(g, s, *heard),
    };
}

/* The frame with the tag that the kernel has taken out, if there is one. */
static struct skb
whole(const struct judging *j)
{
    struct skb skb = *j->skb;

    skb.data = arena_room(j->arena, skb.n + TAG_LEN);
    memcpy(skb.data, j->skb->data, skb.n);
    skb_put_tag(&skb);
    return skb;
}

static bool
is_in_bridge(const struct host_link *link)
{
    return link->port || !strcmp(link->slave_kind, "openvswitch")
           || !strcmp(link->slave_kind, "ovs-system");
}

/* Whether a limit of 'rate' frames a second, or bytes, drops the frame. */
static bool
exceeds(const struct judging *j, uint64_t rate)
{
    if (!rate) {
        return false;
    }
    j->assumed->limit = true;
    return j->assume->beyond_limits;
}

static uint32_t
mark_of(const struct host_module *m, uint32_t segment)
{
    return segment * (m->mark_mask & -m->mark_mask) & m->mark_mask;
}

static void
set_mark(const struct judging *j, uint32_t segment)
{
    j->skb->mark = mark_of(j->host->module, segment);
}

static bool
has_mark(const struct judging *j, uint32_t segment)
{
    const struct host_module *m = j->host->module;

    return (j->skb->mark & m->mark_mask) == mark_of(m, segment);
}

/* Whether it is a part of a datagram of which there are others. */
static bool
is_part(const struct skb *skb)
{
    struct packet p;

    packet_parse(skb->data, skb->n, &p);
    return p.ok && p.is_fragment && (p.offset || p.more);
}

static unsigned int
from_guest(const struct judging *j, const struct host_segment *s)
{
    const struct host_guarded *g = j->port;
    struct portsec_segment segment;
    struct portsec_host host;
    struct portsec_port port;
    struct eth_addr heard;
    unsigned int reason;
    struct skb skb;

    port = to_port(j, s, &host, &segment, &heard);
    skb = whole(j);
    reason = portsec_from_guest(&port, NULL, 0, skb.data, skb.n);
    if (reason) {
        return reason;
    } else if (!is_in_bridge(j->link)) {
        return REASON_TO_HOST;
    }
    j->assumed->fragment = is_part(&skb);
    if (exceeds(j, g->rate)) {
        return REASON_RATE;
    } else if (exceeds(j, g->bytes)) {
        return REASON_POLICED;
    } else if (eth_addr_is_multicast(skb_destination(&skb))
               && (!g->storm || exceeds(j, g->storm))) {
        return REASON_STORM;
    }
    set_mark(j, g->segment);
    return PORTSEC_PASS;
}

static unsigned int
to_guest(const struct judging *j, const struct host_segment *s)
{
    struct portsec_segment segment;
    struct portsec_host host;
    struct portsec_port port;
    struct eth_addr heard;
    struct skb skb;

    if (!has_mark(j, j->port->segment)) {
        return REASON_WRONG_SEGMENT;
    }
    port = to_port(j, s, &host, &segment, &heard);
    skb = whole(j);
    return portsec_to_guest(&port, skb.data, skb.n);
}

/* Whether a port of this host may send from 'mac' in the segment, and no other
 * host's may. */
static bool
is_local(const struct host_module *m, uint32_t segment, struct eth_addr mac)
{
    for (size_t i = 0; i < m->n_ports; i++) {
        const struct host_guarded *g = &m->ports[i];

        if (g->kind != CORDON_PORT_GUEST || g->segment != segment) {
            continue;
        }
        for (size_t k = 0; k < g->n_macs; k++) {
            bool roams = false;

            for (size_t r = 0; r < g->n_roaming; r++) {
                roams = roams || eth_addr_equals(g->roaming[r], g->macs[k]);
            }
            if (!roams && eth_addr_equals(g->macs[k], mac)) {
                return true;
            }
        }
    }
    return false;
}

static unsigned int
from_uplink(const struct judging *j)
{
    const struct host_module *m = j->host->module;
    const struct portsec_host host = to_host(m);
    const struct host_segment *s = NULL;
    struct portsec_segment segment;
    const struct skb *skb = j->skb;
    unsigned int reason;

    if (skb->tagged && skb->tag_protocol == ETH_TYPE_VLAN_8021Q) {
        s = find_vlan(m, skb->tci);
    }
    if (!s) {
        return REASON_UNKNOWN_VLAN;
    } else if (is_local(m, s->id, skb_source(skb))) {
        return REASON_LOCAL_MAC;
    }
    segment = to_segment(j->arena, s);
    reason = portsec_from_uplink(&segment, &host, skb->data, skb->n);
    if (reason) {
        return reason;
    } else if (!is_in_bridge(j->link)) {
        return REASON_TO_HOST;
    }
    set_mark(j, s->id);
    return PORTSEC_PASS;
}

static unsigned int
to_uplink(const struct judging *j)
{
    const struct host_segment *s = NULL;
    const struct skb *skb = j->skb;

    if (skb->tagged) {
        s = skb->tag_protocol == ETH_TYPE_VLAN_8021Q
                ? find_vlan(j->host->module, skb->tci)
                : NULL;
    } else if (skb_ethertype(skb) == ETH_TYPE_VLAN_8021Q
               && skb->n >= ETH_HEADER_LEN + TAG_LEN) {
        s = find_vlan(j->host->module, packet_u16(skb->data + ETH_HEADER_LEN));
    }
    return s && has_mark(j, s->id) ? PORTSEC_PASS : REASON_WRONG_SEGMENT;
}

/* Whether something runs ahead of the guard. */
static bool
is_overtaken(const struct judging *j)
{
    size_t n;

    host_filters(j->host, j->link->ifindex, HOST_FILTER_INGRESS, &n);
    return j->port->state == CORDON_PORT_BLOCKED || n || j->link->xdp;
}

static unsigned int
judge_in(const struct judging *j, const struct host_segment *s)
{
    if (j->port->state == CORDON_PORT_QUARANTINED) {
        return REASON_QUARANTINED;
    } else if (j->port->kind == CORDON_PORT_HOST) {
        return REASON_TO_HOST;
    } else if (j->port->kind == CORDON_PORT_GUEST && !s) {
        return REASON_QUARANTINED; /* Blocked before it was guarded. */
    } else if (is_overtaken(j)) {
        return REASON_BLOCKED;
    }
    return j->port->kind == CORDON_PORT_GUEST ? from_guest(j, s)
                                              : from_uplink(j);
}

static unsigned int
judge_out(const struct judging *j, const struct host_segment *s)
{
    if (j->port->state == CORDON_PORT_BLOCKED) {
        return REASON_BLOCKED;
    } else if (j->port->state == CORDON_PORT_QUARANTINED) {
        return REASON_QUARANTINED;
    } else if (j->port->kind == CORDON_PORT_GUEST) {
        return s ? to_guest(j, s) : REASON_WRONG_SEGMENT;
    }
    return j->port->kind == CORDON_PORT_UPLINK ? to_uplink(j)
                                               : REASON_WRONG_SEGMENT;
}

bool
module_hooks(const struct host *host, const struct host_link *link)
{
    return find_port(host->module, link->ifindex) != NULL;
}

unsigned int
module_judge(const struct host *host, const struct host_link *link,
             bool egress, const struct run_assume *assume, struct skb *skb,
             struct module_assumed *ret_assumed)
{
    struct judging j = {
        .host = host,
        .link = link,
        .port = find_port(host->module, link->ifindex),
        .assume = assume,
        .skb = skb,
        .arena = arena_new(),
        .assumed = ret_assumed,
    };
    const struct host_segment *s = find_segment(host->module, j.port->segment);
    unsigned int reason;

    *ret_assumed = (struct module_assumed){ .limit = false };
    reason = egress ? judge_out(&j, s) : judge_in(&j, s);
    arena_free(j.arena);
    return reason;
}
