/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The order of changes:
 *
 *  1. What closes: devices down and out of the bridge, VLANs and FDB entries
 *     removed. A port of which the fence itself, both of guard and of lock, is
 *     not as wanted goes down; as long as one holds, it is repaired where it
 *     is. (target.h)
 *  2. The host: bridge, sysctls.
 *  3. The guard: the kernel module's, nftables' in one transaction, the lock;
 *     rates.
 *  4. The segment, of ports for which nothing of 2 and 3 differed.
 *  5. Up, of ports for which nothing of 2 to 4 differed.
 *
 * 'changes' come from what has just been read back, so each step of a port
 * follows a reading that shows the steps before. A port of which any change
 * fails is put down and out of the bridge; the others go on. */

#include <cordon-config.h>
#include "dataplane/linux/apply.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/guard/module.h"
#include "dataplane/linux/bridge.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/port.h"
#include "dataplane/linux/rate.h"
#include "dataplane/linux/rtmsg.h"
#include "dataplane/linux/sysctl.h"
#include "dataplane/linux/target.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "policy/policy.h"
#include "util.h"

struct run {
    struct nlsock *sock;
    const struct plan *plan;
    const struct changes *changes;
    struct arena *arena;
    struct apply_error *errors;
    size_t n_errors, allocated_errors;
    struct targets targets;
    uint32_t bridge;    /* ifindex, 0: not there yet. */
    bool uplink_closed; /* Has been put out of the bridge. */
};

static void
add_error(struct run *run, const struct apply_error *e)
{
    if (run->n_errors == run->allocated_errors) {
        run->errors = x2nrealloc(run->errors, &run->allocated_errors,
                                 sizeof *run->errors);
    }
    run->errors[run->n_errors++] = *e;
}

/* What is gone need not be removed, and a device that is gone has no wishes:
 * the next reading shows it. -ESTALE: another device has its ifindex. */
static bool
is_gone(const struct change *c, int error)
{
    return error == -ENODEV
           || (c->op == CHANGE_DEL && (error == -ENOENT || error == -ESTALE));
}

static void
change_failed(struct run *run, const struct change *c, int error,
              const char *message)
{
    const struct object *o = change_object(c);
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (!is_gone(c, error) || !o->ifindex) {
        object_format(o, &ds);
        add_error(run, &(struct apply_error){
                           .ifindex = o->ifindex,
                           .error = error,
                           .message = arena_printf(run->arena, "%s: %s",
                                                   ds_cstr(&ds), message) });
        ds_destroy(&ds);
    }
    targets_fail(&run->targets, o);
}

static void
request_failed(uint32_t tag, int error, const char *message, void *run_)
{
    struct run *run = run_;

    const struct change *c = &run->changes->v[tag];

    /* -EINVAL: the block that the filter was in has gone with its last
     * qdisc. */
    if (c->op != CHANGE_DEL
        || !(error == -ENOENT || error == -ESTALE
             || (error == -EINVAL
                 && KIND(c->have->kind)
                        & (KIND(OBJECT_FILTER) | KINDS_RATE)))) {
        change_failed(run, c, error, message);
    }
}

/* Out of the bridge and, if a guest's, down. */
static void
close_device(struct run *run, uint32_t ifindex)
{
    if (ifindex == run->plan->uplink) {
        run->uplink_closed = true;
    } else {
        nlsock_queue(run->sock, rtmsg_flags(ifindex, 0, IFF_UP),
                     NLSOCK_IGNORE);
    }
    nlsock_queue(run->sock, rtmsg_master(ifindex, 0, 0, 0), NLSOCK_IGNORE);
}

static void
put_removed(struct run *run, enum object_kind kind)
{
    for (size_t i = 0; i < run->changes->n; i++) {
        const struct change *c = &run->changes->v[i];

        if (c->op == CHANGE_DEL && c->have->kind == kind) {
            port_put(run->sock, run->plan, c, run->bridge, i);
        }
    }
}

/* Step 1. Removals of what a device has in the bridge are left out if it
 * leaves the bridge; it takes them along. */
