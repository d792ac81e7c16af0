/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_WATCHED_H
#define CORDON_AUDIT_WATCHED_H 1

/* What a policy says of all ports, for those who judge frames that they see at
 * some device. */

#include <stddef.h>
#include <stdint.h>

#include "audit/portsec.h"

struct policy;
struct policy_interface;
struct watched;

/* Where and which way a frame was seen. */
enum watched_way {
    WATCHED_FROM_GUEST, /* On a port, before any guard. */
    WATCHED_TO_GUEST,   /* On a port, as delivered. */
    WATCHED_FROM_UPLINK,
    WATCHED_TO_UPLINK,
    WATCHED_N_WAYS,
};

/* "from-guest" and so on. */
const char *watched_way_name(enum watched_way);

/* The policy must outlive it. */
struct watched *watched_new(const struct policy *, struct eth_addr bridge_mac);
void watched_free(struct watched *); /* NULL is fine. */

/* The port of that name, NULL: there is none. */
const struct portsec_port *watched_port(const struct watched *,
                                        const char *name);

/* Notes that 'port' is on this host: its MACs come from no uplink. */
void watched_is_here(struct watched *, const struct portsec_port *port);

/* Judges a frame of 'n' bytes, which was seen at 'now' (seconds) on 'port', or
 * NULL: on the uplink. Returns an 'enum reason', or PORTSEC_PASS. */
unsigned int watched_judge(struct watched *, const struct portsec_port *port,
                           enum watched_way, double now, const void *frame,
                           size_t n);

#endif /* src/audit/watched.h */
