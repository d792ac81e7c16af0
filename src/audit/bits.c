/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sets of frames, with BuDDy. Its garbage collector takes what has no
 * reference, so each result gets one, which bits_release() takes back. An
 * operation that fails returns the empty set and sets a flag that stays: the
 * caller asks bits_failed() before it believes anything. */

#include <cordon-config.h>
#include "audit/bits.h"

#include <bdd.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define FIRST_NODES (1 << 18)
#define CACHE_RATIO 4 /* Nodes per entry of the operations' cache. */

static bits *region;
static size_t n_region, allocated_region;
static bool failed;

static void
on_error(int error OVS_UNUSED)
{
    failed = true;
    bdd_clear_error();
}

int
bits_init(int n_vars, int max_nodes)
{
    failed = false;
    if (bdd_init(FIRST_NODES, FIRST_NODES / CACHE_RATIO)) {
        return -ENOMEM;
    }
    bdd_error_hook(on_error);
    bdd_gbc_hook(NULL);
    bdd_resize_hook(NULL);
    bdd_setcacheratio(CACHE_RATIO);
    bdd_setmaxnodenum(max_nodes);
    bdd_setmaxincrease(1 << 22);
    return bdd_setvarnum(n_vars) ? -ENOMEM : 0;
}

void
bits_done(void)
{
    bdd_done();
    free(region);
    region = NULL;
    n_region = allocated_region = 0;
}

bool
bits_failed(void)
{
    return failed;
}

static bits
made(bits x)
{
    if (x < 0) {
        failed = true;
        return BITS_NONE;
    }
    if (x > BITS_ALL) {
        if (n_region == allocated_region) {
            region = x2nrealloc(region, &allocated_region, sizeof *region);
        }
        region[n_region++] = bdd_addref(x);
    }
    return x;
}

size_t
bits_region(void)
{
    return n_region;
}

void
bits_release_all(size_t start, bits *keep, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bdd_addref(keep[i]);
    }
    while (n_region > start) {
        bdd_delref(region[--n_region]);
    }
    for (size_t i = 0; i < n; i++) {
        made(keep[i]);
        bdd_delref(keep[i]);
    }
}

bits
bits_release(size_t start, bits keep)
{
    bits_release_all(start, &keep, 1);
    return keep;
}

bits
bits_keep(bits x)
{
    return bdd_addref(x);
}

bits
bits_var(int var)
{
    return bdd_ithvar(var); /* BuDDy keeps these. */
}

bits
bits_not(bits x)
{
    return made(bdd_not(x));
}

bits
bits_and(bits a, bits b)
{
    return made(bdd_apply(a, b, bddop_and));
}

bits
bits_or(bits a, bits b)
{
    return made(bdd_apply(a, b, bddop_or));
}

bits
bits_diff(bits a, bits b)
{
    return made(bdd_apply(a, b, bddop_diff));
}

bits
bits_xor(bits a, bits b)
{
    return made(bdd_apply(a, b, bddop_xor));
}

bits
bits_if(bits condition, bits then, bits otherwise)
{
    return made(bdd_ite(condition, then, otherwise));
}

bool
bits_disjoint(bits a, bits b)
{
    size_t start = bits_region();
    bits x = bits_and(a, b);

    bits_release(start, BITS_NONE);
    return x == BITS_NONE && !failed;
}

bool
bits_subset(bits inner, bits outer)
{
    size_t start = bits_region();
    bits x = bits_diff(inner, outer);

    bits_release(start, BITS_NONE);
    return x == BITS_NONE && !failed;
}

bits
bits_vars(int first, int last)
{
    size_t n = last - first + 1;
    int *vars = xmalloc(n * sizeof *vars);
    bits x;

    for (size_t i = 0; i < n; i++) {
        vars[i] = first + i;
    }
    x = made(bdd_makeset(vars, n));
    free(vars);
    return x;
}

bits
bits_vars_of(const int *vars, size_t n)
{
    bits x = BITS_ALL;

    /* From the last, which is at the bottom. */
    while (n--) {
        x = bits_and(x, bits_var(vars[n]));
    }
    return x;
}

bits
bits_exists(bits x, bits vars)
{
    return made(bdd_exist(x, vars));
}

bits
bits_forall(bits x, bits vars)
{
    return made(bdd_forall(x, vars));
}

bits
bits_within(bits x, bits care)
{
    return made(bdd_simplify(x, care));
}

bits
bits_put(bits x, int var, bits with)
{
    return made(bdd_compose(x, with, var));
}

size_t
bits_support(bits x, int *ret, size_t max)
{
    size_t start = bits_region(), n = 0;
    bits support = made(bdd_support(x));

    while (support > BITS_ALL) {
        if (n < max) {
            ret[n] = bdd_var(support);
        }
        n++;
        support = bdd_high(support);
    }
    bits_release(start, BITS_NONE);
    return n;
}

