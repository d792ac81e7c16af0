/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes expressions, by a table of their names. A decoder that meets what
 * it does not know leaves an EXPR_UNKNOWN of that name. */

#include <cordon-config.h>
#include "audit/ruleset_private.h"

#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "audit/attrs.h"
#include "lib/arena.h"
#include "util.h"

bool
ruleset_get_register(struct attrs *as, int type, uint8_t *ret_word)
{
    uint32_t x;

    if (!attrs_u32(as, type, &x)) {
        return false;
    }
    if (x <= NFT_REG_4) {
        *ret_word = x * 4;
    } else if (x >= NFT_REG32_00 && x <= NFT_REG32_15) {
        *ret_word = x - NFT_REG32_00 + RULESET_REG_FIRST;
    } else {
        as->odd = true;
    }
    return true;
}

uint8_t
ruleset_need_register(struct attrs *as, int type, size_t len)
{
    uint8_t word = 0;

    if (!ruleset_get_register(as, type, &word) || word < RULESET_REG_FIRST
        || !len || len > (RULESET_REG_END - word) * 4u) {
        as->odd = true;
    }
    return word;
}

uint8_t
ruleset_need_byte(struct attrs *as, int type)
{
    uint32_t x = attrs_need_u32(as, type);

    if (x > UINT8_MAX) {
        as->odd = true;
    }
    return x;
}

bool
ruleset_data(struct ruleset_maker *m, const struct nlattr *a,
             struct ruleset_data *ret)
{
    struct attrs as, verdict;
    const void *p;
    size_t n;

    memset(ret, 0, sizeof *ret);
    attrs_inside(&as, a, NFTA_DATA_MAX);
    if (as.tb[NFTA_DATA_VERDICT]) {
        const char *name;

        attrs_nested(&verdict, &as, NFTA_DATA_VERDICT, NFTA_VERDICT_MAX);
        ret->is_verdict = true;
        ret->verdict.code = attrs_need_u32(&verdict, NFTA_VERDICT_CODE);
        name = attrs_string(&verdict, NFTA_VERDICT_CHAIN);
        if (name) {
            ret->verdict.chain = ruleset_maker_chain(m, name);
        }
        return !as.odd && !verdict.odd && !as.tb[NFTA_DATA_VALUE];
    }
    p = attrs_bytes(&as, NFTA_DATA_VALUE, &n);
    if (!n || n > RULESET_VALUE_MAX) {
        return false;
    }
    ret->value = ruleset_copy(m, p, n);
    ret->len = n;
    return !as.odd;
}

const uint8_t *
ruleset_need_value(struct ruleset_maker *m, struct attrs *as, int type,
                   uint8_t len, uint8_t *ret_len)
{
    struct ruleset_data data;

    if (!as->tb[type] || !ruleset_data(m, as->tb[type], &data)
        || data.is_verdict || (len && data.len != len)) {
        as->odd = true;
        return NULL;
    }
    if (ret_len) {
        *ret_len = data.len;
    }
    return data.value;
}

static void
decode_immediate(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    const struct nlattr *a = as->tb[NFTA_IMMEDIATE_DATA];

    if (!a || !ruleset_data(m, a, &e->immediate)) {
        as->odd = true;
    } else if (e->immediate.is_verdict) {
        uint8_t word = UINT8_MAX;

        if (!ruleset_get_register(as, NFTA_IMMEDIATE_DREG, &word) || word) {
            as->odd = true;
        }
        e->dreg = RULESET_REG_VERDICT;
    } else {
        e->len = e->immediate.len;
        e->dreg = ruleset_need_register(as, NFTA_IMMEDIATE_DREG, e->len);
    }
}

static void
decode_bitwise(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    uint32_t op = NFT_BITWISE_BOOL;

    attrs_u32(as, NFTA_BITWISE_OP, &op);
    e->len = ruleset_need_byte(as, NFTA_BITWISE_LEN);
    e->sreg = ruleset_need_register(as, NFTA_BITWISE_SREG, e->len);
    e->dreg = ruleset_need_register(as, NFTA_BITWISE_DREG, e->len);
    e->bitwise.op = op;
    if (op == NFT_BITWISE_BOOL) {
        e->bitwise.mask =
            ruleset_need_value(m, as, NFTA_BITWISE_MASK, e->len, NULL);
        e->bitwise.xor =
            ruleset_need_value(m, as, NFTA_BITWISE_XOR, e->len, NULL);
    } else if (op == NFT_BITWISE_LSHIFT || op == NFT_BITWISE_RSHIFT) {
        const uint8_t *p =
            ruleset_need_value(m, as, NFTA_BITWISE_DATA, 4, NULL);

        if (p) {
            memcpy(&e->bitwise.shift, p, 4);
            if (!e->bitwise.shift || e->bitwise.shift >= 32) {
                as->odd = true;
            }
        }
    } else {
        as->odd = true;
    }
}

