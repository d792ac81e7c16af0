/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reconciler: level-triggered, one turn per loop of the agent. Lost or
 * unreadable information ends a turn before anything is written; the kernel
 * enforces what it has. A change that the kernel does not take is tried again
 * with growing pauses, and closes the ports it concerns and no others. */

#include <cordon-config.h>
#include "agent/reconcile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "dataplane/dataplane.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(reconcile);

#define RESYNC_MS 30000 /* Everything is read again... */
#define RESYNC_SHARE 20 /* ...in a twentieth of the time at most. */
#define PAUSE_MIN_MS 20 /* Between turns because of notifications. */
#define PAUSE_MAX_MS 200
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000
#define STREAK_MAX 20 /* Turns without a pause. */

void
reconciler_init(struct reconciler *r, const struct dataplane *dataplane,
                int (*read_inventory)(void *aux, struct inventory **),
                void *aux)
{
    *r = (struct reconciler){
        .dataplane = dataplane,
        .read_inventory = read_inventory,
        .aux = aux,
        .dirty = true,
        .backoff = RETRY_MIN_MS,
    };
    holds_init(&r->holds);
    rejudge_init(&r->rejudge);
    shash_init(&r->errors);
}

void
reconciler_done(struct reconciler *r)
{
    turn_free(r->now);
    policy_free(r->policy);
    policy_free(r->next);
    holds_done(&r->holds);
    rejudge_done(&r->rejudge);
    shash_destroy_free_data(&r->errors);
    drift_done(&r->drift);
    free(r->problem);
}

void
reconciler_set_policy(struct reconciler *r, struct policy *policy)
{
    policy_free(r->next);
    r->next = policy;
    r->dirty = true;
    r->settled = r->converged = false;
}

void
reconciler_dirty(struct reconciler *r)
{
    r->dirty = true;
}

/* Reads inventory and kernel and thinks. */
static int
think(struct reconciler *r, const struct policy *policy,
      struct turn **ret_turn)
{
    struct inventory *inventory;
    int error = r->read_inventory(r->aux, &inventory);

    return error ? error
                 : turn_make(r->dataplane, policy, inventory, &r->holds,
                             ret_turn);
}

int
reconciler_preview(struct reconciler *r, const struct policy *policy,
                   struct turn **ret_turn)
{
    int error;

    /* So that the reading knows what has been heard of until now. */
    r->changed = r->dataplane->changed() || r->changed;
    error = think(r, policy, ret_turn);
    if (!error) {
        turn_look_ahead(r->dataplane, *ret_turn);
    }
    return error;
}

/* Errors are kept by device and, for those of no device, by segment. */
static char *
error_key(uint32_t ifindex, uint32_t segment)
{
    return xasprintf("%" PRIu32 "/%" PRIu32, ifindex, ifindex ? 0 : segment);
}

static const char *
error_of(const struct reconciler *r, uint32_t ifindex, uint32_t segment)
{
    char *key = error_key(ifindex, segment);
    const char *error = shash_find_data(&r->errors, key);

    free(key);
    return error;
}

/* Applies the changes of 't' and keeps the errors. */
static void
apply(struct reconciler *r, struct turn *t)
{
    struct apply_error *errors = NULL;
    size_t n_errors = 0;
    int n;

    shash_clear_free_data(&r->errors);
    n = r->dataplane->apply(t->plan, &t->want, &t->changes, t->arena, &errors,
                            &n_errors);
    if (n > 0) {
        r->writes++;
        r->messages += n;
    } else if (n < 0) {
        shash_add(&r->errors, "0/0", xstrdup(ovs_strerror(-n)));
    }
    for (size_t i = 0; i < n_errors; i++) {
        char *key = error_key(errors[i].ifindex, errors[i].segment);
        const char *message = errors[i].message;

        if (!message || !message[0]) {
            message = ovs_strerror(-errors[i].error);
        }
        if (shash_add_once(&r->errors, key, NULL)) {
            shash_find(&r->errors, key)->data = xstrdup(message);
            VLOG_WARN("ifindex %" PRIu32 ": %s", errors[i].ifindex, message);
        }
        free(key);
    }
    free(errors);
}

/* The kernel has not taken 't->changes' twice: the ports that they concern
 * have failed. */
static void
fail_ports(struct reconciler *r, struct turn *t)
{
    for (size_t i = 0; i < t->plan->n_ports; i++) {
        const struct plan_port *port = &t->plan->ports[i];
        struct port_status *status = &t->status[i];
        const char *why;

        if (status->state == PORT_FAILED || status->state == PORT_ABSENT
            || port_is_up(port, status)) {
            continue;
        }
        status->state = PORT_FAILED;
        why = error_of(r, port->ifindex, 0);
        why = why || !port->segment ? why : error_of(r, 0, port->segment->id);
        why = why ? why : error_of(r, 0, 0);
        if (why) {
            status->why = arena_strdup(t->arena, why);
            continue;
        }
        status->why = "the kernel does not hold what was written";
        for (size_t j = 0; j < t->changes.n; j++) {
            const struct change *c = &t->changes.v[j];

            if (object_concerns(change_object(c), port->ifindex,
                                port->segment ? port->segment->id : 0)) {
                struct ds ds = DS_EMPTY_INITIALIZER;

                change_format(c, &ds);
                status->why = arena_printf(
                    t->arena, "the kernel does not hold what was written: %s",
                    ds_cstr(&ds));
                ds_destroy(&ds);
                break;
            }
        }
    }
}

