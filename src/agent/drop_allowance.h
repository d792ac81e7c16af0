/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DROP_ALLOWANCE_H
#define CORDON_AGENT_DROP_ALLOWANCE_H 1

/* How many lines a tenant may still have in the log of drops: so many a
 * second, and at once. What its guests send, what its rules keep from them, and
 * what the guard spares them each have their own: another tenant that sends
 * frames to its guests does not use up those for its own. */

#include <stdbool.h>

#include "openvswitch/hmap.h"

/* 'allowances' is an hmap of this file's. */
void allowances_clear(struct hmap *allowances);

/* True if a frame may be logged that was dropped for 'reason', 'from' a guest
 * of 'tenant' or to it. Takes it off. */
bool allowance_take(struct hmap *allowances, const char *tenant, bool from,
                    unsigned int reason);

#endif /* src/agent/drop_allowance.h */
