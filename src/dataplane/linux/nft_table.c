/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which tables there are, and which of them an object is of. */

#include <cordon-config.h>
#include "dataplane/linux/nft_table.h"

#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/guard_rules.h"
#include "util.h"

const struct nft_table *const nft_tables[NFT_N_TABLES] = {
    &guard_table,
    &group_table,
};

enum object_kind
nft_kind(const struct nft_table *t, enum nft_part part)
{
    return t->first + part;
}

const struct nft_table *
nft_table_of(const struct object *o)
{
    for (size_t i = 0; i < NFT_N_TABLES; i++) {
        const struct nft_table *t = nft_tables[i];

        if (o->kind >= t->first && o->kind < t->first + NFT_N_PARTS) {
            return t;
        }
    }
    return NULL;
}

const struct nft_base *
nft_base_of(const struct nft_table *t, const struct object *o)
{
    for (const struct nft_base *b = t->bases; b->text; b++) {
        if (o->text && !strcmp(b->text, o->text)) {
            return b;
        }
    }
    return NULL;
}
