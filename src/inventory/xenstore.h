/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_INVENTORY_XENSTORE_H
#define CORDON_INVENTORY_XENSTORE_H 1

/* A connection to xenstored that is made again whenever it is lost, and what
 * was last read through it. */

#include <stdbool.h>

struct inventory;
struct xenstore;

struct xenstore *xenstore_new(void);
void xenstore_free(struct xenstore *); /* NULL is fine. */

/* Connects if that is due and takes watch events. True if what
 * xenstore_read() gives may have changed since the last call. */
bool xenstore_run(struct xenstore *);
void xenstore_wait(struct xenstore *);

/* Has the next xenstore_read() ask xenstored again, whatever the watches
 * say. */
void xenstore_refresh(struct xenstore *);

/* Fills in 'xen', domains and vifs of 'inv', which has an arena. While
 * xenstored does not answer, 'xen' is false and the rest is as last read: no
 * domain can come without xenstored. */
void xenstore_read(struct xenstore *, struct inventory *inv);

/* True if xenstored has answered since xenstore_new(). */
bool xenstore_known(const struct xenstore *);

#endif /* src/inventory/xenstore.h */
