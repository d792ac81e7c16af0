/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Questions of a class, and the answers of its ports. */

#include <cordon-config.h>
#include "audit/question.h"

#include <stdlib.h>
#include <string.h>

#include "audit/header_vars.h"
#include "audit/host.h"
#include "hash.h"
#include "util.h"

#define MAX_SUPPORT 512

static struct questions *asking;

static void
port_numbers(const struct question_port *port, uint8_t own[HEADER_N_OWN][16])
{
    uint32_t number = port->link->ifindex;
    const uint8_t le[4] = { number, number >> 8, number >> 16, number >> 24 };

    memset(own, 0, 16 * HEADER_N_OWN);
    memcpy(own[QUESTION_NUMBER], le, sizeof le);
    ovs_strlcpy((char *) own[QUESTION_NAME], port->link->name, 16);
}

void
question_begin(struct questions *qs, const struct question_port *port)
{
    memset(qs, 0, sizeof *qs);
    hmap_init(&qs->index);
    qs->port = *port;
    qs->n_own = 2;
    port_numbers(port, qs->own);
    asking = qs;
}

void
question_end(void)
{
    asking = NULL;
}

void
question_free(struct questions *qs)
{
    for (size_t i = 0; i < qs->n; i++) {
        free(qs->all[i]);
    }
    free(qs->all);
    free(qs->answers);
    hmap_destroy(&qs->index);
}

bool
question_is_open(void)
{
    return asking != NULL;
}

void
question_fail(void)
{
    asking->failed = true;
}

bool
question_is_of(const struct host_link *link)
{
    return asking && link == asking->port.link;
}

static bool
is_own(bits x, size_t *ret_which, size_t *ret_bit)
{
    int var = header_var_of(x);

    return var >= 0 && header_is_own(var, ret_which, ret_bit);
}

/* True if the set depends on the port's numbers. */
static bool
has_own(bits x)
{
    int vars[MAX_SUPPORT];
    size_t which, bit, n = bits_support(x, vars, MAX_SUPPORT);

    for (size_t i = 0; i < MIN(n, MAX_SUPPORT); i++) {
        if (header_is_own(vars[i], &which, &bit)) {
            return true;
        }
    }
    return n > MAX_SUPPORT;
}

bool
question_key(const struct bits_byte *b, size_t n, bits frames,
             struct bits_byte *ret)
{
    bool found = false;
    size_t which, bit;

    for (size_t i = 0; i < 8 * n; i++) {
        bits x = b[i / 8].bit[i % 8], short_x;

        if (x > BITS_ALL && header_var_of(x) < 0) {
            short_x = bits_within(x, frames);
            /* Believed only if it is so. */
            if (bits_disjoint(bits_xor(x, short_x), frames)) {
                x = short_x;
            }
            if (x > BITS_ALL && header_var_of(x) < 0) {
                if (has_own(x)) {
                    question_fail();
                }
                bits_keep(x);
            }
        }
        found = found || is_own(x, &which, &bit)
                || (x > BITS_ALL && header_var_of(x) >= 0
                    && header_var_of(x) < HEADER_MARK_BITS);
        ret[i / 8].bit[i % 8] = x;
    }
    return found;
}

/* Puts a port's numbers into the key. */
static void
fill(const struct question *q, uint8_t own[HEADER_N_OWN][16],
     struct bits_byte *key)
{
    size_t which, bit;

    memcpy(key, q->key, q->n * sizeof *key);
    for (size_t i = 0; q->shows_own && i < 8 * q->n; i++) {
        if (is_own(q->key[i / 8].bit[i % 8], &which, &bit)) {
            key[i / 8].bit[i % 8] = own[which][bit / 8] >> (7 - bit % 8) & 1
                                        ? BITS_ALL
                                        : BITS_NONE;
        }
    }
}

static bool
answer(const struct question *q, const struct question_port *port,
       uint8_t own[HEADER_N_OWN][16], bits *ret, struct question_data *data)
{
    struct bits_byte key[QUESTION_KEY];

    fill(q, own, key);
    data->n = 0;
    return q->answer(q, port, key, ret, data);
}

/* A variable for a set, right behind those that it depends on: there the sets
 * that it is part of are small. */
static bits
stand_in(struct questions *qs, bits x)
{
    int support[MAX_SUPPORT], last = 0;
    size_t n = bits_support(x, support, MAX_SUPPORT), n_open;
    const int *open = header_open_vars(&n_open);

    for (size_t i = 0; i < MIN(n, MAX_SUPPORT); i++) {
        last = MAX(last, support[i]);
    }
    if (last > open[n_open - 1]) {
        last = 0; /* Oracles are behind all. */
    }
    for (size_t i = 0; i < n_open; i++) {
        if (open[i] > last && !qs->used[i]) {
            qs->used[i] = true;
            return bits_var(open[i]);
        }
    }
    for (size_t i = 0; i < n_open; i++) {
        if (!qs->used[i]) {
            qs->used[i] = true;
            return bits_var(open[i]);
        }
    }
    question_fail();
    return x;
}

