/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What bridges know: VLANs of ports and of the bridges themselves, FDB (of
 * VXLAN devices too), MDB. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/nlattr.h"
#include "util.h"

#define EXT_LOCKED (1u << 1) /* NTF_EXT_LOCKED, since Linux 6.2. */
#define FLAGS_EXT 15         /* NDA_FLAGS_EXT. */
#define VID_MAX 4095

struct vlan_item {
    uint32_t ifindex;
    struct host_vlan vlan;
};

/* BRIDGE_VLANDB_ENTRY: a VLAN, or a range of them that are alike. */
static void
decode_entry(struct host_build *b, uint32_t ifindex,
             const struct nlattr *entry, struct host_list *list)
{
    struct nlattr *tb[BRIDGE_VLANDB_ENTRY_MAX + 1];
    struct nlattr *tunnel[BRIDGE_VLANDB_TINFO_MAX + 1];
    struct bridge_vlan_info info;
    uint16_t last;

    host_nested(entry, tb, BRIDGE_VLANDB_ENTRY_MAX);
    if (!host_bytes(tb[BRIDGE_VLANDB_ENTRY_INFO], &info, sizeof info)
        || info.vid > VID_MAX) {
        host_unknown(b, ifindex, "bridge.vlan: a VLAN that cannot be read");
        return;
    }
    last = attr_u16(tb[BRIDGE_VLANDB_ENTRY_RANGE], info.vid);
    if (last < info.vid || last > VID_MAX) {
        host_unknown(b, ifindex, "bridge.vlan: a range that is none");
        last = info.vid;
    }
    host_nested(tb[BRIDGE_VLANDB_ENTRY_TUNNEL_INFO], tunnel,
                BRIDGE_VLANDB_TINFO_MAX);
    for (unsigned int vid = info.vid; vid <= last; vid++) {
        struct vlan_item *item = host_list_add(list, sizeof *item);
        uint32_t vni = attr_u32(tunnel[BRIDGE_VLANDB_TINFO_ID], 0);

        item->ifindex = ifindex;
        item->vlan = (struct host_vlan){
            .vid = vid,
            .untagged = info.flags & BRIDGE_VLAN_INFO_UNTAGGED,
            .pvid = info.flags & BRIDGE_VLAN_INFO_PVID,
            .state =
                attr_u8(tb[BRIDGE_VLANDB_ENTRY_STATE], BR_STATE_FORWARDING),
            .tunnel = vni ? vni + vid - info.vid : 0,
        };
    }
}

static void
vlan_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct br_vlan_msg *bvm = m->header;
    struct nlattr *attr;
    int rest;

    nla_for_each_attr (attr, m->attrs, m->n_attrs, rest) {
        if (nla_type(attr) == BRIDGE_VLANDB_ENTRY) {
            decode_entry(b, bvm->ifindex, attr, list);
        }
    }
}

static int
compare_vlans(const void *a_, const void *b_)
{
    const struct vlan_item *a = a_, *b = b_;

    return a->ifindex < b->ifindex     ? -1
           : a->ifindex > b->ifindex   ? 1
           : a->vlan.vid < b->vlan.vid ? -1
                                       : a->vlan.vid > b->vlan.vid;
}

static void
decode_vlans(struct host_build *b)
{
    struct host_list list = { .items = NULL };
    struct vlan_item *items;
    struct host_vlan *vlans;
    size_t n;

    host_each_message(b, "bridge.vlan", sizeof(struct br_vlan_msg), vlan_cb,
                      &list);
    items = host_list_take(b, &list, sizeof *items, &n);
    if (!n) {
        return;
    }
    qsort(items, n, sizeof *items, compare_vlans);
    vlans = ARENA_ARRAY(b->arena, struct host_vlan, n);
    for (size_t i = 0; i < n; i++) {
        struct host_link *link = host_build_link(b, items[i].ifindex);

        vlans[i] = items[i].vlan;
        if (link && !link->n_vlans) {
            link->vlans = &vlans[i];
        }
        if (link) {
            link->n_vlans++;
        }
    }
}

/* A kernel that does not tell VLANs may have any. */
static void
check_vlans_known(struct host_build *b)
{
    if (snapshot_part(b->host->snapshot, "bridge.vlan")->kind
        != SNAPSHOT_ABSENT) {
        return;
    }
    for (size_t i = 0; i < b->host->n_links; i++) {
        const struct host_link *link = &b->links[i];

        if (link->bridge && link->bridge->vlan_filtering) {
            host_unknown(b, link->ifindex,
                         "the kernel does not tell the VLANs of bridge %s",
                         link->name);
        }
    }
}

