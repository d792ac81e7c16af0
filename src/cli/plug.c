/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon plug and unplug: what a hotplug script calls. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"

static enum command_status
call(const struct command_context *ctx, int argc, char *argv[])
{
    unsigned int timeout = 25;
    char timeout_s[16];

    if (!command_timeout(ctx, argc, argv, false, &timeout)) {
        return COMMAND_UNKNOWN;
    } else if (argc - optind != 1) {
        return command_usage(ctx, argv[0]);
    }
    snprintf(timeout_s, sizeof timeout_s, "%u", timeout);
    return client_call(ctx, argv[0],
                       (const char *const[]){ timeout_s, argv[optind] }, 2);
}

enum command_status
command_plug(const struct command_context *ctx, int argc, char *argv[])
{
    return call(ctx, argc, argv);
}

enum command_status
command_unplug(const struct command_context *ctx, int argc, char *argv[])
{
    return call(ctx, argc, argv);
}
