/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What on a host would let frames past the bridge or the bridge past the
 * policy: an uplink that dom0 itself uses, a bridge that is somebody else's. Asked by desire(), which then opens
 * nothing, and by `cordon check`. */

#include <cordon-config.h>
#include "plan/plan.h"

#include <string.h>

#include "inventory/inventory.h"
#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"

/* Devices of these kinds take frames from the device that they lie on, or
 * send through it, without the bridge's knowledge. */
static bool
kind_is_stacked(const char *kind)
{
    static const char *const kinds[] = {
        "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec",
    };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!strcmp(kind, kinds[i])) {
            return true;
        }
    }
    return false;
}

static const char *
uplink_problem(const struct policy_host *host, const struct inventory *inv,
               struct arena *arena)
{
    const struct inventory_link *up =
        inventory_link_by_name(inv, host->uplink);
    const struct inventory_link *master;

    if (!up) {
        return arena_printf(arena, "uplink %s: no such device", host->uplink);
    }
    if (!strcmp(host->uplink, host->bridge) || !strcmp(up->kind, "bridge")) {
        return arena_printf(arena,
                            "uplink %s is a bridge; name the network "
                            "card instead",
                            host->uplink);
    }
    if (up->flags & IFF_LOOPBACK) {
        return arena_printf(arena, "uplink %s is the loopback device",
                            host->uplink);
    }
    if (!strcmp(up->bus, "xen-backend")) {
        return arena_printf(arena, "uplink %s is a guest's vif", host->uplink);
    }
    if (up->has_address) {
        return arena_printf(arena,
                            "uplink %s carries an address of this "
                            "host; remove it (the trunk is for guests alone)",
                            host->uplink);
    }
    for (size_t i = 0; i < inv->n_links; i++) {
        const struct inventory_link *l = &inv->links[i];

        if (l->lower == up->ifindex && l != up && kind_is_stacked(l->kind)) {
            return arena_printf(arena,
                                "uplink %s has the %s device %s on it, "
                                "which takes frames away from the bridge; "
                                "remove it",
                                host->uplink, l->kind, l->name);
        }
    }
    master = up->master ? inventory_link_by_index(inv, up->master) : NULL;
    if (up->flags & IFF_SLAVE) {
        return arena_printf(arena,
                            "uplink %s is part of bond %s; name the "
                            "bond instead",
                            host->uplink, master ? master->name : "?");
    }
    if (up->master && (!master || strcmp(master->name, host->bridge))) {
        return arena_printf(arena,
                            "uplink %s belongs to %s; remove it from "
                            "there",
                            host->uplink,
                            master ? master->name : "another device");
    }
    if (up->xdp) {
        return arena_printf(arena,
                            "uplink %s has an XDP program, which sees "
                            "frames before the guard; detach it",
                            host->uplink);
    }
    return NULL;
}

const char *
plan_bridge_problem(const struct policy *policy, const struct inventory *inv,
                    struct arena *arena)
{
    const struct policy_host *host = &policy->host;
    const struct inventory_link *br =
        inventory_link_by_name(inv, host->bridge);

    if (br && strcmp(br->kind, "bridge")) {
        return arena_printf(arena,
                            "a device %s exists that is no bridge; "
                            "choose another name with host.bridge",
                            host->bridge);
    }
    if (br && strcmp(br->alias, PLAN_BRIDGE_ALIAS)) {
        return arena_printf(arena,
                            "a bridge %s exists that cordon has not made; "
                            "remove it, or choose another name with "
                            "host.bridge",
                            host->bridge);
    }
    return NULL;
}

const char *
plan_host_problem(const struct policy *policy, const struct inventory *inv,
                  struct arena *arena)
{
    const struct policy_host *host = &policy->host;
    const char *problem = plan_bridge_problem(policy, inv, arena);

    return problem        ? problem
           : host->uplink ? uplink_problem(host, inv, arena)
                          : NULL;
}
