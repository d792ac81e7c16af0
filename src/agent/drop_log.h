/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DROP_LOG_H
#define CORDON_AGENT_DROP_LOG_H 1

/* The log of frames that are dropped at the ports of tenants who want it: a
 * file with a JSON object on each line (cordond(8)). As long as no tenant
 * does, the file is not made and nobody listens.
 *
 * Of a flood, the kernel passes some frames and the log takes some of these.
 * How many it does not have is found out from the counters, which have all,
 * and told in lines of its own. */

struct drop_log;
struct reconciler;

/* The log is appended to 'path'. */
struct drop_log *drop_log_new(const char *path);
void drop_log_free(struct drop_log *); /* NULL is fine. */

/* Opens the file anew before the next line, for it has been moved. */
void drop_log_reopen(struct drop_log *);

/* Writes what there is to write. To be called after reconciler_run(), whose
 * last turn says whose frames are logged. Never waits. */
void drop_log_run(struct drop_log *, const struct reconciler *);
void drop_log_wait(const struct drop_log *);

#endif /* src/agent/drop_log.h */
