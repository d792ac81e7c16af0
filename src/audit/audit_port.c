/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lemma of one port: what it can send is within port security, and what
 * it can receive is its own; and what marks its frames carry. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "lib/arena.h"
#include "util.h"

/* What was said of the port already: each reason once, with one frame. */
struct said {
    bool hole[REASON_MAX + 1], open[REASON_MAX + 1];
    bool poison, heard, unknown;
    const char *texts[64];
    size_t n_texts;
};

static bool
say(struct said *said, const char *text)
{
    for (size_t i = 0; i < said->n_texts; i++) {
        if (!strcmp(said->texts[i], text)) {
            return false;
        }
    }
    if (said->n_texts == ARRAY_SIZE(said->texts)) {
        return false;
    }
    said->texts[said->n_texts++] = text;
    return true;
}

static struct audit_port *
port_of(struct audit *a, uint32_t ifindex)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        if (a->ports[i].link->ifindex == ifindex) {
            return &a->ports[i];
        }
    }
    return NULL;
}

/* Notes are what hooks did beside passing and dropping. Returns the frames
 * that nothing can be claimed about. */
static bits
take_notes(struct audit *a, struct audit_port *port, const struct reach *r,
           struct said *said)
{
    bits unknown = BITS_NONE;

    for (size_t i = 0; i < r->n_notes; i++) {
        const struct reach_note *note = &r->notes[i];
        const char *text = arena_strdup(a->arena, note->text);
        const struct host_link *target =
            note->target ? host_link(a->host, note->target) : NULL;
        struct audit_port *to = port_of(a, note->target);
        struct audit_finding *f;
        bits certain;

        switch (note->kind) {
        case REACH_DECIDES:
            break;

        case REACH_UNKNOWN:
            unknown = bits_or(unknown, note->frames);
            audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
            if (say(said, text)) {
                audit_find(a, AUDIT_OPEN, "not-understood", port->link->name,
                           "%s: may pass any frame", text);
            }
            break;

        case REACH_SENDS:
        case REACH_RECEIVES:
            certain = reach_certain(note->frames);
            if (to && to->tenant == port->tenant) {
                break;
            }
            if (to && certain != BITS_NONE && note->kind == REACH_SENDS) {
                audit_worsen(&port->verdict, AUDIT_LEAK);
                audit_worsen_pair(a, port->tenant, to->tenant, AUDIT_LEAK);
                if (say(said, text)) {
                    f = audit_find(a, AUDIT_HOLE, "redirect", port->link->name,
                                   "%s sends frames out of %s, past all "
                                   "guards",
                                   text, to->link->name);
                    f->to = to->link->name;
                    audit_find_frame(a, f, r, certain);
                    f->through = text;
                }
                break;
            }
            audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
            if (to) {
                audit_worsen_pair(a, port->tenant, to->tenant,
                                  AUDIT_NOT_PROVEN);
            } else {
                /* It may come out anywhere. */
                for (size_t t = 0; t < a->n_tenants; t++) {
                    if (t != port->tenant) {
                        audit_worsen_pair(a, port->tenant, t,
                                          AUDIT_NOT_PROVEN);
                    }
                }
            }
            if (say(said, text)) {
                f = audit_find(a, AUDIT_OPEN, "redirect", port->link->name,
                               "%s takes frames to %s, ahead of the guard",
                               text, target ? target->name : "elsewhere");
                f->to = target ? arena_strdup(a->arena, target->name) : "";
            }
            break;
        }
    }
    return unknown;
}

/* Frames whose destination the bridge knows at another port, or floods. */
static bits
wanted(const struct audit *a, const struct audit_port *port,
       const struct header *h)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    bits x = bits_equal(h->dst, all, 6);

    for (size_t i = 0; i < a->host->n_fdb; i++) {
        const struct host_fdb *f = &a->host->fdb[i];

        if (f->bridge && f->bridge == port->link->master && !f->local
            && f->ifindex != port->link->ifindex
            && f->vlan == host_link_pvid(port->link)) {
            x = bits_or(x, bits_equal(h->dst, f->mac.ea, 6));
        }
    }
    return x;
}

