/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Interprets expressions: those that work on registers and sets, and those that
 * end a rule. Those that look at the frame are in run_packet.c. run.c calls
 * this. */

#include <cordon-config.h>
#include "audit/run.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/run_private.h"
#include "util.h"

void
run_store(struct run *r, uint8_t word, const void *p, size_t n)
{
    size_t end = word * 4 + ROUND_UP(n, 4);

    ovs_assert(end <= sizeof r->regs.b);
    memset(&r->regs.b[end - 4], 0, 4);
    memcpy(&r->regs.b[word * 4], p, n);
}

void
run_store32(struct run *r, uint8_t word, uint32_t x)
{
    r->regs.w[word] = x;
}

void
run_store16(struct run *r, uint8_t word, uint16_t x)
{
    run_store(r, word, &x, sizeof x);
}

void
run_store8(struct run *r, uint8_t word, uint8_t x)
{
    run_store(r, word, &x, sizeof x);
}

void
run_give_up(struct run *r, const struct expr *e, const char *why)
{
    r->verdict = NF_DROP;
    r->result->end = RUN_UNKNOWN;
    r->result->why = why;
    r->result->expr = e ? e->name : NULL;
}

static void
brk(struct run *r)
{
    r->verdict = NFT_BREAK;
}

static void
set_verdict(struct run *r, const struct expr *e,
            const struct ruleset_verdict *v)
{
    r->verdict = v->code;
    r->target = v->chain;
    if ((v->code == NFT_JUMP || v->code == NFT_GOTO) && !v->chain) {
        run_give_up(r, e, "a jump to a chain that is not there");
    }
}

static bool
beyond(const struct run *r)
{
    r->result->assumed |= RUN_ASSUMED_LIMIT;
    return r->hook->assume && r->hook->assume->beyond_limits;
}

static void evaluate_all(struct run *, const struct expr *, size_t n);

/* The element of 'set' that 'key' finds; one that a rule has added for this
 * frame counts as found, with no data ('*ret_added'). */
static const struct ruleset_element *
find_element(const struct run *r, const struct ruleset_set *set,
             const uint8_t *key, bool *ret_added)
{
    const struct run_result *result = r->result;

    *ret_added = false;
    for (size_t i = 0; i < result->n_added; i++) {
        if (result->added[i].set == set
            && !memcmp(result->added[i].key, key, set->key_len)) {
            *ret_added = true;
        }
    }
    return ruleset_element_of(set, key);
}

static void
run_lookup(struct run *r, const struct expr *e)
{
    const struct ruleset_set *set = e->lookup.set;
    const struct ruleset_element *element;
    bool added, found;

    if (set->unknown) {
        run_give_up(r, e, "a set that could not be read");
        return;
    }
    element = find_element(r, set, run_load(r, e->sreg), &added);
    if (!element && !added) {
        element = ruleset_element_catchall(set);
    }
    found = element || added;
    if (found == e->lookup.invert) {
        brk(r);
        return;
    }
    if (!element) {
        if (added && e->lookup.loads) {
            run_give_up(r, e, "a map that rules fill");
        }
        return;
    }
    if (e->lookup.loads) {
        if (element->data.is_verdict) {
            set_verdict(r, e, &element->data.verdict);
        } else if (element->data.value) {
            run_store(r, e->dreg, element->data.value, element->data.len);
        }
    }
    /* After a verdict, only what ends the rule instead could matter. */
    if (r->verdict == NFT_CONTINUE || element->n_exprs) {
        int verdict = r->verdict;

        r->verdict = NFT_CONTINUE;
        evaluate_all(r, element->exprs, element->n_exprs);
        if (r->verdict == NFT_CONTINUE) {
            r->verdict = verdict;
        }
    }
}

