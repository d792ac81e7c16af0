/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stands for tenants and verdicts on the page. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include "audit/html.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

void
report_letters(size_t tenant, char letters[REPORT_LETTERS])
{
    char reversed[REPORT_LETTERS];
    size_t n = 0;

    for (size_t rest = tenant + 1; rest && n < sizeof reversed - 1;
         rest = (rest - 1) / 26) {
        reversed[n++] = 'A' + (rest - 1) % 26;
    }
    for (size_t i = 0; i < n; i++) {
        letters[i] = reversed[n - 1 - i];
    }
    letters[n] = '\0';
}

static void
report_badge(size_t tenant, struct ds *s)
{
    char letters[REPORT_LETTERS];

    report_letters(tenant, letters);
    ds_put_format(s, "<b class='badge c%zu'>%s</b>", tenant % REPORT_COLOURS,
                  letters);
}

void
report_tenant(const struct audit *a, size_t tenant, struct ds *s)
{
    report_badge(tenant, s);
    ds_put_char(s, ' ');
    html_text(s, a->tenants[tenant].name);
}

void
report_symbols(struct ds *s)
{
    ds_put_cstr(
        s,
        "<svg class='defs' width='0' height='0' aria-hidden='true'><defs>"
        "<pattern id='hatch' width='5' height='5' "
        "patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
        "<rect width='5' height='5' fill='#fff'/>"
        "<rect width='2' height='5' fill='#777'/></pattern>"
        /* A ring with a tick, a full disc with a cross, a broken ring with a
         * question mark, a triangle, a square. */
        "<symbol id='isolated' viewBox='0 0 20 20'>"
        "<circle cx='10' cy='10' r='8.5' fill='#fff' stroke='#14633c' "
        "stroke-width='2'/><path d='M5.5 10.5l3 3 6-6.5' fill='none' "
        "stroke='#14633c' stroke-width='2.4'/></symbol>"
        "<symbol id='leak' viewBox='0 0 20 20'>"
        "<circle cx='10' cy='10' r='9.5' fill='#a01414'/>"
        "<path d='M6 6l8 8M14 6l-8 8' stroke='#fff' stroke-width='2.6'/>"
        "</symbol>"
        "<symbol id='open' viewBox='0 0 20 20'>"
        "<circle cx='10' cy='10' r='8.5' fill='#fff' stroke='#7a4b00' "
        "stroke-width='2' stroke-dasharray='3.6 2'/>"
        "<path d='M7.3 8a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 1.9' "
        "fill='none' stroke='#7a4b00' stroke-width='2'/>"
        "<circle cx='10' cy='14.6' r='1.3' fill='#7a4b00'/></symbol>"
        "<symbol id='warning' viewBox='0 0 20 20'>"
        "<path d='M10 1.8L19 18H1z' fill='#fff' stroke='#444' "
        "stroke-width='1.8' stroke-linejoin='round'/>"
        "<path d='M10 7v5.5' stroke='#444' stroke-width='2.2'/>"
        "<circle cx='10' cy='15' r='1.3' fill='#444'/></symbol>"
        "<symbol id='note' viewBox='0 0 20 20'>"
        "<rect x='2' y='2' width='16' height='16' rx='2' fill='#fff' "
        "stroke='#777' stroke-width='1.6'/>"
        "<path d='M10 8.5v6.5' stroke='#777' stroke-width='2.2'/>"
        "<circle cx='10' cy='5.6' r='1.3' fill='#777'/></symbol>"
        "</defs></svg>\n");
}

const char *
report_verdict_symbol(enum audit_verdict v)
{
    switch (v) {
    case AUDIT_ISOLATED:
        return "isolated";
    case AUDIT_NOT_PROVEN:
        return "open";
    case AUDIT_LEAK:
        return "leak";
    }
    OVS_NOT_REACHED();
}

const char *
report_severity_symbol(enum audit_severity v)
{
    switch (v) {
    case AUDIT_NOTE:
        return "note";
    case AUDIT_WARNING:
        return "warning";
    case AUDIT_OPEN:
        return "open";
    case AUDIT_HOLE:
        return "leak";
    }
    OVS_NOT_REACHED();
}

void
report_symbol(const char *symbol, struct ds *s)
{
    ds_put_format(s,
                  "<svg class='symbol' aria-hidden='true'>"
                  "<use href='#%s'/></svg>",
                  symbol);
}

void
report_symbol_at(const char *symbol, double x, double y, double size,
                 struct ds *s)
{
    ds_put_format(s,
                  "<use href='#%s' x='%.1f' y='%.1f' width='%.1f' "
                  "height='%.1f'/>",
                  symbol, x, y, size, size);
}

void
report_verdict(enum audit_verdict v, struct ds *s)
{
    report_symbol(report_verdict_symbol(v), s);
    ds_put_format(s, " %s", audit_verdict_name(v));
}

const struct audit_port *
report_port_of(const struct audit *a, const struct host_link *link)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        if (a->ports[i].link == link) {
            return &a->ports[i];
        }
    }
    return NULL;
}

enum audit_verdict
report_between(const struct audit *a, size_t i, size_t j)
{
    return MAX(a->pairs[i * a->n_tenants + j], a->pairs[j * a->n_tenants + i]);
}
