/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From changes to one transaction.
 *
 * The order within it: what is to go is taken out before what it refers to,
 * and what is to come is put in after. Each message is tagged with the device
 * that it concerns; where the kernel refuses a message, all of that device's
 * are left out and the rest is sent again. Left out, a device has what it had
 * before: a filter that is whole, or none that goes anywhere. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_rule.h"
#include "lib/arena.h"
#include "plan/object.h"
#include "util.h"

/* Elements in one message: well below what an attribute's length of 16 bits
 * allows. */
#define ELEMENTS_MAX 256

/* Refusals of other devices' messages before we give up. */
#define TRIES 64

struct writer {
    const struct change *changes;
    size_t n;
    struct nft_batch batch;
    struct arena *arena;
};

/* An object that has a message, and the kinds of change that it is for. */
static const struct object *
removed(const struct change *c, enum object_kind kind)
{
    return c->op == CHANGE_ADD || c->have->kind != kind ? NULL : c->have;
}

static const struct object *
added(const struct change *c, enum object_kind kind)
{
    return c->op == CHANGE_DEL || c->want->kind != kind ? NULL : c->want;
}

static void
del_table(struct writer *w)
{
    struct nlmsghdr *nlh = nft_batch_add(&w->batch, NFT_MSG_DELTABLE, 0, 0);

    mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, GUARD_TABLE);
}

static void
add_table(struct writer *w)
{
    struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
    struct nlmsghdr *nlh = nft_batch_add(&w->batch, NFT_MSG_NEWTABLE,
                                         NLM_F_CREATE | NLM_F_EXCL, 0);

    mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, GUARD_TABLE);
    nftnl_udata_put_strz(udata, NFTNL_UDATA_TABLE_COMMENT,
                         GUARD_TABLE_COMMENT);
    mnl_attr_put(nlh, NFTA_TABLE_USERDATA, nftnl_udata_buf_len(udata),
                 nftnl_udata_buf_data(udata));
    nftnl_udata_buf_free(udata);
}

static void
flush_rules(struct writer *w, const struct object *o)
{
    struct nlmsghdr *nlh =
        nft_batch_add(&w->batch, NFT_MSG_DELRULE, 0, o->ifindex);

    mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, GUARD_TABLE);
    mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, o->name);
}

static void
del_chain(struct writer *w, const struct object *o)
{
    struct nlmsghdr *nlh =
        nft_batch_add(&w->batch, NFT_MSG_DELCHAIN, 0, o->ifindex);

    mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, GUARD_TABLE);
    mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, o->name);
}

static void
del_set(struct writer *w, const struct object *o)
{
    struct nlmsghdr *nlh = nft_batch_add(&w->batch, NFT_MSG_DELSET, 0, 0);

    mnl_attr_put_strz(nlh, NFTA_SET_TABLE, GUARD_TABLE);
    mnl_attr_put_strz(nlh, NFTA_SET_NAME, o->name);
}

static void
add_set(struct writer *w, const struct object *o)
{
    struct nftnl_set *s = nftnl_set_alloc();
    struct nlmsghdr *nlh =
        nft_batch_add(&w->batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, 0);

    if (!s) {
        out_of_memory();
    }
    nft_set_put(guard_set_by_name(o->name), s);
    nftnl_set_set_str(s, NFTNL_SET_TABLE, GUARD_TABLE);
    nftnl_set_set_u32(s, NFTNL_SET_ID, w->batch.n);
    nftnl_set_nlmsg_build_payload(nlh, s);
    nftnl_set_free(s);
}

/* Base chains are of a device, which the kernel takes by its name. Whether
 * the name was still that device's when the kernel looked is seen when the
 * chain is read back. */
