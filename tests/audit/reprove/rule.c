/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a rule matches: its expressions one after the other, on registers that
 * hold formulas. One that is not true of a frame ends the rule for it. */

#include <cordon-config.h>
#include "audit/reprove/rule_private.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "audit/host.h"
#include "util.h"

struct registers {
    sym b[RULESET_REG_END * 4]; /* NULL: not loaded by this rule. */
};

static void
not_understood(struct rule_match *m, const char *why)
{
    if (!m->why) {
        m->why = why;
    }
}

static const sym *
load(struct rule_match *m, const struct registers *r, uint8_t word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!r->b[word * 4 + i]) {
            not_understood(m, "a register that the rule has not loaded");
        }
    }
    return &r->b[word * 4];
}

static void
store(struct registers *r, uint8_t word, const sym *b, size_t n)
{
    for (size_t i = 0; i < ROUND_UP(n, 4); i++) {
        r->b[word * 4 + i] = i < n ? b[i] : sym_byte(0);
    }
}

static void
store_bytes(struct registers *r, uint8_t word, const void *p, size_t n)
{
    const uint8_t *bytes = p;
    sym b[RULESET_VALUE_MAX];

    for (size_t i = 0; i < n; i++) {
        b[i] = sym_byte(bytes[i]);
    }
    store(r, word, b, n);
}

static sym
do_meta(struct rule_match *m, const struct expr *e, struct registers *r)
{
    char name[16] = "";
    uint32_t number = 0;

    switch (e->meta.key) {
    case NFT_META_PROTOCOL:
        store(r, e->dreg, m->frame->protocol, 2);
        break;
    case NFT_META_L4PROTO:
        store(r, e->dreg, &m->frame->l4proto, 1);
        return m->frame->known;
    case NFT_META_NFPROTO:
        store_bytes(r, e->dreg, &(uint8_t){ NFPROTO_NETDEV }, 1);
        break;
    case NFT_META_MARK:
        store(r, e->dreg, m->carried->mark, 4);
        break;
    case NFT_META_PKTTYPE:
        store(r, e->dreg, &m->carried->pkttype, 1);
        break;
    case NFT_META_IIF:
        number = m->link->ifindex;
        store_bytes(r, e->dreg, &number, sizeof number);
        break;
    case NFT_META_OIF:
        store_bytes(r, e->dreg, &number, sizeof number);
        break;
    case NFT_META_IIFNAME:
        memcpy(name, m->link->name, strnlen(m->link->name, sizeof name));
        store_bytes(r, e->dreg, name, sizeof name);
        break;
    case NFT_META_OIFNAME:
        store_bytes(r, e->dreg, name, sizeof name);
        break;
    default:
        not_understood(m, "a key of meta");
        break;
    }
    return sym_true();
}

/* 'is': frames that get as far as this. */
static void
do_meta_set(struct rule_match *m, const struct expr *e,
            const struct registers *r, sym is)
{
    sym here = sym_and(m->here, is);
    const sym *b;

    switch (e->meta.key) {
    case NFT_META_MARK:
        b = load(m, r, e->sreg, 4);
        for (size_t i = 0; i < 4 && !m->why; i++) {
            m->carried->mark[i] = sym_if(here, b[i], m->carried->mark[i]);
        }
        break;
    case NFT_META_PKTTYPE:
        b = load(m, r, e->sreg, 1);
        if (!m->why) {
            m->carried->pkttype = sym_if(here, b[0], m->carried->pkttype);
        }
        break;
    case NFT_META_PRIORITY:
    case NFT_META_NFTRACE:
        break;
    default:
        not_understood(m, "what is set");
        break;
    }
}

static sym
compare(const struct expr *e, const sym *b)
{
    const uint8_t *value = e->cmp.value;
    sym equal = sym_bytes_equal(b, value, e->len);

    switch (e->cmp.op) {
    case NFT_CMP_EQ:
        return equal;
    case NFT_CMP_NEQ:
        return sym_not(equal);
    case NFT_CMP_LT:
        return sym_not(sym_bytes_at_least(b, value, e->len));
    case NFT_CMP_LTE:
        return sym_bytes_at_most(b, value, e->len);
    case NFT_CMP_GT:
        return sym_not(sym_bytes_at_most(b, value, e->len));
    case NFT_CMP_GTE:
        return sym_bytes_at_least(b, value, e->len);
    }
    OVS_NOT_REACHED();
}

static void
do_bitwise(struct rule_match *m, const struct expr *e, struct registers *r)
{
    const sym *b = load(m, r, e->sreg, e->len);
    sym result[RULESET_VALUE_MAX];

    if (!e->bitwise.mask) {
        not_understood(m, "a shift");
    }
    for (size_t i = 0; i < e->len && !m->why; i++) {
        result[i] = sym_bitand(b[i], sym_byte(e->bitwise.mask[i]));
        result[i] = sym_bitxor(result[i], sym_byte(e->bitwise.xor [i]));
    }
    if (!m->why) {
        store(r, e->dreg, result, e->len);
    }
}

static sym
do_lookup(struct rule_match *m, const struct expr *e, struct registers *r,
          sym within)
{
    const struct ruleset_set *set = e->lookup.set;
    const sym *key = load(m, r, e->sreg, set->key_len);
    size_t n = e->lookup.loads && !set->verdicts ? set->data_len : 0;
    sym data[RULESET_VALUE_MAX], found;

    if (set->unknown || set->dynamic) {
        not_understood(m, "a set that rules fill, or could not be read");
    }
    if (m->why) {
        return within;
    }
    for (size_t i = 0; i < n; i++) {
        data[i] = sym_byte(0);
    }
    found = rule_lookup(m, set, within, key, data, n, e->lookup.loads);
    if (n) {
        store(r, e->dreg, data, n);
    }
    return e->lookup.invert ? sym_not(found) : found;
}

