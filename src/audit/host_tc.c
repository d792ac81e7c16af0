/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Queueing disciplines and filters of tc (net/sched/cls_*.c). */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/nlattr.h"
#include "util.h"

#define MAX_OPTIONS 16 /* Of the kinds that are read here. */
#define U32_ROOT 0x800u

static void
qdisc_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct tcmsg *tcm = m->header;
    struct nlattr *tb[TCA_MAX + 1];
    struct host_qdisc *q = host_list_add(list, sizeof *q);

    host_attrs(m, tb, TCA_MAX);
    *q = (struct host_qdisc){
        .ifindex = tcm->tcm_ifindex,
        .handle = tcm->tcm_handle,
        .parent = tcm->tcm_parent,
        .kind = host_text(b, tb[TCA_KIND]),
        .ingress_block = attr_u32(tb[TCA_INGRESS_BLOCK], 0),
        .egress_block = attr_u32(tb[TCA_EGRESS_BLOCK], 0),
    };
}

static int
compare_qdiscs(const void *a_, const void *b_)
{
    const struct host_qdisc *a = a_, *b = b_;
    int c = a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;

    return c ? c : a->parent < b->parent ? -1 : a->parent > b->parent;
}

static void
decode_matchall(struct host_build *b, struct host_filter *f, struct nlattr **o)
{
    uint32_t flags = attr_u32(o[TCA_MATCHALL_FLAGS], 0);

    f->kind = HOST_FILTER_MATCHALL;
    f->understood = !f->head;
    f->skip_sw = flags & TCA_CLS_FLAGS_SKIP_SW;
    f->class_id = attr_u32(o[TCA_MATCHALL_CLASSID], 0);
    host_decode_actions(b, o[TCA_MATCHALL_ACT], f);
}

static void
decode_fw(struct host_build *b, struct host_filter *f, struct nlattr **o)
{
    f->kind = HOST_FILTER_FW;
    f->mark = f->handle;
    f->mark_mask = attr_u32(o[TCA_FW_MASK], UINT32_MAX);
    f->understood =
        !f->head && !o[TCA_FW_INDEV] && !o[TCA_FW_POLICE]; /* Old. */
    f->class_id = attr_u32(o[TCA_FW_CLASSID], 0);
    host_decode_actions(b, o[TCA_FW_ACT], f);
}

static void
decode_flower(struct host_build *b, struct host_filter *f,
              const struct nlattr *options)
{
    struct nlattr *o[TCA_FLOWER_MAX + 1];

    host_nested(options, o, TCA_FLOWER_MAX);
    f->kind = HOST_FILTER_FLOWER;
    f->skip_sw = attr_u32(o[TCA_FLOWER_FLAGS], 0) & TCA_CLS_FLAGS_SKIP_SW;
    f->class_id = attr_u32(o[TCA_FLOWER_CLASSID], 0);
    host_decode_actions(b, o[TCA_FLOWER_ACT], f);
}

/* TCA_U32_SEL: keys behind a header. False if not all of it is known. */
static bool
decode_selector(struct host_build *b, struct host_filter *f,
                const struct nlattr *sel)
{
    const size_t header = offsetof(struct tc_u32_sel, keys);
    struct host_u32_key *keys;
    struct tc_u32_sel s;

    if (!sel || (size_t) nla_len(sel) < header) {
        return false;
    }
    memcpy(&s, nla_data(sel), header);
    if ((size_t) nla_len(sel) < header + s.nkeys * sizeof(struct tc_u32_key)) {
        return false;
    }
    keys = ARENA_ARRAY(b->arena, struct host_u32_key, s.nkeys);
    for (size_t i = 0; i < s.nkeys; i++) {
        struct tc_u32_key key;

        memcpy(&key, (const char *) nla_data(sel) + header + i * sizeof key,
               sizeof key);
        keys[i] = (struct host_u32_key){
            .value = ntohl(key.val),
            .mask = ntohl(key.mask),
            .offset = key.off,
            .offset_mask = key.offmask,
        };
    }
    f->keys = keys;
    f->n_keys = s.nkeys;
    for (size_t i = 0; i < s.nkeys; i++) {
        if (keys[i].offset_mask) {
            return false;
        }
    }
    return s.flags == TC_U32_TERMINAL;
}