static void
run_dynset(struct run *r, const struct expr *e)
{
    const struct ruleset_set *set = e->dynset.set;
    const uint8_t *key = run_load(r, e->sreg);
    const struct ruleset_element *element;
    struct run_result *result = r->result;
    bool added;

    if (e->dynset.op == NFT_DYNSET_OP_DELETE) {
        return;
    }
    if (set->unknown) {
        run_give_up(r, e, "a set that could not be read");
        return;
    }
    element = find_element(r, set, key, &added);
    if (!element && !added) {
        result->assumed |= RUN_ASSUMED_ROOM;
        if (set->size && set->n_elements >= set->size) {
            if (!e->dynset.invert) {
                brk(r);
            }
            return;
        }
        if (result->n_added == result->allocated_added) {
            result->added = x2nrealloc(result->added, &result->allocated_added,
                                       sizeof *result->added);
        }
        result->added[result->n_added].set = set;
        memcpy(result->added[result->n_added++].key, key, set->key_len);
    }
    if (element) {
        evaluate_all(r, element->exprs, element->n_exprs);
    } else {
        evaluate_all(r, e->dynset.exprs, e->dynset.n_exprs);
    }
    if (e->dynset.invert) {
        brk(r);
    }
}

static void
run_objref(struct run *r, const struct expr *e)
{
    const struct ruleset_object *o = e->objref.object;

    if (!o) {
        const struct ruleset_element *element;

        if (e->objref.set->unknown) {
            run_give_up(r, e, "a map that could not be read");
            return;
        }
        element = ruleset_element(e->objref.set, run_load(r, e->sreg));
        if (!element) {
            brk(r);
            return;
        }
        o = element->object;
        if (!o) {
            run_give_up(r, e, "an object that is not there");
            return;
        }
    }
    evaluate_all(r, o->expr, 1);
}

static void
run_cmp(struct run *r, const struct expr *e)
{
    int d = memcmp(run_load(r, e->sreg), e->cmp.value, e->len);
    bool match = false;

    switch (e->cmp.op) {
    case NFT_CMP_EQ:
        match = !d;
        break;
    case NFT_CMP_NEQ:
        match = d;
        break;
    case NFT_CMP_LT:
        match = d < 0;
        break;
    case NFT_CMP_LTE:
        match = d <= 0;
        break;
    case NFT_CMP_GT:
        match = d > 0;
        break;
    case NFT_CMP_GTE:
        match = d >= 0;
        break;
    }
    if (!match) {
        brk(r);
    }
}

static void
run_range(struct run *r, const struct expr *e)
{
    const uint8_t *p = run_load(r, e->sreg);
    bool within = memcmp(p, e->range.from, e->len) >= 0
                  && memcmp(p, e->range.to, e->len) <= 0;

    if (within == e->range.invert) {
        brk(r);
    }
}

static void
run_bitwise(struct run *r, const struct expr *e)
{
    uint32_t *src = &r->regs.w[e->sreg], *dst = &r->regs.w[e->dreg];
    size_t n = DIV_ROUND_UP(e->len, 4);
    uint32_t carry = 0;

    if (e->bitwise.mask) {
        uint32_t mask[RULESET_VALUE_MAX / 4] = { 0 };
        uint32_t xor [RULESET_VALUE_MAX / 4] = { 0 };

        memcpy(mask, e->bitwise.mask, e->len);
        memcpy(xor, e->bitwise.xor, e->len);
        for (size_t i = 0; i < n; i++) {
            dst[i] = (src[i] & mask[i]) ^ xor[i];
        }
    } else if (e->bitwise.op == NFT_BITWISE_LSHIFT) {
        for (size_t i = n; i > 0; i--) {
            uint32_t x = src[i - 1];

            dst[i - 1] = x << e->bitwise.shift | carry;
            carry = x >> (32 - e->bitwise.shift);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            uint32_t x = src[i];

            dst[i] = carry | x >> e->bitwise.shift;
            carry = x << (32 - e->bitwise.shift);
        }
    }
}

/* Both directions are the same. Of several numbers of 8 bytes, the kernel
 * takes each from 4 bytes behind the last. */
static void
run_byteorder(struct run *r, const struct expr *e)
{
    uint8_t *src = &r->regs.b[e->sreg * 4], *dst = &r->regs.b[e->dreg * 4];
    size_t size = e->byteorder.size, step = size == 8 ? 4 : size;

    for (size_t i = 0; i < e->len / size; i++) {
        uint8_t in[8];

        memcpy(in, src + i * step, size);
        for (size_t j = 0; j < size; j++) {
            dst[i * size + j] = in[size - 1 - j];
        }
    }
}

