/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Devices held closed. A hold is bound to the device by its ifindex and its
 * parent, not by its name; one on a device that has gone is dropped with it,
 * so that a new device under an old name starts afresh. The reconciler calls
 * it between desire() and want(). */

#include <cordon-config.h>
#include "agent/hold.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "plan/plan.h"
#include "util.h"

struct hold {
    struct hmap_node node;
    uint32_t ifindex;
    char parent[sizeof((struct inventory_link *) NULL)->parent];
    char *why;
};

void
holds_init(struct holds *holds)
{
    hmap_init(&holds->by_ifindex);
}

static struct hold *
find(struct holds *holds, uint32_t ifindex)
{
    struct hold *h;

    HMAP_FOR_EACH_WITH_HASH (h, node, hash_int(ifindex, 0),
                             &holds->by_ifindex) {
        if (h->ifindex == ifindex) {
            return h;
        }
    }
    return NULL;
}

static void
drop(struct holds *holds, struct hold *h)
{
    if (h) {
        hmap_remove(&holds->by_ifindex, &h->node);
        free(h->why);
        free(h);
    }
}

void
holds_done(struct holds *holds)
{
    struct hold *h;

    HMAP_FOR_EACH_SAFE (h, node, &holds->by_ifindex) {
        drop(holds, h);
    }
    hmap_destroy(&holds->by_ifindex);
}

void
holds_add(struct holds *holds, const struct inventory_link *link,
          const char *why)
{
    struct hold *h;

    drop(holds, find(holds, link->ifindex));
    h = xzalloc(sizeof *h);
    h->ifindex = link->ifindex;
    memcpy(h->parent, link->parent, sizeof h->parent);
    h->why = xstrdup(why);
    hmap_insert(&holds->by_ifindex, &h->node, hash_int(h->ifindex, 0));
}

void
holds_remove(struct holds *holds, const struct inventory_link *link)
{
    drop(holds, find(holds, link->ifindex));
}

void
holds_apply(struct holds *holds, const struct inventory *inventory,
            struct plan *plan)
{
    struct hold *h;

    HMAP_FOR_EACH_SAFE (h, node, &holds->by_ifindex) {
        const struct inventory_link *link;

        link = inventory_link_by_index(inventory, h->ifindex);
        if (!link || strcmp(link->parent, h->parent)) {
            drop(holds, h);
        }
    }
    for (size_t i = 0; i < plan->n_ports; i++) {
        struct plan_port *port = &plan->ports[i];

        h = port->ifindex ? find(holds, port->ifindex) : NULL;
        if (h && !port->problem) {
            port->problem = arena_strdup(plan->arena, h->why);
        }
    }
}
