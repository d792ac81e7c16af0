/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What `cordon show`, `apply` and `diff` print: one walk over plan, states,
 * counters and changes. The methods of the control socket call it. */

#include <cordon-config.h>
#include "agent/show.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/show_rate.h"
#include "agent/show_rules.h"
#include "agent/show_service.h"
#include "dataplane/dataplane.h"
#include "inventory/inventory.h"
#include "inventory/xenstore.h"
#include "lib/reason.h"
#include "lib/writer.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

static void
port_fields(struct writer *w, const struct turn *t, size_t i)
{
    const struct plan_port *port = &t->plan->ports[i];

    writer_string(w, "port", port->name);
    writer_string(w, "device", port->device);
    writer_uint(w, "ifindex", port->ifindex);
    writer_string(w, "state", port_state_name(t->status[i].state));
    writer_string(w, "why", t->status[i].why);
}

void
show_one_port(struct writer *w, const struct turn *t, size_t i)
{
    writer_object(w, NULL);
    port_fields(w, t, i);
    writer_end(w);
}

static void
port_list(struct writer *w, const struct turn *t)
{
    writer_list(w, "ports");
    for (size_t i = 0; t && i < t->plan->n_ports; i++) {
        show_one_port(w, t, i);
    }
    writer_end(w);
}

static const char *
host_problem(const struct agent *agent)
{
    const struct reconciler *r = &agent->reconciler;
    const struct plan *plan = r->now ? r->now->plan : NULL;

    return r->problem                   ? r->problem
           : plan && plan->host_problem ? plan->host_problem
           : plan && plan->host_foreign ? plan->host_foreign
                                        : r->rejudge.problem;
}

static const char *
uplink_problem(const struct agent *agent)
{
    const struct turn *t = agent->reconciler.now;

    return t ? t->plan->uplink_foreign : NULL;
}

bool
show_understands(const char *what, const char *name)
{
    static const char *const words[] = { "tenants", "ports", "drops" };

    for (size_t i = 0; what && i < ARRAY_SIZE(words); i++) {
        if (!strcmp(what, words[i])) {
            return !name;
        }
    }
    return what ? (!strcmp(what, "port") || !strcmp(what, "service")) && name
                : !name;
}

/* A port without a device needs nothing: its guest is not here, or not yet
 * plugged. */
static bool
all_up(const struct turn *t)
{
    for (size_t i = 0; i < t->plan->n_ports; i++) {
        if (t->status[i].state != PORT_ABSENT
            && !port_is_up(&t->plan->ports[i], &t->status[i])) {
            return false;
        }
    }
    return true;
}

bool
show_apply(struct writer *w, const struct agent *agent)
{
    const struct reconciler *r = &agent->reconciler;
    bool converged = r->now && r->converged && !r->next && !r->problem;
    bool good = converged && all_up(r->now) && !host_problem(agent)
                && !uplink_problem(agent);

    writer_object(w, NULL);
    writer_string(w, "policy", agent->policy_path);
    writer_bool(w, "converged", converged);
    if (host_problem(agent)) {
        writer_string(w, "host_problem", host_problem(agent));
    }
    if (uplink_problem(agent)) {
        writer_string(w, "uplink_problem", uplink_problem(agent));
    }
    port_list(w, r->now);
    writer_end(w);
    return good;
}

static void
count_ports(const struct turn *t, unsigned int n[PORT_ABSENT + 1])
{
    memset(n, 0, (PORT_ABSENT + 1) * sizeof *n);
    for (size_t i = 0; t && i < t->plan->n_ports; i++) {
        n[t->status[i].state]++;
    }
}

void
show_summary(struct writer *w, const struct agent *agent)
{
    const struct reconciler *r = &agent->reconciler;
    unsigned int n[PORT_ABSENT + 1];

    count_ports(r->now, n);
    writer_object(w, NULL);
    writer_string(w, "version", PACKAGE_VERSION);
    writer_string(w, "dataplane", r->dataplane->name);
    writer_string(w, "guard",
                  r->now ? r->dataplane->guard(&r->now->want) : NULL);
    writer_string(w, "policy", agent->policy_path);
    writer_string(w, "policy_error", agent->policy_error);
    writer_uint(w, "generation", r->generation);
    writer_string(w, "state",
                  !r->policy && !r->next ? "no policy"
                  : host_problem(agent)  ? "failed"
                  : r->converged         ? "converged"
                  : r->settled           ? "not converged"
                                         : "converging");
    writer_string(w, "host_problem", host_problem(agent));
    writer_string(w, "uplink_problem", uplink_problem(agent));
    writer_bool(w, "xen", r->now && r->now->inventory->xen);
    writer_uint(w, "open", n[PORT_OPEN]);
    writer_uint(w, "failed", n[PORT_FAILED]);
    writer_uint(w, "other",
                n[PORT_QUARANTINED] + n[PORT_FENCING] + n[PORT_FENCED]
                    + n[PORT_ABSENT]);
    writer_uint(w, "strays", r->now ? r->now->plan->n_strays : 0);
    writer_uint(w, "writes", r->writes);
    writer_uint(w, "messages", r->messages);
    writer_uint(w, "drifts", r->drifts);
    writer_uint(w, "reconciles", r->turns);
    writer_uint(w, "turn_ms", r->turn_ms);
    writer_uint(w, "cpu_us", r->cpu_us);
    writer_end(w);
}

