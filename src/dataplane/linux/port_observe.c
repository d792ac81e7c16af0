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
#include <string.h>

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

    if (d->master && (guest || ours || (uplink && want_uplink(plan)))) {
        observe_master(ob, d, uplink);
    }
    if (ours && d->is_brport) {
        add(ob, OBJECT_BRPORT, d, brport_attrs_format(&d->brport, ob->arena));
    }
    if (d->flags & IFF_UP && (guest || (uplink && want_uplink(plan)))) {
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
vlan_cb(const struct nlmsghdr *nlh, void *ob_)
{
    const struct ifinfomsg *ifi = nlmsg_data(nlh);
    struct nlattr *tb[IFLA_MAX + 1], *a;
    struct observer *ob = ob_;
    const struct device *d;
    uint16_t first = 0;
    int rem;

    if (nlh->nlmsg_type != RTM_NEWLINK) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *ifi, tb, IFLA_MAX, NULL)) {
        return -EPROTO;
    }
    d = device_by_index(ob->devices, ifi->ifi_index);
    if (!tb[IFLA_AF_SPEC] || !d
        || (d != ob->bridge
            && !(ob->bridge && d->master == ob->bridge->ifindex))) {
        return 0;
    }
    nla_for_each_nested (a, tb[IFLA_AF_SPEC], rem) {
        const struct bridge_vlan_info *info = nla_data(a);
        const char *text;

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
        text = vlan_text(info->flags, ob->arena);
        for (uint32_t vid = first; vid <= info->vid; vid++) {
            port_vlan_key(add(ob, OBJECT_VLAN, d, text), vid);
        }
    }
    return 0;
}

/* What kind of an entry, NULL if it is the kernel's own affair. */
static const char *
fdb_text(const struct observer *ob, const struct device *d,
         const struct ndmsg *ndm, struct eth_addr mac)
{
    enum port_role role = port_role(ob->plan, d->ifindex);

    if (ndm->ndm_state & NUD_PERMANENT) {
        return mac_cmp(mac, d->mac) ? "local" : NULL;
    }
    if (ndm->ndm_state & NUD_NOARP) {
        return ndm->ndm_flags & NTF_STICKY ? PORT_STICKY : "static";
    }
    if (ndm->ndm_flags & NTF_EXT_LEARNED) {
        return "learnt elsewhere";
    }
    return d == ob->bridge || role == PORT_ROLE_GUEST ? "learnt" : NULL;
}

static int
fdb_cb(const struct nlmsghdr *nlh, void *ob_)
{
    const struct ndmsg *ndm = nlmsg_data(nlh);
    struct nlattr *tb[NDA_MAX + 1];
    struct observer *ob = ob_;
    const struct device *d;
    struct eth_addr mac;
    const char *text;

    if (nlh->nlmsg_type != RTM_NEWNEIGH) {
        return 0;
    }
    if (nlsock_parse(nlh, sizeof *ndm, tb, NDA_MAX, NULL)) {
        return -EPROTO;
    }
    d = device_by_index(ob->devices, ndm->ndm_ifindex);
    if (ndm->ndm_family != AF_BRIDGE || !d || !tb[NDA_LLADDR]
        || nla_len(tb[NDA_LLADDR]) != sizeof mac
        || attr_u32(tb[NDA_MASTER], 0) != ob->bridge->ifindex) {
        return 0;
    }
    memcpy(&mac, nla_data(tb[NDA_LLADDR]), sizeof mac);
    text = fdb_text(ob, d, ndm, mac);
    if (text) {
        port_fdb_key(add(ob, OBJECT_FDB, d, text), attr_u16(tb[NDA_VLAN], 0),
                     mac);
    }
    return 0;
}

int
port_observe(struct nlsock *sock, const struct plan *plan,
             const struct devices *ds, struct arena *arena, struct objects *os)
{
    struct observer ob = {
        .plan = plan,
        .devices = ds,
        .bridge = device_by_name(ds, plan->host->bridge),
        .arena = arena,
        .os = os,
    };
    int error;

    if (ob.bridge && !ob.bridge->ours) {
        ob.bridge = NULL;
    }
    for (size_t i = 0; i < ds->n; i++) {
        if (&ds->v[i] != ob.bridge) {
            observe_device(&ob, &ds->v[i]);
        }
    }
    if (!ob.bridge) {
        return 0;
    }
    error = nlsock_dump(sock, rtmsg_get_vlans(), vlan_cb, &ob);
    return error ? error
                 : nlsock_dump(sock, rtmsg_get_fdb(ob.bridge->ifindex), fdb_cb,
                               &ob);
}
