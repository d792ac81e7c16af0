/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_AUDIT_REPROVE_SYM_H
#define TESTS_AUDIT_REPROVE_SYM_H 1

/* Formulas over the bytes of one frame that nothing is known of. What is
 * constant stays constant without asking Z3. A program has one context. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <z3.h>

typedef Z3_ast sym; /* Of Z3's sort Bool, or bits. */

void sym_init(void);
void sym_done(void);
Z3_context sym_context(void);

/* Of Bool. */
sym sym_true(void);
sym sym_false(void);
bool sym_is_true(sym);
bool sym_is_false(sym);
sym sym_not(sym);
sym sym_and(sym, sym);
sym sym_or(sym, sym);
sym sym_any(const char *name); /* True or false: the same for a name. */
sym sym_if(sym condition, sym then, sym otherwise); /* Of any sort. */

/* Of bits. */
sym sym_number(uint64_t value, unsigned int width);
sym sym_variable(const char *name, unsigned int width);
bool sym_value(sym, uint64_t *ret_value); /* False: not constant. */
sym sym_equal(sym, sym);
sym sym_less(sym, sym); /* Unsigned. */
sym sym_plus(sym, sym);
sym sym_bitand(sym, sym);
sym sym_bitxor(sym, sym);
sym sym_join(sym high, sym low);
sym sym_slice(sym, unsigned int high, unsigned int low);
sym sym_widen(sym, unsigned int width); /* With zeroes above. */

static inline sym
sym_at_most(sym a, sym b)
{
    return sym_not(sym_less(b, a));
}

static inline sym
sym_is(sym a, uint64_t value, unsigned int width)
{
    return sym_equal(a, sym_number(value, width));
}

static inline sym
sym_byte(uint8_t x)
{
    return sym_number(x, 8);
}

/* Of 'n' bytes, the first one highest: whether they are those at 'value', come
 * before them or are them, come behind or are them, as memcmp() has it. */
sym sym_bytes_equal(const sym *, const uint8_t *value, size_t n);
sym sym_bytes_at_most(const sym *, const uint8_t *value, size_t n);
sym sym_bytes_at_least(const sym *, const uint8_t *value, size_t n);
/* The first 'n_bits' of them. */
sym sym_bytes_prefix(const sym *, const uint8_t *value, unsigned int n_bits);

#endif /* tests/audit/reprove/sym.h */
