/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_MEMO_H
#define CORDON_DATAPLANE_LINUX_NFT_MEMO_H 1

/* Lines of rules by the bytes that the kernel has of them. What a rule's bytes
 * say never changes, so of a ruleset that is read again and again, and of
 * rules that many chains have, each is decoded once. */

#include <stddef.h>

struct nft_table;

/* The line of a rule of 'table' whose expressions are the 'n' bytes at 'p';
 * NULL: not known. Valid until nft_memo_sweep(). */
const char *nft_memo_find(const struct nft_table *table, const void *p,
                          size_t n);

/* Notes that it is 'line'. */
void nft_memo_add(const struct nft_table *table, const void *p, size_t n,
                  const char *line);

/* Forgets those of 'table' that nobody has found or added since this was
 * called last. */
void nft_memo_sweep(const struct nft_table *table);

/* Forgets all. */
void nft_memo_clear(void);

#endif /* src/dataplane/linux/nft_memo.h */
