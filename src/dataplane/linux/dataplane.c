/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The dataplane `linux`: one VLAN-aware bridge, nftables and tc, in the
 * network namespace of the process. The parts (bridge, sysctl, guard, lock,
 * port) each say what they want and what there is; this puts them together.
 * Called by the agent's reconciler, through struct dataplane. */

#include <cordon-config.h>
#include "dataplane/dataplane.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/apply.h"
#include "dataplane/linux/bridge.h"
#include "dataplane/linux/device.h"
#include "dataplane/linux/guard.h"
#include "dataplane/linux/guard_cache.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/messages.h"
#include "dataplane/linux/monitor.h"
#include "dataplane/linux/port.h"
#include "dataplane/linux/sysctl.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "openvswitch/poll-loop.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

/* How often to look for changes that the kernel does not tell of, in ms. */
#define POLL_INTERVAL 1000

/* How often to repeat a reading that was torn. */
#define TRIES 5

static struct {
    struct nlsock *sock; /* NULL: not open. */
    uint64_t guard_writes;
    char bridge[IFNAMSIZ]; /* As of the last observe(). */
    uint32_t bridge_index, uplink_index;
    uint32_t fingerprint; /* Of what has to be polled. */
    long long int next_poll;
} self;

static void
linux_close(void)
{
    monitor_close();
    guard_cache_close();
    guard_close();
    nlsock_close(self.sock);
    memset(&self, 0, sizeof self);
}

static int
linux_open(void)
{
    int error = nlsock_open(NETLINK_ROUTE, &self.sock);

    if (!error) {
        error = monitor_open();
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
linux_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    bridge_want(plan, arena, os);
    sysctl_want(plan, arena, os);
    guard_want(plan, arena, os);
    lock_want(plan, arena, os);
    port_want(plan, arena, os);
    objects_sort(os);
}

static uint32_t
our_bridge(const struct devices *ds, const char *name)
{
    const struct device *d = device_by_name(ds, name);

    return d && d->ours ? d->ifindex : 0;
}

static int
observe_once(const struct plan *plan, struct arena *arena, struct objects *os)
{
    const char *bridge = plan->host->bridge;
    struct lock_reading lock;
    struct devices ds;
    uint32_t index;
    int error;

    error = devices_read(self.sock, bridge, arena, &ds);
    if (error) {
        return error;
    }
    index = our_bridge(&ds, bridge);
    error = lock_read(self.sock, index, &lock);
    if (!error) {
        bridge_observe(plan, &ds, arena, os);
        lock_observe(&lock, plan, &ds, arena, os);
        error = sysctl_observe(plan, &ds, arena, os);
    }
    if (!error) {
        error = port_observe(self.sock, plan, &ds, arena, os);
    }
    if (!error) {
        error = guard_cache_observe(&ds, arena, os);
    }
    if (!error) {
        ovs_strzcpy(self.bridge, bridge, sizeof self.bridge);
        self.bridge_index = index;
        self.uplink_index = plan->uplink;
        self.fingerprint = lock_fingerprint(&lock) ^ sysctl_fingerprint(&ds);
        self.next_poll = time_msec() + POLL_INTERVAL;
    }
    lock_reading_done(&lock);
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
    return error;
}

static int
apply(const struct plan *plan, const struct changes *changes,
      struct arena *arena, struct apply_error **errors, size_t *n_errors)
{
    uint64_t before = nlsock_writes(self.sock);
    int n = linux_apply(self.sock, plan, changes, arena, errors, n_errors);

    if (n > 0) {
        self.guard_writes += n - (nlsock_writes(self.sock) - before);
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
        error = lock_drops(self.sock, self.bridge_index, self.uplink_index,
                           &drops, &n);
    }
    if (error) {
        free(drops);
        return error;
    }
    *ret_drops = drops;
    *ret_n = n;
    return 0;
}

/* Has anything changed of what the kernel does not tell of? */
static bool
poll_kernel(void)
{
    struct arena *arena = arena_new();
    struct lock_reading lock;
    bool changed = true;
    struct devices ds;

    if (!devices_read(self.sock, self.bridge, arena, &ds)) {
        if (!lock_read(self.sock, our_bridge(&ds, self.bridge), &lock)) {
            changed = self.fingerprint
                      != (lock_fingerprint(&lock) ^ sysctl_fingerprint(&ds));
        }
        lock_reading_done(&lock);
    }
    arena_free(arena);
    return changed;
}

static bool
linux_changed(void)
{
    bool changed = monitor_changed();

    changed |= guard_changed();
    if (self.bridge[0] && time_msec() >= self.next_poll) {
        self.next_poll = time_msec() + POLL_INTERVAL;
        changed |= poll_kernel();
    }
    return changed;
}

static void
linux_wait(void)
{
    poll_fd_wait(monitor_fd(), POLLIN);
    poll_fd_wait(guard_monitor_fd(), POLLIN);
    if (self.bridge[0]) {
        poll_timer_wait_until(self.next_poll);
    }
}

struct dataplane_messages
dataplane_messages(void)
{
    return (struct dataplane_messages){
        .writes = self.sock ? nlsock_writes(self.sock) + self.guard_writes : 0,
        .reads = self.sock ? nlsock_reads(self.sock) : 0,
    };
}

const struct dataplane dataplane_linux = {
    .name = "linux",
    .open = linux_open,
    .close = linux_close,
    .want = linux_want,
    .observe = linux_observe,
    .apply = apply,
    .drops = linux_drops,
    .changed = linux_changed,
    .wait = linux_wait,
    .limits = guard_limits,
};
