/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes the expressions that load what is in a frame, or known of it. */

#include <cordon-config.h>
#include "audit/ruleset_private.h"

#include <netinet/in.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "audit/attrs.h"
#include "util.h"

/* Bytes that 'meta' loads by key, as nft_meta_get_init() says. */
static const uint8_t meta_len[] = {
    [NFT_META_LEN] = 4,          [NFT_META_PROTOCOL] = 2,
    [NFT_META_PRIORITY] = 4,     [NFT_META_MARK] = 4,
    [NFT_META_IIF] = 4,          [NFT_META_OIF] = 4,
    [NFT_META_IIFNAME] = 16,     [NFT_META_OIFNAME] = 16,
    [NFT_META_IIFTYPE] = 2,      [NFT_META_OIFTYPE] = 2,
    [NFT_META_SKUID] = 4,        [NFT_META_SKGID] = 4,
    [NFT_META_NFTRACE] = 1,      [NFT_META_RTCLASSID] = 4,
    [NFT_META_SECMARK] = 4,      [NFT_META_NFPROTO] = 1,
    [NFT_META_L4PROTO] = 1,      [NFT_META_BRI_IIFNAME] = 16,
    [NFT_META_BRI_OIFNAME] = 16, [NFT_META_PKTTYPE] = 1,
    [NFT_META_CPU] = 4,          [NFT_META_IIFGROUP] = 4,
    [NFT_META_OIFGROUP] = 4,     [NFT_META_CGROUP] = 4,
    [NFT_META_PRANDOM] = 4,      [NFT_META_SECPATH] = 1,
    [NFT_META_IIFKIND] = 16,     [NFT_META_OIFKIND] = 16,
    [NFT_META_BRI_IIFPVID] = 2,  [NFT_META_BRI_IIFVPROTO] = 2,
    [NFT_META_TIME_NS] = 8,      [NFT_META_TIME_DAY] = 1,
    [NFT_META_TIME_HOUR] = 4,    [NFT_META_SDIF] = 4,
    [NFT_META_SDIFNAME] = 16,
};

/* Bytes that 'ct' loads by key (nft_ct_get_init()); of addresses it depends
 * on the family. */
static const uint8_t ct_len[] = {
    [NFT_CT_STATE] = 4,     [NFT_CT_DIRECTION] = 1,  [NFT_CT_STATUS] = 4,
    [NFT_CT_MARK] = 4,      [NFT_CT_SECMARK] = 4,    [NFT_CT_EXPIRATION] = 4,
    [NFT_CT_HELPER] = 16,   [NFT_CT_L3PROTOCOL] = 1, [NFT_CT_SRC] = 16,
    [NFT_CT_DST] = 16,      [NFT_CT_PROTOCOL] = 1,   [NFT_CT_PROTO_SRC] = 2,
    [NFT_CT_PROTO_DST] = 2, [NFT_CT_LABELS] = 16,    [NFT_CT_PKTS] = 8,
    [NFT_CT_BYTES] = 8,     [NFT_CT_AVGPKT] = 8,     [NFT_CT_ZONE] = 2,
    [NFT_CT_EVENTMASK] = 4, [NFT_CT_SRC_IP] = 4,     [NFT_CT_DST_IP] = 4,
    [NFT_CT_SRC_IP6] = 16,  [NFT_CT_DST_IP6] = 16,   [NFT_CT_ID] = 4,
};

void
ruleset_decode_payload(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                       struct expr *e)
{
    e->payload.base = ruleset_need_byte(as, NFTA_PAYLOAD_BASE);
    e->payload.offset = attrs_need_u32(as, NFTA_PAYLOAD_OFFSET);
    e->len = ruleset_need_byte(as, NFTA_PAYLOAD_LEN);
    if (e->payload.base > NFT_PAYLOAD_INNER_HEADER
        || e->payload.offset > UINT8_MAX) {
        as->odd = true;
    }
    if (as->tb[NFTA_PAYLOAD_SREG]) {
        uint32_t type = 0, offset = 0, flags = 0;

        e->kind = EXPR_PAYLOAD_SET;
        e->sreg = ruleset_need_register(as, NFTA_PAYLOAD_SREG, e->len);
        attrs_u32(as, NFTA_PAYLOAD_CSUM_TYPE, &type);
        attrs_u32(as, NFTA_PAYLOAD_CSUM_OFFSET, &offset);
        attrs_u32(as, NFTA_PAYLOAD_CSUM_FLAGS, &flags);
        e->payload.csum_type = type;
        e->payload.csum_offset = offset;
        e->payload.csum_flags = flags;
        return;
    }
    e->dreg = ruleset_need_register(as, NFTA_PAYLOAD_DREG, e->len);
}

void
ruleset_decode_meta(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                    struct expr *e)
{
    e->meta.key = attrs_need_u32(as, NFTA_META_KEY);
    e->meta.direction = -1;
    if (e->meta.key >= ARRAY_SIZE(meta_len) || !meta_len[e->meta.key]) {
        as->odd = true;
        return;
    }
    e->len = meta_len[e->meta.key];
    if (as->tb[NFTA_META_SREG]) {
        e->kind = EXPR_META_SET;
        if (e->meta.key == NFT_META_PKTTYPE) {
            e->len = 1;
        }
        e->sreg = ruleset_need_register(as, NFTA_META_SREG, e->len);
    } else {
        e->dreg = ruleset_need_register(as, NFTA_META_DREG, e->len);
    }
}

