/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads network devices: one dump for all, and the bridge itself once more,
 * since only a full answer has its address generation mode. Values of sysctls
 * come with the dump (IFLA_AF_SPEC), so that they belong to an ifindex and not
 * to a name. */

#include <cordon-config.h>
#include "dataplane/linux/device.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/rtmsg.h"
#include "hash.h"
#include "lib/arena.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "openvswitch/dynamic-string.h"
#include "plan/plan.h"
#include "util.h"

const struct brport_flag brport_flags[] = {
    { "hairpin", IFLA_BRPORT_MODE },
    { "bpdu_guard", IFLA_BRPORT_GUARD },
    { "root_block", IFLA_BRPORT_PROTECT },
    { "fastleave", IFLA_BRPORT_FAST_LEAVE },
    { "learning", IFLA_BRPORT_LEARNING },
    { "flood", IFLA_BRPORT_UNICAST_FLOOD },
    { "mcast_flood", IFLA_BRPORT_MCAST_FLOOD },
    { "bcast_flood", IFLA_BRPORT_BCAST_FLOOD },
    { "mcast_to_unicast", IFLA_BRPORT_MCAST_TO_UCAST },
    { "proxy_arp", IFLA_BRPORT_PROXYARP },
    { "proxy_arp_wifi", IFLA_BRPORT_PROXYARP_WIFI },
    { "vlan_tunnel", IFLA_BRPORT_VLAN_TUNNEL },
    { "neigh_suppress", IFLA_BRPORT_NEIGH_SUPPRESS },
    { "isolated", IFLA_BRPORT_ISOLATED },
    { "locked", IFLA_BRPORT_LOCKED },
    /* Not a flag of the kernel's; the only state that forwards. It is not
     * asked for while there is no carrier, since it cannot be had then. */
    { "forwarding", IFLA_BRPORT_STATE },
};
const size_t n_brport_flags = ARRAY_SIZE(brport_flags);

struct reading {
    struct device *v;
    size_t n, allocated;
};

static const struct nla_policy link_policy[IFLA_MAX + 1] = {
    [IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = IFNAMSIZ },
    [IFLA_MASTER] = { .type = NLA_U32 },
    [IFLA_LINKINFO] = { .type = NLA_NESTED },
    [IFLA_AF_SPEC] = { .type = NLA_NESTED },
};

static bool
string_is(const struct nlattr *a, const char *s)
{
    size_t n = strlen(s);

    /* With or without the final 0. */
    return a && (size_t) nla_len(a) >= n && !memcmp(nla_data(a), s, n)
           && ((size_t) nla_len(a) == n || !((char *) nla_data(a))[n]);
}

static int
parse_bridge(struct nlattr *data, struct bridge_attrs *ret)
{
    struct nlattr *tb[IFLA_BR_MAX + 1];
    struct bridge_attrs b;

    memset(&b, 0, sizeof b);
    if (nla_parse_nested(tb, IFLA_BR_MAX, data, NULL) < 0) {
        return -EPROTO;
    }
    b.vlan_filtering = attr_u8(tb[IFLA_BR_VLAN_FILTERING], 0);
    b.default_pvid = attr_u16(tb[IFLA_BR_VLAN_DEFAULT_PVID], 0);
    b.vlan_protocol = ntohs(attr_u16(tb[IFLA_BR_VLAN_PROTOCOL], 0));
    b.stp = attr_u32(tb[IFLA_BR_STP_STATE], 0);
    b.mcast_snooping = attr_u8(tb[IFLA_BR_MCAST_SNOOPING], 0);
    b.group_fwd_mask = attr_u16(tb[IFLA_BR_GROUP_FWD_MASK], 0);
    b.ageing = attr_u32(tb[IFLA_BR_AGEING_TIME], 0);
    b.nf_call_iptables = attr_u8(tb[IFLA_BR_NF_CALL_IPTABLES], 0);
    b.nf_call_ip6tables = attr_u8(tb[IFLA_BR_NF_CALL_IP6TABLES], 0);
    b.nf_call_arptables = attr_u8(tb[IFLA_BR_NF_CALL_ARPTABLES], 0);
    if (tb[IFLA_BR_MULTI_BOOLOPT]
        && nla_len(tb[IFLA_BR_MULTI_BOOLOPT])
               >= (int) sizeof(struct br_boolopt_multi)) {
        const struct br_boolopt_multi *opt;

        opt = nla_data(tb[IFLA_BR_MULTI_BOOLOPT]);
        b.no_linklocal_learn =
            (opt->optval & (1u << BR_BOOLOPT_NO_LL_LEARN)) != 0;
    }
    *ret = b;
    return 0;
}

static int
parse_brport(struct nlattr *data, uint32_t link_flags,
             struct brport_attrs *ret)
{
    struct nlattr *tb[IFLA_BRPORT_MAX + 1];
    struct brport_attrs p;

