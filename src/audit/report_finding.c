/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Findings on the page, by severity and kind. The first of a kind is shown
 * whole, the rest, of which there may be one for each port, by a line. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include <string.h>

#include "audit/html.h"
#include "audit/report_path.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Findings of a kind that have a line: with frames, which are much alike; and
 * those whose words may differ. Of others, up to NAMES_MAX, there are names. */
#define FRAMES_MAX 5
#define LINES_MAX 100
#define NAMES_MAX 2000
#define HEX_MAX 60 /* Bytes in a line. */

/* Where it is, and what let it through. */
static void
put_places(const struct audit_finding *f, struct ds *s)
{
    if (*f->port) {
        ds_put_cstr(s, "<div><dt>in by</dt>");
        html_element(s, "dd class='mono'", f->port);
        ds_put_cstr(s, "</div>");
    }
    if (*f->to) {
        ds_put_cstr(s, "<div><dt>out to</dt>");
        html_element(s, "dd class='mono'", f->to);
        ds_put_cstr(s, "</div>");
    }
    if (*f->through) {
        ds_put_cstr(s, "<div class='wide'><dt>let through by</dt>");
        html_element(s, "dd", f->through);
        ds_put_cstr(s, "</div>");
    }
}

static void
put_whole(const struct audit *a, const struct audit_finding *f, struct ds *s)
{
    ds_put_format(s, "<article class='finding s%d'><h3>", f->severity);
    report_symbol(report_severity_symbol(f->severity), s);
    ds_put_char(s, ' ');
    html_element(s, "span", f->text);
    html_element(s, "code", f->what);
    ds_put_cstr(s, "</h3>");
    if (f->frame) {
        ds_put_cstr(s, "<dl class='terms places'>");
        put_places(f, s);
        ds_put_cstr(s, "</dl>");
        report_frame(f, s);
        report_way(a, f, s);
    }
    ds_put_cstr(s, "</article>\n");
}

static void
put_line(const struct audit_finding *f, struct ds *s)
{
    ds_put_cstr(s, "<li>");
    html_text(s, f->text);
    if (*f->through) {
        ds_put_cstr(s, " <span class='small'>by ");
        html_text(s, f->through);
        ds_put_cstr(s, "</span>");
    }
    if (f->frame) {
        size_t n = MIN(f->n_frame, HEX_MAX);

        ds_put_cstr(s, " <code class='hex'>");
        for (size_t i = 0; i < n; i++) {
            ds_put_format(s, "%02x%s", f->frame[i], i % 4 == 3 ? " " : "");
        }
        ds_put_cstr(s, n < f->n_frame ? "&#8230;</code>" : "</code>");
    }
    ds_put_cstr(s, "</li>");
}

/* Has a finding of this one's kind come before it? */
static bool
is_first(const struct audit *a, const struct audit_finding *f)
{
    for (const struct audit_finding *g = a->findings; g < f; g++) {
        if (g->severity == f->severity && !strcmp(g->what, f->what)) {
            return false;
        }
    }
    return true;
}

/* All of the kind of 'first'. */
static void
put_kind(const struct audit *a, const struct audit_finding *first,
         struct ds *s)
{
    /* Of those between two ports some more. */
    size_t n_whole = *first->to || !first->frame ? REPORT_PATHS : 1, n = 0;
    size_t n_lines = n_whole + (first->frame ? FRAMES_MAX : LINES_MAX);

    for (const struct audit_finding *f = first;
         f < a->findings + a->n_findings; f++) {
        if (f->severity != first->severity || strcmp(f->what, first->what)) {
            continue;
        }
        if (n < n_whole) {
            put_whole(a, f, s);
        } else if (n < n_lines) {
            if (n == n_whole) {
                ds_put_format(s,
                              "<div class='more s%d'><h4>More of "
                              "<code>%s</code></h4><ul>",
                              first->severity, first->what);
            }
            put_line(f, s);
        } else if (n < n_lines + NAMES_MAX) {
            ds_put_cstr(s, n == n_lines ? "<li>and of " : ", ");
            html_element(s, "span class='mono'",
                         *f->port ? f->port
                         : *f->to ? f->to
                                  : "the host");
        }
        n++;
    }
    if (n > n_lines) {
        size_t rest = n - n_lines;

        ds_put_format(s, "%s: %zu more, which the report as JSON has</li>",
                      rest > NAMES_MAX ? " and others" : "", rest);
    }
    ds_put_cstr(s, n > n_whole ? "</ul></div>\n" : "");
}

static void
put_severity(const struct audit *a, enum audit_severity severity,
             const char *title, const char *none, struct ds *s)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_findings; i++) {
        n += a->findings[i].severity == severity;
    }
    if (!n && !none) {
        return;
    }
    ds_put_cstr(s, "<h2>");
    html_text(s, title);
    ds_put_format(s, " <span class='count'>%zu</span></h2>\n", n);
    if (!n) {
        html_element(s, "p", none);
    }
    /* Those between two ports, tenants or the host come first. */
    for (size_t i = 0; i < 2 * a->n_findings; i++) {
        const struct audit_finding *f = &a->findings[i % a->n_findings];

        if (f->severity == severity && (i < a->n_findings) == (*f->to != '\0')
            && is_first(a, f)) {
            put_kind(a, f, s);
        }
    }
}

void
report_findings(const struct audit *a, struct ds *s)
{
    put_severity(a, AUDIT_HOLE, "Leaks",
                 "None: no frame was found that gets where it must not.", s);
    put_severity(
        a, AUDIT_OPEN, "Not proven, and why",
        a->verdict == AUDIT_NOT_PROVEN ? NULL : "Nothing was left open.", s);
    put_severity(a, AUDIT_WARNING, "Warnings", NULL, s);
    put_severity(a, AUDIT_NOTE, "Notes", NULL, s);
}
