/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lock: what is wanted of it, what the kernel has of it, and the requests
 * between the two. */

#include <cordon-config.h>
#include "dataplane/linux/lock.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/device.h"
#include "dataplane/linux/group.h"
#include "dataplane/linux/rate.h"
#include "dataplane/linux/tcmsg.h"
#include "dataplane/linux/want.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static void
add_qdisc(struct objects *os, struct arena *arena, const struct tc_qdisc *q,
          const char *bridge, const char *device, bool foreign)
{
    struct object o = {
        .kind = OBJECT_QDISC,
        .ifindex = bridge ? 0 : q->ifindex,
        .name = bridge,
        .device = device,
        .foreign = foreign,
        .value = { q->ingress_block, q->egress_block },
        .text = arena_printf(arena, "%s ingress_block %#x egress_block %#x",
                             q->clsact ? "clsact" : "ingress",
                             q->ingress_block, q->egress_block),
    };

    objects_add(os, &o);
}

static void
put_be(uint8_t *p, uint32_t x, size_t n)
{
    while (n--) {
        *p++ = x >> (8 * n);
    }
}

static struct object
filter_object(struct arena *arena, const struct tc_filter *f)
{
    struct object o = {
        .kind = OBJECT_FILTER,
        .key_len = 10,
        .segment = lock_is_segment_block(f->block)
                       ? f->block & ~LOCK_BLOCK_SEGMENTS
                       : 0,
    };

    put_be(o.key, f->block, 4);
    put_be(o.key + 4, f->prio, 2);
    put_be(o.key + 6, f->handle, 4);
    switch (f->form) {
    case TC_FORM_PASS:
        o.text =
            arena_printf(arena, "fw mark %#x/%#x pass", f->handle, f->mask);
        o.value[0] = f->mask;
        break;

    case TC_FORM_DROP:
        o.text = "matchall drop";
        break;

    case TC_FORM_POLICE:
    case TC_FORM_HEAD:
    case TC_FORM_OTHER:
        o.text = arena_strdup(arena, f->kind);
        break;
    }
    return o;
}

/* Filters of the uplink's block are the uplink's. */
static void
add_filter(struct objects *os, struct arena *arena, const struct plan *plan,
           const struct tc_filter *f)
{
    struct object o = filter_object(arena, f);

    if (f->block == LOCK_BLOCK_UPLINK) {
        o.ifindex = plan->uplink;
        o.device = plan->host->uplink;
    }
    objects_add(os, &o);
}

static void
want_drop(struct objects *os, struct arena *arena, const struct plan *plan,
          uint32_t block)
{
    const struct tc_filter f = {
        .block = block,
        .prio = TC_PRIO_DROP,
        .handle = 1,
        .form = TC_FORM_DROP,
    };

    add_filter(os, arena, plan, &f);
}

static void
want_pass(struct objects *os, struct arena *arena, const struct plan *plan,
          uint32_t block, uint32_t segment, bool judged)
{
    uint32_t mask = plan->host->mark_mask;
    uint32_t bit = judged ? plan_judged_bit(mask) : 0;
    const struct tc_filter f = {
        .block = block,
        .prio = judged ? TC_PRIO_JUDGED : TC_PRIO_PASS,
        .handle = segment_mark(segment, mask) | bit,
        .mask = mask | bit,
        .form = TC_FORM_PASS,
    };

    add_filter(os, arena, plan, &f);
}

/* For each of plan->segments: has a port in it a lock? */
static const bool *
locked_segments(const struct plan *plan, struct arena *arena)
{
    bool *locked = ARENA_ARRAY(arena, bool, MAX(plan->n_segments, 1));

    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (want_lock(port)) {
            locked[want_segment_index(plan, port->segment->id)] = true;
        }
    }
    return locked;
}

static void
want_qdiscs(const struct plan *plan, const struct objects *have,
            struct arena *arena, struct objects *os)
{
    struct tc_qdisc q = { .clsact = true };

    if (!plan->host_foreign) {
        q.ingress_block = LOCK_BLOCK_HOST;
        add_qdisc(os, arena, &q, plan->host->bridge, NULL, false);
    }
    q.ingress_block = LOCK_BLOCK_INGRESS;
    if (want_uplink_lock(plan)) {
        q.ifindex = plan->uplink;
        q.egress_block = LOCK_BLOCK_UPLINK;
        add_qdisc(os, arena, &q, NULL, plan->host->uplink, false);
    }
    for (size_t i = 0; i < plan->n_by_ifindex; i++) {
        const struct plan_port *port = want_device(plan, i);

        if (port && want_lock(port)) {
            q.ifindex = port->ifindex;
            q.ingress_block = rate_is_policed(port, have)
                                  ? TC_BLOCK_POLICE | port->ifindex
                                  : LOCK_BLOCK_INGRESS;
            q.egress_block = LOCK_BLOCK_SEGMENTS | port->segment->id;
            add_qdisc(os, arena, &q, NULL, port->device, false);
        }
    }
}

void
lock_want(const struct plan *plan, const struct objects *have, bool judged,
          struct arena *arena, struct objects *os)
{
    const bool *used = want_segments(plan, arena);
    const bool *locked = locked_segments(plan, arena);
    bool uplink = want_uplink_lock(plan);

    want_qdiscs(plan, have, arena, os);
    if (!plan->host_foreign) {
        want_drop(os, arena, plan, LOCK_BLOCK_HOST);
    }
    if (uplink) {
        want_drop(os, arena, plan, LOCK_BLOCK_UPLINK);
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        uint32_t id = plan->segments[i].id;
        bool bit = judged && group_in_segment(plan, id);

        if (locked[i]) {
            want_pass(os, arena, plan, LOCK_BLOCK_SEGMENTS | id, id, bit);
            want_drop(os, arena, plan, LOCK_BLOCK_SEGMENTS | id);
        }
        if (uplink && used[i]) {
            want_pass(os, arena, plan, LOCK_BLOCK_UPLINK, id, bit);
        }
    }
}

