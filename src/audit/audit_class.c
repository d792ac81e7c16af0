/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lemmas of classes of ports. Ports that go through the same chains and are
 * told apart only by what sets and policy say of them have one lemma, proven
 * once with these answers left open (question.h); for each port it is then
 * enough to ask the questions and to compare. What is not proven like this is
 * proven, or refuted, for the port by itself: nothing is found here. */

#include <cordon-config.h>
#include "audit/audit_class.h"

#include <stdlib.h>

#include "audit/header_vars.h"
#include "audit/host.h"
#include "util.h"

#define MAX_IN_VAIN(N_PORTS) \
    (2 + (N_PORTS) / 64) /* Classes not proven; then
                                                   * no more. */

struct audit_classes {
    struct class *list;
    size_t n_in_vain[2];
};

static void
class_free(struct class *c)
{
    question_free(&c->questions);
    free(c->facts);
    free(c);
}

static struct class *
prove(struct audit *a, const struct audit_port *port, bool sends)
{
    const struct question_port asked = { a->host, port->link, port->spec };
    struct class *c = xzalloc(sizeof *c);
    bool proven = true;

    c->sends = sends;
    c->model = port;
    question_begin(&c->questions, &asked);
    for (int i = 0; i < 2 * HEADER_N_SHAPES && proven; i++) {
        size_t region = bits_region();
        bits keep[2];

        proven = sends ? class_prove_sends(a, c, i / 2, i % 2)
                       : class_prove_receives(a, c, i / 2, i % 2);
        keep[0] = c->receives;
        keep[1] = c->witness;
        bits_release_all(region, keep, 2);
    }
    question_end();
    if (!proven || (!sends && !class_is_exact(a, c)) || bits_failed()) {
        class_free(c);
        return NULL;
    }
    bits_keep(c->receives);
    bits_keep(c->witness);
    c->next = a->classes->list;
    a->classes->list = c;
    return c;
}

/* True if the port is of the class: all facts are true of its answers. */
static bool
is_of(const struct class *c, const bits *answers)
{
    for (size_t i = 0; i < c->n_facts; i++) {
        if (!class_holds(c, &c->facts[i], answers)) {
            return false;
        }
    }
    return true;
}

static bits
sent_marks(const struct class *c, uint8_t own[HEADER_N_OWN][16])
{
    struct bits_byte vars[4];
    bits x = BITS_ALL;

    header_mark(vars);
    for (size_t i = 32; i-- > 0;) {
        bits var = vars[i / 8].bit[i % 8];
        bool one = c->mark[i] == BITS_ALL;
        size_t which, bit;

        if (c->mark[i] > BITS_ALL) {
            header_is_own(header_var_of(c->mark[i]), &which, &bit);
            one = own[which][bit / 8] >> (7 - bit % 8) & 1;
        }
        x = one ? bits_and(var, x) : bits_diff(x, var);
    }
    return x;
}

/* Fills in what the lemma says of the port; false if it is not of the
 * class. */
static bool
conclude(struct audit *a, const struct class *c, struct audit_port *port)
{
    const struct question_port asked = { a->host, port->link, port->spec };
    const struct questions *qs = &c->questions;
    bits *answers = xmalloc(MAX(qs->n, 1) * sizeof *answers);
    uint8_t own[HEADER_N_OWN][16];
    size_t region = bits_region();
    bits result = BITS_NONE;
    bool proven = question_answers(qs, &asked, answers, own)
                  && is_of(c, answers)
                  && (!c->sends || !c->any
                      || class_instance(c, c->witness, answers) != BITS_NONE);

    if (proven && c->sends) {
        result = BITS_NONE;
        if (c->any) {
            /* Nobody's else: that is part of what is proven. */
            result =
                bits_and(sent_marks(c, own), audit_labels_from(port->spec));
        }
    } else if (proven) {
        result = class_marks(c, answers);
    }
    result = bits_release(region, result);
    if (proven && c->sends) {
        port->sends = result;
        port->closed = !c->any;
    } else if (proven) {
        port->receives = result;
    }
    free(answers);
    return proven;
}

static bool
by_class(struct audit *a, struct audit_port *port, bool sends)
{
    struct class *c;

    if (!class_takes(a, port, sends)) {
        return false;
    }
    if (!a->classes) {
        a->classes = xzalloc(sizeof *a->classes);
    }
    for (c = a->classes->list; c; c = c->next) {
        if (c->sends == sends && class_is_like(a, c->model, port, sends)
            && conclude(a, c, port)) {
            return true;
        }
    }
    if (a->classes->n_in_vain[sends] >= MAX_IN_VAIN(a->n_ports)
        || !class_is_worth_it(a, port, sends)) {
        return false;
    }
    c = prove(a, port, sends);
    if (c && conclude(a, c, port)) {
        return true;
    }
    a->classes->n_in_vain[sends]++;
    return false;
}

bool
audit_class_sends(struct audit *a, struct audit_port *port)
{
    return by_class(a, port, true);
}

bool
audit_class_receives(struct audit *a, struct audit_port *port)
{
    return by_class(a, port, false);
}

void
audit_classes_free(struct audit *a)
{
    if (a->classes) {
        for (struct class *c = a->classes->list, *next; c; c = next) {
            next = c->next;
            class_free(c);
        }
        free(a->classes);
        a->classes = NULL;
    }
}
