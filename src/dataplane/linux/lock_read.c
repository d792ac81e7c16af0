/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads what the kernel has of the lock and of rates, their counters too: one dump of qdiscs
 * and one of each block, whatever the number of ports. */

#include <cordon-config.h>
#include "dataplane/linux/lock.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/rate.h"
#include "dataplane/linux/tcmsg.h"
#include "hash.h"
#include "lib/nlsock.h"
#include "lib/reason.h"
#include "util.h"

bool
lock_is_segment_block(uint32_t block)
{
    return (block & 0xff000000u) == LOCK_BLOCK_SEGMENTS;
}

bool
lock_is_ours(const struct tc_qdisc *q)
{
    return q->clsact
           && (q->ingress_block == LOCK_BLOCK_INGRESS
               || q->ingress_block == (TC_BLOCK_POLICE | q->ifindex))
           && (q->egress_block == LOCK_BLOCK_UPLINK
               || lock_is_segment_block(q->egress_block));
}

static int
queue_cb(const struct nlmsghdr *nlh, struct lock_reading *r)
{
    struct tc_queue q;
    int result = ratemsg_parse_queue(nlh, &q);

    if (result <= 0) {
        return result;
    }
    if (r->n_queues == r->allocated_queues) {
        r->queues =
            x2nrealloc(r->queues, &r->allocated_queues, sizeof *r->queues);
    }
    r->queues[r->n_queues++] = q;
    return 0;
}

static int
qdisc_cb(const struct nlmsghdr *nlh, void *reading_)
{
    struct lock_reading *r = reading_;
    struct tc_qdisc q;
    int result = tcmsg_parse_qdisc(nlh, &q);

    if (result <= 0) {
        return result ? result : queue_cb(nlh, r);
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

        if (lock_is_ours(q)) {
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
    free(r->queues);
    free(r->filters);
}

uint32_t
lock_fingerprint(const struct lock_reading *r)
{
    uint32_t h = hash_bytes(r->qdiscs, r->n_qdiscs * sizeof *r->qdiscs, 0);

    for (size_t i = 0; i < r->n_queues; i++) {
        struct tc_queue q = r->queues[i];

        q.drops = 0;
        h = hash_bytes(&q, sizeof q, h);
    }
    for (size_t i = 0; i < r->n_filters; i++) {
        struct tc_filter f = r->filters[i];

        f.packets = f.bytes = 0;
        memset(f.limits.over, 0, sizeof f.limits.over);
        h = hash_bytes(&f, sizeof f, h);
    }
    return h;
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
        rate_drops(&r, drops, n);
    }
    lock_reading_done(&r);
    return error;
}
