/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Links (RTM_NEWLINK, net/core/rtnetlink.c): what each is, what it is joined
 * to, what runs ahead of it. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/nlattr.h"
#include "util.h"

/* Attributes that matter have lower numbers. */
#define MAX_BRIDGE IFLA_BR_MAX
#define MAX_INFO 8

#define BRPORT_MAB (IFLA_BRPORT_LOCKED + 1) /* Since Linux 6.2. */

static const struct {
    const char *kind;
    enum host_link_type type;
} types[] = {
    { "bridge", HOST_LINK_BRIDGE },
    { "vlan", HOST_LINK_VLAN },
    { "veth", HOST_LINK_VETH },
    { "macvlan", HOST_LINK_MACVLAN },
    { "macvtap", HOST_LINK_MACVLAN },
    { "ipvlan", HOST_LINK_IPVLAN },
    { "ipvtap", HOST_LINK_IPVLAN },
    { "vxlan", HOST_LINK_VXLAN },
    { "geneve", HOST_LINK_TUNNEL },
    { "gre", HOST_LINK_TUNNEL },
    { "gretap", HOST_LINK_TUNNEL },
    { "erspan", HOST_LINK_TUNNEL },
    { "ip6gre", HOST_LINK_TUNNEL },
    { "ip6gretap", HOST_LINK_TUNNEL },
    { "ip6erspan", HOST_LINK_TUNNEL },
    { "ipip", HOST_LINK_TUNNEL },
    { "sit", HOST_LINK_TUNNEL },
    { "ip6tnl", HOST_LINK_TUNNEL },
    { "vti", HOST_LINK_TUNNEL },
    { "vti6", HOST_LINK_TUNNEL },
    { "wireguard", HOST_LINK_TUNNEL },
    { "bareudp", HOST_LINK_TUNNEL },
    { "gtp", HOST_LINK_TUNNEL },
    { "bond", HOST_LINK_BOND },
    { "team", HOST_LINK_TEAM },
    { "vrf", HOST_LINK_VRF },
    { "tun", HOST_LINK_TUN },
    { "ifb", HOST_LINK_IFB },
    { "dummy", HOST_LINK_DUMMY },
    { "openvswitch", HOST_LINK_OPENVSWITCH },
};

static enum host_link_type
type_of(const struct host_link *link)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (!strcmp(link->kind, types[i].kind)) {
            return types[i].type;
        }
    }
    return link->kind[0]                ? HOST_LINK_OTHER
           : link->flags & IFF_LOOPBACK ? HOST_LINK_LOOPBACK
                                        : HOST_LINK_PHYSICAL;
}

/* IFLA_INFO_DATA of a bridge. What is missing is as it lets the most pass. */
static struct host_bridge *
decode_bridge(struct host_build *b, const struct nlattr *data)
{
    struct host_bridge *br = ARENA_ARRAY(b->arena, struct host_bridge, 1);
    struct nlattr *tb[MAX_BRIDGE + 1];
    struct br_boolopt_multi options;

    host_nested(data, tb, MAX_BRIDGE);
    br->vlan_filtering = attr_u8(tb[IFLA_BR_VLAN_FILTERING], 0);
    br->vlan_protocol = ntohs(attr_u16(tb[IFLA_BR_VLAN_PROTOCOL], 0));
    br->default_pvid = attr_u16(tb[IFLA_BR_VLAN_DEFAULT_PVID], 0);
    br->stp = attr_u32(tb[IFLA_BR_STP_STATE], 0);
    br->group_fwd_mask = attr_u16(tb[IFLA_BR_GROUP_FWD_MASK], 0xffff);
    host_bytes(tb[IFLA_BR_GROUP_ADDR], &br->group_address, ETH_ALEN);
    br->mcast_snooping = attr_u8(tb[IFLA_BR_MCAST_SNOOPING], 0);
    br->mcast_querier = attr_u8(tb[IFLA_BR_MCAST_QUERIER], 0);
    br->mcast_router = attr_u8(tb[IFLA_BR_MCAST_ROUTER], 1);
    br->nf_call_iptables = attr_u8(tb[IFLA_BR_NF_CALL_IPTABLES], 0);
    br->nf_call_ip6tables = attr_u8(tb[IFLA_BR_NF_CALL_IP6TABLES], 0);
    br->nf_call_arptables = attr_u8(tb[IFLA_BR_NF_CALL_ARPTABLES], 0);
    br->vlan_stats = attr_u8(tb[IFLA_BR_VLAN_STATS_ENABLED], 0);
    br->ageing = attr_u32(tb[IFLA_BR_AGEING_TIME], 0);
    if (host_bytes(tb[IFLA_BR_MULTI_BOOLOPT], &options, sizeof options)) {
        br->no_linklocal_learn = options.optval & 1u << BR_BOOLOPT_NO_LL_LEARN;
        br->mcast_vlan_snooping =
            options.optval & 1u << BR_BOOLOPT_MCAST_VLAN_SNOOPING;
    }
    return br;
}