/* Frames that reach other ports against a rule of port security. */
static void
check_spec(struct audit *a, struct audit_port *port, struct reach *r,
           bits unknown, struct said *said)
{
    struct spec_emit e;

    spec_emit(port->spec, &r->header, &e);
    for (enum reason reason = 1; reason <= REASON_MAX; reason++) {
        bits x = bits_and(r->frames, e.bad[reason]), certain;

        if (x == BITS_NONE || said->hole[reason]) {
            continue;
        }
        certain = reach_certain(bits_diff(x, unknown));
        if (certain != BITS_NONE) {
            bits arrives = bits_and(certain, wanted(a, port, &r->header));
            struct audit_finding *f = audit_find(
                a, AUDIT_HOLE, reason_name(reason), port->link->name,
                "%s can send what port security forbids: %s (%s)",
                port->link->name, reason_name(reason),
                header_shape_name(r->header.shape));

            audit_find_frame(a, f, r, arrives ? arrives : certain);
            audit_worsen(&port->verdict, AUDIT_LEAK);
            said->hole[reason] = true;
        } else if (!said->open[reason]) {
            const char *why[1];
            size_t n = header_oracles(x, why, 1);

            audit_find(a, AUDIT_OPEN, reason_name(reason), port->link->name,
                       "%s may send what port security forbids: %s (%s); it "
                       "depends on %s",
                       port->link->name, reason_name(reason),
                       header_shape_name(r->header.shape),
                       n ? why[0] : "what is not understood");
            audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
            said->open[reason] = true;
        }
    }
    if (!bits_disjoint(r->frames, bits_diff(e.unknown, spec_bad(&e)))
        && !said->unknown) {
        said->unknown = true;
        audit_find(a, AUDIT_OPEN, "not-modelled", port->link->name,
                   "%s may send %s that are longer than what is modelled",
                   port->link->name, header_shape_name(r->header.shape));
        audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
    }
}

/* Frames that only a filter behind the bridge's learning stops. */
static void
check_learning(struct audit *a, struct audit_port *port, struct reach *r,
               bits entered, struct said *said)
{
    const struct host_port *p = port->link->port;
    struct spec_emit e;
    bits x;

    if (!p || said->poison || !p->learning || p->locked) {
        return;
    }
    spec_emit(port->spec, &r->header, &e);
    x = reach_certain(bits_and(entered, e.bad[REASON_SPOOFED_MAC]));
    if (x != BITS_NONE) {
        struct audit_finding *f = audit_find(
            a, AUDIT_HOLE, "fdb-poisoning", port->link->name,
            "%s can take another port's FDB entry: no filter stands ahead of "
            "the bridge's learning",
            port->link->name);

        audit_find_frame(a, f, r, x);
        f->through = "learning of the bridge";
        audit_worsen(&port->verdict, AUDIT_LEAK);
        said->poison = true;
    }
}

static void
emit(struct audit *a, struct audit_port *port, enum header_shape shape,
     bool tagged, struct said *said)
{
    size_t region = bits_region();
    struct reach r;
    bits unknown, entered, keep[1];

    reach_init(&r, a->host, a->ruleset, port->link, shape, tagged,
               HEADER_INGRESS);
    audit_ingress(&r, port);
    unknown = take_notes(a, port, &r, said);
    entered = r.frames;
    if (entered != BITS_NONE) {
        port->closed = false;
        port->sends = bits_or(port->sends, audit_marks(a, &r));
        check_learning(a, port, &r, entered, said);
        audit_bridge(&r, port, NULL);
        r.frames = bits_and(r.frames, audit_carried(&r, a->heard));
        check_spec(a, port, &r, unknown, said);
    }
    a->n_steps += r.n_steps;
    reach_done(&r);
    keep[0] = port->sends;
    bits_release_all(region, keep, 1);
}

static void
receive(struct audit *a, struct audit_port *port, enum header_shape shape,
        bool tagged, struct said *said)
{
    size_t region = bits_region();
    bits marks, x;
    struct reach r;

    reach_init(&r, a->host, a->ruleset, port->link, shape, tagged,
               HEADER_EGRESS);
    audit_out(&r, port);
    take_notes(a, port, &r, said);
    marks = bits_exists(r.frames, a->all_but_label);
    x = bits_and(r.frames, spec_not_addressed(port->spec, &r.header));
    if (x != BITS_NONE && !said->heard) {
        bool guarded = strcmp(port->guard, "none") != 0;

        said->heard = true;
        if (guarded) {
            audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
        }
        audit_find(a, guarded ? AUDIT_OPEN : AUDIT_WARNING, "not-addressed",
                   port->link->name,
                   "%s would be given frames of its segment that are not for "
                   "it (%s)",
                   port->link->name, header_shape_name(shape));
    }
    a->n_steps += r.n_steps;
    reach_done(&r);
    port->receives = bits_release(region, bits_or(port->receives, marks));
}

