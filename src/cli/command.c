/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of subcommands, options that stand before them, and help. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/request.h"
#include "lib/writer.h"
#include "util.h"

#define DEFAULT_CONTROL RUNDIR "/cordond.ctl"

static const struct command commands[] = {
    { "apply", command_apply, "[--timeout SECONDS] [--no-wait] PATH",
      "hand a policy to the agent and wait until it is in force" },
    { "check", command_check, "[--offline] PATH",
      "say whether a policy is valid and fits this host" },
    { "diff", command_diff, "[PATH]", "show what would change in the kernel" },
    { "exit", command_exit, "",
      "end the agent; the kernel goes on enforcing" },
    { "log", command_log, "LEVELS", "set what the agent logs" },
    { "plug", command_plug, "[--timeout SECONDS] VIF",
      "wait until the port of a device is open" },
    { "show", command_show, "[tenants|ports|drops|port NAME]",
      "show what the agent and the kernel know" },
    { "unplug", command_unplug, "[--timeout SECONDS] VIF",
      "close the port of a device" },
    { "version", command_version, "", "show versions" },
};

static void
help(void)
{
    printf("cordon: isolates the guests of a Xen host\n"
           "usage: cordon [--control SOCKET] [--json] COMMAND\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        printf("  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
               commands[i].help);
    }
    printf("options:\n"
           "  --control SOCKET  the agent's socket (%s)\n"
           "  --json            print JSON\n"
           "  -h, --help        print this\n"
           "  -V, --version     print the version\n"
           "exit status: 0 holds, 1 does not hold, 2 could not tell\n",
           DEFAULT_CONTROL);
}

enum command_status
command_usage(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            fprintf(stderr, "usage: cordon %s %s\n", name,
                    commands[i].arguments);
        }
    }
    return COMMAND_UNKNOWN;
}

void
command_error(const struct command_context *ctx, const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    if (ctx->json) {
        struct writer *w = writer_json_new();
        char *out;

        writer_object(w, NULL);
        writer_string(w, "error", s);
        writer_end(w);
        out = writer_finish(w);
        fputs(out, stdout);
        free(out);
    } else {
        fprintf(stderr, "cordon: %s\n", s);
    }
    free(s);
}

bool
command_timeout(int argc, char *argv[], bool no_wait, unsigned int *timeout)
{
    static const struct option options[] = {
        { "timeout", required_argument, NULL, 't' },
        { "no-wait", no_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 },
    };

    optind = 0;
    for (;;) {
        int c = getopt_long(argc, argv, "+", options, NULL);

        if (c == -1) {
            return true;
        } else if (c == 't') {
            if (!str_to_uint(optarg, 10, timeout) || !*timeout
                || *timeout > REQUEST_TIMEOUT_MAX) {
                fprintf(stderr, "cordon: --timeout has to be 1 to %d\n",
                        REQUEST_TIMEOUT_MAX);
                return false;
            }
        } else if (c == 'n' && no_wait) {
            *timeout = 0;
        } else {
            command_usage(argv[0]);
            return false;
        }
    }
}

enum command_status
command_run(int argc, char *argv[])
{
    static const struct option options[] = {
        { "control", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { "json", no_argument, NULL, 'j' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    struct command_context ctx = { .control = DEFAULT_CONTROL };

    optind = 0;
    for (;;) {
        int c = getopt_long(argc, argv, "+hV", options, NULL);

        if (c == -1) {
            break;
        }
        switch (c) {
        case 'c':
            ctx.control = optarg;
            break;
        case 'h':
            help();
            return COMMAND_HOLDS;
        case 'j':
            ctx.json = true;
            break;
        case 'V':
            printf("cordon %s\n", PACKAGE_VERSION);
            return COMMAND_HOLDS;
        default:
            fprintf(stderr, "try 'cordon --help'\n");
            return COMMAND_UNKNOWN;
        }
    }
    argc -= optind;
    argv += optind;
    if (!argc) {
        fprintf(stderr, "cordon: which command? try 'cordon --help'\n");
        return COMMAND_UNKNOWN;
    }
    /* --json and --help are understood behind the command, too. */
    for (int i = 1; i < argc; i++) {
        bool json = !strcmp(argv[i], "--json");

        if (!strcmp(argv[i], "--help")) {
            help();
            return COMMAND_HOLDS;
        } else if (!strcmp(argv[i], "--")) {
            break;
        } else if (json) {
            ctx.json = true;
            memmove(&argv[i], &argv[i + 1], (argc - i) * sizeof *argv);
            argc--;
            i--;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, argv[0])) {
            return commands[i].function(&ctx, argc, argv);
        }
    }
    fprintf(stderr, "cordon: %s: no such command; try 'cordon --help'\n",
            argv[0]);
    return COMMAND_UNKNOWN;
}
