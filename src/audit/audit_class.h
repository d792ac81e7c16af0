/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_CLASS_H
#define CORDON_AUDIT_CLASS_H 1

/* A class of ports, of which a lemma is proven once (audit_class.c). Between
 * the files of it: who is alike, what is known of answers, and the proof. */

#include "audit/audit_private.h"
#include "audit/question.h"

#define CLASS_SUPPORT 1024 /* Variables of a set that are looked at. */

/* What the lemma needs to know of the answers. */
struct fact {
    enum {
        FACT_WITHIN,      /* Frames of the first are frames of the second; */
        FACT_BOTH_WITHIN, /* those of the first and second, of the third; */
        FACT_IN_EITHER,   /* those of the first, of the second or third. */
        FACT_NOT_ZERO,    /* In those of the first what is asked of does not
                           * end in 4 bytes of 0, */
        FACT_NOT_ZERO6,   /* in 16. */
    } kind;
    int of[3];
};

struct class {
    struct class *next;
    bool sends; /* Else of what it receives. */
    const struct audit_port *model;
    struct questions questions;
    struct fact *facts;
    size_t n_facts, allocated_facts;

    bits mark[32]; /* Of what is sent: all frames have the same. */
    bool any;      /* Something is sent. */
    bits witness;  /* Frames that show that the port is open. */
    bits receives; /* Marks; depends on answers. */
};

/* audit_alike.c. */
/* Whether a port may be of a class: nothing but chains and answers matters. */
bool class_takes(const struct audit *, const struct audit_port *, bool sends);
/* Whether the two could be of one class, as far as answers do not tell. */
bool class_is_like(const struct audit *, const struct audit_port *,
                   const struct audit_port *, bool sends);
/* A class costs as much as some ports by themselves. */
bool class_is_worth_it(const struct audit *, const struct audit_port *,
                       bool sends);

/* audit_fact.c. */
void class_add_fact(struct class *, const struct fact *);
/* Whether a fact is true of these answers. */
bool class_holds(const struct class *, const struct fact *,
                 const bits *answers);
/* The questions that 'x' depends on, up to CLASS_SUPPORT. */
size_t class_questions(const struct class *, bits x, int *ret);
/* 'x' less what facts rule out. */
bits class_narrowed(struct class *, bits x);
/* Whether no frame is in 'x', whatever the port. */
bool class_is_empty(struct class *, bits x);

/* audit_lemma.c. */
bool class_prove_sends(struct audit *, struct class *, enum header_shape,
                       bool tagged);
bool class_prove_receives(struct audit *, struct class *, enum header_shape,
                          bool tagged);
/* What is left open of the marks has not made more of them: those of the
 * model by itself are the same. */
bool class_is_exact(struct audit *, const struct class *);
/* 'x' where these are the answers. */
bits class_instance(const struct class *, bits x, const bits *answers);
/* The marks that are received, with these answers. */
bits class_marks(const struct class *, const bits *answers);

#endif /* src/audit/audit_class.h */
