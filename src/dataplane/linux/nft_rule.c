/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the expressions of a rule, as the kernel gives them, to a line of text;
 * nft_rule_put.c goes the other way. Loads are kept until the expression that
 * uses them says what statement it is. */

#include <cordon-config.h>
#include "dataplane/linux/nft_rule.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "dataplane/linux/nft_field.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* What has been read of a rule. */
struct state {
    struct ds *line;
    struct ds key;    /* Terms loaded and not used yet. */
    size_t words;     /* Registers that they take. */
    size_t last_word; /* Where the last of them starts. */
    struct nft_field last;
    size_t n_terms;
    struct ds map; /* "KEY map SET", waiting for its use. */
    size_t n_statements;
};

static void
statement(struct state *st)
{
    if (st->n_statements++) {
        ds_put_cstr(st->line, "; ");
    }
}

static void
use_key(struct state *st)
{
    ds_clear(&st->key);
    st->words = st->n_terms = 0;
}

/* What we have no form for. */
static void
unknown(struct state *st, const struct nftnl_expr *e)
{
    char buf[512] = "";

    nftnl_expr_snprintf(buf, sizeof buf, e, NFTNL_OUTPUT_DEFAULT, 0);
    statement(st);
    if (st->n_terms) {
        ds_put_format(st->line, "%s ", ds_cstr(&st->key));
        use_key(st);
    }
    ds_put_format(st->line, "[%s %s]", nftnl_expr_get_str(e, NFTNL_EXPR_NAME),
                  buf);
}

static size_t
register_word(uint32_t reg)
{
    return reg >= NFT_REG32_00 ? reg - NFT_REG32_00 : (reg - NFT_REG_1) * 4;
}

static void
put_hex(struct ds *ds, const void *value, uint32_t len, bool host_order)
{
    const uint8_t *p = value;

    if (host_order && len == 4) {
        uint32_t x;

        memcpy(&x, value, sizeof x);
        ds_put_format(ds, "%08x", x);
        return;
    }
    for (uint32_t i = 0; i < len; i++) {
        ds_put_format(ds, "%02x", p[i]);
    }
}

/* Notes a term that has been loaded into 'reg'. False if it does not follow
 * what was loaded before. */
static bool
start_term(struct state *st, uint32_t reg, const struct nft_field *field)
{
    if (register_word(reg) != st->words) {
        return false;
    }
    if (st->n_terms++) {
        ds_put_cstr(&st->key, " . ");
    }
    st->last = *field;
    st->last_word = st->words;
    st->words += DIV_ROUND_UP(field->len, 4);
    return true;
}

static bool
parse_payload(struct state *st, const struct nftnl_expr *e)
{
    struct nft_field f = {
        .base = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_BASE),
        .offset = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET),
        .len = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_LEN),
    };

    if (nftnl_expr_is_set(e, NFTNL_EXPR_PAYLOAD_SREG)
        || !start_term(st, nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_DREG),
                       &f)) {
        return false;
    }
    nft_field_format(&f, &st->key);
    return true;
}

static bool
parse_meta(struct state *st, const struct nftnl_expr *e)
{
    struct nft_field f = {
        .meta = true,
        .base = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY),
    };

    if (nftnl_expr_is_set(e, NFTNL_EXPR_META_SREG)) {
        if (f.base != NFT_META_MARK || !st->map.length
            || nftnl_expr_get_u32(e, NFTNL_EXPR_META_SREG) != NFT_REG_1) {
            return false;
        }
        statement(st);
        ds_put_format(st->line, "mark = %s", ds_cstr(&st->map));
        ds_clear(&st->map);
        return true;
    }
    f.len = nft_field_meta_len(f.base);
    if (!f.len
        || !start_term(st, nftnl_expr_get_u32(e, NFTNL_EXPR_META_DREG), &f)) {
        return false;
    }
    nft_field_format(&f, &st->key);
    return true;
}

static bool
parse_verdict(struct state *st, const struct nftnl_expr *e)
{
    const char *chain = nftnl_expr_get_str(e, NFTNL_EXPR_IMM_CHAIN);
    const char *name;

    switch ((int) nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT)) {
    case NF_ACCEPT:
        name = "accept";
        break;
    case NF_DROP:
        name = "drop";
        break;
    case NFT_RETURN:
        name = "return";
        break;
    case NFT_GOTO:
        name = "goto ";
        break;
    case NFT_JUMP:
        name = "jump ";
        break;
    default:
        return false;
    }
    statement(st);
    ds_put_format(st->line, "%s%s", name, chain ? chain : "");
    return true;
}

static bool
parse_immediate(struct state *st, const struct nftnl_expr *e)
{
    uint32_t reg = nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_DREG);
    const struct nft_field f = { .meta = true, .len = 4 };
    const void *value;
    uint32_t len;

    if (reg == NFT_REG_VERDICT) {
        return parse_verdict(st, e);
    }
    value = nftnl_expr_get(e, NFTNL_EXPR_IMM_DATA, &len);
    if (!value || len != 4 || !start_term(st, reg, &f)) {
        return false;
    }
    ds_put_char(&st->key, '#');
    put_hex(&st->key, value, len, true);
    return true;
}

static bool
is_zero(const uint8_t *p, uint32_t len)
{
    while (len && !p[len - 1]) {
        len--;
    }
    return !len;
}

