/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the kernel has of ports and uplink in the bridge: one dump of VLANs and
 * one of the FDB, beside the devices that have been read already.
 *
 * Everything in a bridge of ours is observed, also devices that do not belong
 * there. FDB entries that the kernel makes itself (a device's own MAC) and
 * those that the uplink learns are nobody's wish and left out. */

#include <cordon-config.h>
#include "dataplane/linux/port.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/port_attrs.h"
#include "dataplane/linux/rtmsg.h"
#include "dataplane/linux/want.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

#ifndef NTF_STICKY
#define NTF_STICKY (1 << 6)
#endif

struct observer {
    const struct plan *plan;
    const struct devices *devices;
    const struct device *bridge; /* NULL: there is none. */
    struct arena *arena;
    struct objects *os;
};

static struct object *
add(struct observer *ob, enum object_kind kind, const struct device *d,
    const char *text)
{
    bool bridge = d == ob->bridge;
    struct object o = {
        .kind = kind,
        .ifindex = bridge ? 0 : d->ifindex,
        .name = bridge ? ob->plan->host->bridge : NULL,
        .device = bridge ? NULL : d->name,
        .text = text,
    };

    return objects_add(ob->os, &o);
}

static bool
is_stray(const struct plan *plan, uint32_t ifindex)
{
    for (size_t i = 0; i < plan->n_strays; i++) {
        if (plan->strays[i].ifindex == ifindex) {
            return true;
        }
    }
    return false;
}

static void
observe_master(struct observer *ob, const struct device *d, bool uplink)
{
    const struct device *m = device_by_index(ob->devices, d->master);

    add(ob, OBJECT_MASTER, d,
        arena_printf(ob->arena, "%s%s", m ? m->name : "?",
                     uplink                 ? ""
                     : d->flags & IFF_NOARP ? " noarp"
                                            : " arp"));
}

static void
observe_device(struct observer *ob, const struct device *d)
{
    const struct plan *plan = ob->plan;
    bool guest =
        plan_port_by_ifindex(plan, d->ifindex) || is_stray(plan, d->ifindex);
    bool uplink = d->ifindex == plan->uplink;
    bool ours = device_in_our_bridge(ob->devices, d);
    /* A guest's that is in the plan no more: it goes down as it leaves, or
     * what the guest sends would reach the host itself. */
    bool former = ours && !uplink && port_is_guests(d);

    if (d->master && (guest || ours || (uplink && want_uplink(plan)))) {
        observe_master(ob, d, uplink);
    }
    if (ours && d->is_brport) {
        add(ob, OBJECT_BRPORT, d, brport_attrs_format(&d->brport, ob->arena));
    }
    if (d->flags & IFF_UP
        && (guest || former || (uplink && want_uplink(plan)))) {
        add(ob, OBJECT_UP, d, "up");
    }
}

static const char *
vlan_text(uint16_t flags, struct arena *arena)
{
    bool pvid = flags & BRIDGE_VLAN_INFO_PVID;
    bool untagged = flags & BRIDGE_VLAN_INFO_UNTAGGED;

    return pvid && untagged ? PORT_ACCESS
           : !pvid && !untagged
               ? PORT_TRUNK
               : arena_strdup(arena, pvid ? "pvid tagged" : "untagged");
}

static int
vlan_cb(const struct nlmsghdr *nlh, void *reading_)
{
    const struct ifinfomsg *ifi = nlmsg_data(nlh);
    struct nlattr *tb[IFLA_MAX + 1], *a;
    struct port_reading *r = reading_;
    uint16_t first = 0;
    int rem;

    if (nlh->nlmsg_type != RTM_NEWLINK) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *ifi, tb, IFLA_MAX, NULL)) {
        return -EPROTO;
    }
    if (!tb[IFLA_AF_SPEC]) {
        return 0;
    }
    nla_for_each_nested (a, tb[IFLA_AF_SPEC], rem) {
        const struct bridge_vlan_info *info = nla_data(a);

        if (nla_type(a) != IFLA_BRIDGE_VLAN_INFO) {
            continue;
        }
        if (nla_len(a) < (int) sizeof *info) {
            return -EPROTO;
        }
        if (info->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
            first = info->vid;
            continue;
        }
        if (!(info->flags & BRIDGE_VLAN_INFO_RANGE_END)) {
            first = info->vid;
        }
        if (r->n_vlans == r->allocated_vlans) {
            r->vlans =
                x2nrealloc(r->vlans, &r->allocated_vlans, sizeof *r->vlans);
        }
        r->vlans[r->n_vlans++] = (struct port_vlans){
            .ifindex = ifi->ifi_index,
            .first = first,
            .last = info->vid,
            .flags = info->flags,
        };
    }
    return 0;
}

