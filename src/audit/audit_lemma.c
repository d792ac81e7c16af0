/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lemma of a class, for one shape of frames: the same as of a port
 * (audit_port.c), answers left open. */

#include <cordon-config.h>
#include "audit/audit_class.h"

#include <stdlib.h>
#include <string.h>

#include "audit/header_vars.h"
#include "audit/host.h"
#include "util.h"

static bool
is_silent(const struct reach *r)
{
    for (size_t i = 0; i < r->n_notes; i++) {
        if (r->notes[i].kind != REACH_DECIDES) {
            return false;
        }
    }
    return true;
}

/* All frames that are sent have the same mark. */
static bool
take_marks(struct class *c, struct reach *r)
{
    for (size_t i = 0; i < 32; i++) {
        struct bits_byte one;
        size_t which, bit;
        bits x;

        memset(&one, 0, sizeof one);
        one.bit[0] = r->mark[i / 8].bit[i % 8];
        question_key(&one, 1, r->frames, &one);
        x = one.bit[0];
        if (x > BITS_ALL && !header_is_own(header_var_of(x), &which, &bit)) {
            return false;
        }
        if (c->any && c->mark[i] != x) {
            return false;
        }
        c->mark[i] = x;
    }
    c->any = true;
    return true;
}

/* Puts the answers in the places of what stands for them. */
bits
class_instance(const struct class *c, bits x, const bits *answers)
{
    int in[CLASS_SUPPORT];
    size_t n = class_questions(c, x, in);

    for (size_t i = 0; i < n && x != BITS_NONE; i++) {
        x = bits_diff(
            x, bits_xor(c->questions.all[in[i]]->stands, answers[in[i]]));
    }
    return x;
}

/* The marks that are received, with these answers. */
bits
class_marks(const struct class *c, const bits *answers)
{
    int in[CLASS_SUPPORT];
    size_t n = class_questions(c, c->receives, in);
    bits x = c->receives;

    for (size_t i = 0; i < n; i++) {
        x = bits_put(x, header_var_of(c->questions.all[in[i]]->stands),
                     answers[in[i]]);
    }
    return x;
}

/* Of a few frames that the model can send those that differ from one another
 * only in what is asked. */
static void
take_witness(struct class *c, bits frames)
{
    bits x = class_instance(c, frames, c->questions.answers);
    int support[CLASS_SUPPORT];
    uint8_t *values;
    size_t n =
        MIN(bits_support(frames, support, CLASS_SUPPORT), CLASS_SUPPORT);
    bool *asked;

    if (x == BITS_NONE || c->witness != BITS_NONE) {
        return;
    }
    values = xmalloc(header_n_vars());
    asked = xcalloc(header_n_vars(), sizeof *asked);
    bits_example(x, values, header_n_vars());
    for (size_t i = 0; i < c->questions.n; i++) {
        const struct question *q = c->questions.all[i];

        if (q->stands > BITS_ALL) {
            asked[header_var_of(q->stands)] = true;
        }
        for (size_t j = 0; j < 8 * q->n; j++) {
            int var = header_var_of(q->key[j / 8].bit[j % 8]);

            if (var >= 0) {
                asked[var] = true;
            }
        }
    }
    for (size_t i = n; i-- > 0;) {
        bits var = bits_var(support[i]);

        if (!asked[support[i]]) {
            frames = values[support[i]] ? bits_and(frames, var)
                                        : bits_diff(frames, var);
        }
    }
    c->witness = bits_exists(frames, header_oracle_vars());
    free(values);
    free(asked);
}