void
ruleset_decode_ct(struct ruleset_maker *m, struct attrs *as, struct expr *e)
{
    uint8_t direction;

    e->ct.key = attrs_need_u32(as, NFTA_CT_KEY);
    e->ct.direction = -1;
    if (e->ct.key >= ARRAY_SIZE(ct_len)) {
        as->odd = true;
        return;
    }
    e->len = ct_len[e->ct.key];
    if ((e->ct.key == NFT_CT_SRC || e->ct.key == NFT_CT_DST)
        && m->table->family == NFPROTO_IPV4) {
        e->len = 4;
    }
    if (attrs_u8(as, NFTA_CT_DIRECTION, &direction)) {
        e->ct.direction = direction;
    }
    if (as->tb[NFTA_CT_SREG]) {
        e->kind = EXPR_CT_SET;
        e->sreg = ruleset_need_register(as, NFTA_CT_SREG, e->len);
    } else {
        e->dreg = ruleset_need_register(as, NFTA_CT_DREG, e->len);
    }
}

void
ruleset_decode_exthdr(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                      struct expr *e)
{
    uint32_t op = NFT_EXTHDR_OP_IPV6, flags = 0;

    attrs_u32(as, NFTA_EXTHDR_OP, &op);
    attrs_u32(as, NFTA_EXTHDR_FLAGS, &flags);
    attrs_u8(as, NFTA_EXTHDR_TYPE, &e->exthdr.type);
    e->exthdr.op = op;
    e->exthdr.offset = attrs_need_u32(as, NFTA_EXTHDR_OFFSET);
    e->exthdr.present = flags & NFT_EXTHDR_F_PRESENT;
    e->len = ruleset_need_byte(as, NFTA_EXTHDR_LEN);
    if (op > NFT_EXTHDR_OP_MAX || flags & ~NFT_EXTHDR_F_PRESENT) {
        as->odd = true;
    }
    if (as->tb[NFTA_EXTHDR_SREG]) {
        e->kind = EXPR_EXTHDR_SET;
        e->sreg = ruleset_need_register(as, NFTA_EXTHDR_SREG, e->len);
    } else if (as->tb[NFTA_EXTHDR_DREG]) {
        e->dreg = ruleset_need_register(as, NFTA_EXTHDR_DREG, e->len);
    } else {
        as->odd = true; /* Takes a TCP option out. */
    }
}

void
ruleset_decode_numgen(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                      struct expr *e)
{
    e->len = 4;
    e->dreg = ruleset_need_register(as, NFTA_NG_DREG, e->len);
    e->other.a = attrs_need_u32(as, NFTA_NG_MODULUS);
    e->other.b = attrs_need_u32(as, NFTA_NG_TYPE);
    attrs_u32(as, NFTA_NG_OFFSET, &e->other.c);
}

void
ruleset_decode_hash(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                    struct expr *e)
{
    e->len = 4;
    e->dreg = ruleset_need_register(as, NFTA_HASH_DREG, e->len);
    attrs_u32(as, NFTA_HASH_MODULUS, &e->other.a);
    attrs_u32(as, NFTA_HASH_TYPE, &e->other.b);
    attrs_u32(as, NFTA_HASH_OFFSET, &e->other.c);
}

void
ruleset_decode_fib(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                   struct expr *e)
{
    e->other.b = attrs_need_u32(as, NFTA_FIB_RESULT);
    e->len = e->other.b == NFT_FIB_RESULT_OIFNAME ? IFNAMSIZ : 4;
    e->dreg = ruleset_need_register(as, NFTA_FIB_DREG, e->len);
    attrs_u32(as, NFTA_FIB_FLAGS, &e->other.a);
}

void
ruleset_decode_socket(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                      struct expr *e)
{
    e->other.a = attrs_need_u32(as, NFTA_SOCKET_KEY);
    e->len = e->other.a == NFT_SOCKET_MARK       ? 4
             : e->other.a == NFT_SOCKET_CGROUPV2 ? 8
                                                 : 1;
    e->dreg = ruleset_need_register(as, NFTA_SOCKET_DREG, e->len);
    attrs_u32(as, NFTA_SOCKET_LEVEL, &e->other.b);
}

void
ruleset_decode_rt(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                  struct expr *e)
{
    e->other.a = attrs_need_u32(as, NFTA_RT_KEY);
    e->len = e->other.a == NFT_RT_NEXTHOP6 ? 16
             : e->other.a == NFT_RT_TCPMSS ? 2
             : e->other.a == NFT_RT_XFRM   ? 1
                                           : 4;
    e->dreg = ruleset_need_register(as, NFTA_RT_DREG, e->len);
}

void
ruleset_decode_osf(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                   struct expr *e)
{
    e->len = NFT_OSF_MAXGENRELEN;
    e->dreg = ruleset_need_register(as, NFTA_OSF_DREG, e->len);
}

void
ruleset_decode_tunnel(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                      struct expr *e)
{
    e->other.a = attrs_need_u32(as, NFTA_TUNNEL_KEY);
    e->len = e->other.a == NFT_TUNNEL_ID ? 4 : 1;
    e->dreg = ruleset_need_register(as, NFTA_TUNNEL_DREG, e->len);
}

void
ruleset_decode_xfrm(struct ruleset_maker *m OVS_UNUSED, struct attrs *as,
                    struct expr *e)
{
    e->other.a = attrs_need_u32(as, NFTA_XFRM_KEY);
    e->len = e->other.a == NFT_XFRM_KEY_DADDR_IP6
                     || e->other.a == NFT_XFRM_KEY_SADDR_IP6
                 ? 16
                 : 4;
    e->dreg = ruleset_need_register(as, NFTA_XFRM_DREG, e->len);
}
