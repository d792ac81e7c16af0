/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_CUT_H
#define CORDON_DATAPLANE_LINUX_CUT_H 1

/* Running connections follow the rules: those that are no longer allowed are
 * cut by a bit of their mark, which the bridge's rules drop ahead of
 * "established", so that they stay cut whichever end sends. */

#include <stdint.h>

struct connection_count;
struct objects;
struct plan;
struct plan_port;

void cut_close(void);

/* Reads all connections, marks those of the plan's segments that its rules do
 * not allow any more, and takes the mark from those that they do; it notes
 * which ends agree. Nothing is read while no port is stateful. Returns 0 or
 * -errno: some may not be as they should. */
int cut_judge(const struct plan *);

/* Takes who was there before this process from what has been read first,
 * sorted: at the next cut_judge(), connections of those that have gone since
 * are deleted. */
void cut_found(const struct objects *have);

/* Counts the connections of a port. 0 or -errno. */
int cut_count(const struct plan *, const struct plan_port *,
              struct connection_count *ret_count);

/* Requests sent, that change something, that read something. */
uint64_t cut_writes(void);
uint64_t cut_reads(void);

#endif /* src/dataplane/linux/cut.h */
