/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expressions over sets of frames. Registers hold, for each bit, the frames
 * that have it set. What each does follows net/netfilter/nft_*.c; where a
 * load would break the rule, the frames leave it. */

#include <cordon-config.h>
#include "audit/reach_private.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/question.h"
#include "util.h"

static char *
why(const struct reach_rule *w, const char *what)
{
    char *where = reach_where(w->rule->chain, w->rule);
    char *s = xasprintf("%s: %s %zu", where, what, w->at);

    free(where);
    return s;
}

bits
reach_oracle(const struct reach_rule *w, const char *what)
{
    char *s = why(w, what);
    bits x = header_oracle(s);

    free(s);
    return x;
}

static void
usually(struct reach_rule *w, const char *what, bool invert)
{
    char *s = why(w, what);
    bits x = header_usually(s);

    free(s);
    w->frames = bits_and(w->frames, invert ? bits_not(x) : x);
}

void
reach_store(struct reach_rule *w, uint8_t dreg, const struct bits_byte *b,
            size_t n)
{
    size_t at = 4 * dreg, end = ROUND_UP(n, 4);

    if (at + end > REACH_BYTES) {
        w->frames = BITS_NONE;
        return;
    }
    memcpy(&w->reg[at], b, n * sizeof *b);
    memset(&w->reg[at + n], 0, (end - n) * sizeof *b); /* BITS_NONE. */
    for (size_t i = 0; i < end / 4; i++) {
        w->loaded[dreg + i] = true;
    }
}

const struct bits_byte *
reach_fetch(struct reach_rule *w, uint8_t sreg, size_t n)
{
    for (size_t i = 0; i < DIV_ROUND_UP(n, 4) && sreg + i < RULESET_REG_END;
         i++) {
        if (w->loaded[sreg + i]) {
            continue;
        }
        w->loaded[sreg + i] = true;
        for (size_t j = 0; j < 32; j++) {
            char what[48];

            snprintf(what, sizeof what, "register %zu bit %zu", sreg + i, j);
            w->reg[4 * (sreg + i) + j / 8].bit[j % 8] = reach_oracle(w, what);
        }
    }
    return &w->reg[4 * sreg];
}

void
reach_load_unknown(struct reach_rule *w, const struct expr *e,
                   const char *what, bool may_break)
{
    size_t n = MAX(e->len, 1);

    if (n > RULESET_VALUE_MAX) {
        n = RULESET_VALUE_MAX;
    }
    if (may_break) {
        w->frames = bits_and(w->frames, reach_oracle(w, what));
    }
    for (size_t i = 0; i < ROUND_UP(n, 4) / 4; i++) {
        if (e->dreg + i < RULESET_REG_END) {
            w->loaded[e->dreg + i] = false;
        }
    }
    reach_fetch(w, e->dreg, n);
}

/* What is known of a frame's connection could be anything, or nothing if the
 * frame is not tracked. Usually the frame opens one; ARP never has one. */
static void
connection(struct reach_rule *w, const struct expr *e)
{
    uint32_t opens =
        e->ct.key == NFT_CT_STATE ? NF_CT_STATE_BIT(IP_CT_NEW) : 0;
    char *s = why(w, "a connection that the frame opens");
    bits usual = header_usually(s), before = w->frames;
    struct bits_byte b[RULESET_VALUE_MAX];

    free(s);
    reach_load_unknown(w, e, e->name, true);
    if (w->reach->header.shape == HEADER_ARP && e->ct.key != NFT_CT_STATE) {
        w->frames = bits_diff(w->frames, usual);
        return;
    }
    if (e->len > sizeof opens
        || (e->ct.key != NFT_CT_STATE && e->ct.key != NFT_CT_STATUS
            && e->ct.key != NFT_CT_MARK && e->ct.key != NFT_CT_DIRECTION)) {
        return;
    }
    memcpy(b, reach_fetch(w, e->dreg, e->len), e->len * sizeof *b);
    for (size_t i = 0; i < 8u * e->len; i++) {
        bits one = ((const uint8_t *) &opens)[i / 8] >> (7 - i % 8) & 1
                       ? BITS_ALL
                       : BITS_NONE;

        b[i / 8].bit[i % 8] = bits_if(usual, one, b[i / 8].bit[i % 8]);
    }
    reach_store(w, e->dreg, b, e->len);
    w->frames = bits_or(w->frames, bits_and(before, usual));
}

