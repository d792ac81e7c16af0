/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A hash map from bytes to lines. Called by guard_observe.c. */

#include <cordon-config.h>
#include "dataplane/linux/nft_memo.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "util.h"

struct memo {
    struct hmap_node node;
    const struct nft_table *table;
    bool used; /* Since the last sweep. */
    size_t n;
    char *line;
    uint8_t bytes[];
};

static struct hmap memos = HMAP_INITIALIZER(&memos);

static uint32_t
hash_of(const struct nft_table *table, const void *p, size_t n)
{
    return hash_bytes(p, n, hash_pointer(table, 0));
}

const char *
nft_memo_find(const struct nft_table *table, const void *p, size_t n)
{
    struct memo *m;

    HMAP_FOR_EACH_WITH_HASH (m, node, hash_of(table, p, n), &memos) {
        if (m->table == table && m->n == n && !memcmp(m->bytes, p, n)) {
            m->used = true;
            return m->line;
        }
    }
    return NULL;
}

void
nft_memo_add(const struct nft_table *table, const void *p, size_t n,
             const char *line)
{
    struct memo *m = xmalloc(sizeof *m + n);

    m->table = table;
    m->used = true;
    m->n = n;
    m->line = xstrdup(line);
    memcpy(m->bytes, p, n);
    hmap_insert(&memos, &m->node, hash_of(table, p, n));
}

static void
forget(struct memo *m)
{
    hmap_remove(&memos, &m->node);
    free(m->line);
    free(m);
}

void
nft_memo_sweep(const struct nft_table *table)
{
    struct memo *m;

    HMAP_FOR_EACH_SAFE (m, node, &memos) {
        if (m->table == table && !m->used) {
            forget(m);
        } else if (m->table == table) {
            m->used = false;
        }
    }
}

void
nft_memo_clear(void)
{
    struct memo *m;

    HMAP_FOR_EACH_SAFE (m, node, &memos) {
        forget(m);
    }
    hmap_destroy(&memos);
    hmap_init(&memos);
}
