/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REPORT_PRIVATE_H
#define CORDON_AUDIT_REPORT_PRIVATE_H 1

/* Between the files of the page. Each section appends itself. */

#include <stddef.h>

#include "audit/audit.h"

struct ds;
struct host_link;

extern const char report_style[];

void report_matrix(const struct audit *, struct ds *);
void report_topology(const struct audit *, struct ds *);
void report_ports(const struct audit *, struct ds *);
void report_findings(const struct audit *, struct ds *);
void report_evidence(const struct audit *, struct ds *);

/* A finding's frame: its bytes and headers; and its way. */
void report_frame(const struct audit_finding *, struct ds *);
void report_way(const struct audit *, const struct audit_finding *,
                struct ds *);

/* Tenants have letters, since colours are not seen by all, nor printed:
 * A ... Z, AA, AB ... */
#define REPORT_COLOURS 8
#define REPORT_LETTERS 8 /* Room for one's letters. */

void report_letters(size_t tenant, char letters[REPORT_LETTERS]);
/* Badge and name. */
void report_tenant(const struct audit *, size_t tenant, struct ds *);

/* Symbols, all of which differ in shape: report_symbols() defines them once,
 * the others refer to them. */
void report_symbols(struct ds *);
const char *report_verdict_symbol(enum audit_verdict);
const char *report_severity_symbol(enum audit_severity);
void report_symbol(const char *symbol, struct ds *);
/* Within an SVG. */
void report_symbol_at(const char *symbol, double x, double y, double size,
                      struct ds *);
/* Symbol and words. */
void report_verdict(enum audit_verdict, struct ds *);

/* NULL if 'link' is no guest's. */
const struct audit_port *report_port_of(const struct audit *,
                                        const struct host_link *);

/* What is between two tenants, both ways: the worse of both. */
enum audit_verdict report_between(const struct audit *, size_t, size_t);

#endif /* src/audit/report_private.h */
