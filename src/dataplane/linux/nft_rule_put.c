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
#include "util.h"

#define VALUE_MAX 16

/* What is left of a line. */
struct reader {
    const char *s;
    size_t n;
    struct nftnl_rule *rule;
    bool bad;
};

struct token {
    const char *s;
    size_t n;
};

static struct token
next_token(struct reader *r)
{
    struct token t;

    while (r->n && *r->s == ' ') {
        r->s++, r->n--;
    }
    t.s = r->s;
    t.n = 0;
    while (t.n < r->n && r->s[t.n] != ' ' && r->s[t.n] != ';') {
        t.n++;
    }
    if (!t.n && r->n) {
        t.n = 1; /* ";" stands alone. */
    }
    r->s += t.n, r->n -= t.n;
    return t;
}

static struct token
peek_token(const struct reader *r)
{
    struct reader copy = *r;

    return next_token(&copy);
}

static bool
is(struct token t, const char *word)
{
    return t.n == strlen(word) && !memcmp(t.s, word, t.n);
}

static bool
accept_token(struct reader *r, const char *word)
{
    if (is(peek_token(r), word)) {
        next_token(r);
        return true;
    }
    return false;
}

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

/* Reads hex digits: 'len' bytes, swapped to the host's order if
 * 'host_order'. */
static bool
get_hex(struct token t, uint32_t len, bool host_order, uint8_t *value)
{
    if (t.n != 2 * len || len > VALUE_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < len; i++) {
        bool ok;

        value[i] = hexits_value(t.s + 2 * i, 2, &ok);
        if (!ok) {
            return false;
        }
    }
    if (host_order) {
        uint32_t x;

        memcpy(&x, value, 4);
        x = ntohl(x);
        memcpy(value, &x, 4);
    }
    return true;
}

static void
add_load(struct nftnl_rule *rule, const struct nft_field *f, size_t word)
{
    struct nftnl_expr *e = new_expr(f->meta ? "meta" : "payload");

    if (f->meta) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, f->base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, register_number(word));
    } else {
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, f->base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, f->offset);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, f->len);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, register_number(word));
    }
    nftnl_rule_add_expr(rule, e);
}

static void
add_mask(struct nftnl_rule *rule, const uint8_t *mask, uint32_t len,
         size_t word)
{
    static const uint8_t zeros[VALUE_MAX];
    struct nftnl_expr *e = new_expr("bitwise");

    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, register_number(word));
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, register_number(word));
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
    nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zeros, len);
    nftnl_rule_add_expr(rule, e);
}

/* Reads a term and loads it into register 'word'. Returns the registers that
 * it takes, 0 if it is bad. */
static size_t
put_term(struct reader *r, size_t word, struct nft_field *ret_field)
{
    struct token t = next_token(r);
    uint8_t value[VALUE_MAX];

    if (t.n && t.s[0] == '#') {
        struct nftnl_expr *e;

        t.s++, t.n--;
        if (!get_hex(t, 4, true, value)) {
            return 0;
        }
        e = new_expr("immediate");
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, register_number(word));
        nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, 4);
        nftnl_rule_add_expr(r->rule, e);
        *ret_field = (struct nft_field){ .meta = true, .len = 4 };
        return 1;
    }
    if (!nft_field_from_string(t.s, t.n, ret_field)) {
        return 0;
    }
    add_load(r->rule, ret_field, word);
    if (accept_token(r, "&")) {
        if (!get_hex(next_token(r), ret_field->len,
                     nft_field_is_host_order(ret_field), value)) {
            return 0;
        }
        add_mask(r->rule, value, ret_field->len, word);
    }
    return DIV_ROUND_UP(ret_field->len, 4);
}

/* Reads a key: terms with dots between them. */
static bool
put_key(struct reader *r, struct nft_field *ret_first, size_t *ret_words)
{
    struct nft_field field;
    size_t words = 0;

    do {
        size_t n = put_term(r, words, words ? &field : ret_first);

        if (!n || words + n > 16) {
            return false;
        }
        words += n;
    } while (accept_token(r, "."));
    *ret_words = words;
    return true;
}

static bool
put_lookup(struct reader *r, bool invert, bool map)
{
    struct token set = next_token(r);
    struct nftnl_expr *e = new_expr("lookup");
    char *name = xmemdup0(set.s, set.n);

    nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, name);
    if (map) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
    }
    if (invert) {
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    }
    nftnl_rule_add_expr(r->rule, e);
    free(name);
    return set.n > 0;
}

static bool
put_set_mark(struct reader *r)
{
    struct nft_field first;
    struct nftnl_expr *e;
    size_t words;

    if (!put_key(r, &first, &words) || !accept_token(r, "map")
        || !put_lookup(r, false, true)) {
        return false;
    }
    e = new_expr("meta");
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_count(struct reader *r)
{
    struct token set = next_token(r);
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
put_verdict(struct reader *r, int verdict, bool chain)
{
    struct nftnl_expr *e = new_expr("immediate");

    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
    if (chain) {
        struct token t = next_token(r);
        char *name = xmemdup0(t.s, t.n);

        r->bad |= !t.n;
        nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, name);
        free(name);
    }
    nftnl_rule_add_expr(r->rule, e);
    return true;
}

static bool
put_compare(struct reader *r, uint32_t op, const struct nft_field *f)
{
    uint8_t value[VALUE_MAX];
    struct nftnl_expr *e;

    if (!get_hex(next_token(r), f->len, nft_field_is_host_order(f), value)) {
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
put_range(struct reader *r, const struct nft_field *f)
{
    struct token t = next_token(r);
    struct token from = { t.s, 2 * f->len };
    struct token to = { t.s + 2 * f->len + 1, 2 * f->len };
    uint8_t low[VALUE_MAX], high[VALUE_MAX];
    struct nftnl_expr *e;

    if (t.n != 4 * f->len + 1 || t.s[2 * f->len] != '-'
        || nft_field_is_host_order(f) || !get_hex(from, f->len, false, low)
        || !get_hex(to, f->len, false, high)) {
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
put_match(struct reader *r)
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
    if (accept_token(r, "in")) {
        return put_lookup(r, invert, false);
    }
    if (invert || words != DIV_ROUND_UP(first.len, 4)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        if (accept_token(r, ops[i].word)) {
            return put_compare(r, ops[i].op, &first);
        }
    }
    return put_range(r, &first);
}

static bool
put_statement(struct reader *r)
{
    struct reader start = *r;
    struct token t = next_token(r);

    if (is(t, "accept")) {
        return put_verdict(r, NF_ACCEPT, false);
    } else if (is(t, "drop")) {
        return put_verdict(r, NF_DROP, false);
    } else if (is(t, "return")) {
        return put_verdict(r, NFT_RETURN, false);
    } else if (is(t, "goto")) {
        return put_verdict(r, NFT_GOTO, true);
    } else if (is(t, "jump")) {
        return put_verdict(r, NFT_JUMP, true);
    } else if (is(t, "count")) {
        return put_count(r);
    } else if (is(t, "mark") && accept_token(r, "=")) {
        return put_set_mark(r);
    }
    *r = start;
    return put_match(r);
}

int
nft_rule_put(const char *line, size_t length, struct nftnl_rule *rule)
{
    struct reader r = { .s = line, .n = length, .rule = rule };

    do {
        if (!put_statement(&r)) {
            return -EINVAL;
        }
    } while (accept_token(&r, ";"));
    return r.bad || r.n ? -EINVAL : 0;
}
