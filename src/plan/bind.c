/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which interface of the policy does a device of this host realise? A vif is
 * known by its parent device on the xen-backend bus, never by its name, and
 * its guest by what the toolstack wrote to xenstore. Called by desire(). */

#include <cordon-config.h>
#include "plan/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "packets.h"
#include "policy/policy.h"
#include "util.h"
#include "uuid.h"

#define SCRIPT "vif-cordon"   /* Ours among the hotplug scripts. */
#define INCOMING "--incoming" /* libxl's suffix while migrating. */

struct guest_node {
    struct hmap_node node; /* In 'by_uuid', by hash of the UUID. */
    const struct policy_guest *guest;
};

struct binder {
    const struct inventory *inv;
    struct arena *arena;
    struct bindings *out;
    uint32_t bridge; /* ifindex of ours; 0: none. */
    size_t n_named;  /* Bindings by device name: the first of them. */
    const struct policy_guest **guests; /* Of each of inv->domains. */
    struct shash by_name;               /* Guests without UUID, by name. */
    struct hmap by_uuid;                /* Of struct guest_node. */
    struct shash links;                 /* Of struct inventory_link. */
};

static void
add_binding(struct binder *b, const struct inventory_link *link,
            const struct policy_interface *interface, bool tap,
            const char *why)
{
    struct bindings *out = b->out;

    if (out->n == out->allocated) {
        out->v = x2nrealloc(out->v, &out->allocated, sizeof *out->v);
    }
    out->v[out->n++] = (struct binding){ link, interface, tap, why };
}

/* The guest that 'domain' is. A UUID in the policy decides over a name. */
static const struct policy_guest *
match_guest(const struct binder *b, const struct inventory_domain *domain)
{
    const struct guest_node *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, uuid_hash(&domain->uuid), &b->by_uuid) {
        if (uuid_equals(&n->guest->uuid, &domain->uuid)) {
            return n->guest;
        }
    }
    /* 'by_name' has no NAME--incoming unless somebody calls a guest so. */
    return string_ends_with(domain->name, INCOMING)
               ? NULL
               : shash_find_data(&b->by_name, domain->name);
}

/* The guest that was found for 'domain', NULL if none. */
static const struct policy_guest *
domain_guest(const struct binder *b, const struct inventory_domain *domain)
{
    return b->guests[domain - b->inv->domains];
}

/* Another domain that is the guest which 'domain' is. */
static const struct inventory_domain *
find_rival(const struct binder *b, const struct inventory_domain *domain)
{
    const struct inventory *inv = b->inv;
    const struct policy_guest *guest = domain_guest(b, domain);

    for (size_t i = 0; i < inv->n_domains; i++) {
        if (b->guests[i] == guest && &inv->domains[i] != domain) {
            return &inv->domains[i];
        }
    }
    return NULL;
}

static bool
is_domain_interface(const struct policy_guest *g, size_t i)
{
    return i < g->n_interfaces && !g->interfaces[i].device;
}

/* Finds the interface of 'g' that 'vif' realises. Returns NULL and why in
 * '*ret_why', or an interface and, if the port must stay closed, why. */
static const struct policy_interface *
match_interface(struct binder *b, const struct policy_guest *g,
                const struct inventory_vif *vif, const char **ret_why)
{
    const struct policy_interface *same = NULL;
    size_t n = 0;

    if (!vif) {
        *ret_why = arena_printf(b->arena,
                                "guest %s: the vif has no backend "
                                "directory in xenstore",
                                g->name);
        return NULL;
    }
    if (!vif->has_mac) {
        if (is_domain_interface(g, vif->handle)) {
            return &g->interfaces[vif->handle];
        }
        *ret_why = arena_printf(b->arena,
                                "guest %s has no interface "
                                "%" PRIu32 " in the policy",
                                g->name, vif->handle);
        return NULL;
    }
    for (size_t i = 0; i < g->n_interfaces; i++) {
        const struct policy_interface *ifc = &g->interfaces[i];

        if (!ifc->device && !mac_cmp(ifc->mac, vif->mac)) {
            if (i == vif->handle) {
                return ifc;
            }
            same = ifc;
            n++;
        }
    }
    if (n == 1) {
        return same;
    }
    if (n > 1) {
        *ret_why = arena_printf(
            b->arena,
            "guest %s has several interfaces "
            "with MAC " ETH_ADDR_FMT ", and vif "
            "%" PRIu32 ".%" PRIu32 " is none of them by its "
            "number",
            g->name, ETH_ADDR_ARGS(vif->mac), vif->domid, vif->handle);
        return NULL;
    }
    if (is_domain_interface(g, vif->handle)) {
        same = &g->interfaces[vif->handle];
        *ret_why = arena_printf(b->arena,
                                "MAC " ETH_ADDR_FMT " of vif "
                                "%" PRIu32 ".%" PRIu32 " differs from the "
                                "policy's " ETH_ADDR_FMT,
                                ETH_ADDR_ARGS(vif->mac), vif->domid,
                                vif->handle, ETH_ADDR_ARGS(same->mac));
        return same;
    }
    *ret_why = arena_printf(b->arena,
                            "guest %s has no interface with MAC " ETH_ADDR_FMT
                            " in the policy",
                            g->name, ETH_ADDR_ARGS(vif->mac));
    return NULL;
}

