/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The dataplane `linux`: one VLAN-aware bridge, nftables and tc or the kernel
 * module, in the network namespace of the process. The parts (bridge, sysctl, guard, lock,
 * port) each say what they want and what there is; this puts them together.
 * Called by the agent's reconciler, through struct dataplane. */

#include <cordon-config.h>
#include "dataplane/dataplane.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/guard/event.h"
#include "dataplane/guard/module.h"
#include "dataplane/linux/apply.h"
#include "dataplane/linux/bridge.h"
#include "dataplane/linux/cut.h"
#include "dataplane/linux/device.h"
#include "dataplane/linux/fence.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/guard_cache.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/messages.h"
#include "dataplane/linux/monitor.h"
#include "dataplane/linux/nflog.h"
#include "dataplane/linux/port.h"
#include "dataplane/linux/rate.h"
#include "dataplane/linux/reading.h"
#include "dataplane/linux/sysctl.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "openvswitch/poll-loop.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

/* How often to look for changes that the kernel does not tell of, in ms. They
 * have to be repaired within a second. */
#define POLL_INTERVAL 500

/* How often to repeat a reading that was torn. */
#define TRIES 5

static struct {
    struct nlsock *sock; /* NULL: not open. */
    uint64_t guard_writes;
    uint32_t uplink; /* As of the last observe(). */
    struct reading reading;
    bool module; /* The kernel module was there then. */
    bool news;   /* Heard of something since the last linux_changed(). */
    bool met;    /* Something has been read. */
    long long int next_poll;
} self;

static void
linux_unlisten(void)
{
    event_close();
    nflog_close();
}

static void
linux_close(void)
{
    linux_unlisten();
    cut_close();
    monitor_close();
    module_close();
    guard_cache_close();
    guard_close();
    reading_done(&self.reading);
    nlsock_close(self.sock);
    memset(&self, 0, sizeof self);
}

static int
linux_open(void)
{
    int error = nlsock_open(NETLINK_ROUTE, &self.sock);

    reading_init(&self.reading);
    if (!error) {
        error = monitor_open();
    }
    if (!error) {
        error = module_open();
    }
    if (!error) {
        error = guard_open();
    }
    if (!error) {
        error = guard_cache_open();
    }
    if (error) {
        linux_close();
    }
    return error;
}

static void
linux_want(const struct plan *plan, const struct objects *have,
           struct arena *arena, struct objects *os)
{
    objects_reserve(os, have->n + have->n / 8 + 256); /* It is much alike. */
    bridge_want(plan, arena, os);
    sysctl_want(plan, arena, os);
    fence_want(plan, have, arena, os);
    port_want(plan, arena, os);
    objects_sort(os);
}

/* Takes in what the kernel tells. */
static void
hear(void)
{
    uint32_t heard = monitor_heard();

    if (heard) {
        self.news = true;
        reading_mark(&self.reading, heard);
    }
    if (heard & HEARD_GONE) {
        guard_cache_forget();
    }
}

static void
linux_forget(void)
{
    reading_mark(&self.reading, HEARD_ALL);
    guard_cache_forget();
}

/* A device that was replaced by one of the same name and ifindex has gone
 * before the new one could be read: asked between the two, the monitor knows,
 * and the guard is not taken for what it was. */
static int
observe_once(const struct plan *plan, struct arena *arena, struct objects *os)
{
    struct reading *r = &self.reading;
    struct devices ds;
    size_t first;
    int error;

    error = reading_update(r, self.sock, plan->host->bridge);
    if (error) {
        return error;
    }
    hear();
    self.uplink = plan->uplink;
    self.next_poll = time_msec() + POLL_INTERVAL;
    devices_copy(&r->devices, arena, &ds);

    /* In the order of kinds, nearly: there is little left to sort. */
    bridge_observe(plan, &ds, arena, os);
    error = sysctl_observe(plan, &ds, arena, os);
    first = os->n;
    error = error ? error : module_observe(plan, arena, os);
    self.module = os->n > first;
    error = error ? error
                  : guard_cache_observe(&ds, plan->host->mark_mask, arena, os);
    lock_observe(&r->lock, plan, &ds, arena, os);
    rate_observe(&r->lock, plan, &ds, arena, os);
    port_observe(&r->ports, plan, &ds, arena, os);
    return error;
}

