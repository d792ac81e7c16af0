/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_RTMSG_H
#define CORDON_DATAPLANE_LINUX_RTMSG_H 1

/* The rtnetlink messages of links, bridge ports, VLANs and FDB entries that
 * this dataplane sends: one function a message, and nothing else knows their
 * attributes. The caller hands the result to nlsock. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct bridge_attrs;
struct brport_attrs;
struct ip_attrs;
struct nl_msg;

/* Reading: all links without statistics; the link called 'name' whole; VLANs
 * of all bridges; FDB of the bridge 'bridge'. */
struct nl_msg *rtmsg_get_links(void);
struct nl_msg *rtmsg_get_link(const char *name);
struct nl_msg *rtmsg_get_vlans(void);
struct nl_msg *rtmsg_get_fdb(uint32_t bridge);

/* Makes a bridge. Its alias and flags need a second message. */
struct nl_msg *rtmsg_new_bridge(const char *name, struct eth_addr,
                                const struct bridge_attrs *);
/* Sets alias, no ARP; and, unless 'attrs' is NULL, MAC and attributes. */
struct nl_msg *rtmsg_set_bridge(const char *name, struct eth_addr,
                                const struct bridge_attrs *);
/* Keeps a device from making itself a link-local address. */
struct nl_msg *rtmsg_no_addr_gen(const char *name);
struct nl_msg *rtmsg_del_link(const char *name);

/* Sets the flags that are in 'mask'. */
struct nl_msg *rtmsg_flags(uint32_t ifindex, uint32_t flags, uint32_t mask);
struct nl_msg *rtmsg_flags_by_name(const char *name, uint32_t flags,
                                   uint32_t mask);
/* Into the bridge 'master' (0: out of any), and flags. */
struct nl_msg *rtmsg_master(uint32_t ifindex, uint32_t master, uint32_t flags,
                            uint32_t mask);
/* Sets IPv4's sysctls of a device, by 'name' if 'ifindex' is 0. IPv6's have
 * no message. */
struct nl_msg *rtmsg_ip(uint32_t ifindex, const char *name,
                        const struct ip_attrs *);

/* Sets all flags of a bridge port but its state. */
struct nl_msg *rtmsg_brport(uint32_t ifindex, const struct brport_attrs *);
/* Makes a bridge port with a carrier forward. */
struct nl_msg *rtmsg_brport_forward(uint32_t ifindex);

/* 'self': of a bridge device, not of a port. 'pvid': untagged both ways. */
struct nl_msg *rtmsg_vlan(uint32_t ifindex, uint16_t vlan, bool add, bool self,
                          bool pvid);

/* A static, sticky entry. */
struct nl_msg *rtmsg_new_fdb(uint32_t ifindex, uint16_t vlan, struct eth_addr);
struct nl_msg *rtmsg_del_fdb(uint32_t ifindex, uint16_t vlan, struct eth_addr,
                             bool self);

#endif /* src/dataplane/linux/rtmsg.h */
