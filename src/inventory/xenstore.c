/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The connection to xenstored, by libxenstore, and the last reading. Watches
 * mark it as stale; the agent's loop calls. */

#include <cordon-config.h>
#include "inventory/xenstore.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "inventory/inventory.h"
#include "inventory/xenread.h"
#include "lib/arena.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(xenstore);

#define RETRY_MS 1000

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

struct xenstore {
    struct xs_handle *h; /* NULL: not connected. */
    long long int retry_at;
    bool known;
    bool stale;            /* 'last' is not what xenstored has. */
    struct inventory last; /* Domains and vifs only. */
};

struct xenstore *
xenstore_new(void)
{
    struct xenstore *xs = xzalloc(sizeof *xs);

    xs->last.arena = arena_new();
    xs->retry_at = LLONG_MIN;
    return xs;
}

void
xenstore_free(struct xenstore *xs)
{
    if (xs) {
        xs_close(xs->h);
        arena_free(xs->last.arena);
        free(xs);
    }
}

static void
disconnect(struct xenstore *xs, const char *what, int error)
{
    VLOG_WARN("xenstored: %s: %s; trying again", what, ovs_strerror(error));
    xs_close(xs->h);
    xs->h = NULL;
    xs->retry_at = time_msec() + RETRY_MS;
}

static bool
reconnect(struct xenstore *xs)
{
    static const char *const watches[] = {
        XENREAD_BACKEND,
        "@introduceDomain",
        "@releaseDomain",
    };

    xs->retry_at = time_msec() + RETRY_MS;
    xs->h = xs_open(XS_OPEN_SOCKETONLY);
    if (!xs->h) {
        VLOG_WARN_RL(&rl, "xenstored does not answer: %s",
                     ovs_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(watches); i++) {
        if (!xs_watch(xs->h, watches[i], "cordon")) {
            disconnect(xs, "cannot watch", errno);
            return false;
        }
    }
    VLOG_INFO("connected to xenstored");
    xs->stale = true;
    return true;
}

/* Does a change of 'path' matter? Backends write their state and features
 * below their directory all the time. */
static bool
path_matters(const char *path)
{
    static const char *const leaves[] = { "mac", "script", "vifname" };
    const char *p;

    if (strncmp(path, XENREAD_BACKEND "/", sizeof XENREAD_BACKEND)) {
        return true;
    }
    p = strchr(path + sizeof XENREAD_BACKEND, '/'); /* Behind the domain. */
    p = p ? strchr(p + 1, '/') : NULL;              /* Behind the handle. */
    if (!p) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
        if (!strcmp(p + 1, leaves[i])) {
            return true;
        }
    }
    return false;
}

bool
xenstore_run(struct xenstore *xs)
{
    bool was_stale = xs->stale;

    if (!xs->h) {
        return time_msec() >= xs->retry_at && reconnect(xs);
    }
    for (;;) {
        char **event;

        errno = 0;
        event = xs_check_watch(xs->h);
        if (!event) {
            break;
        }
        if (path_matters(event[XS_WATCH_PATH])) {
            xs->stale = true;
        }
        free(event);
    }
    if (errno && errno != EAGAIN && errno != EINTR) {
        disconnect(xs, "connection lost", errno);
        return true;
    }
    return xs->stale && !was_stale;
}

void
xenstore_wait(struct xenstore *xs)
{
    if (xs->h) {
        poll_fd_wait(xs_fileno(xs->h), POLLIN);
    } else {
        poll_timer_wait_until(xs->retry_at);
    }
}

void
xenstore_refresh(struct xenstore *xs)
{
    xs->stale = true;
}

bool
xenstore_known(const struct xenstore *xs)
{
    return xs->known;
}

/* Replaces 'xs->last' by what xenstored has now. */
static void
read_all(struct xenstore *xs)
{
    struct inventory inv = { .arena = arena_new() };
    int error;

    error = xenread(xs->h, &inv);
    if (error) {
        arena_free(inv.arena);
        disconnect(xs, "cannot read", error);
        return;
    }
    arena_free(xs->last.arena);
    xs->last = inv;
    xs->known = true;
    xs->stale = false;
}

void
xenstore_read(struct xenstore *xs, struct inventory *inv)
{
    const struct inventory *last = &xs->last;

    if (xs->h && xs->stale) {
        read_all(xs);
    }
    inv->xen = xs->h != NULL;
    inv->n_domains = last->n_domains;
    inv->domains =
        ARENA_ARRAY(inv->arena, struct inventory_domain, last->n_domains);
    for (size_t i = 0; i < last->n_domains; i++) {
        inv->domains[i] = last->domains[i];
        inv->domains[i].name = arena_strdup(inv->arena, last->domains[i].name);
    }
    inv->n_vifs = last->n_vifs;
    inv->vifs = ARENA_ARRAY(inv->arena, struct inventory_vif, last->n_vifs);
    for (size_t i = 0; i < last->n_vifs; i++) {
        inv->vifs[i] = last->vifs[i];
        inv->vifs[i].script = arena_strdup(inv->arena, last->vifs[i].script);
        inv->vifs[i].vifname = arena_strdup(inv->arena, last->vifs[i].vifname);
    }
}