/* Should there be nothing but our own qdisc on the device? */
static bool
is_guarded(const struct plan *plan, uint32_t ifindex)
{
    return ifindex == plan->uplink || plan_port_by_ifindex(plan, ifindex);
}

static const char *
device_name(const struct devices *ds, uint32_t ifindex, struct arena *arena)
{
    const struct device *d = device_by_index(ds, ifindex);

    return d ? arena_strdup(arena, d->name) : NULL;
}

/* A filter that is none of ours in a block of ours: closes all ports that use
 * the block. */
static void
observe_intruder(const struct lock_reading *r, const struct tc_filter *f,
                 const struct devices *ds, struct arena *arena,
                 struct objects *os)
{
    struct object o = filter_object(arena, f);

    o.foreign = true;
    o.segment = 0;
    for (size_t i = 0; i < r->n_qdiscs; i++) {
        const struct tc_qdisc *q = &r->qdiscs[i];

        if (lock_is_ours(q)
            && (q->ingress_block == f->block || q->egress_block == f->block)) {
            o.ifindex = q->ifindex;
            o.device = device_name(ds, q->ifindex, arena);
            objects_add(os, &o);
        }
    }
}

static bool
is_intruder(const struct tc_filter *f)
{
    return f->form == TC_FORM_OTHER || f->block == LOCK_BLOCK_INGRESS
           || ((f->block & TC_BLOCK_POLICE_MASK) == TC_BLOCK_POLICE
               && f->form != TC_FORM_POLICE && f->form != TC_FORM_HEAD)
           || (f->block == LOCK_BLOCK_HOST && f->form == TC_FORM_PASS);
}

void
lock_observe(const struct lock_reading *r, const struct plan *plan,
             const struct devices *ds, struct arena *arena, struct objects *os)
{
    const struct device *bridge = device_by_name(ds, plan->host->bridge);
    uint32_t br = bridge && bridge->ours ? bridge->ifindex : 0;
    bool host_intruder = false;

    for (size_t i = 0; i < r->n_filters; i++) {
        const struct tc_filter *f = &r->filters[i];

        if (is_intruder(f)) {
            if (f->block == LOCK_BLOCK_HOST) {
                host_intruder = true;
            } else {
                observe_intruder(r, f, ds, arena, os);
            }
        } else if (f->form != TC_FORM_HEAD && f->form != TC_FORM_POLICE) {
            add_filter(os, arena, plan, f);
        }
    }
    for (size_t i = 0; i < r->n_qdiscs; i++) {
        const struct tc_qdisc *q = &r->qdiscs[i];

        if (br && q->ifindex == br) {
            add_qdisc(os, arena, q, plan->host->bridge, NULL, false);
            if (host_intruder) {
                /* Replaced whole, like anything on our own bridge. */
                os->v[os->n - 1].value[3] = 1;
            }
        } else if (lock_is_ours(q)) {
            add_qdisc(os, arena, q, NULL, device_name(ds, q->ifindex, arena),
                      false);
        } else if (is_guarded(plan, q->ifindex)) {
            add_qdisc(os, arena, q, NULL, device_name(ds, q->ifindex, arena),
                      true);
        }
    }
}

static uint32_t
get_be(const uint8_t *p, size_t n)
{
    uint32_t x = 0;

    while (n--) {
        x = x << 8 | *p++;
    }
    return x;
}

static struct tc_filter
object_filter(const struct object *o)
{
    struct tc_filter f = {
        .block = get_be(o->key, 4),
        .prio = get_be(o->key + 4, 2),
        .handle = get_be(o->key + 6, 4),
        .mask = o->value[0],
    };

    f.form = f.prio == TC_PRIO_DROP ? TC_FORM_DROP : TC_FORM_PASS;
    return f;
}

bool
lock_asks(const struct objects *have)
{
    for (const struct object *o = objects_find_kind(have, OBJECT_FILTER);
         o && o < have->v + have->n && o->kind == OBJECT_FILTER; o++) {
        if (!o->foreign && get_be(o->key + 4, 2) == TC_PRIO_JUDGED) {
            return true;
        }
    }
    return false;
}

bool
lock_filter_drops(const struct object *o)
{
    return o->kind == OBJECT_FILTER && get_be(o->key + 4, 2) == TC_PRIO_DROP;
}

bool
lock_filter_passes(const struct object *o)
{
    return o->kind == OBJECT_FILTER && get_be(o->key + 4, 2) < TC_PRIO_DROP;
}

void
lock_put(struct nlsock *sock, const struct change *c, uint32_t bridge,
         uint32_t tag)
{
    if (change_object(c)->kind == OBJECT_QDISC) {
        if (c->have) {
            uint32_t ifindex = c->have->ifindex ? c->have->ifindex : bridge;

            nlsock_queue(sock, tcmsg_del_qdisc(ifindex), tag);
        }
        if (c->want) {
            const struct tc_qdisc q = {
                .ifindex = c->want->ifindex ? c->want->ifindex : bridge,
                .ingress_block = c->want->value[0],
                .egress_block = c->want->value[1],
            };

            nlsock_queue(sock, tcmsg_new_qdisc(&q), tag);
        }
    } else {
        if (c->have) {
            struct tc_filter f = object_filter(c->have);

            nlsock_queue(sock, tcmsg_del_filter(&f), tag);
        }
        if (c->want) {
            struct tc_filter f = object_filter(c->want);

            nlsock_queue(sock, tcmsg_new_filter(&f), tag);
        }
    }
}