static void
run_immediate(struct run *r, const struct expr *e)
{
    if (e->immediate.is_verdict) {
        set_verdict(r, e, &e->immediate.verdict);
    } else {
        run_store(r, e->dreg, e->immediate.value, e->immediate.len);
    }
}

static void
run_send(struct run *r, const struct expr *e)
{
    struct run_result *result = r->result;
    uint32_t device = r->regs.w[e->sreg];

    if (e->send.has_addr || !e->sreg) {
        run_give_up(r, e, "sends to where a route leads");
    } else if (e->kind == EXPR_FWD) {
        r->verdict = NF_STOLEN;
        result->device = device;
    } else {
        if (result->n_copies == result->allocated_copies) {
            result->copies =
                x2nrealloc(result->copies, &result->allocated_copies,
                           sizeof *result->copies);
        }
        result->copies[result->n_copies++] = device;
    }
}

void
run_expr(struct run *r, const struct expr *e, bool *ret_marked)
{
    switch (e->kind) {
    case EXPR_COUNTER:
    case EXPR_LAST:
    case EXPR_LOG:
        break;
    case EXPR_PAYLOAD:
        run_payload(r, e);
        break;
    case EXPR_META:
        run_meta(r, e);
        break;
    case EXPR_CT:
        run_ct(r, e);
        break;
    case EXPR_EXTHDR:
        run_exthdr(r, e);
        break;
    case EXPR_IMMEDIATE:
        run_immediate(r, e);
        break;
    case EXPR_BITWISE:
        run_bitwise(r, e);
        break;
    case EXPR_BYTEORDER:
        run_byteorder(r, e);
        break;
    case EXPR_CMP:
        run_cmp(r, e);
        break;
    case EXPR_RANGE:
        run_range(r, e);
        break;
    case EXPR_LOOKUP:
        run_lookup(r, e);
        break;
    case EXPR_LIMIT:
    case EXPR_CONNLIMIT:
    case EXPR_QUOTA:
        /* Beyond it, the rule ends; the other way round if inverted. */
        if (beyond(r) != e->limit.invert) {
            brk(r);
        }
        break;
    case EXPR_OBJREF:
        run_objref(r, e);
        break;
    case EXPR_DYNSET:
        run_dynset(r, e);
        break;
    case EXPR_META_SET:
        run_meta_set(r, e, ret_marked);
        break;
    case EXPR_PAYLOAD_SET:
        run_payload_set(r, e);
        break;
    case EXPR_CT_SET:
        break; /* Marks, labels and zones of connections. */
    case EXPR_NOTRACK:
        if (r->skb->ct == SKB_CT_NONE) {
            r->skb->ct = SKB_CT_UNTRACKED;
        }
        break;
    case EXPR_REJECT:
        r->result->answers = true;
        r->verdict = NF_DROP;
        break;
    case EXPR_FWD:
    case EXPR_DUP:
        run_send(r, e);
        break;
    case EXPR_QUEUE:
        run_give_up(r, e, "a program decides");
        break;
    case EXPR_NUMGEN:
    case EXPR_HASH:
    case EXPR_FIB:
    case EXPR_SOCKET:
    case EXPR_RT:
    case EXPR_OSF:
    case EXPR_TUNNEL:
    case EXPR_XFRM:
        run_give_up(r, e, "depends on what is not in a frame");
        break;
    case EXPR_EXTHDR_SET:
    case EXPR_NAT:
    case EXPR_TPROXY:
    case EXPR_SYNPROXY:
    case EXPR_FLOW_OFFLOAD:
        run_give_up(r, e, "changes the frame or where it goes");
        break;
    case EXPR_UNKNOWN:
        run_give_up(r, e, "not known");
        break;
    }
}

static void
evaluate_all(struct run *r, const struct expr *exprs, size_t n)
{
    bool marked = false;

    for (size_t i = 0; i < n && r->verdict == NFT_CONTINUE; i++) {
        run_expr(r, &exprs[i], &marked);
    }
}
