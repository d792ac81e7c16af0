/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_REQUEST_H
#define CORDON_AGENT_REQUEST_H 1

/* Calls that wait for the reconciler: plug, unplug and apply. Any number may
 * wait at once; each has a deadline. */

struct agent;
struct call;

#define REQUEST_TIMEOUT_MAX 600 /* Seconds. */

/* Answers when the port of 'device' is open, or why it will not be. A port
 * whose plug has failed or was given up is held closed. */
void request_plug(struct agent *, struct call *, const char *device,
                  unsigned int timeout_s);

/* Holds 'device' closed; answers when nothing of it is left in the kernel
 * but what keeps it closed, or that there is no such port. */
void request_unplug(struct agent *, struct call *, const char *device,
                    unsigned int timeout_s);

/* Answers when all ports are open or have failed under the policy that has
 * just been loaded. */
void request_apply(struct agent *, struct call *, unsigned int timeout_s);

void requests_run(struct agent *);
void requests_wait(struct agent *);
void requests_done(struct agent *); /* Answers those left: status 2. */

#endif /* src/agent/request.h */
