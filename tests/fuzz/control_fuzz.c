/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes the control socket: bytes as they come from a connection, to an agent
 * on a fake host. Whatever comes, every request is answered at most once and
 * the next connection is served. */

#include <cordon-config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent_fake.h"
#include "fatal-signal.h"
#include "fuzz/fuzz.h"
#include "openvswitch/vlog.h"
#include "util.h"

static struct agent agent;
static struct control *control;

static void
start(void)
{
    if (!control) {
        fatal_ignore_sigpipe();
        vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
        fake_init();
        fake_agent_init(&agent, true);
        fake_settle(&agent);
        control = control_new();
    }
}

/* Sends 'n' bytes over a connection of its own. Returns how many bytes came
 * back, at most 'size', in 'reply'. */
static size_t
exchange(const void *bytes, size_t n, char *reply, size_t size)
{
    size_t got = 0;
    int fds[2];

    ovs_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    ovs_assert(!control_serve(control, fds[1]));
    if (n) {
        ovs_assert(send(fds[0], bytes, n, MSG_NOSIGNAL) >= 0);
    }
    for (int i = 0; i < 8; i++) {
        ssize_t r;

        control_run(control, &agent);
        agent_run(&agent);
        r = recv(fds[0], reply + got, size - got, 0);
        got += r > 0 ? r : 0;
    }
    close(fds[0]);
    for (int i = 0; i < 3; i++) { /* It notices that we have gone. */
        control_run(control, &agent);
        agent_run(&agent);
    }
    return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char version[] = "{\"id\":1,\"method\":\"version\","
                                  "\"params\":[\"json\"]}";
    static char reply[1 << 16];
    size_t n;

    start();
    exchange(data, MIN(size, 4096), reply, sizeof reply);
    agent.exiting = false;
    n = exchange(version, sizeof version - 1, reply, sizeof reply - 1);
    reply[n] = '\0';
    ovs_assert(strstr(reply, "\"status\":0"));
    return 0;
}
