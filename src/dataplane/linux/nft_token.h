/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_TOKEN_H
#define CORDON_DATAPLANE_LINUX_NFT_TOKEN_H 1

/* The words of a line that says what a rule of nftables is (nft_rule.h). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nftnl_rule;

#define NFT_VALUE_MAX 16 /* Bytes of a value. */

/* What is left of a line. */
struct nft_reader {
    const char *s;
    size_t n;
    struct nftnl_rule *rule;
    bool bad;
};

struct nft_token {
    const char *s;
    size_t n;
};

/* Takes the next word, which is empty at the end; looks at it only. ";" is a
 * word of its own. */
struct nft_token nft_token_next(struct nft_reader *);
struct nft_token nft_token_peek(const struct nft_reader *);

bool nft_token_is(struct nft_token, const char *word);

/* Takes the next word if it is 'word'; returns whether it was. */
bool nft_token_accept(struct nft_reader *, const char *word);

/* Reads hex digits: 'len' bytes, swapped to the host's order if
 * 'host_order'. */
bool nft_token_hex(struct nft_token, uint32_t len, bool host_order,
                   uint8_t *value);

#endif /* src/dataplane/linux/nft_token.h */
