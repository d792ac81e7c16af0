/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_POLICY_TEXT_H
#define CORDON_POLICY_TEXT_H 1

/* What text libfyaml may see. */

#include <stdbool.h>

struct diag;
struct diag_source;

/* True if libfyaml reads 'source' safely and in bounded time and memory.
 * False, and an error, if not. */
bool text_check(struct diag *, const struct diag_source *);

#endif /* src/policy/text.h */
