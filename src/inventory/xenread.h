/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_INVENTORY_XENREAD_H
#define CORDON_INVENTORY_XENREAD_H 1

/* Where the backends of vifs are. */
#define XENREAD_BACKEND "/local/domain/0/backend/vif"

struct inventory;
struct xs_handle;

/* Fills in domains and vifs of 'inv', which has an arena and nothing else yet.
 * Waits for xenstored. Returns 0 or a positive errno. */
int xenread(struct xs_handle *, struct inventory *inv);

#endif /* src/inventory/xenread.h */
