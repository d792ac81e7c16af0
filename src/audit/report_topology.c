/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The drawing of the host: each bridge as a spine with its trunks on top, its
 * VLANs as lanes that leave it, the ports in them as tiles with their tenants'
 * colours and letters. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/html.h"
#include "audit/report_lane.h"
#include "openvswitch/dynamic-string.h"
#include "policy/policy.h"
#include "util.h"

#define WIDTH 960.0
#define SPINE 26.0     /* Where the spine is. */
#define LABEL 42.0     /* Where a lane's label starts, */
#define TILES 136.0    /* where its tiles. */
#define LANES_MAX 30   /* Of one drawing: it has to fit on a page. */
#define FEW 48         /* Ports that have big tiles. */
#define TRUNKS_MAX 4   /* That are drawn. */
#define LISTED_MAX 60  /* Other devices. */
#define TILES_MAX 1000 /* Of a lane. */

/* Sizes of tiles: big ones say whose guest it is. */
struct size {
    double width, height, gap, font;
    size_t n_name; /* Characters that fit. */
    bool big;
};

static const struct size big = { 152, 40, 10, 13, 15, true };
static const struct size small = { 76, 22, 5, 10, 8, false };

/* The name, shortened in the middle to 'n' characters, as text. */
static void
put_name(const char *name, size_t n, struct ds *s)
{
    size_t length = strlen(name);

    if (length <= n) {
        html_text(s, name);
    } else {
        /* A device's name is ASCII, or it is escaped byte by byte. */
        struct ds part = DS_EMPTY_INITIALIZER;

        ds_put_buffer(&part, name, n / 2 - 1);
        html_text(s, ds_cstr(&part));
        ds_put_cstr(s, "&#8230;");
        html_text(s, name + length - n / 2);
        ds_destroy(&part);
    }
}

static void
put_title(const struct audit *a, const struct host_link *link,
          const struct audit_port *port, struct ds *s)
{
    ds_put_cstr(s, "<title>");
    html_text(s, link->name);
    if (port) {
        ds_put_cstr(s, ", ");
        html_text(s, a->tenants[port->tenant].name);
        ds_put_format(s, ": %s", audit_verdict_name(port->verdict));
    }
    ds_put_cstr(s, "</title>");
}

static const char *
second_line(const struct audit_port *port, const struct host_link *link)
{
    if (!link->up) {
        return "down";
    }
    if (port && port->interface) {
        return port->interface->guest->name;
    }
    return port ? "" : *link->kind ? link->kind : "device";
}

static void
put_tile(const struct audit *a, const struct host_link *link, double x,
         double y, const struct size *z, struct ds *s)
{
    const struct audit_port *port = report_port_of(a, link);
    const char *more = second_line(port, link);
    double h = z->height, text = x + (port ? h : 0) + 6;
    bool bad = port && port->verdict != AUDIT_ISOLATED;
    bool two = z->big && *more;

    ds_put_cstr(s, "<g>");
    put_title(a, link, port, s);
    ds_put_format(s,
                  "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' rx='3' "
                  "class='tile%s%s'/>",
                  x, y, z->width, h,
                  !port                             ? " other"
                  : port->verdict == AUDIT_LEAK     ? " bad"
                  : port->verdict == AUDIT_ISOLATED ? ""
                                                    : " unsure",
                  link->up ? "" : " down");
    if (port) {
        char letters[REPORT_LETTERS];

        report_letters(port->tenant, letters);
        ds_put_format(s,
                      "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' "
                      "rx='2' class='f%zu'/><text x='%.1f' y='%.1f' "
                      "font-size='%.1f' class='letter'>%s</text>",
                      x + 2, y + 2, h - 4, h - 4,
                      port->tenant % REPORT_COLOURS, x + h / 2,
                      y + h / 2 + z->font * 0.36, z->font + (z->big ? 3 : -1),
                      letters);
    }
    ds_put_format(s, "<text x='%.1f' y='%.1f' font-size='%.1f' class='name'>",
                  text, y + (two ? h / 2 - 3 : h / 2 + z->font * 0.36),
                  z->font);
    put_name(link->name, z->n_name, s);
    ds_put_cstr(s, "</text>");
    if (two) {
        ds_put_format(s, "<text x='%.1f' y='%.1f' class='minor'>", text,
                      y + h / 2 + 12);
        put_name(more, 14, s);
        ds_put_cstr(s, "</text>");
    }
    if (port && z->big) {
        report_symbol_at(report_verdict_symbol(port->verdict),
                         x + z->width - 20, y + h - 20, 16, s);
    } else if (bad) {
        report_symbol_at(report_verdict_symbol(port->verdict),
                         x + z->width - 6, y - 5, 11, s);
    }
    ds_put_cstr(s, "</g>");
}

