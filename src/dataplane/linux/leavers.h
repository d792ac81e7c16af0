/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_LEAVERS_H
#define CORDON_DATAPLANE_LINUX_LEAVERS_H 1

/* Ports that have gone since the last time, by the addresses that they had:
 * their connections have ended, though the kernel does not know. The next
 * device of the interface counts its own from 0. What is remembered between
 * the times is one for the process. */

#include <stdbool.h>
#include <stdint.h>

struct objects;
struct plan;
struct rule_flow;

struct leavers;

/* Remembers the ports that the table of tenants' rules among 'have' knows: of
 * those that went while there was no agent, nothing else tells. 'have' is
 * sorted. */
void leavers_found(const struct objects *have);

/* True if some port is remembered. */
bool leavers_any(void);

/* Who is not in 'plan' any more. */
struct leavers *leavers_new(const struct plan *);
void leavers_free(struct leavers *); /* NULL is fine. */

/* True if a connection in 'segment' was one of theirs, by an address that
 * nobody has who has been there all the time. */
bool leavers_had(const struct leavers *, uint32_t segment,
                 const struct rule_flow *);

/* Forgets them and remembers the ports of 'plan'. */
void leavers_forget(const struct plan *);

#endif /* src/dataplane/linux/leavers.h */
