/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the expressions of a rule, as the kernel gives them, to a line of text;
 * nft_rule_put.c goes the other way. Loads (nft_rule_load.c) are kept until
 * the expression that uses them says what statement it is. */

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
#include "dataplane/linux/nft_rule_state.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* What we have no form for. */
static void
unknown(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    char buf[512] = "";

    nftnl_expr_snprintf(buf, sizeof buf, e, NFTNL_OUTPUT_DEFAULT, 0);
    nft_rule_statement(st);
    if (st->n_terms) {
        ds_put_format(st->line, "%s ", ds_cstr(&st->key));
        nft_rule_use_key(st);
    }
    ds_put_format(st->line, "[%s %s]", nftnl_expr_get_str(e, NFTNL_EXPR_NAME),
                  buf);
}

static bool
parse_notrack(struct nft_rule_state *st, const struct nftnl_expr *e OVS_UNUSED)
{
    nft_rule_statement(st);
    ds_put_cstr(st->line, "notrack");
    return true;
}

static bool
parse_connlimit(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    if (nftnl_expr_get_u32(e, NFTNL_EXPR_CONNLIMIT_FLAGS)
        != NFT_CONNLIMIT_F_INV) {
        return false;
    }
    nft_rule_statement(st);
    ds_put_format(st->line, "connections > %08x",
                  nftnl_expr_get_u32(e, NFTNL_EXPR_CONNLIMIT_COUNT));
    return true;
}

static bool
parse_cmp(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    static const char *const ops[] = {
        [NFT_CMP_EQ] = " == ",  [NFT_CMP_NEQ] = " != ", [NFT_CMP_LT] = " < ",
        [NFT_CMP_LTE] = " <= ", [NFT_CMP_GT] = " > ",   [NFT_CMP_GTE] = " >= ",
    };
    uint32_t op = nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP), len;
    const void *data = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);

    if (st->n_terms != 1 || !data || len != st->last.len
        || op >= ARRAY_SIZE(ops)
        || nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_SREG) != NFT_REG_1) {
        return false;
    }
    nft_rule_statement(st);
    ds_put_cstr(st->line, ds_cstr(&st->key));
    ds_put_cstr(st->line, ops[op]);
    nft_rule_put_hex(st->line, data, len, nft_field_is_host_order(&st->last));
    nft_rule_use_key(st);
    return true;
}

static bool
parse_range(struct nft_rule_state *st, const struct nftnl_expr *e)
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
    nft_rule_statement(st);
    ds_put_format(st->line, "%s ", ds_cstr(&st->key));
    nft_rule_put_hex(st->line, low, low_len, false);
    ds_put_char(st->line, '-');
    nft_rule_put_hex(st->line, high, high_len, false);
    nft_rule_use_key(st);
    return true;
}

static bool
parse_lookup(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
    uint32_t flags = nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS);

    if (!st->n_terms || !set
        || nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG) != NFT_REG_1) {
        return false;
    }
    if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG)
        && nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT) {
        nft_rule_statement(st);
        ds_put_format(st->line, "%s vmap %s", ds_cstr(&st->key), set);
    } else if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG)) {
        ds_put_format(&st->map, "%s map %s", ds_cstr(&st->key), set);
    } else {
        nft_rule_statement(st);
        ds_put_format(st->line, "%s%s in %s",
                      flags & NFT_LOOKUP_F_INV ? "!" : "", ds_cstr(&st->key),
                      set);
    }
    nft_rule_use_key(st);
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
parse_dynset(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_DYNSET_SET_NAME);
    bool counter = false;

    nftnl_expr_expr_foreach(e, is_counter, &counter);
    if (!counter || !st->n_terms || !set
        || nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_OP) != NFT_DYNSET_OP_ADD
        || nftnl_expr_get_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY) != NFT_REG_1) {
        return false;
    }
    nft_rule_statement(st);
    ds_put_format(st->line, "count %s %s", set, ds_cstr(&st->key));
    nft_rule_use_key(st);
    return true;
}

static bool
parse_log(struct nft_rule_state *st, const struct nftnl_expr *e)
{
    const char *prefix = nftnl_expr_get_str(e, NFTNL_EXPR_LOG_PREFIX);

    if (!prefix || !nftnl_expr_is_set(e, NFTNL_EXPR_LOG_GROUP)
        || !nftnl_expr_is_set(e, NFTNL_EXPR_LOG_SNAPLEN)
        || nftnl_expr_is_set(e, NFTNL_EXPR_LOG_QTHRESHOLD)
        || nftnl_expr_is_set(e, NFTNL_EXPR_LOG_LEVEL)) {
        return false;
    }
    nft_rule_statement(st);
    ds_put_format(st->line, "log %04x %08x %s",
                  nftnl_expr_get_u16(e, NFTNL_EXPR_LOG_GROUP),
                  nftnl_expr_get_u32(e, NFTNL_EXPR_LOG_SNAPLEN), prefix);
    return true;
}

static int
parse_expr(struct nftnl_expr *e, void *st_)
{
    static const struct {
        const char *name;
        bool (*parse)(struct nft_rule_state *, const struct nftnl_expr *);
    } types[] = {
        { "payload", nft_rule_parse_payload },
        { "meta", nft_rule_parse_meta },
        { "immediate", nft_rule_parse_immediate },
        { "bitwise", nft_rule_parse_bitwise },
        { "cmp", parse_cmp },
        { "range", parse_range },
        { "lookup", parse_lookup },
        { "dynset", parse_dynset },
        { "ct", nft_rule_parse_ct },
        { "notrack", parse_notrack },
        { "connlimit", parse_connlimit },
        { "log", parse_log },
    };
    const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
    struct nft_rule_state *st = st_;

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
    struct nft_rule_state st = {
        .line = line,
        .key = DS_EMPTY_INITIALIZER,
        .map = DS_EMPTY_INITIALIZER,
    };

    nftnl_expr_foreach(CONST_CAST(struct nftnl_rule *, rule), parse_expr, &st);
    if (st.n_terms || st.map.length) {
        nft_rule_statement(&st);
        ds_put_format(line, "[%s %s]", ds_cstr(&st.key), ds_cstr(&st.map));
    }
    ds_destroy(&st.key);
    ds_destroy(&st.map);
}
