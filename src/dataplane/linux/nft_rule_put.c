/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a line of text to the expressions of a rule; nft_rule.c goes the other
 * way. Each statement loads its fields into the registers from the first on,
 * so no statement depends on one before it, and registers have the numbers
 * that the kernel gives them when asked (net/netfilter/nf_tables_api.c,
 * nft_dump_register()). */

#include <cordon-config.h>
#include "dataplane/linux/nft_rule.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>

#include "dataplane/linux/nft_field.h"
#include "dataplane/linux/nft_token.h"
#include "util.h"

#define NO_REGISTER UINT32_MAX

static struct nftnl_expr *
new_expr(const char *name)
{
    struct nftnl_expr *e = nftnl_expr_alloc(name);

    if (!e) {
        out_of_memory();
    }
    return e;
}

static uint32_t
register_number(size_t word)
{
    return word % 4 ? NFT_REG32_00 + word : NFT_REG_1 + word / 4;
}

static void
add_load(struct nftnl_rule *rule, const struct nft_field *f, size_t word)
{
    static const char *const names[] = {
        [NFT_SOURCE_PAYLOAD] = "payload",
        [NFT_SOURCE_META] = "meta",
        [NFT_SOURCE_CT] = "ct",
    };
    struct nftnl_expr *e = new_expr(names[f->source]);

    if (f->source == NFT_SOURCE_META) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, f->base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, register_number(word));
    } else if (f->source == NFT_SOURCE_CT) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, f->base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, register_number(word));
    } else {
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, f->base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, f->offset);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, f->len);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, register_number(word));
    }
    nftnl_rule_add_expr(rule, e);
}

/* Keeps the bits of 'mask' and sets those of 'bits'. */
static void
add_bitwise(struct nftnl_rule *rule, const uint8_t *mask, const uint8_t *bits,
            uint32_t len, size_t word)
{
    struct nftnl_expr *e = new_expr("bitwise");

    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, register_number(word));
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, register_number(word));
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, bits, len);
    nftnl_rule_add_expr(rule, e);
}

/* The set or map is 't'; what a map has goes to 'dreg'. */
static bool
add_lookup(struct nft_reader *r, struct nft_token t, bool invert,
           uint32_t dreg)
{
    struct nftnl_expr *e = new_expr("lookup");
    char *name = xmemdup0(t.s, t.n);

    nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, name);
    if (dreg != NO_REGISTER) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, dreg);
    }
    if (invert) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    }
    nftnl_rule_add_expr(r->rule, e);
    free(name);
    return t.n > 0;
}

/* Reads a term and loads it into register 'word'. Returns the registers that
 * it takes, 0 if it is bad. */
static size_t
put_term(struct nft_reader *r, size_t word, struct nft_field *ret_field)
{
    static const uint8_t zeros[NFT_VALUE_MAX];
    struct nft_token t = nft_token_next(r);
    uint8_t value[NFT_VALUE_MAX];

    if (t.n && t.s[0] == '#') {
        struct nftnl_expr *e;

        t.s++, t.n--;
        if (!nft_token_hex(t, 4, true, value)) {
            return 0;
        }
        e = new_expr("immediate");
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, register_number(word));
        nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, 4);
        nftnl_rule_add_expr(r->rule, e);
        *ret_field = (struct nft_field){ .source = NFT_SOURCE_META, .len = 4 };
        return 1;
    }
    if (!nft_field_from_string(t.s, t.n, ret_field)) {
        return 0;
    }
    add_load(r->rule, ret_field, word);
    if (nft_token_accept(r, "&")) {
        if (!nft_token_hex(nft_token_next(r), ret_field->len,
                           nft_field_is_host_order(ret_field), value)) {
            return 0;
        }
        add_bitwise(r->rule, value, zeros, ret_field->len, word);
    }
    return DIV_ROUND_UP(ret_field->len, 4);
}

/* Reads a key: terms with dots between them. */
static bool
put_key(struct nft_reader *r, struct nft_field *ret_first, size_t *ret_words)
{
    struct nft_field field;
    size_t words = 0;

    do {
        size_t n = put_term(r, words, words ? &field : ret_first);

        if (!n || words + n > 16) {
            return false;
        }
        words += n;
    } while (nft_token_accept(r, "."));
    *ret_words = words;
    return true;
}

/* KEY map SET, into the first register. */
static bool
put_map(struct nft_reader *r)
{
    struct nft_field first;
    size_t words;

    return put_key(r, &first, &words) && nft_token_accept(r, "map")
           && add_lookup(r, nft_token_next(r), false, NFT_REG_1);
}

