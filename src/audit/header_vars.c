/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The variables. Order is what keeps the sets small: fields that rules compare
 * with each other stand bit by bit next to each other (a group's MAC and
 * address, a solicited node and its target, the packet in an ICMP error and
 * its addresses, the lengths). */

#include <cordon-config.h>
#include "audit/header_vars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define N_ORACLES 1536
#define N_OPEN 256

/* The frame's variables, and those that are none of a frame's. */
static struct {
    struct header_vars frame;
    struct bits_byte mark[4];
    int n;
    int own;
    int open[N_OPEN];
    size_t n_open;
    int oracle;
    char *why[N_ORACLES];
    size_t n_why;
    bool usual[N_ORACLES];
    bits mark_vars, all_but_mark, oracle_vars;
} vars;

/* While variables are numbered, bits hold numbers; -1: not yet. */
static void
number_bit(bits *b)
{
    if (*b < 0) {
        *b = vars.n++;
    }
}

static void
number(struct bits_byte *b, size_t n)
{
    for (size_t i = 0; i < 8 * n; i++) {
        number_bit(&b[i / 8].bit[i % 8]);
    }
}

/* Variables that stand for sets which end hereabouts. */
static void
number_open(size_t n)
{
    while (n--) {
        vars.open[vars.n_open++] = vars.n++;
    }
}

/* With room for such ones behind each 'step' bytes. */
static void
number_with_open(struct bits_byte *b, size_t n, size_t step, size_t n_open)
{
    for (size_t i = 0; i < n; i += step) {
        number(&b[i], step);
        number_open(n_open);
    }
}

/* Bytes whose bits stand next to each other. */
static void
interleave(struct bits_byte *const b[], size_t n)
{
    for (size_t bit = 0; bit < 8; bit++) {
        for (size_t i = 0; i < n; i++) {
            number_bit(&b[i]->bit[bit]);
        }
    }
}

static void
number_lengths(void)
{
    struct header_vars *f = &vars.frame;

    for (size_t i = 0; i < HEADER_LEN_BITS; i++) {
        number_bit(&f->len[i]);
        number_bit(&f->ip4[2 + i / 8].bit[i % 8]);
        number_bit(&f->ip6[4 + i / 8].bit[i % 8]);
        if (i < 13) { /* A fragment's offset is in units of 8 bytes. */
            number_bit(&f->ip4[6 + (i + 3) / 8].bit[(i + 3) % 8]);
            number_bit(&f->extension[2 + i / 8].bit[i % 8]);
        }
    }
}

/* Destinations, and what is compared with them. */
static void
number_destinations(void)
{
    struct header_vars *f = &vars.frame;
    static const uint8_t order[16] = { 0,  1,  2, 3,  4, 8,  9, 10,
                                       11, 12, 5, 13, 6, 14, 7, 15 };

    number(f->dst, 2);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        size_t j = order[i];
        struct bits_byte *same[8];
        size_t n = 0;

        if (j >= 12) {
            same[n++] = &f->dst[j - 10];
            same[n++] = &f->ip4[16 + j - 12];
            same[n++] = &f->upper4[20 + j - 12];
        }
        same[n++] = &f->ip6[24 + j];
        same[n++] = &f->upper6[16 + j];
        if (j >= 13) {
            same[n++] = &f->upper6[8 + j];
            same[n++] = &f->ip6[24 + j - 8];
        }
        interleave(same, n);
    }
}

static void
number_all(void)
{
    struct header_vars *f = &vars.frame;

    memset(&vars, 0xff, sizeof vars);
    vars.n = 0;
    vars.n_open = 0;
    number(vars.mark, 4);
    vars.own = vars.n;
    vars.n += 128 * HEADER_N_OWN;
    number_bit(&f->tpid);
    number(f->tci, 2);
    number(f->type, 2);
    number(f->src, 6);
    number_open(8);
    number(&f->ip4[9], 1);
    number(&f->ip6[6], 2);
    number(f->ip4, 2);
    number(f->extension, 2);
    number(f->upper4, 1);
    number(f->upper6, 1);
    number_lengths();
    number(&f->ip4[12], 4);
    number_open(8);
    number(&f->ip6[8], 16);
    number_open(8);
    number_destinations();
    number_open(32);
    number(f->ip4, 20);
    number(f->ip6, 40);
    number(f->extension, 8);
    number(f->option, 4);
    number_with_open(f->upper4, HEADER_N_TRANSPORT, 8, 4);
    number_with_open(f->upper6, HEADER_N_TRANSPORT, 8, 8);
    number_with_open(f->arp, 28, 4, 4);
    number(f->other, 16);
    number_open(16);
    vars.oracle = vars.n;
    vars.n += N_ORACLES;
}