    memset(&p, 0, sizeof p);
    if (nla_parse_nested(tb, IFLA_BRPORT_MAX, data, NULL) < 0) {
        return -EPROTO;
    }
    for (size_t i = 0; i < n_brport_flags; i++) {
        uint8_t value = attr_u8(tb[brport_flags[i].attr], 0);

        if (brport_flags[i].attr == IFLA_BRPORT_STATE) {
            value =
                value == BR_STATE_FORWARDING || !(link_flags & IFF_RUNNING);
        }
        p.flags |= value ? 1u << i : 0;
    }
    p.multicast_router = attr_u8(tb[IFLA_BRPORT_MULTICAST_ROUTER], 0);
    p.group_fwd_mask = attr_u16(tb[IFLA_BRPORT_GROUP_FWD_MASK], 0);
    p.backup = attr_u32(tb[IFLA_BRPORT_BACKUP_PORT], 0) != 0;
    *ret = p;
    return 0;
}

/* Value 'i' of an array of 32-bit numbers, 0 if it is not there. */
static uint32_t
array_u32(const struct nlattr *a, size_t i)
{
    return (size_t) nla_len(a) >= (i + 1) * 4
               ? ((const uint32_t *) nla_data(a))[i]
               : 0;
}

static void
parse_ip(struct nlattr *spec, struct device *d)
{
    struct nlattr *af, *tb[MAX(IFLA_INET_MAX, IFLA_INET6_MAX) + 1];
    struct ip_attrs *ip = &d->ip;
    int rem;

    nla_for_each_nested (af, spec, rem) {
        if (nla_type(af) == AF_INET
            && !nla_parse_nested(tb, IFLA_INET_MAX, af, NULL)
            && tb[IFLA_INET_CONF]) {
            const struct nlattr *c = tb[IFLA_INET_CONF];

            ip->has_ipv4 = true;
            ip->forwarding = array_u32(c, IPV4_DEVCONF_FORWARDING - 1);
            ip->proxy_arp = array_u32(c, IPV4_DEVCONF_PROXY_ARP - 1);
            ip->route_localnet = array_u32(c, IPV4_DEVCONF_ROUTE_LOCALNET - 1);
            ip->arp_ignore = array_u32(c, IPV4_DEVCONF_ARP_IGNORE - 1);
            ip->drop_unicast_in_l2_multicast =
                array_u32(c, IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST - 1);
        } else if (nla_type(af) == AF_INET6
                   && !nla_parse_nested(tb, IFLA_INET6_MAX, af, NULL)) {
            ip->ipv6 =
                !tb[IFLA_INET6_CONF]
                || !array_u32(tb[IFLA_INET6_CONF], DEVCONF_DISABLE_IPV6);
            d->bridge.addr_gen = tb[IFLA_INET6_ADDR_GEN_MODE]
                                 && attr_u8(tb[IFLA_INET6_ADDR_GEN_MODE], 0)
                                        != IN6_ADDR_GEN_MODE_NONE;
        }
    }
}

static int
parse_info(struct nlattr *linkinfo, struct device *d)
{
    struct nlattr *tb[IFLA_INFO_MAX + 1];
    int error = 0;

    if (nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, NULL) < 0) {
        return -EPROTO;
    }
    d->is_bridge = string_is(tb[IFLA_INFO_KIND], "bridge");
    if (d->is_bridge && tb[IFLA_INFO_DATA]) {
        error = parse_bridge(tb[IFLA_INFO_DATA], &d->bridge);
    }
    d->is_brport = string_is(tb[IFLA_INFO_SLAVE_KIND], "bridge");
    if (d->is_brport && tb[IFLA_INFO_SLAVE_DATA] && !error) {
        error = parse_brport(tb[IFLA_INFO_SLAVE_DATA], d->flags, &d->brport);
    }
    return error;
}

/* What cannot be read may be a program. */
static bool
has_xdp(struct nlattr *a)
{
    struct nlattr *tb[IFLA_XDP_MAX + 1];

    return a
           && (nla_parse_nested(tb, IFLA_XDP_MAX, a, NULL) < 0
               || attr_u8(tb[IFLA_XDP_ATTACHED], 0) != XDP_ATTACHED_NONE);
}

static int
link_cb(const struct nlmsghdr *nlh, void *reading_)
{
    const struct ifinfomsg *ifi = nlmsg_data(nlh);
    struct nlattr *tb[IFLA_MAX + 1];
    struct reading *r = reading_;
    struct device *d;
    int error;

    if (nlh->nlmsg_type != RTM_NEWLINK) {
        return 0;
    }
    error = nlsock_parse(nlh, sizeof *ifi, tb, IFLA_MAX, link_policy);
    if (error || !tb[IFLA_IFNAME]) {
        return -EPROTO;
    }
    if (r->n == r->allocated) {
        r->v = x2nrealloc(r->v, &r->allocated, sizeof *r->v);
    }
    d = &r->v[r->n++];
    memset(d, 0, sizeof *d); /* Padding is hashed too. */
    d->ifindex = ifi->ifi_index;
    d->flags = ifi->ifi_flags;
    d->master = attr_u32(tb[IFLA_MASTER], 0);
    d->xdp = has_xdp(tb[IFLA_XDP]);
    ovs_strzcpy(d->name, nla_data(tb[IFLA_IFNAME]), sizeof d->name);
    if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) == (int) sizeof d->mac) {
        memcpy(&d->mac, nla_data(tb[IFLA_ADDRESS]), sizeof d->mac);
    }
    if (tb[IFLA_LINKINFO]) {
        error = parse_info(tb[IFLA_LINKINFO], d);
    }
    if (tb[IFLA_AF_SPEC]) {
        parse_ip(tb[IFLA_AF_SPEC], d);
    }
    d->ours = d->is_bridge && string_is(tb[IFLA_IFALIAS], PLAN_BRIDGE_ALIAS);
    return error;
}

