/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_HOST_H
#define CORDON_AUDIT_HOST_H 1

/* A host as a snapshot has it, decoded: links, bridges, ports, VLANs, FDB, tc,
 * addresses, routes, sysctls, vifs. nftables is ruleset.h's.
 *
 * Decoding never fails. What cannot be read is in 'problems', and whoever
 * proves something has to take it as "may pass". Integers are in host byte
 * order, addresses in network order. 0 as an ifindex: none. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/filter.h"
#include "lib/addr.h"
#include "openvswitch/types.h"

struct arena;
struct ds;
struct snapshot;

/* A VLAN of a port or of a bridge device itself (RTM_NEWVLAN,
 * net/bridge/br_vlan_options.c). */
struct host_vlan {
    uint16_t vid;
    bool untagged;   /* Leaves without tag. */
    bool pvid;       /* What comes without tag is in it. */
    uint8_t state;   /* BR_STATE_*. */
    uint32_t tunnel; /* VNI that it is mapped to, 0: none. */
};

/* Of a bridge device: IFLA_BR_* (net/bridge/br_netlink.c). */
struct host_bridge {
    bool vlan_filtering;
    uint16_t vlan_protocol; /* ETH_P_8021Q or ETH_P_8021AD. */
    uint16_t default_pvid;
    bool stp;
    uint16_t group_fwd_mask; /* Of 01:80:c2:00:00:0x. */
    struct eth_addr group_address;
    bool mcast_snooping, mcast_vlan_snooping, mcast_querier;
    uint8_t mcast_router; /* MDB_RTR_TYPE_*. */
    bool nf_call_iptables, nf_call_ip6tables, nf_call_arptables;
    bool no_linklocal_learn;
    bool vlan_stats; /* Only counts. */
    uint32_t ageing; /* In centiseconds. */
};

/* Of a device that is a port of a bridge: IFLA_BRPORT_*. */
struct host_port {
    uint32_t bridge;
    uint8_t state; /* BR_STATE_*: forwards only if BR_STATE_FORWARDING. */
    bool learning, unicast_flood, mcast_flood, bcast_flood;
    bool isolated; /* Nothing between two isolated ports. */
    bool locked;   /* Only sources that the FDB has at this port. */
    bool hairpin, guard, protect, fast_leave, proxy_arp, proxy_arp_wifi;
    bool neigh_suppress, vlan_tunnel, mcast_to_unicast, mab;
    uint8_t mcast_router;
    uint16_t group_fwd_mask;
    uint32_t backup; /* Takes over when this one has no carrier. */
};

/* What a link is; LINK_OTHER in 'kind' of struct host_link. */
enum host_link_type {
    HOST_LINK_PHYSICAL, /* No kind: hardware, vif, virtio. */
    HOST_LINK_LOOPBACK,
    HOST_LINK_BRIDGE,
    HOST_LINK_VLAN,    /* Of 'lower'. */
    HOST_LINK_VETH,    /* The other end is 'peer'. */
    HOST_LINK_MACVLAN, /* And macvtap, of 'lower'. */
    HOST_LINK_IPVLAN,  /* And ipvtap, of 'lower'. */
    HOST_LINK_VXLAN,
    HOST_LINK_TUNNEL, /* geneve, gre, gretap, ipip, sit, ip6tnl ... */
    HOST_LINK_BOND,
    HOST_LINK_TEAM,
    HOST_LINK_VRF,
    HOST_LINK_TUN, /* A program reads and writes its frames. */
    HOST_LINK_IFB,
    HOST_LINK_DUMMY,
    HOST_LINK_OPENVSWITCH, /* An internal port of its kernel datapath. */
    HOST_LINK_OTHER,       /* 'kind' says. Frames may go anywhere. */
};

struct host_link {
    uint32_t ifindex;
    char name[16];
    enum host_link_type type;
    const char *kind;       /* IFLA_INFO_KIND; "" if none. */
    const char *slave_kind; /* IFLA_INFO_SLAVE_KIND: what 'master' does with
                             * it, "bridge", "bond", "openvswitch"; "". */
    uint16_t arphrd;        /* ARPHRD_ETHER. */
    uint32_t flags;         /* IFF_*. */
    bool up, running;
    uint8_t operstate; /* IF_OPER_*. */
    uint32_t mtu;
    struct eth_addr mac;
    uint32_t promiscuity;
    uint32_t group;
    const char *alias; /* "". */

    uint32_t master;
    uint32_t lower;   /* IFLA_LINK, unless it is a veth. In this namespace. */
    uint32_t peer;    /* Of a veth, in this namespace. */
    bool elsewhere;   /* 'lower' or 'peer' is in another namespace, */
    int32_t netnsid;  /* this one; -1 if it has no number. */
    uint32_t other;   /* And this ifindex there. */
    bool xen_backend; /* A vif: IFLA_PARENT_DEV_BUS_NAME is xen-backend. */
    const char *parent; /* IFLA_PARENT_DEV_NAME, "vif-3-0". */
    const char *bus;    /* IFLA_PARENT_DEV_BUS_NAME, "pci". */
    uint32_t n_vfs;     /* PCI virtual functions: guests may have them. */

