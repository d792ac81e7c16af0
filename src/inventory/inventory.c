/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One reading of what the host has, and look-ups in it. The agent makes one a
 * turn with inventory_read(); tests fill in their own. */

#include <cordon-config.h>
#include "inventory/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "inventory/links.h"
#include "inventory/xenstore.h"
#include "lib/arena.h"
#include "util.h"

int
inventory_read(struct xenstore *xs, struct inventory **ret_inventory)
{
    struct inventory *inv = xzalloc(sizeof *inv);
    int error;

    inv->arena = arena_new();
    if (xs) {
        xenstore_read(xs, inv);
    }
    error = links_read(inv);
    if (error) {
        inventory_free(inv);
        return error;
    }
    *ret_inventory = inv;
    return 0;
}

void
inventory_free(struct inventory *inv)
{
    if (inv) {
        arena_free(inv->arena);
        free(inv);
    }
}

static int
compare_index(const void *key, const void *link_)
{
    const struct inventory_link *link = link_;
    uint32_t ifindex = *(const uint32_t *) key;

    return ifindex < link->ifindex ? -1 : ifindex > link->ifindex;
}

const struct inventory_link *
inventory_link_by_index(const struct inventory *inv, uint32_t ifindex)
{
    return inv->n_links ? bsearch(&ifindex, inv->links, inv->n_links,
                                  sizeof *inv->links, compare_index)
                        : NULL;
}

const struct inventory_link *
inventory_link_by_name(const struct inventory *inv, const char *name)
{
    for (size_t i = 0; i < inv->n_links; i++) {
        if (!strcmp(inv->links[i].name, name)) {
            return &inv->links[i];
        }
    }
    return NULL;
}

static int
compare_domain(const void *key, const void *domain_)
{
    const struct inventory_domain *domain = domain_;
    uint32_t domid = *(const uint32_t *) key;

    return domid < domain->domid ? -1 : domid > domain->domid;
}

const struct inventory_domain *
inventory_domain_by_id(const struct inventory *inv, uint32_t domid)
{
    return inv->n_domains ? bsearch(&domid, inv->domains, inv->n_domains,
                                    sizeof *inv->domains, compare_domain)
                          : NULL;
}

static int
compare_vif(const void *key_, const void *vif_)
{
    const struct inventory_vif *key = key_, *vif = vif_;

    return key->domid != vif->domid    ? (key->domid < vif->domid ? -1 : 1)
           : key->handle < vif->handle ? -1
                                       : key->handle > vif->handle;
}

const struct inventory_vif *
inventory_vif_by_handle(const struct inventory *inv, uint32_t domid,
                        uint32_t handle)
{
    struct inventory_vif key = { .domid = domid, .handle = handle };

    return inv->n_vifs
               ? bsearch(&key, inv->vifs, inv->n_vifs, sizeof key, compare_vif)
               : NULL;
}
