/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Brings the guard, and nothing else, to what a policy asks for: for tests
 * and measurements without an agent. Devices are bound by "device:".
 *
 *     guard_tool [-n] [-q] POLICY     (-n: only print what would change) */

#include <cordon-config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard.h"
#include "inventory/inventory.h"
#include "inventory/links.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

static void
print_change(const struct change *c)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    object_format(c->have ? c->have : c->want, &ds);
    printf("%c %s\n", "+~-"[c->op], ds_cstr(&ds));
    if (c->op == CHANGE_MOD) {
        ds_clear(&ds);
        object_format(c->want, &ds);
        printf("  %s\n", ds_cstr(&ds));
    }
    ds_destroy(&ds);
}

/* The guard alone is at work here: a device is as it is. */
static void
leave_open(uint32_t ifindex OVS_UNUSED, void *aux OVS_UNUSED)
{
}

static const struct guard_closer closer = { .close = leave_open };

/* One turn. Returns the changes that were wanted, or -errno. */
static int
turn(const struct plan *plan, bool dry, bool quiet)
{
    struct arena *arena = arena_new();
    struct objects want = { 0 }, have = { 0 };
    struct changes changes = { 0 };
    struct apply_error *errors = NULL;
    size_t n_errors = 0;
    long long int t0 = time_usec(), t1, t2, t3;
    int error, n;

    guard_want(plan, arena, &want);
    objects_sort(&want);
    t1 = time_usec();
    error = guard_observe(arena, &have);
    if (error) {
        fprintf(stderr, "observe: %s\n", strerror(-error));
        return error;
    }
    objects_sort(&have);
    t2 = time_usec();
    diff(&want, &have, &changes);
    for (size_t i = 0; i < changes.n && !quiet; i++) {
        print_change(&changes.v[i]);
    }
    error = 0;
    if (!dry && changes.n) {
        error = guard_apply(&changes, &closer, arena, &errors, &n_errors);
    }
    t3 = time_usec();
    for (size_t i = 0; i < n_errors; i++) {
        printf("error: device %u: %s\n", errors[i].ifindex, errors[i].message);
    }
    printf("wanted %zu, had %zu, changes %zu, messages %d; want %lld us, "
           "observe %lld us, apply %lld us\n",
           want.n, have.n, changes.n, error, t1 - t0, t2 - t1, t3 - t2);
    n = error < 0 ? error : n_errors ? -EPROTO : (int) changes.n;
    free(errors);
    changes_done(&changes);
    objects_done(&want);
    objects_done(&have);
    arena_free(arena);
    return n;
}

int
main(int argc, char *argv[])
{
    struct inventory inv = { 0 };
    struct ds errors = DS_EMPTY_INITIALIZER;
    bool dry = false, quiet = false;
    struct policy *policy;
    struct plan *plan;
    int option, rc;

    while ((option = getopt(argc, argv, "nq")) != -1) {
        dry |= option == 'n';
        quiet |= option == 'q';
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: guard_tool [-n] [-q] POLICY\n");
        return 2;
    }
    if (policy_load(argv[optind], &errors, &policy)) {
        fprintf(stderr, "%s", ds_cstr(&errors));
        return 2;
    }
    inv.arena = arena_new();
    rc = links_read(&inv);
    rc = rc ? rc : guard_open();
    if (rc) {
        fprintf(stderr, "%s\n", strerror(-rc));
        return 2;
    }
    plan = desire(policy, &inv);
    if (plan->host_problem) {
        printf("host: %s\n", plan->host_problem);
    }
    rc = turn(plan, dry, quiet);
    if (rc > 0 && !dry) {
        rc = turn(plan, true, quiet);
    }
    plan_free(plan);
    guard_close();
    return rc ? 1 : 0;
}
