/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GUARD_TABLE_H
#define CORDON_DATAPLANE_LINUX_GUARD_TABLE_H 1

/* What is read of one nftables table, from the kernel's messages to objects.
 *
 * A table of our name without our comment is foreign. One of ours that another
 * version made is known by its comment, or by its sets. */

#include <stdbool.h>
#include <stddef.h>

#include <libmnl/libmnl.h>

#include "openvswitch/shash.h"

struct arena;
struct nft_set_def;
struct nft_table;
struct object_keys;
struct objects;

struct guard_table {
    const struct nft_table *table;
    struct arena *arena;
    struct objects *objects;
    enum { TABLE_NONE, TABLE_OURS, TABLE_OTHER_VERSION, TABLE_FOREIGN } state;
    bool other_sets;               /* Sets are not as this version has them. */
    const struct nft_set_def *set; /* Whose elements are being read... */
    const char *set_name;          /* ...and its name, in 'arena'... */
    struct object_keys *keys;      /* ...and their keys, if it is packed. */
    struct shash chains;           /* By name, each with its rules so far. */
};

/* Objects go to 'objects', their texts to 'arena'. */
void guard_table_init(struct guard_table *, const struct nft_table *,
                      struct arena *, struct objects *);
void guard_table_done(struct guard_table *);

/* A message of a dump of tables, sets, chains, rules (of chains that have been
 * read), or of the elements of 'set'; 'table' is a struct guard_table. For
 * mnl_cb_run(): MNL_CB_ERROR with errno EBADMSG if it cannot be decoded. What is
 * of other tables is passed over. */
int guard_table_take_table(const struct nlmsghdr *, void *table);
int guard_table_take_set(const struct nlmsghdr *, void *table);
int guard_table_take_chain(const struct nlmsghdr *, void *table);
int guard_table_take_rule(const struct nlmsghdr *, void *table);
int guard_table_take_elements(const struct nlmsghdr *, void *table);

/* Adds the objects that chains and their rules are; they are whole by then. */
void guard_table_add_chains(struct guard_table *);

#endif /* src/dataplane/linux/guard_table.h */
