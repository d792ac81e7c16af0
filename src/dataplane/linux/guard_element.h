/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_ELEMENT_H
#define CORDON_DATAPLANE_LINUX_GUARD_ELEMENT_H 1

/* Making elements of the guard's sets, and of others: guard_element(), fields in the order
 * of the set's, guard_finish(). */

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "plan/object.h"

struct arena;
struct nft_set_def;
struct plan;
struct plan_segment;

/* What guard_want() works on. */
struct guard_maker {
    const struct plan *plan;
    struct arena *arena;
    struct objects *objects;
    size_t first_element; /* In 'objects', of those to make unique. */
};

/* An element that is being made. */
struct guard_element {
    const struct nft_set_def *set;
    struct object o;
};

/* Starts an element of 'set', of a device or a segment. */
struct guard_element guard_element(const char *set, uint32_t ifindex,
                                   uint32_t segment);

/* Append a field to the key. */
void guard_put(struct guard_element *, const void *, size_t len,
               size_t padded);
void guard_put_u32(struct guard_element *, uint32_t);
void guard_put_mac(struct guard_element *, struct eth_addr);
void guard_put_addr(struct guard_element *, const struct addr *);

/* Adds the element to the objects. */
void guard_finish(struct guard_maker *, struct guard_element *);

/* The same, with 'p' as its last field. The set is guard_pair_set()'s. */
void guard_finish_prefix(struct guard_maker *, struct guard_element *,
                         const struct prefix *p);

/* The set for 'p' of those that 'stem' ("pair", "addr", "declared") begins. */
const char *guard_pair_set(const char *stem, const struct prefix *p);

/* Adds an element (mark, MAC). */
void guard_add_mac(struct guard_maker *, const char *set, uint32_t segment,
                   uint32_t mark, struct eth_addr);

/* Leaves of what has been added one of each: two ports may have a MAC in
 * common (vif and tap of one guest), a gateway may be declared twice. */
void guard_unique(struct guard_maker *);

/* Adds what sets hold for 'segment'; guard_segment.c. */
void guard_want_segment(struct guard_maker *, const struct plan_segment *);

#endif /* src/dataplane/linux/guard_element.h */