static void
decode_byteorder(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                 struct expr *e)
{
    e->len = ruleset_need_byte(as, NFTA_BYTEORDER_LEN);
    e->byteorder.op = ruleset_need_byte(as, NFTA_BYTEORDER_OP);
    e->byteorder.size = ruleset_need_byte(as, NFTA_BYTEORDER_SIZE);
    e->sreg = ruleset_need_register(as, NFTA_BYTEORDER_SREG, e->len);
    e->dreg = ruleset_need_register(as, NFTA_BYTEORDER_DREG, e->len);
    if (e->byteorder.op > NFT_BYTEORDER_HTON
        || (e->byteorder.size != 2 && e->byteorder.size != 4
            && e->byteorder.size != 8)) {
        as->odd = true;
    }
}

static void
decode_cmp(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    e->cmp.op = ruleset_need_byte(as, NFTA_CMP_OP);
    e->cmp.value = ruleset_need_value(m, as, NFTA_CMP_DATA, 0, &e->len);
    e->sreg = ruleset_need_register(as, NFTA_CMP_SREG, e->len);
    if (e->cmp.op > NFT_CMP_GTE) {
        as->odd = true;
    }
}

static void
decode_range(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    uint32_t op = attrs_need_u32(as, NFTA_RANGE_OP);

    e->range.invert = op == NFT_RANGE_NEQ;
    e->range.from =
        ruleset_need_value(m, as, NFTA_RANGE_FROM_DATA, 0, &e->len);
    e->range.to = ruleset_need_value(m, as, NFTA_RANGE_TO_DATA, e->len, NULL);
    e->sreg = ruleset_need_register(as, NFTA_RANGE_SREG, e->len);
    if (op > NFT_RANGE_NEQ) {
        as->odd = true;
    }
}

struct ruleset_set *
ruleset_need_set(struct ruleset_maker *m, struct attrs *as, int type)
{
    const char *name = attrs_string(as, type);
    struct ruleset_set *s = name ? ruleset_maker_set(m, name) : NULL;

    if (!s) {
        as->odd = true;
    }
    return s;
}

static void
decode_lookup(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    struct ruleset_set *s = ruleset_need_set(m, as, NFTA_LOOKUP_SET);
    uint32_t flags = 0;

    attrs_u32(as, NFTA_LOOKUP_FLAGS, &flags);
    e->lookup.invert = flags & NFT_LOOKUP_F_INV;
    if (!s || flags & ~NFT_LOOKUP_F_INV) {
        as->odd = true;
        return;
    }
    e->lookup.set = s;
    e->len = s->key_len;
    e->sreg = ruleset_need_register(as, NFTA_LOOKUP_SREG, e->len);
    if (as->tb[NFTA_LOOKUP_DREG]) {
        e->lookup.loads = true;
        if (!(s->flags & NFT_SET_MAP) || e->lookup.invert) {
            as->odd = true;
        } else if (s->verdicts) {
            uint8_t word = UINT8_MAX;

            ruleset_get_register(as, NFTA_LOOKUP_DREG, &word);
            if (word != RULESET_REG_VERDICT) {
                as->odd = true;
            }
        } else {
            e->dreg = ruleset_need_register(as, NFTA_LOOKUP_DREG, s->data_len);
        }
    } else if (s->flags & NFT_SET_MAP) {
        /* The kernel would load into the verdict. */
        as->odd = true;
    }
}

/* Nothing of what it says matters to us. */
static void
decode_nothing(struct ruleset_maker *m OVS_UNUSED, struct attrs *as OVS_UNUSED,
               struct expr *e OVS_UNUSED)
{
}