static void
payload(struct reach_rule *w, const struct expr *e)
{
    static const enum header_base bases[] = {
        [NFT_PAYLOAD_LL_HEADER] = HEADER_LINK,
        [NFT_PAYLOAD_NETWORK_HEADER] = HEADER_NETWORK,
        [NFT_PAYLOAD_TRANSPORT_HEADER] = HEADER_TRANSPORT,
    };
    struct bits_byte b[RULESET_VALUE_MAX];
    bits there;

    if (e->payload.base >= ARRAY_SIZE(bases) || e->len > RULESET_VALUE_MAX) {
        reach_load_unknown(w, e, "payload", true);
        return;
    }
    header_load(&w->reach->header, bases[e->payload.base], e->payload.offset,
                e->len, b, &there);
    w->frames = bits_and(w->frames, there);
    reach_store(w, e->dreg, b, e->len);
}

static void
immediate(struct reach_rule *w, const struct expr *e)
{
    struct bits_byte b[RULESET_VALUE_MAX];

    if (e->immediate.is_verdict) {
        w->has_verdict = true;
        w->verdict = e->immediate.verdict;
        return;
    }
    bits_constant(b, e->immediate.value, e->immediate.len);
    reach_store(w, e->dreg, b, e->immediate.len);
}

static void
bitwise(struct reach_rule *w, const struct expr *e)
{
    const struct bits_byte *s = reach_fetch(w, e->sreg, e->len);
    struct bits_byte b[RULESET_VALUE_MAX];

    if (!e->bitwise.mask || !e->bitwise.xor || e->len > RULESET_VALUE_MAX) {
        reach_load_unknown(w, e, "shift", false);
        return;
    }
    for (size_t i = 0; i < 8u * e->len; i++) {
        bool mask = e->bitwise.mask[i / 8] >> (7 - i % 8) & 1;
        bool flip = e->bitwise.xor [i / 8] >> (7 - i % 8) & 1;
        bits x = mask ? s[i / 8].bit[i % 8] : BITS_NONE;

        b[i / 8].bit[i % 8] = flip ? bits_not(x) : x;
    }
    reach_store(w, e->dreg, b, e->len);
}

static void
byteorder(struct reach_rule *w, const struct expr *e)
{
    const struct bits_byte *s = reach_fetch(w, e->sreg, e->len);
    struct bits_byte b[RULESET_VALUE_MAX];
    size_t size = e->byteorder.size;

    if (!size || e->len % size || e->len > RULESET_VALUE_MAX) {
        reach_load_unknown(w, e, "byte order", false);
        return;
    }
    for (size_t i = 0; i < e->len; i++) {
        b[i] = s[i / size * size + size - 1 - i % size];
    }
    reach_store(w, e->dreg, b, e->len);
}

static bits
compare(const struct bits_byte *s, int op, const uint8_t *value, size_t n)
{
    switch (op) {
    case NFT_CMP_EQ:
        return bits_equal(s, value, n);
    case NFT_CMP_NEQ:
        return bits_not(bits_equal(s, value, n));
    case NFT_CMP_LT:
        return bits_not(bits_at_least(s, value, n));
    case NFT_CMP_LTE:
        return bits_at_most(s, value, n);
    case NFT_CMP_GT:
        return bits_not(bits_at_most(s, value, n));
    case NFT_CMP_GTE:
        return bits_at_least(s, value, n);
    default:
        return BITS_ALL;
    }
}

/* Those that a comparison or a range is true of. */
static bits
comparison(const struct expr *e, const struct bits_byte *s)
{
    return e->kind == EXPR_CMP
               ? compare(s, e->cmp.op, e->cmp.value, e->len)
               : bits_and(bits_at_least(s, e->range.from, e->len),
                          bits_at_most(s, e->range.to, e->len));
}

static bool
answer(const struct question *q, const struct question_port *port OVS_UNUSED,
       const struct bits_byte *key, bits *ret_frames,
       struct question_data *ret_data OVS_UNUSED)
{
    *ret_frames = comparison(q->what[0], key);
    return true;
}

static bits
compared(struct reach_rule *w, const struct expr *e)
{
    const struct bits_byte *s = reach_fetch(w, e->sreg, e->len);
    struct question q = { .answer = answer, .what = { e }, .n = e->len };

    if (!question_is_open()) {
        return comparison(e, s);
    }
    if (e->len > QUESTION_KEY) {
        question_fail();
        return BITS_NONE;
    }
    return question_key(s, e->len, w->frames, q.key) ? question_ask(&q, NULL)
                                                     : comparison(e, s);
}

