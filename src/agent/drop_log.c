/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes dropped frames as lines, and keeps count of those that are not
 * written: for each port and reason, what the kernel has counted less what was
 * logged. cordond's main loop calls this. */

#include <cordon-config.h>
#include "agent/drop_log.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/drop_allowance.h"
#include "agent/drop_file.h"
#include "agent/drop_rule.h"
#include "agent/drop_tally.h"
#include "agent/reconcile.h"
#include "dataplane/dataplane.h"
#include "lib/frame.h"
#include "lib/reason.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "plan/plan.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(drop_log);

#define TALLY_MS 5000  /* How often what was not logged is told. */
#define FRAMES_MAX 100 /* Of one turn of the loop. */

struct drop_log {
    struct drop_file *file;
    uint64_t n_logged;
    bool running;             /* A tenant wants a log. */
    bool more;                /* Frames are waiting. */
    long long int listen_at;  /* When to listen again, 0: now. */
    long long int next_tally; /* When to ask for the counters. */
    uint64_t turns;           /* Of the reconciler, when last looked at. */
    const struct plan *plan;  /* During drop_log_run(). */
    struct hmap tallies;      /* Of struct tally. */
    struct hmap allowances;   /* Of struct allowance. */
};

struct drop_log *
drop_log_new(const char *path)
{
    struct drop_log *log = xzalloc(sizeof *log);

    log->file = drop_file_new(path);
    hmap_init(&log->tallies);
    hmap_init(&log->allowances);
    return log;
}

void
drop_log_free(struct drop_log *log)
{
    if (log) {
        tallies_clear(&log->tallies);
        allowances_clear(&log->allowances);
        hmap_destroy(&log->tallies);
        hmap_destroy(&log->allowances);
        drop_file_free(log->file);
        free(log);
    }
}

void
drop_log_reopen(struct drop_log *log)
{
    drop_file_reopen(log->file);
}

/* Adds a line. False if there are too many already. */
static bool
put_line(struct drop_log *log, struct writer *w)
{
    char *line = writer_finish(w);
    bool room = drop_file_put(log->file, line);

    free(line);
    return room;
}

/* Starts a line about a port. */
static struct writer *
begin_line(const struct plan_port *port, unsigned int reason)
{
    const struct policy_guest *guest = port->interface->guest;
    struct writer *w = writer_json_new();
    char *now =
        xastrftime_msec("%Y-%m-%dT%H:%M:%S.###Z", time_wall_msec(), true);

    writer_object(w, NULL);
    writer_string(w, "time", now);
    writer_string(w, "tenant", guest->tenant->name);
    writer_string(w, "guest", guest->name);
    writer_string(w, "port", port->name);
    writer_string(w, "device", port->device);
    if (reason_name(reason)) {
        writer_string(w, "reason", reason_name(reason));
    } else {
        writer_format(w, "reason", "%u", reason);
    }
    free(now);
    return w;
}

/* What is logged. */

static const struct plan_port *
logged_port(const struct drop_log *log, uint32_t ifindex)
{
    const struct plan_port *port =
        ifindex ? plan_port_by_ifindex(log->plan, ifindex) : NULL;

    return port && port->interface->guest->tenant->log ? port : NULL;
}

static void
log_frame(const struct dropped_frame *f, void *log_)
{
    struct drop_log *log = log_;
    const struct plan_port *port = logged_port(log, f->ifindex);
    const struct policy_where *where;
    struct ds rule = DS_EMPTY_INITIALIZER;
    struct writer *w;

    if (!port || !f->reason
        || !allowance_take(&log->allowances,
                           port->interface->guest->tenant->name, f->from,
                           f->reason)) {
        return;
    }
    w = begin_line(port, f->reason);
    writer_string(w, "direction",
                  direction_name(f->from ? POLICY_EGRESS : POLICY_INGRESS));
    where = drop_rule(port, f->reason, &rule);
    if (rule.length) {
        writer_string(w, "rule", ds_cstr(&rule));
    }
    if (where) {
        writer_format(w, "where", "%s:%u", where->file, where->line);
    }
    frame_write(w, f->bytes, f->n);
    writer_end(w);
    if (put_line(log, w)) {
        tally_get(&log->tallies, f->ifindex, f->reason)->logged++;
        log->n_logged++;
    }
    ds_destroy(&rule);
}

