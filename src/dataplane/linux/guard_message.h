/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_MESSAGE_H
#define CORDON_DATAPLANE_LINUX_GUARD_MESSAGE_H 1

/* Messages that put objects of our tables into a batch, or take them out.
 * Tagged with whom they concern. */

#include <stdint.h>

struct nft_batch;
struct object;

/* A tag: the device, in its low half, or the segment, in its high half, or
 * the group of object_users. 0: all. */
uint64_t guard_tag(const struct object *);

void guard_add_table(struct nft_batch *, const struct object *);

/* And all that is in it. */
void guard_del_table(struct nft_batch *, const struct object *);
void guard_add_set(struct nft_batch *, const struct object *);
void guard_del_set(struct nft_batch *, const struct object *);
void guard_del_chain(struct nft_batch *, const struct object *);
void guard_flush_rules(struct nft_batch *, const struct object *);

/* -ENODEV and the like: the device of a base chain is gone. A base chain
 * accepts what its rules say nothing of until it is finished, in the same
 * transaction, after its rules. */
int guard_add_chain(struct nft_batch *, const struct object *);
void guard_finish_chain(struct nft_batch *, const struct object *);

/* -errno: a rule cannot be expressed. */
int guard_add_rules(struct nft_batch *, const struct object *);

/* Has a base chain accept what its rules say nothing of. */
void guard_accept_chain(struct nft_batch *, const struct object *);

#endif /* src/dataplane/linux/guard_message.h */
