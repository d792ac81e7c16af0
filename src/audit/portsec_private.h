/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_PORTSEC_PRIVATE_H
#define CORDON_AUDIT_PORTSEC_PRIVATE_H 1

/* What the files of portsec share. */

#include <stdbool.h>

#include "audit/packet.h"
#include "audit/portsec.h"

/* True if 'a' is the port's: with 'mac', if that is not NULL. */
bool portsec_owns(const struct portsec_port *, const struct addr *a,
                  const struct eth_addr *mac);
/* True if 'a' is declared for somebody of the network. */
bool portsec_is_declared(const struct portsec_segment *, const struct addr *a);
bool portsec_is_broadcast(const struct portsec_segment *,
                          const struct addr *a);
bool portsec_in_underlay(const struct portsec_host *, const struct addr *a);
bool portsec_is_virtual_mac(const struct portsec_port *, struct eth_addr);
bool portsec_has_mac(const struct eth_addr *macs, size_t n, struct eth_addr);

bool portsec_is_oversize(const struct portsec_port *, const struct packet *);

/* 01:00:5e with a low half, 33:33, broadcast. */
bool portsec_is_ip_group(struct eth_addr);

/* Rows that look above IP. */
bool portsec_is_dhcp_discovery(const struct portsec_port *,
                               const struct packet *);
bool portsec_may_be_unspecified(const struct portsec_port *,
                                const struct packet *);
unsigned int portsec_nd(const struct portsec_port *, const struct packet *);
unsigned int portsec_servers(const struct portsec_port *,
                             const struct packet *);
unsigned int portsec_embedded(const struct portsec_port *,
                              const struct packet *);
bool portsec_is_mld(int icmp6_type);
/* Errors and echo: what may be fragmented of ICMPv6. */
bool portsec_is_plain6(int icmp6_type);
/* TCP, UDP, ICMPv6, ESP, SCTP. */
bool portsec_may_be_fragmented6(int protocol);
unsigned int portsec_fragment(const struct packet *);
/* Notes a fragment that passed all else. True if it overlaps another. */
bool portsec_overlaps(struct portsec_memory *, double now,
                      const struct packet *);

#endif /* src/audit/portsec_private.h */
