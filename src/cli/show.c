/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon show: what the agent and the kernel know. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <string.h>

#include "agent/show.h"
#include "cli/client.h"

enum command_status
command_show(const struct command_context *ctx, int argc, char *argv[])
{
    const char *const *words;

    if (!command_arguments(ctx, argc, argv, 0, 2)) {
        return COMMAND_UNKNOWN;
    }
    words = (const char *const *) argv + optind;
    if (!show_understands(words[0], words[0] ? words[1] : NULL)) {
        return command_usage(ctx, argv[0]);
    }
    return client_call(ctx, "show", words, argc - optind);
}
