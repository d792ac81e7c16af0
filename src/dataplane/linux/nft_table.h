/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_TABLE_H
#define CORDON_DATAPLANE_LINUX_NFT_TABLE_H 1

/* The tables of nftables that are ours: what reading, writing and counting
 * have to know of each. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/object.h"

struct nft_set_def;

/* What a table is made of. The kind of an object says which table, and which
 * of these it is. */
enum nft_part {
    NFT_PART_TABLE,
    NFT_PART_SET,
    NFT_PART_CHAIN,
    NFT_PART_RULES,
    NFT_PART_ELEMENT,
    NFT_N_PARTS,
};

/* A place for base chains. */
struct nft_base {
    const char *text; /* Of the chain's object. */
    uint32_t hook;
    int32_t priority;
    uint32_t policy;
    bool device; /* Of the device that the object's ifindex says. */
};

struct nft_table {
    uint8_t family; /* NFPROTO_*. */
    const char *name;

    /* Says that a table is ours. Changes with what sets are, which makes the
     * next version replace the table as a whole. */
    const char *comment;
    enum object_kind first; /* Kind of its NFT_PART_TABLE; others follow. */
    const struct nft_base *bases; /* Ends with a NULL text. */

    /* Of its sets. NULL if there is none of that name. */
    const struct nft_set_def *(*set_by_name)(const char *name);
    const char *drops; /* The set of counters, that rules fill. */
};

#define NFT_N_TABLES 2
extern const struct nft_table *const nft_tables[NFT_N_TABLES];

/* The kind of objects that are this part of a table. */
enum object_kind nft_kind(const struct nft_table *, enum nft_part);

/* The table that 'o' is of, NULL if it is of none. */
const struct nft_table *nft_table_of(const struct object *o);

/* The place of a base chain, NULL if 'o' is no base chain. */
const struct nft_base *nft_base_of(const struct nft_table *,
                                   const struct object *o);

#endif /* src/dataplane/linux/nft_table.h */
