/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of ports on the page. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include <inttypes.h>
#include <string.h>

#include "audit/host.h"
#include "audit/html.h"
#include "lib/addr.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "policy/policy.h"
#include "util.h"

#define MACS_MAX 2
#define VLANS_MAX 4
#define KINDS_MAX 8

static void
put_guest(const struct audit_port *p, struct ds *s)
{
    ds_put_cstr(s, "<td>");
    if (p->interface) {
        html_text(s, p->interface->guest->name);
        ds_put_cstr(s, " ");
    }
    ds_put_cstr(s, "<span class='mono'>");
    for (size_t i = 0; i < MIN(p->spec->n_macs, MACS_MAX); i++) {
        ds_put_format(s, "%s" ETH_ADDR_FMT, i ? " " : "",
                      ETH_ADDR_ARGS(p->spec->macs[i]));
    }
    ds_put_cstr(s, p->spec->n_macs > MACS_MAX ? " &#8230;</span></td>"
                                              : "</span></td>");
}

static void
put_segment(const struct audit *a, const struct audit_port *p, struct ds *s)
{
    const struct host_link *link = p->link;
    const struct host_link *bridge = host_link(a->host, link->master);

    ds_put_cstr(s, "<td>");
    html_text(s, bridge ? bridge->name : "none");
    for (size_t i = 0; i < MIN(link->n_vlans, VLANS_MAX); i++) {
        ds_put_format(s, "%s%" PRIu16, i ? ", " : " VLAN ",
                      link->vlans[i].vid);
    }
    ds_put_cstr(s, link->n_vlans > VLANS_MAX ? " &#8230;</td>" : "</td>");
}

/* Kinds of findings about the port. */
static void
put_kinds(const struct audit *a, const struct audit_port *p, struct ds *s)
{
    const char *said[KINDS_MAX];
    size_t n = 0;

    ds_put_cstr(s, "<td>");
    for (size_t i = 0; i < a->n_findings && n < KINDS_MAX; i++) {
        const struct audit_finding *f = &a->findings[i];
        bool again = strcmp(f->port, p->link->name) != 0;

        for (size_t j = 0; j < n && !again; j++) {
            again = !strcmp(said[j], f->what);
        }
        if (!again) {
            ds_put_cstr(s, n ? ", " : "");
            html_text(s, f->what);
            said[n++] = f->what;
        }
    }
    ds_put_cstr(s, n == KINDS_MAX ? " &#8230;</td>" : "</td>");
}

void
report_ports(const struct audit *a, struct ds *s)
{
    ds_put_format(s, "<h2>Ports <span class='count'>%zu</span></h2>\n",
                  a->n_ports);
    if (!a->n_ports) {
        return;
    }
    ds_put_cstr(s, "<table class='ports'><thead><tr><th>Port</th>"
                   "<th>Tenant</th><th>Guest</th><th>Segment</th>"
                   "<th>Guard</th><th>Verdict</th><th>Findings</th></tr>"
                   "</thead><tbody>\n");
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *p = &a->ports[i];

        ds_put_cstr(s, "<tr>");
        html_element(s, "td class='mono'", p->link->name);
        ds_put_cstr(s, "<td>");
        report_tenant(a, p->tenant, s);
        ds_put_cstr(s, "</td>");
        put_guest(p, s);
        put_segment(a, p, s);
        html_element(s, "td", p->guard);
        ds_put_cstr(s, "<td class='verdict'>");
        report_verdict(p->verdict, s);
        ds_put_cstr(s, !p->link->up ? ", down" : p->closed ? ", closed" : "");
        ds_put_cstr(s, "</td>");
        put_kinds(a, p, s);
        ds_put_cstr(s, "</tr>\n");
    }
    ds_put_cstr(s, "</tbody></table>\n<p class='small'>Closed: nothing that "
                   "its guest sends comes in by it.</p>\n");
}
