/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon apply: hands a policy to the agent. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"

enum command_status
command_apply(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status;
    unsigned int timeout = 30;
    char timeout_s[16], *path;

    if (!command_timeout(ctx, argc, argv, true, &timeout)) {
        return COMMAND_UNKNOWN;
    } else if (argc - optind != 1) {
        return command_usage(ctx, argv[0]);
    }
    path = command_path(ctx, argv[optind]);
    if (!path) {
        return COMMAND_UNKNOWN;
    }
    snprintf(timeout_s, sizeof timeout_s, "%u", timeout);
    status =
        client_call(ctx, "apply", (const char *const[]){ timeout_s, path }, 2);
    free(path);
    return status;
}