static size_t
per_row(const struct size *z)
{
    return (WIDTH - TILES - 12 + z->gap) / (z->width + z->gap);
}

static size_t
n_tiles(const struct report_lane *l)
{
    return MIN(l->n_links, TILES_MAX) + l->host;
}

static double
lane_height(const struct report_lane *l, const struct size *z)
{
    size_t rows = MAX(DIV_ROUND_UP(n_tiles(l), per_row(z)), 1);

    return rows * (z->height + z->gap) + (z->big ? 6 : 3);
}

/* The worst of what is between tenants that share the lane. */
static enum audit_verdict
lane_verdict(const struct audit *a, const struct report_lane *l)
{
    bool *here = xcalloc(MAX(a->n_tenants, 1), sizeof *here);
    enum audit_verdict v = AUDIT_ISOLATED;

    for (size_t i = 0; i < l->n_links; i++) {
        const struct audit_port *port = report_port_of(a, l->links[i]);

        if (port) {
            here[port->tenant] = true;
        }
    }
    for (size_t i = 0; i < a->n_tenants; i++) {
        for (size_t j = 0; here[i] && j < i; j++) {
            v = here[j] ? MAX(v, report_between(a, i, j)) : v;
        }
    }
    free(here);
    return v;
}

static void
put_lane(const struct audit *a, const struct report_lane *l, double y,
         const struct size *z, struct ds *s)
{
    double middle = y + z->height / 2, x = TILES;
    enum audit_verdict v = lane_verdict(a, l);
    size_t n = 0;

    ds_put_format(s,
                  "<path d='M%.1f %.1fH%.1f' class='wire%s'/>"
                  "<text x='%.1f' y='%.1f' class='lane'>",
                  l->bridge ? SPINE : LABEL, middle, WIDTH - 12,
                  v == AUDIT_ISOLATED ? "" : " bad", LABEL, middle - 5);
    if (!l->bridge) {
        ds_put_cstr(s, "no segment");
    } else if (l->vid) {
        ds_put_format(s, "VLAN %" PRIu16, l->vid);
    } else {
        ds_put_cstr(s, "all VLANs");
    }
    ds_put_cstr(s, "</text>");
    if (v != AUDIT_ISOLATED) {
        report_symbol_at(report_verdict_symbol(v), TILES - 24, middle - 8, 16,
                         s);
    }
    for (size_t i = 0; i < MIN(l->n_links, TILES_MAX); i++) {
        put_tile(a, l->links[i], x, y, z, s);
        x += z->width + z->gap;
        if (++n % per_row(z) == 0) {
            x = TILES;
            y += z->height + z->gap;
        }
    }
    if (l->host) {
        ds_put_format(s,
                      "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' "
                      "class='tile host'/><text x='%.1f' y='%.1f' "
                      "font-size='%.1f' class='name'>host</text>",
                      x, y, z->width, z->height, x + 8,
                      y + z->height / 2 + z->font * 0.36, z->font);
        report_symbol_at(report_verdict_symbol(a->host_verdict),
                         x + z->width - 20, y + z->height / 2 - 8, 16, s);
    }
}

/* The trunks of a bridge, above its spine. Returns where the bridge starts. */
static double
put_trunks(const struct audit *a, const struct host_link *bridge, struct ds *s)
{
    double x = SPINE - 14;
    size_t n = 0;

    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];

        if (!link->port || link->port->bridge != bridge->ifindex
            || !report_is_trunk(a, link) || n++ >= TRUNKS_MAX) {
            continue;
        }
        ds_put_format(s,
                      "<path d='M%.1f 34V52' class='spine'/>"
                      "<rect x='%.1f' y='4' width='190' height='30' rx='3' "
                      "class='tile trunk'/><text x='%.1f' y='17' "
                      "class='name' font-size='12'>",
                      x + 14, x, x + 8);
        put_name(link->name, 16, s);
        ds_put_cstr(s, "</text>");
        ds_put_format(s, "<text x='%.1f' y='29' class='minor'>", x + 8);
        if (bridge->bridge->vlan_filtering) {
            ds_put_format(s, "trunk, %zu VLAN%s", link->n_vlans,
                          link->n_vlans == 1 ? "" : "s");
        } else {
            ds_put_cstr(s, "uplink");
        }
        ds_put_format(s, "%s</text>", link->up ? "" : ", down");
        x += 204;
    }
    if (n > TRUNKS_MAX) {
        ds_put_format(s,
                      "<text x='%.1f' y='22' class='minor'>and %zu more"
                      "</text>",
                      x, n - TRUNKS_MAX);
    }
    return n ? 52 : 6;
}

