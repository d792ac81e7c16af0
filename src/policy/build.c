/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the readers of a policy's parts share. */

#include <cordon-config.h>
#include "policy/build.h"

#include <stdlib.h>

#include "lib/arena.h"
#include "lib/diag.h"
#include "policy/node.h"
#include "util.h"

void
build_init(struct build *b, struct diag *diag)
{
    struct arena *arena = arena_new();

    *b = (struct build){ .arena = arena, .diag = diag };
    b->policy = arena_alloc(arena, sizeof *b->policy);
    b->policy->arena = arena;
    shash_init(&b->tenants);
    shash_init(&b->owners);
    shash_init(&b->devices);
    shash_init(&b->uuids);
    shash_init(&b->by_name);
    shash_init(&b->by_uuid);
    shash_init(&b->group_peers);
}

void
build_done(struct build *b)
{
    shash_destroy(&b->tenants);
    shash_destroy(&b->owners);
    shash_destroy(&b->devices);
    shash_destroy(&b->uuids);
    shash_destroy(&b->by_name);
    shash_destroy(&b->by_uuid);
    shash_destroy(&b->group_peers);
    free(b->macs.v);
    free(b->addresses.v);
}

void
build_error(struct build *b, const struct node *node, const char *format, ...)
{
    va_list args;
    char *message;

    va_start(args, format);
    message = xvasprintf(format, args);
    va_end(args);
    diag_add(b->diag, &node->place, "%s", message);
    free(message);
}

struct policy_where
build_where(const struct node *node)
{
    return (struct policy_where){
        .file = node->place.source->name,
        .line = node->place.line,
        .column = node->place.column,
    };
}

const struct node *
build_once(struct shash *table, const char *name, const struct node *node)
{
    const struct node *first = shash_find_data(table, name);

    if (!first) {
        shash_add(table, name, node);
    }
    return first;
}

void
claims_add(struct claims *claims, const struct claim *claim)
{
    if (claims->n >= claims->allocated) {
        claims->v =
            x2nrealloc(claims->v, &claims->allocated, sizeof *claims->v);
    }
    claims->v[claims->n++] = *claim;
}
