/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_NODE_H
#define CORDON_POLICY_NODE_H 1

/* A YAML or JSON document as a tree, each node with its place in the text. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"

struct arena;

/* What a node is, by YAML 1.2's core schema (section 10.3). */
enum node_type {
    NODE_NULL,
    NODE_BOOL,
    NODE_INTEGER,
    NODE_FLOAT,
    NODE_STRING,
    NODE_SEQUENCE,
    NODE_MAPPING,
};

struct node {
    enum node_type type;
    const char *text; /* Of a scalar, else "". */
    const char *key;  /* Of the nearest mapping above, else "". */
    bool item;        /* Of a sequence. */
    bool quoted;      /* A scalar in quotes, or a block of text. */
    bool broken;      /* Its error has been told already. */
    struct diag_place place;
    struct node *value;    /* Of a mapping's key. */
    struct node *children; /* Sequence: items. Mapping: keys. */
    struct node *last;
    struct node *next; /* Next child of the same parent. */
    size_t n;          /* Number of children. */
};

#define NODE_FOR_EACH(CHILD, PARENT)                           \
    for (const struct node *CHILD = (PARENT)->children; CHILD; \
         CHILD = (CHILD)->next)

/* Reads the one document in 'source' into 'arena', errors into 'diag'. Returns
 * its root, or NULL if there is no whole tree. */
const struct node *node_read(struct arena *, struct diag *,
                             const struct diag_source *);

/* "a mapping", "an integer", ... */
const char *node_type_name(enum node_type);

#endif /* src/policy/node.h */
