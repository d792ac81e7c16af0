/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expressions of a rule that load registers, or set what a statement comes
 * to. Used by nft_rule.c. */

#include <cordon-config.h>
#include "dataplane/linux/nft_rule_state.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include <libnftnl/expr.h>

#include "dataplane/linux/nft_text.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

void
nft_rule_statement(struct nft_rule_state *st)
{
    if (st->n_statements++) {
        ds_put_cstr(st->line, "; ");
    }
}

void
nft_rule_use_key(struct nft_rule_state *st)
{
    ds_clear(&st->key);
    st->words = st->n_terms = 0;
}

static size_t
register_word(uint32_t reg)
{
    return reg >= NFT_REG32_00 ? reg - NFT_REG32_00 : (reg - NFT_REG_1) * 4;
}

void
nft_rule_put_hex(struct ds *ds, const void *value, uint32_t len,
                 bool host_order)
{
    if (host_order && len == 4) {
        uint32_t x;

        memcpy(&x, value, sizeof x);
        x = htonl(x);
        nft_text_hex(ds, &x, sizeof x);
    } else {
        nft_text_hex(ds, value, len);
    }
}

/* Notes a term that has been loaded into 'reg'. False if it does not follow
 * what was loaded before. */
static bool
start_term(struct nft_rule_state *st, uint32_t reg,
           const struct nft_field *field)
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

bool
nft_rule_parse_payload(struct nft_rule_state *st, const struct nftnl_expr *e)
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

/* Setting the mark from a map, bits of it, or the packet's type to a
 * constant. */
static bool
parse_meta_set(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    uint32_t key = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY);

    if (nftnl_expr_get_u32(e, NFTNL_EXPR_META_SREG) != NFT_REG_1) {
        return false;
    }
    if (key == NFT_META_MARK && st->map.length) {
        nft_rule_statement(st);
        ds_put_format(st->line, "mark = %s", ds_cstr(&st->map));
        ds_clear(&st->map);
        return true;
    }
    if (key == NFT_META_MARK && st->n_terms == 1
        && (!strncmp(ds_cstr(&st->key), "mark | ", 7)
            || !strncmp(ds_cstr(&st->key), "mark & ", 7))) {
        nft_rule_statement(st);
        ds_put_format(st->line, "mark = %s", ds_cstr(&st->key));
        nft_rule_use_key(st);
        return true;
    }
    if (key == NFT_META_PKTTYPE && st->n_terms == 1 && st->last.len == 1
        && ds_cstr(&st->key)[0] == '#') {
        nft_rule_statement(st);
        ds_put_format(st->line, "pkttype = %s", ds_cstr(&st->key) + 1);
        nft_rule_use_key(st);
        return true;
    }
    return false;
}

bool
nft_rule_parse_meta(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    struct nft_field f = {
        .source = NFT_SOURCE_META,
        .base = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY),
    };

    if (nftnl_expr_is_set(e, NFTNL_EXPR_META_SREG)) {
        return parse_meta_set(st, e);
    }
    f.len = nft_field_key_len(f.source, f.base);
    if (!f.len
        || !start_term(st, nftnl_expr_get_u32(e, NFTNL_EXPR_META_DREG), &f)) {
        return false;
    }
    nft_field_format(&f, &st->key);
    return true;
}

bool
nft_rule_parse_ct(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    struct nft_field f = {
        .source = NFT_SOURCE_CT,
        .base = nftnl_expr_get_u32(e, NFTNL_EXPR_CT_KEY),
    };

    if (nftnl_expr_is_set(e, NFTNL_EXPR_CT_DIR)) {
        return false;
    }
    if (nftnl_expr_is_set(e, NFTNL_EXPR_CT_SREG) && f.base == NFT_CT_MARK
        && st->n_terms == 1 && !strncmp(ds_cstr(&st->key), "ct.mark | ", 10)
        && nftnl_expr_get_u32(e, NFTNL_EXPR_CT_SREG) == NFT_REG_1) {
        nft_rule_statement(st);
        ds_put_format(st->line, "ct.mark = %s", ds_cstr(&st->key));
        nft_rule_use_key(st);
        return true;
    }
    if (nftnl_expr_is_set(e, NFTNL_EXPR_CT_SREG)) {
        if (f.base != NFT_CT_ZONE || !st->map.length
            || nftnl_expr_get_u32(e, NFTNL_EXPR_CT_SREG) != NFT_REG_1) {
            return false;
        }
        nft_rule_statement(st);
        ds_put_format(st->line, "ct.zone = %s", ds_cstr(&st->map));
        ds_clear(&st->map);
        return true;
    }
    f.len = nft_field_key_len(f.source, f.base);
    if (!f.len
        || !start_term(st, nftnl_expr_get_u32(e, NFTNL_EXPR_CT_DREG), &f)) {
        return false;
    }
    nft_field_format(&f, &st->key);
    return true;
}

static bool
parse_verdict(struct nft_rule_state *st, const struct nftnl_expr *e)
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
    nft_rule_statement(st);
    ds_put_cstr(st->line, name);
    ds_put_cstr(st->line, chain ? chain : "");
    return true;
}

bool
nft_rule_parse_immediate(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    uint32_t reg = nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_DREG);
    struct nft_field f = { .source = NFT_SOURCE_META };
    const void *value;
    uint32_t len;

    if (reg == NFT_REG_VERDICT) {
        return parse_verdict(st, e);
    }
    value = nftnl_expr_get(e, NFTNL_EXPR_IMM_DATA, &len);
    f.len = len;
    if (!value || (len != 4 && len != 1) || !start_term(st, reg, &f)) {
        return false;
    }
    ds_put_char(&st->key, '#');
    nft_rule_put_hex(&st->key, value, len, true);
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

/* True if the masks set the bits that the one has not and the other has. */
static bool
sets_bits(const uint8_t *mask, const uint8_t *bits, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if ((mask[i] ^ bits[i]) != 0xff) {
            return false;
        }
    }
    return true;
}

bool
nft_rule_parse_bitwise(struct nft_rule_state *st, const struct nftnl_expr *e)
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
        || xor_len < len) {
        return false;
    }
    if (is_zero(xor, len)) {
        ds_put_cstr(&st->key, " & ");
        nft_rule_put_hex(&st->key, mask, len,
                         nft_field_is_host_order(&st->last));
        return true;
    } else if (sets_bits(mask, xor, len)) {
        ds_put_cstr(&st->key, " | ");
        nft_rule_put_hex(&st->key, xor, len,
                         nft_field_is_host_order(&st->last));
        return true;
    }
    return false;
}
