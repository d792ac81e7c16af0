/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which tenants' frames reach which. For each connected domain, what all
 * tenants but one receive is a union from the left and one from the right, so
 * that no pair is looked at where there is nothing to see. Pairs that might
 * be joined get a closer look: one port of each, and a frame. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>

#include <linux/if_bridge.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "lib/arena.h"
#include "util.h"

#define MAX_LOOKS 512 /* Closer ones; then pairs are not proven. */

/* A tenant in a domain. */
struct seat {
    size_t domain, tenant;
    bits sends, receives;
};

struct looking {
    size_t looks;
    size_t n_frames;
};

static int
seat_cmp(const void *a_, const void *b_)
{
    const struct seat *a = a_, *b = b_;

    if (a->domain != b->domain) {
        return a->domain < b->domain ? -1 : 1;
    }
    return a->tenant < b->tenant ? -1 : a->tenant > b->tenant;
}

static bool
is_in(const size_t *domains, size_t n, size_t domain)
{
    for (size_t i = 0; i < n; i++) {
        if (domains[i] == domain) {
            return true;
        }
    }
    return false;
}

/* Frames that the bridge hands to 'to': it floods them there, or knows their
 * destination there. */
static bits
handed_to(const struct audit *a, const struct audit_port *to,
          const struct header *h)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    static const uint8_t control[6] = { 1, 0x80, 0xc2, 0, 0, 0 };
    const struct host_port *p = to->link->port;
    bits broadcast = bits_equal(h->dst, all, 6), group = h->dst[0].bit[7];
    bits x = BITS_NONE;

    if (p->bcast_flood) {
        x = bits_or(x, broadcast);
    }
    if (p->mcast_flood) {
        x = bits_or(x, bits_diff(group, broadcast));
    }
    if (p->unicast_flood) {
        for (size_t i = 0; i < to->spec->n_macs; i++) {
            x = bits_or(x, bits_equal(h->dst, to->spec->macs[i].ea, 6));
        }
    }
    for (size_t i = 0; i < a->host->n_fdb; i++) {
        const struct host_fdb *f = &a->host->fdb[i];

        if (f->ifindex == to->link->ifindex && f->bridge && !f->local) {
            x = bits_or(x, bits_equal(h->dst, f->mac.ea, 6));
        }
    }
    return bits_diff(x, bits_prefix(h->dst, control, 40));
}

/* The frames of 'in' as 'out' sees them: with the marks that they carry. */
static bits
through(struct reach *in, const struct reach *out)
{
    struct bits_byte vars[4];
    bits x = out->frames;

    header_mark(vars);
    for (size_t i = 32; i-- > 0;) {
        bits bit = in->mark[i / 8].bit[i % 8], var = vars[i / 8].bit[i % 8];

        x = bits_diff(x, bits_xor(bit, var));
    }
    return bits_and(bits_exists(x, header_mark_vars()), in->frames);
}

static bool
same_bridge(const struct audit_port *p, const struct audit_port *q)
{
    return p->link->port && q->link->port
           && p->link->port->bridge == q->link->port->bridge;
}

/* True if the two are ports of one bridge that lets nothing pass between
 * them. */
static bool
is_cut(const struct audit_port *p, const struct audit_port *q)
{
    return same_bridge(p, q)
           && ((p->link->port->isolated && q->link->port->isolated)
               || p->link->port->state != BR_STATE_FORWARDING
               || q->link->port->state != BR_STATE_FORWARDING);
}

/* The untagged frames of 'p' of a VLAN that 'q' is in, too. */
static bool
shares_untagged(const struct audit *a, const struct audit_port *p,
                const struct audit_port *q)
{
    const struct host_link *bridge = host_link(a->host, p->link->master);
    uint16_t pvid = host_link_pvid(p->link);

    if (!bridge || !bridge->bridge) {
        return false;
    }
    return !bridge->bridge->vlan_filtering
           || (pvid && host_link_vlan(q->link, pvid));
}

