/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_METHOD_H
#define CORDON_AGENT_METHOD_H 1

/* The methods of the control socket. */

#include <stddef.h>

struct agent;
struct call;
struct json;

/* Calls 'method' with 'params', an array of strings of which the first is the
 * form of the answer, "text" or "json". The call is answered now or later, in
 * every case. Everything is validated here: nothing that comes over the
 * socket is believed. */
void method_call(struct agent *, const char *method, const struct json *params,
                 struct call *);

#endif /* src/agent/method.h */