static int
add_chain(struct writer *w, const struct object *o)
{
    struct nftnl_chain *c;
    struct nlmsghdr *nlh;
    char device[IF_NAMESIZE];

    if (o->ifindex && !if_indextoname(o->ifindex, device)) {
        return -errno;
    }
    nlh = nft_batch_add(&w->batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL,
                        o->ifindex);
    c = nftnl_chain_alloc();
    if (!c) {
        out_of_memory();
    }
    nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, GUARD_TABLE);
    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, o->name);
    if (o->ifindex) {
        bool ingress = !strcmp(o->text, GUARD_BASE_INGRESS);

        nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
        nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM,
                            ingress ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS);
        nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, GUARD_PRIORITY);
        nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_DROP);
        nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
    }
    nftnl_chain_nlmsg_build_payload(nlh, c);
    nftnl_chain_free(c);
    return 0;
}

static int
add_rules(struct writer *w, const struct object *o)
{
    const char *line = o->text;

    while (line && *line) {
        size_t n = strcspn(line, "\n");
        struct nftnl_rule *r = nftnl_rule_alloc();
        struct nlmsghdr *nlh;
        int error;

        if (!r) {
            out_of_memory();
        }
        error = nft_rule_put(line, n, r);
        if (!error) {
            nlh = nft_batch_add(&w->batch, NFT_MSG_NEWRULE,
                                NLM_F_CREATE | NLM_F_APPEND, o->ifindex);
            nftnl_rule_set_str(r, NFTNL_RULE_TABLE, GUARD_TABLE);
            nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, o->name);
            nftnl_rule_nlmsg_build_payload(nlh, r);
        }
        nftnl_rule_free(r);
        if (error) {
            return error;
        }
        line += n + (line[n] == '\n');
    }
    return 0;
}

/* Elements of one set and device that follow one another share a message. */
struct elements {
    struct nftnl_set *set;
    const struct object *first;
    size_t n;
};

static void
flush_elements(struct writer *w, uint16_t type, struct elements *es)
{
    if (es->set) {
        struct nlmsghdr *nlh = nft_batch_add(
            &w->batch, type,
            type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE | NLM_F_EXCL : 0,
            es->first->ifindex);

        nftnl_set_elems_nlmsg_build_payload(nlh, es->set);
        nftnl_set_free(es->set);
    }
    memset(es, 0, sizeof *es);
}

static void
put_element(struct writer *w, uint16_t type, struct elements *es,
            const struct object *o)
{
    struct nftnl_set_elem *elem;

    if (es->set
        && (es->n == ELEMENTS_MAX || es->first->ifindex != o->ifindex
            || strcmp(es->first->name, o->name))) {
        flush_elements(w, type, es);
    }
    if (!es->set) {
        es->set = nftnl_set_alloc();
        if (!es->set) {
            out_of_memory();
        }
        es->first = o;
        nftnl_set_set_str(es->set, NFTNL_SET_TABLE, GUARD_TABLE);
        nftnl_set_set_str(es->set, NFTNL_SET_NAME, o->name);
    }
    elem = nftnl_set_elem_alloc();
    if (!elem) {
        out_of_memory();
    }
    nft_element_put(guard_set_by_name(o->name), o, elem);
    nftnl_set_elem_add(es->set, elem);
    es->n++;
}

/* Writes what takes away. */
static void
write_removals(struct writer *w)
{
    const struct change *end = w->changes + w->n;
    struct elements es = { NULL };
    const struct object *o;

    for (const struct change *c = w->changes; c < end; c++) {
        if (removed(c, OBJECT_NFT_TABLE)) {
            /* All else is gone with it, and reported as not there. */
            del_table(w);
            return;
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, OBJECT_NFT_RULES);
        if (o && o->text[0]) {
            flush_rules(w, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, OBJECT_NFT_ELEMENT);
        if (o) {
            put_element(w, NFT_MSG_DELSETELEM, &es, o);
        }
    }
    flush_elements(w, NFT_MSG_DELSETELEM, &es);
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, OBJECT_NFT_CHAIN);
        if (o) {
            del_chain(w, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, OBJECT_NFT_SET);
        if (o) {
            del_set(w, o);
        }
    }
}

