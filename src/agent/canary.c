/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Adds guests to the policy in force and takes them out again: each tenant's
 * array of guests has room for them. What they are made of stays in the
 * policy's memory, since what was made of it may be remembered; it is some
 * hundred bytes each time. The methods of the control socket and the agent's
 * loop call this. */

#include <cordon-config.h>
#include "agent/canary.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/call.h"
#include "agent/vacant.h"
#include "dataplane/dataplane.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "lib/writer.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "policy/policy.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(canary);

#define N_NETWORKS 2
#define N_EACH 2        /* Canaries in a network. */
#define UNHELD_MS 10000 /* Time to come back and hold them. */

BUILD_ASSERT_DECL(N_EACH <= POLICY_SPARE_GUESTS);

struct place {
    struct policy_tenant *tenant;
    const struct policy_network *network;
};

struct canaries {
    struct policy *policy;
    struct place places[N_NETWORKS];
    struct call *hold; /* NULL: not yet. */
    long long int deadline;
    bool module; /* The guard is the kernel module. */
};

/* Locally administered. The last byte tells canaries apart. */
static struct eth_addr
find_mac(const struct policy *policy, unsigned int number)
{
    struct eth_addr mac = ETH_ADDR_C(02, 63, 70, 00, 00, 00);

    do {
        mac.ea[3] = random_uint8();
        mac.ea[4] = random_uint8();
        mac.ea[5] = (random_uint8() & 0xf8) | number;
    } while (!vacant_mac(policy, mac));
    return mac;
}

static struct policy_tenant *
find_tenant(struct policy *policy, const char *name, size_t n)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const char *s = policy->tenants[i].name;

        if (strlen(s) == n && !memcmp(s, name, n)) {
            return &policy->tenants[i];
        }
    }
    return NULL;
}

/* Returns NULL, or what is wrong with 'name'. */
static char *
find_place(struct policy *policy, const char *name, struct place *place)
{
    size_t n = strcspn(name, "/");
    struct policy_tenant *t = find_tenant(policy, name, n);

    if (!t) {
        return xasprintf("%.*s: no tenant of the policy in force", (int) n,
                         name);
    }
    place->tenant = t;
    for (size_t i = 0; name[n] && i < t->n_networks; i++) {
        if (!strcmp(t->networks[i].name, name + n + 1)) {
            place->network = &t->networks[i];
        }
    }
    if (!name[n] && t->n_networks == 1) {
        place->network = &t->networks[0];
    }
    if (!place->network) {
        return name[n]
                   ? xasprintf("%s: no network of the policy in force", name)
                   : xasprintf("%s: the tenant has %" PRIuSIZE
                               " networks; say which: %s/NETWORK",
                               name, t->n_networks, name);
    } else if (place->network->shared) {
        return xasprintf("%s: a shared network, in which no two guests reach "
                         "each other, cannot be probed",
                         name);
    }
    return NULL;
}

/* Fills 'g', the canary of 'number'. */
static char *
make_guest(struct canaries *c, const struct place *place,
           struct vacancy *vacancy, unsigned int number,
           struct policy_guest *g)
{
    const struct policy_tenant *tenant = place->tenant;
    struct arena *arena = c->policy->arena;
    struct policy_interface *ifc =
        ARENA_ARRAY(arena, struct policy_interface, 1);
    struct prefix *addresses = ARENA_ARRAY(arena, struct prefix, 2);
    const struct policy_where where = {
        .file = "cordon probe",
        .line = 1,
        .column = 1,
    };

