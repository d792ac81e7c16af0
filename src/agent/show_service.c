/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the policy says of services. Called by show.c for people, by method.c
 * for the script that makes a service's namespace. */

#include <cordon-config.h>
#include "agent/show_service.h"

#include <string.h>

#include "agent/agent.h"
#include "lib/addr.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

void
show_services(struct writer *w, const struct policy_tenant *tenant)
{
    writer_list(w, "services");
    for (size_t i = 0; i < tenant->n_networks; i++) {
        const struct policy_network *n = &tenant->networks[i];

        for (size_t j = 0; j < n->n_services; j++) {
            const struct policy_service *s = &n->services[j];

            writer_format(w, NULL, "%s:%s%s%s%s", n->name, s->name,
                          s->device ? " (device " : "",
                          s->device ? s->device : "", s->device ? ")" : "");
        }
    }
    writer_end(w);
}

/* True if 's' is called 'name'. */
static bool
is_called(const struct policy_service *s, const char *name)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool same;

    ds_put_format(&ds, "%s/%s:%s", s->network->tenant->name, s->network->name,
                  s->name);
    same = !strcmp(ds_cstr(&ds), name);
    ds_destroy(&ds);
    return same;
}

const struct policy_service *
show_find_service(const struct agent *agent, const char *name)
{
    const struct policy *policy = agent->reconciler.policy;

    for (size_t i = 0; policy && i < policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &policy->tenants[i];

        for (size_t j = 0; j < tenant->n_networks; j++) {
            const struct policy_network *n = &tenant->networks[j];

            for (size_t k = 0; k < n->n_services; k++) {
                if (is_called(&n->services[k], name)) {
                    return &n->services[k];
                }
            }
        }
    }
    return NULL;
}

/* The subnet of the network that 'a' is in, NULL if none. */
static const struct prefix *
find_subnet(const struct policy_network *network, const struct addr *a)
{
    for (size_t i = 0; i < network->n_subnets; i++) {
        if (prefix_contains_addr(&network->subnets[i], a)) {
            return &network->subnets[i];
        }
    }
    return NULL;
}

void
show_service(struct writer *w, const struct agent *agent,
             const struct policy_service *s)
{
    const struct turn *t = agent->reconciler.now;
    const struct plan_port *port = NULL;
    char buf[PREFIX_STRLEN];

    writer_object(w, NULL);
    writer_format(w, "service", "%s/%s:%s", s->network->tenant->name,
                  s->network->name, s->name);
    writer_string(w, "device", s->device);
    if (t && s->interface) {
        port = plan_port_by_name(t->plan, s->interface->port);
    }
    writer_string(
        w, "state",
        !s->device ? "not on this host"
        : !port    ? port_state_name(PORT_ABSENT)
                   : port_state_name(t->status[port - t->plan->ports].state));
    writer_uint(w, "vlan", s->network->vlan);
    writer_format(w, "mac", ETH_ADDR_FMT, ETH_ADDR_ARGS(s->mac));
    writer_bool(w, "dhcp", s->dhcp);
    writer_list(w, "addresses");
    for (size_t i = 0; i < s->n_addresses; i++) {
        const struct addr *a = &s->addresses[i];
        const struct prefix *subnet = find_subnet(s->network, a);
        struct prefix p = { *a, subnet ? subnet->len : addr_bits(a) };

        writer_string(w, NULL, prefix_format(&p, buf));
    }
    writer_end(w);
    writer_list(w, "subnets");
    for (size_t i = 0; i < s->network->n_subnets; i++) {
        writer_string(w, NULL, prefix_format(&s->network->subnets[i], buf));
    }
    writer_end(w);
    writer_end(w);
}
