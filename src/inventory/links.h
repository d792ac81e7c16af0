/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_INVENTORY_LINKS_H
#define CORDON_INVENTORY_LINKS_H 1

struct inventory;

/* Fills in the links of 'inv', which has an arena and no links yet. Returns 0
 * or -errno; 'inv' is unchanged then. */
int links_read(struct inventory *inv);

#endif /* src/inventory/links.h */
