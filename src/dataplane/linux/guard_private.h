/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H
#define CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H 1

/* What the files of the guard have from each other. */

#include <stddef.h>

#include <libmnl/libmnl.h>

struct change;
struct nft;

/* The socket for requests and transactions. */
struct nft *guard_nft(void);

/* Gives 'cb' the messages with the elements of our set 'set'. */
int guard_dump_elements(struct nft *, const char *set, mnl_cb_t cb, void *aux);

/* Forgets the counters of devices that the changes, which have been made,
 * took out of their segments. */
void guard_forget_drops(const struct change *, size_t n);

#endif /* src/dataplane/linux/guard_private.h */
