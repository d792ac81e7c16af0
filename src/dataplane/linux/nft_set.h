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

struct ds;
struct nftnl_set;
struct shash;

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
    bool map;         /* To a mark: value[0] of objects. */
    const char *jump; /* To a jump, value[0] of objects being 1: to the
                       * chain of this name, "-" and the device. */
    bool limit;       /* Elements limit packets a second: value[0]
                                 * of objects. */
    uint32_t size;    /* At most so many elements. 0: no limit. */
    bool packed;      /* One object is all elements, with their keys: many,
                       * which are of no device and have nothing else. */
};

uint32_t nft_type_len(enum nft_type);

size_t nft_set_n_fields(const struct nft_set_def *);
bool nft_set_has_intervals(const struct nft_set_def *);

/* Bytes of a field in a key. */
uint32_t nft_set_padded(const struct nft_set_def *, size_t field);

/* Bytes in a key. */
uint32_t nft_set_key_len(const struct nft_set_def *);

/* Finds a set among 'n' by its name. NULL if there is none. 'index' is empty
 * when it is given first. */
const struct nft_set_def *nft_set_find(struct shash *index,
                                       const struct nft_set_def *sets,
                                       size_t n, const char *name);

/* What the set is, for objects: the same whether from 'def' or as read. */
void nft_set_format(const struct nft_set_def *, struct ds *);
void nft_set_parse(const struct nftnl_set *, struct ds *);

/* Writes what makes the set, but for its name and table, to 'set'. */
void nft_set_put(const struct nft_set_def *, struct nftnl_set *set);

#endif /* src/dataplane/linux/nft_set.h */
