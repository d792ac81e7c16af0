/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The report of an audit, for programs and for people. */

#include <cordon-config.h>
#include "audit/audit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/host.h"
#include "audit/report_path.h"
#include "audit/ruleset.h"
#include "audit/snapshot.h"
#include "lib/frame.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define MATRIX_MAX 24 /* Tenants whose names fit across a page. */

static void
write_evidence(const struct audit *a, struct writer *w)
{
    const struct snapshot *s = a->host->snapshot;
    const struct snapshot_header *h = snapshot_header(s);

    writer_object(w, "snapshot");
    writer_string(w, "host", h->host);
    writer_string(w, "time", h->time);
    writer_string(w, "kernel", h->kernel);
    writer_string(w, "chain", snapshot_chain(s));
    writer_bool(w, "signed", snapshot_signed(s));
    writer_bool(w, "verified", snapshot_verified(s));
    writer_end(w);
}

static void
write_finding(const struct audit *a, const struct audit_finding *f,
              struct writer *w)
{
    struct report_path path;

    writer_object(w, NULL);
    writer_string(w, "severity", audit_severity_name(f->severity));
    writer_string(w, "what", f->what);
    writer_string(w, "text", f->text);
    writer_string(w, "port", f->port);
    writer_string(w, "to", f->to);
    if (f->frame) {
        char *hex = frame_hex(f->frame, f->n_frame);

        writer_string(w, "through", f->through);
        writer_string(w, "frame", hex);
        writer_object(w, "headers");
        frame_write(w, f->frame, f->n_frame);
        writer_end(w);
        free(hex);
    }
    if (report_path(a, f, &path)) {
        report_path_write(&path, w);
        report_path_done(&path);
    }
    writer_end(w);
}

void
audit_write(const struct audit *a, struct writer *w)
{
    writer_object(w, NULL);
    writer_uint(w, "cordon_audit", 1);
    writer_string(w, "verdict", audit_verdict_name(a->verdict));
    writer_string(w, "host", audit_verdict_name(a->host_verdict));
    writer_bool(w, "inferred", a->inferred);
    write_evidence(a, w);
    writer_list(w, "tenants");
    for (size_t i = 0; i < a->n_tenants; i++) {
        writer_object(w, NULL);
        writer_string(w, "name", a->tenants[i].name);
        writer_uint(w, "ports", a->tenants[i].n_ports);
        writer_end(w);
    }
    writer_end(w);
    /* Those that are not listed are isolated, if both have ports. */
    writer_list(w, "pairs");
    for (size_t i = 0; i < a->n_tenants * a->n_tenants; i++) {
        if (a->pairs[i] != AUDIT_ISOLATED) {
            writer_object(w, NULL);
            writer_string(w, "from", a->tenants[i / a->n_tenants].name);
            writer_string(w, "to", a->tenants[i % a->n_tenants].name);
            writer_string(w, "verdict", audit_verdict_name(a->pairs[i]));
            writer_end(w);
        }
    }
    writer_end(w);
    writer_list(w, "ports");
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *p = &a->ports[i];

        writer_object(w, NULL);
        writer_string(w, "device", p->link->name);
        writer_string(w, "tenant", a->tenants[p->tenant].name);
        writer_string(w, "verdict", audit_verdict_name(p->verdict));
        writer_string(w, "guard", p->guard);
        writer_bool(w, "closed", p->closed);
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "findings");
    for (size_t i = 0; i < a->n_findings; i++) {
        write_finding(a, &a->findings[i], w);
    }
    writer_end(w);
    writer_list(w, "assumptions");
    for (size_t i = 0; i < a->n_assumptions; i++) {
        writer_string(w, NULL, a->assumptions[i]);
    }
    writer_end(w);
    writer_end(w);
}

