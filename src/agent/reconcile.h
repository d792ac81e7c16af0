/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_RECONCILE_H
#define CORDON_AGENT_RECONCILE_H 1

/* Makes the kernel hold what policy and inventory ask for, turn by turn:
 *
 *     inventory -> desire() -> observe() -> want() -> diff() -> apply()
 *
 * A turn that wrote is followed by another at once, which reads back what was
 * written; there is one when something is dirty, and periodically. An event
 * says no more than what is to be read again, and the periodic turn reads
 * everything, so that no event can be missed for good. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/drift.h"
#include "agent/hold.h"
#include "agent/rejudge.h"
#include "agent/turn.h"
#include "openvswitch/shash.h"

struct dataplane;
struct inventory;
struct policy;

struct reconciler {
    /* Set by the caller before the first run. */
    const struct dataplane *dataplane;
    int (*read_inventory)(void *aux, struct inventory **);
    void *aux;

    struct holds holds;
    struct rejudge rejudge; /* Of running connections. */
    struct policy *policy;  /* NULL: none yet, nothing is touched. */
    struct policy *next;    /* Takes its place in the next turn. */
    uint64_t generation;    /* Policies taken. */
    struct turn *now;       /* The last turn; NULL: none yet. */
    char *problem;          /* Why the last turn failed as a whole. */

    bool settled;   /* Another turn would change nothing. */
    bool converged; /* And the kernel holds all that is wanted. */
    uint64_t turns;
    uint64_t turn_ms;  /* How long the last one took. */
    uint64_t cpu_us;   /* CPU time of all turns, the kernel's included. */
    uint64_t writes;   /* Turns that wrote to the kernel. */
    uint64_t messages; /* Messages written in them. */
    uint64_t drifts;   /* Objects changed by others. */

    /* Private. */
    bool dirty;                /* A turn is due now. */
    bool changed;              /* The kernel has changed. */
    long long int not_before;  /* For a turn because of 'changed'. */
    long long int next_turn;   /* Without anything that asks for it. */
    long long int next_resync; /* Of which nothing is taken as known. */
    uint32_t tried;            /* Hash of the changes last applied. */
    long long int retry_at, backoff;
    int streak;          /* Turns that wrote, without a pause. */
    struct shash errors; /* Of the last apply(), by ifindex. */
    struct drift drift;
};

void reconciler_init(struct reconciler *, const struct dataplane *,
                     int (*read_inventory)(void *aux, struct inventory **),
                     void *aux);
void reconciler_done(struct reconciler *);

/* Takes 'policy' as what is wanted from the next turn on. */
void reconciler_set_policy(struct reconciler *, struct policy *policy);

/* Forgets what was thought of the policy in force, of which guests have been
 * added or taken out. */
void reconciler_policy_changed(struct reconciler *);

/* Has the next reconciler_run() make a turn. */
void reconciler_dirty(struct reconciler *);

/* Makes a turn if one is due. True if it made one. */
bool reconciler_run(struct reconciler *);
void reconciler_wait(struct reconciler *);

/* Makes the turn's reading and thinking alone, for another policy, and writes
 * nothing: what `cordon diff` shows. Returns 0 or -errno; the caller frees
 * the turn. */
int reconciler_preview(struct reconciler *, const struct policy *,
                       struct turn **ret_turn);

#endif /* src/agent/reconcile.h */
