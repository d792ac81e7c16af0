/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H
#define CORDON_DATAPLANE_LINUX_GUARD_PRIVATE_H 1

/* What the files of the guard have from each other. */

#include <libmnl/libmnl.h>

struct nft;

/* The socket for requests and transactions. */
struct nft *guard_nft(void);

/* Gives 'cb' the messages with the elements of our set 'set'. */
int guard_dump_elements(struct nft *, const char *set, mnl_cb_t cb, void *aux);

#endif /* src/dataplane/linux/guard_private.h */