static void
report(struct writer *w, struct apply_error **errors, size_t *n,
       uint32_t ifindex, int error, const char *message)
{
    *errors = xrealloc(*errors, (*n + 1) * sizeof **errors);
    (*errors)[(*n)++] =
        (struct apply_error){ ifindex, error,
                              arena_strdup(w->arena, message) };
}

static void
leave_out(struct writer *w, uint32_t ifindex)
{
    for (size_t i = 0; i < w->batch.n; i++) {
        if (w->batch.messages[i].tag == ifindex) {
            w->batch.messages[i].left_out = true;
        }
    }
}

/* Writes what puts in. Devices that are not there any more are left out of
 * all of it. */
static int
write_additions(struct writer *w, struct apply_error **errors, size_t *n)
{
    const struct change *end = w->changes + w->n;
    struct elements es = { NULL };
    uint32_t *gone = NULL;
    size_t n_gone = 0;
    const struct object *o;
    int error = 0;

    for (const struct change *c = w->changes; c < end; c++) {
        if (added(c, OBJECT_NFT_TABLE)) {
            add_table(w);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, OBJECT_NFT_SET);
        if (o) {
            add_set(w, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, OBJECT_NFT_CHAIN);
        if (o && add_chain(w, o)
            && (!n_gone || gone[n_gone - 1] != o->ifindex)) {
            gone = xrealloc(gone, (n_gone + 1) * sizeof *gone);
            gone[n_gone++] = o->ifindex;
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, OBJECT_NFT_ELEMENT);
        if (o) {
            put_element(w, NFT_MSG_NEWSETELEM, &es, o);
        }
    }
    flush_elements(w, NFT_MSG_NEWSETELEM, &es);
    for (const struct change *c = w->changes; c < end && !error; c++) {
        o = added(c, OBJECT_NFT_RULES);
        if (o) {
            error = add_rules(w, o);
        }
    }
    for (size_t i = 0; i < n_gone; i++) {
        leave_out(w, gone[i]);
        report(w, errors, n, gone[i], -ENODEV, "the device is gone");
    }
    free(gone);
    return error;
}

/* Says what the kernel said, to whom it concerns, and leaves that out.
 * Returns -errno if it concerns all. */
static int
handle_refusals(struct writer *w, const struct nft_refusal *rs, size_t n,
                struct apply_error **errors, size_t *n_errors)
{
    int error = 0;

    for (size_t i = 0; i < n; i++) {
        const struct nft_refusal *r = &rs[i];
        const struct nft_message *m =
            r->message < w->batch.n ? &w->batch.messages[r->message] : NULL;
        const char *text = arena_printf(w->arena, "nf_tables: %s%s%s",
                                        ovs_strerror(-r->error),
                                        r->text[0] ? ": " : "", r->text);

        if (m && m->tag) {
            if (!m->left_out) {
                leave_out(w, m->tag);
                report(w, errors, n_errors, m->tag, r->error, text);
            }
        } else if (!error) {
            error = r->error;
            report(w, errors, n_errors, 0, r->error, text);
        }
    }
    return error;
}

int
guard_apply(const struct change *changes, size_t n, struct arena *arena,
            struct apply_error **errors, size_t *n_errors)
{
    struct writer w = { .changes = changes, .n = n, .arena = arena };
    unsigned int before = nft_messages_sent();
    int error;

    write_removals(&w);
    error = write_additions(&w, errors, n_errors);
    for (int i = 0; !error && w.batch.n && i < TRIES; i++) {
        struct nft_refusal *refusals = NULL;
        size_t n_refusals;

        error = nft_batch_send(guard_nft(), &w.batch, &refusals, &n_refusals);
        if (error != -ECANCELED) {
            break;
        }
        error = handle_refusals(&w, refusals, n_refusals, errors, n_errors);
        free(refusals);
        if (!error && i == TRIES - 1) {
            error = -ECANCELED;
        }
    }
    nft_batch_done(&w.batch);
    if (error) {
        return error;
    }
    guard_forget_drops(changes, n);
    return nft_messages_sent() - before;
}