/* Unknown, but the same each time. */
static sym
any_of(const char *what, const struct expr *e)
{
    char name[64];

    snprintf(name, sizeof name, "%s %p", what, (const void *) e);
    return sym_any(name);
}

static void
verdict(struct rule_match *m, sym is, const struct ruleset_verdict *v)
{
    if (m->n_verdicts == RULE_VERDICTS) {
        not_understood(m, "a map with that many verdicts");
        return;
    }
    m->verdict[m->n_verdicts].is = is;
    m->verdict[m->n_verdicts++].verdict = v;
    m->verdicts = sym_or(m->verdicts, is);
}

/* Returns the frames for which the rule goes on, of 'is'. */
static sym
evaluate(struct rule_match *m, const struct expr *e, struct registers *r,
         sym is)
{
    sym b[UINT8_MAX], x = sym_true();

    switch (e->kind) {
    case EXPR_COUNTER:
    case EXPR_LAST:
    case EXPR_LOG:
        break;
    case EXPR_PAYLOAD:
        if (e->payload.base > NFT_PAYLOAD_TRANSPORT_HEADER
            || e->payload.offset + e->len > FRAME_N - 128) {
            not_understood(m, "a load from far behind");
            break;
        }
        x = frame_load(m->frame, e->payload.base, e->payload.offset, e->len,
                       b);
        store(r, e->dreg, b, e->len);
        break;
    case EXPR_META:
        x = do_meta(m, e, r);
        break;
    case EXPR_META_SET:
        do_meta_set(m, e, r, is);
        break;
    case EXPR_CMP: {
        const sym *key = load(m, r, e->sreg, e->len);

        x = m->why ? x : compare(e, key);
        break;
    }
    case EXPR_RANGE: {
        const sym *key = load(m, r, e->sreg, e->len);

        if (!m->why) {
            x = sym_and(sym_bytes_at_least(key, e->range.from, e->len),
                        sym_bytes_at_most(key, e->range.to, e->len));
            x = e->range.invert ? sym_not(x) : x;
        }
        break;
    }
    case EXPR_BITWISE:
        do_bitwise(m, e, r);
        break;
    case EXPR_LOOKUP:
        x = do_lookup(m, e, r, is);
        break;
    case EXPR_IMMEDIATE:
        if (e->immediate.is_verdict) {
            verdict(m, is, &e->immediate.verdict);
        } else {
            store_bytes(r, e->dreg, e->immediate.value, e->immediate.len);
        }
        break;
    case EXPR_LIMIT:
    case EXPR_QUOTA:
        x = any_of("limit", e);
        break;
    case EXPR_DYNSET:
        x = any_of("room", e);
        break;
    default:
        not_understood(m, e->name);
        break;
    }
    return sym_and(is, x);
}

void
rule_match(struct rule_match *m, const struct ruleset_rule *rule)
{
    struct registers r = { { NULL } };
    sym is = sym_true();

    m->verdicts = sym_false();
    for (size_t i = 0; i < rule->n_exprs && !m->why; i++) {
        is = evaluate(m, &rule->exprs[i], &r, is);
    }
}

/* Whether 'key' is within the element's two ends. */
static sym
is_element(const struct ruleset_set *set, const struct ruleset_element *e,
           const sym *key)
{
    sym all = sym_true();
    size_t at = 0;

    if (set->n_fields < 2 || !(set->flags & NFT_SET_INTERVAL)) {
        return sym_and(sym_bytes_at_least(key, e->from, set->key_len),
                       sym_bytes_at_most(key, e->to, set->key_len));
    }
    for (size_t i = 0; i < set->n_fields && !sym_is_false(all); i++) {
        size_t n = set->fields[i];

        all = sym_and(all, sym_bytes_at_least(&key[at], &e->from[at], n));
        all = sym_and(all, sym_bytes_at_most(&key[at], &e->to[at], n));
        at += ROUND_UP(n, 4);
    }
    return all;
}

sym
rule_lookup(struct rule_match *m, const struct ruleset_set *set, sym within,
            const sym *key, sym *data, size_t n_data, bool loads)
{
    sym found = sym_false();

    /* Those of catchall are last. */
    for (size_t i = 0; i < set->n_elements; i++) {
        const struct ruleset_element *e = &set->elements[i];
        bool exact = !e->catchall && !memcmp(e->from, e->to, set->key_len);
        sym is = e->catchall ? sym_not(found)
                 : exact     ? sym_bytes_equal(key, e->from, set->key_len)
                             : is_element(set, e, key);

        if (sym_is_false(is)) {
            continue;
        }
        for (size_t j = 0; j < n_data && e->data.value; j++) {
            data[j] = sym_if(is, sym_byte(e->data.value[j]), data[j]);
        }
        if (loads && e->data.is_verdict) {
            verdict(m, sym_and(within, is), &e->data.verdict);
        }
        for (size_t j = 0; j < e->n_exprs; j++) {
            if (e->exprs[j].kind == EXPR_LIMIT) {
                is = sym_and(is, any_of("limit", &e->exprs[j]));
            } else if (e->exprs[j].kind > EXPR_LAST_PASSIVE) {
                not_understood(m, "an element with an expression");
            }
        }
        found = sym_or(found, is);
    }
    return found;
}
