/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_APPLY_H
#define CORDON_DATAPLANE_LINUX_APPLY_H 1

#include <stddef.h>

struct apply_error;
struct arena;
struct changes;
struct nlsock;
struct objects;
struct plan;

/* Makes those of 'changes' whose turn it is, in an order of which every
 * prefix leaves ports closed. See struct dataplane. */
int linux_apply(struct nlsock *, const struct plan *,
                const struct objects *want, const struct changes *,
                struct arena *, struct apply_error **ret_errors,
                size_t *ret_n_errors);

#endif /* src/dataplane/linux/apply.h */
