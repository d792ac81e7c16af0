/* SPDX-License-Identifier: GPL-3.0-or-later */

/* policy_check [--dump] PATH: loads a policy as `cordon check` does; for the
 * tests that hold errors, schema and result against what they should be. Exits
 * 0 for a policy, 1 for errors (which it prints), 2 for wrong usage. --dump
 * prints all of the policy, one line for each thing.
 *
 * policy_check --each PATH...: the same for many; after the errors of each
 * comes a line "= valid" or "= invalid". Exits 0. */

#include <cordon-config.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"
#include "uuid.h"

static void
dump_prefixes(const char *what, const struct prefix *p, size_t n)
{
    printf(" %s [", what);
    for (size_t i = 0; i < n; i++) {
        char buf[PREFIX_STRLEN];

        printf("%s%s", i ? " " : "", prefix_format(&p[i], buf));
    }
    printf("]");
}

static void
dump_addrs(const struct addr *a, size_t n)
{
    printf(" addresses [");
    for (size_t i = 0; i < n; i++) {
        char buf[ADDR_STRLEN];

        printf("%s%s", i ? " " : "", addr_format(&a[i], buf));
    }
    printf("]\n");
}

static void
dump_where(const struct policy_where *w)
{
    const char *slash = strrchr(w->file, '/');

    printf(" at %s:%u:%u\n", slash ? slash + 1 : w->file, w->line, w->column);
}

static void
dump_host(const struct policy_host *h)
{
    printf("host uplink %s bridge %s dataplane %d mark_mask %#x",
           h->uplink ? h->uplink : "-", h->bridge, h->dataplane, h->mark_mask);
    dump_prefixes("underlay", h->underlay, h->n_underlay);
    dump_where(&h->where);
}

static void
dump_ports(const struct policy_ports *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf(" %d:%u-%u", p[i].protocol, p[i].first, p[i].last);
    }
}

static void
dump_service(const struct policy_service *s)
{
    printf("  service %s " ETH_ADDR_FMT "%s device %s port %s max %" PRIu32
           " allow",
           s->name, ETH_ADDR_ARGS(s->mac), s->dhcp ? " dhcp" : "",
           s->device ? s->device : "-",
           s->interface ? s->interface->port : "-", s->max_connections);
    dump_ports(s->ports, s->n_ports);
    dump_where(&s->where);
    printf("   ");
    dump_addrs(s->addresses, s->n_addresses);
}

static void
dump_network(const struct policy_network *n)
{
    printf("network %s/%s vlan %u%s", n->tenant->name, n->name, n->vlan,
           n->shared ? " shared" : "");
    dump_prefixes("subnets", n->subnets, n->n_subnets);
    dump_where(&n->where);
    for (size_t i = 0; i < n->n_gateways; i++) {
        const struct policy_gateway *g = &n->gateways[i];

        printf("  gateway " ETH_ADDR_FMT, ETH_ADDR_ARGS(g->mac));
        dump_addrs(g->addresses, g->n_addresses);
    }
    for (size_t i = 0; i < n->n_services; i++) {
        dump_service(&n->services[i]);
    }
}

static void
dump_rule(const struct policy_rule *r, const char *direction)
{
    printf("  %s", direction);
    dump_ports(r->ports, r->n_ports);
    printf(" type %d code %d peers [", r->icmp_type, r->icmp_code);
    for (size_t i = 0; i < r->n_peers; i++) {
        const struct policy_peer *p = &r->peers[i];
        char buf[PREFIX_STRLEN];

        printf("%s%s", i ? " " : "",
               p->kind == PEER_ANY      ? "any"
               : p->kind == PEER_PREFIX ? prefix_format(&p->prefix, buf)
               : p->kind == PEER_GROUP  ? "group:"
                                        : "network:");
        if (p->kind == PEER_GROUP || p->kind == PEER_NETWORK) {
            printf("%s",
                   p->kind == PEER_GROUP ? p->group->name : p->network->name);
        }
    }
    printf("] \"%s\"", r->description);
    dump_where(&r->where);
}

static void
dump_group(const struct policy_group *g)
{
    static const char *const names[] = { "ingress", "egress" };

    printf("group %s/%s%s \"%s\"", g->tenant->name, g->name,
           g->stateless ? " stateless" : "", g->description);
    dump_where(&g->where);
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        if (g->has[d] && !g->n_rules[d]) {
            printf("  %s nothing\n", names[d]);
        }
        for (size_t i = 0; i < g->n_rules[d]; i++) {
            dump_rule(&g->rules[d][i], names[d]);
        }
    }
}