    *g = (struct policy_guest){
        .name = arena_printf(arena, "cordon-probe-%u", number),
        .tenant = tenant,
        .interfaces = ifc,
        .n_interfaces = 1,
        .where = where,
    };
    *ifc = (struct policy_interface){
        .guest = g,
        .port = arena_printf(arena, "%s/%s/0", tenant->name, g->name),
        .mac = find_mac(c->policy, number),
        .addresses = addresses,
        .n_addresses = vacancy_addresses(vacancy, addresses),
        .network = place->network,
        .link_local = LINK_LOCAL_EUI64,
        .storm = POLICY_STORM,
        .max_connections = 256,
        .device = arena_printf(arena, "cprobe%u", number),
        .where = where,
    };
    if (!ifc->n_addresses) {
        return xasprintf("%s/%s: there is no free address in its subnets",
                         tenant->name, place->network->name);
    }
    for (size_t i = 0; i < tenant->n_guests; i++) {
        if (!strcmp(tenant->guests[i].name, g->name)) {
            return xasprintf("%s/%s: a guest of that name is there",
                             tenant->name, g->name);
        }
    }
    return NULL;
}

/* Makes the canaries of a place, behind its tenant's guests, which they are
 * not among yet. */
static char *
make_place(struct canaries *c, size_t number)
{
    const struct place *place = &c->places[number];
    struct policy_guest *g = &place->tenant->guests[place->tenant->n_guests];
    struct vacancy vacancy;
    char *error = NULL;

    vacancy_init(&vacancy, c->policy, place->tenant, place->network);
    for (size_t i = 0; i < N_EACH && !error; i++) {
        error = make_guest(c, place, &vacancy, number * N_EACH + i, &g[i]);
    }
    vacancy_done(&vacancy);
    return error;
}

char *
canaries_begin(struct agent *agent, const char *const names[2])
{
    struct reconciler *r = &agent->reconciler;
    struct canaries *c;
    char *error = NULL;

    if (agent->canaries) {
        return xstrdup("another probe is under way");
    } else if (!r->policy || r->next || !r->settled || r->problem) {
        return xasprintf("the agent has not settled: %s",
                         r->problem  ? r->problem
                         : r->policy ? "try again"
                                     : "it has no policy");
    }
    c = xzalloc(sizeof *c);
    c->policy = r->policy;
    c->module =
        r->now && strcmp(r->dataplane->guard(&r->now->want), "nftables");
    for (size_t i = 0; i < N_NETWORKS && !error; i++) {
        error = find_place(c->policy, names[i], &c->places[i]);
    }
    if (!error && c->places[0].tenant == c->places[1].tenant) {
        error = xstrdup("give networks of two tenants");
    }
    for (size_t i = 0; i < N_NETWORKS && !error; i++) {
        error = make_place(c, i);
    }
    if (error) {
        free(c);
        return error;
    }
    for (size_t i = 0; i < N_NETWORKS; i++) {
        c->places[i].tenant->n_guests += N_EACH;
    }
    c->policy->n_interfaces += N_NETWORKS * N_EACH;
    c->deadline = time_msec() + UNHELD_MS;
    agent->canaries = c;
    reconciler_policy_changed(r);
    VLOG_INFO("canaries in %s and %s", names[0], names[1]);
    return NULL;
}

void
canaries_hold(struct agent *agent, struct call *call)
{
    struct canaries *c = agent->canaries;

    if (!c || c->hold) {
        call_fail(call, 2,
                  c ? "another probe is under way" : "there are no canaries");
        return;
    }
    c->hold = call;
    c->deadline = time_msec() + 1000LL * CANARY_HELD_MAX;
}

void
canaries_end(struct agent *agent, const char *why)
{
    struct canaries *c = agent->canaries;

    if (!c) {
        return;
    }
    agent->canaries = NULL;
    for (size_t i = 0; i < N_NETWORKS; i++) {
        c->places[i].tenant->n_guests -= N_EACH;
    }
    c->policy->n_interfaces -= N_NETWORKS * N_EACH;
    /* The last turn points to them. */
    reconciler_policy_changed(&agent->reconciler);
    if (c->hold) {
        call_fail(c->hold, 2, "the agent has no canaries any more: %s", why);
    }
    free(c);
    VLOG_INFO("no canaries any more: %s", why);
}

