/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_CONTROL_H
#define CORDON_AGENT_CONTROL_H 1

/* The control socket: JSON-RPC 1.0 over a Unix stream socket, as libopen-
 * vswitch's unixctl speaks it, for root and the agent's own user only. */

#define CONTROL_DEFAULT RUNDIR "/cordond.ctl" /* Where it is. */

struct agent;
struct control;

/* Listens at 'path', replacing a socket that nobody serves any more, in a
 * directory that is made if it is not there (lib/directory.h). Returns 0 or -errno. */
int control_open(const char *path, struct control **ret_control);
void control_close(struct control *); /* NULL is fine. */

/* Takes connections and requests, and hands those to method_call(). */
void control_run(struct control *, struct agent *);
void control_wait(struct control *);

/* Tries to send what has been answered, for at most a second. Before exit. */
void control_flush(struct control *);

/* Serves descriptor 'fd', a connected stream socket, as if it had been
 * accepted. For tests and the fuzzer. */
int control_serve(struct control *, int fd);
struct control *control_new(void);

#endif /* src/agent/control.h */
