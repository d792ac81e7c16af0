/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_SINGLE_H
#define CORDON_DATAPLANE_LINUX_GUARD_SINGLE_H 1

/* Elements of our tables that are read alone, not with all of their set. */

#include <stdbool.h>

struct nft;
struct object;

/* True if 'o' is an element that the kernel finds when it is asked for it. */
bool guard_is_single(const struct object *o);

/* Reads the element that has the key of 'o', for which guard_is_single().
 * 0; -ENOENT: there is none; another -errno: unknown. */
int guard_read_single(struct nft *, const struct object *o,
                      struct object *ret_object);

#endif /* src/dataplane/linux/guard_single.h */
