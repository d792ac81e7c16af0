/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ports and the uplink in the bridge: what is wanted of them and the requests
 * that bring it about; `port_observe.c` reads what there is.
 *
 * A port sends to and receives from the one VLAN of its network, untagged. It
 * learns nothing: each MAC of its interface has a static and sticky FDB entry
 * (a merely static one moves when somebody else uses the MAC), and it is
 * locked, so that no other MAC gets in. Nothing is flooded to it but broadcast
 * and multicast. The uplink has the VLANs in use, tagged, and learns; unknown
 * unicast does not leave by it, which is why declared gateways have static
 * entries there. */

#include <cordon-config.h>
#include "dataplane/linux/port.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/port_attrs.h"
#include "dataplane/linux/rtmsg.h"
#include "dataplane/linux/want.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

/* A place for a MAC in a VLAN. */
struct place {
    uint16_t vlan;
    struct eth_addr mac;
    size_t rank;      /* The lowest gets it. */
    uint32_t ifindex; /* 0: nobody, but not the uplink either. */
    const char *device;
};

static uint32_t
flag(const char *name)
{
    for (size_t i = 0; i < n_brport_flags; i++) {
        if (!strcmp(brport_flags[i].name, name)) {
            return 1u << i;
        }
    }
    OVS_NOT_REACHED();
}

struct brport_attrs
port_attrs(enum port_role role)
{
    struct brport_attrs p = {
        .flags =
            flag("mcast_flood") | flag("bcast_flood") | flag("forwarding"),
    };

    switch (role) {
    case PORT_ROLE_GUEST:
        p.flags |= flag("locked") | flag("bpdu_guard") | flag("root_block");
        break;

    case PORT_ROLE_ROUTER:
        /* A virtual router's MAC comes and goes, and the guard lets no other
         * MAC in that could be learnt. */
        p.flags |= flag("learning") | flag("bpdu_guard") | flag("root_block");
        break;

    case PORT_ROLE_UPLINK:
        p.flags |= flag("learning");
        break;
    }
    return p;
}

bool
port_is_guests(const struct device *d)
{
    return d->is_brport && d->flags & IFF_NOARP
           && d->brport.flags & flag("bpdu_guard");
}

enum port_role
port_role(const struct plan *plan, uint32_t ifindex)
{
    const struct plan_port *port = plan_port_by_ifindex(plan, ifindex);

    return ifindex == plan->uplink           ? PORT_ROLE_UPLINK
           : port && port->interface->n_vrrp ? PORT_ROLE_ROUTER
                                             : PORT_ROLE_GUEST;
}

static void
want(struct objects *os, enum object_kind kind, uint32_t ifindex,
     const char *device, const char *text)
{
    struct object o = {
        .kind = kind,
        .ifindex = ifindex,
        .device = device,
        .text = text,
    };

    objects_add(os, &o);
}

void
port_vlan_key(struct object *o, uint16_t vlan)
{
    o->key[0] = vlan >> 8;
    o->key[1] = vlan;
    o->key_len = 2;
}

void
port_fdb_key(struct object *o, uint16_t vlan, struct eth_addr mac)
{
    port_vlan_key(o, vlan);
    memcpy(o->key + 2, &mac, sizeof mac);
    o->key_len = 2 + sizeof mac;
}

static void
want_vlan(struct objects *os, uint32_t ifindex, const char *device,
          uint16_t vlan, const char *text)
{
    want(os, OBJECT_VLAN, ifindex, device, text);
    port_vlan_key(&os->v[os->n - 1], vlan);
}

/* An uplink that has to stay out of the bridge is not put down: that would
 * close nothing more. */
static void
want_trunk(const struct plan *plan, const char *attrs, struct arena *arena,
           struct objects *os)
{
    const char *name = plan->host->uplink;

