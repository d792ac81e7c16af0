/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon diff: what would change in the kernel. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <stdlib.h>

#include "cli/client.h"

enum command_status
command_diff(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status;
    char *path = NULL;

    if (!command_arguments(ctx, argc, argv, 0, 1)) {
        return COMMAND_UNKNOWN;
    }
    if (optind < argc) {
        path = command_path(ctx, argv[optind]);
        if (!path) {
            return COMMAND_UNKNOWN;
        }
    }
    status =
        client_call(ctx, "diff", (const char *const[]){ path }, path ? 1 : 0);
    free(path);
    return status;
}
