/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_FORMAT_H
#define CORDON_POLICY_FORMAT_H 1

/* Parts of a policy in its own words, on one line, for people and logs. */

#include "policy/policy.h"

struct ds;

/* Returns "ingress" or "egress". */
const char *direction_name(enum policy_direction);

/* Returns "tcp", or NULL for a protocol without a name. */
const char *protocol_name(int16_t protocol);

/* Appends "tcp 80,8000-8099 from any". */
void rule_format(const struct policy_rule *, enum policy_direction,
                 struct ds *);

/* Appends "200Mbit, burst 256KiB", or "unlimited". */
void rate_format(const struct policy_rate *, struct ds *);

/* Between what is said of bytes and what more is said of limits. */
#define LIMITS_MORE "; "

/* Appends "200Mbit, burst 256KiB; 3000 frames/s", without the latter if
 * 'packets' is 0. */
void limits_format(const struct policy_rate *, uint64_t packets, struct ds *);

#endif /* src/policy/format.h */
