/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordond: options, initialisation in order, loop, unwinding. However it ends,
 * the kernel goes on enforcing what it has. */

#include <cordon-config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/confine.h"
#include "agent/control.h"
#include "agent/drop_log.h"
#include "agent/notify.h"
#include "agent/options.h"
#include "daemon.h"
#include "dataplane/dataplane.h"
#include "fatal-signal.h"
#include "lib/directory.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(main);

/* Has signals arrive in a descriptor, for the loop. */
static int
open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL)) {
        VLOG_FATAL("sigprocmask: %s", ovs_strerror(errno));
    }
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void
take_signals(int fd, struct agent *agent, struct drop_log *drops)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            vlog_reopen_log_file();
            drop_log_reopen(drops);
            agent_reload(agent);
        } else {
            agent->exiting = true;
        }
    }
}

static void
make_directory(const char *dir)
{
    int error = directory_make(dir);

    if (error) {
        VLOG_WARN("%s: %s", dir, ovs_strerror(-error));
    }
}

int
main(int argc, char *argv[])
{
    const struct dataplane *dataplane = &dataplane_linux;
    struct drop_log *drops;
    struct control *control;
    struct options options;
    struct agent agent;
    bool ready = false;
    int signals, error;

    ovs_set_program_name("cordond", PACKAGE_VERSION);
    umask(077);
    options_parse(&options, argc, argv);
    make_directory(RUNDIR);
    make_directory(options.state_dir);
    drops = drop_log_new(options.drop_log);
    fatal_ignore_sigpipe();
    daemonize_start(false);
    signals = open_signals();

    error = control_open(options.control, &control);
    if (error) {
        VLOG_FATAL("control socket %s: %s", options.control,
                   ovs_strerror(-error));
    }
    error = dataplane->open();
    if (error) {
        VLOG_FATAL("dataplane %s: %s", dataplane->name, ovs_strerror(-error));
    }
    if (options.confine && confine()) {
        VLOG_FATAL("cannot confine the process");
    }

    agent_init(&agent, dataplane, options.xen, options.state_dir,
               options.policy);
    agent_reload(&agent);
    while (!agent.exiting) {
        take_signals(signals, &agent, drops);
        control_run(control, &agent);
        agent_run(&agent);
        drop_log_run(drops, &agent.reconciler);
        notify_watchdog_run();
        if (!ready) {
            daemonize_complete();
            notify("READY=1");
            ready = true;
        }

        poll_fd_wait(signals, POLLIN);
        control_wait(control);
        agent_wait(&agent);
        drop_log_wait(drops);
        notify_watchdog_wait();
        if (!agent.exiting) {
            poll_block();
        }
    }

    notify("STOPPING=1");
    drop_log_free(drops);
    agent_done(&agent);
    control_flush(control);
    control_close(control);
    dataplane->close();
    close(signals);
    options_done(&options);
    return 0;
}