static int
linux_observe(const struct plan *plan, struct arena *arena, struct objects *os)
{
    int error = -EAGAIN;

    for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
        os->n = 0;
        error = observe_once(plan, arena, os);
    }
    if (!error) {
        objects_sort(os);
    }
    if (!error && !self.met) {
        cut_found(os);
        self.met = true;
    }
    return error;
}

static bool
is_of_guard(const struct change *c)
{
    return (KIND(change_object(c)->kind) & KINDS_NFT) != 0;
}

static int
apply(const struct plan *plan, const struct objects *want,
      const struct changes *changes, struct arena *arena,
      struct apply_error **errors, size_t *n_errors)
{
    uint64_t before = nlsock_writes(self.sock), rtnetlink;
    int n =
        linux_apply(self.sock, plan, want, changes, arena, errors, n_errors);

    rtnetlink = nlsock_writes(self.sock) - before;
    if (n > 0) {
        self.guard_writes += n - rtnetlink;
    }
    guard_cache_written(changes);
    /* What was written is read back, whatever is heard of it. The guard's
     * generation says the same of the guard. */
    for (size_t i = 0; i < changes->n; i++) {
        if (rtnetlink || !is_of_guard(&changes->v[i])) {
            reading_mark(&self.reading, HEARD_ALL);
            break;
        }
    }
    return n;
}

static int
linux_drops(struct drop_count **ret_drops, size_t *ret_n)
{
    struct drop_count *drops = NULL;
    size_t n = 0;
    int error = guard_drops(&drops, &n);

    if (!error) {
        error = lock_drops(self.sock, self.reading.bridge_index, self.uplink,
                           &drops, &n);
    }
    if (!error) {
        error = module_drops(&drops, &n);
    }
    if (error) {
        free(drops);
        return error;
    }
    *ret_drops = drops;
    *ret_n = n;
    return 0;
}

static int
linux_dropped(size_t max, dropped_cb *cb, void *aux)
{
    int error = nflog_open();

    error = error ? error : event_open();
    error = error ? error : nflog_receive(max, cb, aux);
    return !error || error == -EAGAIN ? event_receive(cb, aux, error) : error;
}

static bool
linux_changed(void)
{
    bool changed;

    hear();
    /* All are asked, for each forgets what it has told. */
    changed = guard_changed();
    if (changed) {
        guard_cache_forget();
    }
    if (module_changed()) {
        event_forget();
        changed = true;
    }
    changed |= self.news;
    self.news = false;
    if (!changed && self.reading.bridge[0] && time_msec() >= self.next_poll) {
        /* What others do to the module, nobody tells either. */
        changed = reading_poll(&self.reading, self.sock) || self.module;
        self.next_poll = time_msec() + POLL_INTERVAL;
    }
    return changed;
}

static void
linux_wait(void)
{
    poll_fd_wait(monitor_fd(), POLLIN);
    poll_fd_wait(guard_monitor_fd(), POLLIN);
    poll_fd_wait(module_fd(), POLLIN);
    if (nflog_fd() >= 0) {
        poll_fd_wait(nflog_fd(), POLLIN);
    }
    if (event_fd() >= 0) {
        poll_fd_wait(event_fd(), POLLIN);
    }
    if (self.reading.bridge[0]) {
        poll_timer_wait_until(self.next_poll);
    }
}

struct dataplane_messages
dataplane_messages(void)
{
    return (struct dataplane_messages){
        .writes = self.sock ? nlsock_writes(self.sock) + self.guard_writes
                                  + cut_writes()
                            : 0,
        .reads = self.sock ? nlsock_reads(self.sock) + cut_reads() : 0,
    };
}

const struct dataplane dataplane_linux = {
    .name = "linux",
    .open = linux_open,
    .close = linux_close,
    .want = linux_want,
    .observe = linux_observe,
    .forget = linux_forget,
    .apply = apply,
    .judge = cut_judge,
    .connections = cut_count,
    .drops = linux_drops,
    .dropped = linux_dropped,
    .unlisten = linux_unlisten,
    .changed = linux_changed,
    .wait = linux_wait,
    .guard = fence_name,
    .limits = fence_limits,
};