static void
observe_vlans(struct observer *ob, const struct port_vlans *v)
{
    const struct device *d = device_by_index(ob->devices, v->ifindex);
    const char *text;

    if (!d || (d != ob->bridge && d->master != ob->bridge->ifindex)) {
        return;
    }
    text = vlan_text(v->flags, ob->arena);
    for (uint32_t vid = v->first; vid <= v->last; vid++) {
        port_vlan_key(add(ob, OBJECT_VLAN, d, text), vid);
    }
}

/* What kind of an entry, NULL if it is the kernel's own affair. */
static const char *
fdb_text(const struct observer *ob, const struct device *d,
         const struct port_fdb *e)
{
    enum port_role role = port_role(ob->plan, d->ifindex);

    if (e->state & NUD_PERMANENT) {
        return mac_cmp(e->mac, d->mac) ? "local" : NULL;
    }
    if (e->state & NUD_NOARP) {
        return e->flags & NTF_STICKY ? PORT_STICKY : "static";
    }
    if (e->flags & NTF_EXT_LEARNED) {
        return "learnt elsewhere";
    }
    return d == ob->bridge || role == PORT_ROLE_GUEST ? "learnt" : NULL;
}

static int
fdb_cb(const struct nlmsghdr *nlh, void *reading_)
{
    const struct ndmsg *ndm = nlmsg_data(nlh);
    struct nlattr *tb[NDA_MAX + 1];
    struct port_reading *r = reading_;
    struct port_fdb *e;

    if (nlh->nlmsg_type != RTM_NEWNEIGH) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *ndm, tb, NDA_MAX, NULL)) {
        return -EPROTO;
    }
    if (ndm->ndm_family != AF_BRIDGE || !tb[NDA_LLADDR]
        || nla_len(tb[NDA_LLADDR]) != sizeof e->mac
        || attr_u32(tb[NDA_MASTER], 0) != r->bridge) {
        return 0;
    }
    if (r->n_fdb == r->allocated_fdb) {
        r->fdb = x2nrealloc(r->fdb, &r->allocated_fdb, sizeof *r->fdb);
    }
    e = &r->fdb[r->n_fdb++];
    *e = (struct port_fdb){
        .ifindex = ndm->ndm_ifindex,
        .vlan = attr_u16(tb[NDA_VLAN], 0),
        .state = ndm->ndm_state,
        .flags = ndm->ndm_flags,
    };
    memcpy(&e->mac, nla_data(tb[NDA_LLADDR]), sizeof e->mac);
    return 0;
}

static void
observe_fdb(struct observer *ob, const struct port_fdb *e)
{
    const struct device *d = device_by_index(ob->devices, e->ifindex);
    const char *text = d ? fdb_text(ob, d, e) : NULL;

    if (text) {
        port_fdb_key(add(ob, OBJECT_FDB, d, text), e->vlan, e->mac);
    }
}

int
port_read(struct nlsock *sock, uint32_t bridge, struct port_reading *r)
{
    int error;

    *r = (struct port_reading){ .bridge = bridge };
    if (!bridge) {
        return 0;
    }
    error = nlsock_dump(sock, rtmsg_get_vlans(), vlan_cb, r);
    return error ? error : nlsock_dump(sock, rtmsg_get_fdb(bridge), fdb_cb, r);
}

void
port_reading_done(struct port_reading *r)
{
    free(r->vlans);
    free(r->fdb);
    memset(r, 0, sizeof *r);
}

void
port_observe(const struct port_reading *r, const struct plan *plan,
             const struct devices *ds, struct arena *arena, struct objects *os)
{
    struct observer ob = {
        .plan = plan,
        .devices = ds,
        .bridge = r->bridge ? device_by_index(ds, r->bridge) : NULL,
        .arena = arena,
        .os = os,
    };

    for (size_t i = 0; i < ds->n; i++) {
        if (&ds->v[i] != ob.bridge) {
            observe_device(&ob, &ds->v[i]);
        }
    }
    if (ob.bridge) {
        for (size_t i = 0; i < r->n_vlans; i++) {
            observe_vlans(&ob, &r->vlans[i]);
        }
        for (size_t i = 0; i < r->n_fdb; i++) {
            observe_fdb(&ob, &r->fdb[i]);
        }
    }
}
