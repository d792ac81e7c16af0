/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_AUDIT_REPROVE_RULE_PRIVATE_H
#define TESTS_AUDIT_REPROVE_RULE_PRIVATE_H 1

/* One rule, for rules.c. */

#include "audit/reprove/rules.h"
#include "audit/ruleset.h"

#define RULE_VERDICTS 64

struct rule_match {
    const struct frame *frame;
    const struct host_link *link;
    sym here; /* Frames that come to the rule. */
    struct carried *carried;

    /* What comes out: with which verdicts which frames end. */
    struct {
        sym is;
        const struct ruleset_verdict *verdict;
    } verdict[RULE_VERDICTS];
    size_t n_verdicts;
    sym verdicts;    /* All of these. */
    const char *why; /* Not understood. */
};

/* Fills in the second half of 'm', and changes what is carried. */
void rule_match(struct rule_match *m, const struct ruleset_rule *);

/* Those whose key is one of the set's, each with the data it loads. Sets
 * 'n_data' bytes of 'data', or adds verdicts; both if a frame is 'within'. */
sym rule_lookup(struct rule_match *m, const struct ruleset_set *, sym within,
                const sym *key, sym *data, size_t n_data, bool loads);

#endif /* tests/audit/reprove/rule_private.h */
