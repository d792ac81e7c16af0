/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Encodes and decodes sets; nft_element.c does it with their elements. Used by
 * guard_apply.c to write and by guard_observe.c to read; a test holds that one
 * undoes the other.
 *
 * Types have the numbers that nft(8) gives them (include/datatype.h there), so
 * that it can list the table; to the kernel they say nothing. */

#include <cordon-config.h>
#include "dataplane/linux/nft_set.h"

#include <netinet/in.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include <libnftnl/set.h>
#include <libnftnl/udata.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"

#define TYPE_BITS 6 /* Of each field in a set's key type. */

static const struct {
    const char *name;
    uint32_t number;
    uint32_t len;
} types[] = {
    [NFT_TYPE_NONE] = { "", 0, 0 },
    [NFT_TYPE_DEVICE] = { "device", 20, 4 },
    [NFT_TYPE_MARK] = { "mark", 19, 4 },
    [NFT_TYPE_MAC] = { "mac", 9, 6 },
    [NFT_TYPE_IP4] = { "ip4", 7, 4 },
    [NFT_TYPE_IP6] = { "ip6", 8, 16 },
    [NFT_TYPE_ETHERTYPE] = { "ethertype", 10, 2 },
    [NFT_TYPE_U16] = { "u16", 13, 2 },
    [NFT_TYPE_U8] = { "u8", 12, 1 },
};

const struct nft_set_def *
nft_set_find(struct shash *index, const struct nft_set_def *sets, size_t n,
             const char *name)
{
    for (size_t i = shash_count(index); i < n; i++) {
        shash_add(index, sets[i].name, &sets[i]);
    }
    return shash_find_data(index, name);
}

uint32_t
nft_type_len(enum nft_type type)
{
    return types[type].len;
}

size_t
nft_set_n_fields(const struct nft_set_def *def)
{
    size_t n = 0;

    while (n < NFT_SET_FIELDS && def->fields[n] != NFT_TYPE_NONE) {
        n++;
    }
    return n;
}

uint32_t
nft_set_padded(const struct nft_set_def *def, size_t i)
{
    uint32_t len = types[def->fields[i]].len;

    return nft_set_n_fields(def) == 1 ? len : ROUND_UP(len, 4);
}

uint32_t
nft_set_key_len(const struct nft_set_def *def)
{
    uint32_t len = 0;

    for (size_t i = 0; i < nft_set_n_fields(def); i++) {
        len += nft_set_padded(def, i);
    }
    return len;
}

static uint32_t
key_type(const struct nft_set_def *def)
{
    uint32_t type = 0;

    for (size_t i = 0; i < nft_set_n_fields(def); i++) {
        type = type << TYPE_BITS | types[def->fields[i]].number;
    }
    return type;
}

bool
nft_set_has_intervals(const struct nft_set_def *def)
{
    return def->kind == NFT_SET_PREFIXES || def->kind == NFT_SET_RANGES;
}

static uint32_t
set_flags(const struct nft_set_def *def)
{
    return (nft_set_has_intervals(def) ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0)
           | (def->kind == NFT_SET_FROM_PACKETS ? NFT_SET_EVAL : 0)
           | (def->map || def->jump ? NFT_SET_MAP : 0);
}

static uint32_t
data_type(const struct nft_set_def *def)
{
    return def->jump  ? (uint32_t) NFT_DATA_VERDICT
           : def->map ? types[NFT_TYPE_MARK].number
                      : 0;
}

static void
format(struct ds *ds, uint32_t type, uint32_t len, uint32_t data,
       uint32_t flags, uint32_t size)
{
    for (int shift = 30 - 30 % TYPE_BITS; shift >= 0; shift -= TYPE_BITS) {
        uint32_t number = type >> shift & ((1u << TYPE_BITS) - 1);

        for (size_t i = 1; number && i < ARRAY_SIZE(types); i++) {
            if (types[i].number == number) {
                ds_put_format(ds, "%s ", types[i].name);
                break;
            }
        }
    }
    ds_put_format(ds, "type %u:%u", type, len);
    if (flags & NFT_SET_MAP && data == (uint32_t) NFT_DATA_VERDICT) {
        ds_put_cstr(ds, " map verdict");
    } else if (flags & NFT_SET_MAP) {
        ds_put_format(ds, " map %u", data);
    }
    if (flags & NFT_SET_INTERVAL) {
        ds_put_cstr(ds, " interval");
    }
    if (flags & NFT_SET_EVAL) {
        ds_put_cstr(ds, " dynamic");
    }
    ds_put_format(ds, " flags %#x size %u", flags, size);
}

void
nft_set_format(const struct nft_set_def *def, struct ds *ds)
{
    format(ds, key_type(def), nft_set_key_len(def), data_type(def),
           set_flags(def), def->size);
}

void
nft_set_parse(const struct nftnl_set *set, struct ds *ds)
{
    format(ds, nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE),
           nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN),
           nftnl_set_is_set(set, NFTNL_SET_DATA_TYPE)
               ? nftnl_set_get_u32(set, NFTNL_SET_DATA_TYPE)
               : 0,
           nftnl_set_is_set(set, NFTNL_SET_FLAGS)
               ? nftnl_set_get_u32(set, NFTNL_SET_FLAGS)
               : 0,
           nftnl_set_is_set(set, NFTNL_SET_DESC_SIZE)
               ? nftnl_set_get_u32(set, NFTNL_SET_DESC_SIZE)
               : 0);
}

/* Tells nft(8), which lists numbers of the host's order wrongly otherwise. */
static void
put_byte_order(const struct nft_set_def *def, struct nftnl_set *set)
{
    enum { HOST_ORDER = 1 };
    struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

    if (!udata) {
        out_of_memory();
    }
    if (def->fields[0] == NFT_TYPE_DEVICE && nft_set_n_fields(def) == 1) {
        nftnl_udata_put_u32(udata, NFTNL_UDATA_SET_KEYBYTEORDER, HOST_ORDER);
    }
    if (def->map) {
        nftnl_udata_put_u32(udata, NFTNL_UDATA_SET_DATABYTEORDER, HOST_ORDER);
    }
    if (nftnl_udata_buf_len(udata)) {
        nftnl_set_set_data(set, NFTNL_SET_USERDATA,
                           nftnl_udata_buf_data(udata),
                           nftnl_udata_buf_len(udata));
    }
    nftnl_udata_buf_free(udata);
}

void
nft_set_put(const struct nft_set_def *def, struct nftnl_set *set)
{
    nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, key_type(def));
    nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, nft_set_key_len(def));
    nftnl_set_set_u32(set, NFTNL_SET_FLAGS, set_flags(def));
    if (def->jump) {
        nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE, data_type(def));
    } else if (def->map) {
        nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE, data_type(def));
        nftnl_set_set_u32(set, NFTNL_SET_DATA_LEN, types[NFT_TYPE_MARK].len);
    }
    if (def->size) {
        nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, def->size);
    }
    put_byte_order(def, set);
    if (nft_set_has_intervals(def)) {
        uint8_t lens[NFT_SET_FIELDS];
        size_t n = nft_set_n_fields(def);

        for (size_t i = 0; i < n; i++) {
            lens[i] = types[def->fields[i]].len;
        }
        nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, lens, n);
    }
}
