/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sysctls of guests' devices and of the bridge, and br_netfilter's. IPv4's are
 * read and written by netlink, by ifindex; that IPv6 is off is read by
 * netlink but can only be written through /proc, by name: a device that is
 * renamed in between is found not to be as wanted, and is not opened. */

#include <cordon-config.h>
#include "dataplane/linux/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/host_limit.h"
#include "dataplane/linux/rtmsg.h"
#include "dataplane/linux/want.h"
#include "hash.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static const struct ip_attrs wanted = {
    .ipv6 = false,
    .has_ipv4 = true,
    .arp_ignore = 8, /* Answers nobody. */
    .drop_unicast_in_l2_multicast = 1,
};

/* Of the host. */
static const char *const nf_calls[] = {
    "net/bridge/bridge-nf-call-arptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "net/bridge/bridge-nf-call-iptables",
};

static void
add_device(struct objects *os, uint32_t ifindex, const char *device,
           const char *text)
{
    struct object o = {
        .kind = OBJECT_SYSCTL,
        .ifindex = ifindex,
        .name = ifindex ? "" : device,
        .device = ifindex ? device : NULL,
        .text = text,
    };

    objects_add(os, &o);
}

void
sysctl_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    const char *text = ip_attrs_format(&wanted, arena);
    struct host_limit limits[HOST_N_LIMITS];
    size_t n;

    for (size_t i = 0; i < ARRAY_SIZE(nf_calls); i++) {
        add_device(os, 0, nf_calls[i], "0");
    }
    n = host_limits(plan, limits);
    for (size_t i = 0; i < n; i++) {
        add_device(os, 0, limits[i].name, host_limit_text(&limits[i], arena));
    }
    if (!plan->host_foreign) {
        add_device(os, 0, plan->host->bridge, text);
    }
    if (want_uplink(plan)) {
        add_device(os, plan->uplink, plan->host->uplink, text);
    }
    for (size_t i = 0; i < plan->n_by_ifindex; i++) {
        const struct plan_port *port = want_device(plan, i);

        if (port) {
            add_device(os, port->ifindex, port->device, text);
        }
    }
}

static int
open_sysctl(const char *name, int flags)
{
    char *path = xasprintf("/proc/sys/%s", name);
    int fd = open(path, flags | O_CLOEXEC);

    fd = fd < 0 ? -errno : fd;
    free(path);
    return fd;
}

/* Reads a sysctl of the host. One that is not there is of a module that is
 * not loaded, which comes to 'absent'. */
static int
read_sysctl(const char *name, const char *absent, struct arena *arena,
            const char **ret_text)
{
    char buf[64];
    ssize_t n;
    int fd = open_sysctl(name, O_RDONLY);

    if (fd == -ENOENT) {
        *ret_text = absent;
        return 0;
    } else if (fd < 0) {
        return fd;
    }
    n = read(fd, buf, sizeof buf - 1);
    n = n < 0 ? -errno : n;
    close(fd);
    if (n < 0) {
        return n;
    }
    buf[n] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    *ret_text = arena_strdup(arena, buf);
    return 0;
}

static int
write_sysctl(const char *name, const char *text)
{
    int fd = open_sysctl(name, O_WRONLY);
    int error;

    if (fd < 0) {
        return fd;
    }
    error = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int
observe_host(const char *name, struct arena *arena, struct objects *os)
{
    const char *text;
    int error = read_sysctl(name, "0", arena, &text);

    if (!error) {
        add_device(os, 0, name, text);
    }
    return error;
}

/* What is good is as wanted. */
static int
observe_limit(const struct host_limit *l, struct arena *arena,
              struct objects *os)
{
    const char *want = host_limit_text(l, arena), *text;
    int error = read_sysctl(l->name, want, arena, &text);

    if (!error) {
        add_device(os, 0, l->name, host_limit_holds(l, text) ? want : text);
    }
    return error;
}

int
sysctl_observe(const struct plan *plan, const struct devices *ds,
               struct arena *arena, struct objects *os)
{
    const char *usual = ip_attrs_format(&wanted, arena);
    struct host_limit limits[HOST_N_LIMITS];
    size_t n = host_limits(plan, limits);
    int error = 0;

    for (size_t i = 0; i < ARRAY_SIZE(nf_calls) && !error; i++) {
        error = observe_host(nf_calls[i], arena, os);
    }
    for (size_t i = 0; i < n && !error; i++) {
        error = observe_limit(&limits[i], arena, os);
    }
    if (error) {
        return error;
    }
    for (size_t i = 0; i < ds->n; i++) {
        const struct device *d = &ds->v[i];
        bool bridge = d->ours && !strcmp(d->name, plan->host->bridge);
        const char *text = ip_attrs_format(&d->ip, arena);

        text = !strcmp(text, usual) ? usual : text;
        if (bridge) {
            add_device(os, 0, plan->host->bridge, text);
        } else if (d->ifindex == plan->uplink
                       ? want_uplink(plan)
                       : plan_port_by_ifindex(plan, d->ifindex) != NULL) {
            add_device(os, d->ifindex, arena_strdup(arena, d->name), text);
        }
    }
    return 0;
}

uint32_t
sysctl_fingerprint(void)
{
    struct arena *arena = arena_new();
    const char *text;
    uint32_t h = 0;

    for (size_t i = 0; i < ARRAY_SIZE(nf_calls) + HOST_N_LIMITS; i++) {
        const char *name = i < ARRAY_SIZE(nf_calls)
                               ? nf_calls[i]
                               : host_limit_names[i - ARRAY_SIZE(nf_calls)];

        text = "?";
        read_sysctl(name, "", arena, &text);
        h = hash_string(text, h);
    }
    arena_free(arena);
    return h;
}

int
sysctl_put(struct nlsock *sock, const struct change *c, uint32_t tag)
{
    const struct object *o = c->want;
    const char *device;
    char *name;
    int error;

    if (!o) {
        return 0;
    }
    if (!o->ifindex && strchr(o->name, '/')) {
        return write_sysctl(o->name, o->text);
    }
    device = o->ifindex ? o->device : o->name;
    nlsock_queue(sock, rtmsg_ip(o->ifindex, o->name, &wanted), tag);
    name = xasprintf("net/ipv6/conf/%s/disable_ipv6", device);
    error = write_sysctl(name, "1");
    free(name);
    /* Without IPv6, or without the device, there is nothing to turn off. */
    return error == -ENOENT ? 0 : error;
}
