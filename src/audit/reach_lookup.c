/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Look-ups in sets and maps. Bits of the key that are constants, as the
 * device's number is, choose the elements that matter; what a set without
 * them comes to is remembered, since it is the same for all ports. */

#include <cordon-config.h>
#include "audit/reach_private.h"

#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/header_vars.h"
#include "audit/question.h"
#include "hash.h"
#include "openvswitch/hmap.h"
#include "util.h"

struct memo {
    struct hmap_node node;
    const struct ruleset_set *set;
    struct bits_byte key[RULESET_VALUE_MAX];
    bits found;
};

static struct hmap memos = HMAP_INITIALIZER(&memos);

void
reach_forget_lookups(void)
{
    struct memo *m;

    HMAP_FOR_EACH_POP (m, node, &memos) {
        free(m);
    }
    hmap_destroy(&memos);
    hmap_init(&memos);
}

/* What of the key is the same for all frames. */
struct fixed {
    uint8_t mask[RULESET_VALUE_MAX], value[RULESET_VALUE_MAX];
    size_t head; /* So many whole bytes from the start. */
    bool any;    /* None at all. */
};

static void
fix(const struct bits_byte *key, size_t n, struct fixed *f)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < 8 * n; i++) {
        bits x = key[i / 8].bit[i % 8];

        if (x == BITS_ALL || x == BITS_NONE) {
            f->mask[i / 8] |= 0x80 >> i % 8;
            f->value[i / 8] |= x == BITS_ALL ? 0x80 >> i % 8 : 0;
            f->any = true;
        }
    }
    while (f->head < n && f->mask[f->head] == 0xff) {
        f->head++;
    }
}

/* Whether an element might have a key with these bits. */
static bool
may_have(const struct fixed *f, const struct ruleset_element *e, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (e->from[i] == e->to[i]) {
            if ((e->from[i] ^ f->value[i]) & f->mask[i]) {
                return false;
            }
        } else {
            return true; /* Beyond the first byte that differs it is up to
                          * the comparison. */
        }
    }
    return true;
}

