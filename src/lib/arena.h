/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_ARENA_H
#define CORDON_LIB_ARENA_H 1

/* Memory that is freed as a whole: a policy, a plan, an observation. A thin
 * layer over glibc's obstack; running out of memory aborts. */

#include <stddef.h>

#include "openvswitch/compiler.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *); /* NULL is fine. */

/* Has 'arena' keep 'other': what is in that stays as long as 'arena' does,
 * even if whoever made it frees it before. */
void arena_keep(struct arena *arena, struct arena *other);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *, size_t size);
void *arena_room(struct arena *, size_t size); /* The same, not zeroed. */
char *arena_strdup(struct arena *, const char *);
char *arena_printf(struct arena *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

/* A zeroed array of 'N' objects of 'TYPE'. */
#define ARENA_ARRAY(ARENA, TYPE, N) \
    ((TYPE *) arena_alloc(ARENA, sizeof(TYPE) * (N)))

#endif /* src/lib/arena.h */