    bool xdp;         /* A program runs ahead of everything, */
    uint32_t xdp_id;  /* this one (the first, if several). */
    uint8_t xdp_mode; /* XDP_ATTACHED_*. */

    struct host_bridge *bridge;    /* HOST_LINK_BRIDGE. Else NULL. */
    struct host_port *port;        /* Port of a bridge. Else NULL. */
    const struct host_vlan *vlans; /* Of either, sorted. */
    size_t n_vlans;

    /* HOST_LINK_VLAN. */
    uint16_t vlan_id, vlan_protocol;
    /* HOST_LINK_VXLAN, geneve. */
    uint32_t vni;
    bool external; /* Collects metadata: any VNI, by routes or tc. */
    bool vxlan_learning, vxlan_proxy;
    uint16_t udp_port;
    /* HOST_LINK_VXLAN, HOST_LINK_TUNNEL. family 0: none. */
    struct addr local, remote;
    /* HOST_LINK_MACVLAN: MACVLAN_MODE_*. */
    uint32_t macvlan_mode;
    /* HOST_LINK_VRF. */
    uint32_t vrf_table;

    /* Per device, from IFLA_AF_SPEC; false or 0 too where the kernel did not
     * say ('has_conf4', 'has_conf6'). What holds is this with "all" joined by
     * the rule of each (host_forwards() and others below). */
    bool has_conf4, has_conf6;
    bool forwarding4, proxy_arp, proxy_arp_pvlan, route_localnet;
    bool accept_local, arp_filter, bc_forwarding;
    uint8_t rp_filter, arp_ignore, arp_announce;
    bool forwarding6, proxy_ndp, disable_ipv6, accept_ra;
};

/* An entry of an FDB (RTM_NEWNEIGH of PF_BRIDGE). */
struct host_fdb {
    uint32_t bridge;  /* Master; 0 for entries of a device's own (NTF_SELF:
                       * VXLAN, unicast filter), and */
    uint32_t ifindex; /* port. Of the bridge itself for its own. */
    struct eth_addr mac;
    uint16_t vlan; /* 0: none. */
    bool local;    /* NUD_PERMANENT: delivered to the host. */
    bool is_static, sticky, locked, external;
    /* Of a VXLAN device's. family 0: none. */
    struct addr remote;
    uint32_t vni;
    uint32_t via; /* ifindex. */
};

/* A port that is a member of a multicast group (RTM_NEWMDB). */
struct host_mdb {
    uint32_t bridge, ifindex; /* 'ifindex' may be the bridge's. */
    uint16_t vlan;
    bool has_mac; /* A group of no IP: 'mac'. */
    struct eth_addr mac;
    struct addr group, source; /* family 0: none. */
    bool permanent;
    bool router; /* No group: a router port, which gets all of them. */
};

struct host_address {
    uint32_t ifindex;
    struct prefix prefix; /* With host bits. */
    struct addr peer;     /* family 0: none. */
    uint8_t scope;        /* RT_SCOPE_*. */
    uint32_t flags;       /* IFA_F_*. */
};

struct host_next_hop {
    uint32_t ifindex;
    struct addr gateway; /* family 0: none. */
    bool encap;          /* A tunnel or program by route. */
};

struct host_route {
    uint8_t family, type, scope, protocol; /* RTN_*, RT_SCOPE_*, RTPROT_*. */
    uint32_t table;                        /* RT_TABLE_MAIN. */
    struct prefix destination, source;
    struct addr preferred; /* Source address; family 0: none. */
    uint8_t tos;
    uint32_t metric;
    uint32_t input; /* RTA_IIF. */
    const struct host_next_hop *hops;
    size_t n_hops;
    bool by_id; /* Next hops are nexthop objects, which are not read: may go
                 * anywhere. */
};

struct host_rule {
    uint8_t family, action; /* FR_ACT_*. */
    uint32_t priority, table;
    struct prefix source, destination; /* family 0: any. */
    const char *input, *output;        /* Device names; NULL: any. */
    uint32_t mark, mark_mask;
    bool invert;
    bool understood; /* No other condition. */
};

struct host_neighbor {
    uint32_t ifindex;
    struct addr addr;
    struct eth_addr mac;
    uint16_t state; /* NUD_*. */
    bool proxy;     /* NTF_PROXY: answered for on 'ifindex'. */
};

/* A function that netfilter calls (NFNL_SUBSYS_HOOK): what is hooked that is
 * not a base chain of nftables is a kernel module's, or legacy tables. */
struct host_hook {
    uint8_t family;     /* NFPROTO_*. */
    uint32_t hooknum;   /* NF_INET_*, NF_BR_*, NF_NETDEV_*. */
    const char *device; /* NFPROTO_NETDEV (and inet ingress). Else NULL. */
    int32_t priority;
    const char *function; /* "nft_do_chain_netdev"; "" if not told. */
    const char *module;   /* "" if built in. */
    bool chain;           /* Of nftables: this one, */
    uint8_t chain_family; /* NFPROTO_*. */
    const char *chain_table, *chain_name;
};