/* Looks for a frame from 'p' to 'q'. '*ret_may' is set if one of their frames
 * might pass. */
static enum audit_verdict
look(struct audit *a, struct looking *l, const struct audit_port *p,
     const struct audit_port *q)
{
    bool may = false;

    if (++l->looks > MAX_LOOKS) {
        return AUDIT_NOT_PROVEN;
    }
    if (is_cut(p, q)) {
        return AUDIT_NOT_PROVEN; /* But by another bridge, perhaps. */
    }
    for (int i = 0; i < HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct reach in, out;
        bits x, certain;

        reach_init(&in, a->host, a->ruleset, p->link, i, false,
                   HEADER_INGRESS);
        audit_ingress(&in, p);
        audit_bridge(&in, p, q);
        reach_init(&out, a->host, a->ruleset, q->link, i, false,
                   HEADER_EGRESS);
        audit_out(&out, q);
        x = through(&in, &out);
        may = may || x != BITS_NONE
              || (a->written && in.frames != BITS_NONE
                  && out.frames != BITS_NONE);
        certain = BITS_NONE;
        if (same_bridge(p, q) && shares_untagged(a, p, q)
            && in.frames != BITS_NONE) {
            bits unknown = BITS_NONE;

            for (size_t j = 0; j < in.n_notes + out.n_notes; j++) {
                const struct reach_note *note =
                    j < in.n_notes ? &in.notes[j] : &out.notes[j - in.n_notes];

                if (note->kind == REACH_UNKNOWN) {
                    unknown = bits_or(unknown, note->frames);
                }
            }
            x = bits_and(x, handed_to(a, q, &in.header));
            certain = reach_certain(bits_diff(x, unknown));
        }
        if (certain != BITS_NONE) {
            struct audit_finding *f =
                audit_find(a, AUDIT_HOLE, "tenants-joined", p->link->name,
                           "a frame of %s (%s) reaches %s (%s): they share "
                           "a segment",
                           p->link->name, a->tenants[p->tenant].name,
                           q->link->name, a->tenants[q->tenant].name);

            f->to = arena_strdup(a->arena, q->link->name);
            audit_find_frame(a, f, &in, certain);
        }
        reach_done(&in);
        reach_done(&out);
        bits_release(region, BITS_NONE);
        if (certain != BITS_NONE) {
            return AUDIT_LEAK;
        }
    }
    return may || !same_bridge(p, q) ? AUDIT_NOT_PROVEN : AUDIT_ISOLATED;
}

/* Of labels what nothing in the domain can change. */
static bits
told_apart(struct audit *a, size_t domain, bits labels)
{
    labels = bits_exists(labels, a->rewritten);
    return audit_is_routed(a, domain) ? bits_exists(labels, a->sources)
                                      : labels;
}

/* A closer look at two tenants in a domain: each two of their ports until one
 * frame passes. */
static enum audit_verdict
look_all(struct audit *a, struct looking *l, size_t domain, size_t from,
         size_t to)
{
    enum audit_verdict worst = AUDIT_ISOLATED;

    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *p = &a->ports[i];

        if (p->tenant != from || p->closed
            || !is_in(p->domains, p->n_domains, domain)) {
            continue;
        }
        for (size_t j = 0; j < a->n_ports; j++) {
            const struct audit_port *q = &a->ports[j];
            bits sends, receives;

            if (q->tenant != to || !q->link->up
                || !is_in(q->hears, q->n_hears, domain)) {
                continue;
            }
            sends = told_apart(a, domain, p->sends);
            receives = told_apart(a, domain, q->receives);
            if (bits_disjoint(sends, receives)) {
                continue;
            }
            audit_worsen(&worst, look(a, l, p, q));
            if (worst == AUDIT_LEAK || l->looks > MAX_LOOKS) {
                return worst;
            }
        }
    }
    return worst;
}

