/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expressions that look at the frame and at what goes with it: payload, meta,
 * exthdr, ct. After nft_payload.c, nft_meta.c, nft_meta_bridge.c,
 * nft_exthdr.c and nft_ct.c of Linux 6.1. */

#include <cordon-config.h>
#include "audit/run_private.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "audit/host.h"
#include "util.h"

#define VLAN_LEN 4
#define VLAN_HLEN (ETH_HLEN + VLAN_LEN)
#define TCP_LEN 20
#define UDP_LEN 8

static void
brk(struct run *r)
{
    r->verdict = NFT_BREAK;
}

/* Copies 'n' bytes at 'at' from the destination MAC into a register. */
static void
load_frame(struct run *r, const struct expr *e, size_t at)
{
    if (at + e->len > r->skb->n) {
        brk(r);
    } else {
        run_store(r, e->dreg, r->skb->data + at, e->len);
    }
}

/* A load from the MAC header with the accelerated tag put back: its EtherType
 * is then skb->protocol, whatever the frame has there. */
static void
load_tagged(struct run *r, const struct expr *e)
{
    const struct skb *skb = r->skb;
    size_t offset = e->payload.offset, len = e->len, n = 0;
    uint8_t header[VLAN_HLEN], value[UINT8_MAX];

    if (offset < VLAN_HLEN) {
        if (skb->n < ETH_HLEN) {
            brk(r);
            return;
        }
        memcpy(header, skb->data, 2 * ETH_ALEN);
        header[12] = skb->tag_protocol >> 8;
        header[13] = skb->tag_protocol;
        header[14] = skb->tci >> 8;
        header[15] = skb->tci;
        header[16] = skb->protocol >> 8;
        header[17] = skb->protocol;
        n = MIN(len, VLAN_HLEN - offset);
        memcpy(value, header + offset, n);
        offset = ETH_HLEN;
    } else {
        offset -= VLAN_LEN;
    }
    if (n < len && offset + len - n > skb->n) {
        brk(r);
        return;
    }
    memcpy(value + n, skb->data + offset, len - n);
    run_store(r, e->dreg, value, len);
}

/* Where what is in a TCP or UDP packet starts. False if there is none. */
static bool
inner_offset(const struct run *r, size_t *ret_at)
{
    const struct skb_transport *t = &r->transport;

    if (!t->known || t->fragment) {
        return false;
    }
    if (t->protocol == IPPROTO_UDP) {
        *ret_at = t->offset + UDP_LEN;
        return true;
    } else if (t->protocol == IPPROTO_TCP
               && t->offset + TCP_LEN <= r->skb->n) {
        *ret_at = t->offset + (r->skb->data[t->offset + 12] >> 4) * 4;
        return true;
    }
    return false;
}

/* The kernel's short cut for small aligned loads, which knows of no
 * fragments. False: not taken. */
static bool
load_fast(struct run *r, const struct expr *e)
{
    const struct skb_transport *t = &r->transport;
    size_t at;

    if ((e->len != 1 && e->len != 2 && e->len != 4)
        || e->payload.offset % e->len) {
        return false;
    }
    if (e->payload.base == NFT_PAYLOAD_NETWORK_HEADER) {
        at = r->skb->network;
    } else if (e->payload.base == NFT_PAYLOAD_TRANSPORT_HEADER && t->known) {
        at = t->offset;
    } else {
        return false;
    }
    at += e->payload.offset;
    if (at + e->len > r->skb->linear) {
        return false;
    }
    run_store(r, e->dreg, r->skb->data + at, e->len);
    return true;
}

void
run_payload(struct run *r, const struct expr *e)
{
    const struct skb_transport *t = &r->transport;
    size_t at;

    if (load_fast(r, e)) {
        return;
    }
    switch (e->payload.base) {
    case NFT_PAYLOAD_LL_HEADER:
        if (r->skb->tagged && e->payload.offset + e->len > 2 * ETH_ALEN) {
            load_tagged(r, e);
            return;
        }
        at = 0;
        break;
    case NFT_PAYLOAD_NETWORK_HEADER:
        at = r->skb->network;
        break;
    case NFT_PAYLOAD_TRANSPORT_HEADER:
        if (!t->known || t->fragment) {
            brk(r);
            return;
        }
        at = t->offset;
        break;
    default:
        if (!inner_offset(r, &at)) {
            brk(r);
            return;
        }
        break;
    }
    load_frame(r, e, at + e->payload.offset);
}

