/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Listens to the kernel's notifications for cordon audit --watch. */

#include <cordon-config.h>
#include "audit/watch.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timeval.h"
#include "util.h"

#define QUIET 200   /* Milliseconds without news before it is time. */
#define LATEST 2000 /* Milliseconds after the first of them it is, anyhow. */
#define TIMER 30000 /* Milliseconds until it is without any. */
#define BUFFER (1 << 20)
#define N_SOCKETS 3

struct watch {
    struct pollfd sockets[N_SOCKETS];
};

static const int route_groups[] = {
    RTNLGRP_LINK,        RTNLGRP_NEIGH,        RTNLGRP_TC,
    RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,   RTNLGRP_IPV4_RULE,
    RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV6_RULE,
    RTNLGRP_MDB,         RTNLGRP_NSID,         RTNLGRP_IPV4_NETCONF,
    RTNLGRP_BRVLAN,      RTNLGRP_IPV6_NETCONF, RTNLGRP_NEXTHOP,
};
static const int netfilter_groups[] = { NFNLGRP_NFTABLES };
/* A family that comes or goes: the kernel module, or Open vSwitch. */
static const int generic_groups[] = { GENL_ID_CTRL };

static const struct {
    int protocol;
    const int *groups;
    size_t n;
} subscriptions[N_SOCKETS] = {
    { NETLINK_ROUTE, route_groups, ARRAY_SIZE(route_groups) },
    { NETLINK_NETFILTER, netfilter_groups, ARRAY_SIZE(netfilter_groups) },
    { NETLINK_GENERIC, generic_groups, ARRAY_SIZE(generic_groups) },
};

static int
subscribe(size_t i, int *ret_fd)
{
    const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
    int size = BUFFER, error = 0;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    subscriptions[i].protocol);

    if (fd < 0) {
        return -errno;
    }
    if (bind(fd, (const struct sockaddr *) &any, sizeof any)) {
        error = -errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    for (size_t j = 0; j < subscriptions[i].n && !error; j++) {
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
                       &subscriptions[i].groups[j], sizeof(int))) {
            error = -errno;
        }
    }
    if (error) {
        close(fd);
    } else {
        *ret_fd = fd;
    }
    return error;
}

int
watch_open(struct watch **ret_watch)
{
    struct watch *w = xzalloc(sizeof *w);
    int error = 0;

    for (size_t i = 0; i < N_SOCKETS; i++) {
        w->sockets[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    }
    for (size_t i = 0; i < N_SOCKETS && !error; i++) {
        error = subscribe(i, &w->sockets[i].fd);
    }
    if (error) {
        watch_close(w);
    } else {
        *ret_watch = w;
    }
    return error;
}

void
watch_close(struct watch *w)
{
    for (size_t i = 0; w && i < N_SOCKETS; i++) {
        if (w->sockets[i].fd >= 0) {
            close(w->sockets[i].fd);
        }
    }
    free(w);
}

/* Reads all that has come. What it says does not matter, only who says it. */
static void
drain(int fd, bool *changed, bool *lost)
{
    for (;;) {
        struct sockaddr_nl from = { .nl_family = AF_NETLINK };
        socklen_t size = sizeof from;
        char byte;

        if (recvfrom(fd, &byte, sizeof byte, MSG_TRUNC,
                     (struct sockaddr *) &from, &size)
            >= 0) {
            *changed = *changed || !from.nl_pid;
        } else if (errno == ENOBUFS) {
            *lost = true;
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void
drain_all(struct watch *w, bool *changed, bool *lost)
{
    for (size_t i = 0; i < N_SOCKETS; i++) {
        drain(w->sockets[i].fd, changed, lost);
    }
}

void
watch_forget(struct watch *w)
{
    bool changed = false, lost = false;

    drain_all(w, &changed, &lost);
}

enum watch_event
watch_wait(struct watch *w)
{
    long long int begin = time_msec(), first = 0;

    for (;;) {
        long long int now = time_msec();
        long long int until =
            first ? MIN(now + QUIET, first + LATEST) : begin + TIMER;
        bool changed = false, lost = false;
        int n = poll(w->sockets, N_SOCKETS, MAX(until - now, 0));

        if (!n) {
            return first ? WATCH_CHANGED : WATCH_TIMER;
        } else if (n < 0 && errno != EINTR) {
            return WATCH_FAILED;
        }
        drain_all(w, &changed, &lost);
        if (lost) {
            return WATCH_LOST;
        }
        now = time_msec();
        if (changed && !first) {
            first = now;
        } else if (first && now >= first + LATEST) {
            return WATCH_CHANGED;
        }
    }
}
