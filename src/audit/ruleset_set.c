/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes sets and their elements. An interval comes as two elements, its
 * start and what follows it; here it is one, with both ends in it, as the
 * kernel's look-up (nft_set_rbtree.c) would find it. */

#include <cordon-config.h>
#include "audit/ruleset_private.h"

#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/attrs.h"
#include "lib/arena.h"
#include "util.h"

#define USERDATA_ELEMENT_COMMENT 0

/* An element as the kernel has it. */
struct ruleset_pending {
    struct ruleset_element e;
    uint8_t key_len; /* For sorting. */
    bool end;        /* What follows an interval. */
};

static void
read_fields(struct attrs *set, struct attrs *desc, struct ruleset_set *s)
{
    const struct nlattr *list = desc->tb[NFTA_SET_DESC_CONCAT], *a = NULL;
    size_t sum = 0;

    if (!list) {
        return;
    }
    while ((a = attrs_next(list, a))) {
        struct attrs field;
        uint32_t len;

        attrs_inside(&field, a, NFTA_SET_FIELD_MAX);
        len = attrs_need_u32(&field, NFTA_SET_FIELD_LEN);
        if (field.odd || !len || len > RULESET_VALUE_MAX
            || s->n_fields == ARRAY_SIZE(s->fields)) {
            set->odd = true;
            return;
        }
        s->fields[s->n_fields++] = len;
        sum += ROUND_UP(len, 4);
    }
    if (sum != s->key_len) {
        set->odd = true;
    }
}

void
ruleset_set_read(struct ruleset_maker *m, struct attrs *as,
                 struct ruleset_set *s)
{
    uint32_t x = 0;
    struct attrs desc;

    attrs_u64(as, NFTA_SET_HANDLE, &s->handle);
    attrs_u32(as, NFTA_SET_FLAGS, &s->flags);
    attrs_u32(as, NFTA_SET_KEY_TYPE, &s->key_type);
    x = attrs_need_u32(as, NFTA_SET_KEY_LEN);
    if (!x || x > RULESET_VALUE_MAX) {
        as->odd = true;
        x = 1;
    }
    s->key_len = x;
    attrs_u64(as, NFTA_SET_TIMEOUT, &s->timeout);
    if (s->flags & NFT_SET_MAP && !(s->flags & NFT_SET_OBJECT)) {
        s->data_type = attrs_need_u32(as, NFTA_SET_DATA_TYPE);
        s->verdicts = s->data_type == NFT_DATA_VERDICT;
        x = 0;
        attrs_u32(as, NFTA_SET_DATA_LEN, &x);
        if (!s->verdicts && (!x || x > RULESET_VALUE_MAX)) {
            as->odd = true;
            x = 1;
        }
        s->data_len = MIN(x, RULESET_VALUE_MAX);
    }
    if (s->flags
        & ~(NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | NFT_SET_INTERVAL
            | NFT_SET_MAP | NFT_SET_TIMEOUT | NFT_SET_EVAL | NFT_SET_OBJECT
            | NFT_SET_CONCAT | NFT_SET_EXPR)) {
        as->odd = true;
    }
    attrs_nested(&desc, as, NFTA_SET_DESC, NFTA_SET_DESC_MAX);
    attrs_u32(&desc, NFTA_SET_DESC_SIZE, &s->size);
    read_fields(as, &desc, s);
    if (as->tb[NFTA_SET_EXPRESSIONS]) {
        s->exprs = ruleset_exprs(m, as->tb[NFTA_SET_EXPRESSIONS], &s->n_exprs);
    } else if (as->tb[NFTA_SET_EXPR]) {
        struct expr *one = arena_alloc(m->arena, sizeof *one);

        ruleset_expr(m, as->tb[NFTA_SET_EXPR], one);
        s->exprs = one;
        s->n_exprs = 1;
    }
    if (desc.odd) {
        as->odd = true;
    }
}

/* Is a key in an element if each of its fields is? */
static bool
by_fields(const struct ruleset_set *s)
{
    return s->flags & NFT_SET_INTERVAL && s->n_fields > 1;
}

/* The key in attribute 'type'. NULL if it is not there. */
static const uint8_t *
read_key(struct ruleset_maker *m, const struct ruleset_set *s,
         struct attrs *as, int type)
{
    struct ruleset_data data;

    if (!as->tb[type]) {
        return NULL;
    }
    if (!ruleset_data(m, as->tb[type], &data) || data.is_verdict
        || data.len != s->key_len) {
        as->odd = true;
        return NULL;
    }
    return data.value;
}

static void
read_mapped(struct ruleset_maker *m, const struct ruleset_set *s,
            struct attrs *as, struct ruleset_element *e)
{
    const struct nlattr *data = as->tb[NFTA_SET_ELEM_DATA];
    const char *name = attrs_string(as, NFTA_SET_ELEM_OBJREF);

    if (data
        && (!ruleset_data(m, data, &e->data)
            || e->data.is_verdict != s->verdicts
            || (!s->verdicts && e->data.len != s->data_len))) {
        as->odd = true;
    }
    if (name) {
        /* The type is the set's, which says it in NFTA_SET_OBJ_TYPE. */
        for (uint32_t type = 0; !e->object && type <= NFT_OBJECT_MAX; type++) {
            e->object = ruleset_maker_object(m, name, type);
        }
        if (!e->object) {
            as->odd = true;
        }
    }
}