/* IFLA_INFO_SLAVE_DATA of a bridge's port, in the same way. */
static struct host_port *
decode_port(struct host_build *b, uint32_t bridge, const struct nlattr *data)
{
    struct host_port *p = ARENA_ARRAY(b->arena, struct host_port, 1);
    struct nlattr *tb[BRPORT_MAB + 1];

    host_nested(data, tb, BRPORT_MAB);
    *p = (struct host_port){
        .bridge = bridge,
        .state = attr_u8(tb[IFLA_BRPORT_STATE], BR_STATE_FORWARDING),
        .learning = attr_u8(tb[IFLA_BRPORT_LEARNING], 1),
        .unicast_flood = attr_u8(tb[IFLA_BRPORT_UNICAST_FLOOD], 1),
        .mcast_flood = attr_u8(tb[IFLA_BRPORT_MCAST_FLOOD], 1),
        .bcast_flood = attr_u8(tb[IFLA_BRPORT_BCAST_FLOOD], 1),
        .isolated = attr_u8(tb[IFLA_BRPORT_ISOLATED], 0),
        .locked = attr_u8(tb[IFLA_BRPORT_LOCKED], 0),
        .hairpin = attr_u8(tb[IFLA_BRPORT_MODE], 1),
        .guard = attr_u8(tb[IFLA_BRPORT_GUARD], 0),
        .protect = attr_u8(tb[IFLA_BRPORT_PROTECT], 0),
        .fast_leave = attr_u8(tb[IFLA_BRPORT_FAST_LEAVE], 0),
        .proxy_arp = attr_u8(tb[IFLA_BRPORT_PROXYARP], 0),
        .proxy_arp_wifi = attr_u8(tb[IFLA_BRPORT_PROXYARP_WIFI], 0),
        .neigh_suppress = attr_u8(tb[IFLA_BRPORT_NEIGH_SUPPRESS], 0),
        .vlan_tunnel = attr_u8(tb[IFLA_BRPORT_VLAN_TUNNEL], 0),
        .mcast_to_unicast = attr_u8(tb[IFLA_BRPORT_MCAST_TO_UCAST], 0),
        .mab = attr_u8(tb[BRPORT_MAB], 0),
        .mcast_router = attr_u8(tb[IFLA_BRPORT_MULTICAST_ROUTER], 1),
        .group_fwd_mask = attr_u16(tb[IFLA_BRPORT_GROUP_FWD_MASK], 0xffff),
        .backup = attr_u32(tb[IFLA_BRPORT_BACKUP_PORT], 0),
    };
    return p;
}

static void
decode_vlan(struct host_link *link, const struct nlattr *data)
{
    struct nlattr *tb[IFLA_VLAN_MAX + 1];

    host_nested(data, tb, IFLA_VLAN_MAX);
    link->vlan_id = attr_u16(tb[IFLA_VLAN_ID], 0);
    link->vlan_protocol =
        ntohs(attr_u16(tb[IFLA_VLAN_PROTOCOL], htons(ETH_P_8021Q)));
}

static void
decode_vxlan(struct host_link *link, const struct nlattr *data)
{
    struct nlattr *tb[IFLA_VXLAN_MAX + 1];

    host_nested(data, tb, IFLA_VXLAN_MAX);
    link->vni = attr_u32(tb[IFLA_VXLAN_ID], 0);
    link->external = attr_u8(tb[IFLA_VXLAN_COLLECT_METADATA], 0);
    link->vxlan_learning = attr_u8(tb[IFLA_VXLAN_LEARNING], 1);
    link->vxlan_proxy = attr_u8(tb[IFLA_VXLAN_PROXY], 0);
    link->udp_port = ntohs(attr_u16(tb[IFLA_VXLAN_PORT], 0));
    link->remote = host_addr(tb[IFLA_VXLAN_GROUP] ? tb[IFLA_VXLAN_GROUP]
                                                  : tb[IFLA_VXLAN_GROUP6]);
    link->local = host_addr(tb[IFLA_VXLAN_LOCAL] ? tb[IFLA_VXLAN_LOCAL]
                                                 : tb[IFLA_VXLAN_LOCAL6]);
    /* IFLA_LINK is not what its frames belong to. */
    link->lower = attr_u32(tb[IFLA_VXLAN_LINK], 0);
}

