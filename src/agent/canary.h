/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_CANARY_H
#define CORDON_AGENT_CANARY_H 1

/* Canaries: guests that `cordon probe` adds to the policy in force, two in a
 * network of each of two tenants, bound to devices that it makes. To
 * everything behind the policy they are guests like any other.
 *
 * They are in no file. They go when the one who asked for them ends them,
 * closes the connection that holds them or has not made it, when their time
 * is over, or when another policy comes. */

#include <stdbool.h>

struct agent;
struct call;
struct canaries;

#define CANARY_HELD_MAX 3600 /* Seconds. */

/* Adds them to the policy in force, in the networks 'names', each
 * "TENANT/NETWORK", or "TENANT" if that has one. Returns NULL, or what speaks
 * against it, which the caller frees; then nothing has changed. */
char *canaries_begin(struct agent *, const char *const names[2]);

/* Answers 'call' with them, as a policy of their own, in which 'guard' is the
 * one that there is. There must be some. */
void canaries_answer(const struct agent *, struct call *call);

/* Keeps them until 'call' is gone; answers it if they go before. */
void canaries_hold(struct agent *, struct call *call);

/* Takes them out of the policy. 'why' is for the call that holds them. Does
 * nothing if there are none. */
void canaries_end(struct agent *, const char *why);

/* Ends those that nobody holds. */
void canaries_run(struct agent *);
void canaries_wait(const struct agent *);

#endif /* src/agent/canary.h */
