/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REACH_PRIVATE_H
#define CORDON_AUDIT_REACH_PRIVATE_H 1

/* Between reach.c and reach_*.c: one rule at work. */

#include "audit/reach.h"
#include "audit/ruleset.h"

#define REACH_BYTES (4 * RULESET_REG_END)

struct reach_rule {
    struct reach *reach;
    const struct ruleset_rule *rule;
    size_t at;   /* Expression. */
    bits frames; /* Those that all expressions so far have matched. */
    struct bits_byte reg[REACH_BYTES];
    bool loaded[RULESET_REG_END];

    /* A verdict, if there is one; 'map' if it depends on the frame. */
    bool has_verdict;
    struct ruleset_verdict verdict;
    struct reach_case {
        bits frames;
        struct ruleset_verdict verdict;
    } * cases;
    size_t n_cases, allocated_cases;
};

/* Runs one expression that is no verdict's end. */
void reach_expr(struct reach_rule *, const struct expr *);

/* Those of meta: loads, and sets. */
void reach_meta(struct reach_rule *, const struct expr *);
void reach_meta_set(struct reach_rule *, const struct expr *);

/* Stores 'n' bytes from word 'dreg' on; the rest of the last word is 0. */
void reach_store(struct reach_rule *, uint8_t dreg, const struct bits_byte *,
                 size_t n);
/* Reads; what no expression of the rule has loaded might be anything. */
const struct bits_byte *reach_fetch(struct reach_rule *, uint8_t sreg,
                                    size_t n);
/* Loads what is not known, 'may_break' if the expression might not load. */
void reach_load_unknown(struct reach_rule *, const struct expr *,
                        const char *what, bool may_break);

/* "netdev t in, rule 7", the caller frees. */
char *reach_where(const struct ruleset_chain *, const struct ruleset_rule *);

/* A byte that may be anything, for 'what' of this expression. */
bits reach_oracle(const struct reach_rule *, const char *what);

/* The frames whose key, at word 'sreg', is in the set; data of maps goes to
 * the registers or to cases. */
void reach_lookup(struct reach_rule *, const struct expr *);
void reach_forget_lookups(void);

#endif /* src/audit/reach_private.h */
