/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ports that the kernel module guards: its table against the port's spec, and
 * what passes by the table. What the module's code does with it is assumed,
 * and named. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "audit/snapshot.h"
#include "lib/arena.h"
#include "policy/policy.h"
#include "uapi/cordon.h"
#include "util.h"

static const struct host_guarded *
guarded(const struct host *host, const struct host_link *link)
{
    const struct host_module *m = host->module;

    for (size_t i = 0; m && i < m->n_ports; i++) {
        if (m->ports[i].ifindex == link->ifindex) {
            return &m->ports[i];
        }
    }
    return NULL;
}

bool
audit_module_guards(const struct audit *a, const struct host_link *link)
{
    const struct host_guarded *g = guarded(a->host, link);

    return g && g->kind == CORDON_PORT_GUEST
           && g->state == CORDON_PORT_GUARDED;
}

static bool
is_any_link_local(const struct prefix *p)
{
    return p->len == 64 && addr_is_link_local(&p->addr);
}

static bool
is_own(const struct host_guarded *g, const struct prefix *p)
{
    for (size_t i = 0; i < g->n_pairs; i++) {
        if (prefix_contains(&g->pairs[i].prefix, p)
            && !is_any_link_local(&g->pairs[i].prefix)) {
            return true;
        }
    }
    return false;
}

/* What of a segment matters to a port. */
static void
add_segment(struct spec *s, const struct host_guarded *g,
            const struct host_segment *segment, struct arena *arena)
{
    struct prefix *others, *subnets;

    others = ARENA_ARRAY(arena, struct prefix, segment->n_declared + 1);
    subnets = ARENA_ARRAY(arena, struct prefix, segment->n_broadcast + 1);
    for (size_t i = 0; i < segment->n_declared; i++) {
        if (!is_own(g, &segment->declared[i])) {
            others[s->n_others++] = segment->declared[i];
        }
    }
    for (size_t i = 0; i < segment->n_broadcast; i++) {
        /* The smallest subnet whose broadcast address it is. */
        subnets[s->n_subnets] = segment->broadcast[i];
        subnets[s->n_subnets].len = 30;
        prefix_clear_host_bits(&subnets[s->n_subnets++]);
    }
    s->others = others;
    s->subnets = subnets;
}

const struct spec *
audit_module_spec(const struct audit *a, const struct host_link *link)
{
    const struct host_guarded *g = guarded(a->host, link);
    const struct host_module *m = a->host->module;
    struct spec *s = ARENA_ARRAY(a->arena, struct spec, 1);
    struct spec_pair *pairs =
        ARENA_ARRAY(a->arena, struct spec_pair, g->n_pairs + 1);

    for (size_t i = 0; i < g->n_pairs; i++) {
        pairs[i].mac = g->pairs[i].mac;
        pairs[i].prefix = g->pairs[i].prefix;
        pairs[i].free = is_any_link_local(&g->pairs[i].prefix);
    }
    s->macs = g->macs;
    s->n_macs = g->n_macs;
    s->pairs = pairs;
    s->n_pairs = g->n_pairs;
    s->underlay = m->underlay;
    s->n_underlay = m->n_underlay;
    s->vrids = g->vrids;
    s->n_vrids = g->n_vrids;
    s->router = g->flags & CORDON_PORT_F_ROUTER;
    s->dhcp_server = g->flags & CORDON_PORT_F_DHCP_SERVER;
    for (size_t i = 0; i < m->n_segments; i++) {
        if (m->segments[i].id == g->segment) {
            add_segment(s, g, &m->segments[i], a->arena);
        }
    }
    return s;
}

static bool
may_use(const struct spec *s, const struct host_pair *pair)
{
    for (size_t i = 0; i < s->n_pairs; i++) {
        if (!mac_cmp(s->pairs[i].mac, pair->mac)
            && prefix_contains(&s->pairs[i].prefix, &pair->prefix)) {
            return true;
        }
    }
    return !s->n_pairs;
}

void
audit_module_port(struct audit *a, struct audit_port *port)
{
    const struct host_guarded *g = guarded(a->host, port->link);
    const struct spec *s = port->spec;
    const char *name = port->link->name, *srcversion;
    bool fits = true;

    srcversion = snapshot_file(snapshot_part(a->host->snapshot, "proc"),
                               "sys/module/cordon/srcversion");
    audit_assume(a,
                 "the kernel module cordon (version %s, srcversion %s) "
                 "does what its table says",
                 a->host->module->version,
                 srcversion ? srcversion : "not known");
    for (size_t i = 0; i < g->n_pairs; i++) {
        fits = fits && may_use(s, &g->pairs[i]);
    }
    for (size_t i = 0; i < g->n_macs; i++) {
        bool found = !s->n_macs;

        for (size_t j = 0; j < s->n_macs; j++) {
            found = found || !mac_cmp(s->macs[j], g->macs[i]);
        }
        fits = fits && found;
    }
    fits = fits && (s->router || !(g->flags & CORDON_PORT_F_ROUTER))
           && (s->dhcp_server || !(g->flags & CORDON_PORT_F_DHCP_SERVER));
    if (port->interface) {
        fits = fits && g->segment == port->interface->network->vlan;
    }
    if (!fits) {
        audit_find(a, AUDIT_OPEN, "module-table", name,
                   "the module's table for %s allows more than it is "
                   "declared",
                   name);
        audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
    } else if (!port->interface) {
        audit_find(a, AUDIT_OPEN, "module-table", name,
                   "what the module allows %s has nothing to be compared "
                   "with: %s",
                   name,
                   a->policy ? "the policy does not have it"
                             : "there is no policy");
        audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
    }
}

