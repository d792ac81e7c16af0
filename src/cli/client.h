/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_CLI_CLIENT_H
#define CORDON_CLI_CLIENT_H 1

#include "cli/command.h"

/* Calls 'method' of the agent with the 'n' strings of 'argv', prints what it
 * answers and returns the status it gives. Without an agent, says so and
 * returns COMMAND_UNKNOWN. */
enum command_status client_call(const struct command_context *,
                                const char *method, const char *const *argv,
                                size_t n);

/* The same, but gives the answer instead of printing it; the caller frees
 * '*ret_output', which is NULL without an agent. */
enum command_status client_ask(const struct command_context *,
                               const char *method, const char *const *argv,
                               size_t n, char **ret_output);

#endif /* src/cli/client.h */
