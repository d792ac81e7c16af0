/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From changes to one transaction.
 *
 * The order within it: what is to go is taken out before what it refers to,
 * and what is to come is put in after. Each message is tagged with the device
 * or segment that it concerns; where the kernel refuses a message, all of that
 * device's, or of all devices' that depend on it, are left out and the rest is
 * sent again. Left out, a device has
 * what it had before, which is nothing if the table is replaced: so it is
 * closed before. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/set.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/guard_message.h"
#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_table.h"
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
    const struct guard_closer *closer;
    struct nft_batch batch;
    struct arena *arena;
};

/* An object that has a message, and the kinds of change that it is for. */
static const struct object *
removed(const struct change *c, const struct nft_table *t, enum nft_part part)
{
    return c->op == CHANGE_ADD || c->have->kind != nft_kind(t, part) ? NULL
                                                                     : c->have;
}

static const struct object *
added(const struct change *c, const struct nft_table *t, enum nft_part part)
{
    return c->op == CHANGE_DEL || c->want->kind != nft_kind(t, part) ? NULL
                                                                     : c->want;
}

/* Elements of one set and tag that follow one another share a message. */
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
            &w->batch, type, nft_table_of(es->first)->family,
            type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE | NLM_F_EXCL : 0,
            guard_tag(es->first));

        nftnl_set_elems_nlmsg_build_payload(nlh, es->set);
        nftnl_set_free(es->set);
    }
    memset(es, 0, sizeof *es);
}

static void
put_element(struct writer *w, uint16_t type, struct elements *es,
            const struct object *o)
{
    const struct nft_table *t = nft_table_of(o);
    struct nftnl_set_elem *elem;

    if (es->set
        && (es->n == ELEMENTS_MAX || guard_tag(es->first) != guard_tag(o)
            || strcmp(es->first->name, o->name))) {
        flush_elements(w, type, es);
    }
    if (!es->set) {
        es->set = nftnl_set_alloc();
        if (!es->set) {
            out_of_memory();
        }
        es->first = o;
        nftnl_set_set_str(es->set, NFTNL_SET_TABLE, t->name);
        nftnl_set_set_str(es->set, NFTNL_SET_NAME, o->name);
    }
    elem = nftnl_set_elem_alloc();
    if (!elem) {
        out_of_memory();
    }
    nft_element_put(t->set_by_name(o->name), o, elem);
    nftnl_set_elem_add(es->set, elem);
    es->n++;
}

/* Writes what takes away from a table. */
static void
write_removals(struct writer *w, const struct nft_table *t)
{
    const struct change *end = w->changes + w->n;
    struct elements es = { NULL };
    const struct object *o;

    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, t, NFT_PART_TABLE);
        if (o) {
            /* All else is gone with it, and reported as not there. */
            guard_del_table(&w->batch, o);
            return;
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, t, NFT_PART_RULES);
        if (o && o->text[0]) {
            guard_flush_rules(&w->batch, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, t, NFT_PART_ELEMENT);
        if (o) {
            put_element(w, NFT_MSG_DELSETELEM, &es, o);
        }
    }
    flush_elements(w, NFT_MSG_DELSETELEM, &es);
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, t, NFT_PART_CHAIN);
        if (o) {
            guard_del_chain(&w->batch, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = removed(c, t, NFT_PART_SET);
        if (o) {
            guard_del_set(&w->batch, o);
        }
    }
}

static void
report(struct writer *w, struct apply_error **errors, size_t *n, uint64_t tag,
       int error, const char *message)
{
    *errors = xrealloc(*errors, (*n + 1) * sizeof **errors);
    (*errors)[(*n)++] =
        (struct apply_error){ .ifindex = (uint32_t) tag,
                              .segment = tag >> 32,
                              .error = error,
                              .message = arena_strdup(w->arena, message) };
}

static void
leave_out(struct writer *w, uint64_t tag)
{
    if (tag && !(tag >> 32)) {
        w->closer->close(tag, w->closer->aux);
    }
    for (size_t i = 0; i < w->batch.n; i++) {
        if (w->batch.messages[i].tag == tag) {
            w->batch.messages[i].left_out = true;
        }
    }
}

/* Devices that are not there any more. */
struct gone {
    uint32_t *v;
    size_t n;
};

static void
add_gone(struct gone *g, uint32_t ifindex)
{
    if (!g->n || g->v[g->n - 1] != ifindex) {
        g->v = xrealloc(g->v, (g->n + 1) * sizeof *g->v);
        g->v[g->n++] = ifindex;
    }
}

