/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DRIFT_H
#define CORDON_AGENT_DRIFT_H 1

#include <stddef.h>

struct changes;
struct objects;

/* How many of 'changes' undo what somebody else did to the kernel, rather
 * than follow policy and inventory: 'before' is what was wanted, and held,
 * when the kernel last agreed; NULL: it never has. Each is logged with what
 * there was and what there should be. */
size_t drift_log(const struct changes *changes, const struct objects *before);

#endif /* src/agent/drift.h */
