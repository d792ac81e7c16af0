/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The guard's sockets, its counters, and the notice of what others do to its
 * table. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft.h"
#include "lib/reason.h"
#include "util.h"

static struct nft *requests, *monitor;

const char *const guard_limits[] = {
    "fragments that overlap: each is judged alone, so that a first one holds "
    "the whole header and a later one ends within 65,535 bytes, but not "
    "beside the others",
    "TCP above the MTU passes, for the host sees it before it is cut into "
    "segments",
    "Neighbour Discovery is dropped where one option is longer than 16 bytes, "
    "all of a router solicitation's longer than 32, or any past byte 128 of "
    "the frame, which is what netback copies",
    "what a declared router writes into options of its advertisements",
    NULL,
};

struct nft *
guard_nft(void)
{
    return requests;
}

int
guard_open(void)
{
    int error = nft_open(false, &requests);

    error = error ? error : nft_open(true, &monitor);
    if (error) {
        guard_close();
    }
    return error;
}

void
guard_close(void)
{
    nft_close(requests);
    nft_close(monitor);
    requests = monitor = NULL;
}

/* Counters. */

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
    int error;

    error = guard_dump_elements(requests, GUARD_SET_DROPS, parse_drops, &cs);
    if (error && error != -EINTR && error != -ENOENT) {
        free(cs.v);
        return error;
    }
    add_up(&cs);
    *ret_drops = cs.v;
    *ret_n = cs.n;
    return 0;
}

/* Notifications. */

/* Notes a change in the netdev family that is not our own. The port id of a
 * notification is that of the socket that asked for the change. */
static int
parse_notification(const struct nlmsghdr *nlh, void *changed_)
{
    const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
    bool *changed = changed_;

    if (mnl_nlmsg_get_payload_len(nlh) >= sizeof *nfg
        && nfg->nfgen_family == NFPROTO_NETDEV
        && nlh->nlmsg_pid != nft_portid(requests)) {
        *changed = true;
    }
    return MNL_CB_OK;
}

bool
guard_changed(void)
{
    bool changed = false;

    return nft_notifications(monitor, parse_notification, &changed) < 0
           || changed;
}

int
guard_monitor_fd(void)
{
    return nft_fd(monitor);
}
