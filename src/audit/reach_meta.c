/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What rules ask and set of a frame that is not in its bytes, over sets of
 * frames: net/netfilter/nft_meta.c and net/bridge/netfilter/nft_meta_bridge.c.
 */

#include <cordon-config.h>
#include "audit/reach_private.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "audit/host.h"
#include "audit/question.h"
#include "util.h"

/* Integers in registers are the host's: the last byte of the network's is the
 * first. */
static void
store_number(struct reach_rule *w, uint8_t dreg, uint32_t x)
{
    const uint8_t le[4] = { x, x >> 8, x >> 16, x >> 24 };
    struct bits_byte b[4];

    bits_constant(b, le, 4);
    reach_store(w, dreg, b, 4);
}

/* The number or the name of a device that is left open. */
static void
store_own(struct reach_rule *w, const struct expr *e, bool name)
{
    struct bits_byte own[16];

    header_own(name ? QUESTION_NAME : QUESTION_NUMBER, own);
    reach_store(w, e->dreg, own, name ? 16 : 4);
}

static void
store_name(struct reach_rule *w, const struct expr *e, const char *name)
{
    struct bits_byte b[16];
    uint8_t text[16] = "";

    ovs_strlcpy((char *) text, name, sizeof text);
    bits_constant(b, text, sizeof text);
    reach_store(w, e->dreg, b, sizeof text);
}

static uint8_t
family_of(const struct reach_rule *w)
{
    return w->rule->chain->table->family;
}

static void
meta_device(struct reach_rule *w, const struct expr *e)
{
    const struct reach *r = w->reach;
    bool in = e->meta.key == NFT_META_IIF || e->meta.key == NFT_META_IIFNAME
              || e->meta.key == NFT_META_IIFTYPE
              || e->meta.key == NFT_META_IIFGROUP;
    const struct host_link *link = in ? r->input : r->output;
    bool bridged = family_of(w) == NFPROTO_BRIDGE;

    if (!link && (in ? bridged : r->any_output)) {
        reach_load_unknown(w, e, "device", false);
        return;
    }
    if (question_is_of(link)
        && (e->meta.key == NFT_META_IIF || e->meta.key == NFT_META_OIF
            || e->meta.key == NFT_META_IIFNAME
            || e->meta.key == NFT_META_OIFNAME)) {
        store_own(w, e,
                  e->meta.key == NFT_META_IIFNAME
                      || e->meta.key == NFT_META_OIFNAME);
        return;
    }
    switch (e->meta.key) {
    case NFT_META_IIF:
    case NFT_META_OIF:
        store_number(w, e->dreg, link ? link->ifindex : 0);
        break;

    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
        store_name(w, e, link ? link->name : "");
        break;

    default: /* These break without a device. */
        if (!link) {
            w->frames = BITS_NONE;
        } else if (e->meta.key == NFT_META_IIFTYPE
                   || e->meta.key == NFT_META_OIFTYPE) {
            store_number(w, e->dreg, link->arphrd);
        } else {
            store_number(w, e->dreg, link->group);
        }
        break;
    }
}

static void
meta_bridge(struct reach_rule *w, const struct expr *e)
{
    const struct host_link *in = w->reach->input;

    if (e->meta.key == NFT_META_BRI_IIFNAME && in && in->master) {
        const struct host_link *bridge = host_link(w->reach->host, in->master);

        if (bridge && bridge->bridge) {
            store_name(w, e, bridge->name);
            return;
        }
    }
    reach_load_unknown(w, e, "bridge", true);
}

void
reach_meta(struct reach_rule *w, const struct expr *e)
{
    struct reach *r = w->reach;
    struct bits_byte b[4];

    switch (e->meta.key) {
    case NFT_META_PROTOCOL:
        reach_store(w, e->dreg, r->header.protocol, 2);
        break;

    case NFT_META_NFPROTO:
        bits_constant(b, (const uint8_t[]){ family_of(w) }, 1);
        reach_store(w, e->dreg, b, 1);
        break;

    case NFT_META_L4PROTO:
        w->frames = bits_and(w->frames, r->header.valid);
        reach_store(w, e->dreg, &r->header.l4proto, 1);
        break;

    case NFT_META_MARK:
        for (size_t i = 0; i < 4; i++) {
            b[i] = r->mark[3 - i];
        }
        reach_store(w, e->dreg, b, 4);
        break;

    case NFT_META_PKTTYPE:
        reach_store(w, e->dreg, &r->pkttype, 1);
        break;

    case NFT_META_IIF:
    case NFT_META_OIF:
    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
    case NFT_META_IIFTYPE:
    case NFT_META_OIFTYPE:
    case NFT_META_IIFGROUP:
    case NFT_META_OIFGROUP:
        meta_device(w, e);
        break;

    case NFT_META_BRI_IIFNAME:
    case NFT_META_BRI_OIFNAME:
    case NFT_META_BRI_IIFPVID:
    case NFT_META_BRI_IIFVPROTO:
        meta_bridge(w, e);
        break;

    default:
        reach_load_unknown(w, e, "meta", true);
        break;
    }
}

void
reach_meta_set(struct reach_rule *w, const struct expr *e)
{
    struct reach *r = w->reach;
    const struct bits_byte *b = reach_fetch(w, e->sreg, 4);

    switch (e->meta.key) {
    case NFT_META_MARK:
        for (size_t i = 0; i < 32; i++) {
            bits *bit = &r->mark[3 - i / 8].bit[i % 8];

            *bit = bits_if(w->frames, b[i / 8].bit[i % 8], *bit);
        }
        break;

    case NFT_META_PKTTYPE:
        for (size_t i = 0; i < 8; i++) {
            r->pkttype.bit[i] =
                bits_if(w->frames, b[0].bit[i], r->pkttype.bit[i]);
        }
        break;

    default: /* Priority, tracing, secmark: not where a frame goes. */
        break;
    }
}