static void
set_problem(struct reconciler *r, const char *problem)
{
    if (problem && (!r->problem || strcmp(r->problem, problem))) {
        VLOG_ERR("%s; nothing is changed", problem);
    }
    free(r->problem);
    r->problem = nullable_xstrdup(problem);
}

/* True if guard, lock or groups in the kernel are not what 't' wants. */
static bool
rules_differ(const struct turn *t)
{
    for (size_t i = 0; i < t->changes.n; i++) {
        if (object_stage(change_object(&t->changes.v[i])) == STAGE_GUARD) {
            return true;
        }
    }
    return false;
}

/* True if the rules are in the kernel as far as it takes them. */
static bool
rules_hold(const struct reconciler *r)
{
    return r->now && (r->settled || !rules_differ(r->now));
}

static void
judge_connections(struct reconciler *r)
{
    if (rules_hold(r)) {
        rejudge_run(&r->rejudge, r->dataplane, r->now->plan,
                    !rules_differ(r->now));
    }
}

/* Decides what to do about 't->changes' and does it. True if another turn has
 * to read the result back. */
static bool
act(struct reconciler *r, struct turn *t)
{
    uint32_t hash;

    if (!t->changes.n) {
        if (!r->converged || !r->drift.any || r->drift.before.n != t->want.n) {
            drift_remember(&r->drift, t);
        }
        r->tried = 0;
        r->backoff = RETRY_MIN_MS;
        r->streak = 0;
        r->settled = r->converged = true;
        return false;
    }

    hash = turn_hash(t);
    if (hash == r->tried) {
        fail_ports(r, t);
        if (!r->settled) {
            drift_remember(&r->drift, t);
        }
        r->settled = true;
        if (time_msec() < r->retry_at) {
            return false;
        }
        r->backoff = MIN(2 * r->backoff, RETRY_MAX_MS);
        apply(r, t);
        r->retry_at = time_msec() + r->backoff;
        return true;
    }

    if (rules_differ(t)) {
        if (!r->writes) {
            /* Rules may ask of connections what an agent before this one has
             * not noted. Where it fails, they are judged frame by frame. */
            r->dataplane->judge(t->plan);
        }
        rejudge_anew(&r->rejudge);
    }
    r->drifts +=
        drift_log(&r->drift, &t->changes, r->now ? &r->now->want : NULL);
    r->settled = r->converged = false;
    r->backoff = RETRY_MIN_MS;
    apply(r, t);
    r->tried = hash;
    r->retry_at = time_msec() + r->backoff;
    if (++r->streak >= STREAK_MAX) {
        VLOG_WARN("%d turns have not converged; pausing", r->streak);
        r->streak = 0;
        return false;
    }
    return true;
}

/* CPU time of this thread so far, the kernel's for it included. */
static uint64_t
cpu_us(void)
{
    struct timespec ts;

    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts)
               ? 0
               : ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

void
reconciler_policy_changed(struct reconciler *r)
{
    turn_free(r->now); /* It points into the old policy. */
    r->now = NULL;
    r->tried = 0;
    r->generation++;
    r->dirty = true;
    r->settled = r->converged = false;
    rejudge_anew(&r->rejudge);
}

static void
take_next_policy(struct reconciler *r)
{
    if (r->next) {
        reconciler_policy_changed(r);
        policy_free(r->policy);
        r->policy = r->next;
        r->next = NULL;
    }
}

bool
reconciler_run(struct reconciler *r)
{
    long long int start = time_msec(), took;
    uint64_t cpu = cpu_us();
    struct turn *t;
    int error;

    r->changed = r->dataplane->changed() || r->changed;
    if (!r->dirty && start < r->next_turn
        && !(r->changed && start >= r->not_before)) {
        judge_connections(r);
        return false;
    }
    take_next_policy(r);
    if (start >= r->next_resync) {
        r->dataplane->forget();
        rejudge_now(&r->rejudge);
        r->next_resync = start + RESYNC_MS;
    }
    r->dirty = r->changed = false;
    r->next_turn = r->next_resync;
    if (!r->policy) {
        return false;
    }

    r->turns++;
    error = think(r, r->policy, &t);
    if (error) {
        char *s = xasprintf("cannot read the state of the host: %s",
                            ovs_strerror(-error));
        set_problem(r, s);
        free(s);
        r->settled = r->converged = false;
        r->dataplane->forget();
        r->next_turn = time_msec() + RETRY_MIN_MS;
        return true;
    }
    set_problem(r, NULL);
    r->dirty = act(r, t);
    turn_log(r->now, t);
    turn_free(r->now);
    r->now = t;
    judge_connections(r);

    r->cpu_us += cpu_us() - cpu;
    took = time_msec() - start;
    r->turn_ms = took;
    r->not_before = time_msec() + MIN(MAX(took, PAUSE_MIN_MS), PAUSE_MAX_MS);
    r->next_resync = MAX(r->next_resync, start + RESYNC_SHARE * took);
    r->next_turn = r->converged
                       ? r->next_resync
                       : MIN(r->next_resync, time_msec() + RETRY_MIN_MS);
    return true;
}

void
reconciler_wait(struct reconciler *r)
{
    if (r->dirty) {
        poll_immediate_wake();
    } else if (r->changed) {
        poll_timer_wait_until(r->not_before);
    } else {
        poll_timer_wait_until(r->next_turn);
    }
    if (rules_hold(r)) {
        rejudge_wait(&r->rejudge);
    }
    r->dataplane->wait();
}
