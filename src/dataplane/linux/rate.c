/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Rates: what is wanted of them, what the kernel has of them, and the requests
 * between the two. */

#include <cordon-config.h>
#include "dataplane/linux/rate.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/device.h"
#include "dataplane/linux/lock.h"
#include "dataplane/linux/ratemsg.h"
#include "dataplane/linux/tcmsg.h"
#include "dataplane/linux/want.h"
#include "lib/arena.h"
#include "lib/nlsock.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "policy/format.h"
#include "policy/policy.h"
#include "util.h"

/* The header of a frame is counted, too, on top of the burst: the longest
 * packet passes with the smallest burst. */
#define HEADER_LEN 14

/* What does not limit as it should. */
#define ODD UINT64_MAX

uint64_t
rate_bytes(uint64_t bits)
{
    return bits ? MAX(bits / 8, 1) : 0;
}

/* Objects. */

/* "20Mbit, burst 128KiB; 3000 frames/s": 'l', whose burst in bytes is
 * 'burst', in the words of the policy. */
static const char *
limits_text(struct arena *arena, const struct tc_limits *l, uint32_t burst)
{
    const struct policy_rate rate = { .rate = l->rate * 8, .burst = burst };
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *text;

    if (l->rate == ODD || l->packets == ODD) {
        return "odd";
    }
    limits_format(&rate, l->packets, &ds);
    text = arena_strdup(arena, ds_cstr(&ds));
    ds_destroy(&ds);
    return text;
}

/* 'odd': what is in its queue, NULL: the queue that should be. */
static void
add_shape(struct objects *os, struct arena *arena, uint32_t ifindex,
          const char *device, uint64_t rate, uint32_t burst, const char *odd)
{
    const struct tc_limits l = { .rate = rate };

    objects_add(
        os,
        &(struct object){
            .kind = OBJECT_SHAPE,
            .ifindex = ifindex,
            .device = device,
            .value = { rate, rate >> 32, burst, odd != NULL },
            .text = arena_printf(
                arena, "%s" LIMITS_MORE "%s", limits_text(arena, &l, burst),
                odd ? odd
                    : arena_printf(arena, "%d frames %d bytes",
                                   TC_QUEUE_FRAMES, TC_QUEUE_BYTES)),
        });
}

static void
add_police(struct objects *os, struct arena *arena, uint32_t ifindex,
           const char *device, const struct tc_limits *l, uint32_t burst)
{
    objects_add(os, &(struct object){
                        .kind = OBJECT_POLICE,
                        .ifindex = ifindex,
                        .device = device,
                        .value = { l->rate, l->rate >> 32, burst, l->packets },
                        .text = limits_text(arena, l, burst),
                    });
}

static uint64_t
value_rate(const struct object *o)
{
    return o->value[0] | (uint64_t) o->value[1] << 32;
}

/* What is wanted. */

static bool
is_guarded_by_module(const struct objects *have, uint32_t ifindex)
{
    const struct object key = {
        .kind = OBJECT_MODULE_PORT,
        .ifindex = ifindex,
    };

    for (const struct object *o = objects_find_kind(have, OBJECT_MODULE_PORT);
         o && o < have->v + have->n && o->kind == OBJECT_MODULE_PORT; o++) {
        int c = object_cmp(o, &key);

        if (c >= 0) {
            return !c;
        }
    }
    return false;
}

bool
rate_is_policed(const struct plan_port *port, const struct objects *have)
{
    const struct policy_interface *i = port->interface;

    return have && (i->rate[POLICY_EGRESS].rate || i->packet_rate)
           && !is_guarded_by_module(have, port->ifindex);
}

static bool
is_shaped(const struct plan_port *port)
{
    return port->interface->rate[POLICY_INGRESS].rate != 0;
}

