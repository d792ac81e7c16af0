/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H
#define CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H 1

/* What the files of the guard have from each other. */

#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

struct arena;
struct change;
struct nft;
struct nft_table;
struct objects;

/* The socket for requests and transactions. */
struct nft *guard_nft(void);

/* Sends a transaction, as nft_batch_send() does. If it is a large one, nobody
 * is told what changes meanwhile, whoever changes it: so guard_changed() says
 * then that others have changed something. */
struct nft_batch;
struct nft_refusal;
int guard_send(struct nft_batch *, struct nft_refusal **ret_refusals,
               size_t *ret_n);

/* Tries to see one generation of the ruleset from beginning to end. */
#define GUARD_TRIES 20

/* Appends what a table of ours holds, if the ruleset is of 'generation' after
 * that. 0; -EINTR: it is not; another -errno. */
int guard_observe_table(struct nft *, const struct nft_table *,
                        uint32_t generation, struct arena *, struct objects *);

/* Gives 'cb' the messages with the elements of a set of ours. */
int guard_dump_elements(struct nft *, const struct nft_table *,
                        const char *set, mnl_cb_t cb, void *aux);

/* Forgets the counters of devices that the changes, which have been made,
 * took out of their segments. */
void guard_forget_drops(const struct change *, size_t n);

#endif /* src/dataplane/linux/guard_private.h */
