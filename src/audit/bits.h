/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_BITS_H
#define CORDON_AUDIT_BITS_H 1

/* Sets of frames as binary decision diagrams: a thin layer over BuDDy that
 * keeps what is in use alive and never mistakes a failure for an empty set.
 *
 * Every function returns a set that lives until the region it was made in is
 * released:
 *
 *     size_t region = bits_region();
 *     bits x = bits_and(a, b);
 *     x = bits_release(region, x);      // all since then is gone, but x
 *
 * There is one table of nodes in a process, so there is one user of it at a
 * time. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set; a node of BuDDy's. */
typedef int bits;

#define BITS_NONE ((bits) 0) /* The empty set. */
#define BITS_ALL ((bits) 1)

/* A byte, most significant bit first: each bit is the set of those frames
 * for which it is 1. */
struct bits_byte {
    bits bit[8];
};

/* Makes the table with 'n_vars' variables; 'max_nodes' bounds its memory (20
 * bytes each). Returns 0 or -errno. */
int bits_init(int n_vars, int max_nodes);
void bits_done(void);

/* True if an operation has failed since bits_init(), for memory or because it
 * grew past 'max_nodes'. Then no result is worth anything. */
bool bits_failed(void);

size_t bits_region(void);
bits bits_release(size_t region, bits keep);
/* The same for several. */
void bits_release_all(size_t region, bits *keep, size_t n);
/* Keeps 'x' until bits_done(), whatever is released. */
bits bits_keep(bits x);

bits bits_var(int var);
bits bits_not(bits);
bits bits_and(bits, bits);
bits bits_or(bits, bits);
bits bits_diff(bits, bits); /* Of the first what is not in the second. */
bits bits_xor(bits, bits);
bits bits_if(bits condition, bits then, bits otherwise);

/* True if nothing is in both. */
bool bits_disjoint(bits, bits);
bool bits_subset(bits inner, bits outer);

/* The set of variables 'first' to 'last', for the two below. */
bits bits_vars(int first, int last);
/* The set of these variables, each there once. */
bits bits_vars_of(const int *vars, size_t n);
/* Those frames that are in the set with some value of these variables... */
bits bits_exists(bits, bits vars);
/* ...or with any. */
bits bits_forall(bits, bits vars);
/* A set that is 'x' among the frames of 'care' and whatever is simple
 * elsewhere. */
bits bits_within(bits x, bits care);
/* 'x' with the set 'with' in the place of variable 'var'. */
bits bits_put(bits x, int var, bits with);
/* The variables that 'x' depends on, in order: at most 'max' of them are in
 * 'ret'. Returns how many there are. */
size_t bits_support(bits x, int *ret, size_t max);
/* True if the set depends on variable 'var'. */
bool bits_depends(bits, int var);

/* A frame in the set, that is not empty: '*value' of 'n' variables, 0 where
 * it does not matter. */
void bits_example(bits, uint8_t *values, int n);
/* True if the frame with these values of the variables is in the set. */
bool bits_has(bits, const uint8_t *values);

int bits_top(bits); /* Its topmost variable. */
bool bits_is_var(bits);

/* Numbers of 'n' bytes, most significant first. */
void bits_constant(struct bits_byte *, const uint8_t *value, size_t n);
bits bits_equal(const struct bits_byte *, const uint8_t *value, size_t n);
/* The first 'len' bits are those of 'value'. */
bits bits_prefix(const struct bits_byte *, const uint8_t *value,
                 unsigned int len);
bits bits_at_least(const struct bits_byte *, const uint8_t *value, size_t n);
bits bits_at_most(const struct bits_byte *, const uint8_t *value, size_t n);
bits bits_same(const struct bits_byte *, const struct bits_byte *, size_t n);
/* Of one and two bytes, for what is written out in code. */
bits bits_u8(const struct bits_byte *, uint8_t);
bits bits_u16(const struct bits_byte *, uint16_t);

/* 'n' bits, most significant first, that are not bytes: sums and comparisons.
 * 'ret' has room for 'n' + 1. */
void bits_add(const bits *a, const bits *b, size_t n, bits *ret);
bits bits_less(const bits *a, const bits *b, size_t n);
/* 'x' of 'n' bits. */
void bits_number(uint64_t x, bits *ret, size_t n);

#endif /* src/audit/bits.h */