    if (want_uplink(plan)) {
        want(os, OBJECT_UP, plan->uplink, name, "up");
    }
    if (plan_uplink_usable(plan)) {
        const bool *used = want_segments(plan, arena);

        want(os, OBJECT_MASTER, plan->uplink, name, plan->host->bridge);
        want(os, OBJECT_BRPORT, plan->uplink, name, attrs);
        for (size_t i = 0; i < plan->n_segments; i++) {
            if (used[i]) {
                want_vlan(os, plan->uplink, name, plan->segments[i].vlan,
                          PORT_TRUNK);
            }
        }
    }
}

static void
want_ports(const struct plan *plan, struct arena *arena, struct objects *os)
{
    const char *master = arena_printf(arena, "%s noarp", plan->host->bridge);
    const char *text[N_PORT_ROLES];

    for (int i = 0; i < N_PORT_ROLES; i++) {
        struct brport_attrs attrs = port_attrs(i);

        text[i] = brport_attrs_format(&attrs, arena);
    }
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *p = &plan->ports[i];

        if (!want_port(plan, p)) {
            continue;
        }
        want(os, OBJECT_MASTER, p->ifindex, p->device, master);
        want(os, OBJECT_BRPORT, p->ifindex, p->device,
             text[port_role(plan, p->ifindex)]);
        want_vlan(os, p->ifindex, p->device, p->segment->vlan, PORT_ACCESS);
        if (!(p->tap && p->standby)) {
            want(os, OBJECT_UP, p->ifindex, p->device, "up");
        }
    }
    want_trunk(plan, text[PORT_ROLE_UPLINK], arena, os);
}

static int
compare_places(const void *a_, const void *b_)
{
    const struct place *a = a_, *b = b_;
    int c = a->vlan != b->vlan ? (a->vlan < b->vlan ? -1 : 1)
                               : mac_cmp(a->mac, b->mac);

    return c ? c : a->rank < b->rank ? -1 : a->rank > b->rank;
}

static size_t
count_places(const struct plan *plan)
{
    size_t n = 1;

    for (size_t i = 0; i < plan->n_ports; i++) {
        n += plan->ports[i].n_macs;
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        n += plan->segments[i].network->n_gateways
             + plan->segments[i].network->n_services;
    }
    return n;
}

/* Behind the uplink. */
static struct place
beyond(const struct plan *plan, const struct plan_segment *s,
       struct eth_addr mac, size_t rank)
{
    return (struct place){
        s->vlan,
        mac,
        rank,
        plan_uplink_usable(plan) ? plan->uplink : 0,
        plan->host->uplink,
    };
}

/* A MAC has one place in a VLAN: a port's before the uplink, the first port's
 * before another's. */
static void
want_fdb(const struct plan *plan, struct objects *os)
{
    struct place *v = xmalloc(count_places(plan) * sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *p = &plan->ports[i];

        if (!p->ifindex || p->standby) {
            continue;
        }
        for (size_t j = 0; j < p->n_macs; j++) {
            if (!plan_mac_roams(p, p->macs[j])) {
                v[n] = (struct place){
                    p->segment->vlan,
                    p->macs[j],
                    n,
                    want_port(plan, p) ? p->ifindex : 0,
                    p->device,
                };
                n++;
            }
        }
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        const struct plan_segment *s = &plan->segments[i];

        for (size_t j = 0; j < s->network->n_gateways; j++, n++) {
            v[n] = beyond(plan, s, s->network->gateways[j].mac, n);
        }
        for (size_t j = 0; j < s->network->n_services; j++, n++) {
            v[n] = beyond(plan, s, s->network->services[j].mac, n);
        }
    }
    if (n) {
        qsort(v, n, sizeof *v, compare_places);
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].ifindex
            && (!i || v[i].vlan != v[i - 1].vlan
                || mac_cmp(v[i].mac, v[i - 1].mac))) {
            want(os, OBJECT_FDB, v[i].ifindex, v[i].device, PORT_STICKY);
            port_fdb_key(&os->v[os->n - 1], v[i].vlan, v[i].mac);
        }
    }
    free(v);
}

