/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_CLI_WITNESS_REPORT_H
#define CORDON_CLI_WITNESS_REPORT_H 1

/* The report of cordon witness. */

#include <stddef.h>

#include "cli/command.h"

struct json;
struct witness_counts;
struct witness_place;

/* What was watched, and what was counted at each place. */
struct witness_report {
    const struct command_context *ctx;
    const struct witness_place *places;
    const struct witness_counts *counts; /* As many. */
    size_t n_places;
};

/* What the guards have dropped, as "cordon show drops" has it; NULL without an
 * agent. The caller destroys. */
struct json *witness_report_drops(const struct command_context *);

/* Prints the report. 'before' and 'after' are the guards' drops, NULL: not
 * known. */
enum command_status witness_report(const struct witness_report *,
                                   const struct json *before,
                                   const struct json *after);

#endif /* src/cli/witness_report.h */
