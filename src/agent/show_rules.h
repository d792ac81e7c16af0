/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_SHOW_RULES_H
#define CORDON_AGENT_SHOW_RULES_H 1

/* What `cordon show` prints of groups, rules and rates. Each writes fields or
 * lists into the object that is open. */

#include <stdbool.h>
#include <stddef.h>

struct policy;
struct policy_interface;
struct policy_tenant;
struct writer;

/* A tenant's fields. */
void show_tenant_rules(struct writer *, const struct policy_tenant *);

/* Tables of all groups and of all rules; 'policy' may be NULL. */
void show_groups(struct writer *, const struct policy *policy);

/* What an interface's groups, its tenant's defaults and its rates are. */
void show_interface_rules(struct writer *, const struct policy_interface *);

/* What becomes of ports' filtering between two policies, each of which may be
 * NULL. Returns false if nothing does. */
bool show_filtering(struct writer *, const struct policy *before,
                    const struct policy *after);

#endif /* src/agent/show_rules.h */
