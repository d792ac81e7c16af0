/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of subcommands, options that stand before them, and help. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/request.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define ANSWER_TIMEOUT 30 /* Seconds. */

static const struct command commands[] = {
    { "apply", command_apply, "[--timeout SECONDS] [--no-wait] PATH",
      "hand a policy to the agent and wait until it is in force" },
    { "audit", command_audit,
      "[--snapshot FILE [--public-key FILE]] [--policy FILE] "
      "[--tenant NAME=DEVICE[,DEVICE...]]... [--html FILE] [--watch]",
      "prove isolation from the kernel's state, or show what breaks it" },
    { "check", command_check, "[--offline] PATH",
      "say whether a policy is valid and fits this host" },
    { "diff", command_diff, "[PATH]", "show what would change in the kernel" },
    { "exit", command_exit, "",
      "end the agent; the kernel goes on enforcing" },
    { "log", command_log, "LEVELS", "set what the agent logs" },
    { "plug", command_plug, "[--timeout SECONDS] VIF",
      "wait until the port of a device is open" },
    { "probe", command_probe, "[--for TIME] TENANT[/NETWORK] TENANT[/NETWORK]",
      "play forbidden frames between ports of its own in two tenants" },
    { "show", command_show, "[tenants|ports|drops|port NAME|service NAME]",
      "show what the agent and the kernel know" },
    { "snapshot", command_snapshot,
      "[--key PEM] FILE | --verify [--public-key PEM] FILE",
      "write what decides where frames go on this host to a file" },
    { "trace", command_trace,
      "[--snapshot FILE] [--public-key FILE] [--source-mac MAC] "
      "[--destination-mac MAC] [--vlan ID] [--ct-state STATE] "
      "[--beyond-limits] [--linear BYTES] {--frames FILE PORT|PORT FRAME}",
      "show the path of a frame, and what decides on it" },
    { "unplug", command_unplug, "[--timeout SECONDS] VIF",
      "close the port of a device" },
    { "version", command_version, "", "show versions" },
    { "witness", command_witness,
      "--policy PATH [-i all|DEVICE|PORT] [--for TIME] [-w FILE] | "
      "-r FILE -i PORT [--way WAY]",
      "watch frames for what the policy forbids" },
};

/* "check [--offline] PATH"; the caller frees it. */
static char *
synopsis(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            return xasprintf("%s%s%s", name, *commands[i].arguments ? " " : "",
                             commands[i].arguments);
        }
    }
    OVS_NOT_REACHED();
}

static void
help(void)
{
    printf("cordon: isolates the guests of a Xen host\n"
           "usage: cordon [--control SOCKET] [--answer-timeout SECONDS] "
           "[--json] COMMAND\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        char *s = synopsis(commands[i].name);

        printf("  %s\n      %s\n", s, commands[i].help);
        free(s);
    }
    printf("options:\n"
           "  --control SOCKET  the agent's socket (%s)\n"
           "  --answer-timeout SECONDS\n"
           "                    how long it may give no sign of life (%d)\n"
           "  --json            print JSON\n"
           "  -h, --help        print this\n"
           "  -V, --version     print the version\n"
           "exit status: 0 holds, 1 does not hold, 2 could not tell\n",
           CONTROL_DEFAULT, ANSWER_TIMEOUT);
}

enum command_status
command_usage(const struct command_context *ctx, const char *name)
{
    char *s = synopsis(name);

    command_error(ctx, "usage: cordon %s", s);
    free(s);
    return COMMAND_UNKNOWN;
}

/* Returns what is wrong with the option that getopt_long() has refused with
 * 'c', in words that the caller frees. */
static char *
refused_option(int c, char *argv[])
{
    const char *word = argv[optind - 1];

    if (c == ':') {
        return xasprintf("%s needs a value", word);
    } else if (optopt && !strncmp(word, "--", 2) && strchr(word, '=')) {
        return xasprintf("%.*s takes no value", (int) strcspn(word, "="),
                         word);
    } else if (optopt) {
        return xasprintf("-%c is no option", optopt);
    }
    return xasprintf("%s is no option", word);
}

int
command_option(const struct command_context *ctx, int argc, char *argv[],
               const char *shorts, const struct option *options)
{
    char *wrong, *s;
    int c;

    opterr = 0;
    c = getopt_long(argc, argv, shorts, options, NULL);
    if (c != '?' && c != ':') {
        return c;
    }
    wrong = refused_option(c, argv);
    s = synopsis(argv[0]);
    command_error(ctx, "%s; usage: cordon %s", wrong, s);
    free(s);
    free(wrong);
    return '?';
}

