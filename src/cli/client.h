/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_CLI_CLIENT_H
#define CORDON_CLI_CLIENT_H 1

#include "cli/command.h"

struct jsonrpc;

/* Calls 'method' of the agent with the 'n' strings of 'argv', prints what it
 * answers and returns the status it gives. Without an agent, or with one that
 * gives no sign of life for ctx->answer_timeout seconds, says so and returns
 * COMMAND_UNKNOWN. */
enum command_status client_call(const struct command_context *ctx,
                                const char *method, const char *const *argv,
                                size_t n);

/* Prints what the agent has answered: mistakes on standard error, as
 * command_error() does. */
void client_print(const struct command_context *, const char *output);

/* Calls 'method', which answers only when something has come to an end, and
 * gives the connection, NULL after a mistake, which has been said. The caller
 * closes it with jsonrpc_close(). */
struct jsonrpc *client_hold(const struct command_context *ctx,
                            const char *method, const char *const *argv,
                            size_t n);

/* Why that has come to an end, which the caller frees; NULL: it has not. */
char *client_is_over(struct jsonrpc *);

/* True if there is one. */
bool client_has_agent(const struct command_context *ctx);

/* As client_call(), but gives the answer instead of printing it; the caller
 * frees '*ret_output', which is NULL without one. */
enum command_status client_ask(const struct command_context *ctx,
                               const char *method, const char *const *argv,
                               size_t n, char **ret_output);

#endif /* src/cli/client.h */
