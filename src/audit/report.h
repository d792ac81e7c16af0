/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REPORT_H
#define CORDON_AUDIT_REPORT_H 1

/* The report of an audit as one page of HTML: it needs no network and no
 * script, and can be printed, in black and white, too. It is XML as well. */

struct audit;

/* The caller frees. */
char *report_html(const struct audit *);

#endif /* src/audit/report.h */
