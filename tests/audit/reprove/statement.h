/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_AUDIT_REPROVE_STATEMENT_H
#define TESTS_AUDIT_REPROVE_STATEMENT_H 1

/* Port security, what a guest may send, over the bytes of a frame. */

#include <stddef.h>

#include "audit/reprove/frame.h"

struct spec;

#define STATEMENT_MAX 32

/* A rule, and what holds of frames that keep it. Names are those of reasons,
 * as cordon(8) has them. */
struct statement_rule {
    const char *reason;
    sym keeps;
};

struct statement {
    const struct spec *spec; /* What the policy says of the port. */
    const struct frame *frame;
    struct statement_rule rules[STATEMENT_MAX];
    size_t n_rules;
};

/* Fills in 'rules'. */
void statement_init(struct statement *, const struct spec *,
                    const struct frame *);

/* Between the files of the statement. A frame for which 'about' holds has to
 * keep 'keeps'. */
void statement_add(struct statement *, const char *reason, sym about,
                   sym keeps);
void statement_ip4(struct statement *, sym ip4);
void statement_ip6(struct statement *, sym ip6);

/* The field of 'n' bytes is that one; the two fields are the same. */
sym statement_same(const struct statement *, unsigned int a, unsigned int b,
                   unsigned int n);
sym statement_u8_in(const struct statement *, unsigned int at,
                    const uint8_t *values, size_t n);
sym statement_u16(const struct statement *, unsigned int at, uint16_t value);
/* The address at 'at' is the port's; 'with_mac': of the frame's source. */
sym statement_owned(const struct statement *, unsigned int at, int family,
                    bool with_mac);
sym statement_others(const struct statement *, unsigned int at, int family);
sym statement_underlay(const struct statement *, unsigned int at, int family);
/* A subnet's broadcast address. */
sym statement_broadcast(const struct statement *, unsigned int at);
sym statement_zero(const struct statement *, unsigned int at, unsigned int n);

static inline sym
statement_implies(sym a, sym b)
{
    return sym_or(sym_not(a), b);
}

#endif /* tests/audit/reprove/statement.h */
