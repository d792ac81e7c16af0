/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A finding's frame on the page: headers in words, bytes, and the way that it
 * takes through the host. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/host.h"
#include "audit/html.h"
#include "audit/path.h"
#include "audit/report_path.h"
#include "audit/ruleset.h"
#include "lib/frame.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define BYTES_MAX 256 /* That are printed. */
#define ROW 16

/* A writer that makes a list of terms of fields. */
struct terms {
    struct writer up;
    struct ds *out;
};

static void
put_term(struct writer *w, const char *key, const char *value)
{
    struct ds *s = CONTAINER_OF(w, struct terms, up)->out;

    ds_put_cstr(s, "<div><dt>");
    for (const char *p = key; *p; p++) {
        ds_put_char(s, *p == '_' ? ' ' : *p);
    }
    ds_put_cstr(s, "</dt>");
    html_element(s, "dd", value ? value : "");
    ds_put_cstr(s, "</div>");
}

static void
put_term_uint(struct writer *w, const char *key, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, value);
    put_term(w, key, text);
}

static const struct writer_class terms_class = {
    .string = put_term,
    .uint = put_term_uint,
};

static void
put_bytes(const struct audit_finding *f, struct ds *s)
{
    size_t n = MIN(f->n_frame, BYTES_MAX);

    ds_put_cstr(s, "<pre class='hex'>");
    for (size_t i = 0; i < n; i++) {
        if (i % ROW == 0) {
            ds_put_format(s, "%s<i>%04zx</i> ", i ? "\n" : "", i);
        }
        ds_put_format(s, "%s%02x", i % ROW == ROW / 2 ? "  " : " ",
                      f->frame[i]);
    }
    ds_put_cstr(s, "</pre>");
    if (n < f->n_frame) {
        ds_put_format(s,
                      "<p class='small'>and %zu more bytes, which are in "
                      "the report as JSON</p>",
                      f->n_frame - n);
    }
}

void
report_frame(const struct audit_finding *f, struct ds *s)
{
    struct terms terms = { { &terms_class }, s };

    ds_put_format(s,
                  "<div class='frame'><div><h4>Frame, %zu bytes</h4>"
                  "<dl class='terms'>",
                  f->n_frame);
    frame_write(&terms.up, f->frame, f->n_frame);
    ds_put_cstr(s, "</dl></div><div>");
    put_bytes(f, s);
    ds_put_cstr(s, "</div></div>");
}

static const char *
verdict_symbol(enum path_verdict v)
{
    return v == PATH_DROP ? "&#9632; " : v == PATH_PASS ? "&#8595; " : "? ";
}

static void
put_hop(const struct path_hop *hop, unsigned int number, struct ds *s)
{
    char *chains = path_hop_chains(hop), *rule = path_hop_rule(hop);

    ds_put_format(s, "<tr%s><td>%u</td>",
                  hop->verdict == PATH_DROP ? " class='drop'" : "", number);
    html_element(s, "td", hop->where);
    html_element(s, "td class='mono'", hop->link ? hop->link->name : "");
    ds_put_cstr(s, "<td>");
    if (hop->chain) {
        ds_put_cstr(s, "<span class='mono'>");
        html_text(s, ruleset_family_name(hop->chain->table->family));
        ds_put_char(s, ' ');
        html_text(s, hop->chain->table->name);
        ds_put_cstr(s, "</span>: ");
    }
    html_text(s, hop->why ? hop->why : chains);
    ds_put_cstr(s, "</td><td>");
    if (hop->rule) {
        html_text(s, hop->chain->name);
        ds_put_cstr(s, ", handle ");
    }
    html_text(s, rule);
    ds_put_format(s, "</td><td class='mono'>%#" PRIx32 "</td>", hop->mark);
    ds_put_format(s, "<td>%s%s</td></tr>", verdict_symbol(hop->verdict),
                  path_verdict_name(hop->verdict));
    free(chains);
    free(rule);
}

/* In words, where the frame ends. */
static void
put_end(const struct path *p, const struct report_path *rp, struct ds *s)
{
    ds_put_cstr(s, "<p class='end'>");
    if (p->n_receivers) {
        bool listed = false;

        ds_put_cstr(s, "<b>It comes out of ");
        for (size_t i = 0; i < MIN(p->n_receivers, 8); i++) {
            ds_put_cstr(s, listed ? ", " : "");
            ds_put_cstr(s, p->receivers[i].host ? "the host by " : "");
            html_text(s, p->receivers[i].link->name);
            listed = true;
        }
        if (p->n_receivers > 8) {
            ds_put_format(s, " and %zu more devices", p->n_receivers - 8);
        }
        ds_put_cstr(s, ".</b>");
        if (p->n_receivers > 1 && rp->to) {
            ds_put_cstr(s, " Shown is the copy for ");
            html_text(s, rp->to->name);
            ds_put_char(s, '.');
        }
    } else if (!p->unknown) {
        ds_put_cstr(s, "As things stand, no device is given this very "
                       "frame: the last line says why. What the port must "
                       "not send came past its guard all the same.");
    }
    if (p->unknown) {
        ds_put_cstr(s, " It may get elsewhere: ");
        html_text(s, p->why);
        ds_put_char(s, '.');
    }
    ds_put_cstr(s, "</p>");
}

void
report_way(const struct audit *a, const struct audit_finding *f, struct ds *s)
{
    const struct path_hop *hop = NULL;
    unsigned int number = 0;
    struct report_path rp;

    if (!report_path(a, f, &rp)) {
        return;
    }
    html_element(s, "h4", "Its way through the host");
    ds_put_cstr(s, "<table class='way'><thead><tr><th></th><th>Where</th>"
                   "<th>Device</th><th>What</th><th>Decided by</th>"
                   "<th>Mark</th><th>Verdict</th></tr></thead><tbody>");
    while ((hop = report_path_next(&rp, hop))) {
        put_hop(hop, ++number, s);
    }
    ds_put_cstr(s, "</tbody></table>");
    put_end(rp.path, &rp, s);
    report_path_done(&rp);
}
