/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon apply: hands a policy to the agent. */

#include <cordon-config.h>
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"
#include "util.h"

enum command_status
command_apply(const struct command_context *ctx, int argc, char *argv[])
{
    enum command_status status;
    unsigned int timeout = 30;
    char timeout_s[16], *path;

    if (!command_timeout(argc, argv, true, &timeout)) {
        return COMMAND_UNKNOWN;
    } else if (argc - optind != 1) {
        return command_usage(argv[0]);
    }
    path = realpath(argv[optind], NULL);
    if (!path) {
        command_error(ctx, "%s: %s", argv[optind], ovs_strerror(errno));
        return COMMAND_UNKNOWN;
    }
    snprintf(timeout_s, sizeof timeout_s, "%u", timeout);
    status =
        client_call(ctx, "apply", (const char *const[]){ timeout_s, path }, 2);
    free(path);
    return status;
}