void
canaries_run(struct agent *agent)
{
    const struct canaries *c = agent->canaries;

    if (c && c->hold && c->hold->gone) {
        canaries_end(agent, "nobody holds them");
    } else if (c && time_msec() >= c->deadline) {
        canaries_end(agent, "their time is over");
    }
}

void
canaries_wait(const struct agent *agent)
{
    const struct canaries *c = agent->canaries;

    if (c && c->hold && c->hold->gone) {
        poll_immediate_wake();
    } else if (c) {
        poll_timer_wait_until(c->deadline);
    }
}

/* The answer: a policy. */

static void
write_prefixes(struct writer *w, const char *key, const struct prefix *v,
               size_t n)
{
    char s[PREFIX_STRLEN];

    writer_list(w, key);
    for (size_t i = 0; i < n; i++) {
        writer_string(w, NULL, prefix_format(&v[i], s));
    }
    writer_end(w);
}

static void
write_network(struct writer *w, const struct policy_network *network)
{
    writer_object(w, network->name);
    writer_uint(w, "vlan", network->vlan);
    write_prefixes(w, "subnets", network->subnets, network->n_subnets);
    writer_list(w, "gateways");
    for (size_t i = 0; i < network->n_gateways; i++) {
        const struct policy_gateway *g = &network->gateways[i];
        char s[ADDR_STRLEN];

        writer_object(w, NULL);
        writer_format(w, "mac", ETH_ADDR_FMT, ETH_ADDR_ARGS(g->mac));
        writer_list(w, "addresses");
        for (size_t j = 0; j < g->n_addresses; j++) {
            writer_string(w, NULL, addr_format(&g->addresses[j], s));
        }
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static void
write_guest(struct writer *w, const struct policy_guest *g)
{
    const struct policy_interface *ifc = &g->interfaces[0];

    writer_object(w, g->name);
    writer_list(w, "interfaces");
    writer_object(w, NULL);
    writer_format(w, "mac", ETH_ADDR_FMT, ETH_ADDR_ARGS(ifc->mac));
    write_prefixes(w, "addresses", ifc->addresses, ifc->n_addresses);
    writer_string(w, "network", ifc->network->name);
    writer_string(w, "device", ifc->device);
    writer_end(w);
    writer_end(w);
    writer_end(w);
}

static void
write_tenant(struct writer *w, const struct place *place)
{
    const struct policy_tenant *t = place->tenant;

    writer_object(w, t->name);
    if (t->has_defaults) {
        writer_object(w, "defaults");
        writer_string(w, "ingress",
                      t->allow[POLICY_INGRESS] ? "allow" : "deny");
        writer_string(w, "egress", t->allow[POLICY_EGRESS] ? "allow" : "deny");
        writer_end(w);
    }
    writer_object(w, "networks");
    write_network(w, place->network);
    writer_end(w);
    writer_object(w, "guests");
    for (size_t i = 0; i < N_EACH; i++) {
        write_guest(w, &t->guests[t->n_guests - N_EACH + i]);
    }
    writer_end(w);
    writer_end(w);
}

void
canaries_answer(const struct agent *agent, struct call *call)
{
    const struct canaries *c = agent->canaries;
    const struct policy_host *host = &c->policy->host;
    struct writer *w = writer_json_new();

    writer_object(w, NULL);
    writer_uint(w, "version", 1);
    writer_object(w, "host");
    writer_string(w, "bridge", host->bridge);
    if (host->uplink) {
        writer_string(w, "uplink", host->uplink);
    }
    writer_string(w, "guard", c->module ? "module" : "nftables");
    write_prefixes(w, "underlay", host->underlay, host->n_underlay);
    writer_end(w);
    writer_object(w, "tenants");
    for (size_t i = 0; i < N_NETWORKS; i++) {
        write_tenant(w, &c->places[i]);
    }
    writer_end(w);
    writer_end(w);
    call_answer(call, 0, w);
}