/* The first element whose key's head is not below that of 'f'. */
static size_t
first_of(const struct ruleset_set *set, const struct fixed *f)
{
    size_t low = 0, high = set->n_elements;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct ruleset_element *e = &set->elements[mid];

        if (!e->catchall && memcmp(e->to, f->value, f->head) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Frames whose key is in the element. */
static bits
in_element(const struct ruleset_set *set, const struct ruleset_element *e,
           const struct bits_byte *key)
{
    bits x = BITS_ALL;

    if (!memcmp(e->from, e->to, set->key_len)) {
        if (set->n_fields <= 1) {
            return bits_equal(key, e->from, set->key_len);
        }
    } else if (set->n_fields <= 1) {
        return bits_and(bits_at_least(key, e->from, set->key_len),
                        bits_at_most(key, e->to, set->key_len));
    }
    for (size_t i = set->n_fields, at = set->key_len; i-- > 0;) {
        size_t len = set->fields[i];

        at -= ROUND_UP(len, 4);
        if (!memcmp(&e->from[at], &e->to[at], len)) {
            x = bits_and(bits_equal(&key[at], &e->from[at], len), x);
        } else {
            x = bits_and(x, bits_at_least(&key[at], &e->from[at], len));
            x = bits_and(x, bits_at_most(&key[at], &e->to[at], len));
        }
        if (x == BITS_NONE) {
            break;
        }
    }
    return x;
}

/* An element may go, or its limit be used up. */
static bits
while_it_lasts(const struct reach_rule *w, const struct ruleset_set *set,
               const struct ruleset_element *e, bits x)
{
    char *s;

    if (!e->timeout && !e->n_exprs && !set->dynamic) {
        return x;
    }
    s = xasprintf("element %zu of set %s %s", (size_t) (e - set->elements),
                  set->table->name, set->name);
    x = e->n_exprs && !e->timeout && !set->dynamic
            ? bits_and(x, header_usually(s))
            : bits_and(x, reach_oracle(w, s));
    free(s);
    return x;
}

static bool
is_plain(const struct bits_byte *key, size_t n)
{
    for (size_t i = 0; i < 8 * n; i++) {
        bits x = key[i / 8].bit[i % 8];

        if (x != BITS_ALL && x != BITS_NONE && header_var_of(x) < 0) {
            return false;
        }
    }
    return true;
}

/* Calls nothing: collects all elements into 'found', and data into 'data' if
 * that is not NULL. */
static bits
collect(struct reach_rule *w, const struct ruleset_set *set,
        const struct bits_byte *key, const struct fixed *f,
        struct bits_byte *data)
{
    size_t i = set->ordered && f->head ? first_of(set, f) : 0;
    bits found = BITS_NONE;

    for (; i < set->n_elements; i++) {
        const struct ruleset_element *e = &set->elements[i];
        bits x;

        if (e->catchall) {
            x = bits_not(found);
        } else {
            if (set->ordered && f->head
                && memcmp(e->from, f->value, f->head) > 0
                && set->elements[set->n_elements - 1].catchall == false) {
                break;
            }
            if (!may_have(f, e, set->key_len)) {
                continue;
            }
            x = in_element(set, e, key);
        }
        x = while_it_lasts(w, set, e, x);
        if (x == BITS_NONE) {
            continue;
        }
        found = bits_or(found, x);
        if (data && set->verdicts) {
            if (w->n_cases == w->allocated_cases) {
                w->cases = x2nrealloc(w->cases, &w->allocated_cases,
                                      sizeof *w->cases);
            }
            w->cases[w->n_cases++] = (struct reach_case){
                .frames = x,
                .verdict = e->data.verdict,
            };
        } else if (data) {
            for (size_t j = 0; j < 8u * MIN(set->data_len, e->data.len); j++) {
                if (e->data.value[j / 8] >> (7 - j % 8) & 1) {
                    bits *bit = &data[j / 8].bit[j % 8];

                    *bit = bits_or(*bit, x);
                }
            }
        }
    }
    return found;
}

/* Whether none of its elements may go or be used up. */
static bool
is_lasting(const struct ruleset_set *set)
{
    for (size_t i = 0; i < set->n_elements; i++) {
        if (set->elements[i].timeout || set->elements[i].n_exprs) {
            return false;
        }
    }
    return !set->dynamic;
}

static bits
remembered(struct reach_rule *w, const struct ruleset_set *set,
           const struct bits_byte *key, const struct fixed *f)
{
    size_t size = set->key_len * sizeof *key;
    uint32_t hash = hash_bytes(key, size, set->index);
    struct memo *m;

    HMAP_FOR_EACH_WITH_HASH (m, node, hash, &memos) {
        if (m->set == set && !memcmp(m->key, key, size)) {
            return m->found;
        }
    }
    m = xmalloc(sizeof *m);
    m->set = set;
    memcpy(m->key, key, size);
    m->found = bits_keep(collect(w, set, key, f, NULL));
    hmap_insert(&memos, &m->node, hash);
    return m->found;
}

/* What of the set is a port's. */
static bool
answer(const struct question *q, const struct question_port *port OVS_UNUSED,
       const struct bits_byte *key, bits *ret_frames,
       struct question_data *ret_data)
{
    const struct ruleset_set *set = q->what[0];
    struct bits_byte data[RULESET_VALUE_MAX];
    bool loads = q->kind & 1;
    struct reach_rule w;
    struct fixed f;
    bits found;

    memset(&w, 0, offsetof(struct reach_rule, reg));
    w.rule = q->what[1];
    w.at = q->kind / 2;
    memset(data, 0, sizeof data); /* BITS_NONE. */
    fix(key, set->key_len, &f);
    found = collect(&w, set, key, &f, loads ? data : NULL);
    *ret_frames = found;
    if (!loads || found == BITS_NONE) {
        return true;
    }
    if (set->data_len > sizeof ret_data->value) {
        return false;
    }
    memset(ret_data->value, 0, sizeof ret_data->value);
    ret_data->n = set->data_len;
    for (size_t i = 0; i < 8u * set->data_len; i++) {
        bits x = data[i / 8].bit[i % 8];

        if (x == found) {
            ret_data->value[i / 8] |= 0x80 >> i % 8;
        } else if (x != BITS_NONE) {
            return false; /* It depends on the frame. */
        }
    }
    return true;
}

/* The same of what is left open. */
static bits
ask(const struct reach_rule *w, const struct expr *e,
    const struct bits_byte *key, struct bits_byte *data)
{
    const struct ruleset_set *set = e->lookup.set;
    struct question q = {
        .answer = answer,
        .what = { set, is_lasting(set) ? NULL : w->rule },
        .kind = (is_lasting(set) ? 0 : 2 * w->at) | e->lookup.loads,
        .n = set->key_len,
    };

    if (set->unknown || set->dynamic
        || (e->lookup.loads && (set->verdicts || set->data_len > 16))) {
        question_fail();
        return BITS_NONE;
    }
    memcpy(q.key, key, set->key_len * sizeof *key);
    return question_ask(&q, e->lookup.loads ? data : NULL);
}

void
reach_lookup(struct reach_rule *w, const struct expr *e)
{
    const struct ruleset_set *set = e->lookup.set;
    struct bits_byte data[RULESET_VALUE_MAX], key[RULESET_VALUE_MAX];
    struct fixed f;
    bits found;

    if (4 * e->sreg + set->key_len > REACH_BYTES
        || set->key_len > RULESET_VALUE_MAX) {
        w->frames = bits_and(w->frames, reach_oracle(w, "set"));
        return;
    }
    for (size_t i = 0; i < set->key_len; i += 4) {
        if (!w->loaded[e->sreg + i / 4]) {
            w->frames = bits_and(w->frames, reach_oracle(w, "key"));
            return;
        }
    }
    memcpy(key, &w->reg[4 * e->sreg], set->key_len * sizeof *key);
    memset(data, 0, sizeof data); /* BITS_NONE. */
    fix(key, set->key_len, &f);
    if (question_is_open()
        && question_key(key, set->key_len, w->frames, key)) {
        found = ask(w, e, key, data);
    } else if (e->lookup.loads) {
        found = collect(w, set, key, &f, data);
    } else if (f.head < 4 && is_plain(key, set->key_len) && is_lasting(set)) {
        found = remembered(w, set, key, &f);
    } else {
        found = collect(w, set, key, &f, NULL);
    }
    if (set->unknown || set->dynamic) {
        char *what = xasprintf("set %s", set->name);
        bits x = reach_oracle(w, what);

        /* Any key may be there. */
        found = bits_or(found, x);
        free(what);
        if (e->lookup.loads) {
            char *where = reach_where(w->rule->chain, w->rule);

            reach_note(w->reach, REACH_UNKNOWN, bits_and(w->frames, x), 0,
                       xasprintf("%s: map %s changes", where, set->name));
            free(where);
        }
    }
    w->frames = e->lookup.invert ? bits_diff(w->frames, found)
                                 : bits_and(w->frames, found);
    if (e->lookup.loads && !set->verdicts && w->frames != BITS_NONE) {
        for (size_t i = 0; i < DIV_ROUND_UP(set->data_len, 4u); i++) {
            if (e->dreg + i < RULESET_REG_END) {
                w->loaded[e->dreg + i] = true;
                memcpy(&w->reg[4 * (e->dreg + i)], &data[4 * i],
                       4 * sizeof *data);
            }
        }
    }
}