/* A port of the kernel module's (include/uapi/cordon.h). */
struct host_guarded {
    uint32_t ifindex;
    uint8_t state, kind; /* enum cordon_port_state, cordon_port_kind. */
    uint32_t segment;
    uint32_t flags;
    uint32_t community;
    uint32_t mtu;         /* 0: the device's. */
    uint32_t storm, rate; /* Frames a second; of rates, 0 is no limit, */
    uint64_t bytes;       /* and bytes a second. */
    const struct eth_addr *macs, *roaming;
    size_t n_macs, n_roaming;
    const struct host_pair {
        struct eth_addr mac;
        struct prefix prefix;
    } * pairs;
    size_t n_pairs;
    const uint8_t *vrids;
    size_t n_vrids;
};

struct host_segment {
    uint32_t id;
    uint16_t vlan;
    const struct prefix *broadcast, *declared;
    size_t n_broadcast, n_declared;
    const struct host_pair *believed;
    size_t n_believed;
    const struct eth_addr *gateways, *trusted;
    size_t n_gateways, n_trusted;
    const struct host_member {
        uint32_t community;
        struct eth_addr mac;
    } * members;
    size_t n_members;
};

/* The module itself, if it is loaded. */
struct host_module {
    const char *version;
    uint32_t mark_mask;
    struct eth_addr bridge_mac;
    const struct prefix *underlay;
    size_t n_underlay;
    const struct host_guarded *ports; /* By ifindex. */
    size_t n_ports;
    const struct host_segment *segments; /* By id. */
    size_t n_segments;
};

/* A network interface of a Xen domain, as its backend directory or libxl's
 * have it. Never from what a guest may write. */
struct host_vif {
    uint32_t domid, handle;
    uint32_t backend_domid;    /* 0: this host's netback. */
    uint32_t ifindex;          /* Of the device; 0 if it is not here. */
    const char *domain, *uuid; /* Name; "" if not known. */
    const char *mac, *ip, *bridge, *script, *vifname; /* "" if not there. */
    const char *state;  /* xenbus's, "4" is connected. */
    const char *status; /* hotplug-status. */
};

/* Something that the auditor cannot see through, by name. */
struct host_unknown {
    uint32_t ifindex; /* 0: the host as a whole. */
    const char *what; /* "PCI device 0000:03:00.0 is a guest's". */
};

struct host {
    struct arena *arena;
    const char *name, *time, *kernel;

    const struct host_link *links; /* By ifindex. */
    size_t n_links;
    const struct host_fdb *fdb; /* By bridge, VLAN, MAC, port. */
    size_t n_fdb;
    const struct host_mdb *mdb;
    size_t n_mdb;
    const struct host_qdisc *qdiscs; /* By ifindex, parent. */
    size_t n_qdiscs;
    const struct host_filter *filters; /* By block, ifindex, hook, parent,
                                        * chain, priority; those of one as the
                                        * kernel has them. */
    size_t n_filters;
    const struct host_address *addresses; /* By ifindex. */
    size_t n_addresses;
    const struct host_route *routes;
    size_t n_routes;
    const struct host_rule *rules; /* By family, priority. */
    size_t n_rules;
    const struct host_neighbor *neighbors;
    size_t n_neighbors;
    const struct host_hook *hooks; /* None if the kernel cannot tell (Debian's
                                    * cannot). By family, device, hook; as called. */
    size_t n_hooks;
    const struct host_vif *vifs; /* By domid, handle. */
    size_t n_vifs;
    const struct host_module *module; /* NULL: not loaded. */

    const struct host_unknown *unknown; /* All of them, those about parts that
                                         * could not be read included. */
    size_t n_unknown;

    const struct snapshot *snapshot; /* Not owned; must outlive it. */
};

/* Decodes; the caller frees with host_free(). What could not be read is
 * appended to 'problems' as lines, and is in 'unknown'. */
const struct host *host_decode(const struct snapshot *, struct ds *problems);
void host_free(const struct host *); /* NULL is fine. */

/* NULL if there is none. */
const struct host_link *host_link(const struct host *, uint32_t ifindex);
const struct host_link *host_link_by_name(const struct host *,
                                          const char *name);
const struct host_vlan *host_link_vlan(const struct host_link *, uint16_t vid);
/* The PVID of a port or bridge, 0 if it has none. */
uint16_t host_link_pvid(const struct host_link *);

/* The filters of ingress or egress of a device in the order in which they are
 * asked (chain 0 first), its shared block's if it has one. */
const struct host_filter *host_filters(const struct host *, uint32_t ifindex,
                                       enum host_filter_hook, size_t *ret_n);

/* "net/ipv4/ip_forward" -> "0", or NULL if it was not read. */
const char *host_sysctl(const struct host *, const char *path);
long int host_sysctl_int(const struct host *, const char *path,
                         long int otherwise);

/* True if the kernel routes what comes in on 'link'. */
bool host_forwards(const struct host *, const struct host_link *,
                   uint8_t family);

/* True if the module of that name is loaded, or built in and hooked. */
bool host_has_module(const struct host *, const char *name);

#endif /* src/audit/host.h */