static struct tc_limits
limits_of(const struct plan_port *port)
{
    const struct policy_rate *r = &port->interface->rate[POLICY_EGRESS];
    uint64_t rate = rate_bytes(r->rate);

    return (struct tc_limits){
        .ifindex = port->ifindex,
        .rate = rate,
        .burst = rate ? ratemsg_ticks(rate, r->burst + HEADER_LEN) : 0,
        .packets = port->interface->packet_rate,
    };
}

void
rate_want(const struct plan *plan, const struct objects *have,
          struct arena *arena, struct objects *os)
{
    for (size_t i = 0; i < plan->n_by_ifindex; i++) {
        const struct plan_port *port = want_device(plan, i);
        const struct policy_rate *rate;

        if (!port) {
            continue;
        }
        rate = port->interface->rate;
        if (is_shaped(port) && !(port->foreign_kinds & KIND(OBJECT_SHAPE))) {
            add_shape(os, arena, port->ifindex, port->device,
                      rate_bytes(rate[POLICY_INGRESS].rate),
                      rate[POLICY_INGRESS].burst, NULL);
        }
        if (want_lock(port) && rate_is_policed(port, have)) {
            struct tc_limits l = limits_of(port);

            add_police(os, arena, port->ifindex, port->device, &l,
                       rate[POLICY_EGRESS].burst);
        }
    }
}

/* What there is. */

/* The burst in bytes of which the kernel keeps 'ticks': what was asked for, if
 * it is that but for rounding. */
static uint32_t
burst_of(uint64_t rate, uint32_t ticks, uint32_t wanted, uint32_t header)
{
    uint32_t expected = ratemsg_ticks(rate, wanted + header);
    double bytes = (double) ticks * TC_TICK_NSEC / 1e9 * rate - header;

    return ticks + 2 >= expected && ticks <= expected
               ? wanted
               : MIN(MAX(bytes, 0), UINT32_MAX);
}

static const char *
device_name(const struct devices *ds, uint32_t ifindex, struct arena *arena)
{
    const struct device *d = device_by_index(ds, ifindex);

    return d ? arena_strdup(arena, d->name) : NULL;
}

/* 'inner' is what is in the queue 'q'; NULL: nothing. */
static void
observe_queue(const struct tc_queue *q, const struct tc_queue *inner,
              const struct plan *plan, const char *device, struct arena *arena,
              struct objects *os)
{
    const struct plan_port *port = plan_port_by_ifindex(plan, q->ifindex);

    if (q->form == TC_QUEUE_SHAPER) {
        uint64_t rate = q->rate ? q->rate : ODD;
        uint32_t wanted =
            port ? port->interface->rate[POLICY_INGRESS].burst : 0;

        add_shape(os, arena, q->ifindex, device, rate,
                  rate == ODD ? 0 : burst_of(rate, q->burst, wanted, 0),
                  !inner                          ? "none"
                  : inner->form == TC_QUEUE_INNER ? NULL
                                                  : inner->kind);
    } else if (port && is_shaped(port)) {
        objects_add(os, &(struct object){
                            .kind = OBJECT_SHAPE,
                            .ifindex = q->ifindex,
                            .device = device,
                            .foreign = true,
                            .text = arena_printf(arena, "%s %x:", q->kind,
                                                 q->handle >> 16),
                        });
    }
}

void
rate_observe(const struct lock_reading *r, const struct plan *plan,
             const struct devices *ds, struct arena *arena, struct objects *os)
{
    for (size_t i = 0; i < r->n_queues; i++) {
        const struct tc_queue *q = &r->queues[i], *inner = NULL;

        if (q->form != TC_QUEUE_SHAPER && q->form != TC_QUEUE_OTHER) {
            continue;
        }
        /* The kernel tells of a device's qdiscs one after the other, of its
         * root first. */
        for (size_t j = i + 1;
             j < r->n_queues && r->queues[j].ifindex == q->ifindex; j++) {
            inner = &r->queues[j];
        }
        observe_queue(q, inner, plan, device_name(ds, q->ifindex, arena),
                      arena, os);
    }
    for (size_t i = 0; i < r->n_filters; i++) {
        const struct tc_limits *l = &r->filters[i].limits;

        if (r->filters[i].form == TC_FORM_POLICE) {
            const struct plan_port *port =
                plan_port_by_ifindex(plan, l->ifindex);
            uint32_t wanted =
                port ? port->interface->rate[POLICY_EGRESS].burst : 0;

            add_police(os, arena, l->ifindex,
                       device_name(ds, l->ifindex, arena), l,
                       !l->rate || l->rate == ODD
                           ? 0
                           : burst_of(l->rate, l->burst, wanted, HEADER_LEN));
        }
    }
}