static bool
parse_bitwise(struct state *st, const struct nftnl_expr *e)
{
    uint32_t len = nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_LEN);
    uint32_t mask_len, xor_len;
    const void *mask = nftnl_expr_get(e, NFTNL_EXPR_BITWISE_MASK, &mask_len);
    const void * xor = nftnl_expr_get(e, NFTNL_EXPR_BITWISE_XOR, &xor_len);
    uint32_t sreg = nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_SREG);

    if (!st->n_terms || register_word(sreg) != st->last_word
        || sreg != nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_DREG)
        || nftnl_expr_get_u32(e, NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL
        || !mask || !xor || len != st->last.len || mask_len < len
        || !is_zero(xor, xor_len)) {
        return false;
    }
    ds_put_cstr(&st->key, " & ");
    put_hex(&st->key, mask, len, nft_field_is_host_order(&st->last));
    return true;
}

static bool
parse_cmp(struct state *st, const struct nftnl_expr *e)
{
    static const char *const ops[] = {
        [NFT_CMP_EQ] = "==",  [NFT_CMP_NEQ] = "!=", [NFT_CMP_LT] = "<",
        [NFT_CMP_LTE] = "<=", [NFT_CMP_GT] = ">",   [NFT_CMP_GTE] = ">=",
    };
    uint32_t op = nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP), len;
    const void *data = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);

    if (st->n_terms != 1 || !data || len != st->last.len
        || op >= ARRAY_SIZE(ops)
        || nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_SREG) != NFT_REG_1) {
        return false;
    }
    statement(st);
    ds_put_format(st->line, "%s %s ", ds_cstr(&st->key), ops[op]);
    put_hex(st->line, data, len, nft_field_is_host_order(&st->last));
    use_key(st);
    return true;
}

static bool
parse_range(struct state *st, const struct nftnl_expr *e)
{
    uint32_t low_len, high_len;
    const void *low = nftnl_expr_get(e, NFTNL_EXPR_RANGE_FROM_DATA, &low_len);
    const void *high = nftnl_expr_get(e, NFTNL_EXPR_RANGE_TO_DATA, &high_len);

    if (st->n_terms != 1 || !low || !high || low_len != st->last.len
        || high_len != low_len
        || nftnl_expr_get_u32(e, NFTNL_EXPR_RANGE_OP) != NFT_RANGE_EQ
        || nftnl_expr_get_u32(e, NFTNL_EXPR_RANGE_SREG) != NFT_REG_1) {
        return false;
    }
    statement(st);
    ds_put_format(st->line, "%s ", ds_cstr(&st->key));
    put_hex(st->line, low, low_len, false);
    ds_put_char(st->line, '-');
    put_hex(st->line, high, high_len, false);
    use_key(st);
    return true;
}

static bool
parse_lookup(struct state *st, const struct nftnl_expr *e)
{
    const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
    uint32_t flags = nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS);

    if (!st->n_terms || !set
        || nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG) != NFT_REG_1) {
        return false;
    }
    if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG)) {
        ds_put_format(&st->map, "%s map %s", ds_cstr(&st->key), set);
    } else {
        statement(st);
        ds_put_format(st->line, "%s%s in %s",
                      flags & NFT_LOOKUP_F_INV ? "!" : "", ds_cstr(&st->key),
                      set);
    }
    use_key(st);
    return true;
}

/* Notes that a dynset's expression is a counter. */
static int
is_counter(struct nftnl_expr *e, void *counter_)
{
    bool *counter = counter_;

    *counter = !strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "counter");
    return 0;
}

static bool
parse_dynset(struct state *st, const struct nftnl_expr *e)
{
    const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_DYNSET_SET_NAME);
    bool counter = false;

    nftnl_expr_expr_foreach(e, is_counter, &counter);
    if (!counter || !st->n_terms || !set
        || nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_OP) != NFT_DYNSET_OP_ADD
        || nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY) != NFT_REG_1) {
        return false;
    }
    statement(st);
    ds_put_format(st->line, "count %s %s", set, ds_cstr(&st->key));
    use_key(st);
    return true;
}

static int
parse_expr(struct nftnl_expr *e, void *st_)
{
    static const struct {
        const char *name;
        bool (*parse)(struct state *, const struct nftnl_expr *);
    } types[] = {
        { "payload", parse_payload },
        { "meta", parse_meta },
        { "immediate", parse_immediate },
        { "bitwise", parse_bitwise },
        { "cmp", parse_cmp },
        { "range", parse_range },
        { "lookup", parse_lookup },
        { "dynset", parse_dynset },
    };
    const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
    struct state *st = st_;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (!strcmp(name, types[i].name)) {
            if (!types[i].parse(st, e)) {
                unknown(st, e);
            }
            return 0;
        }
    }
    unknown(st, e);
    return 0;
}

void
nft_rule_parse(const struct nftnl_rule *rule, struct ds *line)
{
    struct state st = {
        .line = line,
        .key = DS_EMPTY_INITIALIZER,
        .map = DS_EMPTY_INITIALIZER,
    };

    nftnl_expr_foreach(CONST_CAST(struct nftnl_rule *, rule), parse_expr, &st);
    if (st.n_terms || st.map.length) {
        statement(&st);
        ds_put_format(line, "[%s %s]", ds_cstr(&st.key), ds_cstr(&st.map));
    }
    ds_destroy(&st.key);
    ds_destroy(&st.map);
}
