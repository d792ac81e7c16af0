/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_DIAG_H
#define CORDON_LIB_DIAG_H 1

/* Errors in text that an operator wrote: gathered while it is read, written
 * out at the end in the order of the text, each with its line and a caret. */

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

struct ds;

/* A file, or what stands for one. */
struct diag_source {
    const char *name;  /* What errors call it. Not owned. */
    const char *text;  /* Not owned. */
    size_t length;     /* text[length] is NUL. */
    unsigned int rank; /* Errors of sources with lower rank come
                                 * first. */
};

/* A place in a source. 'source' may be NULL: none in particular. */
struct diag_place {
    const struct diag_source *source;
    unsigned int line, column; /* From 1; columns count characters. 0: the
                                 * source as a whole. */
    size_t offset;             /* In bytes, of the same character. */
};

struct diag_error {
    struct diag_place place;
    char *message;
};

/* Zeroed is empty. */
struct diag {
    struct diag_error *errors;
    size_t n, allocated;
    size_t n_more; /* Not kept. */
};

void diag_done(struct diag *);

/* Past this many, errors are only counted. */
#define DIAG_MAX 10000

/* Adds an error. The message says what is wrong; what to do. Sources have to
 * live until diag_format(). */
void diag_add(struct diag *, const struct diag_place *, const char *format,
              ...) OVS_PRINTF_FORMAT(3, 4);

/* Sets 'place->line' and 'place->column' from 'place->offset', counting from
 * the start of the source. */
void diag_locate(struct diag_place *place);

/* Appends all errors to 'ret_text' in the form policy/parse.h shows. */
void diag_format(struct diag *, struct ds *ret_text);

#endif /* src/lib/diag.h */
