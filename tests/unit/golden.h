/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_TESTS_UNIT_GOLDEN_H
#define CORDON_TESTS_UNIT_GOLDEN_H 1

/* A folder of golden files, tests/golden/KIND/NAME/FILE. */

#include <stdbool.h>

struct ds;

struct golden {
    char *root;  /* tests/golden/KIND. */
    bool update; /* Files are written instead of compared. */
};

/* Finds tests/golden/'kind' below $srcdir. A program that cannot be told what
 * to do, or cannot read a golden file, ends. */
void golden_init(struct golden *, const char *kind);
void golden_done(struct golden *);

/* The caller frees it. */
char *golden_path(const struct golden *, const char *name, const char *file);

/* True if the file holds 'seen', or has just been written; if not, prints
 * both. */
bool golden_compare(const struct golden *, const char *name, const char *file,
                    const struct ds *seen);

#endif /* tests/unit/golden.h */
