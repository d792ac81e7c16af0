/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Takes a snapshot: header, sockets, and the collectors in order. Never asks
 * the agent, and changes nothing. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/arena.h"
#include "util.h"

#define TRIES 20

static void
fill_header(struct snapshot *s)
{
    time_t now = time(NULL);
    char text[32] = "";
    struct utsname uts;
    struct tm tm;

    if (uname(&uts) < 0) {
        memset(&uts, 0, sizeof uts);
    }
    if (gmtime_r(&now, &tm)) {
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    s->header = (struct snapshot_header){
        .host = arena_strdup(s->arena, uts.nodename),
        .time = arena_strdup(s->arena, text),
        .kernel = arena_strdup(s->arena, uts.release),
        .machine = arena_strdup(s->arena, uts.machine),
        .by = "cordon " PACKAGE_VERSION,
    };
}

/* What a part is called when there is not even a socket for it. */
static void
no_socket(struct collector *c, const char *name, int error)
{
    struct snapshot_buffer none = { .data = NULL };

    c->message[0] = '\0';
    collect_add(c, name, -error, &none);
}

static void
collect_all(struct collector *c, bool want_xenstore)
{
    collect_links(c);
    collect_routes(c);
    c->netfilter = collect_open(NETLINK_NETFILTER);
    if (c->netfilter) {
        collect_nft(c);
        collect_conntrack(c);
    } else {
        no_socket(c, "nft.table", errno);
    }
    c->generic = collect_open(NETLINK_GENERIC);
    if (c->generic) {
        collect_generic(c);
    } else {
        no_socket(c, "cordon.host", errno);
    }
    collect_bpf(c);
    collect_system(c);
    if (want_xenstore) {
        collect_xen(c);
    }
    collect_ovs(c);
}

static void
close_socket(struct mnl_socket *s)
{
    if (s) {
        mnl_socket_close(s);
    }
}

int
snapshot_collect(const struct snapshot_options *options,
                 struct snapshot **ret_snapshot)
{
    struct collector c = {
        .tries = options->tries ? options->tries : TRIES,
    };
    int error = 0;

    /* Without it the kernel would leave out some of what it is asked. */
    if (geteuid()) {
        return -EPERM;
    }
    c.route = collect_open(NETLINK_ROUTE);
    if (!c.route) {
        return -errno;
    }
    c.snapshot = snapshot_new();
    fill_header(c.snapshot);
    collect_all(&c, options->want_xenstore);
    if (!snapshot_part(c.snapshot, "link")->n) {
        error = -EIO;
        snapshot_free(c.snapshot);
    } else {
        *ret_snapshot = c.snapshot;
    }
    close_socket(c.route);
    close_socket(c.netfilter);
    close_socket(c.generic);
    return error;
}
