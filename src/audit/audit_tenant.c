/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which devices are guests' and whose: as the command line says, as the policy
 * says, or else as the host looks: those of a VLAN or bridge are one tenant's,
 * and if all are in one, each guest is its own. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "lib/arena.h"
#include "policy/policy.h"
#include "util.h"
#include "uuid.h"

#define NO_TENANT SIZE_MAX

/* Devices that a guest or a program of another namespace is behind. */
static bool
is_guests(const struct host_link *link)
{
    return link->xen_backend || link->type == HOST_LINK_TUN
           || (link->type == HOST_LINK_MACVLAN
               && !strcmp(link->kind, "macvtap"))
           || (link->type == HOST_LINK_VETH && link->elsewhere);
}

/* A trunk of the policy's; without one, a device that all frames are tagged
 * on. */
static bool
is_uplink(struct audit *a, const struct host_link *link)
{
    const struct host_link *bridge = host_link(a->host, link->master);
    bool untagged = !link->n_vlans;

    if (a->policy) {
        return a->policy->host.uplink
               && !strcmp(a->policy->host.uplink, link->name);
    }
    for (size_t i = 0; i < link->n_vlans; i++) {
        untagged = untagged || link->vlans[i].untagged || link->vlans[i].pvid;
    }
    if (bridge && bridge->bridge && bridge->bridge->vlan_filtering
        && !untagged) {
        audit_assume(a, "%s, a trunk, is an uplink", link->name);
        return true;
    }
    return false;
}

static size_t
add_tenant(struct audit *a, const char *name)
{
    for (size_t i = 0; i < a->n_tenants; i++) {
        if (!strcmp(a->tenants[i].name, name)) {
            return i;
        }
    }
    a->tenants[a->n_tenants].name = arena_strdup(a->arena, name);
    return a->n_tenants++;
}

static struct audit_port *
find_port(struct audit *a, uint32_t ifindex)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        if (a->ports[i].link->ifindex == ifindex) {
            return &a->ports[i];
        }
    }
    return NULL;
}

/* The device of an interface: as named, or the vif of its domain. */
static const struct host_link *
link_of(const struct audit *a, const struct policy_interface *interface)
{
    const struct policy_guest *guest = interface->guest;
    char uuid[UUID_LEN + 1];

    if (interface->device) {
        return host_link_by_name(a->host, interface->device);
    }
    snprintf(uuid, sizeof uuid, UUID_FMT, UUID_ARGS(&guest->uuid));
    for (size_t i = 0; i < a->host->n_vifs; i++) {
        const struct host_vif *vif = &a->host->vifs[i];
        bool same = guest->has_uuid ? !strcmp(vif->uuid, uuid)
                                    : !strcmp(vif->domain, guest->name);

        if (same && vif->ifindex) {
            struct eth_addr mac;

            if (vif->handle == interface->index
                || (mac_parse(vif->mac, &mac)
                    && !mac_cmp(mac, interface->mac))) {
                return host_link(a->host, vif->ifindex);
            }
        }
    }
    return NULL;
}

static void
by_policy(struct audit *a)
{
    const struct policy *policy = a->policy;

    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];
        size_t tenant = add_tenant(a, t->name);

        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                const struct policy_interface *interface =
                    &t->guests[j].interfaces[k];
                const struct host_link *link = link_of(a, interface);
                struct audit_port *port;

                if (!link) {
                    if (interface->device) {
                        audit_find(a, AUDIT_NOTE, "no-device", "",
                                   "the device %s of %s is not there: "
                                   "nothing is said of it",
                                   interface->device, interface->port);
                    }
                    continue;
                }
                port = find_port(a, link->ifindex);
                if (!port) {
                    port = &a->ports[a->n_ports++];
                    *port = (struct audit_port){ .link = link };
                }
                port->tenant = tenant;
                port->interface = interface;
                port->spec = spec_of_interface(policy, interface, a->arena);
            }
        }
    }
}

static char *
by_argument(struct audit *a, const char *argument)
{
    char *copy = arena_strdup(a->arena, argument), *names, *save = NULL;
    size_t tenant;

    names = strchr(copy, '=');
    if (!names || names == copy || !names[1 + strspn(names + 1, ",")]) {
        return xasprintf("%s: not NAME=DEVICE[,DEVICE...]", argument);
    }
    *names++ = '\0';
    tenant = add_tenant(a, copy);
    for (char *name = strtok_r(names, ",", &save); name;
         name = strtok_r(NULL, ",", &save)) {
        const struct host_link *link = host_link_by_name(a->host, name);
        struct audit_port *port;

        if (!link) {
            return xasprintf("%s: the snapshot has no device %s", argument,
                             name);
        }
        port = find_port(a, link->ifindex);
        if (!port) {
            port = &a->ports[a->n_ports++];
            *port = (struct audit_port){ .link = link };
        }
        if (port->by_argument && port->tenant != tenant) {
            return xasprintf("%s: %s is already tenant %s's", argument, name,
                             a->tenants[port->tenant].name);
        }
        port->tenant = tenant;
        port->by_argument = true;
    }
    return NULL;
}

/* "br0 VLAN 110", or of a bridge without VLANs "br0". */
static const char *
segment_name(const struct audit *a, const struct host_link *link)
{
    const struct host_link *bridge = host_link(a->host, link->master);

    if (!bridge || !bridge->bridge) {
        return link->name;
    }
    if (bridge->bridge->vlan_filtering && host_link_pvid(link)) {
        return arena_printf(a->arena, "%s VLAN %" PRIu16, bridge->name,
                            host_link_pvid(link));
    }
    return bridge->name;
}

