/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_SET_H
#define CORDON_DATAPLANE_LINUX_NFT_SET_H 1

/* Sets and maps of nftables, and their elements as objects.
 *
 * Keys are fields one after the other, each padded to four bytes. In an
 * object, the key of an element is these bytes; for NFT_SET_PREFIXES, the
 * length of the prefix that the last field is follows in one byte; for
 * NFT_SET_RANGES, the key of the range's other end follows. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ds;
struct nftnl_set;
struct nftnl_set_elem;
struct object;

enum nft_type {
    NFT_TYPE_NONE,
    NFT_TYPE_DEVICE, /* ifindex, host order. */
    NFT_TYPE_MARK,   /* Any 32 bits, host order. */
    NFT_TYPE_MAC,
    NFT_TYPE_IP4,
    NFT_TYPE_IP6,
    NFT_TYPE_ETHERTYPE,
    NFT_TYPE_U16, /* A port, a VLAN, a length. */
    NFT_TYPE_U8,
};

enum nft_set_kind {
    NFT_SET_PLAIN,        /* Exact keys. */
    NFT_SET_PREFIXES,     /* The last field is a prefix. */
    NFT_SET_RANGES,       /* All fields are ranges. */
    NFT_SET_FROM_PACKETS, /* Rules add elements. */
};

#define NFT_SET_FIELDS 4

struct nft_set_def {
    const char *name;
    enum nft_type fields[NFT_SET_FIELDS]; /* NFT_TYPE_NONE ends. */
    enum nft_set_kind kind;
    bool map;      /* To a mark: value[0] of objects. */
    bool limit;    /* Elements limit packets a second: value[0]
                                 * of objects. */
    uint32_t size; /* At most so many elements. 0: no limit. */
};

uint32_t nft_type_len(enum nft_type);

/* Bytes in a key. */
uint32_t nft_set_key_len(const struct nft_set_def *);

/* What the set is, for objects: the same whether from 'def' or as read. */
void nft_set_format(const struct nft_set_def *, struct ds *);
void nft_set_parse(const struct nftnl_set *, struct ds *);

/* Writes what makes the set, but for its table, to 'set'. */
void nft_set_put(const struct nft_set_def *, struct nftnl_set *set);

/* Makes 'elem' the element that 'o' is. */
void nft_element_put(const struct nft_set_def *, const struct object *o,
                     struct nftnl_set_elem *elem);

/* Makes 'ret_object' what 'elem' is. False if 'elem' has what elements of the
 * set never have. */
bool nft_element_parse(const struct nft_set_def *,
                       const struct nftnl_set_elem *elem, struct arena *,
                       struct object *ret_object);

/* Fills 'o->text' and 'o->ifindex' from 'o->key'. */
void nft_element_describe(const struct nft_set_def *, struct arena *,
                          struct object *o);

#endif /* src/dataplane/linux/nft_set.h */
