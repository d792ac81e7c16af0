/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_CONFINE_H
#define CORDON_AGENT_CONFINE_H 1

/* Gives up all capabilities but CAP_NET_ADMIN and CAP_NET_RAW, and all system
 * calls but those that the agent makes. For good, and for threads that are
 * started later. Returns 0 or -errno; then the process must not go on. */
int confine(void);

#endif /* src/agent/confine.h */