static const char *
owner_name(const struct audit *a, const struct host_link *link)
{
    for (size_t i = 0; i < a->host->n_vifs; i++) {
        const struct host_vif *vif = &a->host->vifs[i];

        if (vif->ifindex == link->ifindex) {
            return *vif->domain
                       ? vif->domain
                       : arena_printf(a->arena, "domain %" PRIu32, vif->domid);
        }
    }
    return link->name;
}

static void
infer(struct audit *a, size_t first)
{
    size_t n_before = a->n_tenants;

    for (size_t i = first; i < a->n_ports; i++) {
        a->ports[i].tenant = add_tenant(a, segment_name(a, a->ports[i].link));
    }
    if (!n_before && a->n_tenants == 1 && a->n_ports > 1) {
        a->n_tenants = 0;
        for (size_t i = first; i < a->n_ports; i++) {
            a->ports[i].tenant =
                add_tenant(a, owner_name(a, a->ports[i].link));
        }
    }
    a->inferred = true;
}

/* What is known of a port without policy: its MAC and addresses as xenstore
 * has them, or its MAC as the FDB has it. */
static const struct spec *
guessed_spec(const struct audit *a, const struct host_link *link)
{
    struct spec *s = ARENA_ARRAY(a->arena, struct spec, 1);
    struct eth_addr *macs = ARENA_ARRAY(a->arena, struct eth_addr, 1);
    struct spec_pair *pairs = ARENA_ARRAY(a->arena, struct spec_pair, 33);
    size_t n_found = 0;

    for (size_t i = 0; i < a->host->n_vifs; i++) {
        const struct host_vif *vif = &a->host->vifs[i];
        char *text, *save = NULL;

        if (vif->ifindex != link->ifindex || !mac_parse(vif->mac, macs)) {
            continue;
        }
        n_found = 1;
        text = arena_strdup(a->arena, vif->ip);
        for (char *p = strtok_r(text, " ,", &save); p && s->n_pairs < 32;
             p = strtok_r(NULL, " ,", &save)) {
            if (prefix_parse(p, &pairs[s->n_pairs].prefix)) {
                pairs[s->n_pairs++].mac = macs[0];
            }
        }
        if (s->n_pairs) {
            struct addr ll = addr_eui64(macs[0]);

            pairs[s->n_pairs].prefix =
                (struct prefix){ .addr = ll, .len = 128 };
            pairs[s->n_pairs++].mac = macs[0];
        }
    }
    for (size_t i = 0; i < a->host->n_fdb && !n_found; i++) {
        const struct host_fdb *f = &a->host->fdb[i];

        if (f->ifindex == link->ifindex && f->bridge && !f->local) {
            macs[0] = f->mac;
            n_found = 1;
        }
    }
    s->macs = macs;
    s->n_macs = n_found;
    s->pairs = pairs;
    return s;
}

/* Nothing is proven of a tenant that no frame can come from or go to. */
static void
find_absent(struct audit *a)
{
    for (size_t i = 0; i < a->n_tenants; i++) {
        if (!a->tenants[i].n_ports) {
            audit_find(a, AUDIT_NOTE, "no-port", "",
                       "tenant %s has no port on this host: nothing is "
                       "said of it",
                       a->tenants[i].name);
        }
    }
}

static int
port_cmp(const void *a_, const void *b_)
{
    const struct audit_port *a = a_, *b = b_;

    return a->link->ifindex < b->link->ifindex
               ? -1
               : a->link->ifindex > b->link->ifindex;
}

char *
audit_tenants(struct audit *a, const struct audit_options *options)
{
    size_t n = a->host->n_links, first;

    a->ports = ARENA_ARRAY(a->arena, struct audit_port, MAX(n, 1));
    a->tenants = ARENA_ARRAY(a->arena, struct audit_tenant,
                             n + options->n_tenants + 1
                                 + (a->policy ? a->policy->n_tenants : 0));
    if (a->policy) {
        by_policy(a);
    }
    for (size_t i = 0; i < options->n_tenants; i++) {
        char *error = by_argument(a, options->tenants[i]);

        if (error) {
            return error;
        }
    }
    first = a->n_ports;
    for (size_t i = 0; i < n; i++) {
        const struct host_link *link = &a->host->links[i];

        if (is_guests(link) && !find_port(a, link->ifindex)
            && !is_uplink(a, link)) {
            a->ports[a->n_ports++] =
                (struct audit_port){ .link = link, .tenant = NO_TENANT };
        }
    }
    if (a->policy || options->n_tenants) {
        for (size_t i = first; i < a->n_ports; i++) {
            char *name = xasprintf("(%s)", a->ports[i].link->name);

            a->ports[i].tenant = add_tenant(a, name);
            free(name);
        }
    } else {
        infer(a, first);
    }
    qsort(a->ports, a->n_ports, sizeof *a->ports, port_cmp);
    for (size_t i = 0; i < a->n_ports; i++) {
        struct audit_port *port = &a->ports[i];

        a->tenants[port->tenant].n_ports++;
        if (!port->spec) {
            port->spec = audit_module_guards(a, port->link)
                             ? audit_module_spec(a, port->link)
                             : guessed_spec(a, port->link);
        }
    }
    find_absent(a);
    return NULL;
}