static const char *
guard_of(const struct audit *a, const struct audit_port *port)
{
    const struct ruleset_chain **chains;
    size_t n;

    if (port->by_module) {
        return "module";
    }
    chains = ruleset_hook(a->ruleset, NFPROTO_NETDEV, NF_NETDEV_INGRESS,
                          port->link->name, &n);
    free(chains);
    return n ? "nftables" : "none";
}

/* What the port is, and what it receives. */
static void
audit_receiver(struct audit *a, struct audit_port *port, struct said *said)
{
    header_forget();
    port->closed = true;
    port->sends = port->receives = BITS_NONE;
    port->by_module = audit_module_guards(a, port->link);
    port->guard = guard_of(a, port);
    if (!port->link->up) {
        audit_find(a, AUDIT_NOTE, "down", port->link->name,
                   "%s is down: nothing passes", port->link->name);
        return;
    }
    if (!strcmp(port->link->slave_kind, "openvswitch")) {
        audit_find(a, AUDIT_OPEN, "openvswitch", port->link->name,
                   "%s is a port of Open vSwitch, whose flows are not read",
                   port->link->name);
        audit_worsen(&port->verdict, AUDIT_NOT_PROVEN);
    }
    if (!strcmp(port->guard, "none")) {
        audit_find(a, AUDIT_WARNING, "no-guard", port->link->name,
                   "%s has no filter where its frames come in",
                   port->link->name);
    }
    if (!port->spec->n_macs) {
        audit_find(a, AUDIT_WARNING, "unknown-mac", port->link->name,
                   "the MAC of the guest behind %s is not known",
                   port->link->name);
    }
    if (port->by_module) {
        audit_module_port(a, port);
    }
    if (!audit_module_receives(a, port) && !audit_class_receives(a, port)) {
        for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
            receive(a, port, i / 2, i % 2, said);
        }
    }
    port->receives = bits_exists(port->receives, header_oracle_vars());
    a->heard = bits_or(a->heard, bits_exists(port->receives, a->sources));
}

/* Marks of frames that leave by another port of a bridge, an uplink's. */
static bits
heard_by(struct audit *a, const struct host_link *link)
{
    const struct audit_port port = { .link = link };
    bits marks = BITS_NONE;

    header_forget();
    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct reach r;

        reach_init(&r, a->host, a->ruleset, link, i / 2, i % 2, HEADER_EGRESS);
        audit_out(&r, &port);
        marks = bits_or(marks, bits_exists(r.frames, header_all_but_mark()));
        reach_done(&r);
        marks = bits_release(region, marks);
    }
    return marks;
}

static void
audit_heard(struct audit *a)
{
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];

        if (!link->up || port_of(a, link->ifindex)) {
            continue;
        }
        if (link->lower && port_of(a, link->lower)) {
            a->heard = BITS_ALL; /* A device on top of a guest's. */
        }
        if (link->bridge && !audit_is_shut(a, link)) {
            a->heard = BITS_ALL;
        } else if (link->port && a->heard != BITS_ALL) {
            a->heard = bits_or(a->heard, heard_by(a, link));
        }
    }
}

/* What the port sends. */
static void
audit_sender(struct audit *a, struct audit_port *port, struct said *said)
{
    header_forget();
    if (!port->link->up) {
        return;
    }
    if (audit_module_sends(a, port) || audit_class_sends(a, port)) {
        return;
    }
    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        emit(a, port, i / 2, i % 2, said);
    }
    /* Marks do not depend on oracles: those are of the port. */
    port->sends = bits_exists(port->sends, header_oracle_vars());
}

void
audit_ports(struct audit *a)
{
    struct said *said = xcalloc(MAX(a->n_ports, 1), sizeof *said);

    a->heard = BITS_NONE;
    for (size_t i = 0; i < a->n_ports; i++) {
        audit_receiver(a, &a->ports[i], &said[i]);
        if (a->ports[i].link->up && !a->ports[i].link->port) {
            a->heard = BITS_ALL; /* The host. */
        }
    }
    audit_heard(a);
    /* On the way others may change a mark into one that is heard. */
    a->heard = bits_exists(a->heard, a->rewritten);
    for (size_t i = 0; i < a->n_ports; i++) {
        audit_sender(a, &a->ports[i], &said[i]);
    }
    free(said);
}