static void
decode_kind(struct host_build *b, struct host_link *link,
            const struct nlattr *data)
{
    struct nlattr *tb[MAX_INFO + 1];

    switch (link->type) {
    case HOST_LINK_BRIDGE:
        link->bridge = decode_bridge(b, data);
        break;
    case HOST_LINK_VLAN:
        decode_vlan(link, data);
        break;
    case HOST_LINK_VXLAN:
        decode_vxlan(link, data);
        break;
    case HOST_LINK_MACVLAN:
        host_nested(data, tb, MAX_INFO);
        link->macvlan_mode = attr_u32(tb[IFLA_MACVLAN_MODE], 0);
        break;
    case HOST_LINK_VRF:
        host_nested(data, tb, MAX_INFO);
        link->vrf_table = attr_u32(tb[IFLA_VRF_TABLE], 0);
        break;
    case HOST_LINK_PHYSICAL:
    case HOST_LINK_LOOPBACK:
    case HOST_LINK_VETH:
    case HOST_LINK_IPVLAN:
    case HOST_LINK_TUNNEL:
    case HOST_LINK_BOND:
    case HOST_LINK_TEAM:
    case HOST_LINK_TUN:
    case HOST_LINK_IFB:
    case HOST_LINK_DUMMY:
    case HOST_LINK_OPENVSWITCH:
    case HOST_LINK_OTHER:
        break;
    }
}

/* Entry 'i' of an array of numbers, 0 if it is shorter. */
static uint32_t
conf(const struct nlattr *array, size_t i)
{
    uint32_t x = 0;

    if (array && (size_t) nla_len(array) >= (i + 1) * sizeof x) {
        memcpy(&x, (const char *) nla_data(array) + i * sizeof x, sizeof x);
    }
    return x;
}

/* IFLA_AF_SPEC: sysctls of the device. The numbers of IPv4's begin at 1. */
static void
decode_conf(struct host_link *link, const struct nlattr *spec)
{
    struct nlattr *families[AF_INET6 + 1], *tb[IFLA_INET6_CONF + 1];
    const struct nlattr *c;

    host_nested(spec, families, AF_INET6);
    host_nested(families[AF_INET], tb, IFLA_INET_CONF);
    c = tb[IFLA_INET_CONF];
    link->has_conf4 = !!c;
    link->forwarding4 = conf(c, IPV4_DEVCONF_FORWARDING - 1);
    link->proxy_arp = conf(c, IPV4_DEVCONF_PROXY_ARP - 1);
    link->proxy_arp_pvlan = conf(c, IPV4_DEVCONF_PROXY_ARP_PVLAN - 1);
    link->route_localnet = conf(c, IPV4_DEVCONF_ROUTE_LOCALNET - 1);
    link->accept_local = conf(c, IPV4_DEVCONF_ACCEPT_LOCAL - 1);
    link->arp_filter = conf(c, IPV4_DEVCONF_ARPFILTER - 1);
    link->bc_forwarding = conf(c, IPV4_DEVCONF_BC_FORWARDING - 1);
    link->rp_filter = conf(c, IPV4_DEVCONF_RP_FILTER - 1);
    link->arp_ignore = conf(c, IPV4_DEVCONF_ARP_IGNORE - 1);
    link->arp_announce = conf(c, IPV4_DEVCONF_ARP_ANNOUNCE - 1);
    host_nested(families[AF_INET6], tb, IFLA_INET6_CONF);
    c = tb[IFLA_INET6_CONF];
    link->has_conf6 = !!c;
    link->forwarding6 = conf(c, DEVCONF_FORWARDING);
    link->proxy_ndp = conf(c, DEVCONF_PROXY_NDP);
    link->disable_ipv6 = conf(c, DEVCONF_DISABLE_IPV6);
    link->accept_ra = conf(c, DEVCONF_ACCEPT_RA);
}