static void
decode_u32(struct host_build *b, struct host_filter *f, struct nlattr **o)
{
    bool known = decode_selector(b, f, o[TCA_U32_SEL]);

    f->kind = HOST_FILTER_U32;
    f->head = f->head || o[TCA_U32_DIVISOR];
    f->u32_link = attr_u32(o[TCA_U32_LINK], 0);
    f->skip_sw = attr_u32(o[TCA_U32_FLAGS], 0) & TCA_CLS_FLAGS_SKIP_SW;
    f->class_id = attr_u32(o[TCA_U32_CLASSID], 0);
    /* Only what is in the root's one bucket is sure to be asked. */
    f->understood = known && !f->head && !f->u32_link && !o[TCA_U32_INDEV]
                    && !o[TCA_U32_MARK] && !o[TCA_U32_POLICE]
                    && TC_U32_USERHTID(f->handle) == U32_ROOT;
    host_decode_actions(b, o[TCA_U32_ACT], f);
}

static void
decode_bpf(struct host_build *b, struct host_filter *f, struct nlattr **o)
{
    f->kind = HOST_FILTER_BPF;
    f->bpf_id = attr_u32(o[TCA_BPF_ID], 0);
    f->bpf_direct = attr_u32(o[TCA_BPF_FLAGS], 0) & TCA_BPF_FLAG_ACT_DIRECT;
    f->class_id = attr_u32(o[TCA_BPF_CLASSID], 0);
    host_decode_actions(b, o[TCA_BPF_ACT], f);
}

static enum host_filter_hook
hook_of(const struct tcmsg *tcm)
{
    uint32_t parent = tcm->tcm_parent;

    if (tcm->tcm_ifindex == (int) TCM_IFINDEX_MAGIC_BLOCK) {
        return HOST_FILTER_BLOCK;
    } else if (TC_H_MAJ(parent) != TC_H_MAJ(TC_H_CLSACT)) {
        return HOST_FILTER_QUEUE;
    }
    return TC_H_MIN(parent) == TC_H_MIN_EGRESS ? HOST_FILTER_EGRESS
                                               : HOST_FILTER_INGRESS;
}

static void
filter_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct tcmsg *tcm = m->header;
    struct nlattr *tb[TCA_MAX + 1], *o[MAX_OPTIONS + 1];
    struct host_filter *f = host_list_add(list, sizeof *f);
    enum host_filter_hook hook = hook_of(tcm);

    host_attrs(m, tb, TCA_MAX);
    *f = (struct host_filter){
        .ifindex = hook == HOST_FILTER_BLOCK ? 0 : tcm->tcm_ifindex,
        .block = hook == HOST_FILTER_BLOCK ? tcm->tcm_block_index : 0,
        .hook = hook,
        .parent = hook == HOST_FILTER_BLOCK ? 0 : tcm->tcm_parent,
        .chain = attr_u32(tb[TCA_CHAIN], 0),
        .prio = TC_H_MAJ(tcm->tcm_info) >> 16,
        .protocol = ntohs(TC_H_MIN(tcm->tcm_info)),
        .handle = tcm->tcm_handle,
        .kind = HOST_FILTER_OTHER,
        .name = host_text(b, tb[TCA_KIND]),
        .head = !tcm->tcm_handle && !tb[TCA_OPTIONS],
    };
    if (tb[TCA_OPTIONS]) {
        f->options = nla_data(tb[TCA_OPTIONS]);
        f->n_options = nla_len(tb[TCA_OPTIONS]);
    }
    host_nested(tb[TCA_OPTIONS], o, MAX_OPTIONS);
    if (!strcmp(f->name, "matchall")) {
        decode_matchall(b, f, o);
    } else if (!strcmp(f->name, "fw")) {
        decode_fw(b, f, o);
    } else if (!strcmp(f->name, "flower")) {
        decode_flower(b, f, tb[TCA_OPTIONS]);
    } else if (!strcmp(f->name, "u32")) {
        decode_u32(b, f, o);
    } else if (!strcmp(f->name, "bpf")) {
        decode_bpf(b, f, o);
    }
}