static void
say_not_proven(struct audit *a, size_t from, size_t to)
{
    struct audit_finding *f = audit_find(
        a, AUDIT_OPEN, "tenants-near", "",
        "frames of %s may reach %s: they are in one connected segment, and "
        "neither mark nor source keeps them apart",
        a->tenants[from].name, a->tenants[to].name);

    f->to = a->tenants[to].name;
}

static void
near(struct audit *a, struct looking *l, size_t domain,
     const struct seat *from, const struct seat *to)
{
    uint8_t *v = &a->pairs[from->tenant * a->n_tenants + to->tenant];
    enum audit_verdict found, before = *v;

    if (before == AUDIT_LEAK) {
        return;
    }
    found = l->looks > MAX_LOOKS
                ? AUDIT_NOT_PROVEN
                : look_all(a, l, domain, from->tenant, to->tenant);
    if (found == AUDIT_NOT_PROVEN && before < found && l->looks <= MAX_LOOKS) {
        say_not_proven(a, from->tenant, to->tenant);
    }
    if (found > before) {
        *v = found;
    }
}

static void
one_domain(struct audit *a, struct looking *l, const struct seat *seats,
           size_t n)
{
    bits *left = xcalloc(n + 1, sizeof *left);
    bits *right = xcalloc(n + 1, sizeof *right);

    for (size_t i = 0; i < n; i++) {
        left[i + 1] = bits_or(left[i], seats[i].receives);
    }
    for (size_t i = n; i-- > 0;) {
        right[i] = bits_or(right[i + 1], seats[i].receives);
    }
    for (size_t i = 0; i < n; i++) {
        bits others = bits_or(left[i], right[i + 1]);

        if (bits_disjoint(seats[i].sends, others)) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            if (i != j && !bits_disjoint(seats[i].sends, seats[j].receives)) {
                near(a, l, seats[i].domain, &seats[i], &seats[j]);
            }
        }
    }
    free(left);
    free(right);
}

static void
add_seat(struct seat **seats, size_t *n, size_t *allocated,
         const struct seat *seat)
{
    if (*n == *allocated) {
        *seats = x2nrealloc(*seats, allocated, sizeof **seats);
    }
    (*seats)[(*n)++] = *seat;
}

/* One seat per tenant and domain. */
static size_t
merge(struct seat *seats, size_t n)
{
    size_t out = 0;

    for (size_t i = 0; i < n; i++) {
        if (out && !seat_cmp(&seats[out - 1], &seats[i])) {
            struct seat *s = &seats[out - 1];

            s->sends = bits_or(s->sends, seats[i].sends);
            s->receives = bits_or(s->receives, seats[i].receives);
        } else {
            seats[out++] = seats[i];
        }
    }
    return out;
}

void
audit_pairs(struct audit *a)
{
    size_t n = 0, allocated = 0;
    struct seat *seats = NULL;
    struct looking l = { 0, 0 };

    audit_port_domains(a);
    for (size_t i = 0; i < a->n_ports; i++) {
        const struct audit_port *port = &a->ports[i];
        for (size_t j = 0; j < port->n_hears; j++) {
            size_t domain = port->hears[j];
            const struct seat s = {
                domain,
                port->tenant,
                told_apart(a, domain, port->sends),
                told_apart(a, domain, port->receives),
            };

            add_seat(&seats, &n, &allocated, &s);
        }
    }
    if (n) {
        qsort(seats, n, sizeof *seats, seat_cmp);
    }
    n = merge(seats, n);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i; next < n && seats[next].domain == seats[i].domain;) {
            next++;
        }
        one_domain(a, &l, &seats[i], next - i);
    }
    if (l.looks > MAX_LOOKS) {
        audit_find(a, AUDIT_OPEN, "too-many", "",
                   "more than %d pairs of ports share segments: not all were "
                   "looked at",
                   MAX_LOOKS);
    }
    free(seats);
}
