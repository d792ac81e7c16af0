/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tenants against tenants: a grid, and beside it, or alone if there are too
 * many tenants for a grid, the pairs that are not isolated. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include "audit/html.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define GRID_MAX 80 /* Tenants. */
#define LIST_MAX 60 /* Pairs. */
#define GRID_SIZE 500.0
#define CELL_MAX 38.0
#define AXIS 16.0    /* For "from" and "to". */
#define HEADING 17.0 /* Long enough for two letters. */
#define UPRIGHT 20.0 /* Cells that are as wide as that have upright ones. */

static void
put_cell(enum audit_verdict v, double x, double y, double c, struct ds *s)
{
    switch (v) {
    case AUDIT_ISOLATED:
        if (c >= 16) {
            double r = c * 0.32;

            report_symbol_at("isolated", x + c / 2 - r, y + c / 2 - r, 2 * r,
                             s);
        }
        break;
    case AUDIT_NOT_PROVEN:
        ds_put_format(s,
                      "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' "
                      "fill='url(#hatch)'/>",
                      x, y, c, c);
        if (c >= 16) {
            double r = c * 0.32;

            report_symbol_at("open", x + c / 2 - r, y + c / 2 - r, 2 * r, s);
        }
        break;
    case AUDIT_LEAK:
        ds_put_format(s,
                      "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' "
                      "class='hole'/><path class='cross' d='M%.2f %.2fl%.2f "
                      "%.2fm0 -%.2fl-%.2f %.2f' stroke-width='%.2f'/>",
                      x, y, c, c, x + c * 0.28, y + c * 0.28, c * 0.44,
                      c * 0.44, c * 0.44, c * 0.44, c * 0.44, MAX(c / 9, 1.2));
        break;
    }
}

/* A cell of which there is nothing to say. */
static void
put_self(double x, double y, double c, struct ds *s)
{
    ds_put_format(s,
                  "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' "
                  "class='self'/>",
                  x, y, c, c);
}

/* A tenant's letters before a row or, turned, above a column. */
static void
put_heading(size_t tenant, double x, double y, double c, bool column,
            struct ds *s)
{
    double length = MAX(c * 0.86, HEADING), width = c * 0.86;
    double font = MIN(c * 0.72, 14);
    char letters[REPORT_LETTERS];

    report_letters(tenant, letters);
    ds_put_format(s, "<g transform='translate(%.2f %.2f)%s'>",
                  x + (column ? c / 2 : length / 2),
                  y + (column ? length / 2 : c / 2),
                  column && c < UPRIGHT ? " rotate(-90)" : "");
    ds_put_format(s,
                  "<rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' "
                  "rx='%.2f' class='f%zu'/>"
                  "<text y='%.2f' font-size='%.2f' class='letter'>%s</text>"
                  "</g>",
                  -length / 2, -width / 2, length, width, width / 7,
                  tenant % REPORT_COLOURS, font * 0.36, font, letters);
}

static void
put_grid(const struct audit *a, struct ds *s)
{
    size_t n = a->n_tenants;
    double c = MIN(CELL_MAX, GRID_SIZE / n);
    double head = MAX(c * 0.86, HEADING) + 3;
    double top = head + AXIS, left = head + AXIS, size = c * n;

    ds_put_format(s,
                  "<svg class='grid' viewBox='0 0 %.1f %.1f' width='%.1f' "
                  "height='%.1f' role='img' aria-label='tenants by tenants'>"
                  "<text x='%.1f' y='10' class='axis'>to</text>"
                  "<text x='10' y='%.1f' class='axis' "
                  "transform='rotate(-90 10 %.1f)'>from</text>",
                  left + size + 2, top + size + 2, left + size + 2,
                  top + size + 2, left + size / 2, top + size / 2,
                  top + size / 2);
    for (size_t i = 0; i < n; i++) {
        put_heading(i, left + i * c, AXIS, c, true, s);
        put_heading(i, AXIS, top + i * c, c, false, s);
        put_self(left + i * c, top + i * c, c, s);
        for (size_t j = 0; j < n; j++) {
            if (audit_is_pair(a, i, j)) {
                put_cell(a->pairs[i * n + j], left + j * c, top + i * c, c, s);
            } else if (i != j) {
                put_self(left + j * c, top + i * c, c, s);
            }
        }
    }
    ds_put_cstr(s, "<path class='lines' d='");
    for (size_t i = 0; i <= n; i++) {
        ds_put_format(s, "M%.2f %.2fh%.2fM%.2f %.2fv%.2f", left, top + i * c,
                      size, left + i * c, top, size);
    }
    ds_put_cstr(s, "'/></svg>\n");
}

