/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Encodes and decodes elements of sets: the bytes of keys as the kernel has
 * them are the keys of objects. Used by guard_apply.c to write, by
 * guard_observe.c to read and by guard_element.c to say what is wanted; a test
 * holds that one undoes the other. */

#include <cordon-config.h>
#include "dataplane/linux/nft_element.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>

#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/object.h"
#include "util.h"

/* Bytes of the last field, which is a prefix. */
static uint32_t
last_len(const struct nft_set_def *def)
{
    return nft_type_len(def->fields[nft_set_n_fields(def) - 1]);
}

/* Fills 'end' with the last key of the prefix that starts at 'key'. */
static void
prefix_end(const struct nft_set_def *def, const uint8_t *key, uint8_t len,
           uint8_t *end)
{
    uint32_t key_len = nft_set_key_len(def);
    uint32_t field = last_len(def);
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

static char *
jump_target(const struct nft_set_def *def, const struct object *o)
{
    uint32_t ifindex;

    memcpy(&ifindex, o->key, sizeof ifindex);
    return xasprintf("%s-%" PRIu32, def->jump, ifindex);
}

static void
put_jump(const struct nft_set_def *def, const struct object *o,
         struct nftnl_set_elem *elem)
{
    char *chain = jump_target(def, o);

    nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_VERDICT, NFT_JUMP);
    nftnl_set_elem_set_str(elem, NFTNL_SET_ELEM_CHAIN, chain);
    free(chain);
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
    if (def->jump) {
        put_jump(def, o, elem);
    }
    if (def->limit) {
        put_limit(elem, o->value[0]);
    }
}

static bool
is_jump(const struct nft_set_def *def, const struct object *o,
        struct nftnl_set_elem *elem)
{
    const char *chain = nftnl_set_elem_get_str(elem, NFTNL_SET_ELEM_CHAIN);
    char *target = jump_target(def, o);
    bool same = chain && !strcmp(chain, target)
                && (int) nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_VERDICT)
                       == NFT_JUMP;

    free(target);
    return same;
}

/* Finds the length of the prefix from 'key' to 'end': the longest, since set
 * bits of 'key' at its end look like those that 'end' has more. */
static bool
parse_prefix(const struct nft_set_def *def, const uint8_t *key,
             const uint8_t *end, uint8_t *ret_len)
{
    uint32_t key_len = nft_set_key_len(def);
    uint32_t bits = 8 * last_len(def);
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
    if (!nft_set_has_intervals(def)) {
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
                  const struct nftnl_set_elem *elem_,
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
    if (def->jump) {
        o.value[0] = is_jump(def, &o, elem);
    }
    if (def->limit) {
        nftnl_set_elem_expr_foreach(elem, parse_limit, &o.value[0]);
    }
    nft_element_finish(def, &o);
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
        ds_put_format(ds, ETH_ADDR_FMT, ETH_ADDR_BYTES_ARGS(p));
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
        ds_put_format(ds, "%d", p[0] << 8 | p[1]);
        return;

    case NFT_TYPE_U8:
        ds_put_format(ds, "%u", p[0]);
        return;
    }
    OVS_NOT_REACHED();
}

/* An object_describe_cb. */
static void
describe(const struct object *o, struct ds *ds)
{
    const struct nft_set_def *def = nft_table_of(o)->set_by_name(o->name);
    uint32_t len = nft_set_key_len(def), at = 0;
    size_t before = ds->length;

    for (size_t i = 0; i < nft_set_n_fields(def); i++) {
        const uint8_t *p = o->key + at;

        at += nft_set_padded(def, i);
        if (def->fields[i] == NFT_TYPE_DEVICE) {
            continue;
        }
        if (ds->length > before) {
            ds_put_char(ds, ' ');
        }
        describe_field(ds, def->fields[i], p);
        if (def->kind == NFT_SET_RANGES) {
            ds_put_char(ds, '-');
            describe_field(ds, def->fields[i], p + len);
        }
    }
    if (def->kind == NFT_SET_PREFIXES) {
        ds_put_format(ds, "/%u", o->key[len]);
    }
}

void
nft_element_finish(const struct nft_set_def *def, struct object *o)
{
    uint32_t at = 0;

    for (size_t i = 0; i < nft_set_n_fields(def); i++) {
        if (def->fields[i] == NFT_TYPE_DEVICE) {
            uint32_t ifindex;

            memcpy(&ifindex, o->key + at, sizeof ifindex);
            o->ifindex = MAX(o->ifindex, ifindex);
        }
        at += nft_set_padded(def, i);
    }
    o->describe = describe;
}
