/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_AUDIT_REPROVE_RULES_H
#define TESTS_AUDIT_REPROVE_RULES_H 1

/* Chains of nftables as formulas. */

#include <stddef.h>
#include <stdint.h>

#include "audit/reprove/frame.h"

struct host_link;
struct ruleset_chain;

/* What goes with a frame and rules may change. */
struct carried {
    sym mark[4]; /* As it stands in memory. */
    sym pkttype;
};

/* Sets '*ret_accepted' to the frames that come in by 'link' and that all of the
 * base chains 'chains' accept, whatever limits there are and however full sets
 * are, and 'carried' to what they carry then. Returns NULL, or what is not
 * understood, in words that stay. */
const char *rules_accept(const struct frame *, const struct host_link *link,
                         const struct ruleset_chain *const *chains, size_t n,
                         struct carried *carried, sym *ret_accepted);

#endif /* tests/audit/reprove/rules.h */
