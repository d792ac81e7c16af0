/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Brings the kernel of this network namespace to what a policy wants, once,
 * without agent and without Xen, and prints each change and the state of each
 * port. For the tests of the dataplane and for looking at it.
 *
 *     dataplane_tool [-nlgod] [-t TIMES] POLICY
 *
 * -n only prints what would change. -l leaves the lock out (and -g the guard),
 * to show what the other one does alone. -o prints what was observed. -d
 * prints drop counters. -t repeats a turn without changes so often and prints
 * what its parts take on average. Exit code 0: nothing left to do and no port failed, 1:
 * otherwise. */

#include <cordon-config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/messages.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

#define TURNS 20

static bool dry, without_lock, without_guard, observed, counters;

static void
die(const char *what, int error)
{
    fprintf(stderr, "dataplane_tool: %s: %s\n", what, ovs_strerror(-error));
    exit(2);
}

static void
print(const char *prefix, const struct object *o)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    object_format(o, &ds);
    printf("%s%s\n", prefix, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
print_changes(int turn, const struct changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        change_format(&changes->v[i], &ds);
        printf("%d %s\n", turn, ds_cstr(&ds));
        ds_destroy(&ds);
    }
}

/* Removes the kinds that are to be left out. */
static void
leave_out(struct objects *os)
{
    uint32_t kinds =
        (without_lock ? KINDS_LOCK : 0) | (without_guard ? KINDS_GUARD : 0);
    size_t n = 0;

    for (size_t i = 0; i < os->n; i++) {
        if (!(kinds & KIND(os->v[i].kind))) {
            os->v[n++] = os->v[i];
        }
    }
    os->n = n;
}

static bool
print_states(const struct plan *plan, const struct objects *have,
             const struct changes *changes)
{
    struct port_status *status = xcalloc(plan->n_ports + 1, sizeof *status);
    bool ok = true;

    port_states(plan, have, changes, status);
    for (size_t i = 0; i < plan->n_ports; i++) {
        printf("port %s %s %s%s%s\n", plan->ports[i].name,
               plan->ports[i].ifindex ? plan->ports[i].device : "-",
               port_state_name(status[i].state), status[i].why ? ": " : "",
               status[i].why ? status[i].why : "");
        ok &= status[i].state != PORT_FAILED;
    }
    for (size_t i = 0; i < plan->n_strays; i++) {
        printf("stray %s: %s\n", plan->strays[i].device, plan->strays[i].why);
    }
    if (plan->host_problem) {
        printf("host: %s\n", plan->host_problem);
    }
    if (plan->uplink_foreign) {
        printf("uplink: %s\n", plan->uplink_foreign);
    }
    free(status);
    return ok;
}

/* One turn. Returns how many changes were left to make. */
static size_t
turn(const struct dataplane *dp, const struct policy *policy, int number,
     bool *ret_ok)
{
    struct objects want = { .n = 0 }, have = { .n = 0 };
    struct changes changes = { .n = 0 };
    struct apply_error *errors = NULL;
    struct arena *arena = arena_new();
    struct inventory *inv;
    struct plan *plan;
    size_t n_errors = 0, n;
    int error;

    error = inventory_read(NULL, &inv);
    if (error) {
        die("inventory", error);
    }
    plan = desire(policy, inv);
    error = dp->observe(plan, arena, &have);
    if (error) {
        die("observe", error);
    }
    plan_judge(plan, &have);
    dp->want(plan, &have, arena, &want);
    leave_out(&want);
    leave_out(&have);
    diff(&want, &have, &changes);
    print_changes(number, &changes);
    n = changes.n;
    if (!n || dry) {
        *ret_ok = print_states(plan, &have, &changes) && !n;
        for (size_t i = 0; i < have.n && observed; i++) {
            print(have.v[i].foreign ? "foreign " : "have ", &have.v[i]);
        }
    } else {
        int result =
            dp->apply(plan, &want, &changes, arena, &errors, &n_errors);

        printf("%d = %d messages\n", number, result);
        for (size_t i = 0; i < n_errors; i++) {
            printf("%d ! #%u %s\n", number, errors[i].ifindex,
                   errors[i].message);
        }
    }

    free(errors);
    changes_done(&changes);
    objects_done(&want);
    objects_done(&have);
    plan_free(plan);
    inventory_free(inv);
    arena_free(arena);
    return dry ? 0 : n;
}

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void
measure(const struct dataplane *dp, const struct policy *policy, int times)
{
    double spent[4] = { 0, 0, 0, 0 };

    for (int i = 0; i < times; i++) {
        struct objects want = { .n = 0 }, have = { .n = 0 };
        struct changes changes = { .n = 0 };
        struct arena *arena = arena_new();
        double t0 = now_ms(), t1, t2, t3;
        struct inventory *inv;
        struct plan *plan;

        if (inventory_read(NULL, &inv)) {
            die("inventory", -EIO);
        }
        plan = desire(policy, inv);
        t1 = now_ms();
        if (dp->observe(plan, arena, &have)) {
            die("observe", -EIO);
        }
        t2 = now_ms();
        plan_judge(plan, &have);
        dp->want(plan, &have, arena, &want);
        t3 = now_ms();
        diff(&want, &have, &changes);
        spent[0] += t1 - t0;
        spent[1] += t2 - t1;
        spent[2] += t3 - t2;
        spent[3] += now_ms() - t3;
        changes_done(&changes);
        objects_done(&want);
        objects_done(&have);
        plan_free(plan);
        inventory_free(inv);
        arena_free(arena);
    }
    printf("a turn: plan %.2f ms, observe %.2f ms, want %.2f ms, "
           "diff %.2f ms\n",
           spent[0] / times, spent[1] / times, spent[2] / times,
           spent[3] / times);
}

static void
print_drops(const struct dataplane *dp)
{
    struct drop_count *drops;
    size_t n;
    int error = dp->drops(&drops, &n);

    if (error) {
        die("drops", error);
    }
    for (size_t i = 0; i < n; i++) {
        if (drops[i].packets) {
            printf("drops #%u %s %llu\n", drops[i].ifindex,
                   reason_name(drops[i].reason),
                   (unsigned long long) drops[i].packets);
        }
    }
    free(drops);
}

int
main(int argc, char *argv[])
{
    const struct dataplane *dp = &dataplane_linux;
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    bool ok = false;
    size_t left = 1;
    int c, error, times = 0;

    while ((c = getopt(argc, argv, "nlgodt:")) != -1) {
        times = c == 't' ? atoi(optarg) : times;
        dry |= c == 'n';
        without_lock |= c == 'l';
        without_guard |= c == 'g';
        observed |= c == 'o';
        counters |= c == 'd';
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: dataplane_tool [-nlgod] [-t TIMES] POLICY\n");
        return 2;
    }
    error = policy_load(argv[optind], &errors, &policy);
    if (error) {
        fprintf(stderr, "%s", ds_cstr(&errors));
        return 2;
    }
    ds_destroy(&errors);
    error = dp->open();
    if (error) {
        die("open", error);
    }
    for (int i = 0; i < TURNS && left; i++) {
        left = turn(dp, policy, i, &ok);
    }
    if (left) {
        printf("not converged\n");
    }
    if (counters) {
        print_drops(dp);
    }
    if (times) {
        measure(dp, policy, times);
    }
    printf("messages: %llu writes, %llu reads\n",
           (unsigned long long) dataplane_messages().writes,
           (unsigned long long) dataplane_messages().reads);
    dp->close();
    policy_free(policy);
    return ok && !left ? 0 : 1;
}
