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
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
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

/* A request that every agent answers at once. */
static void
ask_for_life(struct jsonrpc *rpc)
{
    struct json *params = json_array_create_1(json_string_create("text"));

    jsonrpc_send(rpc, jsonrpc_create_request("version", params, NULL));
}

/* Sends 'request' and waits for its answer, for as long as the agent shows
 * that it lives: an answer may take minutes, but not the word that the agent
 * is still there, which is asked for meanwhile. Returns 0, ETIMEDOUT or
 * another positive errno, or EOF. */
static int
transact(struct jsonrpc *rpc, struct jsonrpc_msg *request,
         unsigned int answer_timeout, struct jsonrpc_msg **ret_reply)
{
    struct json *id = json_clone(request->id);
    long long int patience = 1000LL * answer_timeout;
    long long int heard = time_msec();
    bool asked = false; /* And not been answered. */
    int error;

    error = jsonrpc_send(rpc, request);
    while (!error) {
        long long int next = heard + (asked ? patience : patience / 3);
        struct jsonrpc_msg *msg;

        jsonrpc_run(rpc);
        error = jsonrpc_recv(rpc, &msg);
        if (!error) {
            if (msg->id && json_equal(msg->id, id)) {
                *ret_reply = msg;
                break;
            }
            jsonrpc_msg_destroy(msg);
            heard = time_msec();
            asked = false;
        } else if (error == EAGAIN) {
            error = 0;
            if (time_msec() < next) {
                jsonrpc_wait(rpc);
                jsonrpc_recv_wait(rpc);
                poll_timer_wait_until(next);
                poll_block();
            } else if (asked) {
                error = ETIMEDOUT;
            } else {
                ask_for_life(rpc);
                asked = true;
            }
        }
    }
    json_destroy(id);
    return error;
}

bool
client_has_agent(const struct command_context *ctx)
{
    struct jsonrpc *rpc;

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    if (unixctl_client_create(ctx->control, &rpc)) {
        return false;
    }
    jsonrpc_close(rpc);
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
    error = transact(rpc, request, ctx->answer_timeout, &reply);
    if (error == ETIMEDOUT) {
        command_error(ctx,
                      "the agent at %s is there but has not answered for %u "
                      "seconds; is it stopped, or is xenstored?",
                      ctx->control, ctx->answer_timeout);
        status = COMMAND_UNKNOWN;
    } else if (error) {
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

void
client_print(const struct command_context *ctx, const char *output)
{
    if (!ctx->json && !strncmp(output, "error: ", 7)) {
        fprintf(stderr, "cordon: %s", output + 7);
    } else {
        fputs(output, stdout);
    }
}

struct jsonrpc *
client_hold(const struct command_context *ctx, const char *method,
            const char *const *argv, size_t n)
{
    struct jsonrpc *rpc;
    int error;

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    error = unixctl_client_create(ctx->control, &rpc);
    if (!error) {
        error = jsonrpc_send(
            rpc,
            jsonrpc_create_request(method, params_from(ctx, argv, n), NULL));
        jsonrpc_run(rpc);
    }
    if (error) {
        command_error(ctx, "no agent at %s (%s); is cordond running?",
                      ctx->control, ovs_strerror(error));
        return NULL;
    }
    return rpc;
}

char *
client_is_over(struct jsonrpc *rpc)
{
    struct jsonrpc_msg *msg;
    char *output = NULL;
    int status, error;

    jsonrpc_run(rpc);
    error = jsonrpc_recv(rpc, &msg);
    if (error == EAGAIN) {
        return NULL;
    } else if (error || !parse_reply(msg, &status, &output)) {
        output = xstrdup("the agent has closed the connection");
    }
    if (!error) {
        jsonrpc_msg_destroy(msg);
    }
    return output;
}

enum command_status
client_call(const struct command_context *ctx, const char *method,
            const char *const *argv, size_t n)
{
    enum command_status status;
    char *output;

    status = client_ask(ctx, method, argv, n, &output);
    if (output) {
        client_print(ctx, output);
        free(output);
    }
    return status;
}
