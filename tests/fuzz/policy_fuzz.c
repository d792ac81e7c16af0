/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Fuzzes the policy parser: whatever the text, it ends with a policy or with
 * errors, each at a line of the text, and never with both or neither. */

#include <cordon-config.h>
#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

static void
walk_rule(const struct policy_tenant *t, const struct policy_rule *rule)
{
    ovs_assert(strlen(rule->description) <= 200);
    ovs_assert(rule->n_ports && rule->n_peers && rule->where.line);
    for (size_t i = 0; i < rule->n_ports; i++) {
        ovs_assert(rule->ports[i].protocol == rule->ports->protocol);
        ovs_assert(rule->ports[i].first <= rule->ports[i].last);
    }
    for (size_t i = 0; i < rule->n_peers; i++) {
        const struct policy_peer *peer = &rule->peers[i];

        ovs_assert(peer->kind != PEER_GROUP || peer->group->tenant == t);
        ovs_assert(peer->kind != PEER_NETWORK || peer->network->tenant == t);
        ovs_assert(!prefix_has_host_bits(&peer->prefix));
    }
}

static void
walk_groups(const struct policy_tenant *t)
{
    for (size_t i = 0; i < t->n_groups; i++) {
        const struct policy_group *g = &t->groups[i];

        ovs_assert(g->tenant == t && g->where.line);
        ovs_assert(strlen(g->description) <= 200);
        for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
            ovs_assert(g->has[d] || !g->n_rules[d]);
            for (size_t j = 0; j < g->n_rules[d]; j++) {
                walk_rule(t, &g->rules[d][j]);
            }
        }
    }
}

static void
walk_limits(const struct policy_interface *f)
{
    ovs_assert(f->max_connections && f->packet_rate <= 10000000);
    for (size_t i = 0; i < f->n_groups; i++) {
        ovs_assert(f->groups[i]->tenant == f->guest->tenant);
        ovs_assert(!i || strcmp(f->groups[i - 1]->name, f->groups[i]->name));
    }
    for (size_t d = 0; d < POLICY_N_DIRECTIONS; d++) {
        ovs_assert(!f->rate[d].rate == !f->rate[d].burst);
        ovs_assert(!f->rate[d].rate || f->rate[d].burst >= 64 * 1024);
    }
}

/* Touches all of 'policy', for the sanitizers to see. */
static size_t
walk(const struct policy *policy)
{
    size_t n = 0;

    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        walk_groups(t);
        for (size_t j = 0; j < t->n_networks; j++) {
            const struct policy_network *network = &t->networks[j];

            ovs_assert(network->tenant == t);
            ovs_assert(network->vlan >= 1 && network->vlan <= 4094);
            ovs_assert(network->n_subnets);
            for (size_t k = 0; k < network->n_services; k++) {
                ovs_assert(network->services[k].n_addresses);
                ovs_assert(network->services[k].where.line);
            }
        }
        for (size_t j = 0; j < t->n_guests; j++) {
            const struct policy_guest *g = &t->guests[j];

            ovs_assert(g->tenant == t && g->n_interfaces);
            for (size_t k = 0; k < g->n_interfaces; k++) {
                const struct policy_interface *f = &g->interfaces[k];

                ovs_assert(f->guest == g);
                ovs_assert(f->network->tenant == t || f->network->shared);
                ovs_assert(f->n_addresses || f->router);
                ovs_assert(f->storm >= 1 && f->storm <= 1000000);
                ovs_assert(f->where.line && f->where.column);
                walk_limits(f);
                n++;
            }
        }
    }
    return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy = NULL;
    int error;

    error =
        policy_parse("fuzz.yaml", (const char *) data, size, &errors, &policy);
    if (error) {
        ovs_assert(error == -EINVAL && !policy);
        ovs_assert(!strncmp(ds_cstr(&errors), "fuzz.yaml:", 10));
        ovs_assert(ds_last(&errors) == '\n');
    } else {
        ovs_assert(policy && !errors.length);
        ovs_assert(walk(policy) == policy->n_interfaces);
    }
    policy_free(policy);
    ds_destroy(&errors);
    return 0;
}
