/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The page: the verdict on top, then what it is about. */

#include <cordon-config.h>
#include "audit/report.h"

#include "audit/host.h"
#include "audit/html.h"
#include "audit/report_private.h"
#include "audit/snapshot.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static const char *
verdict_class(enum audit_verdict v)
{
    return v == AUDIT_LEAK         ? "is-leak"
           : v == AUDIT_NOT_PROVEN ? "is-open"
                                   : "is-isolated";
}

static void
put_lead(const struct audit *a, struct ds *s)
{
    switch (a->verdict) {
    case AUDIT_ISOLATED:
        html_element(s, "p class='lead'",
                     "Proven for all frames: what a port can send is within "
                     "port security, and nothing that one tenant sends "
                     "reaches another tenant, or the host beyond what is "
                     "declared. What the proof assumes is listed below.");
        break;
    case AUDIT_NOT_PROVEN:
        html_element(s, "p class='lead'",
                     "No leak was found, but isolation is not proven: "
                     "something here could not be seen through. What it is, "
                     "and which ports and tenants it concerns, is listed "
                     "below.");
        break;
    case AUDIT_LEAK:
        html_element(s, "p class='lead'",
                     "At least one frame gets where it must not. The frames, "
                     "and the chains and rules that let them through, are "
                     "below.");
        break;
    }
}

static void
put_count(size_t n, const char *one, const char *many, struct ds *s)
{
    ds_put_format(s, "<div><dd>%zu</dd><dt>%s</dt></div>", n,
                  n == 1 ? one : many);
}

static void
put_counts(const struct audit *a, struct ds *s)
{
    size_t severities[AUDIT_HOLE + 1] = { 0 };
    size_t isolated = 0;

    for (size_t i = 0; i < a->n_findings; i++) {
        severities[a->findings[i].severity]++;
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        isolated += a->ports[i].verdict == AUDIT_ISOLATED;
    }
    ds_put_cstr(s, "<dl class='counts'>");
    put_count(a->n_tenants, "tenant", "tenants", s);
    put_count(a->n_ports, "port", "ports", s);
    put_count(isolated, "port isolated", "ports isolated", s);
    put_count(severities[AUDIT_HOLE], "leak", "leaks", s);
    put_count(severities[AUDIT_OPEN], "not proven", "not proven", s);
    put_count(severities[AUDIT_WARNING], "warning", "warnings", s);
    put_count(severities[AUDIT_NOTE], "note", "notes", s);
    ds_put_cstr(s, "</dl>\n");
}

static void
put_header(const struct audit *a, struct ds *s)
{
    const struct snapshot_header *h = snapshot_header(a->host->snapshot);

    ds_put_format(s,
                  "<header class='%s'><p class='kicker'>cordon audit of "
                  "host ",
                  verdict_class(a->verdict));
    html_element(s, "b", h->host);
    ds_put_cstr(s, "</p><h1>");
    report_symbol(report_verdict_symbol(a->verdict), s);
    ds_put_char(s, ' ');
    html_element(s, "span", audit_verdict_name(a->verdict));
    ds_put_cstr(s, "</h1>");
    put_lead(a, s);
    put_counts(a, s);
    ds_put_cstr(s, "<p class='facts'><span>Snapshot of <b>");
    html_text(s, h->time);
    ds_put_cstr(s, "</b></span> <span>kernel <b>");
    html_text(s, h->kernel);
    ds_put_cstr(s, "</b></span> <span>the host itself: ");
    report_verdict(a->host_verdict, s);
    ds_put_cstr(s, "</span></p></header>\n");
}

char *
report_html(const struct audit *a)
{
    const struct snapshot_header *h = snapshot_header(a->host->snapshot);
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s,
                "<!DOCTYPE html>\n"
                "<html lang='en' xmlns='http://www.w3.org/1999/xhtml'><head>"
                "<meta charset='utf-8'/>\n"
                "<meta name='viewport' content='width=device-width'/>\n"
                "<meta http-equiv='Content-Security-Policy' "
                "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
                "\n<title>");
    html_text(&s, h->host);
    ds_put_format(&s, ": %s</title>\n<style>%s</style></head>\n<body>\n",
                  audit_verdict_name(a->verdict), report_style);
    report_symbols(&s);
    put_header(a, &s);
    report_matrix(a, &s);
    report_topology(a, &s);
    report_findings(a, &s);
    report_ports(a, &s);
    report_evidence(a, &s);
    ds_put_cstr(&s, "</body></html>\n");
    return ds_steal_cstr(&s);
}
