/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Follows the frames of findings as cordon trace does, one by one: what the
 * proof says of sets of frames is then seen on one of them. */

#include <cordon-config.h>
#include "audit/report_path.h"

#include <string.h>

#include "audit/audit.h"
#include "audit/host.h"
#include "audit/path.h"
#include "lib/writer.h"
#include "util.h"

#define DELIVERED_MAX 16 /* Names in the list. */

static const struct audit_port *
port_of(const struct audit *a, const struct host_link *link)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        if (a->ports[i].link == link) {
            return &a->ports[i];
        }
    }
    return NULL;
}

/* Whose copy tells most: the one that the finding is about; one that is not
 * the sender's tenant's. */
static const struct host_link *
choose(const struct audit *a, const struct audit_finding *f,
       const struct audit_port *from, const struct path *p)
{
    const struct host_link *to = NULL;
    int best = -1;

    for (size_t i = 0; i < p->n_hops; i++) {
        const struct host_link *link = p->hops[i].to;
        const struct audit_port *port;
        int points = 0;

        if (!link || (to && link == to)) {
            continue;
        }
        for (size_t j = 0; j < p->n_receivers; j++) {
            if (p->receivers[j].link == link) {
                points = 2;
            }
        }
        port = port_of(a, link);
        points += port && port->tenant != from->tenant;
        points += 4 * !strcmp(link->name, f->to);
        if (points > best) {
            best = points;
            to = link;
        }
    }
    return to;
}

bool
report_path(const struct audit *a, const struct audit_finding *f,
            struct report_path *ret_path)
{
    const struct path_options options = { .linear = 0 };
    const struct host_link *link;
    const struct audit_port *from;
    size_t n = 0;

    if (!f->frame) {
        return false;
    }
    for (const struct audit_finding *g = a->findings; g < f; g++) {
        n += g->frame && g->severity == f->severity
             && !strcmp(g->what, f->what);
        if (n >= REPORT_PATHS) {
            return false;
        }
    }
    link = host_link_by_name(a->host, f->port);
    from = link ? port_of(a, link) : NULL;
    if (!from) {
        return false;
    }
    ret_path->path =
        path_follow(a->host, a->ruleset, link, f->frame, f->n_frame, &options);
    ret_path->to = choose(a, f, from, ret_path->path);
    return true;
}

void
report_path_done(struct report_path *rp)
{
    path_free(rp->path);
}

const struct path_hop *
report_path_next(const struct report_path *rp, const struct path_hop *hop)
{
    const struct path *p = rp->path;

    for (size_t i = hop ? hop - p->hops + 1 : 0; i < p->n_hops; i++) {
        if (!p->hops[i].to || p->hops[i].to == rp->to) {
            return &p->hops[i];
        }
    }
    return NULL;
}

void
report_path_write(const struct report_path *rp, struct writer *w)
{
    const struct path *p = rp->path;
    const struct path_hop *hop = NULL;

    writer_object(w, "path");
    writer_list(w, "hops");
    while ((hop = report_path_next(rp, hop))) {
        path_hop_write(hop, w);
    }
    writer_end(w);
    writer_string(w, "result",
                  p->unknown       ? "unknown"
                  : p->n_receivers ? "delivered"
                                   : "dropped");
    writer_uint(w, "receivers", p->n_receivers);
    writer_list(w, "delivered");
    for (size_t i = 0; i < MIN(p->n_receivers, DELIVERED_MAX); i++) {
        writer_format(w, NULL, "%s%s", p->receivers[i].host ? "host by " : "",
                      p->receivers[i].link->name);
    }
    writer_end(w);
    writer_end(w);
}