/* MARK | HEX or MARK & HEX, as 'set' says, into the first register. */
static bool
put_mark_bits(struct nft_reader *r, const struct nft_field *mark, bool set)
{
    uint32_t bits, keep;

    if (!nft_token_hex(nft_token_next(r), sizeof bits, true,
                       (uint8_t *) &bits)) {
        return false;
    }
    keep = set ? ~bits : bits;
    bits = set ? bits : 0;
    add_load(r->rule, mark, 0);
    add_bitwise(r->rule, (uint8_t *) &keep, (uint8_t *) &bits, sizeof bits, 0);
    return true;
}

static bool
put_set_mark(struct nft_reader *r)
{
    static const struct nft_field field = { NFT_SOURCE_META, NFT_META_MARK, 0,
                                            4 };
    struct nft_reader start = *r;
    bool mark = nft_token_accept(r, "mark");
    bool set = mark && nft_token_accept(r, "|");
    struct nftnl_expr *e;

    if (set || (mark && nft_token_accept(r, "&"))) {
        if (!put_mark_bits(r, &field, set)) {
            return false;
        }
    } else {
        *r = start;
        if (!put_map(r)) {
            return false;
        }
    }
    e = new_expr("meta");
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_set_ct_mark(struct nft_reader *r)
{
    static const struct nft_field field = { NFT_SOURCE_CT, NFT_CT_MARK, 0, 4 };
    struct nftnl_expr *e;

    if (!nft_token_accept(r, "ct.mark") || !nft_token_accept(r, "|")
        || !put_mark_bits(r, &field, true)) {
        return false;
    }
    e = new_expr("ct");
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_MARK);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_SREG, NFT_REG_1);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_set_zone(struct nft_reader *r)
{
    struct nftnl_expr *e;

    if (!put_map(r)) {
        return false;
    }
    e = new_expr("ct");
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_ZONE);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_SREG, NFT_REG_1);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_connections(struct nft_reader *r)
{
    struct nftnl_expr *e;
    uint32_t count;

    if (!nft_token_hex(nft_token_next(r), sizeof count, true,
                       (uint8_t *) &count)) {
        return false;
    }
    e = new_expr("connlimit");
    nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_COUNT, count);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_set_pkttype(struct nft_reader *r)
{
    struct nftnl_expr *e;
    uint8_t value;

    if (!nft_token_hex(nft_token_next(r), 1, false, &value)) {
        return false;
    }
    e = new_expr("immediate");
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
    nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &value, 1);
    nftnl_rule_add_expr(r->rule, e);
    e = new_expr("meta");
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_PKTTYPE);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_count(struct nft_reader *r)
{
    struct nft_token set = nft_token_next(r);
    struct nft_field first;
    struct nftnl_expr *e;
    size_t words;
    char *name;

    if (!set.n || !put_key(r, &first, &words)) {
        return false;
    }
    name = xmemdup0(set.s, set.n);
    e = new_expr("dynset");
    nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_ADD);
    nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, name);
    nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, new_expr("counter"));
    nftnl_rule_add_expr(r->rule, e);
    free(name);
    return true;
}

static bool
put_log(struct nft_reader *r)
{
    struct nft_token t = nft_token_next(r);
    uint8_t group[2];
    struct nftnl_expr *e;
    uint32_t bytes;
    char *prefix;

    if (!nft_token_hex(t, sizeof group, false, group)
        || !nft_token_hex(nft_token_next(r), sizeof bytes, true,
                          (uint8_t *) &bytes)) {
        return false;
    }
    t = nft_token_next(r);
    if (!t.n) {
        return false;
    }
    prefix = xmemdup0(t.s, t.n);
    e = new_expr("log");
    nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, group[0] << 8 | group[1]);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, bytes);
    nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, prefix);
    nftnl_rule_add_expr(r->rule, e);
    free(prefix);
    return true;
}

static bool
put_verdict(struct nft_reader *r, int verdict, bool chain)
{
    struct nftnl_expr *e = new_expr("immediate");

    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
    if (chain) {
        struct nft_token t = nft_token_next(r);
        char *name = xmemdup0(t.s, t.n);

        r->bad |= !t.n;
        nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, name);
        free(name);
    }
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_compare(struct nft_reader *r, uint32_t op, const struct nft_field *f)
{
    uint8_t value[NFT_VALUE_MAX];
    struct nftnl_expr *e;

    if (!nft_token_hex(nft_token_next(r), f->len, nft_field_is_host_order(f),
                       value)) {
        return false;
    }
    e = new_expr("cmp");
    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
    nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, f->len);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