bool
bits_depends(bits x, int var)
{
    size_t start = bits_region();
    bits support = made(bdd_support(x));
    bool found = false;

    while (support > BITS_ALL && !found) {
        found = bdd_var(support) == var;
        support = bdd_high(support);
    }
    bits_release(start, BITS_NONE);
    return found;
}

void
bits_example(bits x, uint8_t *values, int n)
{
    memset(values, 0, n);
    while (x > BITS_ALL) {
        bool high = bdd_low(x) == BITS_NONE;

        if (bdd_var(x) < n) {
            values[bdd_var(x)] = high;
        }
        x = high ? bdd_high(x) : bdd_low(x);
    }
}

bool
bits_has(bits x, const uint8_t *values)
{
    while (x > BITS_ALL) {
        x = values[bdd_var(x)] ? bdd_high(x) : bdd_low(x);
    }
    return x == BITS_ALL;
}

int
bits_top(bits x)
{
    return bdd_var(x);
}

bool
bits_is_var(bits x)
{
    return bdd_low(x) == BITS_NONE && bdd_high(x) == BITS_ALL;
}

static bool
bit_of(const uint8_t *value, size_t i)
{
    return value[i / 8] >> (7 - i % 8) & 1;
}

void
bits_constant(struct bits_byte *b, const uint8_t *value, size_t n)
{
    for (size_t i = 0; i < 8 * n; i++) {
        b[i / 8].bit[i % 8] = bit_of(value, i) ? BITS_ALL : BITS_NONE;
    }
}

bits
bits_prefix(const struct bits_byte *b, const uint8_t *value, unsigned int len)
{
    size_t start = bits_region();
    bits x = BITS_ALL;

    for (unsigned int i = len; i-- > 0 && x != BITS_NONE;) {
        bits bit = b[i / 8].bit[i % 8];

        x = bit_of(value, i) ? bits_and(bit, x) : bits_diff(x, bit);
    }
    return bits_release(start, x);
}

bits
bits_equal(const struct bits_byte *b, const uint8_t *value, size_t n)
{
    return bits_prefix(b, value, 8 * n);
}

bits
bits_at_least(const struct bits_byte *b, const uint8_t *value, size_t n)
{
    size_t start = bits_region();
    bits x = BITS_ALL;

    for (size_t i = 8 * n; i-- > 0;) {
        bits bit = b[i / 8].bit[i % 8];

        x = bit_of(value, i) ? bits_and(bit, x) : bits_or(bit, x);
    }
    return bits_release(start, x);
}

bits
bits_at_most(const struct bits_byte *b, const uint8_t *value, size_t n)
{
    size_t start = bits_region();
    bits x = BITS_ALL;

    for (size_t i = 8 * n; i-- > 0;) {
        bits bit = b[i / 8].bit[i % 8];

        x = bit_of(value, i) ? bits_or(bits_not(bit), x) : bits_diff(x, bit);
    }
    return bits_release(start, x);
}

bits
bits_same(const struct bits_byte *a, const struct bits_byte *b, size_t n)
{
    size_t start = bits_region();
    bits x = BITS_ALL;

    for (size_t i = 8 * n; i-- > 0 && x != BITS_NONE;) {
        x = bits_diff(x, bits_xor(a[i / 8].bit[i % 8], b[i / 8].bit[i % 8]));
    }
    return bits_release(start, x);
}

bits
bits_u8(const struct bits_byte *b, uint8_t value)
{
    return bits_equal(b, &value, 1);
}

bits
bits_u16(const struct bits_byte *b, uint16_t value)
{
    const uint8_t be[2] = { value >> 8, value };

    return bits_equal(b, be, 2);
}

void
bits_number(uint64_t x, bits *ret, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ret[i] = x >> (n - 1 - i) & 1 ? BITS_ALL : BITS_NONE;
    }
}

void
bits_add(const bits *a, const bits *b, size_t n, bits *ret)
{
    bits carry = BITS_NONE;

    for (size_t i = n; i-- > 0;) {
        bits half = bits_xor(a[i], b[i]);
        bits next = bits_or(bits_and(a[i], b[i]), bits_and(half, carry));

        ret[i + 1] = bits_xor(half, carry);
        carry = next;
    }
    ret[0] = carry;
}

bits
bits_less(const bits *a, const bits *b, size_t n)
{
    size_t start = bits_region();
    bits x = BITS_NONE;

    for (size_t i = n; i-- > 0;) {
        x = bits_if(bits_xor(a[i], b[i]), b[i], x);
    }
    return bits_release(start, x);
}
