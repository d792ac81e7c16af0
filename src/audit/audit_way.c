/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The way of frames: the hooks of a port, the bridge, and the marks that they
 * carry. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "audit/host.h"
#include "audit/question.h"
#include "audit/ruleset.h"
#include "util.h"

void
audit_ingress(struct reach *r, const struct audit_port *port)
{
    const struct host_link *link = port->link;

    if (link->xdp) {
        reach_note(r, REACH_UNKNOWN, r->frames, 0,
                   xasprintf("XDP program %u on %s runs first", link->xdp_id,
                             link->name));
    }
    reach_tc(r, link, HOST_FILTER_INGRESS);
    if (port->by_module) {
        audit_module_ingress(r, port);
    }
    reach_chains(r, NFPROTO_NETDEV, NF_NETDEV_INGRESS, link->name);
}

static void
audit_egress(struct reach *r, const struct audit_port *port)
{
    if (port->by_module) {
        audit_module_egress(r, port);
    }
    reach_chains(r, NFPROTO_NETDEV, NF_NETDEV_EGRESS, port->link->name);
    reach_tc(r, port->link, HOST_FILTER_EGRESS);
}

void
audit_out(struct reach *r, const struct audit_port *port)
{
    audit_egress(r, port);
}

bool
audit_filters_bridged(const struct host_hook *h)
{
    return h->family == NFPROTO_BRIDGE && !h->chain
           && strncmp(h->function, "br_nf_", 6)
           && strncmp(h->function, "nf_ct_bridge", 12)
           && strncmp(h->function, "ipv4_conntrack", 14);
}

/* Something that is not nftables filters bridged frames: then nobody knows
 * what of them. */
static void
bridge_unknown(struct reach *r, const struct host_link *bridge)
{
    const struct host *host = r->host;
    enum header_shape shape = r->header.shape;
    bool ip4 = shape >= HEADER_IP4 && shape < HEADER_IP6;
    bool ip6 = shape >= HEADER_IP6, called = false;

    for (size_t i = 0; i < host->n_hooks; i++) {
        if (audit_filters_bridged(&host->hooks[i])) {
            r->frames =
                bits_and(r->frames, header_oracle("a filter of bridged frames "
                                                  "that is not nftables"));
            break;
        }
    }
    if (host_has_module(host, "ebtable_filter")
        || host_has_module(host, "ebtable_nat")) {
        r->frames = bits_and(r->frames, header_oracle("ebtables"));
    }
    if (host_has_module(host, "br_netfilter")) {
        const struct host_bridge *b = bridge->bridge;

        called = (ip4
                  && (b->nf_call_iptables
                      || host_sysctl_int(
                          host, "net/bridge/bridge-nf-call-iptables", 1)))
                 || (ip6
                     && (b->nf_call_ip6tables
                         || host_sysctl_int(
                             host, "net/bridge/bridge-nf-call-ip6tables", 1)))
                 || (shape == HEADER_ARP
                     && (b->nf_call_arptables
                         || host_sysctl_int(
                             host, "net/bridge/bridge-nf-call-arptables", 1)));
        if (called && r->header.tagged) {
            called = host_sysctl_int(
                host, "net/bridge/bridge-nf-filter-vlan-tagged", 0);
        }
    }
    if (called) {
        r->frames = bits_and(r->frames,
                             header_oracle("rules of IP on bridged frames"));
    }
}

static bool
answer_kept(const struct question *q OVS_UNUSED,
            const struct question_port *port, const struct bits_byte *key,
            bits *ret_frames, struct question_data *ret_data OVS_UNUSED)
{
    const struct host_link *link = port->link;
    bits x = BITS_NONE;

    for (size_t i = 0; link->port && i < port->host->n_fdb; i++) {
        const struct host_fdb *f = &port->host->fdb[i];

        if (f->ifindex == link->ifindex && f->bridge == link->port->bridge
            && f->is_static && f->sticky && f->vlan == host_link_pvid(link)) {
            x = bits_or(x, bits_equal(key, f->mac.ea, 6));
        }
    }
    *ret_frames = x;
    return true;
}

