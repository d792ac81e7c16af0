/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_NOTIFY_H
#define CORDON_AGENT_NOTIFY_H 1

/* Tells a service manager how the agent is, as sd_notify(3) describes it.
 * Does nothing where there is none ($NOTIFY_SOCKET). */

/* Sends 'state', "READY=1" say. */
void notify(const char *state);

/* Sends "WATCHDOG=1" if the manager asks for it ($WATCHDOG_USEC) and it is
 * time. To be called in each turn of the main loop. */
void notify_watchdog_run(void);
void notify_watchdog_wait(void);

#endif /* src/agent/notify.h */