/* Bit 'b', from the left, of the mark of a segment. */
static bool
mark_bit(const struct host_module *m, uint32_t segment, size_t b)
{
    return (segment * (m->mark_mask & -m->mark_mask) & m->mark_mask)
               >> (31 - b)
           & 1;
}

/* The mark is the segment, nothing else. */
static void
set_mark(struct reach *r, const struct audit_port *port)
{
    const struct host_guarded *g = guarded(r->host, port->link);
    const struct host_module *m = r->host->module;

    for (size_t b = 0; b < 32; b++) {
        r->mark[b / 8].bit[b % 8] =
            mark_bit(m, g->segment, b) ? BITS_ALL : BITS_NONE;
    }
}

/* The module lets through what its rules are, which are assumed to be port
 * security's for frames of any length, and puts the segment into the
 * mark. */
void
audit_module_ingress(struct reach *r, const struct audit_port *port)
{
    struct spec_emit e;

    spec_emit(port->spec, &r->header, &e);
    r->frames = bits_diff(r->frames, bits_or(spec_bad(&e), e.unknown));
    set_mark(r, port);
}

/* Frames from those that an isolated port hears. */
static bits
heard_when_isolated(const struct reach *r, const struct host_guarded *g)
{
    const struct host_module *module = r->host->module;
    bits x = BITS_NONE;

    for (size_t i = 0; i < module->n_segments; i++) {
        const struct host_segment *s = &module->segments[i];

        if (s->id != g->segment) {
            continue;
        }
        for (size_t j = 0; j < s->n_trusted; j++) {
            x = bits_or(x, bits_equal(r->header.src, s->trusted[j].ea, 6));
        }
        for (size_t j = 0; j < s->n_members; j++) {
            if (g->community && s->members[j].community == g->community) {
                x = bits_or(
                    x, bits_equal(r->header.src, s->members[j].mac.ea, 6));
            }
        }
    }
    return x;
}

/* Leaves the frames of the port's segment, and of those from whom it hears if
 * it is isolated. */
static void
of_segment(struct reach *r, const struct audit_port *port)
{
    const struct host_guarded *g = guarded(r->host, port->link);
    const struct host_module *m = r->host->module;

    if (g->flags & CORDON_PORT_F_ISOLATED) {
        r->frames = bits_and(r->frames, heard_when_isolated(r, g));
    }
    for (size_t b = 0; b < 32; b++) {
        if (m->mark_mask >> (31 - b) & 1) {
            bits bit = r->mark[b / 8].bit[b % 8];

            r->frames = mark_bit(m, g->segment, b) ? bits_and(r->frames, bit)
                                                   : bits_diff(r->frames, bit);
        }
    }
}

void
audit_module_egress(struct reach *r, const struct audit_port *port)
{
    r->frames =
        bits_diff(r->frames, spec_not_addressed(port->spec, &r->header));
    of_segment(r, port);
}

/* Whether the module is all that there is at the port's ingress, or egress:
 * then the lemma is true because of what is assumed of it, and labels are all
 * that is left to say. */
static bool
is_alone(const struct audit *a, const struct audit_port *port, bool ingress)
{
    size_t n_chains, n_filters;

    free(ruleset_hook(a->ruleset, NFPROTO_NETDEV,
                      ingress ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS,
                      port->link->name, &n_chains));
    host_filters(a->host, port->link->ifindex,
                 ingress ? HOST_FILTER_INGRESS : HOST_FILTER_EGRESS,
                 &n_filters);
    return port->by_module && port->link->up && !port->link->xdp && !n_chains
           && !n_filters && port->spec->n_macs && !a->ruleset->incomplete;
}

bool
audit_module_sends(struct audit *a, struct audit_port *port)
{
    size_t region = bits_region();
    struct reach r;

    if (!is_alone(a, port, true)) {
        return false;
    }
    reach_init(&r, a->host, a->ruleset, port->link, HEADER_OTHER, false,
               HEADER_INGRESS);
    set_mark(&r, port);
    r.frames = audit_labels_from(port->spec);
    port->sends = bits_release(region, audit_marks(a, &r));
    port->closed = false;
    reach_done(&r);
    return true;
}

bool
audit_module_receives(struct audit *a, struct audit_port *port)
{
    size_t region = bits_region();
    struct reach r;

    if (!is_alone(a, port, false)) {
        return false;
    }
    reach_init(&r, a->host, a->ruleset, port->link, HEADER_OTHER, false,
               HEADER_EGRESS);
    r.frames = BITS_ALL;
    of_segment(&r, port);
    port->receives =
        bits_release(region, bits_exists(r.frames, a->all_but_label));
    reach_done(&r);
    return true;
}