/* Binds 'link', a device of domain 'domid'. If no interface matches, it is a
 * stray only if it was meant for us, or is in our bridge. */
static void
bind_domain_device(struct binder *b, const struct inventory_link *link,
                   uint32_t domid, uint32_t handle, bool tap)
{
    const struct inventory_vif *vif =
        inventory_vif_by_handle(b->inv, domid, handle);
    const struct inventory_domain *d = inventory_domain_by_id(b->inv, domid);
    const struct policy_guest *g = d ? domain_guest(b, d) : NULL;
    const struct policy_interface *ifc = NULL;
    const char *why = NULL;

    for (size_t i = 0; i < b->n_named; i++) {
        if (b->out->v[i].link == link) {
            return;
        }
    }
    if (g) {
        const struct inventory_domain *rival = find_rival(b, d);

        ifc = match_interface(b, g, vif, &why);
        if (ifc && rival) {
            why =
                arena_printf(b->arena,
                             "domains %" PRIu32 " (%s) and "
                             "%" PRIu32 " (%s) are both this guest",
                             MIN(d->domid, rival->domid),
                             d->domid < rival->domid ? d->name : rival->name,
                             MAX(d->domid, rival->domid),
                             d->domid < rival->domid ? rival->name : d->name);
        }
    } else if (d) {
        why = arena_printf(b->arena,
                           "domain %s (" UUID_FMT ") is in no policy%s",
                           d->name, UUID_ARGS(&d->uuid),
                           string_ends_with(d->name, INCOMING)
                               ? "; while it is received, only a guest's "
                                 "uuid can tell"
                               : "");
    } else {
        why = arena_printf(b->arena, "domain %" PRIu32 " is not in xenstore",
                           domid);
    }
    if (ifc || (vif && !strcmp(vif->script, SCRIPT))
        || (b->bridge && link->master == b->bridge)) {
        add_binding(b, link, ifc, tap, why);
    }
}

static void
bind_vifs(struct binder *b)
{
    const struct inventory *inv = b->inv;

    for (size_t i = 0; i < inv->n_links; i++) {
        const struct inventory_link *l = &inv->links[i];
        uint32_t domid, handle;
        int n = 0;

        if (!strcmp(l->bus, "xen-backend")
            && sscanf(l->parent, "vif-%" SCNu32 "-%" SCNu32 "%n", &domid,
                      &handle, &n)
                   == 2
            && !l->parent[n]) {
            bind_domain_device(b, l, domid, handle, false);
        }
    }
}

/* libxl calls the tap of an HVM guest's emulated card like the vif, with
 * "-emu" added, and makes no note of it in xenstore. */
static void
bind_taps(struct binder *b)
{
    const struct inventory *inv = b->inv;

    for (size_t i = 0; i < inv->n_vifs; i++) {
        const struct inventory_vif *v = &inv->vifs[i];
        const struct inventory_link *l;
        char *name;

        name = v->vifname && v->vifname[0]
                   ? xasprintf("%s-emu", v->vifname)
                   : xasprintf("vif%" PRIu32 ".%" PRIu32 "-emu", v->domid,
                               v->handle);
        l = shash_find_data(&b->links, name);
        if (l && !strcmp(l->kind, "tun")) {
            bind_domain_device(b, l, v->domid, v->handle, true);
        }
        free(name);
    }
}

static void
bind_named(struct binder *b, const struct policy *policy,
           const struct policy_interface *ifc)
{
    const struct inventory_link *l = shash_find_data(&b->links, ifc->device);
    const struct policy_host *host = &policy->host;
    const char *why = NULL;

    if (!l) {
        return;
    }
    if (!strcmp(l->name, host->bridge) || !strcmp(l->kind, "bridge")) {
        why = "the device is a bridge";
    } else if (host->uplink && !strcmp(l->name, host->uplink)) {
        why = "the device is the uplink";
    } else if (l->flags & IFF_LOOPBACK) {
        why = "the device is the loopback device";
    } else if (l->has_address) {
        why = "the device carries an address of this host";
    }
    add_binding(b, l, ifc, false, why);
}