/* Numbers to sets. */
static void
make_bytes(struct bits_byte *b, size_t n)
{
    for (size_t i = 0; i < 8 * n; i++) {
        b[i / 8].bit[i % 8] = bits_var(b[i / 8].bit[i % 8]);
    }
}

int
header_init(int max_nodes)
{
    struct header_vars *f = &vars.frame;
    int error;

    number_all();
    vars.n_why = 0;
    error = bits_init(vars.n, max_nodes);
    if (error) {
        return error;
    }
    f->tpid = bits_var(f->tpid);
    for (size_t i = 0; i < HEADER_LEN_BITS; i++) {
        f->len[i] = bits_var(f->len[i]);
    }
    make_bytes(f->dst, 6);
    make_bytes(f->src, 6);
    make_bytes(f->tci, 2);
    make_bytes(f->type, 2);
    make_bytes(vars.mark, 4);
    make_bytes(f->arp, 28);
    make_bytes(f->other, 16);
    make_bytes(f->ip4, 20);
    make_bytes(f->option, 4);
    make_bytes(f->upper4, HEADER_N_TRANSPORT);
    make_bytes(f->ip6, 40);
    make_bytes(f->extension, 8);
    make_bytes(f->upper6, HEADER_N_TRANSPORT);
    vars.mark_vars = bits_keep(bits_vars(0, HEADER_MARK_BITS - 1));
    vars.all_but_mark = bits_keep(bits_vars(HEADER_MARK_BITS, vars.n - 1));
    vars.oracle_vars = bits_keep(bits_vars(vars.oracle, vars.n - 1));
    return bits_failed() ? -ENOMEM : 0;
}

void
header_done(void)
{
    header_forget();
    bits_done();
}

bits
header_oracle(const char *why)
{
    for (size_t i = 0; i < vars.n_why; i++) {
        if (!strcmp(vars.why[i], why)) {
            return bits_var(vars.oracle + i);
        }
    }
    if (vars.n_why == N_ORACLES) {
        return bits_var(vars.oracle + N_ORACLES - 1);
    }
    vars.why[vars.n_why] = xstrdup(why);
    vars.usual[vars.n_why] = false;
    return bits_var(vars.oracle + vars.n_why++);
}

bits
header_usually(const char *why)
{
    bits x = header_oracle(why);

    vars.usual[bits_top(x) - vars.oracle] = true;
    return x;
}

bits
header_certain(bits x)
{
    for (size_t i = 0; i < vars.n_why; i++) {
        if (vars.usual[i] && bits_depends(x, vars.oracle + i)) {
            bits var = bits_var(vars.oracle + i);
            bits one = bits_vars(vars.oracle + i, vars.oracle + i);

            x = bits_exists(bits_and(x, var), one);
        }
    }
    return bits_forall(x, vars.oracle_vars);
}

bits
header_oracle_vars(void)
{
    return vars.oracle_vars;
}

size_t
header_oracles(bits x, const char **ret_why, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < vars.n_why && n < max; i++) {
        if (bits_depends(x, vars.oracle + i)) {
            ret_why[n++] = vars.why[i];
        }
    }
    return n;
}

void
header_forget(void)
{
    while (vars.n_why) {
        free(vars.why[--vars.n_why]);
    }
}

void
header_mark(struct bits_byte ret[4])
{
    memcpy(ret, vars.mark, sizeof vars.mark);
}

bits
header_mark_vars(void)
{
    return vars.mark_vars;
}

bits
header_all_but_mark(void)
{
    return vars.all_but_mark;
}

void
header_own(size_t which, struct bits_byte ret[16])
{
    for (size_t i = 0; i < 128; i++) {
        ret[i / 8].bit[i % 8] = bits_var(vars.own + 128 * which + i);
    }
}

bool
header_is_own(int var, size_t *ret_which, size_t *ret_bit)
{
    int i = var - vars.own;

    if (i < 0 || i >= 128 * HEADER_N_OWN) {
        return false;
    }
    *ret_which = i / 128;
    *ret_bit = i % 128;
    return true;
}

const int *
header_open_vars(size_t *ret_n)
{
    *ret_n = vars.n_open;
    return vars.open;
}

int
header_n_vars(void)
{
    return vars.n;
}

int
header_var_of(int bit)
{
    return bit > BITS_ALL && bits_is_var(bit) ? bits_top(bit) : -1;
}

const struct header_vars *
header_vars(void)
{
    return &vars.frame;
}
