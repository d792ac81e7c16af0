/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A hash table of prefixes with their host bits cleared; a look-up clears them
 * for each length in use, longest first. Used for flows by the thousand
 * (plan/ends.c). */

#include <cordon-config.h>
#include "lib/prefix_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hash.h"
#include "util.h"

void
prefix_map_init(struct prefix_map *map)
{
    hmap_init(&map->nodes);
    memset(map->lengths, 0, sizeof map->lengths);
}

void
prefix_map_done(struct prefix_map *map)
{
    struct prefix_node *node;

    HMAP_FOR_EACH_POP (node, hmap_node, &map->nodes) {
        while (node->next) {
            struct prefix_node *next = node->next;

            node->next = next->next;
            free(next);
        }
        free(node);
    }
    hmap_destroy(&map->nodes);
}

static struct prefix_node *
find_exact(const struct prefix_map *map, uint64_t scope,
           const struct prefix *p, uint32_t hash)
{
    struct prefix_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &map->nodes) {
        if (node->scope == scope && !prefix_cmp(&node->prefix, p)) {
            return node;
        }
    }
    return NULL;
}

static uint32_t
hash_prefix(uint64_t scope, const struct prefix *p)
{
    return hash_bytes(p->addr.b, addr_len(&p->addr),
                      hash_uint64_basis(scope, p->len));
}

void
prefix_map_add(struct prefix_map *map, uint64_t scope,
               const struct prefix *prefix, const void *value)
{
    struct prefix p = *prefix;
    struct prefix_node *node, *first;
    uint32_t hash;

    prefix_clear_host_bits(&p);
    hash = hash_prefix(scope, &p);
    first = find_exact(map, scope, &p, hash);
    for (node = first; node; node = node->next) {
        if (node->value == value) {
            return;
        }
    }
    node = xmalloc(sizeof *node);
    *node =
        (struct prefix_node){ .scope = scope, .prefix = p, .value = value };
    if (first) {
        node->next = first->next;
        first->next = node;
    } else {
        hmap_insert(&map->nodes, &node->hmap_node, hash);
        map->lengths[p.addr.family == AF_INET6][p.len] = 1;
    }
}

const struct prefix_node *
prefix_map_find(const struct prefix_map *map, uint64_t scope,
                const struct addr *a)
{
    const uint8_t *lengths = map->lengths[a->family == AF_INET6];
    struct prefix p = { .addr = *a };

    for (int len = addr_bits(a); len >= 0; len--) {
        const struct prefix_node *node;

        if (lengths[len]) {
            p.len = len;
            prefix_clear_host_bits(&p);
            node = find_exact(map, scope, &p, hash_prefix(scope, &p));
            if (node) {
                return node;
            }
        }
    }
    return NULL;
}