void
show_tenants(struct writer *w, const struct agent *agent)
{
    const struct reconciler *r = &agent->reconciler;
    const struct turn *t = r->now;

    writer_object(w, NULL);
    writer_list(w, "tenants");
    for (size_t i = 0; r->policy && i < r->policy->n_tenants; i++) {
        const struct policy_tenant *tenant = &r->policy->tenants[i];
        unsigned int n_ports = 0, n_open = 0, n_failed = 0;

        for (size_t j = 0; t && j < t->plan->n_ports; j++) {
            const struct plan_port *port = &t->plan->ports[j];

            if (port->interface->guest->tenant == tenant) {
                n_ports++;
                n_open += t->status[j].state == PORT_OPEN;
                n_failed += t->status[j].state == PORT_FAILED;
            }
        }
        writer_object(w, NULL);
        writer_string(w, "tenant", tenant->name);
        writer_list(w, "networks");
        for (size_t j = 0; j < tenant->n_networks; j++) {
            writer_format(w, NULL, "%s (VLAN %u%s)", tenant->networks[j].name,
                          tenant->networks[j].vlan,
                          tenant->networks[j].shared ? ", shared" : "");
        }
        writer_end(w);
        show_services(w, tenant);
        show_tenant_rules(w, tenant);
        writer_uint(w, "guests", tenant->n_guests);
        writer_uint(w, "ports", n_ports);
        writer_uint(w, "open", n_open);
        writer_uint(w, "failed", n_failed);
        writer_end(w);
    }
    writer_end(w);
    show_groups(w, r->policy);
    writer_end(w);
}

