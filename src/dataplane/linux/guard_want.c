/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From plan to objects: which base chains there are, and what the sets hold
 * for ports. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/guard_element.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/guard_shared.h"
#include "dataplane/linux/logged.h"
#include "lib/arena.h"
#include "packets.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

/* Base chains. */

static void
add_base_chain(struct guard_maker *m, uint32_t ifindex, const char *device,
               bool ingress, const char *go)
{
    const char *name =
        arena_printf(m->arena, "%s-%" PRIu32, ingress ? "in" : "out", ifindex);

    objects_add(m->objects,
                &(struct object){ .kind = OBJECT_NFT_CHAIN,
                                  .ifindex = ifindex,
                                  .name = name,
                                  .device = device,
                                  .text = ingress ? GUARD_BASE_INGRESS
                                                  : GUARD_BASE_EGRESS });
    objects_add(
        m->objects,
        &(struct object){ .kind = OBJECT_NFT_RULES,
                          .ifindex = ifindex,
                          .name = name,
                          .device = device,
                          .text = go ? arena_printf(m->arena, "goto %s", go)
                                     : "drop" });
}

static void
close_device(struct guard_maker *m, uint32_t ifindex, const char *device)
{
    add_base_chain(m, ifindex, device, true, NULL);
    add_base_chain(m, ifindex, device, false, NULL);
}

/* Ports. */

/* True if another prefix that 'p' lies in makes it superfluous: sets of
 * prefixes hold no two that overlap. */
static bool
is_covered(const struct prefix *p, const struct prefix *other, bool earlier)
{
    return !prefix_is_host(other) && prefix_contains(other, p)
           && (earlier || !prefix_contains(p, other));
}

/* What skb->mark becomes on the common path. */
static uint32_t
common_mark(const struct guard_maker *m, const struct plan_port *port,
            uint32_t mark)
{
    return rule_stateful(port->interface)
               ? mark | plan_whole_bit(m->plan->host->mark_mask)
               : mark;
}

/* A host's pair is on the common path. The way out goes without a look at
 * whether a frame is to its own sender, which the bridge knows and drops; not
 * where a MAC roams. */