static void
bind_services(struct binder *b, const struct policy *policy,
              const struct policy_network *network)
{
    for (size_t i = 0; i < network->n_services; i++) {
        if (network->services[i].interface) {
            bind_named(b, policy, network->services[i].interface);
        }
    }
}

/* Interfaces without a device of guests that are here. */
static void
bind_absent(struct binder *b)
{
    size_t n = b->out->n;
    struct shash bound = SHASH_INITIALIZER(&bound);
    struct shash guests = SHASH_INITIALIZER(&guests);
    struct shash_node *node;

    for (size_t i = 0; i < n; i++) {
        const struct policy_interface *ifc = b->out->v[i].interface;

        if (ifc) {
            shash_add_once(&bound, ifc->port, ifc);
        }
    }
    for (size_t i = 0; i < b->inv->n_domains; i++) {
        const struct policy_guest *g = b->guests[i];

        if (g && g->n_interfaces) {
            shash_add_once(&guests, g->interfaces[0].port, g);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct policy_interface *ifc = b->out->v[i].interface;

        if (ifc) {
            shash_add_once(&guests, ifc->guest->interfaces[0].port,
                           ifc->guest);
        }
    }
    SHASH_FOR_EACH (node, &guests) {
        const struct policy_guest *g = node->data;

        for (size_t i = 0; i < g->n_interfaces; i++) {
            if (!shash_find(&bound, g->interfaces[i].port)) {
                add_binding(b, NULL, &g->interfaces[i], false, NULL);
            }
        }
    }
    shash_destroy(&guests);
    shash_destroy(&bound);
}

static int
compare_bindings(const void *a_, const void *b_)
{
    const struct binding *a = a_, *b = b_;
    uint32_t ai = a->link ? a->link->ifindex : 0;
    uint32_t bi = b->link ? b->link->ifindex : 0;

    if (!a->interface != !b->interface) {
        return a->interface ? -1 : 1;
    }
    if (a->interface) {
        int c = strcmp(a->interface->port, b->interface->port);

        if (c) {
            return c;
        }
        if (a->tap != b->tap) {
            return a->tap ? 1 : -1;
        }
    }
    return ai < bi ? -1 : ai > bi;
}

static void
index_guests(struct binder *b, const struct policy *policy)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_guests; j++) {
            const struct policy_guest *g = &t->guests[j];

            if (g->has_uuid) {
                struct guest_node *n = arena_alloc(b->arena, sizeof *n);

                n->guest = g;
                hmap_insert(&b->by_uuid, &n->node, uuid_hash(&g->uuid));
            } else {
                shash_add_once(&b->by_name, g->name, g);
            }
        }
    }
}

void
bind_devices(const struct policy *policy, const struct inventory *inv,
             struct arena *arena, struct bindings *ret_bindings)
{
    struct binder b = { .inv = inv, .arena = arena, .out = ret_bindings };
    const struct inventory_link *bridge;

    memset(ret_bindings, 0, sizeof *ret_bindings);
    shash_init(&b.by_name);
    hmap_init(&b.by_uuid);
    shash_init(&b.links);
    bridge = inventory_link_by_name(inv, policy->host.bridge);
    b.bridge = bridge ? bridge->ifindex : 0;
    for (size_t i = 0; i < inv->n_links; i++) {
        shash_add_once(&b.links, inv->links[i].name, &inv->links[i]);
    }
    if (inv->n_domains) {
        index_guests(&b, policy);
    }
    b.guests = ARENA_ARRAY(arena, const struct policy_guest *,
                           MAX(inv->n_domains, 1));
    for (size_t i = 0; i < inv->n_domains; i++) {
        b.guests[i] = match_guest(&b, &inv->domains[i]);
    }

    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                if (t->guests[j].interfaces[k].device) {
                    bind_named(&b, policy, &t->guests[j].interfaces[k]);
                }
            }
        }
        for (size_t j = 0; j < t->n_networks; j++) {
            bind_services(&b, policy, &t->networks[j]);
        }
    }
    b.n_named = ret_bindings->n;
    bind_vifs(&b);
    bind_taps(&b);
    bind_absent(&b);
    if (ret_bindings->n) {
        qsort(ret_bindings->v, ret_bindings->n, sizeof *ret_bindings->v,
              compare_bindings);
    }

    shash_destroy(&b.links);
    hmap_destroy(&b.by_uuid);
    shash_destroy(&b.by_name);
}
