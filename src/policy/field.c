/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keys of mappings: known, required, refused, and what an unknown one was
 * probably meant to be. */

#include <cordon-config.h>
#include "policy/field.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "policy/build.h"
#include "policy/node.h"
#include "util.h"

enum {
    SUGGEST_MAX = 24, /* Longest word that is compared. */
};

/* Returns how many single-character changes, or swaps of neighbours, lead
 * from 'a' to 'b' (the optimal string alignment distance). */
static unsigned int
distance(const char *a, const char *b)
{
    unsigned int d[SUGGEST_MAX + 1][SUGGEST_MAX + 1];
    size_t n = strlen(a), m = strlen(b);

    if (n > SUGGEST_MAX || m > SUGGEST_MAX) {
        return UINT32_MAX;
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            unsigned int best;

            if (!i || !j) {
                d[i][j] = i + j;
                continue;
            }
            best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = MIN(best, d[i - 1][j] + 1);
            best = MIN(best, d[i][j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2]
                && a[i - 2] == b[j - 1]) {
                best = MIN(best, d[i - 2][j - 2] + 1);
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

static const char *
word_at(const void *words, size_t i, size_t stride)
{
    return *(const char *const *) ((const char *) words + i * stride);
}

const char *
suggest(const char *word, const void *words, size_t n, size_t stride)
{
    const char *best = NULL;
    unsigned int best_distance = strlen(word) > 4 ? 3 : 2;

    for (size_t i = 0; i < n; i++) {
        const char *candidate = word_at(words, i, stride);
        unsigned int d;

        if (!candidate) {
            continue;
        }
        d = strcasecmp(word, candidate) ? distance(word, candidate) : 0;
        if (d < best_distance
            || (best && d == best_distance
                && strlen(candidate) > strlen(best))) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

ssize_t
name_find(struct build *b, const struct node *node, const char *name,
          const char *tenant, const char *kind, const void *names, size_t n,
          size_t stride)
{
    const char *meant;

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(word_at(names, i, stride), name)) {
            return i;
        }
    }
    meant = suggest(name, names, n, stride);
    if (meant) {
        build_error(b, node,
                    "tenant \"%s\" has no %s \"%.60s\"; did you mean \"%s\"?",
                    tenant, kind, name, meant);
    } else {
        build_error(b, node,
                    "tenant \"%s\" has no %s \"%.60s\"; add it to the "
                    "tenant's \"%ss\"",
                    tenant, kind, name, kind);
    }
    return -1;
}

static void
unknown_key(struct build *b, const struct node *key, const char *what,
            const struct field *fields, size_t n)
{
    const char *meant = suggest(key->text, &fields->name, n, sizeof *fields);

    if (meant) {
        build_error(b, key,
                    "unknown key \"%.60s\" in %s; did you mean "
                    "\"%s\"?",
                    key->text, what, meant);
    } else {
        build_error(b, key,
                    "unknown key \"%.60s\" in %s; remove it, "
                    "cordon-policy(5) lists the keys",
                    key->text, what);
    }
}

bool
mapping_check(struct build *b, const struct node *node)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_MAPPING) {
        build_error(b, node,
                    "\"%.60s\" must be a mapping, not %s; write "
                    "\"key: value\" lines below it",
                    node->key, node_type_name(node->type));
        return false;
    }
    return true;
}

bool
list_check(struct build *b, const struct node *node, size_t min, size_t max,
           const char *of)
{
    if (!node || node->broken) {
        return false;
    }
    if (node->type != NODE_SEQUENCE) {
        build_error(b, node,
                    "\"%.60s\" must be a list of %s, not %s; write "
                    "it in brackets: [ ... ]",
                    node->key, of, node_type_name(node->type));
        return false;
    }
    if (node->n < min) {
        build_error(b, node,
                    "\"%.60s\" is empty; it needs at least one of "
                    "its %s",
                    node->key, of);
        return false;
    }
    if (node->n > max) {
        build_error(b, node,
                    "\"%.60s\" has %zu %s; at most %zu are "
                    "possible",
                    node->key, node->n, of, max);
        return false;
    }
    return true;
}

bool
fields_read(struct build *b, const struct node *map, const struct node *at,
            const char *what, const struct field *fields, void *ret_nodes)
{
    const struct field *f;
    size_t n = 0;

    if (!map || map->broken) {
        return false;
    }
    if (map->type != NODE_MAPPING) {
        build_error(b, map,
                    "%s must be a mapping, not %s; write its "
                    "\"key: value\" lines or { key: value, ... }",
                    what, node_type_name(map->type));
        return false;
    }
    while (fields[n].name) {
        n++;
    }
    NODE_FOR_EACH (key, map) {
        for (f = fields; f->name && strcmp(f->name, key->text); f++) {
            continue;
        }
        if (!f->name) {
            unknown_key(b, key, what, fields, n);
        } else {
            *(const struct node **) ((char *) ret_nodes + f->offset) =
                key->value;
        }
    }
    for (f = fields; f->name; f++) {
        if (f->use == FIELD_REQUIRED
            && !*(const struct node **) ((char *) ret_nodes + f->offset)) {
            build_error(b, at, "%s has no \"%s\"; add it", what, f->name);
        }
    }
    return true;
}