void
port_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    want_ports(plan, arena, os);
    want_fdb(plan, os);
}

static void
put_brport(struct nlsock *sock, const struct plan *plan,
           const struct change *c, uint32_t tag)
{
    struct brport_attrs attrs;

    if (!c->want) {
        return;
    }
    attrs = port_attrs(port_role(plan, c->want->ifindex));
    nlsock_queue(sock, rtmsg_brport(c->want->ifindex, &attrs), tag);
    if (c->have && !strstr(c->have->text, "forwarding")) {
        /* Can fail while the carrier comes and goes; no harm in that. */
        nlsock_queue(sock, rtmsg_brport_forward(c->want->ifindex),
                     NLSOCK_IGNORE);
    }
}

static void
put_vlan(struct nlsock *sock, const struct change *c, uint32_t bridge,
         uint32_t tag)
{
    const struct object *o = change_object(c);
    uint16_t vlan = o->key[0] << 8 | o->key[1];
    uint32_t ifindex = o->ifindex ? o->ifindex : bridge;

    nlsock_queue(sock,
                 rtmsg_vlan(ifindex, vlan, c->want, !o->ifindex,
                            c->want && !strcmp(o->text, PORT_ACCESS)),
                 tag);
}

static void
put_fdb(struct nlsock *sock, const struct change *c, uint32_t bridge,
        uint32_t tag)
{
    const struct object *o = change_object(c);
    uint32_t ifindex = o->ifindex ? o->ifindex : bridge;
    uint16_t vlan = o->key[0] << 8 | o->key[1];
    struct eth_addr mac;

    memcpy(&mac, o->key + 2, sizeof mac);
    if (c->have) {
        /* Also before a change: nothing else makes an entry sticky. */
        nlsock_queue(sock, rtmsg_del_fdb(ifindex, vlan, mac, !o->ifindex),
                     tag);
    }
    if (c->want) {
        nlsock_queue(sock, rtmsg_new_fdb(ifindex, vlan, mac), tag);
    }
}

void
port_put(struct nlsock *sock, const struct plan *plan, const struct change *c,
         uint32_t bridge, uint32_t tag)
{
    const struct object *o = change_object(c);
    bool uplink = o->ifindex == plan->uplink;

    switch (o->kind) {
    case OBJECT_MASTER:
        nlsock_queue(sock,
                     rtmsg_master(o->ifindex, c->want ? bridge : 0,
                                  c->want && !uplink ? IFF_NOARP : 0,
                                  c->want && !uplink ? IFF_NOARP : 0),
                     tag);
        break;

    case OBJECT_BRPORT:
        put_brport(sock, plan, c, tag);
        break;

    case OBJECT_VLAN:
        put_vlan(sock, c, bridge, tag);
        break;

    case OBJECT_FDB:
        put_fdb(sock, c, bridge, tag);
        break;

    case OBJECT_UP:
        nlsock_queue(
            sock, rtmsg_flags(o->ifindex, c->want ? IFF_UP : 0, IFF_UP), tag);
        break;

    case OBJECT_BRIDGE:
    case OBJECT_SYSCTL:
    case OBJECT_MODULE_HOST:
    case OBJECT_MODULE_SEGMENT:
    case OBJECT_MODULE_PORT:
    case OBJECT_NFT_TABLE:
    case OBJECT_NFT_SET:
    case OBJECT_NFT_CHAIN:
    case OBJECT_NFT_RULES:
    case OBJECT_NFT_ELEMENT:
    case OBJECT_GROUP_TABLE:
    case OBJECT_GROUP_SET:
    case OBJECT_GROUP_CHAIN:
    case OBJECT_GROUP_RULES:
    case OBJECT_GROUP_ELEMENT:
    case OBJECT_QDISC:
    case OBJECT_FILTER:
    case OBJECT_SHAPE:
    case OBJECT_POLICE:
        break;
    }
}
