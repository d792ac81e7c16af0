/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The host: what guests reach of it; and states that the other lemmas rest
 * on: what learns, what connections are looked up where, what stands beside
 * the guard. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>

#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"

bool
audit_is_shut(struct audit *a, const struct host_link *link)
{
    if (!link->up) {
        return true;
    }
    if (link->bridge && link->bridge->vlan_filtering && !link->n_vlans) {
        return true; /* A member of no VLAN gets no frame. */
    }
    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct reach r;
        bool shut;

        reach_init(&r, a->host, a->ruleset, link, i / 2, i % 2,
                   HEADER_INGRESS);
        reach_tc(&r, link, HOST_FILTER_INGRESS);
        reach_chains(&r, NFPROTO_NETDEV, NF_NETDEV_INGRESS, link->name);
        shut = r.frames == BITS_NONE;
        reach_done(&r);
        bits_release(region, BITS_NONE);
        if (!shut) {
            return false;
        }
    }
    return true;
}

static bool
has_address(const struct audit *a, uint32_t ifindex)
{
    for (size_t i = 0; i < a->host->n_addresses; i++) {
        if (a->host->addresses[i].ifindex == ifindex) {
            return true;
        }
    }
    return false;
}

/* Devices of IP on top of the bridge: itself and its VLAN devices. */
static bool
listens(const struct audit *a, const struct host_link *bridge)
{
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];

        if ((link == bridge || link->lower == bridge->ifindex) && link->up
            && (has_address(a, link->ifindex)
                || host_forwards(a->host, link, AF_INET)
                || host_forwards(a->host, link, AF_INET6))) {
            return true;
        }
    }
    return false;
}

/* A frame of a port that the bridge hands to its own device. */
static bool
find_frame_to(struct audit *a, const struct host_link *bridge,
              const struct audit_port *port)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint16_t pvid = host_link_pvid(port->link);

    if (bridge->bridge->vlan_filtering && !host_link_vlan(bridge, pvid)) {
        return false;
    }
    for (int i = 0; i < HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        bits x, own;
        struct reach r;

        reach_init(&r, a->host, a->ruleset, port->link, i, false,
                   HEADER_INGRESS);
        audit_ingress(&r, port);
        own = bits_or(bits_equal(r.header.dst, all, 6),
                      bits_equal(r.header.dst, bridge->mac.ea, 6));
        x = bits_and(r.frames, own);
        reach_tc(&r, bridge, HOST_FILTER_INGRESS);
        reach_chains(&r, NFPROTO_NETDEV, NF_NETDEV_INGRESS, bridge->name);
        x = reach_certain(bits_and(x, r.frames));
        if (x != BITS_NONE) {
            struct audit_finding *f =
                audit_find(a, AUDIT_HOLE, "to-host", port->link->name,
                           "a frame of %s reaches the host by %s",
                           port->link->name, bridge->name);

            f->to = arena_strdup(a->arena, bridge->name);
            audit_find_frame(a, f, &r, x);
        }
        reach_done(&r);
        bits_release(region, BITS_NONE);
        if (x != BITS_NONE) {
            return true;
        }
    }
    return false;
}

static void
bridge_to_host(struct audit *a, const struct host_link *bridge)
{
    const struct audit_port *first = NULL;

    for (size_t i = 0; i < a->n_ports && !first; i++) {
        if (a->ports[i].link->master == bridge->ifindex
            && !a->ports[i].closed) {
            first = &a->ports[i];
            if (bridge->bridge->vlan_filtering
                && !host_link_vlan(bridge, host_link_pvid(first->link))) {
                first = NULL;
            }
        }
    }
    if (!first) {
        for (size_t i = 0; i < a->n_ports && !first; i++) {
            if (a->ports[i].link->master == bridge->ifindex
                && !a->ports[i].closed) {
                first = &a->ports[i];
            }
        }
    }
    if (!first || audit_is_shut(a, bridge)) {
        return;
    }
    if (listens(a, bridge) && find_frame_to(a, bridge, first)) {
        audit_worsen(&a->host_verdict, AUDIT_LEAK);
        return;
    }
    audit_find(a, AUDIT_OPEN, "to-host", bridge->name,
               "guests' frames get to %s itself, and what the host does with "
               "them is not proven",
               bridge->name);
    audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
}