/* Frames to a MAC that the bridge has at this very port: nobody else gets
 * them. */
static bits
kept_back(const struct reach *r, const struct audit_port *port)
{
    const struct question_port own = { r->host, port->link, port->spec };
    struct question q = { .answer = answer_kept, .n = 6 };
    bits x;

    if (r->header.tagged) {
        return BITS_NONE;
    }
    memcpy(q.key, r->header.dst, sizeof r->header.dst);
    if (question_is_of(port->link)) {
        return question_ask(&q, NULL);
    }
    answer_kept(&q, &own, q.key, &x, NULL);
    return x;
}

/* Frames that a locked port lets in: it has their source in their VLAN, which
 * is the port's if they have no tag, and otherwise might be any. */
static bits
let_in(const struct reach *r, const struct host_link *link)
{
    const struct host_link *bridge = host_link(r->host, link->master);
    bool one = !r->header.tagged && bridge && bridge->bridge
               && bridge->bridge->vlan_filtering;
    bits x = BITS_NONE;

    for (size_t i = 0; i < r->host->n_fdb; i++) {
        const struct host_fdb *f = &r->host->fdb[i];

        if (f->ifindex == link->ifindex && f->bridge == link->port->bridge
            && !f->local && (!one || f->vlan == host_link_pvid(link))) {
            x = bits_or(x, bits_equal(r->header.src, f->mac.ea, 6));
        }
    }
    return x;
}

void
audit_entered(struct reach *r, const struct audit_port *port)
{
    const struct host_link *link = port->link;
    static const uint8_t nobody[6];

    /* A class is proven without the lock's help. */
    if (link->port && link->port->locked && !question_is_of(link)) {
        r->frames = bits_and(r->frames, let_in(r, link));
    }
    r->frames = bits_diff(r->frames, kept_back(r, port));
    /* A bridge takes no frame from a group or from nobody. */
    r->frames = bits_diff(r->frames, r->header.src[0].bit[7]);
    r->frames = bits_diff(r->frames, bits_equal(r->header.src, nobody, 6));
}

void
audit_bridge(struct reach *r, const struct audit_port *port,
             const struct audit_port *to)
{
    const struct host_link *bridge = host_link(r->host, port->link->master);

    if (!bridge || !bridge->bridge) {
        return;
    }
    r->output = to ? to->link : NULL;
    r->any_output = !to;
    bridge_unknown(r, bridge);
    audit_entered(r, port);
    reach_chains(r, NFPROTO_BRIDGE, NF_BR_PRE_ROUTING, NULL);
    reach_chains(r, NFPROTO_BRIDGE, NF_BR_FORWARD, NULL);
    reach_chains(r, NFPROTO_BRIDGE, NF_BR_POST_ROUTING, NULL);
}

bits
audit_marks(const struct audit *a, struct reach *r)
{
    struct bits_byte vars[4];
    size_t region = bits_region();
    bits x = r->frames, fixed = BITS_ALL;

    header_mark(vars);
    for (size_t i = 32; i-- > 0;) {
        bits bit = r->mark[i / 8].bit[i % 8], var = vars[i / 8].bit[i % 8];

        if (bit == BITS_NONE || bits_disjoint(r->frames, bit)) {
            fixed = bits_diff(fixed, var);
        } else if (bit == BITS_ALL || bits_subset(r->frames, bit)) {
            fixed = bits_and(fixed, var);
        } else {
            x = bits_diff(x, bits_xor(bit, var));
        }
    }
    x = bits_exists(x, a->all_but_label);
    return bits_release(region, bits_and(x, fixed));
}

bits
audit_carried(const struct reach *r, bits marks)
{
    struct bits_byte vars[4];

    if (marks == BITS_ALL || marks == BITS_NONE) {
        return marks;
    }
    header_mark(vars);
    for (size_t i = 32; i-- > 0;) {
        bits bit = r->mark[i / 8].bit[i % 8], var = vars[i / 8].bit[i % 8];

        marks = bits_diff(marks, bits_xor(bit, var));
    }
    return bits_exists(marks, header_mark_vars());
}
