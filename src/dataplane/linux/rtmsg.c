/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rtnetlink messages for links, bridge ports, VLANs and FDB entries. Raw
 * attributes, since libnl 3.7 has no call for most of them: vlan_filtering and
 * default_pvid of a bridge, boolean options, locked, isolated and flood flags
 * of ports, VLANs of the bridge itself, sticky FDB entries. See
 * linux/if_link.h, linux/if_bridge.h, linux/neighbour.h. */

#include <cordon-config.h>
#include "dataplane/linux/rtmsg.h"

#include <netinet/in.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "dataplane/linux/device.h"
#include "lib/nlattr.h"
#include "lib/nlsock.h"
#include "plan/plan.h"
#include "util.h"

#ifndef NTF_STICKY
#define NTF_STICKY (1 << 6)
#endif

static struct nl_msg *
link_msg(int type, int flags, int family, uint32_t ifindex)
{
    struct ifinfomsg ifi = { .ifi_family = family, .ifi_index = ifindex };

    return nlsock_msg(type, flags, &ifi, sizeof ifi);
}

static struct nl_msg *
flags_msg(uint32_t ifindex, uint32_t flags, uint32_t mask)
{
    struct ifinfomsg ifi = {
        .ifi_family = AF_UNSPEC,
        .ifi_index = ifindex,
        .ifi_flags = flags,
        .ifi_change = mask,
    };

    return nlsock_msg(RTM_NEWLINK, 0, &ifi, sizeof ifi);
}

struct nl_msg *
rtmsg_get_links(void)
{
    struct nl_msg *msg = link_msg(RTM_GETLINK, 0, AF_UNSPEC, 0);

    put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return msg;
}

struct nl_msg *
rtmsg_get_link(const char *name)
{
    struct nl_msg *msg = link_msg(RTM_GETLINK, 0, AF_UNSPEC, 0);

    put_string(msg, IFLA_IFNAME, name);
    return msg;
}

struct nl_msg *
rtmsg_get_vlans(void)
{
    struct nl_msg *msg = link_msg(RTM_GETLINK, 0, AF_BRIDGE, 0);

    put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
    return msg;
}

struct nl_msg *
rtmsg_get_fdb(uint32_t bridge)
{
    struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
    struct nl_msg *msg = nlsock_msg(RTM_GETNEIGH, 0, &ndm, sizeof ndm);

    put_u32(msg, NDA_MASTER, bridge);
    return msg;
}

static void
put_bridge(struct nl_msg *msg, const struct bridge_attrs *b)
{
    struct br_boolopt_multi opt = {
        .optval = b->no_linklocal_learn ? 1u << BR_BOOLOPT_NO_LL_LEARN : 0,
        .optmask = 1u << BR_BOOLOPT_NO_LL_LEARN,
    };
    struct nlattr *info = put_nest(msg, IFLA_LINKINFO), *data;

    put_string(msg, IFLA_INFO_KIND, "bridge");
    data = put_nest(msg, IFLA_INFO_DATA);
    put_u16(msg, IFLA_BR_VLAN_PROTOCOL, htons(b->vlan_protocol));
    put_u8(msg, IFLA_BR_VLAN_FILTERING, b->vlan_filtering);
    put_u16(msg, IFLA_BR_VLAN_DEFAULT_PVID, b->default_pvid);
    put_u32(msg, IFLA_BR_STP_STATE, b->stp);
    put_u32(msg, IFLA_BR_AGEING_TIME, b->ageing);
    put_u16(msg, IFLA_BR_GROUP_FWD_MASK, b->group_fwd_mask);
    put_u8(msg, IFLA_BR_MCAST_SNOOPING, b->mcast_snooping);
    put_attr(msg, IFLA_BR_MULTI_BOOLOPT, &opt, sizeof opt);
    put_u8(msg, IFLA_BR_NF_CALL_IPTABLES, b->nf_call_iptables);
    put_u8(msg, IFLA_BR_NF_CALL_IP6TABLES, b->nf_call_ip6tables);
    put_u8(msg, IFLA_BR_NF_CALL_ARPTABLES, b->nf_call_arptables);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
}

struct nl_msg *
rtmsg_new_bridge(const char *name, struct eth_addr mac,
                 const struct bridge_attrs *b)
{
    struct nl_msg *msg =
        link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, AF_UNSPEC, 0);

    put_string(msg, IFLA_IFNAME, name);
    put_attr(msg, IFLA_ADDRESS, &mac, sizeof mac);
    put_bridge(msg, b);
    return msg;
}

struct nl_msg *
rtmsg_set_bridge(const char *name, struct eth_addr mac,
                 const struct bridge_attrs *b)
{
    struct nl_msg *msg = flags_msg(0, IFF_NOARP, IFF_NOARP);

    put_string(msg, IFLA_IFNAME, name);
    put_string(msg, IFLA_IFALIAS, PLAN_BRIDGE_ALIAS);
    if (b) {
        put_attr(msg, IFLA_ADDRESS, &mac, sizeof mac);
        put_bridge(msg, b);
    }
    return msg;
}

struct nl_msg *
rtmsg_no_addr_gen(const char *name)
{
    struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, AF_UNSPEC, 0);
    struct nlattr *spec, *inet6;

    put_string(msg, IFLA_IFNAME, name);
    spec = put_nest(msg, IFLA_AF_SPEC);
    inet6 = put_nest(msg, AF_INET6);
    put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    nla_nest_end(msg, inet6);
    nla_nest_end(msg, spec);
    return msg;
}

