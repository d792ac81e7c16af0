/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Arenas over glibc's obstack: nothing in one is freed before the whole. */

#include <cordon-config.h>
#include "lib/arena.h"

#include <obstack.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define obstack_chunk_alloc xmalloc
#define obstack_chunk_free free

/* glibc's macros align by adding to a null pointer. */
#define OBSTACK_MACROS __attribute__((no_sanitize("pointer-overflow")))

/* An arena that another one keeps. */
struct kept {
    struct kept *next;
    struct arena *arena;
};

struct arena {
    struct obstack obstack;
    unsigned int n_users; /* Who made it, and arenas that keep it. */
    struct kept *kept;
};

struct arena *
arena_new(void)
{
    struct arena *a = xmalloc(sizeof *a);

    obstack_init(&a->obstack);
    a->n_users = 1;
    a->kept = NULL;
    return a;
}

void
arena_free(struct arena *a)
{
    if (a && !--a->n_users) {
        for (const struct kept *k = a->kept; k; k = k->next) {
            arena_free(k->arena);
        }
        obstack_free(&a->obstack, NULL);
        free(a);
    }
}

OBSTACK_MACROS
void *
arena_alloc(struct arena *a, size_t size)
{
    return memset(obstack_alloc(&a->obstack, size), 0, size);
}

void
arena_keep(struct arena *a, struct arena *other)
{
    struct kept *k = arena_alloc(a, sizeof *k);

    *k = (struct kept){ a->kept, other };
    a->kept = k;
    other->n_users++;
}

OBSTACK_MACROS
void *
arena_room(struct arena *a, size_t size)
{
    return obstack_alloc(&a->obstack, size);
}

OBSTACK_MACROS
char *
arena_strdup(struct arena *a, const char *s)
{
    return obstack_copy0(&a->obstack, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char *s, *copy;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    copy = arena_strdup(a, s);
    free(s);
    return copy;
}
