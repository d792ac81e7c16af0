/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DRIFT_H
#define CORDON_AGENT_DRIFT_H 1

#include <stdbool.h>
#include <stddef.h>

#include "plan/object.h"

struct arena;
struct turn;

/* What was wanted, and held, when the kernel last agreed. Zeroed: it never
 * has. */
struct drift {
    bool any;
    struct arena *arena; /* Of strings. */
    struct objects before;
};

void drift_done(struct drift *);

/* Remembers what 't' wants and the kernel holds. */
void drift_remember(struct drift *, const struct turn *t);

/* How many of 'changes' undo what somebody else did to the kernel, rather
 * than follow policy and inventory. 'since' is what has been wanted since the
 * kernel last agreed and may have been written already; NULL: nothing. Each is
 * logged with what there was and what there should be. */
size_t drift_log(const struct drift *, const struct changes *changes,
                 const struct objects *since);

#endif /* src/agent/drift.h */
