/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Talks to the agent over its control socket: one request, one answer. The
 * answer comes ready to be printed, as text or as JSON. */

#include <cordon-config.h>
#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonrpc.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "stream.h"
#include "unixctl.h"
#include "util.h"

static struct json *
params_from(const struct command_context *ctx, const char *const *argv,
            size_t n)
{
    struct json *params = json_array_create_empty();

    json_array_add(params, json_string_create(ctx->json ? "json" : "text"));
    for (size_t i = 0; i < n; i++) {
        json_array_add(params, json_string_create(argv[i]));
    }
    return params;
}

/* Takes status and output out of 'reply'. */
static bool
parse_reply(const struct jsonrpc_msg *reply, int *ret_status,
            char **ret_output)
{
    const struct json *status, *output;

    if (reply->type != JSONRPC_REPLY || reply->result->type != JSON_OBJECT) {
        return false;
    }
    status = shash_find_data(json_object(reply->result), "status");
    output = shash_find_data(json_object(reply->result), "output");
    if (!status || status->type != JSON_INTEGER || !output
        || output->type != JSON_STRING) {
        return false;
    }
    *ret_status = json_integer(status);
    *ret_output = xstrdup(json_string(output));
    return true;
}

enum command_status
client_ask(const struct command_context *ctx, const char *method,
           const char *const *argv, size_t n, char **ret_output)
{
    struct jsonrpc_msg *request, *reply = NULL;
    struct jsonrpc *rpc;
    int status, error;

    *ret_output = NULL;
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    error = unixctl_client_create(ctx->control, &rpc);
    if (error) {
        command_error(ctx, "no agent at %s (%s); is cordond running?",
                      ctx->control, ovs_strerror(error));
        return COMMAND_UNKNOWN;
    }
    request = jsonrpc_create_request(method, params_from(ctx, argv, n), NULL);
    error = jsonrpc_transact_block(rpc, request, &reply);
    if (error) {
        command_error(ctx, "the agent at %s has closed the connection (%s)",
                      ctx->control, ovs_retval_to_string(error));
        status = COMMAND_UNKNOWN;
    } else if (!parse_reply(reply, &status, ret_output)) {
        command_error(ctx, "the agent's answer is not understood");
        status = COMMAND_UNKNOWN;
    }
    jsonrpc_msg_destroy(reply);
    jsonrpc_close(rpc);
    return status;
}

enum command_status
client_call(const struct command_context *ctx, const char *method,
            const char *const *argv, size_t n)
{
    enum command_status status;
    char *output;

    status = client_ask(ctx, method, argv, n, &output);
    if (output) {
        bool error = !ctx->json && !strncmp(output, "error: ", 7);

        if (error) {
            fprintf(stderr, "cordon: %s", output + 7);
        } else {
            fputs(output, stdout);
        }
        free(output);
    }
    return status;
}