static int
compare_devices(const void *a_, const void *b_)
{
    const struct device *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

int
devices_read(struct nlsock *sock, const char *bridge, struct arena *arena,
             struct devices *ret)
{
    struct reading all = { .n = 0 }, one = { .n = 0 };
    int error;

    error = nlsock_dump(sock, rtmsg_get_links(), link_cb, &all);
    if (error) {
        goto out;
    }
    error = nlsock_get(sock, rtmsg_get_link(bridge), link_cb, &one);
    if (error && error != -ENODEV) {
        goto out;
    }
    error = 0;
    if (all.n) {
        qsort(all.v, all.n, sizeof *all.v, compare_devices);
    }
    ret->v = ARENA_ARRAY(arena, struct device, MAX(all.n, 1));
    ret->n = all.n;
    for (size_t i = 0; i < all.n; i++) {
        ret->v[i] = one.n && one.v[0].ifindex == all.v[i].ifindex ? one.v[0]
                                                                  : all.v[i];
    }
out:
    free(all.v);
    free(one.v);
    return error;
}

void
devices_copy(const struct devices *from, struct arena *arena,
             struct devices *to)
{
    to->v = ARENA_ARRAY(arena, struct device, MAX(from->n, 1));
    to->n = from->n;
    memcpy(to->v, from->v, from->n * sizeof *from->v);
}

uint32_t
devices_fingerprint(const struct devices *ds)
{
    return hash_bytes(ds->v, ds->n * sizeof *ds->v, 0);
}

const struct device *
device_by_index(const struct devices *ds, uint32_t ifindex)
{
    struct device key = { .ifindex = ifindex };

    return ds->n ? bsearch(&key, ds->v, ds->n, sizeof key, compare_devices)
                 : NULL;
}

const struct device *
device_by_name(const struct devices *ds, const char *name)
{
    for (size_t i = 0; i < ds->n; i++) {
        if (!strcmp(ds->v[i].name, name)) {
            return &ds->v[i];
        }
    }
    return NULL;
}

bool
device_in_our_bridge(const struct devices *ds, const struct device *d)
{
    const struct device *master;

    master = d->master ? device_by_index(ds, d->master) : NULL;
    return master && master->ours;
}

const char *
bridge_attrs_format(const struct bridge_attrs *b, struct eth_addr mac,
                    uint32_t flags, struct arena *arena)
{
    return arena_printf(
        arena,
        "%s%s vlan_filtering %d vlan_protocol %#x default_pvid %d "
        "stp %d mcast_snooping %d group_fwd_mask %#x no_linklocal_learn %d "
        "nf_call %d/%d/%d ageing %u addrgen %d "
        "address %02x:%02x:%02x:%02x:%02x:%02x",
        flags & IFF_UP ? "up" : "down", flags & IFF_NOARP ? " noarp" : "",
        b->vlan_filtering, b->vlan_protocol, b->default_pvid, b->stp,
        b->mcast_snooping, b->group_fwd_mask, b->no_linklocal_learn,
        b->nf_call_iptables, b->nf_call_ip6tables, b->nf_call_arptables,
        b->ageing, b->addr_gen, mac.ea[0], mac.ea[1], mac.ea[2], mac.ea[3],
        mac.ea[4], mac.ea[5]);
}

const char *
brport_attrs_format(const struct brport_attrs *p, struct arena *arena)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    const char *text;

    for (size_t i = 0; i < n_brport_flags; i++) {
        if (p->flags & (1u << i)) {
            ds_put_format(&s, "%s ", brport_flags[i].name);
        }
    }
    if (p->multicast_router) {
        ds_put_format(&s, "multicast_router %u ", p->multicast_router);
    }
    if (p->group_fwd_mask) {
        ds_put_format(&s, "group_fwd_mask %#x ", p->group_fwd_mask);
    }
    if (p->backup) {
        ds_put_cstr(&s, "backup_port ");
    }
    ds_chomp(&s, ' ');
    text = arena_strdup(arena, ds_cstr(&s));
    ds_destroy(&s);
    return text;
}

const char *
ip_attrs_format(const struct ip_attrs *ip, struct arena *arena)
{
    return arena_printf(
        arena,
        "disable_ipv6 %d forwarding %u proxy_arp %u route_localnet %u "
        "arp_ignore %u drop_unicast_in_l2_multicast %u",
        !ip->ipv6, ip->forwarding, ip->proxy_arp, ip->route_localnet,
        ip->arp_ignore, ip->drop_unicast_in_l2_multicast);
}
