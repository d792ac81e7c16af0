/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_NFT_ELEMENT_H
#define CORDON_DATAPLANE_LINUX_NFT_ELEMENT_H 1

/* Elements of sets of nftables as objects; nft_set.h says how keys look. */

#include <stdbool.h>

struct nft_set_def;
struct nftnl_set_elem;
struct object;

/* Makes 'elem' the element that 'o' is. */
void nft_element_put(const struct nft_set_def *, const struct object *o,
                     struct nftnl_set_elem *elem);

/* Makes 'ret_object' what 'elem' is. False if 'elem' has what elements of the
 * set never have. */
bool nft_element_parse(const struct nft_set_def *,
                       const struct nftnl_set_elem *elem,
                       struct object *ret_object);

/* Fills in what follows from 'o->key': 'o->ifindex', and how to describe
 * it. */
void nft_element_finish(const struct nft_set_def *, struct object *o);

#endif /* src/dataplane/linux/nft_element.h */
