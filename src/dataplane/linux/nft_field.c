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

#define LL NFT_PAYLOAD_LL_HEADER
#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

static const struct {
    const char *name;
    struct nft_field field;
} names[] = {
    { "eth.dst", { false, LL, 0, 6 } },
    { "eth.src", { false, LL, 6, 6 } },
    { "eth.type", { false, LL, 12, 2 } },
    { "vlan.tci", { false, LL, 14, 2 } },
    { "vlan.type", { false, LL, 16, 2 } },
    { "arp.head", { false, NH, 0, 8 } },
    { "arp.sha", { false, NH, 8, 6 } },
    { "arp.spa", { false, NH, 14, 4 } },
    { "arp.tpa", { false, NH, 24, 4 } },
    { "ip.vhl", { false, NH, 0, 1 } },
    { "ip.len", { false, NH, 2, 2 } },
    { "ip.frag", { false, NH, 6, 2 } },
    { "ip.proto", { false, NH, 9, 1 } },
    { "ip.src", { false, NH, 12, 4 } },
    { "ip.dst", { false, NH, 16, 4 } },
    { "ip.option", { false, NH, 20, 4 } },
    { "ip6.plen", { false, NH, 4, 2 } },
    { "ip6.next", { false, NH, 6, 1 } },
    { "ip6.hops", { false, NH, 7, 1 } },
    { "ip6.src", { false, NH, 8, 16 } },
    { "ip6.dst", { false, NH, 24, 16 } },
    { "sport", { false, TH, 0, 2 } },
    { "dport", { false, TH, 2, 2 } },
    { "iif", { true, NFT_META_IIF, 0, 4 } },
    { "oif", { true, NFT_META_OIF, 0, 4 } },
    { "mark", { true, NFT_META_MARK, 0, 4 } },
    { "protocol", { true, NFT_META_PROTOCOL, 0, 2 } },
    { "pkttype", { true, NFT_META_PKTTYPE, 0, 1 } },
    { "l4proto", { true, NFT_META_L4PROTO, 0, 1 } },
};

static const char *const bases[] = { [LL] = "ll", [NH] = "nh", [TH] = "th" };

static bool
same_field(const struct nft_field *a, const struct nft_field *b)
{
    return a->meta == b->meta && a->base == b->base && a->offset == b->offset
           && a->len == b->len;
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
            *ret_field = (struct nft_field){ false, i, offset, len };
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
    if (!field->meta && field->base < ARRAY_SIZE(bases)) {
        ds_put_format(ds, "%s%u:%u", bases[field->base], field->offset,
                      field->len);
    } else {
        ds_put_format(ds, "[%s %u %u:%u]", field->meta ? "meta" : "payload",
                      field->base, field->offset, field->len);
    }
}

uint32_t
nft_field_meta_len(uint32_t key)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].field.meta && names[i].field.base == key) {
            return names[i].field.len;
        }
    }
    return 0;
}

bool
nft_field_is_host_order(const struct nft_field *field)
{
    return field->meta && field->len == 4;
}
