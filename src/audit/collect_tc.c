/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Queueing disciplines, classes and filters: filters are dumped for each place
 * that may have some, that is for both hooks of clsact, for ingress, for each
 * discipline and each class, and for each shared block. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/hmap.h"
#include "hash.h"
#include "util.h"

struct places {
    struct collector *collector;
    struct snapshot_buffer *out;
    struct hmap blocks; /* Shared blocks that were asked: struct block. */
    int error;
};

struct block {
    struct hmap_node node;
    uint32_t index;
};

static int
dump(struct collector *c, uint16_t type, uint32_t ifindex, uint32_t parent,
     struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = collect_request(buf, type, NLM_F_DUMP);
    struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof *tcm);

    tcm->tcm_ifindex = ifindex;
    tcm->tcm_parent = parent;
    return collect_dump(c, c->route, nlh, out);
}

/* Filters of what cannot have any are no error. */
static void
dump_filters(struct places *p, uint32_t ifindex, uint32_t parent)
{
    int error = dump(p->collector, RTM_GETTFILTER, ifindex, parent, p->out);

    if (error && error != -EINVAL && error != -EOPNOTSUPP && !p->error) {
        p->error = error;
    }
}

/* A shared block's index stands where a parent would. */
static void
dump_block(struct places *p, uint32_t index)
{
    struct block *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, hash_int(index, 0), &p->blocks) {
        if (b->index == index) {
            return;
        }
    }
    b = xmalloc(sizeof *b);
    b->index = index;
    hmap_insert(&p->blocks, &b->node, hash_int(index, 0));
    dump_filters(p, TCM_IFINDEX_MAGIC_BLOCK, index);
}

struct qdisc {
    const struct tcmsg *tcm;
    const char *kind;
    uint32_t ingress_block, egress_block;
};

static bool
parse_qdisc(const struct nlmsghdr *nlh, struct qdisc *q)
{
    const struct nlattr *attr;

    if (mnl_nlmsg_get_payload_len(nlh) < sizeof *q->tcm) {
        return false;
    }
    *q = (struct qdisc){ .tcm = mnl_nlmsg_get_payload(nlh), .kind = "" };
    mnl_attr_for_each (attr, nlh, sizeof *q->tcm) {
        switch (mnl_attr_get_type(attr)) {
        case TCA_KIND:
            if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
                q->kind = mnl_attr_get_str(attr);
            }
            break;
        case TCA_INGRESS_BLOCK:
            if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
                q->ingress_block = mnl_attr_get_u32(attr);
            }
            break;
        case TCA_EGRESS_BLOCK:
            if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
                q->egress_block = mnl_attr_get_u32(attr);
            }
            break;
        }
    }
    return true;
}

/* Disciplines without filters or classes of their own. */
static bool
is_plain(const char *kind)
{
    static const char *const plain[] = {
        "noqueue",         "noop", "pfifo", "bfifo", "pfifo_fast",
        "pfifo_head_drop", "fq",   "mq",    "netem", "tbf",
    };

    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        if (!strcmp(kind, plain[i])) {
            return true;
        }
    }
    return false;
}

/* Classes, each of which may have filters. */
static void
dump_classes(struct places *p, uint32_t ifindex, struct snapshot_buffer *out)
{
    size_t at = out->n;
    int error = dump(p->collector, RTM_GETTCLASS, ifindex, 0, out);

    if (error && !p->error) {
        p->error = error;
    }
    while (at < out->n) {
        const struct nlmsghdr *nlh =
            ALIGNED_CAST(const struct nlmsghdr *, out->data + at);
        struct qdisc q;

        if (parse_qdisc(nlh, &q)) {
            dump_filters(p, ifindex, q.tcm->tcm_handle);
        }
        at += NLMSG_ALIGN(nlh->nlmsg_len);
    }
}

static void
dump_place(struct places *p, const struct qdisc *q, uint32_t *classes_of,
           struct snapshot_buffer *classes)
{
    uint32_t ifindex = q->tcm->tcm_ifindex;
    bool clsact = !strcmp(q->kind, "clsact");

    if (q->ingress_block) {
        dump_block(p, q->ingress_block);
    }
    if (q->egress_block) {
        dump_block(p, q->egress_block);
    }
    if (clsact || !strcmp(q->kind, "ingress")) {
        if (!q->ingress_block) {
            dump_filters(p, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
        }
        if (clsact && !q->egress_block) {
            dump_filters(p, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
        }
    } else if (!is_plain(q->kind)) {
        dump_filters(p, ifindex, q->tcm->tcm_handle);
        if (*classes_of != ifindex) {
            *classes_of = ifindex;
            dump_classes(p, ifindex, classes);
        }
    }
}

void
collect_tc(struct collector *c, struct snapshot_buffer *qdiscs,
           struct snapshot_buffer *classes, struct snapshot_buffer *filters,
           int *ret_error)
{
    struct places p = { .collector = c, .out = filters };
    uint32_t classes_of = 0;
    struct block *b;

    p.error = dump(c, RTM_GETQDISC, 0, 0, qdiscs);
    hmap_init(&p.blocks);
    for (size_t at = 0; !p.error && at < qdiscs->n;) {
        const struct nlmsghdr *nlh =
            ALIGNED_CAST(const struct nlmsghdr *, qdiscs->data + at);
        struct qdisc q;

        if (parse_qdisc(nlh, &q)) {
            dump_place(&p, &q, &classes_of, classes);
        }
        at += NLMSG_ALIGN(nlh->nlmsg_len);
    }
    HMAP_FOR_EACH_POP (b, node, &p.blocks) {
        free(b);
    }
    hmap_destroy(&p.blocks);
    *ret_error = p.error;
}