static void
decode_xdp(struct host_link *link, const struct nlattr *nest)
{
    static const int ids[] = { IFLA_XDP_PROG_ID, IFLA_XDP_DRV_PROG_ID,
                               IFLA_XDP_SKB_PROG_ID, IFLA_XDP_HW_PROG_ID };
    struct nlattr *tb[IFLA_XDP_MAX + 1];

    if (!nest) {
        return;
    }
    host_nested(nest, tb, IFLA_XDP_MAX);
    /* What cannot be read may be a program. */
    link->xdp_mode = attr_u8(tb[IFLA_XDP_ATTACHED], XDP_ATTACHED_MULTI);
    link->xdp = link->xdp_mode != XDP_ATTACHED_NONE;
    for (size_t i = 0; i < ARRAY_SIZE(ids) && !link->xdp_id; i++) {
        link->xdp_id = attr_u32(tb[ids[i]], 0);
    }
}

/* IFLA_LINK, and IFLA_LINK_NETNSID if that is elsewhere. */
static void
decode_joined(struct host_link *link, struct nlattr **tb)
{
    uint32_t other = attr_u32(tb[IFLA_LINK], 0);

    link->netnsid = -1;
    if (tb[IFLA_LINK_NETNSID]) {
        link->elsewhere = true;
        link->netnsid = (int32_t) attr_u32(tb[IFLA_LINK_NETNSID], UINT32_MAX);
        link->other = other;
    } else if (link->type == HOST_LINK_VETH) {
        link->peer = other;
    } else {
        link->lower = other;
    }
}

static void
link_cb(struct host_build *b, const struct host_message *m, void *list_)
{
    const struct ifinfomsg *ifi = m->header;
    struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
    struct host_list *list = list_;
    struct host_link *link;

    if (m->nlh->nlmsg_type != RTM_NEWLINK || ifi->ifi_index <= 0) {
        host_unknown(b, 0, "link: a message that is no link");
        return;
    }
    host_attrs(m, tb, IFLA_MAX);
    link = host_list_add(list, sizeof *link);
    link->ifindex = ifi->ifi_index;
    link->arphrd = ifi->ifi_type;
    link->flags = ifi->ifi_flags;
    link->up = ifi->ifi_flags & IFF_UP;
    link->running = ifi->ifi_flags & IFF_RUNNING;
    ovs_strlcpy(link->name, host_text(b, tb[IFLA_IFNAME]), sizeof link->name);
    link->alias = host_text(b, tb[IFLA_IFALIAS]);
    link->parent = host_text(b, tb[IFLA_PARENT_DEV_NAME]);
    link->bus = host_text(b, tb[IFLA_PARENT_DEV_BUS_NAME]);
    link->xen_backend = !strcmp(link->bus, "xen-backend");
    link->operstate = attr_u8(tb[IFLA_OPERSTATE], 0);
    link->mtu = attr_u32(tb[IFLA_MTU], 0);
    host_bytes(tb[IFLA_ADDRESS], &link->mac, ETH_ALEN);
    link->promiscuity = attr_u32(tb[IFLA_PROMISCUITY], 0);
    link->group = attr_u32(tb[IFLA_GROUP], 0);
    link->master = attr_u32(tb[IFLA_MASTER], 0);
    link->n_vfs = attr_u32(tb[IFLA_NUM_VF], 0);
    host_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_MAX);
    link->kind = host_text(b, info[IFLA_INFO_KIND]);
    link->slave_kind = host_text(b, info[IFLA_INFO_SLAVE_KIND]);
    link->type = type_of(link);
    decode_joined(link, tb);
    decode_xdp(link, tb[IFLA_XDP]);
    decode_conf(link, tb[IFLA_AF_SPEC]);
    decode_kind(b, link, info[IFLA_INFO_DATA]);
    if (!strcmp(link->slave_kind, "bridge")) {
        link->port = decode_port(b, link->master, info[IFLA_INFO_SLAVE_DATA]);
    }
}

static int
compare_links(const void *a_, const void *b_)
{
    const struct host_link *a = a_, *b = b_;

    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

void
host_decode_links(struct host_build *b)
{
    struct host_list list = { .items = NULL };
    size_t n = 0;

    host_each_message(b, "link", sizeof(struct ifinfomsg), link_cb, &list);
    b->links = host_list_take(b, &list, sizeof *b->links, &b->host->n_links);
    if (b->links) {
        qsort(b->links, b->host->n_links, sizeof *b->links, compare_links);
    }
    /* A kernel tells of a link once. */
    for (size_t i = 0; i < b->host->n_links; i++) {
        if (n && b->links[n - 1].ifindex == b->links[i].ifindex) {
            host_unknown(b, b->links[i].ifindex, "link %s is there twice",
                         b->links[i].name);
        } else {
            b->links[n++] = b->links[i];
        }
    }
    b->host->n_links = n;
    b->host->links = b->links;
}
