/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_SHARED_H
#define CORDON_DATAPLANE_LINUX_GUARD_SHARED_H 1

/* Chains towards the guests of shared networks. A community has one of its
 * own, which has its number in it: nft(8) cannot list a rule that looks up the
 * number first. */

#include <stdbool.h>

struct arena;
struct object;
struct objects;
struct plan;
struct plan_port;

/* The chain that what goes to 'port', which is isolated, goes through. */
const char *guard_shared_chain(const struct plan_port *port, struct arena *);

/* Appends that of the community of 'port'. Pure. */
void guard_want_community(const struct plan *, const struct plan_port *port,
                          struct arena *, struct objects *);

/* True if 'object' is such a chain, or its rules. */
bool guard_is_community(const struct object *object);

#endif /* src/dataplane/linux/guard_shared.h */
