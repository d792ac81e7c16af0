/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_RULE_STATE_H
#define CORDON_DATAPLANE_LINUX_NFT_RULE_STATE_H 1

/* What nft_rule.c and nft_rule_load.c know while they read a rule. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/linux/nft_field.h"
#include "openvswitch/dynamic-string.h"

struct nftnl_expr;

/* What has been read of a rule. */
struct nft_rule_state {
    struct ds *line;
    struct ds key;    /* Terms loaded and not used yet. */
    size_t words;     /* Registers that they take. */
    size_t last_word; /* Where the last of them starts. */
    struct nft_field last;
    size_t n_terms;
    struct ds map; /* "KEY map SET", waiting for its use. */
    size_t n_statements;
};

/* Begins a statement: puts between it and the one before what belongs
 * there. */
void nft_rule_statement(struct nft_rule_state *);

/* Forgets the terms that have been loaded. */
void nft_rule_use_key(struct nft_rule_state *);

void nft_rule_put_hex(struct ds *, const void *value, uint32_t len,
                      bool host_order);

/* Read an expression. False if we have no form for it. */
bool nft_rule_parse_payload(struct nft_rule_state *,
                            const struct nftnl_expr *);
bool nft_rule_parse_meta(struct nft_rule_state *, const struct nftnl_expr *);
bool nft_rule_parse_ct(struct nft_rule_state *, const struct nftnl_expr *);
bool nft_rule_parse_immediate(struct nft_rule_state *,
                              const struct nftnl_expr *);
bool nft_rule_parse_bitwise(struct nft_rule_state *,
                            const struct nftnl_expr *);

#endif /* src/dataplane/linux/nft_rule_state.h */
