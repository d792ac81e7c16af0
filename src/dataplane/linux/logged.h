/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_LOGGED_H
#define CORDON_DATAPLANE_LINUX_LOGGED_H 1

/* How rules pass dropped frames to the log of a tenant that wants one: chains
 * that drop have a rule for it, as long as there is such a tenant, which
 * looks for the device in a set that holds those of such tenants. The set's
 * elements each limit how much: of what the guest sends and, in another set,
 * of what goes to it, since others decide how much that is. */

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

struct ds;
struct plan;
struct plan_port;

/* The sets of a table, keyed by device, with elements that limit packets to so
 * many a second: of drops at the device that a frame came from, or goes to. */
#define LOGGED_FROM "logged"
#define LOGGED_TO "logged-to"
#define LOGGED_RATE 10

/* The group of nflog. Nobody but the agent may listen to it: the kernel has
 * one listener for each. */
#define LOGGED_GROUP 0x636f

/* Bytes of a packet that are passed, at most. */
#define LOGGED_BYTES DROPPED_BYTES

/* True if a tenant of the policy has its drops logged. */
bool logged_any(const struct plan *);

/* True if 'name' is that of one of the sets. */
bool logged_set(const char *name);

/* True if the sets have an element for the port. */
bool logged_port(const struct plan *, const struct plan_port *);

/* Appends the rule that passes a frame that is dropped for 'reason', as a line
 * with a line feed. 'from': at the port that it came from, otherwise at the
 * one that it goes to. 'ifindex' not 0: if that is this one. */
void logged_rule(unsigned int reason, bool from, uint32_t ifindex,
                 struct ds *rules);

/* The other way: what the prefix of a packet says. False if it is not one of
 * a rule like that. */
bool logged_prefix(const char *prefix, unsigned int *ret_reason,
                   bool *ret_from);

#endif /* src/dataplane/linux/logged.h */
