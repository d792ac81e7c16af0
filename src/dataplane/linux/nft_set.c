/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Encodes and decodes sets and their elements. Used by guard_apply.c to write
 * and by guard_observe.c to read; a test holds that one undoes the other.
 *
 * Types have the numbers that nft(8) gives them (include/datatype.h there), so
 * that it can list the table; to the kernel they say nothing. */

#include <cordon-config.h>
#include "dataplane/linux/nft_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/object.h"
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

uint32_t
nft_type_len(enum nft_type type)
{
    return types[type].len;
}

static size_t
n_fields(const struct nft_set_def *def)
{
    size_t n = 0;

    while (n < NFT_SET_FIELDS && def->fields[n] != NFT_TYPE_NONE) {
        n++;
    }
    return n;
}

/* Bytes of a field in a key. */
static uint32_t
padded(const struct nft_set_def *def, size_t i)
{
    uint32_t len = types[def->fields[i]].len;

    return n_fields(def) == 1 ? len : ROUND_UP(len, 4);
}

uint32_t
nft_set_key_len(const struct nft_set_def *def)
{
    uint32_t len = 0;

    for (size_t i = 0; i < n_fields(def); i++) {
        len += padded(def, i);
    }
    return len;
}

static uint32_t
key_type(const struct nft_set_def *def)
{
    uint32_t type = 0;

    for (size_t i = 0; i < n_fields(def); i++) {
        type = type << TYPE_BITS | types[def->fields[i]].number;
    }
    return type;
}

static bool
has_intervals(const struct nft_set_def *def)
{
    return def->kind == NFT_SET_PREFIXES || def->kind == NFT_SET_RANGES;
}

static uint32_t
set_flags(const struct nft_set_def *def)
{
    return (has_intervals(def) ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0)
           | (def->kind == NFT_SET_FROM_PACKETS ? NFT_SET_EVAL : 0)
           | (def->map ? NFT_SET_MAP : 0);
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
    if (flags & NFT_SET_MAP) {
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
    format(ds, key_type(def), nft_set_key_len(def),
           def->map ? types[NFT_TYPE_MARK].number : 0, set_flags(def),
           def->size);
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
    if (def->fields[0] == NFT_TYPE_DEVICE && n_fields(def) == 1) {
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
    nftnl_set_set_str(set, NFTNL_SET_NAME, def->name);
    nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, key_type(def));
    nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, nft_set_key_len(def));
    nftnl_set_set_u32(set, NFTNL_SET_FLAGS, set_flags(def));
    if (def->map) {
        nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE,
                          types[NFT_TYPE_MARK].number);
        nftnl_set_set_u32(set, NFTNL_SET_DATA_LEN, types[NFT_TYPE_MARK].len);
    }
    if (def->size) {
        nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, def->size);
    }
    put_byte_order(def, set);
    if (has_intervals(def)) {
        uint8_t lens[NFT_SET_FIELDS];
        size_t n = n_fields(def);

        for (size_t i = 0; i < n; i++) {
            lens[i] = types[def->fields[i]].len;
        }
        nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, lens, n);
    }
}

/* Fills 'end' with the last key of the prefix that starts at 'key'. */
static void
prefix_end(const struct nft_set_def *def, const uint8_t *key, uint8_t len,
           uint8_t *end)
{
    uint32_t key_len = nft_set_key_len(def);
    uint32_t field = types[def->fields[n_fields(def) - 1]].len;
    uint8_t *p = end + key_len - field;

    memcpy(end, key, key_len);
    for (uint32_t bit = len; bit < 8 * field; bit++) {
        p[bit / 8] |= 0x80 >> bit % 8;
    }
}

static void
put_limit(struct nftnl_set_elem *elem, uint32_t rate)
{
    struct nftnl_expr *e = nftnl_expr_alloc("limit");

    if (!e) {
        out_of_memory();
    }
    nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, rate);
    nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, rate);
    nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
    nftnl_set_elem_add_expr(elem, e);
}

void
nft_element_put(const struct nft_set_def *def, const struct object *o,
                struct nftnl_set_elem *elem)
{
    uint32_t len = nft_set_key_len(def);

    nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, o->key, len);
    if (def->kind == NFT_SET_PREFIXES) {
        uint8_t end[OBJECT_KEY_MAX];

        prefix_end(def, o->key, o->key[len], end);
        nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY_END, end, len);
    } else if (def->kind == NFT_SET_RANGES) {
        nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY_END, o->key + len, len);
    }
    if (def->map) {
        nftnl_set_elem_set(elem, NFTNL_SET_ELEM_DATA, &o->value[0], 4);
    }
    if (def->limit) {
        put_limit(elem, o->value[0]);
    }
}

/* Finds the length of the prefix from 'key' to 'end': the longest, since set
 * bits of 'key' at its end look like those that 'end' has more. */
static bool
parse_prefix(const struct nft_set_def *def, const uint8_t *key,
             const uint8_t *end, uint8_t *ret_len)
{
    uint32_t key_len = nft_set_key_len(def);
    uint32_t bits = 8 * types[def->fields[n_fields(def) - 1]].len;
    uint8_t expected[OBJECT_KEY_MAX];

    for (int len = bits; len >= 0; len--) {
        prefix_end(def, key, len, expected);
        if (!memcmp(expected, end, key_len)) {
            *ret_len = len;
            return true;
        }
    }
    return false;
}

