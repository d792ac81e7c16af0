/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_SHOW_H
#define CORDON_AGENT_SHOW_H 1

/* Walks over what the agent knows, with a text or a JSON writer. */

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct call;
struct turn;
struct writer;

/* An object for port 'i' of the turn's plan. */
void show_one_port(struct writer *, const struct turn *, size_t i);

/* What `cordon apply` prints. True if every port is open. */
bool show_apply(struct writer *, const struct agent *);

void show_summary(struct writer *, const struct agent *);
void show_tenants(struct writer *, const struct agent *);
void show_ports(struct writer *, const struct agent *);

/* Returns 0 or -errno. */
int show_drops(struct writer *, const struct agent *);

/* The port, or the port of the device, called 'name'. Returns 0, -ENOENT if
 * there is none, or another -errno. */
int show_port(struct writer *, const struct agent *, const char *name);

/* What would change in the kernel: true if something would. */
bool show_changes(struct writer *, const struct turn *);

#endif /* src/agent/show.h */
