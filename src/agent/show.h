/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_SHOW_H
#define CORDON_AGENT_SHOW_H 1

/* Walks over what the agent knows, with a text or a JSON writer. */

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct call;
struct policy;
struct turn;
struct writer;

/* An object for port 'i' of the turn's plan. */
void show_one_port(struct writer *, const struct turn *, size_t i);

/* Are these the words of `cordon show`? NULL where there is none. */
bool show_understands(const char *what, const char *name);

/* What `cordon apply` prints. True if every port that has a device is open,
 * and nothing else is wrong. */
bool show_apply(struct writer *, const struct agent *);

void show_summary(struct writer *, const struct agent *);
void show_tenants(struct writer *, const struct agent *);
void show_ports(struct writer *, const struct agent *);

/* Returns 0 or -errno. */
int show_drops(struct writer *, const struct agent *);

/* Is there a port, or a port of a device, called 'name'? */
bool show_knows_port(const struct agent *, const char *name);

/* That port, of which show_knows_port() is true. Returns 0 or -errno. */
int show_port(struct writer *, const struct agent *, const char *name);

/* What would change in the kernel, and what ports let pass by default if
 * 'before' is the policy in force (NULL: none): true if something would. */
bool show_changes(struct writer *, const struct turn *,
                  const struct policy *before);

#endif /* src/agent/show.h */
