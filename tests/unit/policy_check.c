/* SPDX-License-Identifier: GPL-3.0-or-later */

/* policy_check [--dump] PATH: loads a policy as `cordon check` does, for the
 * tests that hold errors, schema and result against what they should be.
 * Exits 0 for a policy, 1 for errors (which it prints), 2 for wrong usage.
 * --dump prints all of the policy, one line for each thing.
 *
 * policy_check --each PATH...: the same for many; after the errors of each
 * comes a line "= valid" or "= invalid". Exits 0. */

#include <cordon-config.h>
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
dump_network(const struct policy_network *n)
{
    printf("network %s/%s vlan %u", n->tenant->name, n->name, n->vlan);
    dump_prefixes("subnets", n->subnets, n->n_subnets);
    dump_where(&n->where);
    for (size_t i = 0; i < n->n_gateways; i++) {
        const struct policy_gateway *g = &n->gateways[i];

        printf("  gateway " ETH_ADDR_FMT, ETH_ADDR_ARGS(g->mac));
        dump_addrs(g->addresses, g->n_addresses);
    }
}

static void
dump_interface(const struct policy_interface *i)
{
    char buf[ADDR_STRLEN];

    printf("  interface %s " ETH_ADDR_FMT " network %s", i->port,
           ETH_ADDR_ARGS(i->mac), i->network->name);
    dump_prefixes("addresses", i->addresses, i->n_addresses);
    printf(" link_local %s", i->link_local == LINK_LOCAL_EUI64 ? "eui64"
                             : i->link_local == LINK_LOCAL_ANY
                                 ? "any"
                                 : addr_format(&i->link_local_address, buf));
    printf("%s%s storm %u device %s", i->router ? " router" : "",
           i->dhcp_server ? " dhcp_server" : "", i->storm,
           i->device ? i->device : "-");
    dump_where(&i->where);
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

        printf("tenant %s\n", t->name);
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
