/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names of the fields that rules look at. Used by nft_rule.c in both
 * directions, so that what is read back from the kernel has the names that it
 * was written with. */

#include <cordon-config.h>
#include "dataplane/linux/nft_field.h"

#include <netinet/in.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define PAYLOAD NFT_SOURCE_PAYLOAD
#define META NFT_SOURCE_META
#define CT NFT_SOURCE_CT
#define LL NFT_PAYLOAD_LL_HEADER
#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

static const struct {
    const char *name;
    struct nft_field field;
} names[] = {
    { "eth.dst", { PAYLOAD, LL, 0, 6 } },
    { "eth.src", { PAYLOAD, LL, 6, 6 } },
    { "eth.type", { PAYLOAD, LL, 12, 2 } },
    { "vlan.tci", { PAYLOAD, LL, 14, 2 } },
    { "vlan.type", { PAYLOAD, LL, 16, 2 } },
    { "arp.head", { PAYLOAD, NH, 0, 8 } },
    { "arp.sha", { PAYLOAD, NH, 8, 6 } },
    { "arp.spa", { PAYLOAD, NH, 14, 4 } },
    { "arp.tpa", { PAYLOAD, NH, 24, 4 } },
    { "ip.vhl", { PAYLOAD, NH, 0, 1 } },
    { "ip.len", { PAYLOAD, NH, 2, 2 } },
    { "ip.frag", { PAYLOAD, NH, 6, 2 } },
    { "ip.proto", { PAYLOAD, NH, 9, 1 } },
    { "ip.src", { PAYLOAD, NH, 12, 4 } },
    { "ip.dst", { PAYLOAD, NH, 16, 4 } },
    { "ip.option", { PAYLOAD, NH, 20, 4 } },
    { "ip6.plen", { PAYLOAD, NH, 4, 2 } },
    { "ip6.next", { PAYLOAD, NH, 6, 1 } },
    { "ip6.hops", { PAYLOAD, NH, 7, 1 } },
    { "ip6.src", { PAYLOAD, NH, 8, 16 } },
    { "ip6.dst", { PAYLOAD, NH, 24, 16 } },
    { "sport", { PAYLOAD, TH, 0, 2 } },
    { "dport", { PAYLOAD, TH, 2, 2 } },
    { "iif", { META, NFT_META_IIF, 0, 4 } },
    { "oif", { META, NFT_META_OIF, 0, 4 } },
    { "mark", { META, NFT_META_MARK, 0, 4 } },
    { "protocol", { META, NFT_META_PROTOCOL, 0, 2 } },
    { "pkttype", { META, NFT_META_PKTTYPE, 0, 1 } },
    { "l4proto", { META, NFT_META_L4PROTO, 0, 1 } },
    { "ibrname", { META, NFT_META_BRI_IIFNAME, 0, 16 } },
    { "ct.dir", { CT, NFT_CT_DIRECTION, 0, 1 } },
    { "ct.zone", { CT, NFT_CT_ZONE, 0, 2 } },
    { "ct.state", { CT, NFT_CT_STATE, 0, 4 } },
    { "ct.status", { CT, NFT_CT_STATUS, 0, 4 } },
    { "ct.mark", { CT, NFT_CT_MARK, 0, 4 } },
};

static const char *const bases[] = { [LL] = "ll", [NH] = "nh", [TH] = "th" };

static bool
same_field(const struct nft_field *a, const struct nft_field *b)
{
    return a->source == b->source && a->base == b->base
           && a->offset == b->offset && a->len == b->len;
}

bool
nft_field_from_string(const char *s, size_t length,
                      struct nft_field *ret_field)
{
    char buf[24];
    unsigned int offset, len;
    int n = 0;

    if (length >= sizeof buf) {
        return false;
    }
    memcpy(buf, s, length);
    buf[length] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(buf, names[i].name)) {
            *ret_field = names[i].field;
            return true;
        }
    }
    if (length < 5 || sscanf(buf + 2, "%3u:%2u%n", &offset, &len, &n) != 2
        || (size_t) n + 2 != length || !len || len > 16 || offset > 255) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
        if (!strncmp(buf, bases[i], 2)) {
            *ret_field = (struct nft_field){ PAYLOAD, i, offset, len };
            return true;
        }
    }
    return false;
}

void
nft_field_format(const struct nft_field *field, struct ds *ds)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (same_field(field, &names[i].field)) {
            ds_put_cstr(ds, names[i].name);
            return;
        }
    }
    if (field->source == PAYLOAD && field->base < ARRAY_SIZE(bases)) {
        ds_put_format(ds, "%s%u:%u", bases[field->base], field->offset,
                      field->len);
    } else {
        ds_put_format(ds, "[%s %u %u:%u]",
                      field->source == PAYLOAD ? "payload"
                      : field->source == META  ? "meta"
                                               : "ct",
                      field->base, field->offset, field->len);
    }
}

uint32_t
nft_field_key_len(enum nft_source source, uint32_t key)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].field.source == source && names[i].field.base == key) {
            return names[i].field.len;
        }
    }
    return 0;
}

bool
nft_field_is_host_order(const struct nft_field *field)
{
    return field->source != PAYLOAD && field->len == 4;
}
