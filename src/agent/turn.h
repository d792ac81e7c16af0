/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_TURN_H
#define CORDON_AGENT_TURN_H 1

/* A turn of the reconciler: reading and thinking. */

#include <stdbool.h>
#include <stdint.h>

#include "plan/object.h"
#include "plan/plan.h"

struct arena;
struct dataplane;
struct holds;
struct inventory;
struct policy;

/* What a turn found and thought. Read-only for others; that of a
 * reconciler is valid until the next reconciler_run(). */
struct turn {
    struct inventory *inventory;
    struct plan *plan;
    struct arena *arena; /* Of 'want', 'have' and strings. */
    struct objects want, have;
    struct changes changes;     /* From 'have' to 'want', before apply(). */
    struct port_status *status; /* Of plan->ports. */
};

/* Makes a turn for 'policy' and 'inventory', which it takes over. Returns 0 or
 * -errno: the kernel could not be read. The caller frees the turn. */
int turn_make(const struct dataplane *, const struct policy *policy,
              struct inventory *inventory, struct holds *,
              struct turn **ret_turn);
void turn_free(struct turn *); /* NULL is fine. */

/* Makes 'want' and 'changes' of a turn what they come to in the end: a
 * dataplane goes some ways in steps, and wants the next one at a time. */
void turn_look_ahead(const struct dataplane *, struct turn *);

/* Tells the changes of turns from one another; not 0. */
uint32_t turn_hash(const struct turn *);

/* Logs what has become of the ports since 'old', which may be NULL. */
void turn_log(const struct turn *old, const struct turn *new);

/* True if 'port' needs nothing more: open, or a standby that is fenced. */
bool port_is_up(const struct plan_port *, const struct port_status *);

#endif /* src/agent/turn.h */