static const struct decoder {
    const char *name;
    enum expr_kind kind;
    int max; /* Highest attribute. */
    void (*decode)(struct ruleset_maker *, struct attrs *, struct expr *);
} decoders[] = {
    { "payload", EXPR_PAYLOAD, NFTA_PAYLOAD_MAX, ruleset_decode_payload },
    { "cmp", EXPR_CMP, NFTA_CMP_MAX, decode_cmp },
    { "meta", EXPR_META, NFTA_META_MAX, ruleset_decode_meta },
    { "immediate", EXPR_IMMEDIATE, NFTA_IMMEDIATE_MAX, decode_immediate },
    { "lookup", EXPR_LOOKUP, NFTA_LOOKUP_MAX, decode_lookup },
    { "bitwise", EXPR_BITWISE, NFTA_BITWISE_MAX, decode_bitwise },
    { "counter", EXPR_COUNTER, NFTA_COUNTER_MAX, decode_nothing },
    { "ct", EXPR_CT, NFTA_CT_MAX, ruleset_decode_ct },
    { "range", EXPR_RANGE, NFTA_RANGE_MAX, decode_range },
    { "byteorder", EXPR_BYTEORDER, NFTA_BYTEORDER_MAX, decode_byteorder },
    { "exthdr", EXPR_EXTHDR, NFTA_EXTHDR_MAX, ruleset_decode_exthdr },
    { "limit", EXPR_LIMIT, NFTA_LIMIT_MAX, ruleset_decode_limit },
    { "connlimit", EXPR_CONNLIMIT, NFTA_CONNLIMIT_MAX,
      ruleset_decode_connlimit },
    { "quota", EXPR_QUOTA, NFTA_QUOTA_MAX, ruleset_decode_quota },
    { "objref", EXPR_OBJREF, NFTA_OBJREF_MAX, ruleset_decode_objref },
    { "dynset", EXPR_DYNSET, NFTA_DYNSET_MAX, ruleset_decode_dynset },
    { "log", EXPR_LOG, NFTA_LOG_MAX, decode_nothing },
    { "last", EXPR_LAST, NFTA_LAST_MAX, decode_nothing },
    { "numgen", EXPR_NUMGEN, NFTA_NG_MAX, ruleset_decode_numgen },
    { "hash", EXPR_HASH, NFTA_HASH_MAX, ruleset_decode_hash },
    { "fib", EXPR_FIB, NFTA_FIB_MAX, ruleset_decode_fib },
    { "socket", EXPR_SOCKET, NFTA_SOCKET_MAX, ruleset_decode_socket },
    { "rt", EXPR_RT, NFTA_RT_MAX, ruleset_decode_rt },
    { "osf", EXPR_OSF, NFTA_OSF_MAX, ruleset_decode_osf },
    { "tunnel", EXPR_TUNNEL, NFTA_TUNNEL_MAX, ruleset_decode_tunnel },
    { "xfrm", EXPR_XFRM, NFTA_XFRM_MAX, ruleset_decode_xfrm },
    { "notrack", EXPR_NOTRACK, 0, decode_nothing },
    { "reject", EXPR_REJECT, NFTA_REJECT_MAX, ruleset_decode_reject },
    { "queue", EXPR_QUEUE, NFTA_QUEUE_MAX, ruleset_decode_queue },
    { "fwd", EXPR_FWD, NFTA_FWD_MAX, ruleset_decode_fwd },
    { "dup", EXPR_DUP, NFTA_DUP_MAX, ruleset_decode_dup },
    { "nat", EXPR_NAT, NFTA_NAT_MAX, decode_nothing },
    { "masq", EXPR_NAT, NFTA_MASQ_MAX, decode_nothing },
    { "redir", EXPR_NAT, NFTA_REDIR_MAX, decode_nothing },
    { "tproxy", EXPR_TPROXY, NFTA_TPROXY_MAX, decode_nothing },
    { "synproxy", EXPR_SYNPROXY, NFTA_SYNPROXY_MAX, decode_nothing },
    { "flow_offload", EXPR_FLOW_OFFLOAD, NFTA_FLOW_MAX, decode_nothing },
};

void
ruleset_expr_named(struct ruleset_maker *m, const char *name,
                   const struct nlattr *data, struct expr *ret_expr)
{
    struct expr e = { .kind = EXPR_UNKNOWN };

    for (size_t i = 0; i < ARRAY_SIZE(decoders); i++) {
        const struct decoder *d = &decoders[i];
        struct attrs as = { .odd = false };

        if (strcmp(d->name, name)) {
            continue;
        }
        e.name = d->name;
        e.kind = d->kind;
        if (data) {
            attrs_inside(&as, data, d->max);
        }
        d->decode(m, &as, &e);
        if (as.odd) {
            e = (struct expr){ .kind = EXPR_UNKNOWN, .name = d->name };
        }
        *ret_expr = e;
        return;
    }
    e.name = arena_strdup(m->arena, name);
    *ret_expr = e;
}

void
ruleset_expr(struct ruleset_maker *m, const struct nlattr *a,
             struct expr *ret_expr)
{
    const char *name;
    struct attrs as;

    attrs_inside(&as, a, NFTA_EXPR_MAX);
    name = attrs_string(&as, NFTA_EXPR_NAME);
    ruleset_expr_named(m, name ? name : "?", as.tb[NFTA_EXPR_DATA], ret_expr);
    if (as.odd) {
        ret_expr->kind = EXPR_UNKNOWN;
    }
}

const struct expr *
ruleset_exprs(struct ruleset_maker *m, const struct nlattr *list,
              size_t *ret_n)
{
    const struct nlattr *a = NULL;
    struct expr *exprs;
    size_t n = 0;

    while ((a = attrs_next(list, a))) {
        n++;
    }
    exprs = ARENA_ARRAY(m->arena, struct expr, n + 1);
    n = 0;
    while ((a = attrs_next(list, a))) {
        if (mnl_attr_get_type(a) == NFTA_LIST_ELEM) {
            ruleset_expr(m, a, &exprs[n]);
        } else {
            exprs[n].kind = EXPR_UNKNOWN;
            exprs[n].name = "?";
        }
        n++;
    }
    *ret_n = n;
    return exprs;
}