static void
read_element(struct ruleset_maker *m, const struct ruleset_set *s,
             struct attrs *as, struct ruleset_pending *p)
{
    struct ruleset_element *e = &p->e;
    const void *userdata;
    uint32_t flags = 0;
    size_t n;

    memset(p, 0, sizeof *p);
    attrs_u32(as, NFTA_SET_ELEM_FLAGS, &flags);
    attrs_u64(as, NFTA_SET_ELEM_TIMEOUT, &e->timeout);
    attrs_u64(as, NFTA_SET_ELEM_EXPIRATION, &e->expires);
    e->from = read_key(m, s, as, NFTA_SET_ELEM_KEY);
    e->to = read_key(m, s, as, NFTA_SET_ELEM_KEY_END);
    e->catchall = flags & NFT_SET_ELEM_CATCHALL;
    p->end = flags & NFT_SET_ELEM_INTERVAL_END;
    p->key_len = s->key_len;
    if (!e->to) {
        e->to = e->from;
    } else if (!by_fields(s)) {
        as->odd = true;
    }
    if (e->catchall != !e->from
        || flags & ~(NFT_SET_ELEM_INTERVAL_END | NFT_SET_ELEM_CATCHALL)) {
        as->odd = true;
    }
    read_mapped(m, s, as, e);
    if (s->flags & NFT_SET_MAP && !p->end && !e->object && !e->data.is_verdict
        && !e->data.value) {
        as->odd = true;
    }
    if (as->tb[NFTA_SET_ELEM_EXPRESSIONS]) {
        e->exprs =
            ruleset_exprs(m, as->tb[NFTA_SET_ELEM_EXPRESSIONS], &e->n_exprs);
    } else if (as->tb[NFTA_SET_ELEM_EXPR]) {
        struct expr *one = arena_alloc(m->arena, sizeof *one);

        ruleset_expr(m, as->tb[NFTA_SET_ELEM_EXPR], one);
        e->exprs = one;
        e->n_exprs = 1;
    }
    userdata = attrs_bytes(as, NFTA_SET_ELEM_USERDATA, &n);
    e->comment = ruleset_comment(m, userdata, n, USERDATA_ELEMENT_COMMENT);
}

void
ruleset_elements_read(struct ruleset_maker *m, struct ruleset_set *s,
                      const struct nlattr *list, struct ruleset_elements *es)
{
    const struct nlattr *a = NULL;

    while ((a = attrs_next(list, a))) {
        struct attrs as;

        if (es->n == es->allocated) {
            es->all = x2nrealloc(es->all, &es->allocated, sizeof *es->all);
        }
        attrs_inside(&as, a, NFTA_SET_ELEM_MAX);
        read_element(m, s, &as, &es->all[es->n]);
        if (as.odd) {
            s->unknown = true;
        } else {
            es->n++;
        }
    }
}

/* By key, ends of intervals ahead of those that start there; catchall last. */
static int
compare_pending(const void *a_, const void *b_)
{
    const struct ruleset_pending *a = a_, *b = b_;
    int c;

    if (a->e.catchall || b->e.catchall) {
        return a->e.catchall - b->e.catchall;
    }
    c = memcmp(a->e.from, b->e.from, a->key_len);
    return c ? c : b->end - a->end;
}

/* What is one less than 'key', which is not all zeros. */
static const uint8_t *
before(struct ruleset_maker *m, const uint8_t *key, size_t n)
{
    uint8_t *p = memcpy(arena_alloc(m->arena, n), key, n);

    while (n && !p[n - 1]--) {
        n--;
    }
    return p;
}

/* The last key of the interval that starts at es->all[i]. */
static const uint8_t *
last_key(struct ruleset_maker *m, const struct ruleset_elements *es, size_t i)
{
    const struct ruleset_pending *p = &es->all[i];
    size_t n = p->key_len;

    if (i + 1 == es->n || es->all[i + 1].e.catchall) {
        return memset(arena_alloc(m->arena, n), 0xff, n);
    } else if (!memcmp(es->all[i + 1].e.from, p->e.from, n)) {
        /* Twice the same, of which the one or the other is found. */
        return p->e.from;
    }
    return before(m, es->all[i + 1].e.from, n);
}

void
ruleset_elements_finish(struct ruleset_maker *m, struct ruleset_set *s,
                        struct ruleset_elements *es)
{
    bool intervals = s->flags & NFT_SET_INTERVAL && !by_fields(s);
    struct ruleset_element *elements =
        ARENA_ARRAY(m->arena, struct ruleset_element, es->n + 1);
    size_t n = 0;

    if (es->n) {
        qsort(es->all, es->n, sizeof *es->all, compare_pending);
    }
    for (size_t i = 0; i < es->n; i++) {
        struct ruleset_pending *p = &es->all[i];

        if (p->end && !intervals) {
            s->unknown = true;
        }
        if (p->end) {
            continue;
        }
        if (intervals && !p->e.catchall) {
            p->e.to = last_key(m, es, i);
        }
        elements[n++] = p->e;
    }
    s->ordered = !by_fields(s);
    for (size_t i = 1; s->ordered && i < n && !elements[i].catchall; i++) {
        if (memcmp(elements[i - 1].to, elements[i].from, s->key_len) >= 0) {
            s->ordered = false;
        }
    }
    s->elements = elements;
    s->n_elements = n;
    free(es->all);
    es->all = NULL;
}