void
show_ports(struct writer *w, const struct agent *agent)
{
    const struct turn *t = agent->reconciler.now;

    writer_object(w, NULL);
    port_list(w, t);
    writer_list(w, "strays");
    for (size_t i = 0; t && i < t->plan->n_strays; i++) {
        const struct plan_stray *s = &t->plan->strays[i];

        writer_object(w, NULL);
        writer_string(w, "device", s->device);
        writer_uint(w, "ifindex", s->ifindex);
        writer_string(w, "why", s->why);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

/* A list of the counters of 'ifindex', or of all if 'port' is NULL. */
static int
drop_list(struct writer *w, const struct agent *agent,
          const struct plan_port *only)
{
    const struct reconciler *r = &agent->reconciler;
    struct drop_count *drops;
    size_t n;
    int error;

    error = r->dataplane->drops(&drops, &n);
    if (error) {
        return error;
    }
    writer_list(w, "drops");
    for (size_t i = 0; i < n; i++) {
        const struct drop_count *d = &drops[i];
        const struct inventory_link *link;
        const struct plan_port *port;
        const char *reason;

        if (!d->packets || (only && only->ifindex != d->ifindex)) {
            continue;
        }
        port = r->now && d->ifindex
                   ? plan_port_by_ifindex(r->now->plan, d->ifindex)
                   : NULL;
        link = r->now && d->ifindex
                   ? inventory_link_by_index(r->now->inventory, d->ifindex)
                   : NULL;
        reason = reason_name(d->reason);
        writer_object(w, NULL);
        if (!only) {
            writer_string(w, "port", port ? port->name : NULL);
            writer_string(w, "device", link ? link->name : NULL);
            writer_uint(w, "ifindex", d->ifindex);
        }
        if (reason) {
            writer_string(w, "reason", reason);
        } else {
            writer_format(w, "reason", "%u", d->reason);
        }
        writer_uint(w, "packets", d->packets);
        writer_uint(w, "bytes", d->bytes);
        writer_end(w);
    }
    writer_end(w);
    free(drops);
    return 0;
}

int
show_drops(struct writer *w, const struct agent *agent)
{
    int error;

    writer_object(w, NULL);
    error = drop_list(w, agent, NULL);
    writer_end(w);
    return error;
}

/* The port, or the port of the device, called 'name'; NULL if none. */
static const struct plan_port *
find_port(const struct agent *agent, const char *name)
{
    const struct turn *t = agent->reconciler.now;

    for (size_t i = 0; t && i < t->plan->n_ports; i++) {
        const struct plan_port *port = &t->plan->ports[i];

        if (!strcmp(port->name, name)
            || (port->ifindex && !strcmp(port->device, name))) {
            return port;
        }
    }
    return NULL;
}

bool
show_knows_port(const struct agent *agent, const char *name)
{
    return find_port(agent, name) != NULL;
}

/* What conntrack holds for the port; nothing if it is not tracked. */
static int
connection_fields(struct writer *w, const struct reconciler *r,
                  const struct plan_port *port)
{
    struct connection_count count;
    int error;

    if (!rule_stateful(port->interface)) {
        return 0;
    }
    error = r->dataplane->connections(r->now->plan, port, &count);
    if (error) {
        return error;
    }
    writer_uint(w, "connections", count.n);
    writer_uint(w, "max_connections", port->interface->max_connections);
    writer_uint(w, "connections_blocked", count.n_blocked);
    return 0;
}

/* As the policy has it: "web", or "acme/web" if it is another tenant's. */
static void
network_field(struct writer *w, const struct policy_interface *i)
{
    const struct policy_network *network = i->network;

    if (network->tenant == i->guest->tenant) {
        writer_string(w, "network", network->name);
    } else {
        writer_format(w, "network", "%s/%s", network->tenant->name,
                      network->name);
    }
}

int
show_port(struct writer *w, const struct agent *agent, const char *name)
{
    const struct reconciler *r = &agent->reconciler;
    const struct plan_port *port = find_port(agent, name);
    int error, drop_error;

    writer_object(w, NULL);
    port_fields(w, r->now, port - r->now->plan->ports);
    network_field(w, port->interface);
    writer_uint(w, "vlan", port->interface->network->vlan);
    writer_format(w, "mac", ETH_ADDR_FMT, ETH_ADDR_ARGS(port->interface->mac));
    writer_bool(w, "standby", port->standby);
    writer_list(w, "macs");
    for (size_t j = 0; j < port->n_macs; j++) {
        writer_format(w, NULL, ETH_ADDR_FMT, ETH_ADDR_ARGS(port->macs[j]));
    }
    writer_end(w);
    writer_list(w, "pairs");
    for (size_t j = 0; j < port->n_pairs; j++) {
        char buf[PREFIX_STRLEN];

        writer_format(w, NULL, ETH_ADDR_FMT " %s",
                      ETH_ADDR_ARGS(port->pairs[j].mac),
                      prefix_format(&port->pairs[j].address, buf));
    }
    writer_end(w);
    show_interface_rules(w, port->interface);
    show_rates(w, r->now, port);
    error = connection_fields(w, r, port);
    drop_error = drop_list(w, agent, port);
    error = error ? error : drop_error;
    writer_list(w, "limits");
    for (const char *const *limit = r->dataplane->limits(&r->now->want);
         *limit; limit++) {
        writer_string(w, NULL, *limit);
    }
    writer_end(w);
    writer_end(w);
    return error;
}

static void
object_field(struct writer *w, const char *key, const struct object *object)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (object) {
        object_format(object, &ds);
    }
    writer_string(w, key, ds_cstr(&ds));
    ds_destroy(&ds);
}

bool
show_changes(struct writer *w, const struct turn *t,
             const struct policy *before)
{
    static const char *const ops[] = {
        [CHANGE_ADD] = "add",
        [CHANGE_MOD] = "change",
        [CHANGE_DEL] = "remove",
    };
    bool filtering;

    writer_object(w, NULL);
    filtering = show_filtering(w, before, t->plan->policy);
    writer_list(w, "changes");
    for (size_t i = 0; i < t->changes.n; i++) {
        const struct change *c = &t->changes.v[i];

        writer_object(w, NULL);
        writer_string(w, "op", ops[c->op]);
        object_field(w, "object", change_object(c));
        if (c->op == CHANGE_MOD) {
            object_field(w, "before", c->have);
        }
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "foreign");
    for (size_t i = 0; i < t->have.n; i++) {
        if (t->have.v[i].foreign) {
            object_field(w, NULL, &t->have.v[i]);
        }
    }
    writer_end(w);
    writer_end(w);
    return t->changes.n > 0 || filtering;
}