static void
sends(struct reach_rule *w, const struct expr *e, bool copy)
{
    const struct bits_byte *b;
    uint32_t target = 0;
    bool known = !e->send.has_addr;
    char *where = reach_where(w->rule->chain, w->rule);

    if (known && e->sreg) {
        b = reach_fetch(w, e->sreg, 4);
        for (size_t i = 0; i < 32; i++) {
            bits x = b[i / 8].bit[i % 8];

            known &= x == BITS_ALL || x == BITS_NONE;
            target |= (uint32_t) (x == BITS_ALL) << (8 * (i / 8) + 7 - i % 8);
        }
    } else {
        known = false;
    }
    reach_note(w->reach, REACH_SENDS, w->frames, known ? target : 0,
               xasprintf("%s: %s", where, copy ? "dup" : "fwd"));
    free(where);
    if (!copy) {
        w->has_verdict = true;
        w->verdict = (struct ruleset_verdict){ .code = NF_DROP };
    }
}

/* From here on nothing is known of these frames. */
static void
anything(struct reach_rule *w, const struct expr *e)
{
    char *where = reach_where(w->rule->chain, w->rule);

    reach_note(w->reach, REACH_UNKNOWN, w->frames, 0,
               xasprintf("%s: %s", where, e->name ? e->name : "unknown"));
    free(where);
    w->frames = bits_and(w->frames, reach_oracle(w, "unknown"));
}

static void
dynset(struct reach_rule *w, const struct expr *e)
{
    if (e->dynset.n_exprs || e->dynset.invert) {
        usually(w, "element's limit", e->dynset.invert);
    } else {
        usually(w, "room in a set", false);
    }
}

void
reach_expr(struct reach_rule *w, const struct expr *e)
{
    bits x;

    switch (e->kind) {
    case EXPR_COUNTER:
    case EXPR_LAST:
    case EXPR_LOG:
    case EXPR_CT_SET:
    case EXPR_NOTRACK:
        break;

    case EXPR_PAYLOAD:
        payload(w, e);
        break;

    case EXPR_META:
        reach_meta(w, e);
        break;

    case EXPR_CT:
        connection(w, e);
        break;

    case EXPR_EXTHDR:
    case EXPR_FIB:
    case EXPR_SOCKET:
    case EXPR_RT:
    case EXPR_OSF:
    case EXPR_TUNNEL:
    case EXPR_XFRM:
        reach_load_unknown(w, e, e->name, true);
        break;

    case EXPR_NUMGEN:
    case EXPR_HASH:
        reach_load_unknown(w, e, e->name, false);
        break;

    case EXPR_IMMEDIATE:
        immediate(w, e);
        break;

    case EXPR_BITWISE:
        bitwise(w, e);
        break;

    case EXPR_BYTEORDER:
        byteorder(w, e);
        break;

    case EXPR_CMP:
        w->frames = bits_and(w->frames, compared(w, e));
        break;

    case EXPR_RANGE:
        x = compared(w, e);
        w->frames =
            e->range.invert ? bits_diff(w->frames, x) : bits_and(w->frames, x);
        break;

    case EXPR_LOOKUP:
        reach_lookup(w, e);
        break;

    case EXPR_LIMIT:
    case EXPR_CONNLIMIT:
    case EXPR_QUOTA:
        usually(w, "limit", e->limit.invert);
        break;

    case EXPR_OBJREF:
        if (!e->objref.object
            || e->objref.object->type != NFT_OBJECT_COUNTER) {
            usually(w, "object", false);
        }
        break;

    case EXPR_DYNSET:
        dynset(w, e);
        break;

    case EXPR_META_SET:
        reach_meta_set(w, e);
        break;

    case EXPR_REJECT:
        w->has_verdict = true;
        w->verdict = (struct ruleset_verdict){ .code = NF_DROP };
        break;

    case EXPR_QUEUE:
        w->has_verdict = true;
        w->verdict = (struct ruleset_verdict){ .code = NF_QUEUE };
        break;

    case EXPR_FWD:
        sends(w, e, false);
        break;

    case EXPR_DUP:
        sends(w, e, true);
        break;

    case EXPR_PAYLOAD_SET:
    case EXPR_EXTHDR_SET:
    case EXPR_NAT:
    case EXPR_TPROXY:
    case EXPR_SYNPROXY:
    case EXPR_FLOW_OFFLOAD:
    case EXPR_UNKNOWN:
        anything(w, e);
        break;
    }
}
