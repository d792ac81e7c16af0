/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A policy is one arena. */

#include <cordon-config.h>
#include "policy/policy.h"

#include "lib/arena.h"

void
policy_free(struct policy *p)
{
    if (p) {
        arena_free(p->arena);
    }
}
