/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lock: what is wanted of it, what the kernel has of it, and the requests
 * between the two. One dump of qdiscs and one of each block, whatever the
 * number of ports. */

#include <cordon-config.h>
#include "dataplane/linux/lock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/device.h"
#include "dataplane/linux/tcmsg.h"
#include "dataplane/linux/want.h"
#include "hash.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "lib/reason.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static bool
is_segment_block(uint32_t block)
{
    return (block & 0xff000000u) == LOCK_BLOCK_SEGMENTS;
}

/* True if nobody but us would make such a qdisc. */
static bool
is_ours(const struct tc_qdisc *q)
{
    return q->clsact && q->ingress_block == LOCK_BLOCK_INGRESS
           && (q->egress_block == LOCK_BLOCK_UPLINK
               || is_segment_block(q->egress_block));
}

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
        .segment =
            is_segment_block(f->block) ? f->block & ~LOCK_BLOCK_SEGMENTS : 0,
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
          uint32_t block, uint32_t segment)
{
    const struct tc_filter f = {
        .block = block,
        .prio = TC_PRIO_PASS,
        .handle = segment_mark(segment, plan->host->mark_mask),
        .mask = plan->host->mark_mask,
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
want_qdiscs(const struct plan *plan, struct arena *arena, struct objects *os)
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
            q.egress_block = LOCK_BLOCK_SEGMENTS | port->segment->id;
            add_qdisc(os, arena, &q, NULL, port->device, false);
        }
    }
}

void
lock_want(const struct plan *plan, struct arena *arena, struct objects *os)
{
    const bool *used = want_segments(plan, arena);
    const bool *locked = locked_segments(plan, arena);
    bool uplink = want_uplink_lock(plan);

    want_qdiscs(plan, arena, os);
    if (!plan->host_foreign) {
        want_drop(os, arena, plan, LOCK_BLOCK_HOST);
    }
    if (uplink) {
        want_drop(os, arena, plan, LOCK_BLOCK_UPLINK);
    }
    for (size_t i = 0; i < plan->n_segments; i++) {
        uint32_t id = plan->segments[i].id;

        if (locked[i]) {
            want_pass(os, arena, plan, LOCK_BLOCK_SEGMENTS | id, id);
            want_drop(os, arena, plan, LOCK_BLOCK_SEGMENTS | id);
        }
        if (uplink && used[i]) {
            want_pass(os, arena, plan, LOCK_BLOCK_UPLINK, id);
        }
    }
}

static int
qdisc_cb(const struct nlmsghdr *nlh, void *reading_)
{
    struct lock_reading *r = reading_;
    struct tc_qdisc q;
    int result = tcmsg_parse_qdisc(nlh, &q);

    if (result <= 0) {
        return result;
    }
    if (r->n_qdiscs == r->allocated_qdiscs) {
        r->qdiscs =
            x2nrealloc(r->qdiscs, &r->allocated_qdiscs, sizeof *r->qdiscs);
    }
    r->qdiscs[r->n_qdiscs++] = q;
    return 0;
}

static int
filter_cb(const struct nlmsghdr *nlh, void *reading_)
{
    struct lock_reading *r = reading_;
    struct tc_filter f;
    int result = tcmsg_parse_filter(nlh, &f);

    if (result <= 0) {
        return result;
    }
    if (r->n_filters == r->allocated_filters) {
        r->filters =
            x2nrealloc(r->filters, &r->allocated_filters, sizeof *r->filters);
    }
    r->filters[r->n_filters++] = f;
    return 0;
}

static int
compare_blocks(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *) a_, b = *(const uint32_t *) b_;

    return a < b ? -1 : a > b;
}

int
lock_read(struct nlsock *sock, uint32_t bridge, struct lock_reading *r)
{
    uint32_t *blocks;
    size_t n = 0;
    int error;

    memset(r, 0, sizeof *r);
    error = nlsock_dump(sock, tcmsg_get_qdiscs(), qdisc_cb, r);
    blocks = xmalloc((2 * r->n_qdiscs + 1) * sizeof *blocks);
    for (size_t i = 0; i < r->n_qdiscs; i++) {
        const struct tc_qdisc *q = &r->qdiscs[i];

        if (is_ours(q)) {
            blocks[n++] = q->ingress_block;
            blocks[n++] = q->egress_block;
        } else if (q->ifindex == bridge
                   && q->ingress_block == LOCK_BLOCK_HOST) {
            blocks[n++] = LOCK_BLOCK_HOST;
        }
    }
    if (n) {
        qsort(blocks, n, sizeof *blocks, compare_blocks);
    }
    for (size_t i = 0; i < n && !error; i++) {
        if (!i || blocks[i] != blocks[i - 1]) {
            error =
                nlsock_dump(sock, tcmsg_get_filters(blocks[i]), filter_cb, r);
        }
    }
    free(blocks);
    return error;
}

void
lock_reading_done(struct lock_reading *r)
{
    free(r->qdiscs);
    free(r->filters);
}

uint32_t
lock_fingerprint(const struct lock_reading *r)
{
    uint32_t h = hash_bytes(r->qdiscs, r->n_qdiscs * sizeof *r->qdiscs, 0);

    for (size_t i = 0; i < r->n_filters; i++) {
        struct tc_filter f = r->filters[i];

        f.packets = f.bytes = 0;
        h = hash_bytes(&f, sizeof f, h);
    }
    return h;
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

        if (is_ours(q)
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
        } else if (f->form != TC_FORM_HEAD) {
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
        } else if (is_ours(q)) {
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

    f.form = f.prio == TC_PRIO_PASS ? TC_FORM_PASS : TC_FORM_DROP;
    return f;
}

bool
lock_filter_drops(const struct object *o)
{
    return o->kind == OBJECT_FILTER && get_be(o->key + 4, 2) == TC_PRIO_DROP;
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

int
lock_drops(struct nlsock *sock, uint32_t bridge, uint32_t uplink,
           struct drop_count **drops, size_t *n)
{
    struct drop_count count[3] = {
        { .ifindex = 0, .reason = REASON_WRONG_SEGMENT },
        { .ifindex = uplink, .reason = REASON_WRONG_SEGMENT },
        { .ifindex = 0, .reason = REASON_TO_HOST },
    };
    struct lock_reading r;
    int error = lock_read(sock, bridge, &r);

    for (size_t i = 0; i < r.n_filters && !error; i++) {
        const struct tc_filter *f = &r.filters[i];

        if (f->form == TC_FORM_DROP) {
            struct drop_count *c = &count[f->block == LOCK_BLOCK_HOST
                                              ? 2
                                              : f->block == LOCK_BLOCK_UPLINK];

            c->packets += f->packets;
            c->bytes += f->bytes;
        }
    }
    if (!error) {
        *drops = xrealloc(*drops, (*n + ARRAY_SIZE(count)) * sizeof **drops);
        memcpy(*drops + *n, count, sizeof count);
        *n += ARRAY_SIZE(count);
    }
    lock_reading_done(&r);
    return error;
}
