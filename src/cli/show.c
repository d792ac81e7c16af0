/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon show: what the agent and the kernel know. */

#include <cordon-config.h>
#include "cli/command.h"

#include "cli/client.h"

enum command_status
command_show(const struct command_context *ctx, int argc, char *argv[])
{
    if (argc > 3) {
        return command_usage(argv[0]);
    }
    return client_call(ctx, "show", (const char *const *) argv + 1, argc - 1);
}