/* Takes what is waiting. */
static void
receive(struct drop_log *log, const struct dataplane *dataplane)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    int error;

    log->more = false;
    if (time_msec() < log->listen_at) {
        return;
    }
    log->listen_at = 0;
    error = dataplane->dropped(FRAMES_MAX, log_frame, log);
    if (error == -EAGAIN) {
        log->more = true;
    } else if (error == -ENOBUFS) {
        VLOG_WARN_RL(&rl, "dropped frames came faster than they were read; "
                          "the log tells how many it has not");
        log->more = true;
    } else if (error) {
        dataplane->unlisten();
        log->listen_at = drop_file_failed(
            error == -EBUSY
                ? "another program listens to cordon's group of nflog"
                : "cannot listen to what is dropped",
            -error);
    }
}

/* What is not logged. */

static void
tell(struct drop_log *log, struct tally *t)
{
    const struct plan_port *port = logged_port(log, t->ifindex);

    if (port && t->missing > 0) {
        struct writer *w = begin_line(port, t->reason);

        writer_uint(w, "not_logged", t->missing);
        writer_end(w);
        if (put_line(log, w)) {
            t->missing = 0;
        }
    }
}

/* True if a port is logged whose counters are not known. */
static bool
has_new_port(const struct drop_log *log)
{
    for (size_t i = 0; i < log->plan->n_by_ifindex; i++) {
        uint32_t ifindex = log->plan->by_ifindex[i]->ifindex;

        if (logged_port(log, ifindex)
            && !tally_find(&log->tallies, ifindex, 0)) {
            return true;
        }
    }
    return false;
}

/* Notes the ports that are logged, forgets others. */
static void
note_ports(struct drop_log *log)
{
    struct tally *t;

    for (size_t i = 0; i < log->plan->n_by_ifindex; i++) {
        uint32_t ifindex = log->plan->by_ifindex[i]->ifindex;

        if (logged_port(log, ifindex)) {
            tally_get(&log->tallies, ifindex, 0);
        }
    }
    HMAP_FOR_EACH_SAFE (t, node, &log->tallies) {
        if (!logged_port(log, t->ifindex)) {
            hmap_remove(&log->tallies, &t->node);
            free(t);
        }
    }
}

/* Compares what was counted with what was logged. The counters are read first:
 * what they have has been passed to the socket by then, if it ever is. What
 * came since then may be logged and not counted yet. */
static void
tally(struct drop_log *log, const struct dataplane *dataplane)
{
    struct drop_count *drops = NULL;
    uint64_t before = log->n_logged;
    struct tally *t;
    size_t n = 0;

    log->next_tally = time_msec() + TALLY_MS;
    if (dataplane->drops(&drops, &n)) {
        return;
    }
    receive(log, dataplane);
    for (size_t i = 0; i < n; i++) {
        const struct drop_count *d = &drops[i];

        if (logged_port(log, d->ifindex)) {
            tally_count(&log->tallies, d->ifindex, d->reason, d->packets);
        }
    }
    free(drops);
    note_ports(log);
    HMAP_FOR_EACH (t, node, &log->tallies) {
        tally_settle(t, log->n_logged - before);
        tell(log, t);
    }
}

static bool
is_wanted(const struct plan *plan)
{
    for (size_t i = 0; i < plan->policy->n_tenants; i++) {
        if (plan->policy->tenants[i].log) {
            return true;
        }
    }
    return false;
}

/* Nobody wants a log. */
static void
rest(struct drop_log *log, const struct dataplane *dataplane)
{
    if (log->running) {
        dataplane->unlisten();
        drop_file_rest(log->file);
        tallies_clear(&log->tallies);
        allowances_clear(&log->allowances);
        log->running = log->more = false;
        log->listen_at = 0;
    }
}

void
drop_log_run(struct drop_log *log, const struct reconciler *r)
{
    if (!r->now) {
        return;
    }
    if (!is_wanted(r->now->plan)) {
        rest(log, r->dataplane);
        return;
    }
    log->plan = r->now->plan;
    if (!log->running || log->turns != r->turns) {
        log->running = true;
        log->turns = r->turns;
        if (has_new_port(log)) {
            log->next_tally = 0;
        }
    }
    receive(log, r->dataplane);
    if (!log->more && time_msec() >= log->next_tally) {
        tally(log, r->dataplane);
    }
    drop_file_flush(log->file);
    log->plan = NULL;
}

void
drop_log_wait(const struct drop_log *log)
{
    if (!log->running) {
        return;
    }
    if (log->more) {
        poll_immediate_wake();
        return;
    }
    poll_timer_wait_until(log->next_tally);
    if (log->listen_at) {
        poll_timer_wait_until(log->listen_at);
    }
    drop_file_wait(log->file);
}