static void
put_list(const struct audit *a, struct ds *s)
{
    size_t n = a->n_tenants, counts[3] = { 0, 0, 0 }, shown = 0;

    for (size_t i = 0; i < n * n; i++) {
        counts[a->pairs[i]] += audit_is_pair(a, i / n, i % n);
    }
    ds_put_cstr(s, "<ul class='key'>");
    for (enum audit_verdict v = AUDIT_ISOLATED; v <= AUDIT_LEAK; v++) {
        ds_put_cstr(s, "<li>");
        if (v == AUDIT_ISOLATED && n > 31 && n <= GRID_MAX) {
            ds_put_cstr(s, "<i class='blank'></i> isolated");
        } else {
            report_verdict(v, s);
        }
        ds_put_format(s, ": <b>%zu</b></li>", counts[v]);
    }
    ds_put_format(s,
                  "</ul><p class='small'>Ordered pairs of %zu tenants: "
                  "from the row's to the column's.</p>",
                  n);
    if (counts[AUDIT_LEAK] + counts[AUDIT_NOT_PROVEN] == 0) {
        return;
    }
    ds_put_cstr(s, "<h3>Not isolated</h3><ul class='pairs'>");
    for (enum audit_verdict v = AUDIT_LEAK; v > AUDIT_ISOLATED; v--) {
        for (size_t i = 0; i < n * n && shown < LIST_MAX; i++) {
            if (a->pairs[i] == v && audit_is_pair(a, i / n, i % n)) {
                ds_put_cstr(s, "<li>");
                report_symbol(report_verdict_symbol(v), s);
                ds_put_char(s, ' ');
                report_tenant(a, i / n, s);
                ds_put_cstr(s, " &#8594; ");
                report_tenant(a, i % n, s);
                ds_put_cstr(s, "</li>");
                shown++;
            }
        }
    }
    ds_put_cstr(s, "</ul>");
    if (shown < counts[AUDIT_LEAK] + counts[AUDIT_NOT_PROVEN]) {
        ds_put_format(s,
                      "<p class='small'>and %zu more, which are in the "
                      "report as JSON</p>",
                      counts[AUDIT_LEAK] + counts[AUDIT_NOT_PROVEN] - shown);
    }
}

void
report_matrix(const struct audit *a, struct ds *s)
{
    html_element(s, "h2", "Tenants");
    if (a->inferred) {
        html_element(s, "p",
                     "Nobody said who the tenants are: they are "
                     "inferred from the snapshot.");
    }
    if (!a->n_tenants) {
        html_element(s, "p",
                     "There are none: no device of this host is a "
                     "guest's.");
        return;
    }
    ds_put_cstr(s, "<div class='matrix'>");
    if (a->n_tenants <= GRID_MAX) {
        put_grid(a, s);
    }
    ds_put_cstr(s, "<div class='beside'>");
    put_list(a, s);
    ds_put_cstr(s, "</div></div>\n<ul class='tenants'>");
    for (size_t i = 0; i < a->n_tenants; i++) {
        ds_put_cstr(s, "<li>");
        report_tenant(a, i, s);
        if (a->tenants[i].n_ports) {
            ds_put_format(s, " <span class='small'>%zu port%s</span></li>",
                          a->tenants[i].n_ports,
                          a->tenants[i].n_ports == 1 ? "" : "s");
        } else {
            ds_put_cstr(s, " <span class='small'>no port here: nothing is "
                           "said of it</span></li>");
        }
    }
    ds_put_cstr(s, "</ul>\n");
}