void
run_payload_set(struct run *r, const struct expr *e)
{
    size_t at = 0;

    if (e->payload.csum_type != NFT_PAYLOAD_CSUM_NONE
        || e->payload.csum_flags) {
        run_give_up(r, e, "changes the frame and a checksum");
        return;
    }
    switch (e->payload.base) {
    case NFT_PAYLOAD_LL_HEADER:
        if (r->skb->tagged && e->payload.offset + e->len > 2 * ETH_ALEN) {
            run_give_up(r, e, "changes a tag");
            return;
        }
        break;
    case NFT_PAYLOAD_NETWORK_HEADER:
        at = r->skb->network;
        break;
    case NFT_PAYLOAD_TRANSPORT_HEADER:
        if (!r->transport.known || r->transport.fragment) {
            brk(r);
            return;
        }
        at = r->transport.offset;
        break;
    default:
        if (!inner_offset(r, &at)) {
            brk(r);
            return;
        }
        break;
    }
    at += e->payload.offset;
    if (at + e->len > r->skb->n) {
        brk(r);
        return;
    }
    memcpy(r->skb->data + at, run_load(r, e->sreg), e->len);
}

static void
exthdr_ip6(struct run *r, const struct expr *e)
{
    uint16_t fragment;
    size_t at = 0;
    int found;

    if (r->skb->protocol != ETH_P_IPV6) {
        brk(r);
        return;
    }
    found = skb_find_ip6(r->skb, e->exthdr.type, false, &at, &fragment);
    if (e->exthdr.present) {
        run_store8(r, e->dreg, found >= 0);
    } else if (found < 0) {
        brk(r);
    } else {
        load_frame(r, e, at + e->exthdr.offset);
    }
}

static void
exthdr_tcp(struct run *r, const struct expr *e)
{
    const struct skb_transport *t = &r->transport;
    const uint8_t *tcp = r->skb->data + t->offset;
    size_t len, step;

    if (t->protocol != IPPROTO_TCP || t->fragment
        || t->offset + TCP_LEN > r->skb->n) {
        goto none;
    }
    len = (tcp[12] >> 4) * 4;
    if (len < TCP_LEN || t->offset + len > r->skb->n) {
        goto none;
    }
    for (size_t i = TCP_LEN; i < len - 1; i += step) {
        /* End and padding have no length; 0 is as bad as 1. */
        step = tcp[i] <= 1 || !tcp[i + 1] ? 1 : tcp[i + 1];
        if (tcp[i] != e->exthdr.type) {
            continue;
        }
        if (i + step > len || e->len + e->exthdr.offset > step) {
            break;
        }
        if (e->exthdr.present) {
            run_store8(r, e->dreg, 1);
        } else {
            run_store(r, e->dreg, tcp + i + e->exthdr.offset, e->len);
        }
        return;
    }
none:
    if (e->exthdr.present) {
        run_store32(r, e->dreg, 0);
    } else {
        brk(r);
    }
}

static void
exthdr_ip4(struct run *r, const struct expr *e)
{
    const struct skb *skb = r->skb;

    if (skb->protocol != ETH_P_IP) {
        brk(r);
    } else if (skb->pulled != skb->network) {
        run_give_up(r, e, "options of IPv4 on the way out");
    } else if (skb->network + 20 <= skb->n
               && (skb->data[skb->network] & 15) > 5) {
        run_give_up(r, e, "options of IPv4");
    } else if (e->exthdr.present) {
        run_store8(r, e->dreg, 0);
    } else {
        brk(r);
    }
}

void
run_exthdr(struct run *r, const struct expr *e)
{
    switch (e->exthdr.op) {
    case NFT_EXTHDR_OP_IPV6:
        exthdr_ip6(r, e);
        break;
    case NFT_EXTHDR_OP_TCPOPT:
        exthdr_tcp(r, e);
        break;
    case NFT_EXTHDR_OP_IPV4:
        exthdr_ip4(r, e);
        break;
    default:
        run_give_up(r, e, "chunks and options of this protocol");
        break;
    }
}

/* A name of up to 16 bytes, "" if there is no device. */
static void
store_name(struct run *r, const struct expr *e, const char *name)
{
    char s[16] = "";

    memcpy(s, name, strnlen(name, sizeof s));
    run_store(r, e->dreg, s, sizeof s);
}

static void
meta_device(struct run *r, const struct expr *e, const struct host_link *link)
{
    switch (e->meta.key) {
    case NFT_META_IIF:
    case NFT_META_OIF:
        run_store32(r, e->dreg, link ? link->ifindex : 0);
        break;
    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
    case NFT_META_BRI_IIFNAME:
    case NFT_META_BRI_OIFNAME:
        store_name(r, e, link ? link->name : "");
        break;
    case NFT_META_IIFTYPE:
    case NFT_META_OIFTYPE:
        if (link) {
            run_store16(r, e->dreg, link->arphrd);
        } else {
            brk(r);
        }
        break;
    case NFT_META_IIFGROUP:
    case NFT_META_OIFGROUP:
        if (link) {
            run_store32(r, e->dreg, link->group);
        } else {
            brk(r);
        }
        break;
    default: /* IIFKIND, OIFKIND. */
        if (link && *link->kind) {
            store_name(r, e, link->kind);
        } else {
            brk(r);
        }
        break;
    }
}