void
command_error(const struct command_context *ctx, const char *format, ...)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);
    ds_chomp(&s, '\n');
    if (ctx->json) {
        struct writer *w = writer_json_new();
        char *out;

        writer_object(w, NULL);
        writer_string(w, "error", ds_cstr(&s));
        writer_end(w);
        out = writer_finish(w);
        fputs(out, stdout);
        free(out);
    } else {
        fprintf(stderr, "cordon: %s\n", ds_cstr(&s));
    }
    ds_destroy(&s);
}

/* Parses 's', the seconds of 'option'. */
static bool
parse_seconds(const struct command_context *ctx, const char *option,
              const char *s, unsigned int *ret_seconds)
{
    unsigned int seconds;

    if (!str_to_uint(s, 10, &seconds) || !seconds
        || seconds > REQUEST_TIMEOUT_MAX) {
        command_error(ctx, "--%s has to be 1 to %d", option,
                      REQUEST_TIMEOUT_MAX);
        return false;
    }
    *ret_seconds = seconds;
    return true;
}

bool
command_timeout(const struct command_context *ctx, int argc, char *argv[],
                bool no_wait, unsigned int *timeout)
{
    static const struct option options[] = {
        { "timeout", required_argument, NULL, 't' },
        { "no-wait", no_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 },
    };

    optind = 0;
    for (;;) {
        int c = command_option(ctx, argc, argv, "+:", options);

        if (c == -1) {
            return true;
        } else if (c == '?') {
            return false;
        } else if (c == 't') {
            if (!parse_seconds(ctx, "timeout", optarg, timeout)) {
                return false;
            }
        } else if (c == 'n' && no_wait) {
            *timeout = 0;
        } else {
            command_usage(ctx, argv[0]);
            return false;
        }
    }
}

bool
command_arguments(const struct command_context *ctx, int argc, char *argv[],
                  int min, int max)
{
    static const struct option options[] = { { NULL, 0, NULL, 0 } };

    optind = 0;
    if (command_option(ctx, argc, argv, "+:", options) != -1) {
        return false;
    }
    if (argc - optind < min || argc - optind > max) {
        command_usage(ctx, argv[0]);
        return false;
    }
    return true;
}

bool
command_duration(const char *s, unsigned int *ret_seconds)
{
    unsigned int unit = 1;
    unsigned long long int n;
    char *end;

    errno = 0;
    n = strtoull(s, &end, 10);
    if (end == s || errno || !strchr("0123456789", *s)) {
        return false;
    }
    if (*end == 's' || *end == 'm' || *end == 'h') {
        unit = *end == 's' ? 1 : *end == 'm' ? 60 : 3600;
        end++;
    }
    if (*end || !n || n > 365ULL * 24 * 3600 / unit) {
        return false;
    }
    *ret_seconds = n * unit;
    return true;
}

char *
command_path(const struct command_context *ctx, const char *path)
{
    char *s = access(path, F_OK) ? NULL : abs_file_name(NULL, path);

    if (!s) {
        command_error(ctx, "%s: %s", path, ovs_strerror(errno));
    }
    return s;
}

enum command_status
command_run(int argc, char *argv[])
{
    static const struct option options[] = {
        { "answer-timeout", required_argument, NULL, 'a' },
        { "control", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { "json", no_argument, NULL, 'j' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    struct command_context ctx = {
        .control = CONTROL_DEFAULT,
        .answer_timeout = ANSWER_TIMEOUT,
    };

    optind = opterr = 0;
    for (;;) {
        int c = getopt_long(argc, argv, "+:hV", options, NULL);
        char *wrong;

        if (c == -1) {
            break;
        }
        switch (c) {
        case 'a':
            if (!parse_seconds(&ctx, "answer-timeout", optarg,
                               &ctx.answer_timeout)) {
                return COMMAND_UNKNOWN;
            }
            break;
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
            wrong = refused_option(c, argv);
            command_error(&ctx, "%s; try 'cordon --help'", wrong);
            free(wrong);
            return COMMAND_UNKNOWN;
        }
    }
    argc -= optind;
    argv += optind;
    if (!argc) {
        command_error(&ctx, "which command? try 'cordon --help'");
        return COMMAND_UNKNOWN;
    }
    /* --json and --help are understood behind the command, too. */
    for (int i = 1; i < argc; i++) {
        bool json = !strcmp(argv[i], "--json");

        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
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
    command_error(&ctx, "%s: no such command; try 'cordon --help'", argv[0]);
    return COMMAND_UNKNOWN;
}