static void
put_bridge_box(const struct audit *a, const struct report_lane *l, double y,
               double end, bool goes_on, struct ds *s)
{
    const struct host_link *bridge = l->bridge;

    ds_put_format(s,
                  "<path d='M%.1f %.1fV%.1f' class='spine'/>"
                  "<rect x='12' y='%.1f' width='%.1f' height='30' rx='3' "
                  "class='bridge'/><text x='24' y='%.1f' class='bridge'>",
                  SPINE, y + 15, end, y, WIDTH - 24, y + 20);
    ds_put_cstr(s, "bridge ");
    html_text(s, bridge->name);
    if (goes_on) {
        ds_put_cstr(s, ", continued");
    }
    ds_put_format(s,
                  "</text><text x='%.1f' y='%.1f' class='bridge right'>%s, "
                  "host itself: %s</text>",
                  WIDTH - 46, y + 20,
                  bridge->bridge->vlan_filtering ? "keeps VLANs apart"
                                                 : "does not filter VLANs",
                  audit_verdict_name(a->host_verdict));
    report_symbol_at(report_verdict_symbol(a->host_verdict), WIDTH - 38, y + 6,
                     18, s);
}

/* Lanes of one bridge, or of none, as one drawing. */
static void
put_drawing(const struct audit *a, const struct report_lane *lanes, size_t n,
            const struct size *z, bool goes_on, struct ds *s)
{
    struct ds body = DS_EMPTY_INITIALIZER;
    double top = 6, y, last = 0;

    if (lanes->bridge && !goes_on) {
        top = put_trunks(a, lanes->bridge, &body);
    }
    y = top + (lanes->bridge ? 44 : 0);
    for (size_t i = 0; i < n; i++) {
        last = y + z->height / 2;
        y += lane_height(&lanes[i], z);
    }
    if (lanes->bridge) {
        put_bridge_box(a, lanes, top, last, goes_on, &body);
    }
    y = top + (lanes->bridge ? 44 : 0);
    for (size_t i = 0; i < n; i++) {
        put_lane(a, &lanes[i], y, z, &body);
        y += lane_height(&lanes[i], z);
    }
    ds_put_format(s,
                  "<svg class='drawing%s' viewBox='0 0 %.0f %.0f' role='img' "
                  "aria-label='bridge, VLANs and ports'>%s</svg>\n",
                  z->big ? "" : " many", WIDTH, y + 4, ds_cstr(&body));
    ds_destroy(&body);
}

/* What is neither a guest's nor a port of a bridge, nor a bridge. */
static void
put_others(const struct audit *a, struct ds *s)
{
    size_t n = 0;

    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];
        const struct host_link *on =
            host_link(a->host, link->lower  ? link->lower
                               : link->peer ? link->peer
                                            : link->master);

        if (link->type == HOST_LINK_LOOPBACK || link->bridge || link->port
            || report_port_of(a, link) || n++ >= LISTED_MAX) {
            continue;
        }
        ds_put_cstr(s, n == 1 ? "<p class='others'><b>Other devices of the "
                                "host:</b> <span>"
                              : ", <span>");
        html_text(s, link->name);
        ds_put_format(s, " (%s%s", link->up ? "" : "down, ",
                      *link->kind ? "" : "hardware");
        html_text(s, link->kind);
        if (link->type == HOST_LINK_VLAN) {
            ds_put_format(s, " %" PRIu16, link->vlan_id);
        }
        if (on) {
            ds_put_cstr(s, link->lower ? " on " : " with ");
            html_text(s, on->name);
        }
        ds_put_cstr(s, ")</span>");
    }
    if (n > LISTED_MAX) {
        ds_put_format(s, " and %zu more", n - LISTED_MAX);
    }
    ds_put_cstr(s, n ? "</p>\n" : "");
}

void
report_topology(const struct audit *a, struct ds *s)
{
    const struct size *z = a->n_ports <= FEW ? &big : &small;
    struct report_lanes l;

    html_element(s, "h2", "Topology");
    report_lanes_init(&l, a);
    for (size_t i = 0, next; i < l.n_lanes; i = next) {
        bool goes_on = i && l.lanes[i - 1].bridge == l.lanes[i].bridge;

        for (next = i; next < l.n_lanes && next - i < LANES_MAX
                       && l.lanes[next].bridge == l.lanes[i].bridge;) {
            next++;
        }
        put_drawing(a, &l.lanes[i], next - i, z, goes_on, s);
    }
    if (l.n_lanes) {
        html_element(s, "p class='caption'",
                     "Each port with its tenant's letter, in the segments "
                     "that it is in. A thick line is a segment in which "
                     "tenants are not isolated from each other.");
    } else {
        html_element(s, "p", "There is no bridge, and no port.");
    }
    report_lanes_done(&l);
    put_others(a, s);
}
