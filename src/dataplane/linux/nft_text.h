/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_TEXT_H
#define CORDON_DATAPLANE_LINUX_NFT_TEXT_H 1

/* Chains as text, a rule a line, in the form of nft_rule.h. */

#include "plan/object.h"

struct arena;
struct ds;
struct nft_table;

/* Stands for something in rules: "$mark". */
struct nft_word {
    const char *word, *with;
};

/* Appends 'rule' as a line to 'rules', with those of 'words' (the last has a
 * NULL word) that are in it replaced. */
void nft_text_add(struct ds *rules, const char *rule,
                  const struct nft_word *words);

/* Appends 'n' bytes as hex digits. */
void nft_text_hex(struct ds *, const void *, size_t n);

/* Appends a regular chain and its rules to 'objects'; clears 'rules'. */
void nft_text_chain(const struct nft_table *, const char *name,
                    struct ds *rules, struct arena *, struct objects *objects);

#endif /* src/dataplane/linux/nft_text.h */