/* Requests. */

static void
put_shape(struct nlsock *sock, const struct change *c, uint32_t tag)
{
    uint32_t ifindex = change_object(c)->ifindex;

    if (!c->want) {
        nlsock_queue(sock, ratemsg_del_shaper(ifindex), tag);
        return;
    }
    nlsock_queue(sock,
                 c->have ? ratemsg_set_shaper(ifindex, value_rate(c->want),
                                              c->want->value[2])
                         : ratemsg_new_shaper(ifindex, value_rate(c->want),
                                              c->want->value[2]),
                 tag);
    if (c->have && c->have->value[3]) {
        nlsock_queue(sock, ratemsg_del_inner(ifindex), NLSOCK_IGNORE);
    }
    if (!c->have || c->have->value[3]) {
        nlsock_queue(sock, ratemsg_new_inner(ifindex), tag);
    }
}

static void
put_police(struct nlsock *sock, const struct change *c, uint32_t tag)
{
    uint32_t ifindex = change_object(c)->ifindex;
    struct tc_filter f = {
        .block = TC_BLOCK_POLICE | ifindex,
        .prio = TC_PRIO_POLICE,
        .handle = 1,
        .form = TC_FORM_POLICE,
        .limits.ifindex = ifindex,
    };

    if (c->want) {
        uint64_t rate = value_rate(c->want);

        f.limits.rate = rate;
        f.limits.burst =
            rate ? ratemsg_ticks(rate, c->want->value[2] + HEADER_LEN) : 0;
        f.limits.packets = c->want->value[3];
    }
    nlsock_queue(sock,
                 !c->want   ? tcmsg_del_filter(&f)
                 : !c->have ? tcmsg_new_filter(&f)
                            : ratemsg_set_police(&f.limits),
                 tag);
}

void
rate_put(struct nlsock *sock, const struct change *c, uint32_t tag)
{
    if (change_object(c)->kind == OBJECT_SHAPE) {
        put_shape(sock, c, tag);
    } else {
        put_police(sock, c, tag);
    }
}

/* Counters. */

static void
add_drops(struct drop_count **drops, size_t *n, uint32_t ifindex,
          enum reason reason, uint64_t packets)
{
    if (packets) {
        *drops = xrealloc(*drops, (*n + 1) * sizeof **drops);
        (*drops)[(*n)++] = (struct drop_count){
            .ifindex = ifindex,
            .reason = reason,
            .packets = packets,
        };
    }
}

void
rate_drops(const struct lock_reading *r, struct drop_count **drops, size_t *n)
{
    for (size_t i = 0; i < r->n_queues; i++) {
        const struct tc_queue *q = &r->queues[i];

        if (q->form == TC_QUEUE_SHAPER) {
            add_drops(drops, n, q->ifindex, REASON_QUEUE_FULL, q->drops);
        }
    }
    for (size_t i = 0; i < r->n_filters; i++) {
        const struct tc_limits *l = &r->filters[i].limits;

        if (r->filters[i].form == TC_FORM_POLICE) {
            add_drops(drops, n, l->ifindex, REASON_RATE, l->over[0]);
            add_drops(drops, n, l->ifindex, REASON_POLICED, l->over[1]);
        }
    }
}
