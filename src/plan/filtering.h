/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_FILTERING_H
#define CORDON_PLAN_FILTERING_H 1

/* What another policy changes about what ports let pass by default. */

#include <stddef.h>

struct arena;
struct policy;

/* One thing that becomes of a port. */
struct filtering_change {
    const char *port; /* Of the new policy. */
    const char *text; /* "ingress is now denied unless a group allows it". */
};

/* Finds what changes for interfaces that 'before' and 'after' both have, in the
 * order of 'after': whether groups and defaults decide about a direction, and
 * whether connections are tracked. Rules themselves are not compared. Puts an
 * array into 'arena' and returns how many there are; none if one of the two is
 * NULL. */
size_t filtering_changes(const struct policy *before,
                         const struct policy *after, struct arena *,
                         struct filtering_change **ret_changes);

#endif /* src/plan/filtering.h */
