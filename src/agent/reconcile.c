/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reconciler: level-triggered, one turn per loop of the agent. Lost or
 * unreadable information ends a turn before anything is written; the kernel
 * enforces what it has. A change that the kernel does not take is tried again
 * with growing pauses, and closes the ports it concerns and no others. */

#include <cordon-config.h>
#include "agent/reconcile.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/drift.h"
#include "dataplane/dataplane.h"
#include "hash.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(reconcile);

#define POLL_MS 500     /* What gives no notification is noticed. */
#define POLL_MAX_MS 700 /* The same where a turn takes long. */
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
    shash_init(&r->errors);
}

void
reconciler_done(struct reconciler *r)
{
    turn_free(r->now);
    policy_free(r->policy);
    policy_free(r->next);
    holds_done(&r->holds);
    shash_destroy_free_data(&r->errors);
    objects_done(&r->before);
    arena_free(r->before_arena);
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

void
turn_free(struct turn *t)
{
    if (t) {
        free(t->status);
        changes_done(&t->changes);
        objects_done(&t->have);
        objects_done(&t->want);
        arena_free(t->arena);
        plan_free(t->plan);
        inventory_free(t->inventory);
        free(t);
    }
}

bool
port_is_up(const struct plan_port *port, const struct port_status *status)
{
    return status->state == PORT_OPEN
           || (port->standby && port->tap && status->state == PORT_FENCED);
}

/* Reads inventory and kernel and thinks. */
static int
think(struct reconciler *r, const struct policy *policy,
      struct turn **ret_turn)
{
    struct turn *t = xzalloc(sizeof *t);
    int error;

    t->arena = arena_new();
    error = r->read_inventory(r->aux, &t->inventory);
    if (error) {
        goto error;
    }
    t->plan = desire(policy, t->inventory);
    holds_apply(&r->holds, t->inventory, t->plan);
    error = r->dataplane->observe(t->plan, t->arena, &t->have);
    if (error) {
        goto error;
    }
    plan_judge(t->plan, &t->have);
    r->dataplane->want(t->plan, t->arena, &t->want);
    diff(&t->want, &t->have, &t->changes);
    t->status = xcalloc(t->plan->n_ports, sizeof *t->status);
    port_states(t->plan, &t->want, &t->have, t->status);
    *ret_turn = t;
    return 0;

error:
    turn_free(t);
    return error;
}

int
reconciler_preview(struct reconciler *r, const struct policy *policy,
                   struct turn **ret_turn)
{
    return think(r, policy, ret_turn);
}

static uint32_t
hash_changes(const struct changes *changes)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    uint32_t hash;

    for (size_t i = 0; i < changes->n; i++) {
        change_format(&changes->v[i], &ds);
        ds_put_char(&ds, '\n');
    }
    hash = hash_bytes(ds_cstr(&ds), ds.length, 1);
    ds_destroy(&ds);
    return hash ? hash : 1; /* 0: nothing has been tried. */
}

static const char *
error_of(const struct reconciler *r, uint32_t ifindex)
{
    char key[16];

    snprintf(key, sizeof key, "%" PRIu32, ifindex);
    return shash_find_data(&r->errors, key);
}

