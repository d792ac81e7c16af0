/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The protocol of sd_notify(3): datagrams to the Unix socket that
 * $NOTIFY_SOCKET names. The agent's main loop calls it. */

#include <cordon-config.h>
#include "agent/notify.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(notify);

static long long int watchdog_at;

void
notify(const char *state)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (!len || len >= sizeof un.sun_path) {
        return;
    }
    memcpy(un.sun_path, path, len);
    if (path[0] == '@') {
        un.sun_path[0] = '\0'; /* An abstract one. */
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0
        || sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (struct sockaddr *) &un,
                  offsetof(struct sockaddr_un, sun_path) + len)
               < 0) {
        VLOG_WARN_RL(&rl, "cannot notify %s: %s", path, ovs_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* Milliseconds between two signs of life, 0: none are wanted. */
static long long int
watchdog_interval(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    unsigned long long int n;

    return usec && str_to_ullong(usec, 10, &n) ? n / 1000 / 3 : 0;
}

void
notify_watchdog_run(void)
{
    if (watchdog_interval() && time_msec() >= watchdog_at) {
        notify("WATCHDOG=1");
        watchdog_at = time_msec() + watchdog_interval();
    }
}

void
notify_watchdog_wait(void)
{
    if (watchdog_interval()) {
        poll_timer_wait_until(watchdog_at);
    }
}
