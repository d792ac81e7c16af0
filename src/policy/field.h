/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_FIELD_H
#define CORDON_POLICY_FIELD_H 1

/* The keys that a mapping may have, as tables. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct build;
struct node;

enum field_use {
    FIELD_OPTIONAL,
    FIELD_REQUIRED,
};

struct field {
    const char *name;
    enum field_use use;
    size_t offset; /* Of a 'const struct node *'. */
};

/* clang-format off */
#define FIELD(STRUCT, MEMBER, USE) \
    { #MEMBER, USE, offsetof(STRUCT, MEMBER) }
#define FIELDS_END { NULL, FIELD_OPTIONAL, 0 }
/* clang-format on */

/* Puts the value of each key of the mapping 'map' where its field says, below
 * 'ret_nodes', whose pointers the caller has set to NULL. 'what' is what the
 * mapping describes ("a network"), 'at' where to tell about a missing key.
 * False if 'map' is no mapping. */
bool fields_read(struct build *, const struct node *map, const struct node *at,
                 const char *what, const struct field *, void *ret_nodes);

/* True if 'node' is a mapping; otherwise, or if it is NULL, false. */
bool mapping_check(struct build *, const struct node *node);

/* True if 'node' is a list of 'min' to 'max' items; otherwise, or if it is
 * NULL, false. 'of' is what of ("addresses"). */
bool list_check(struct build *, const struct node *node, size_t min,
                size_t max, const char *of);

/* Returns the one of 'n' words that 'word' was probably meant to be, the i-th
 * at 'words' + i * 'stride'; or NULL. Of two as near, the longer: letters are
 * left out more often than made up. */
const char *suggest(const char *word, const void *words, size_t n,
                    size_t stride);

/* Finds 'name' among the 'n' names of what a tenant has of a kind ("group"),
 * as above. Returns its number, or -1, with an error at 'node'. */
ssize_t name_find(struct build *, const struct node *, const char *name,
                  const char *tenant, const char *kind, const void *names,
                  size_t n, size_t stride);

#endif /* src/policy/field.h */