static void
close_ports(struct run *run)
{
    const struct changes *ch = run->changes;
    uint32_t *leaving = xmalloc((ch->n + 1) * sizeof *leaving);
    size_t n_leaving = 0;

    put_removed(run, OBJECT_UP);
    for (size_t i = 0; i < run->targets.n; i++) {
        const struct target *t = &run->targets.v[i];
        bool moved = t->kinds & KIND(OBJECT_MASTER);

        if (!t->segment && !t->fenced) {
            close_device(run, t->ifindex);
        } else if (t->segment && t->up && (!t->fenced || moved)) {
            nlsock_queue(run->sock, rtmsg_flags(t->ifindex, 0, IFF_UP),
                         NLSOCK_IGNORE);
        }
    }
    put_removed(run, OBJECT_MASTER);
    for (size_t i = 0; i < ch->n; i++) {
        const struct change *c = &ch->v[i];

        if (c->op == CHANGE_DEL && c->have->kind == OBJECT_MASTER) {
            leaving[n_leaving++] = c->have->ifindex; /* Ascending. */
        }
    }
    /* FDB entries before the VLANs that they are in: the kernel refuses to
     * remove them afterwards. */
    for (int pass = 0; pass < 2; pass++) {
        enum object_kind kind = pass ? OBJECT_VLAN : OBJECT_FDB;
        size_t l = 0;

        for (size_t i = 0; i < ch->n; i++) {
            const struct change *c = &ch->v[i];

            if (c->op != CHANGE_DEL || c->have->kind != kind
                || (run->uplink_closed
                    && c->have->ifindex == run->plan->uplink)) {
                continue;
            }
            while (l < n_leaving && leaving[l] < c->have->ifindex) {
                l++;
            }
            if (l == n_leaving || leaving[l] != c->have->ifindex) {
                port_put(run->sock, run->plan, c, run->bridge, i);
            }
        }
    }
    nlsock_flush(run->sock);
    free(leaving);
}

/* Step 2. */
static void
put_host(struct run *run)
{
    for (size_t i = 0; i < run->changes->n; i++) {
        const struct change *c = &run->changes->v[i];
        const struct object *o = change_object(c);

        if (o->kind == OBJECT_BRIDGE && c->want) {
            bridge_put(run->sock, c, i);
            nlsock_flush(run->sock);
        } else if (o->kind == OBJECT_SYSCTL) {
            int error = sysctl_put(run->sock, c, i);

            if (error) {
                change_failed(run, c, error, ovs_strerror(-error));
            }
        }
    }
    nlsock_flush(run->sock);
    run->bridge = if_nametoindex(run->plan->host->bridge);
}

/* Step 3, the guard in the kernel module. Segments go after the ports that
 * are in them. */
static void
put_module(struct run *run)
{
    nlsock_set_failed(module_sock(), request_failed, run);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < run->changes->n; i++) {
            const struct change *c = &run->changes->v[i];
            enum object_kind kind = change_object(c)->kind;
            bool last = kind == OBJECT_MODULE_SEGMENT && !c->want;
            const char *message;
            int error;

            if (!(KIND(kind) & KINDS_MODULE) || last != pass) {
                continue;
            }
            error = module_put(run->plan, c, run->arena, i, &message);
            if (error) {
                change_failed(run, c, error, message);
            }
        }
    }
    nlsock_set_failed(module_sock(), NULL, NULL);
}

/* A device that the guard has no filter for must not have one that the kernel
 * has taken away in the same transaction: so it is closed before. */
static void
close_refused(uint32_t ifindex, void *run_)
{
    struct run *run = run_;

    close_device(run, ifindex);
    nlsock_flush(run->sock);
}

/* Step 3, the guard in nftables. */
static int
put_guard(struct run *run)
{
    size_t first = 0, end, n_errors = 0;
    const struct changes *ch = run->changes;
    struct apply_error *errors = NULL;
    struct changes guard;
    int result;

    while (first < ch->n
           && !(KIND(change_object(&ch->v[first])->kind) & KINDS_NFT)) {
        first++;
    }
    for (end = first; end < ch->n; end++) {
        if (!(KIND(change_object(&ch->v[end])->kind) & KINDS_NFT)) {
            break;
        }
    }
    if (first == end) {
        return 0;
    }
    guard = (struct changes){ .v = &ch->v[first], .n = end - first };
    result = guard_apply(&guard, &(struct guard_closer){ close_refused, run },
                         run->arena, &errors, &n_errors);
    for (size_t i = 0; i < n_errors; i++) {
        add_error(run, &errors[i]);
        targets_fail_guard(&run->targets, errors[i].ifindex,
                           errors[i].segment);
    }
    free(errors);
    if (result < 0) {
        /* Whatever was to change has not. */
        targets_fail_guard(&run->targets, 0, 0);
        if (!n_errors) {
            add_error(run,
                      &(struct apply_error){
                          .error = result,
                          .message = arena_printf(run->arena, "nftables: %s",
                                                  ovs_strerror(-result)) });
        }
        return 0;
    }
    return result;
}

