/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordond's options. Only main() calls it, so it may print and exit. */

#include <cordon-config.h>
#include "agent/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/control.h"
#include "command-line.h"
#include "daemon.h"
#include "openvswitch/vlog.h"
#include "util.h"

#define DEFAULT_PIDFILE RUNDIR "/cordond.pid"
#define DEFAULT_STATE_DIR "/var/lib/cordon"
#define LOG_DIR "/var/log/cordon"
#define DEFAULT_DROP_LOG LOG_DIR "/drops.jsonl"

enum {
    OPT_CONTROL = 256,
    OPT_DETACH,
    OPT_DROP_LOG,
    OPT_NO_CONFINE,
    OPT_NO_XEN,
    OPT_PIDFILE,
    OPT_POLICY,
    OPT_STATE_DIR,
    VLOG_OPTION_ENUMS
};

static const struct option long_options[] = {
    { "control", required_argument, NULL, OPT_CONTROL },
    { "detach", no_argument, NULL, OPT_DETACH },
    { "drop-log", required_argument, NULL, OPT_DROP_LOG },
    { "help", no_argument, NULL, 'h' },
    { "no-confine", no_argument, NULL, OPT_NO_CONFINE },
    { "no-xen", no_argument, NULL, OPT_NO_XEN },
    { "pidfile", optional_argument, NULL, OPT_PIDFILE },
    { "policy", required_argument, NULL, OPT_POLICY },
    { "state-dir", required_argument, NULL, OPT_STATE_DIR },
    { "version", no_argument, NULL, 'V' },
    VLOG_LONG_OPTIONS,
    { NULL, 0, NULL, 0 },
};

static void
usage(void)
{
    printf("cordond: isolates the guests of a Xen host\n"
           "usage: cordond [OPTION]...\n"
           "  --policy=PATH        policy file or directory\n"
           "                       (default: the one applied last, else\n"
           "                       %s/cordon/policy.yaml)\n"
           "  --control=SOCKET     control socket (default: %s)\n"
           "  --state-dir=DIR      what outlives a restart (default: %s)\n"
           "  --drop-log=FILE      where dropped frames of tenants with\n"
           "                       'log: true' are logged\n"
           "                       (default: %s)\n"
           "  --pidfile[=FILE]     write a PID file (default: %s)\n"
           "  --detach             go to the background once ready\n"
           "  --no-xen             do not look for xenstored\n"
           "  --no-confine         keep all rights, for debugging only\n"
           "  -h, --help           print this\n"
           "  -V, --version        print the version\n",
           SYSCONFDIR, CONTROL_DEFAULT, DEFAULT_STATE_DIR, DEFAULT_DROP_LOG,
           DEFAULT_PIDFILE);
    vlog_usage();
}

static void
replace(char **s, char *with)
{
    free(*s);
    *s = with;
}

void
options_parse(struct options *o, int argc, char *argv[])
{
    char *short_options = ovs_cmdl_long_options_to_short_options(long_options);

    /* Where libopenvswitch's --log-file is without an argument. */
    setenv("OVS_LOGDIR", LOG_DIR, 1);
    *o = (struct options){
        .control = xstrdup(CONTROL_DEFAULT),
        .state_dir = xstrdup(DEFAULT_STATE_DIR),
        .drop_log = xstrdup(DEFAULT_DROP_LOG),
        .xen = true,
        .confine = true,
    };
    for (;;) {
        int c = getopt_long(argc, argv, short_options, long_options, NULL);

        if (c == -1) {
            break;
        }
        switch (c) {
        case OPT_CONTROL:
            replace(&o->control, abs_file_name(NULL, optarg));
            break;
        case OPT_DETACH:
            set_detach();
            break;
        case OPT_DROP_LOG:
            replace(&o->drop_log, abs_file_name(NULL, optarg));
            break;
        case 'h':
            usage();
            exit(0);
        case OPT_NO_CONFINE:
            o->confine = false;
            break;
        case OPT_NO_XEN:
            o->xen = false;
            break;
        case OPT_PIDFILE: {
            char *s = abs_file_name(NULL, optarg ? optarg : DEFAULT_PIDFILE);

            set_pidfile(s);
            free(s);
            break;
        }
        case OPT_POLICY:
            replace(&o->policy, abs_file_name(NULL, optarg));
            break;
        case OPT_STATE_DIR:
            replace(&o->state_dir, abs_file_name(NULL, optarg));
            break;
        case 'V':
            printf("cordond %s\n", PACKAGE_VERSION);
            exit(0);
            VLOG_OPTION_HANDLERS
        default:
            fprintf(stderr, "try 'cordond --help'\n");
            exit(2);
        }
    }
    free(short_options);
    if (optind < argc) {
        fprintf(stderr, "cordond: takes no arguments; try 'cordond --help'\n");
        exit(2);
    }
}

void
options_done(struct options *o)
{
    free(o->policy);
    free(o->control);
    free(o->state_dir);
    free(o->drop_log);
}