static void
number_data(struct questions *qs, struct question *q,
            const struct question_data *data)
{
    q->data = -1;
    q->n_data = data->n;
    if (!data->n) {
        return;
    }
    for (size_t i = QUESTION_NAME + 1; i < qs->n_own; i++) {
        if (!memcmp(qs->own[i], data->value, 16)) {
            q->data = i;
            return;
        }
    }
    if (qs->n_own == HEADER_N_OWN) {
        question_fail();
        return;
    }
    q->data = qs->n_own++;
    memcpy(qs->own[q->data], data->value, 16);
}

static struct question *
find(const struct questions *qs, const struct question *q, uint32_t hash)
{
    struct question *old;

    HMAP_FOR_EACH_WITH_HASH (old, node, hash, &qs->index) {
        if (old->answer == q->answer && old->what[0] == q->what[0]
            && old->what[1] == q->what[1] && old->kind == q->kind
            && old->n == q->n
            && !memcmp(old->key, q->key, q->n * sizeof *q->key)) {
            return old;
        }
    }
    return NULL;
}

bits
question_ask(const struct question *asked, struct bits_byte ret_data[16])
{
    struct questions *qs = asking;
    uint32_t hash = hash_bytes(asked->key, asked->n * sizeof *asked->key,
                               hash_pointer(asked->what[0], asked->kind));
    struct question *q = find(qs, asked, hash);
    struct question_data data = { .n = 0 };
    size_t which, bit;
    bits x;

    if (!q) {
        q = xmalloc(sizeof *q);
        *q = *asked;
        q->shows_own = false;
        for (size_t i = 0; i < 8 * q->n; i++) {
            q->shows_own |= is_own(q->key[i / 8].bit[i % 8], &which, &bit);
        }
        if (!answer(q, &qs->port, qs->own, &x, &data)) {
            question_fail();
            x = BITS_NONE;
        }
        bits_keep(x);
        q->same = -1;
        for (size_t i = 0; i < qs->n && x > BITS_ALL && q->same < 0; i++) {
            q->same = qs->answers[i] == x ? (int) i : -1;
        }
        q->stands = x <= BITS_ALL  ? x
                    : q->same >= 0 ? qs->all[q->same]->stands
                                   : stand_in(qs, x);
        number_data(qs, q, &data);
        if (qs->n == qs->allocated) {
            size_t n = qs->allocated;

            qs->all = x2nrealloc(qs->all, &qs->allocated, sizeof *qs->all);
            qs->answers = x2nrealloc(qs->answers, &n, sizeof *qs->answers);
        }
        qs->answers[qs->n] = x;
        qs->all[qs->n++] = q;
        hmap_insert(&qs->index, &q->node, hash);
    }
    if (ret_data) {
        memset(ret_data, 0, 16 * sizeof *ret_data); /* BITS_NONE. */
        if (q->data >= 0) {
            header_own(q->data, ret_data);
            memset(&ret_data[q->n_data], 0,
                   (16 - q->n_data) * sizeof *ret_data);
        }
    }
    return q->stands;
}

bool
question_answers(const struct questions *qs, const struct question_port *port,
                 bits *ret, uint8_t own[HEADER_N_OWN][16])
{
    size_t n_own = QUESTION_NAME + 1;

    port_numbers(port, own);
    for (size_t i = 0; i < qs->n; i++) {
        const struct question *q = qs->all[i];
        struct question_data data;

        if (!answer(q, port, own, &ret[i], &data)
            || (q->stands <= BITS_ALL && ret[i] != q->stands)
            || (q->same >= 0 && ret[i] != ret[q->same])) {
            return false;
        }
        if (q->data < 0) {
            if (data.n) {
                return false;
            }
            continue;
        }
        if (ret[i] == BITS_NONE) {
            return false; /* Then it has no data. */
        }
        if (data.n != q->n_data) {
            return false;
        }
        if ((size_t) q->data == n_own) {
            memcpy(own[n_own++], data.value, 16);
        } else if (memcmp(own[q->data], data.value, 16)) {
            return false;
        }
    }
    return true;
}

int
question_of(const struct questions *qs, int var)
{
    for (size_t i = 0; i < qs->n; i++) {
        if (qs->all[i]->same < 0 && header_var_of(qs->all[i]->stands) == var) {
            return i;
        }
    }
    return -1;
}