static void
add_common(struct guard_maker *m, const struct plan_port *port, uint32_t mark,
           const struct plan_pair *pair)
{
    bool v4 = pair->address.addr.family == AF_INET;
    ovs_be16 type = htons(v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
    struct guard_element e;

    if (!plan_mac_roams(port, pair->mac)) {
        e = guard_element(v4 ? "common4" : "common6", port->ifindex, 0);
        e.o.value[0] = common_mark(m, port, mark);
        guard_put_u32(&e, port->ifindex);
        guard_put(&e, pair->mac.ea, 6, 6);
        guard_put(&e, &type, 2, 2);
        guard_put_addr(&e, &pair->address.addr);
        guard_finish(m, &e);
    }

    e = guard_element(v4 ? "common-to4" : "common-to6", port->ifindex, 0);
    guard_put_u32(&e, mark);
    guard_put_u32(&e, port->ifindex);
    guard_put_mac(&e, pair->mac);
    guard_put_addr(&e, &pair->address.addr);
    guard_finish(m, &e);
}

static void
add_pairs(struct guard_maker *m, const struct plan_port *port, uint32_t mark)
{
    for (size_t i = 0; i < port->n_pairs; i++) {
        const struct plan_pair *pair = &port->pairs[i];
        const struct prefix *p = &pair->address;
        bool need_pair = true, need_addr = true;

        for (size_t j = 0; j < port->n_pairs && !prefix_is_host(p); j++) {
            if (j != i && is_covered(p, &port->pairs[j].address, j < i)) {
                need_addr = false;
                if (eth_addr_equals(port->pairs[j].mac, pair->mac)) {
                    need_pair = false;
                }
            }
        }
        if (prefix_is_host(p)) {
            add_common(m, port, mark, pair);
        }
        if (need_pair) {
            struct guard_element e =
                guard_element(guard_pair_set("pair", p), port->ifindex, 0);

            guard_put_u32(&e, port->ifindex);
            guard_put_mac(&e, pair->mac);
            guard_finish_prefix(m, &e, p);
        }
        if (need_addr) {
            struct guard_element e =
                guard_element(guard_pair_set("addr", p), port->ifindex, 0);

            guard_put_u32(&e, port->ifindex);
            guard_finish_prefix(m, &e, p);
        }
    }
}

static void
add_macs(struct guard_maker *m, const struct plan_port *port, uint32_t mark)
{
    for (size_t i = 0; i < port->n_macs; i++) {
        struct eth_addr mac = port->macs[i];
        struct guard_element e;

        e = guard_element("macs", port->ifindex, 0);
        guard_put_u32(&e, port->ifindex);
        guard_put_mac(&e, mac);
        guard_finish(m, &e);

        e = guard_element("same", port->ifindex, 0);
        guard_put_u32(&e, port->ifindex);
        guard_put_mac(&e, mac);
        guard_put_mac(&e, mac);
        guard_finish(m, &e);

        if (!plan_mac_roams(port, mac)) {
            guard_add_mac(m, GUARD_SET_LOCAL, port->segment->id, mark, mac);
            m->objects->v[m->objects->n - 1].owner = port->ifindex;
        }
    }
}

static void
add_flag(struct guard_maker *m, const struct plan_port *port, const char *set)
{
    struct guard_element e = guard_element(set, port->ifindex, 0);

    guard_put_u32(&e, port->ifindex);
    guard_finish(m, &e);
}

static void
add_logged(struct guard_maker *m, uint32_t ifindex, const char *set)
{
    struct guard_element e = guard_element(set, ifindex, 0);

    e.o.value[0] = LOGGED_RATE;
    guard_put_u32(&e, ifindex);
    guard_finish(m, &e);
}

static void
add_roles(struct guard_maker *m, const struct plan_port *port)
{
    const struct policy_interface *i = port->interface;
    struct guard_element e;

    if (i->router) {
        add_flag(m, port, "router");
    }
    if (i->dhcp_server) {
        add_flag(m, port, "dhcp-server");
    }
    if (port->mtu > 1500) {
        add_flag(m, port, "jumbo");
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        e = guard_element("vrrp", port->ifindex, 0);
        guard_put_u32(&e, port->ifindex);
        guard_put(&e, &i->vrrp[j].id, 1, 4);
        guard_finish(m, &e);
    }
    e = guard_element("storm", port->ifindex, 0);
    e.o.value[0] = i->storm;
    guard_put_u32(&e, port->ifindex);
    guard_finish(m, &e);
    if (logged_port(m->plan, port)) {
        add_logged(m, port->ifindex, LOGGED_FROM);
        add_logged(m, port->ifindex, LOGGED_TO);
    }
}

static void
add_port(struct guard_maker *m, const struct plan_port *port)
{
    uint32_t mark = segment_mark(port->segment->id, m->plan->host->mark_mask);
    struct guard_element e;

    add_base_chain(m, port->ifindex, port->device, true, GUARD_CHAIN_IN);
    add_base_chain(m, port->ifindex, port->device, false,
                   port->isolated ? guard_shared_chain(port, m->arena)
                                  : GUARD_CHAIN_OUT);

    if (port->community) {
        guard_want_community(m->plan, port, m->arena, m->objects);
    }

    e = guard_element("segment", port->ifindex, 0);
    e.o.value[0] = mark;
    guard_put_u32(&e, port->ifindex);
    guard_finish(m, &e);

    e = guard_element("members", port->ifindex, 0);
    guard_put_u32(&e, mark);
    guard_put_u32(&e, port->ifindex);
    guard_finish(m, &e);

    add_macs(m, port, mark);
    add_pairs(m, port, mark);
    add_roles(m, port);
}

void
guard_want(const struct plan *plan, struct arena *arena,
           struct objects *objects)
{
    struct guard_maker m = { plan, arena, objects, 0 };

    objects_add(objects, &(struct object){ .kind = OBJECT_NFT_TABLE,
                                           .name = GUARD_TABLE,
                                           .text = GUARD_TABLE_COMMENT });
    guard_want_fixed(plan->host, logged_any(plan), arena, objects);

    m.first_element = objects->n;
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (!port->ifindex) {
            continue;
        } else if (plan_port_closed(plan, port)) {
            close_device(&m, port->ifindex, port->device);
        } else {
            add_port(&m, port);
        }
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        close_device(&m, plan->strays[i].ifindex, plan->strays[i].device);
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        guard_want_segment(&m, &plan->segments[i]);
    }
    if (plan_uplink_usable(plan)) {
        add_base_chain(&m, plan->uplink, plan->host->uplink, true,
                       GUARD_CHAIN_UPLINK_IN);
        add_base_chain(&m, plan->uplink, plan->host->uplink, false,
                       GUARD_CHAIN_UPLINK_OUT);
    }
    if (plan->bridge) {
        add_base_chain(&m, plan->bridge, plan->host->bridge, true,
                       GUARD_CHAIN_HOST);
    }
    guard_unique(&m);
}