static void
fdb_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct ndmsg *ndm = m->header;
    struct nlattr *tb[FLAGS_EXT + 1];
    struct host_fdb *f;

    host_attrs(m, tb, FLAGS_EXT);
    f = host_list_add(list, sizeof *f);
    *f = (struct host_fdb){
        .bridge = attr_u32(tb[NDA_MASTER], 0),
        .ifindex = ndm->ndm_ifindex,
        .vlan = attr_u16(tb[NDA_VLAN], 0),
        .local = ndm->ndm_state & NUD_PERMANENT,
        .is_static = ndm->ndm_state & (NUD_PERMANENT | NUD_NOARP),
        .sticky = ndm->ndm_flags & NTF_STICKY,
        .external = ndm->ndm_flags & NTF_EXT_LEARNED,
        .locked = attr_u32(tb[FLAGS_EXT], 0) & EXT_LOCKED,
        .remote = host_addr(tb[NDA_DST]),
        .vni = attr_u32(tb[NDA_VNI], 0),
        .via = attr_u32(tb[NDA_IFINDEX], 0),
    };
    if (!host_bytes(tb[NDA_LLADDR], &f->mac, ETH_ALEN) && !tb[NDA_DST]) {
        host_unknown(b, f->ifindex, "bridge.fdb: an entry without MAC");
    }
}

static int
compare_fdb(const void *a_, const void *b_)
{
    const struct host_fdb *a = a_, *b = b_;
    int c = a->bridge < b->bridge ? -1 : a->bridge > b->bridge;

    c = c ? c : a->vlan < b->vlan ? -1 : a->vlan > b->vlan;
    c = c ? c : mac_cmp(a->mac, b->mac);
    return c ? c : a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

/* Copies the group or source of family 'protocol' (ETH_P_*). */
static struct addr
mdb_addr(uint16_t protocol, const void *bytes)
{
    struct addr a = { .family = 0 };

    if (protocol == ETH_P_IP) {
        a.family = AF_INET;
        memcpy(a.b, bytes, 4);
    } else if (protocol == ETH_P_IPV6) {
        a.family = AF_INET6;
        memcpy(a.b, bytes, 16);
    }
    return a;
}

/* MDBA_MDB_ENTRY_INFO: a struct, and attributes behind it. */
static void
decode_group(struct host_build *b, uint32_t bridge, const struct nlattr *info,
             struct host_list *list)
{
    struct nlattr *tb[MDBA_MDB_EATTR_MAX + 1];
    struct br_mdb_entry e;
    struct host_mdb *g;

    if ((size_t) nla_len(info) < sizeof e) {
        host_unknown(b, bridge, "bridge.mdb: an entry is too short");
        return;
    }
    memcpy(&e, nla_data(info), sizeof e);
    nla_parse(tb, MDBA_MDB_EATTR_MAX,
              ALIGNED_CAST(struct nlattr *,
                           (char *) nla_data(info) + NLA_ALIGN(sizeof e)),
              MAX(0, nla_len(info) - (int) NLA_ALIGN(sizeof e)), NULL);
    g = host_list_add(list, sizeof *g);
    g->bridge = bridge;
    g->ifindex = e.ifindex;
    g->vlan = e.vid;
    g->permanent = e.state == MDB_PERMANENT;
    g->group = mdb_addr(ntohs(e.addr.proto), &e.addr.u);
    g->source = host_addr(tb[MDBA_MDB_EATTR_SOURCE]);
    if (!e.addr.proto) {
        g->has_mac = true;
        memcpy(&g->mac, &e.addr.u, ETH_ALEN);
    }
}

static void
mdb_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct br_port_msg *bpm = m->header;
    struct nlattr *tb[MDBA_MAX + 1], *entry, *info;
    int rest, rest_info;

    host_attrs(m, tb, MDBA_MAX);
    if (tb[MDBA_MDB]) {
        nla_for_each_nested (entry, tb[MDBA_MDB], rest) {
            nla_for_each_nested (info, entry, rest_info) {
                if (nla_type(info) == MDBA_MDB_ENTRY_INFO) {
                    decode_group(b, bpm->ifindex, info, list);
                }
            }
        }
    }
    if (tb[MDBA_ROUTER]) {
        nla_for_each_nested (entry, tb[MDBA_ROUTER], rest) {
            struct host_mdb *g = host_list_add(list, sizeof *g);

            g->bridge = bpm->ifindex;
            g->ifindex = attr_u32(entry, 0);
            g->router = true;
        }
    }
}

void
host_decode_bridges(struct host_build *b)
{
    struct host_list fdb = { .items = NULL }, mdb = { .items = NULL };
    struct host_fdb *entries;

    decode_vlans(b);
    check_vlans_known(b);
    host_each_message(b, "bridge.fdb", sizeof(struct ndmsg), fdb_cb, &fdb);
    entries = host_list_take(b, &fdb, sizeof *entries, &b->host->n_fdb);
    if (entries) {
        qsort(entries, b->host->n_fdb, sizeof *entries, compare_fdb);
    }
    b->host->fdb = entries;
    host_each_message(b, "bridge.mdb", sizeof(struct br_port_msg), mdb_cb,
                      &mdb);
    b->host->mdb =
        host_list_take(b, &mdb, sizeof *b->host->mdb, &b->host->n_mdb);
}