/* HEX-HEX. */
static bool
put_range(struct nft_reader *r, const struct nft_field *f)
{
    struct nft_token t = nft_token_next(r);
    struct nft_token from = { t.s, 2 * f->len };
    struct nft_token to = { t.s + 2 * f->len + 1, 2 * f->len };
    uint8_t low[NFT_VALUE_MAX], high[NFT_VALUE_MAX];
    struct nftnl_expr *e;

    if (t.n != 4 * f->len + 1 || t.s[2 * f->len] != '-'
        || nft_field_is_host_order(f)
        || !nft_token_hex(from, f->len, false, low)
        || !nft_token_hex(to, f->len, false, high)) {
        return false;
    }
    e = new_expr("range");
    nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_OP, NFT_RANGE_EQ);
    nftnl_expr_set(e, NFTNL_EXPR_RANGE_FROM_DATA, low, f->len);
    nftnl_expr_set(e, NFTNL_EXPR_RANGE_TO_DATA, high, f->len);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

/* A statement that begins with a key. */
static bool
put_match(struct nft_reader *r)
{
    static const struct {
        const char *word;
        uint32_t op;
    } ops[] = {
        { "==", NFT_CMP_EQ },  { "!=", NFT_CMP_NEQ }, { "<", NFT_CMP_LT },
        { "<=", NFT_CMP_LTE }, { ">", NFT_CMP_GT },   { ">=", NFT_CMP_GTE },
    };
    struct nft_field first;
    bool invert = false;
    size_t words;

    while (r->n && *r->s == ' ') {
        r->s++, r->n--;
    }
    if (r->n && *r->s == '!') {
        invert = true;
        r->s++, r->n--;
    }
    if (!put_key(r, &first, &words)) {
        return false;
    }
    if (nft_token_accept(r, "in")) {
        return add_lookup(r, nft_token_next(r), invert, NO_REGISTER);
    }
    if (!invert && nft_token_accept(r, "vmap")) {
        return add_lookup(r, nft_token_next(r), false, NFT_REG_VERDICT);
    }
    if (invert || words != DIV_ROUND_UP(first.len, 4)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        if (nft_token_accept(r, ops[i].word)) {
            return put_compare(r, ops[i].op, &first);
        }
    }
    return put_range(r, &first);
}

static bool
put_statement(struct nft_reader *r)
{
    struct nft_reader start = *r;
    struct nft_token t = nft_token_next(r);

    if (nft_token_is(t, "accept")) {
        return put_verdict(r, NF_ACCEPT, false);
    } else if (nft_token_is(t, "drop")) {
        return put_verdict(r, NF_DROP, false);
    } else if (nft_token_is(t, "return")) {
        return put_verdict(r, NFT_RETURN, false);
    } else if (nft_token_is(t, "goto")) {
        return put_verdict(r, NFT_GOTO, true);
    } else if (nft_token_is(t, "jump")) {
        return put_verdict(r, NFT_JUMP, true);
    } else if (nft_token_is(t, "count")) {
        return put_count(r);
    } else if (nft_token_is(t, "log")) {
        return put_log(r);
    } else if (nft_token_is(t, "mark") && nft_token_accept(r, "=")) {
        return put_set_mark(r);
    } else if (nft_token_is(t, "pkttype") && nft_token_accept(r, "=")) {
        return put_set_pkttype(r);
    } else if (nft_token_is(t, "ct.mark") && nft_token_accept(r, "=")) {
        return put_set_ct_mark(r);
    } else if (nft_token_is(t, "ct.zone") && nft_token_accept(r, "=")) {
        return put_set_zone(r);
    } else if (nft_token_is(t, "connections") && nft_token_accept(r, ">")) {
        return put_connections(r);
    } else if (nft_token_is(t, "notrack")) {
        nftnl_rule_add_expr(r->rule, new_expr("notrack"));
        return true;
    }
    *r = start;
    return put_match(r);
}

int
nft_rule_put(const char *line, size_t length, struct nftnl_rule *rule)
{
    struct nft_reader r = { .s = line, .n = length, .rule = rule };

    do {
        if (!put_statement(&r)) {
            return -EINVAL;
        }
    } while (nft_token_accept(&r, ";"));
    return r.bad || r.n ? -EINVAL : 0;
}