/* Writes what puts into a table. */
static int
write_additions(struct writer *w, const struct nft_table *t, struct gone *gone)
{
    const struct change *end = w->changes + w->n;
    struct elements es = { NULL };
    const struct object *o;
    int error = 0;

    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, t, NFT_PART_TABLE);
        if (o) {
            guard_add_table(&w->batch, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, t, NFT_PART_SET);
        if (o) {
            guard_add_set(&w->batch, o);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, t, NFT_PART_CHAIN);
        if (o && guard_add_chain(&w->batch, o)) {
            add_gone(gone, o->ifindex);
        }
    }
    for (const struct change *c = w->changes; c < end; c++) {
        o = added(c, t, NFT_PART_ELEMENT);
        if (o) {
            put_element(w, NFT_MSG_NEWSETELEM, &es, o);
        }
    }
    flush_elements(w, NFT_MSG_NEWSETELEM, &es);
    for (const struct change *c = w->changes; c < end && !error; c++) {
        o = added(c, t, NFT_PART_RULES);
        if (o) {
            error = guard_add_rules(&w->batch, o);
        }
    }
    for (const struct change *c = w->changes; c < end && !error; c++) {
        o = added(c, t, NFT_PART_CHAIN);
        if (o) {
            guard_finish_chain(&w->batch, o);
        }
    }
    return error;
}

/* Writes all of it. Devices that are not there any more are left out. */
static int
write_all(struct writer *w, struct apply_error **errors, size_t *n)
{
    struct gone gone = { NULL, 0 };
    int error = 0;

    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        write_removals(w, nft_tables[i]);
    }
    for (size_t i = 0; i < NFT_N_TABLES && !error; i++) {
        error = write_additions(w, nft_tables[i], &gone);
    }
    for (size_t i = 0; i < gone.n; i++) {
        leave_out(w, gone.v[i]);
        report(w, errors, n, gone.v[i], -ENODEV, "the device is gone");
    }
    free(gone.v);
    return error;
}

/* Those who depend on what messages with 'tag' are about. */
static const struct object_users *
find_users(const struct writer *w, uint64_t tag)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct object *o = w->changes[i].want;

        if (o && o->users && guard_tag(o) == tag) {
            return o->users;
        }
    }
    return NULL;
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
        const struct object_users *users = m ? find_users(w, m->tag) : NULL;
        const char *text = arena_printf(
            w->arena, "%s%snf_tables: %s%s%s", m && m->where ? m->where : "",
            m && m->where ? ": " : "", ovs_strerror(-r->error),
            r->text[0] ? ": " : "", r->text);

        if (m && m->left_out) {
            continue;
        } else if (users) {
            leave_out(w, m->tag);
            for (size_t j = 0; j < users->n_ports; j++) {
                leave_out(w, users->ports[j]);
                report(w, errors, n_errors, users->ports[j], r->error, text);
            }
        } else if (m && m->tag) {
            leave_out(w, m->tag);
            report(w, errors, n_errors, m->tag, r->error, text);
        } else if (!error) {
            error = r->error;
            report(w, errors, n_errors, 0, r->error, text);
        }
    }
    return error;
}

/* Sends what has been written; whether it is refused does not matter. */
static void
send_anyway(struct writer *w)
{
    struct nft_refusal *refusals = NULL;
    size_t n_refusals;

    if (w->batch.n) {
        guard_send(&w->batch, &refusals, &n_refusals);
        free(refusals);
    }
    nft_batch_done(&w->batch);
}

/* A guard that goes at once drops what comes while it goes (seen on kernel
 * 6.1). It goes only when another guard holds the devices (fence.h), so its
 * base chains accept first, and then lose their rules, each in a transaction
 * of its own. A failure costs frames. */
static void
accept_at_last(struct writer *w)
{
    const struct change *end = w->changes + w->n;
    const struct object *o;

    for (const struct change *c = w->changes; c < end; c++) {
        o = c->op == CHANGE_DEL ? removed(c, &guard_table, NFT_PART_CHAIN)
                                : NULL;
        if (o && o->ifindex) {
            guard_accept_chain(&w->batch, o);
        }
    }
    send_anyway(w);
    for (const struct change *c = w->changes; c < end; c++) {
        o = c->op == CHANGE_DEL ? removed(c, &guard_table, NFT_PART_RULES)
                                : NULL;
        if (o && o->ifindex) {
            guard_flush_rules(&w->batch, o);
        }
    }
    send_anyway(w);
}

static bool
table_goes(const struct changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        if (changes->v[i].op == CHANGE_DEL
            && changes->v[i].have->kind == OBJECT_NFT_TABLE) {
            return true;
        }
    }
    return false;
}

int
guard_apply(const struct changes *changes, const struct guard_closer *closer,
            struct arena *arena, struct apply_error **errors, size_t *n_errors)
{
    struct writer w = { .changes = changes->v,
                        .n = changes->n,
                        .closer = closer,
                        .arena = arena };
    unsigned int before = nft_messages_sent();
    int error;

    if (table_goes(changes)) {
        accept_at_last(&w);
    }
    error = write_all(&w, errors, n_errors);
    for (int i = 0; !error && w.batch.n && i < TRIES; i++) {
        struct nft_refusal *refusals = NULL;
        size_t n_refusals;

        error = guard_send(&w.batch, &refusals, &n_refusals);
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
    guard_forget_drops(changes->v, changes->n);
    return nft_messages_sent() - before;
}