static void
meta_bridge_vlan(struct run *r, const struct expr *e)
{
    const struct host_link *br = r->hook->in_bridge;

    if (!br || !br->bridge || !br->bridge->vlan_filtering) {
        brk(r);
    } else if (e->meta.key == NFT_META_BRI_IIFPVID) {
        run_store16(r, e->dreg, host_link_pvid(r->hook->in));
    } else {
        run_store16(r, e->dreg, htons(br->bridge->vlan_protocol));
    }
}

void
run_meta(struct run *r, const struct expr *e)
{
    const struct skb *skb = r->skb;

    switch (e->meta.key) {
    case NFT_META_LEN:
        run_store32(r, e->dreg, skb->n - skb->pulled);
        break;
    case NFT_META_PROTOCOL:
        run_store16(r, e->dreg, htons(skb->protocol));
        break;
    case NFT_META_NFPROTO:
        run_store8(r, e->dreg, r->hook->family);
        break;
    case NFT_META_L4PROTO:
        if (r->transport.known) {
            run_store8(r, e->dreg, r->transport.protocol);
        } else {
            brk(r);
        }
        break;
    case NFT_META_PRIORITY:
        run_store32(r, e->dreg, skb->priority);
        break;
    case NFT_META_MARK:
        run_store32(r, e->dreg, skb->mark);
        break;
    case NFT_META_IIF:
    case NFT_META_IIFNAME:
    case NFT_META_IIFTYPE:
    case NFT_META_IIFGROUP:
    case NFT_META_IIFKIND:
        meta_device(r, e, r->hook->in);
        break;
    case NFT_META_OIF:
    case NFT_META_OIFNAME:
    case NFT_META_OIFTYPE:
    case NFT_META_OIFGROUP:
    case NFT_META_OIFKIND:
        meta_device(r, e, r->hook->out);
        break;
    case NFT_META_BRI_IIFNAME:
        meta_device(r, e, r->hook->in_bridge);
        break;
    case NFT_META_BRI_OIFNAME:
        meta_device(r, e, r->hook->out_bridge);
        break;
    case NFT_META_BRI_IIFPVID:
    case NFT_META_BRI_IIFVPROTO:
        meta_bridge_vlan(r, e);
        break;
    case NFT_META_PKTTYPE:
        run_store8(r, e->dreg, skb->pkttype);
        break;
    case NFT_META_SKUID:
    case NFT_META_SKGID:
    case NFT_META_CGROUP:
    case NFT_META_RTCLASSID:
        brk(r); /* No socket, no route. */
        break;
    case NFT_META_SECPATH:
        run_store8(r, e->dreg, 0);
        break;
    case NFT_META_SDIF:
        run_store32(r, e->dreg, 0);
        break;
    case NFT_META_SDIFNAME:
        store_name(r, e, "");
        break;
    default:
        run_give_up(r, e, "depends on what is not in a frame");
        break;
    }
}

void
run_meta_set(struct run *r, const struct expr *e, bool *ret_marked)
{
    struct skb *skb = r->skb;
    uint8_t byte = *run_load(r, e->sreg);

    switch (e->meta.key) {
    case NFT_META_MARK:
        skb->mark = r->regs.w[e->sreg];
        *ret_marked = true;
        break;
    case NFT_META_PRIORITY:
        skb->priority = r->regs.w[e->sreg];
        break;
    case NFT_META_PKTTYPE:
        if (byte <= PACKET_OTHERHOST && skb->pkttype <= PACKET_OTHERHOST) {
            skb->pkttype = byte;
        }
        break;
    case NFT_META_NFTRACE:
    case NFT_META_SECMARK:
        break;
    default:
        run_give_up(r, e, "sets what is not known");
        break;
    }
}

void
run_ct(struct run *r, const struct expr *e)
{
    const struct run_assume *assume = r->hook->assume;
    uint32_t state = NF_CT_STATE_INVALID_BIT;

    switch (r->skb->ct) {
    case SKB_CT_NONE:
        break;
    case SKB_CT_UNTRACKED:
        state = NF_CT_STATE_UNTRACKED_BIT;
        break;
    case SKB_CT_TRACKED:
        r->result->assumed |= RUN_ASSUMED_CT;
        state = assume && assume->ct_state ? assume->ct_state
                                           : NF_CT_STATE_BIT(IP_CT_NEW);
        break;
    }
    if (e->ct.key == NFT_CT_STATE) {
        run_store32(r, e->dreg, state);
    } else if (r->skb->ct != SKB_CT_TRACKED) {
        brk(r);
    } else if (e->ct.key == NFT_CT_DIRECTION) {
        run_store8(r, e->dreg, 0);
    } else if (e->ct.key == NFT_CT_MARK || e->ct.key == NFT_CT_STATUS) {
        run_store32(r, e->dreg, 0); /* Of a new connection. */
    } else {
        run_give_up(r, e, "asks about a connection");
    }
}
