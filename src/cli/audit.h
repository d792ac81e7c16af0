/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_CLI_AUDIT_H
#define CORDON_CLI_AUDIT_H 1

/* What cordon audit does once, and with --watch again and again. */

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

struct audit;
struct host;
struct policy;
struct ruleset;
struct snapshot;

/* The command line. */
struct audit_arguments {
    const char *snapshot; /* NULL: of this host, now. */
    const char *key;      /* NULL: a signature is not looked at. */
    const char *policy;   /* NULL: none. */
    const char *html;     /* NULL: no page. */
    const char **tenants;
    size_t n_tenants, allocated_tenants;
    bool watch, json;
};

/* An audit and what it rests on. */
struct audited {
    struct snapshot *snapshot;
    const struct host *host;
    const struct ruleset *ruleset;
    struct audit *audit;
};

/* Takes or reads the snapshot, and audits. Returns NULL, or an error in words
 * that the caller frees. In either case audited_done() is to be called. */
char *audited_init(struct audited *, const struct audit_arguments *,
                   const struct policy *);
void audited_done(struct audited *);
enum command_status audited_status(const struct audited *);

/* Writes the page, if one is asked for. Returns an error in words, or NULL. */
char *audited_page(const struct audited *, const struct audit_arguments *);

/* Audits whenever something changes, until it is interrupted: then the process
 * ends with the status of the last audit. Returns only if it cannot go on. */
enum command_status audit_watch(const struct command_context *,
                                const struct audit_arguments *,
                                const struct policy *);

#endif /* src/cli/audit.h */