/* What tenants' rules make of an interface. */
static void
dump_limits(const struct policy_interface *i)
{
    static const char *const names[] = { "ingress", "egress" };

    if (i->n_groups) {
        printf("    groups");
        for (size_t j = 0; j < i->n_groups; j++) {
            printf(" %s", i->groups[j]->name);
        }
        printf("\n");
    }
    if (i->max_connections != POLICY_MAX_CONNECTIONS || i->packet_rate) {
        printf("    max_connections %u packet_rate %u\n", i->max_connections,
               i->packet_rate);
    }
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        if (i->rate[d].rate) {
            printf("    %s rate %" PRIu64 " burst %" PRIu32 "\n", names[d],
                   i->rate[d].rate, i->rate[d].burst);
        }
    }
}

static void
dump_interface(const struct policy_interface *i)
{
    char buf[ADDR_STRLEN];

    printf(
        "  interface %s " ETH_ADDR_FMT " network %s%s%s", i->port,
        ETH_ADDR_ARGS(i->mac),
        i->network->tenant == i->guest->tenant ? "" : i->network->tenant->name,
        i->network->tenant == i->guest->tenant ? "" : "/", i->network->name);
    dump_prefixes("addresses", i->addresses, i->n_addresses);
    printf(" link_local %s", i->link_local == LINK_LOCAL_EUI64 ? "eui64"
                             : i->link_local == LINK_LOCAL_ANY
                                 ? "any"
                                 : addr_format(&i->link_local_address, buf));
    printf("%s%s storm %u device %s", i->router ? " router" : "",
           i->dhcp_server ? " dhcp_server" : "", i->storm,
           i->device ? i->device : "-");
    dump_where(&i->where);
    dump_limits(i);
    for (size_t j = 0; j < i->n_extra; j++) {
        printf("    extra " ETH_ADDR_FMT, ETH_ADDR_ARGS(i->extra[j].mac));
        dump_prefixes("addresses", i->extra[j].addresses,
                      i->extra[j].n_addresses);
        printf("\n");
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        printf("    vrrp %u", i->vrrp[j].id);
        dump_addrs(i->vrrp[j].addresses, i->vrrp[j].n_addresses);
    }
}

static void
dump_guest(const struct policy_guest *g)
{
    printf("guest %s/%s", g->tenant->name, g->name);
    if (g->has_uuid) {
        printf(" uuid " UUID_FMT, UUID_ARGS(&g->uuid));
    }
    dump_where(&g->where);
    for (size_t i = 0; i < g->n_interfaces; i++) {
        dump_interface(&g->interfaces[i]);
    }
}

static void
dump(const struct policy *p)
{
    dump_host(&p->host);
    for (size_t i = 0; i < p->n_tenants; i++) {
        const struct policy_tenant *t = &p->tenants[i];

        printf("tenant %s%s%s", t->name, t->community ? " community" : "",
               t->log ? " log" : "");
        if (t->has_defaults) {
            printf(" ingress %s egress %s",
                   t->allow[POLICY_INGRESS] ? "allow" : "deny",
                   t->allow[POLICY_EGRESS] ? "allow" : "deny");
        }
        printf("\n");
        for (size_t j = 0; j < t->n_groups; j++) {
            dump_group(&t->groups[j]);
        }
        for (size_t j = 0; j < t->n_networks; j++) {
            dump_network(&t->networks[j]);
        }
        for (size_t j = 0; j < t->n_guests; j++) {
            dump_guest(&t->guests[j]);
        }
    }
    printf("interfaces %zu\n", p->n_interfaces);
}

/* Returns 0 or what policy_load() returns, having printed why. */
static int
check(const char *path, bool want_dump)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy = NULL;
    int error = policy_load(path, &errors, &policy);

    fputs(ds_cstr(&errors), stdout);
    if (!error && want_dump) {
        dump(policy);
    }
    policy_free(policy);
    ds_destroy(&errors);
    return error;
}

int
main(int argc, char *argv[])
{
    if (argc > 2 && !strcmp(argv[1], "--each")) {
        for (int i = 2; i < argc; i++) {
            puts(check(argv[i], false) ? "= invalid" : "= valid");
        }
        return 0;
    } else if (argc == 3 && !strcmp(argv[1], "--dump")) {
        return check(argv[2], true) ? 1 : 0;
    } else if (argc == 2) {
        return check(argv[1], false) ? 1 : 0;
    }
    fprintf(stderr, "usage: policy_check [--dump] PATH\n"
                    "       policy_check --each PATH...\n");
    return 2;
}
