/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_RUN_PRIVATE_H
#define CORDON_AUDIT_RUN_PRIVATE_H 1

/* What the files that interpret nftables share. */

#include "audit/ruleset.h"
#include "audit/run.h"

/* A frame on its way through a base chain. */
struct run {
    const struct run_hook *hook;
    struct skb *skb;
    struct run_result *result;
    struct skb_transport transport;
    union {
        uint32_t w[RULESET_REG_END];
        uint8_t b[RULESET_REG_END * 4];
    } regs;
    int verdict;                        /* NFT_CONTINUE, NFT_BREAK, ... */
    const struct ruleset_chain *target; /* Of NFT_JUMP, NFT_GOTO. */
};

/* Puts 'n' bytes into a register, as nft_data_copy(): what is left of the last
 * word is zero. */
void run_store(struct run *, uint8_t word, const void *, size_t n);
void run_store32(struct run *, uint8_t word, uint32_t);
void run_store8(struct run *, uint8_t word, uint8_t);
/* As the kernel stores a number of 16 bits, in its own byte order. */
void run_store16(struct run *, uint8_t word, uint16_t);

static inline const uint8_t *
run_load(const struct run *r, uint8_t word)
{
    return &r->regs.b[word * 4];
}

/* Ends the frame's way: not understood, because of 'why'. */
void run_give_up(struct run *, const struct expr *, const char *why);

/* Evaluates any expression; '*ret_marked' becomes true if it has set the
 * frame's mark. What does not match sets 'verdict' to NFT_BREAK. */
void run_expr(struct run *, const struct expr *, bool *ret_marked);

/* Those of the frame, by kind. What does not match sets 'verdict' to NFT_BREAK. */
void run_payload(struct run *, const struct expr *);
void run_payload_set(struct run *, const struct expr *);
void run_exthdr(struct run *, const struct expr *);
void run_meta(struct run *, const struct expr *);
void run_meta_set(struct run *, const struct expr *, bool *ret_marked);
void run_ct(struct run *, const struct expr *);

#endif /* src/audit/run_private.h */
