/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The counters of dropped frames: elements of a set that rules fill. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_table.h"
#include "plan/object.h"
#include "util.h"

struct counters {
    struct drop_count *v;
    size_t n, allocated;
};

static int
parse_counter(struct nftnl_expr *e, void *d_)
{
    struct drop_count *d = d_;

    if (!strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "counter")) {
        d->packets = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
        d->bytes = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_BYTES);
    }
    return 0;
}

/* Keys are device from, device to, reason; one of the devices is 0. */
static int
parse_drop(struct nftnl_set_elem *elem, void *counters_)
{
    struct counters *cs = counters_;
    struct drop_count d = { 0 };
    uint32_t key[3], len;
    const void *p;

    p = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
    if (!p || len != sizeof key) {
        return 0;
    }
    memcpy(key, p, len);
    d.ifindex = key[0] ? key[0] : key[1];
    d.reason = key[2];
    nftnl_set_elem_expr_foreach(elem, parse_counter, &d);
    if (cs->n == cs->allocated) {
        cs->v = x2nrealloc(cs->v, &cs->allocated, sizeof *cs->v);
    }
    cs->v[cs->n++] = d;
    return 0;
}

static int
parse_drops(const struct nlmsghdr *nlh, void *counters)
{
    struct nftnl_set *s = nftnl_set_alloc();

    if (s && nftnl_set_elems_nlmsg_parse(nlh, s) >= 0) {
        nftnl_set_elem_foreach(s, parse_drop, counters);
    }
    nftnl_set_free(s);
    return MNL_CB_OK;
}

static int
compare_drops(const void *a_, const void *b_)
{
    const struct drop_count *a = a_, *b = b_;

    return a->ifindex != b->ifindex ? (a->ifindex < b->ifindex ? -1 : 1)
           : a->reason != b->reason ? (a->reason < b->reason ? -1 : 1)
                                    : 0;
}

/* What a device was to get and what it sent are one number. */
static void
add_up(struct counters *cs)
{
    size_t n = 0;

    if (cs->n) {
        qsort(cs->v, cs->n, sizeof *cs->v, compare_drops);
    }
    for (size_t i = 0; i < cs->n; i++) {
        if (n && !compare_drops(&cs->v[n - 1], &cs->v[i])) {
            cs->v[n - 1].packets += cs->v[i].packets;
            cs->v[n - 1].bytes += cs->v[i].bytes;
        } else {
            cs->v[n++] = cs->v[i];
        }
    }
    cs->n = n;
}

int
guard_drops(struct drop_count **ret_drops, size_t *ret_n)
{
    struct counters cs = { 0 };

    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        const struct nft_table *t = nft_tables[i];
        int error =
            guard_dump_elements(guard_nft(), t, t->drops, parse_drops, &cs);

        if (error && error != -EINTR && error != -ENOENT) {
            free(cs.v);
            return error;
        }
    }
    add_up(&cs);
    *ret_drops = cs.v;
    *ret_n = cs.n;
    return 0;
}

/* Counters of devices that are no port any more. */

struct stale {
    const uint32_t *devices;
    size_t n;
    struct nftnl_set *set; /* Of elements to be removed. */
    bool any;
};

static int
collect_stale(struct nftnl_set_elem *elem, void *stale_)
{
    struct stale *stale = stale_;
    const uint32_t *key;
    uint32_t len;

    key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
    for (size_t i = 0; key && len >= 8 && i < stale->n; i++) {
        if (key[0] == stale->devices[i] || key[1] == stale->devices[i]) {
            struct nftnl_set_elem *copy = nftnl_set_elem_alloc();

            if (!copy) {
                out_of_memory();
            }
            nftnl_set_elem_set(copy, NFTNL_SET_ELEM_KEY, key, len);
            nftnl_set_elem_add(stale->set, copy);
            stale->any = true;
            break;
        }
    }
    return 0;
}

static int
parse_stale(const struct nlmsghdr *nlh, void *stale)
{
    struct nftnl_set *s = nftnl_set_alloc();

    if (s && nftnl_set_elems_nlmsg_parse(nlh, s) >= 0) {
        nftnl_set_elem_foreach(s, collect_stale, stale);
    }
    nftnl_set_free(s);
    return MNL_CB_OK;
}

static void
forget_drops(const struct nft_table *t, const uint32_t *devices, size_t n)
{
    struct nft_batch batch = { 0 };
    struct stale stale = { .devices = devices, .n = n };
    struct nft_refusal *refusals = NULL;
    size_t n_refusals;

    stale.set = nftnl_set_alloc();
    if (!stale.set) {
        out_of_memory();
    }
    nftnl_set_set_str(stale.set, NFTNL_SET_TABLE, t->name);
    nftnl_set_set_str(stale.set, NFTNL_SET_NAME, t->drops);
    guard_dump_elements(guard_nft(), t, t->drops, parse_stale, &stale);
    if (stale.any) {
        struct nlmsghdr *nlh =
            nft_batch_add(&batch, NFT_MSG_DELSETELEM, t->family, 0, 0);

        nftnl_set_elems_nlmsg_build_payload(nlh, stale.set);
        nft_batch_send(guard_nft(), &batch, &refusals, &n_refusals);
        free(refusals);
    }
    nftnl_set_free(stale.set);
    nft_batch_done(&batch);
}

/* Forgets the counters of devices that the changes take out of their
 * segments, in a transaction of its own. A failure leaves counters of devices
 * that are gone, which nobody asks for, until the number is used again. */
void
guard_forget_drops(const struct change *changes, size_t n)
{
    uint32_t *devices = xmalloc((n + 1) * sizeof *devices);
    size_t n_devices = 0;

    for (size_t i = 0; i < n; i++) {
        const struct object *o = changes[i].have;

        if (changes[i].op == CHANGE_DEL && o->kind == OBJECT_NFT_ELEMENT
            && !strcmp(o->name, "segment")) {
            devices[n_devices++] = o->ifindex;
        }
    }
    for (size_t i = 0; i < NFT_N_TABLES && n_devices; i++) {
        forget_drops(nft_tables[i], devices, n_devices);
    }
    free(devices);
}
