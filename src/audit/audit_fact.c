/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Facts about answers, without which a lemma may not be true: tried where a
 * set is not empty, for the port that stands for the class, and verified for
 * each other one. */

#include <cordon-config.h>
#include "audit/audit_class.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Frames whose question ends in 'n' bytes of 0. */
static bits
ends_in_zero(const struct question *q, size_t n)
{
    static const uint8_t zero[16];

    return bits_equal(&q->key[q->n - n], zero, n);
}

void
class_add_fact(struct class *c, const struct fact *f)
{
    for (size_t i = 0; i < c->n_facts; i++) {
        if (!memcmp(&c->facts[i], f, sizeof *f)) {
            return;
        }
    }
    if (c->n_facts == c->allocated_facts) {
        c->facts = x2nrealloc(c->facts, &c->allocated_facts, sizeof *c->facts);
    }
    c->facts[c->n_facts++] = *f;
}

/* The frames that the fact says are not there, if these are the answers. */
static bits
excluded(const struct class *c, const struct fact *f, const bits *answers)
{
    bits x = answers[f->of[0]];

    switch (f->kind) {
    case FACT_WITHIN:
        return bits_diff(x, answers[f->of[1]]);
    case FACT_BOTH_WITHIN:
        return bits_diff(bits_and(x, answers[f->of[1]]), answers[f->of[2]]);
    case FACT_IN_EITHER:
        return bits_diff(bits_diff(x, answers[f->of[1]]), answers[f->of[2]]);
    case FACT_NOT_ZERO:
        return bits_and(x, ends_in_zero(c->questions.all[f->of[0]], 4));
    case FACT_NOT_ZERO6:
        return bits_and(x, ends_in_zero(c->questions.all[f->of[0]], 16));
    }
    OVS_NOT_REACHED();
}

/* Whether a fact is true of these answers. */
bool
class_holds(const struct class *c, const struct fact *f, const bits *answers)
{
    size_t region = bits_region();
    bits x = excluded(c, f, answers);

    bits_release(region, BITS_NONE);
    return x == BITS_NONE && !bits_failed();
}

/* Takes from 'x' what a fact, if it is true of the model, says is not there:
 * no answer of a port of the class lets it be. */
static bits
apply(struct class *c, bits x, const struct fact *f, const bits *stands)
{
    bits without;

    if (x == BITS_NONE || !class_holds(c, f, c->questions.answers)) {
        return x;
    }
    without = excluded(c, f, stands);
    if (bits_disjoint(x, without)) {
        return x;
    }
    class_add_fact(c, f);
    return bits_diff(x, without);
}

/* The questions that 'x' depends on. */
size_t
class_questions(const struct class *c, bits x, int *ret)
{
    int vars[CLASS_SUPPORT];
    size_t n = MIN(bits_support(x, vars, CLASS_SUPPORT), CLASS_SUPPORT),
           found = 0;

    for (size_t i = 0; i < n; i++) {
        int q = question_of(&c->questions, vars[i]);

        if (q >= 0) {
            ret[found++] = q;
        }
    }
    return found;
}

/* 'x' less what facts of three questions rule out. */
static bits
narrowed_by_three(struct class *c, bits x, const int *in, size_t n,
                  const bits *stands)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            for (size_t k = j + 1; k < n && x != BITS_NONE; k++) {
                if (i == j || i == k) {
                    continue;
                }
                x = apply(
                    c, x,
                    &(struct fact){ FACT_IN_EITHER, { in[i], in[j], in[k] } },
                    stands);
                x = apply(c, x,
                          &(struct fact){ FACT_BOTH_WITHIN,
                                          { in[j], in[k], in[i] } },
                          stands);
            }
        }
    }
    return x;
}

/* 'x' less what facts rule out. */
bits
class_narrowed(struct class *c, bits x)
{
    size_t n, n_all = c->questions.n;
    bits *stands = xmalloc(MAX(n_all, 1) * sizeof *stands);
    int in[CLASS_SUPPORT];

    for (size_t i = 0; i < n_all; i++) {
        stands[i] = c->questions.all[i]->stands;
    }
    n = class_questions(c, x, in);
    for (size_t i = 0; i < n; i++) {
        size_t length = c->questions.all[in[i]]->n;

        for (size_t j = 0; j < n; j++) {
            if (i != j) {
                x = apply(c, x,
                          &(struct fact){ FACT_WITHIN, { in[i], in[j] } },
                          stands);
            }
        }
        if (length >= 4) {
            x = apply(c, x, &(struct fact){ FACT_NOT_ZERO, { in[i] } },
                      stands);
        }
        if (length >= 16) {
            x = apply(c, x, &(struct fact){ FACT_NOT_ZERO6, { in[i] } },
                      stands);
        }
    }
    if (x != BITS_NONE) {
        n = class_questions(c, x, in);
        x = narrowed_by_three(c, x, in, n, stands);
    }
    free(stands);
    return x;
}

/* Whether no frame is in 'x', whatever the port. */
bool
class_is_empty(struct class *c, bits x)
{
    return x == BITS_NONE || class_narrowed(c, x) == BITS_NONE;
}
