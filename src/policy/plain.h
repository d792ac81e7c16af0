/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_PLAIN_H
#define CORDON_POLICY_PLAIN_H 1

#include "policy/node.h"

/* Returns the type of the plain scalar 's'. */
enum node_type plain_type(const char *s);

#endif /* src/policy/plain.h */