/* Notes a limit of packets a second whose burst is its rate. */
static int
parse_limit(struct nftnl_expr *e, void *rate_)
{
    uint32_t *rate = rate_;

    if (!strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "limit")
        && nftnl_expr_get_u32(e, NFTNL_EXPR_LIMIT_TYPE) == NFT_LIMIT_PKTS
        && nftnl_expr_get_u64(e, NFTNL_EXPR_LIMIT_UNIT) == 1
        && !nftnl_expr_get_u32(e, NFTNL_EXPR_LIMIT_FLAGS)) {
        uint64_t r = nftnl_expr_get_u64(e, NFTNL_EXPR_LIMIT_RATE);

        if (r <= UINT32_MAX
            && r == nftnl_expr_get_u32(e, NFTNL_EXPR_LIMIT_BURST)) {
            *rate = r;
        }
    }
    return 0;
}

static bool
parse_end(const struct nft_set_def *def, const struct nftnl_set_elem *elem,
          struct object *o)
{
    uint32_t len = nft_set_key_len(def), end_len;
    const uint8_t *end;

    end = nftnl_set_elem_get(CONST_CAST(struct nftnl_set_elem *, elem),
                             NFTNL_SET_ELEM_KEY_END, &end_len);
    if (!has_intervals(def)) {
        return !end;
    }
    if (!end) {
        end = o->key; /* The kernel leaves out what is the same. */
    } else if (end_len != len) {
        return false;
    }
    if (def->kind == NFT_SET_PREFIXES) {
        o->key_len = len + 1;
        return parse_prefix(def, o->key, end, &o->key[len]);
    }
    memmove(o->key + len, end, len);
    o->key_len = 2 * len;
    return true;
}

bool
nft_element_parse(const struct nft_set_def *def,
                  const struct nftnl_set_elem *elem_, struct arena *arena,
                  struct object *ret_object)
{
    struct nftnl_set_elem *elem = CONST_CAST(struct nftnl_set_elem *, elem_);
    struct object o = { .kind = OBJECT_NFT_ELEMENT, .name = def->name };
    uint32_t len;
    const void *p;

    p = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
    if (!p || len != nft_set_key_len(def)) {
        return false;
    }
    memcpy(o.key, p, len);
    o.key_len = len;
    if (!parse_end(def, elem, &o)) {
        return false;
    }
    if (def->map) {
        p = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_DATA, &len);
        if (!p || len != sizeof o.value[0]) {
            return false;
        }
        memcpy(&o.value[0], p, len);
    }
    if (def->limit) {
        nftnl_set_elem_expr_foreach(elem, parse_limit, &o.value[0]);
    }
    nft_element_describe(def, arena, &o);
    *ret_object = o;
    return true;
}

static void
describe_field(struct ds *ds, enum nft_type type, const uint8_t *p)
{
    char buf[INET6_ADDRSTRLEN];
    uint32_t x;

    switch (type) {
    case NFT_TYPE_NONE:
    case NFT_TYPE_DEVICE:
        return;

    case NFT_TYPE_MARK:
        memcpy(&x, p, sizeof x);
        ds_put_format(ds, "%#" PRIx32, x);
        return;

    case NFT_TYPE_MAC:
        ds_put_format(ds, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2],
                      p[3], p[4], p[5]);
        return;

    case NFT_TYPE_IP4:
        ds_put_cstr(ds, inet_ntop(AF_INET, p, buf, sizeof buf));
        return;

    case NFT_TYPE_IP6:
        ds_put_cstr(ds, inet_ntop(AF_INET6, p, buf, sizeof buf));
        return;

    case NFT_TYPE_ETHERTYPE:
        ds_put_format(ds, "%02x%02x", p[0], p[1]);
        return;

    case NFT_TYPE_U16:
        ds_put_format(ds, "%u", p[0] << 8 | p[1]);
        return;

    case NFT_TYPE_U8:
        ds_put_format(ds, "%u", p[0]);
        return;
    }
    OVS_NOT_REACHED();
}

void
nft_element_describe(const struct nft_set_def *def, struct arena *arena,
                     struct object *o)
{
    uint32_t len = nft_set_key_len(def), at = 0;
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n_fields(def); i++) {
        const uint8_t *p = o->key + at;

        at += padded(def, i);
        if (def->fields[i] == NFT_TYPE_DEVICE) {
            uint32_t ifindex;

            memcpy(&ifindex, p, sizeof ifindex);
            o->ifindex = MAX(o->ifindex, ifindex);
            continue;
        }
        if (ds.length) {
            ds_put_char(&ds, ' ');
        }
        describe_field(&ds, def->fields[i], p);
        if (def->kind == NFT_SET_RANGES) {
            ds_put_char(&ds, '-');
            describe_field(&ds, def->fields[i], p + len);
        }
    }
    if (def->kind == NFT_SET_PREFIXES) {
        ds_put_format(&ds, "/%u", o->key[len]);
    }
    o->text = arena_strdup(arena, ds_cstr(&ds));
    ds_destroy(&ds);
}