/* Applies the changes of 't' and keeps the errors. */
static void
apply(struct reconciler *r, struct turn *t)
{
    struct apply_error *errors = NULL;
    size_t n_errors = 0;
    int n;

    shash_clear_free_data(&r->errors);
    n = r->dataplane->apply(t->plan, &t->changes, t->arena, &errors,
                            &n_errors);
    if (n > 0) {
        r->writes++;
        r->messages += n;
    } else if (n < 0) {
        shash_add(&r->errors, "0", xstrdup(ovs_strerror(-n)));
    }
    for (size_t i = 0; i < n_errors; i++) {
        const char *message = errors[i].message;
        char key[16];

        if (!message || !message[0]) {
            message = ovs_strerror(-errors[i].error);
        }
        snprintf(key, sizeof key, "%" PRIu32, errors[i].ifindex);
        if (shash_add_once(&r->errors, key, NULL)) {
            shash_find(&r->errors, key)->data = xstrdup(message);
            VLOG_WARN("ifindex %" PRIu32 ": %s", errors[i].ifindex, message);
        }
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
        why = error_of(r, port->ifindex);
        why = why ? why : error_of(r, 0);
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

/* Logs what has become of the ports since the turn before. */
static void
log_states(const struct turn *old, const struct turn *new)
{
    for (size_t i = 0; i < new->plan->n_ports; i++) {
        const struct plan_port *port = &new->plan->ports[i];
        const struct plan_port *was = NULL;
        const struct port_status *status = &new->status[i];

        if (old) {
            was = plan_port_by_name(old->plan, port->name);
        }
        if (was) {
            const struct port_status *os =
                &old->status[was - old->plan->ports];

            if (was->ifindex == port->ifindex && os->state == status->state) {
                continue;
            }
        }
        if (status->state == PORT_FAILED) {
            VLOG_WARN("port %s (%s): failed: %s", port->name, port->device,
                      status->why);
        } else {
            VLOG_INFO("port %s (%s): %s", port->name, port->device,
                      port_state_name(status->state));
        }
    }
    for (size_t i = 0; i < new->plan->n_strays; i++) {
        const struct plan_stray *s = &new->plan->strays[i];
        bool was = false;

        for (size_t j = 0; old && j < old->plan->n_strays && !was; j++) {
            was = (old->plan->strays[j].ifindex == s->ifindex
                   && !strcmp(old->plan->strays[j].why, s->why));
        }
        if (!was) {
            VLOG_WARN("device %s stays closed: %s", s->device, s->why);
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

/* Remembers what 't' wanted and the kernel held: what differs from it later
 * is drift. */
static void
remember(struct reconciler *r, const struct turn *t)
{
    bool *differs = xcalloc(t->want.n + 1, sizeof *differs);
    struct arena *arena = arena_new();
    struct objects copy = { .v = NULL };

    for (size_t i = 0; i < t->changes.n; i++) {
        if (t->changes.v[i].want) {
            differs[t->changes.v[i].want - t->want.v] = true;
        }
    }
    for (size_t i = 0; i < t->want.n; i++) {
        struct object *o;

        if (differs[i]) {
            continue;
        }
        o = objects_add(&copy, &t->want.v[i]);
        o->name = o->name ? arena_strdup(arena, o->name) : NULL;
        o->text = o->text ? arena_strdup(arena, o->text) : NULL;
        o->device = NULL;
    }
    free(differs);
    objects_done(&r->before);
    arena_free(r->before_arena);
    r->before = copy;
    r->before_arena = arena;
    r->has_before = true;
}

/* Decides what to do about 't->changes' and does it. True if another turn has
 * to read the result back. */
static bool
act(struct reconciler *r, struct turn *t)
{
    uint32_t hash;

    if (!t->changes.n) {
        if (!r->converged || !r->has_before || r->before.n != t->want.n) {
            remember(r, t);
        }
        r->tried = 0;
        r->backoff = RETRY_MIN_MS;
        r->streak = 0;
        r->settled = r->converged = true;
        return false;
    }

    hash = hash_changes(&t->changes);
    if (hash == r->tried) {
        fail_ports(r, t);
        if (!r->settled) {
            remember(r, t);
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

    r->drifts += drift_log(&t->changes, r->has_before ? &r->before : NULL);
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

static void
take_next_policy(struct reconciler *r)
{
    if (r->next) {
        turn_free(r->now); /* It points into the old policy. */
        r->now = NULL;
        policy_free(r->policy);
        r->policy = r->next;
        r->next = NULL;
        r->tried = 0;
        r->generation++;
    }
}

bool
reconciler_run(struct reconciler *r)
{
    long long int start = time_msec(), took;
    struct turn *t;
    int error;

    r->changed = r->dataplane->changed() || r->changed;
    if (!r->dirty && start < r->next_turn
        && !(r->changed && start >= r->not_before)) {
        return false;
    }
    take_next_policy(r);
    r->dirty = r->changed = false;
    r->next_turn = start + POLL_MS;
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
        return true;
    }
    set_problem(r, NULL);
    r->dirty = act(r, t);
    log_states(r->now, t);
    turn_free(r->now);
    r->now = t;

    took = time_msec() - start;
    r->turn_ms = took;
    r->not_before = time_msec() + MIN(MAX(took, PAUSE_MIN_MS), PAUSE_MAX_MS);
    r->next_turn = time_msec() + MIN(MAX(4 * took, POLL_MS), POLL_MAX_MS);
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
    r->dataplane->wait();
}
