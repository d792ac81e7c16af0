/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon diff: what would change in the kernel. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/client.h"
#include "util.h"

enum command_status
command_diff(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status;
    char *path = NULL;

    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        return command_usage(argv[0]);
    }
    if (argc == 2) {
        path = realpath(argv[1], NULL);
        if (!path) {
            command_error(ctx, "%s: %s", argv[1], ovs_strerror(errno));
            return COMMAND_UNKNOWN;
        }
    }
    status =
        client_call(ctx, "diff", (const char *const[]){ path }, path ? 1 : 0);
    free(path);
    return status;
}