static void
put_matrix(const struct audit *a, struct ds *s)
{
    static const char marks[] = {
        [AUDIT_ISOLATED] = '-', [AUDIT_NOT_PROVEN] = '?', [AUDIT_LEAK] = 'X'
    };
    size_t n = a->n_tenants;

    ds_put_cstr(s, "\nTenants, from the left to the top "
                   "(- isolated, ? not proven, X leak):\n");
    if (n > MATRIX_MAX) {
        size_t counts[3] = { 0, 0, 0 };

        for (size_t i = 0; i < n * n; i++) {
            counts[a->pairs[i]] += audit_is_pair(a, i / n, i % n);
        }
        ds_put_format(s,
                      "  %zu tenants; ordered pairs: %zu isolated, %zu "
                      "not proven, %zu leak\n",
                      n, counts[AUDIT_ISOLATED], counts[AUDIT_NOT_PROVEN],
                      counts[AUDIT_LEAK]);
        for (size_t i = 0, lines = 0; i < n * n && lines < 40; i++) {
            if (a->pairs[i] != AUDIT_ISOLATED) {
                ds_put_format(s, "  %s -> %s: %s\n", a->tenants[i / n].name,
                              a->tenants[i % n].name,
                              audit_verdict_name(a->pairs[i]));
                lines++;
            }
        }
        return;
    }
    ds_put_format(s, "  %-24s", "");
    for (size_t i = 0; i < n; i++) {
        ds_put_format(s, " %2zu", i + 1);
    }
    for (size_t i = 0; i < n; i++) {
        ds_put_format(s, "\n  %2zu %-21.21s", i + 1, a->tenants[i].name);
        for (size_t j = 0; j < n; j++) {
            ds_put_format(s, "  %c",
                          i == j                   ? '.'
                          : audit_is_pair(a, i, j) ? marks[a->pairs[i * n + j]]
                                                   : ' ');
        }
        if (!a->tenants[i].n_ports) {
            ds_put_cstr(s, "  no port");
        }
    }
    ds_put_char(s, '\n');
}

static void
put_frame(const struct audit_finding *f, struct ds *s)
{
    struct writer *w = writer_text_new();
    char *text, *hex = frame_hex(f->frame, f->n_frame), *save = NULL;

    writer_object(w, NULL);
    frame_write(w, f->frame, f->n_frame);
    writer_end(w);
    text = writer_finish(w);
    ds_put_format(s, "    through: %s\n    frame: %s\n", f->through, hex);
    ds_put_cstr(s, "   ");
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        ds_put_format(s, " %s;", line);
    }
    ds_chomp(s, ';');
    ds_put_char(s, '\n');
    free(text);
    free(hex);
}

char *
audit_text(const struct audit *a)
{
    const struct snapshot_header *h = snapshot_header(a->host->snapshot);
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%s: %s\n", h->host, audit_verdict_name(a->verdict));
    ds_put_format(&s, "host itself: %s; snapshot of %s, kernel %s\n",
                  audit_verdict_name(a->host_verdict), h->time, h->kernel);
    if (*snapshot_chain(a->host->snapshot)) {
        ds_put_format(
            &s, "evidence: %s%s\n", snapshot_chain(a->host->snapshot),
            snapshot_verified(a->host->snapshot) ? ", signature verified"
                                                 : "");
    }
    if (a->inferred) {
        ds_put_cstr(&s, "tenants are inferred from the snapshot\n");
    }
    put_matrix(a, &s);
    ds_put_format(&s, "\n%-16s %-24s %-11s %-9s\n", "port", "tenant",
                  "verdict", "guard");
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *p = &a->ports[i];

        ds_put_format(&s, "%-16s %-24s %-11s %-9s%s\n", p->link->name,
                      a->tenants[p->tenant].name,
                      audit_verdict_name(p->verdict), p->guard,
                      p->closed ? " closed" : "");
    }
    if (a->n_findings) {
        ds_put_cstr(&s, "\nfindings\n");
    }
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct audit_finding *f = &a->findings[i];

        ds_put_format(&s, "  %s: %s: %s\n", audit_severity_name(f->severity),
                      f->what, f->text);
        if (f->frame) {
            put_frame(f, &s);
        }
    }
    ds_put_cstr(&s, "\nassumed\n");
    for (size_t i = 0; i < a->n_assumptions; i++) {
        ds_put_format(&s, "  %s\n", a->assumptions[i]);
    }
    return ds_steal_cstr(&s);
}
