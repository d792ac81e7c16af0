/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_SHOW_RATE_H
#define CORDON_AGENT_SHOW_RATE_H 1

struct plan_port;
struct turn;
struct writer;

/* Writes the limits of a port as the kernel was read to have them. */
void show_rates(struct writer *, const struct turn *,
                const struct plan_port *);

#endif /* src/agent/show_rate.h */
