/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which devices of a host are which ports of a policy, by what xenstore's
 * backend side and the kernel say. Pure. cordon witness calls this. */

#include <cordon-config.h>
#include "audit/witness.h"

#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "policy/policy.h"
#include "util.h"
#include "uuid.h"

struct places {
    struct witness_place *v;
    size_t n, allocated;
};

static void
add_place(struct places *ps, const struct host_link *link,
          const struct portsec_port *port)
{
    if (ps->n == ps->allocated) {
        ps->v = x2nrealloc(ps->v, &ps->allocated, sizeof *ps->v);
    }
    ps->v[ps->n++] = (struct witness_place){ link->name, port };
}

static bool
is_vif_of(const struct host_vif *vif, const struct policy_interface *i)
{
    const struct policy_guest *guest = i->guest;
    struct eth_addr mac;
    struct uuid uuid;

    if (vif->backend_domid || !vif->ifindex || !mac_parse(vif->mac, &mac)
        || mac_cmp(mac, i->mac)) {
        return false;
    }
    return guest->has_uuid ? uuid_from_string(&uuid, vif->uuid)
                                 && uuid_equals(&uuid, &guest->uuid)
                           : !strcmp(vif->domain, guest->name);
}

static void
add_interface(struct places *ps, const struct policy_interface *i,
              const struct host *host, const struct watched *w)
{
    const struct portsec_port *port = watched_port(w, i->port);
    const struct host_link *link;

    if (i->device) {
        link = host_link_by_name(host, i->device);
        if (link) {
            add_place(ps, link, port);
        }
        return;
    }
    for (size_t j = 0; j < host->n_vifs; j++) {
        link = is_vif_of(&host->vifs[j], i)
                   ? host_link(host, host->vifs[j].ifindex)
                   : NULL;
        if (link) {
            add_place(ps, link, port);
        }
    }
}

static void
add_tenant(struct places *ps, const struct policy_tenant *t,
           const struct host *host, const struct watched *w)
{
    for (size_t i = 0; i < t->n_guests; i++) {
        for (size_t j = 0; j < t->guests[i].n_interfaces; j++) {
            add_interface(ps, &t->guests[i].interfaces[j], host, w);
        }
    }
    for (size_t i = 0; i < t->n_networks; i++) {
        for (size_t j = 0; j < t->networks[i].n_services; j++) {
            if (t->networks[i].services[j].interface) {
                add_interface(ps, t->networks[i].services[j].interface, host,
                              w);
            }
        }
    }
}

struct witness_place *
witness_places(const struct policy *policy, const struct host *host,
               const struct watched *w, size_t *ret_n)
{
    const struct host_link *uplink =
        policy->host.uplink ? host_link_by_name(host, policy->host.uplink)
                            : NULL;
    struct places ps = { .v = NULL };

    for (size_t i = 0; i < policy->n_tenants; i++) {
        add_tenant(&ps, &policy->tenants[i], host, w);
    }
    if (uplink) {
        add_place(&ps, uplink, NULL);
    }
    *ret_n = ps.n;
    return ps.v;
}
