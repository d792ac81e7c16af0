/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A thin layer over Z3's C API, that folds constants: most of what rules load
 * of a port, and most of what sets hold for it, is constant. */

#include <cordon-config.h>
#include "audit/reprove/sym.h"

#include <stdio.h>
#include <stdlib.h>

#include "util.h"

static Z3_context context;

static void
give_up(Z3_context c, Z3_error_code code)
{
    fprintf(stderr, "reprove: Z3: %s\n", Z3_get_error_msg(c, code));
    exit(2);
}

void
sym_init(void)
{
    Z3_config config = Z3_mk_config();

    context = Z3_mk_context(config);
    Z3_del_config(config);
    Z3_set_error_handler(context, give_up);
}

void
sym_done(void)
{
    Z3_del_context(context);
}

Z3_context
sym_context(void)
{
    return context;
}

sym
sym_true(void)
{
    return Z3_mk_true(context);
}

sym
sym_false(void)
{
    return Z3_mk_false(context);
}

bool
sym_is_true(sym a)
{
    return a == sym_true();
}

bool
sym_is_false(sym a)
{
    return a == sym_false();
}

sym
sym_not(sym a)
{
    if (sym_is_true(a)) {
        return sym_false();
    } else if (sym_is_false(a)) {
        return sym_true();
    }
    return Z3_mk_not(context, a);
}

sym
sym_and(sym a, sym b)
{
    if (sym_is_false(a) || sym_is_true(b) || a == b) {
        return a;
    } else if (sym_is_false(b) || sym_is_true(a)) {
        return b;
    }
    return Z3_mk_and(context, 2, (sym[]){ a, b });
}

sym
sym_or(sym a, sym b)
{
    if (sym_is_true(a) || sym_is_false(b) || a == b) {
        return a;
    } else if (sym_is_true(b) || sym_is_false(a)) {
        return b;
    }
    return Z3_mk_or(context, 2, (sym[]){ a, b });
}

sym
sym_any(const char *name)
{
    return Z3_mk_const(context, Z3_mk_string_symbol(context, name),
                       Z3_mk_bool_sort(context));
}

sym
sym_if(sym condition, sym then, sym otherwise)
{
    if (sym_is_true(condition) || then == otherwise) {
        return then;
    } else if (sym_is_false(condition)) {
        return otherwise;
    }
    return Z3_mk_ite(context, condition, then, otherwise);
}

sym
sym_number(uint64_t value, unsigned int bits)
{
    return Z3_mk_unsigned_int64(context, value, Z3_mk_bv_sort(context, bits));
}

sym
sym_variable(const char *name, unsigned int bits)
{
    return Z3_mk_const(context, Z3_mk_string_symbol(context, name),
                       Z3_mk_bv_sort(context, bits));
}

bool
sym_value(sym a, uint64_t *ret_value)
{
    return Z3_is_numeral_ast(context, a)
           && Z3_get_numeral_uint64(context, a, ret_value);
}

static bool
both(sym a, sym b, uint64_t *ret_a, uint64_t *ret_b)
{
    return sym_value(a, ret_a) && sym_value(b, ret_b);
}

static unsigned int
width(sym a)
{
    return Z3_get_bv_sort_size(context, Z3_get_sort(context, a));
}

sym
sym_equal(sym a, sym b)
{
    uint64_t x, y;

    if (a == b) {
        return sym_true();
    } else if (both(a, b, &x, &y)) {
        return x == y ? sym_true() : sym_false();
    }
    return Z3_mk_eq(context, a, b);
}

sym
sym_less(sym a, sym b)
{
    uint64_t x, y;

    if (both(a, b, &x, &y)) {
        return x < y ? sym_true() : sym_false();
    }
    return Z3_mk_bvult(context, a, b);
}

sym
sym_plus(sym a, sym b)
{
    return Z3_simplify(context, Z3_mk_bvadd(context, a, b));
}

sym
sym_bitand(sym a, sym b)
{
    return Z3_simplify(context, Z3_mk_bvand(context, a, b));
}

sym
sym_bitxor(sym a, sym b)
{
    return Z3_simplify(context, Z3_mk_bvxor(context, a, b));
}

sym
sym_join(sym high, sym low)
{
    uint64_t x, y;

    if (both(high, low, &x, &y)) {
        return sym_number(x << width(low) | y, width(high) + width(low));
    }
    return Z3_mk_concat(context, high, low);
}

sym
sym_slice(sym a, unsigned int high, unsigned int low)
{
    return Z3_simplify(context, Z3_mk_extract(context, high, low, a));
}

sym
sym_widen(sym a, unsigned int bits)
{
    uint64_t x;

    return sym_value(a, &x) ? sym_number(x, bits)
                            : Z3_mk_zero_ext(context, bits - width(a), a);
}

sym
sym_bytes_equal(const sym *b, const uint8_t *value, size_t n)
{
    sym all = sym_true();

    for (size_t i = 0; i < n; i++) {
        all = sym_and(all, sym_equal(b[i], sym_byte(value[i])));
    }
    return all;
}

/* Whether they come before 'value' and are not it ('before'), or behind. */
static sym
beside(const sym *b, const uint8_t *value, size_t n, bool before)
{
    sym result = sym_false();

    for (size_t i = n; i-- > 0;) {
        sym x = sym_byte(value[i]);
        sym less = before ? sym_less(b[i], x) : sym_less(x, b[i]);

        result = sym_or(less, sym_and(sym_equal(b[i], x), result));
    }
    return result;
}

sym
sym_bytes_at_most(const sym *b, const uint8_t *value, size_t n)
{
    return sym_not(beside(b, value, n, false));
}

sym
sym_bytes_at_least(const sym *b, const uint8_t *value, size_t n)
{
    return sym_not(beside(b, value, n, true));
}

sym
sym_bytes_prefix(const sym *b, const uint8_t *value, unsigned int bits)
{
    sym all = sym_bytes_equal(b, value, bits / 8);

    if (bits % 8) {
        unsigned int low = 8 - bits % 8;

        all = sym_and(all, sym_is(sym_slice(b[bits / 8], 7, low),
                                  value[bits / 8] >> low, bits % 8));
    }
    return all;
}
