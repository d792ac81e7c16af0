/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_LIB_PREFIX_MAP_H
#define CORDON_LIB_PREFIX_MAP_H 1

/* Which prefixes hold an address, within a scope: a segment, a group. A
 * look-up costs one hash for each length of prefix that is in the map, however
 * many prefixes there are. */

#include <stdint.h>

#include "lib/addr.h"
#include "openvswitch/hmap.h"

struct prefix_node {
    struct hmap_node hmap_node;
    uint64_t scope;
    struct prefix prefix;
    const void *value;
    struct prefix_node *next; /* The same prefix, another value. */
};

struct prefix_map {
    struct hmap nodes;
    uint8_t lengths[2][129]; /* Of IPv4, IPv6: 1 if a prefix has it. */
};

void prefix_map_init(struct prefix_map *);
void prefix_map_done(struct prefix_map *);

/* Adds 'value' to 'prefix' in 'scope', unless it is there already. */
void prefix_map_add(struct prefix_map *, uint64_t scope,
                    const struct prefix *prefix, const void *value);

/* The longest prefix in 'scope' that holds 'a', of which 'next' leads to its
 * other values; NULL if there is none. */
const struct prefix_node *prefix_map_find(const struct prefix_map *,
                                          uint64_t scope,
                                          const struct addr *a);

#endif /* src/lib/prefix_map.h */
