/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REPORT_PATH_H
#define CORDON_AUDIT_REPORT_PATH_H 1

/* The way that a finding's frame takes through the host. */

#include <stdbool.h>
#include <stddef.h>

struct audit;
struct audit_finding;
struct path;
struct path_hop;
struct path_receiver;
struct writer;

/* So many findings of one kind have their frames' paths in the report: those
 * of a thousand ports with the same hole are much alike. */
#define REPORT_PATHS 3

struct report_path {
    struct path *path;
    const struct host_link *to; /* Of the copies of a flooded frame this one's
                                 * is shown; NULL: there is none. */
};

/* Follows the frame of a finding, if it has one and is among the first of its
 * kind. False if not; else the caller frees with report_path_done(). */
bool report_path(const struct audit *, const struct audit_finding *,
                 struct report_path *ret_path);
void report_path_done(struct report_path *);

/* The next hop that is shown, behind 'hop', or the first; NULL: no more. */
const struct path_hop *report_path_next(const struct report_path *,
                                        const struct path_hop *hop);

/* Writes the member "path". */
void report_path_write(const struct report_path *, struct writer *);

#endif /* src/audit/report_path.h */