/* A guest's device that is in no bridge hands frames to the host. */
static void
port_to_host(struct audit *a, struct audit_port *port)
{
    const struct host_link *link = port->link;

    if (port->closed || link->master || link->type == HOST_LINK_MACVLAN) {
        return;
    }
    audit_find(a, AUDIT_OPEN, "to-host", link->name,
               "%s is in no bridge: its frames are the host's", link->name);
    audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
}

static bool
sets_zone_early(const struct audit *a)
{
    for (size_t i = 0; i < a->ruleset->n_chains; i++) {
        const struct ruleset_chain *chain = &a->ruleset->chains[i];

        if (!chain->base || chain->table->family != NFPROTO_BRIDGE
            || chain->hook != NF_BR_PRE_ROUTING || chain->priority >= -200) {
            continue;
        }
        for (size_t j = 0; j < chain->n_rules; j++) {
            for (size_t k = 0; k < chain->rules[j].n_exprs; k++) {
                const struct expr *e = &chain->rules[j].exprs[k];

                if (e->kind == EXPR_CT_SET && e->ct.key == NFT_CT_ZONE) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Connections of two tenants with the same addresses must not meet. */
static void
connections(struct audit *a)
{
    bool tracked = false;

    for (size_t i = 0; i < a->host->n_hooks; i++) {
        const struct host_hook *h = &a->host->hooks[i];

        tracked = tracked
                  || (h->family == NFPROTO_BRIDGE
                      && !strncmp(h->function, "nf_ct_bridge", 12));
    }
    if (tracked && a->n_tenants > 1 && !sets_zone_early(a)) {
        audit_find(a, AUDIT_OPEN, "zones", "",
                   "bridged connections of all tenants are tracked in one "
                   "zone, and their fragments put together in it");
        audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    }
    if (host_has_module(a->host, "br_netfilter")
        && (host_sysctl_int(a->host, "net/bridge/bridge-nf-call-iptables", 1)
            || host_sysctl_int(a->host, "net/bridge/bridge-nf-call-ip6tables",
                               1))) {
        audit_find(a, AUDIT_WARNING, "br-netfilter", "",
                   "bridged frames go through the host's IP rules, and all "
                   "fragments into one queue");
    }
}

/* Copies and redirections that no port's evaluation has come across. */
static void
elsewhere(struct audit *a)
{
    for (size_t i = 0; i < a->host->n_filters; i++) {
        const struct host_filter *f = &a->host->filters[i];
        const struct host_link *link =
            f->ifindex ? host_link(a->host, f->ifindex) : NULL;
        bool of_port = false;

        for (size_t j = 0; j < a->n_ports; j++) {
            of_port = of_port || a->ports[j].link == link;
        }
        if (of_port && f->hook != HOST_FILTER_QUEUE) {
            continue;
        }
        for (size_t j = 0; j < f->n_actions; j++) {
            if (f->actions[j].kind == HOST_ACTION_MIRRED
                || f->actions[j].kind == HOST_ACTION_OTHER
                || f->kind == HOST_FILTER_BPF) {
                audit_find(a, AUDIT_OPEN, "redirect", link ? link->name : "",
                           "a tc filter (%s, pref %u) %s frames", f->name,
                           f->prio,
                           f->actions[j].kind == HOST_ACTION_MIRRED
                               ? "redirects or copies"
                               : "may change or redirect");
                audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
            }
        }
    }
    for (size_t i = 0; i < a->ruleset->n_flowtables; i++) {
        audit_find(a, AUDIT_OPEN, "flowtable", "",
                   "flowtable %s sends frames past the hooks",
                   a->ruleset->flowtables[i].name);
        audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
    }
    for (size_t i = 0; i < a->ruleset->n_chains; i++) {
        const struct ruleset_chain *chain = &a->ruleset->chains[i];

        for (size_t j = 0; j < chain->n_rules; j++) {
            for (size_t k = 0; k < chain->rules[j].n_exprs; k++) {
                enum expr_kind kind = chain->rules[j].exprs[k].kind;

                if (kind != EXPR_FWD && kind != EXPR_DUP) {
                    continue;
                }
                audit_find(a, AUDIT_OPEN, "redirect", "",
                           "%s %s %s, rule %" PRIu64 " sends frames or "
                           "copies elsewhere",
                           ruleset_family_name(chain->table->family),
                           chain->table->name, chain->name,
                           chain->rules[j].handle);
                audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
            }
        }
    }
}

/* Devices whose insides are not known, and that are up. */
static void
links(struct audit *a)
{
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];

        if (link->up
            && (link->type == HOST_LINK_OTHER
                || link->type == HOST_LINK_OPENVSWITCH
                || link->type == HOST_LINK_IFB
                || link->type == HOST_LINK_TEAM)) {
            audit_find(a, AUDIT_OPEN, "device", link->name,
                       "%s (%s) may take frames anywhere", link->name,
                       link->kind);
            audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
        }
        if (link->xdp) {
            audit_find(a, AUDIT_OPEN, "xdp", link->name,
                       "XDP program %u on %s may do anything with frames",
                       link->xdp_id, link->name);
            audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
        }
        if (link->n_vfs) {
            audit_find(a, AUDIT_WARNING, "virtual-functions", link->name,
                       "%s has %u virtual functions, whose frames this host "
                       "does not see",
                       link->name, link->n_vfs);
        }
    }
}

/* Flags of guests' ports that are no hole by themselves. */
static void
flags(struct audit *a)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *port = &a->ports[i];
        const struct host_port *p = port->link->port;
        const char *name = port->link->name;

        if (!p || !port->link->up) {
            continue;
        }
        if (p->learning && !p->locked) {
            audit_find(a, AUDIT_WARNING, "learning", name,
                       "the bridge learns at %s", name);
        }
        if (p->hairpin) {
            audit_find(a, AUDIT_WARNING, "hairpin", name,
                       "%s gets its own frames back (hairpin)", name);
        }
        if (p->unicast_flood) {
            audit_find(a, AUDIT_WARNING, "flood", name,
                       "frames to unknown MACs are flooded to %s", name);
        }
        if (port->link->n_vlans > 1) {
            audit_find(a, AUDIT_WARNING, "vlans", name,
                       "%s is a member of %zu VLANs", name,
                       port->link->n_vlans);
        }
        if (a->policy && port->interface) {
            uint16_t vlan = port->interface->network->vlan;

            if (host_link_pvid(port->link) != vlan) {
                audit_find(a, AUDIT_WARNING, "drift", name,
                           "%s is in VLAN %u, the policy says %u", name,
                           host_link_pvid(port->link), vlan);
            }
        } else if (a->policy && !port->closed) {
            audit_find(a, AUDIT_OPEN, "no-policy", name,
                       "%s is open, and no interface of the policy is there",
                       name);
            audit_worsen(&a->host_verdict, AUDIT_NOT_PROVEN);
        }
    }
}

/* VLANs of trunks that no port here is in. */
static void
trunks(struct audit *a)
{
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];
        size_t unused = 0;

        if (link->type != HOST_LINK_PHYSICAL || link->xen_backend
            || !link->port) {
            continue;
        }
        for (size_t j = 0; j < link->n_vlans; j++) {
            bool used = false;

            for (size_t k = 0; k < a->n_ports && !used; k++) {
                used = a->ports[k].link->master == link->master
                       && host_link_vlan(a->ports[k].link, link->vlans[j].vid);
            }
            unused += !used;
        }
        if (unused) {
            audit_find(a, AUDIT_NOTE, "unused-vlans", link->name,
                       "%zu VLANs of trunk %s have no port here", unused,
                       link->name);
        }
    }
}

void
audit_host(struct audit *a)
{
    header_forget();
    for (size_t i = 0; i < a->host->n_links; i++) {
        if (a->host->links[i].bridge) {
            bridge_to_host(a, &a->host->links[i]);
        }
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        port_to_host(a, &a->ports[i]);
    }
    connections(a);
    elsewhere(a);
    links(a);
    flags(a);
    trunks(a);
}