bool
class_prove_sends(struct audit *a, struct class *c, enum header_shape shape,
                  bool tagged)
{
    const struct host_port *p = c->model->link->port;
    struct spec_emit e;
    struct reach r;
    bits all = BITS_NONE, entered;
    bool proven;

    reach_init(&r, a->host, a->ruleset, c->model->link, shape, tagged,
               HEADER_INGRESS);
    audit_ingress(&r, c->model);
    proven = is_silent(&r) && !c->questions.failed;
    if (proven && r.frames != BITS_NONE) {
        entered = r.frames;
        proven = take_marks(c, &r);
        take_witness(c, r.frames);
        audit_entered(&r, c->model);
        spec_emit(c->model->spec, &r.header, &e);
        for (size_t i = 0; i <= REASON_MAX && proven; i++) {
            proven = class_is_empty(c, bits_and(r.frames, e.bad[i]));
            all = bits_or(all, e.bad[i]);
        }
        if (p && p->learning && !p->locked) {
            proven = proven
                     && class_is_empty(
                         c, bits_and(entered, e.bad[REASON_SPOOFED_MAC]));
        }
        proven = proven
                 && class_is_empty(
                     c, bits_and(r.frames, bits_diff(e.unknown, all)));
    }
    reach_done(&r);
    return proven && !c->questions.failed;
}

/* The question depends on nothing of the frame but its mark and source. */
static bool
is_of_label(const struct question *q)
{
    size_t which, bit;

    for (size_t i = 0; i < 8 * q->n; i++) {
        bits x = q->key[i / 8].bit[i % 8];
        int var = header_var_of(x);

        if (x > BITS_ALL && var >= 0 && !audit_is_label(var)
            && !header_is_own(var, &which, &bit)) {
            return false;
        }
        if (x > BITS_ALL && var < 0) {
            return false;
        }
    }
    return true;
}

/* 'x' with what its questions say of the label, as others ask of it alone. */
static bits
with_marks(struct class *c, bits x)
{
    const struct questions *qs = &c->questions;
    int in[CLASS_SUPPORT];
    size_t n = class_questions(c, x, in);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < qs->n; j++) {
            struct fact f = { FACT_WITHIN, { in[i], j } };

            if (qs->all[j]->stands > BITS_ALL && qs->all[j]->same < 0
                && is_of_label(qs->all[j])
                && class_holds(c, &f, qs->answers)) {
                class_add_fact(c, &f);
                x = bits_diff(
                    x, bits_diff(qs->all[in[i]]->stands, qs->all[j]->stands));
            }
        }
    }
    return x;
}

/* The labels of the frames. */
static bits
marks_of(struct class *c, bits frames)
{
    int vars[CLASS_SUPPORT], gone[CLASS_SUPPORT];
    size_t n, n_gone = 0;

    frames = class_narrowed(c, with_marks(c, frames));
    n = MIN(bits_support(frames, vars, CLASS_SUPPORT), CLASS_SUPPORT);
    for (size_t i = 0; i < n; i++) {
        int q = question_of(&c->questions, vars[i]);

        if (!audit_is_label(vars[i])
            && (q < 0 || !is_of_label(c->questions.all[q]))) {
            gone[n_gone++] = vars[i];
        }
    }
    return bits_exists(frames, bits_vars_of(gone, n_gone));
}

bool
class_prove_receives(struct audit *a, struct class *c, enum header_shape shape,
                     bool tagged)
{
    struct reach r;
    bool proven;

    reach_init(&r, a->host, a->ruleset, c->model->link, shape, tagged,
               HEADER_EGRESS);
    audit_out(&r, c->model);
    proven = is_silent(&r) && !c->questions.failed;
    if (proven && r.frames != BITS_NONE) {
        bits other = spec_not_addressed(c->model->spec, &r.header);

        proven = class_is_empty(c, bits_and(r.frames, other));
        c->receives = bits_or(c->receives, marks_of(c, r.frames));
    }
    reach_done(&r);
    return proven && !c->questions.failed;
}

/* What is left open of the marks has not made more of them: those of the
 * model by itself are the same. */
bool
class_is_exact(struct audit *a, const struct class *c)
{
    const struct questions *qs = &c->questions;
    bits all = BITS_NONE, marks = class_marks(c, qs->answers);

    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct reach r;

        reach_init(&r, a->host, a->ruleset, c->model->link, i / 2, i % 2,
                   HEADER_EGRESS);
        audit_out(&r, c->model);
        all = bits_or(all, bits_exists(r.frames, a->all_but_label));
        reach_done(&r);
        all = bits_release(region, all);
    }
    return bits_exists(marks, header_oracle_vars()) == all;
}
