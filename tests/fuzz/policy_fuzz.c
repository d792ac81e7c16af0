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

/* Touches all of 'policy', for the sanitizers to see. */
static size_t
walk(const struct policy *policy)
{
    size_t n = 0;

    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_networks; j++) {
            const struct policy_network *network = &t->networks[j];

            ovs_assert(network->tenant == t);
            ovs_assert(network->vlan >= 1 && network->vlan <= 4094);
            ovs_assert(network->n_subnets);
        }
        for (size_t j = 0; j < t->n_guests; j++) {
            const struct policy_guest *g = &t->guests[j];

            ovs_assert(g->tenant == t && g->n_interfaces);
            for (size_t k = 0; k < g->n_interfaces; k++) {
                const struct policy_interface *f = &g->interfaces[k];

                ovs_assert(f->guest == g && f->network->tenant == t);
                ovs_assert(f->n_addresses || f->router);
                ovs_assert(f->storm >= 1 && f->storm <= 1000000);
                ovs_assert(f->where.line && f->where.column);
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
