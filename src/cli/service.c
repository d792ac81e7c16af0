/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cordon log, exit and version: the agent as a service. */

#include <cordon-config.h>
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"
#include "lib/writer.h"

enum command_status
command_log(const struct command_context *ctx, int argc, char *argv[])
{
    if (!command_arguments(ctx, argc, argv, 1, 1)) {
        return COMMAND_UNKNOWN;
    }
    return client_call(ctx, "log", (const char *const *) argv + optind, 1);
}

enum command_status
command_exit(const struct command_context *ctx, int argc, char *argv[])
{
    if (!command_arguments(ctx, argc, argv, 0, 0)) {
        return COMMAND_UNKNOWN;
    }
    return client_call(ctx, "exit", NULL, 0);
}

/* Of this program; `cordon show` has the agent's. */
enum command_status
command_version(const struct command_context *ctx, int argc, char *argv[])
{
    struct writer *w;
    char *out;

    if (!command_arguments(ctx, argc, argv, 0, 0)) {
        return COMMAND_UNKNOWN;
    }
    w = ctx->json ? writer_json_new() : writer_text_new();
    writer_object(w, NULL);
    writer_string(w, "version", PACKAGE_VERSION);
    writer_end(w);
    out = writer_finish(w);
    fputs(out, stdout);
    free(out);
    return COMMAND_HOLDS;
}
