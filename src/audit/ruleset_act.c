/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes the expressions that count, limit, remember and send elsewhere. */

#include <cordon-config.h>
#include "audit/ruleset_private.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "audit/attrs.h"
#include "lib/arena.h"
#include "util.h"

void
ruleset_decode_limit(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                     struct expr *e)
{
    uint32_t burst = 0, type = 0, flags = 0;

    attrs_u64(as, NFTA_LIMIT_RATE, &e->limit.rate);
    attrs_u64(as, NFTA_LIMIT_UNIT, &e->limit.unit);
    attrs_u32(as, NFTA_LIMIT_BURST, &burst);
    attrs_u32(as, NFTA_LIMIT_TYPE, &type);
    attrs_u32(as, NFTA_LIMIT_FLAGS, &flags);
    e->limit.burst = burst;
    e->limit.bytes = type == NFT_LIMIT_PKT_BYTES;
    e->limit.invert = flags & NFT_LIMIT_F_INV;
    if (type > NFT_LIMIT_PKT_BYTES || flags & ~NFT_LIMIT_F_INV) {
        as->odd = true;
    }
}

void
ruleset_decode_connlimit(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                         struct expr *e)
{
    uint32_t flags = 0;

    attrs_u32(as, NFTA_CONNLIMIT_FLAGS, &flags);
    e->limit.count = attrs_need_u32(as, NFTA_CONNLIMIT_COUNT);
    e->limit.invert = flags & NFT_CONNLIMIT_F_INV;
    if (flags & ~NFT_CONNLIMIT_F_INV) {
        as->odd = true;
    }
}

void
ruleset_decode_quota(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                     struct expr *e)
{
    uint32_t flags = 0;

    attrs_u32(as, NFTA_QUOTA_FLAGS, &flags);
    attrs_u64(as, NFTA_QUOTA_BYTES, &e->limit.count);
    attrs_u64(as, NFTA_QUOTA_CONSUMED, &e->limit.consumed);
    e->limit.invert = flags & NFT_QUOTA_F_INV;
    if (flags & ~(NFT_QUOTA_F_INV | NFT_QUOTA_F_DEPLETED)) {
        as->odd = true;
    }
}

void
ruleset_decode_objref(struct ruleset_maker *m, struct attrs *as,
                      struct expr *e)
{
    const char *name = attrs_string(as, NFTA_OBJREF_IMM_NAME);

    if (name) {
        uint32_t type = attrs_need_u32(as, NFTA_OBJREF_IMM_TYPE);

        e->objref.object = ruleset_maker_object(m, name, type);
        if (!e->objref.object) {
            as->odd = true;
        }
    } else {
        e->objref.set = ruleset_need_set(m, as, NFTA_OBJREF_SET_NAME);
        if (e->objref.set) {
            e->len = e->objref.set->key_len;
            e->sreg = ruleset_need_register(as, NFTA_OBJREF_SET_SREG, e->len);
        }
    }
}

void
ruleset_decode_dynset(struct ruleset_maker *m, struct attrs *as,
                      struct expr *e)
{
    struct ruleset_set *s = ruleset_need_set(m, as, NFTA_DYNSET_SET_NAME);
    uint32_t flags = 0;

    attrs_u32(as, NFTA_DYNSET_FLAGS, &flags);
    e->dynset.op = ruleset_need_byte(as, NFTA_DYNSET_OP);
    e->dynset.invert = flags & NFT_DYNSET_F_INV;
    attrs_u64(as, NFTA_DYNSET_TIMEOUT, &e->dynset.timeout);
    if (!s || e->dynset.op > NFT_DYNSET_OP_DELETE
        || flags & ~(NFT_DYNSET_F_INV | NFT_DYNSET_F_EXPR)) {
        as->odd = true;
        return;
    }
    s->dynamic = true;
    e->dynset.set = s;
    e->len = s->key_len;
    e->sreg = ruleset_need_register(as, NFTA_DYNSET_SREG_KEY, e->len);
    if (as->tb[NFTA_DYNSET_SREG_DATA]) {
        e->dynset.has_data = true;
        e->dynset.sreg_data = ruleset_need_register(as, NFTA_DYNSET_SREG_DATA,
                                                    MAX(s->data_len, 1));
    }
    if (as->tb[NFTA_DYNSET_EXPRESSIONS]) {
        e->dynset.exprs = ruleset_exprs(m, as->tb[NFTA_DYNSET_EXPRESSIONS],
                                        &e->dynset.n_exprs);
    } else if (as->tb[NFTA_DYNSET_EXPR]) {
        struct expr *one = arena_alloc(m->arena, sizeof *one);

        ruleset_expr(m, as->tb[NFTA_DYNSET_EXPR], one);
        e->dynset.exprs = one;
        e->dynset.n_exprs = 1;
    }
}

void
ruleset_decode_reject(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                      struct expr *e)
{
    attrs_u32(as, NFTA_REJECT_TYPE, &e->reject.type);
    attrs_u8(as, NFTA_REJECT_ICMP_CODE, &e->reject.code);
}

void
ruleset_decode_queue(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                     struct expr *e)
{
    attrs_u16(as, NFTA_QUEUE_NUM, &e->queue.number);
    attrs_u16(as, NFTA_QUEUE_TOTAL, &e->queue.total);
    attrs_u16(as, NFTA_QUEUE_FLAGS, &e->queue.flags);
}

void
ruleset_decode_fwd(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                   struct expr *e)
{
    uint32_t family = 0;

    e->len = 4;
    e->sreg = ruleset_need_register(as, NFTA_FWD_SREG_DEV, 4);
    attrs_u32(as, NFTA_FWD_NFPROTO, &family);
    e->send.nfproto = family;
    if (as->tb[NFTA_FWD_SREG_ADDR]) {
        e->send.has_addr = true;
        e->send.sreg_addr = ruleset_need_register(as, NFTA_FWD_SREG_ADDR, 4);
    }
}

void
ruleset_decode_dup(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                   struct expr *e)
{
    if (as->tb[NFTA_DUP_SREG_ADDR]) {
        e->send.has_addr = true;
        e->send.sreg_addr = ruleset_need_register(as, NFTA_DUP_SREG_ADDR, 4);
    }
    if (as->tb[NFTA_DUP_SREG_DEV]) {
        e->len = 4;
        e->sreg = ruleset_need_register(as, NFTA_DUP_SREG_DEV, 4);
    }
}