struct nl_msg *
rtmsg_del_link(const char *name)
{
    struct nl_msg *msg = link_msg(RTM_DELLINK, 0, AF_UNSPEC, 0);

    put_string(msg, IFLA_IFNAME, name);
    return msg;
}

struct nl_msg *
rtmsg_flags(uint32_t ifindex, uint32_t flags, uint32_t mask)
{
    return flags_msg(ifindex, flags, mask);
}

struct nl_msg *
rtmsg_flags_by_name(const char *name, uint32_t flags, uint32_t mask)
{
    struct nl_msg *msg = flags_msg(0, flags, mask);

    put_string(msg, IFLA_IFNAME, name);
    return msg;
}

struct nl_msg *
rtmsg_master(uint32_t ifindex, uint32_t master, uint32_t flags, uint32_t mask)
{
    struct nl_msg *msg = flags_msg(ifindex, flags, mask);

    put_u32(msg, IFLA_MASTER, master);
    return msg;
}

struct nl_msg *
rtmsg_ip(uint32_t ifindex, const char *name, const struct ip_attrs *ip)
{
    struct nl_msg *msg = link_msg(RTM_NEWLINK, 0, AF_UNSPEC, ifindex);
    struct nlattr *spec, *inet, *conf;

    if (!ifindex) {
        put_string(msg, IFLA_IFNAME, name);
    }
    spec = put_nest(msg, IFLA_AF_SPEC);
    inet = put_nest(msg, AF_INET);
    conf = put_nest(msg, IFLA_INET_CONF);
    put_u32(msg, IPV4_DEVCONF_FORWARDING, ip->forwarding);
    put_u32(msg, IPV4_DEVCONF_PROXY_ARP, ip->proxy_arp);
    put_u32(msg, IPV4_DEVCONF_ROUTE_LOCALNET, ip->route_localnet);
    put_u32(msg, IPV4_DEVCONF_ARP_IGNORE, ip->arp_ignore);
    put_u32(msg, IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST,
            ip->drop_unicast_in_l2_multicast);
    nla_nest_end(msg, conf);
    nla_nest_end(msg, inet);
    nla_nest_end(msg, spec);
    return msg;
}

struct nl_msg *
rtmsg_brport(uint32_t ifindex, const struct brport_attrs *p)
{
    struct nl_msg *msg = link_msg(RTM_SETLINK, 0, AF_BRIDGE, ifindex);
    struct nlattr *info = put_nest(msg, IFLA_PROTINFO);

    for (size_t i = 0; i < n_brport_flags; i++) {
        if (brport_flags[i].attr != IFLA_BRPORT_STATE) {
            put_u8(msg, brport_flags[i].attr, (p->flags >> i) & 1);
        }
    }
    put_u8(msg, IFLA_BRPORT_MULTICAST_ROUTER, p->multicast_router);
    put_u16(msg, IFLA_BRPORT_GROUP_FWD_MASK, p->group_fwd_mask);
    put_u32(msg, IFLA_BRPORT_BACKUP_PORT, 0);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *
rtmsg_brport_forward(uint32_t ifindex)
{
    struct nl_msg *msg = link_msg(RTM_SETLINK, 0, AF_BRIDGE, ifindex);
    struct nlattr *info = put_nest(msg, IFLA_PROTINFO);

    put_u8(msg, IFLA_BRPORT_STATE, BR_STATE_FORWARDING);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *
rtmsg_vlan(uint32_t ifindex, uint16_t vlan, bool add, bool self, bool pvid)
{
    struct bridge_vlan_info info = {
        .flags = pvid ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0,
        .vid = vlan,
    };
    struct nl_msg *msg =
        link_msg(add ? RTM_SETLINK : RTM_DELLINK, 0, AF_BRIDGE, ifindex);
    struct nlattr *spec = put_nest(msg, IFLA_AF_SPEC);

    if (self) {
        put_u16(msg, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
    }
    put_attr(msg, IFLA_BRIDGE_VLAN_INFO, &info, sizeof info);
    nla_nest_end(msg, spec);
    return msg;
}

static struct nl_msg *
fdb_msg(int type, int flags, const struct ndmsg *ndm, uint16_t vlan,
        struct eth_addr mac)
{
    struct nl_msg *msg = nlsock_msg(type, flags, ndm, sizeof *ndm);

    put_attr(msg, NDA_LLADDR, &mac, sizeof mac);
    if (vlan) {
        put_u16(msg, NDA_VLAN, vlan);
    }
    return msg;
}

struct nl_msg *
rtmsg_new_fdb(uint32_t ifindex, uint16_t vlan, struct eth_addr mac)
{
    struct ndmsg ndm = {
        .ndm_family = AF_BRIDGE,
        .ndm_ifindex = ifindex,
        .ndm_state = NUD_NOARP,
        .ndm_flags = NTF_MASTER | NTF_STICKY,
    };

    return fdb_msg(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &ndm, vlan,
                   mac);
}

struct nl_msg *
rtmsg_del_fdb(uint32_t ifindex, uint16_t vlan, struct eth_addr mac, bool self)
{
    struct ndmsg ndm = {
        .ndm_family = AF_BRIDGE,
        .ndm_ifindex = ifindex,
        .ndm_flags = self ? NTF_SELF : NTF_MASTER,
    };

    return fdb_msg(RTM_DELNEIGH, 0, &ndm, vlan, mac);
}