static int
compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Without the order in which the kernel told them. */
static int
compare_places(const struct host_filter *a, const struct host_filter *b)
{
    int c = compare_numbers(a->block, b->block);

    c = c ? c : compare_numbers(a->ifindex, b->ifindex);
    c = c ? c : compare_numbers(a->hook, b->hook);
    c = c ? c : compare_numbers(a->parent, b->parent);
    c = c ? c : compare_numbers(a->chain, b->chain);
    return c ? c : compare_numbers(a->prio, b->prio);
}

static int
compare_filters(const void *a_, const void *b_)
{
    const struct host_filter *const *a = a_, *const *b = b_;
    int c = compare_places(*a, *b);

    return c ? c : *a < *b ? -1 : *a > *b;
}

/* Sorts; what is alike stays as it was. */
static struct host_filter *
sort_filters(struct host_build *b, const struct host_filter *filters, size_t n)
{
    const struct host_filter **order = xmalloc(n * sizeof *order);
    struct host_filter *sorted = ARENA_ARRAY(b->arena, struct host_filter, n);

    for (size_t i = 0; i < n; i++) {
        order[i] = &filters[i];
    }
    qsort(order, n, sizeof *order, compare_filters);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = *order[i];
    }
    free(order);
    /* A head of fw with no filter behind it lets marks choose classes
     * (fw_classify()), and passes whatever has one. */
    for (size_t i = 0; i < n; i++) {
        struct host_filter *f = &sorted[i];

        f->fw_classid = f->kind == HOST_FILTER_FW && f->head
                        && (i + 1 == n || compare_places(f, f + 1));
    }
    return sorted;
}

void
host_decode_tc(struct host_build *b)
{
    struct host_list qdiscs = { .items = NULL }, filters = { .items = NULL };
    struct host *host = b->host;
    struct host_filter *found;
    struct host_qdisc *q;

    host_each_message(b, "tc.qdisc", sizeof(struct tcmsg), qdisc_cb, &qdiscs);
    q = host_list_take(b, &qdiscs, sizeof *q, &host->n_qdiscs);
    if (q) {
        qsort(q, host->n_qdiscs, sizeof *q, compare_qdiscs);
    }
    host->qdiscs = q;
    host_each_message(b, "tc.filter", sizeof(struct tcmsg), filter_cb,
                      &filters);
    found = host_list_take(b, &filters, sizeof *found, &host->n_filters);
    host->filters = found ? sort_filters(b, found, host->n_filters) : NULL;
}

/* The qdisc of a device that has filters; NULL if there is none. */
static const struct host_qdisc *
find_clsact(const struct host *host, uint32_t ifindex)
{
    for (size_t i = 0; i < host->n_qdiscs; i++) {
        const struct host_qdisc *q = &host->qdiscs[i];

        if (q->ifindex == ifindex
            && (!strcmp(q->kind, "clsact") || !strcmp(q->kind, "ingress"))) {
            return q;
        }
    }
    return NULL;
}

/* The first filter at a place or behind it; 'key' has prio 0 and chain 0. */
static size_t
lower_bound(const struct host *host, const struct host_filter *key)
{
    size_t low = 0, high = host->n_filters;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_places(&host->filters[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct host_filter *
host_filters(const struct host *host, uint32_t ifindex,
             enum host_filter_hook hook, size_t *ret_n)
{
    const struct host_qdisc *q = find_clsact(host, ifindex);
    struct host_filter key = { .hook = hook };
    size_t from, to;

    *ret_n = 0;
    if (!q) {
        return NULL;
    }
    key.block =
        hook == HOST_FILTER_INGRESS ? q->ingress_block : q->egress_block;
    if (key.block) {
        key.hook = HOST_FILTER_BLOCK;
    } else {
        key.ifindex = ifindex;
    }
    from = to = lower_bound(host, &key);
    while (to < host->n_filters && host->filters[to].block == key.block
           && host->filters[to].ifindex == key.ifindex
           && host->filters[to].hook == key.hook) {
        to++;
    }
    *ret_n = to - from;
    return *ret_n ? &host->filters[from] : NULL;
}