/* Step 3, the lock and rates: first what goes. A device leaves its block
 * before the block's filters go. What passes frames goes last, when what passes
 * them in its place has come. */
static void
put_lock(struct run *run)
{
    for (int pass = 0; pass < 5; pass++) {
        for (size_t i = 0; i < run->changes->n; i++) {
            const struct change *c = &run->changes->v[i];
            enum object_kind kind = change_object(c)->kind;
            bool gone = c->op == CHANGE_DEL;
            bool last = gone && lock_filter_passes(c->have);
            bool rate = KIND(kind) & KINDS_RATE;

            if (kind != OBJECT_QDISC && kind != OBJECT_FILTER && !rate) {
                continue;
            }
            if (pass
                == (last                   ? 4
                    : kind == OBJECT_QDISC ? (gone ? 0 : 2)
                                           : (gone ? 1 : 3))) {
                if (rate) {
                    rate_put(run->sock, c, i);
                } else {
                    lock_put(run->sock, c, run->bridge, i);
                }
            }
        }
    }
    nlsock_flush(run->sock);
}

/* Steps 4 and 5. */
static void
put_ports(struct run *run)
{
    for (size_t i = 0; i < run->changes->n; i++) {
        const struct change *c = &run->changes->v[i];
        const struct object *o = change_object(c);
        enum object_stage stage = object_stage(o);
        uint32_t before = KINDS_HOST | KINDS_FENCE | KINDS_RATE;
        const struct target *t;

        if (stage < STAGE_SEGMENT || !c->want) {
            continue;
        }
        if (stage == STAGE_OPEN) {
            before |= KINDS_SEGMENT;
        }
        t = targets_find(&run->targets, o->ifindex);
        if (t && !t->failed && !(t->kinds & before)
            && (run->bridge || o->kind != OBJECT_MASTER)) {
            port_put(run->sock, run->plan, c, run->bridge, i);
        }
    }
    nlsock_flush(run->sock);
}

/* A bridge of ours that is not wanted any more goes once it has no ports. */
static void
remove_bridges(struct run *run)
{
    for (size_t i = 0; i < run->changes->n; i++) {
        if (change_object(&run->changes->v[i])->kind == OBJECT_MASTER) {
            return;
        }
    }
    for (size_t i = 0; i < run->changes->n; i++) {
        const struct change *c = &run->changes->v[i];

        if (c->op == CHANGE_DEL && c->have->kind == OBJECT_BRIDGE) {
            bridge_put(run->sock, c, i);
        }
    }
    nlsock_flush(run->sock);
}

static void
close_failed(struct run *run)
{
    for (size_t i = 0; i < run->targets.n; i++) {
        if (run->targets.v[i].failed) {
            close_device(run, run->targets.v[i].ifindex);
        }
    }
    nlsock_flush(run->sock);
}

int
linux_apply(struct nlsock *sock, const struct plan *plan,
            const struct objects *want, const struct changes *changes,
            struct arena *arena, struct apply_error **ret_errors,
            size_t *ret_n_errors)
{
    struct run run = {
        .sock = sock,
        .plan = plan,
        .changes = changes,
        .arena = arena,
        .errors = *ret_errors,
        .n_errors = *ret_n_errors,
        .allocated_errors = *ret_n_errors,
    };
    uint64_t writes = nlsock_writes(sock) + nlsock_writes(module_sock());
    int guard;

    if (!changes->n) {
        return 0;
    }
    nlsock_set_failed(sock, request_failed, &run);
    run.bridge = if_nametoindex(plan->host->bridge);
    targets_init(&run.targets, plan, want, changes);

    close_ports(&run);
    put_host(&run);
    put_module(&run);
    guard = put_guard(&run);
    put_lock(&run);
    put_ports(&run);
    remove_bridges(&run);
    close_failed(&run);

    nlsock_set_failed(sock, NULL, NULL);
    targets_done(&run.targets);
    *ret_errors = run.errors;
    *ret_n_errors = run.n_errors;
    return nlsock_writes(sock) + nlsock_writes(module_sock()) - writes + guard;
}
