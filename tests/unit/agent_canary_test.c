/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Canaries in the policy in force: what they are given is nobody else's, and
 * however they end, the policy is what it was. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/canary.h"
#include "agent/method.h"
#include "agent_fake.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "policy/policy.h"
#include "policy_text.h"
#include "util.h"

static const char text[] =
    "version: 1\n"
    "host: { underlay: [192.0.2.0/24] }\n"
    "tenants:\n"
    "  acme:\n"
    "    networks:\n"
    "      web: { vlan: 110, subnets: [10.0.0.0/29, \"fd00::/64\"],\n"
    "        gateways: [ { mac: \"02:00:00:00:00:01\",\n"
    "                      addresses: [10.0.0.1] } ] }\n"
    "      db: { vlan: 111, subnets: [10.0.1.0/30] }\n"
    "    guests:\n"
    "      web1: { interfaces: [ { mac: \"02:00:00:00:00:02\", network: web,\n"
    "        addresses: [10.0.0.3], device: veth0,\n"
    "        extra: [ { addresses: [10.0.0.4/31] } ] } ] }\n"
    "  globex:\n"
    "    defaults: { ingress: deny, egress: allow }\n"
    "    networks: { web: { vlan: 120, subnets: [\"fd00::/64\"] } }\n"
    "    guests:\n"
    "      web1: { interfaces: [ { mac: \"02:00:00:00:00:02\", network: web,\n"
    "        addresses: [\"fd00::3\"], device: veth1 } ] }\n"
    "  empty:\n"
    "    networks: { net: { vlan: 140, subnets: [10.2.0.0/29] } }\n"
    "  hall:\n"
    "    networks: { lobby: { vlan: 130, shared: true,\n"
    "                         subnets: [10.1.0.0/24] } }\n";

static struct agent agent;
static struct fake_call call, hold;

static int
setup(void **state OVS_UNUSED)
{
    fake_init();
    fake_agent_init(&agent, false);
    reconciler_set_policy(&agent.reconciler, policy_of(text));
    fake_settle(&agent);
    fake_call_init(&call);
    fake_call_init(&hold);
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_call_done(&call);
    fake_call_done(&hold);
    fake_done();
    return 0;
}

static void
ask(struct fake_call *c, const char *a, const char *b, const char *d)
{
    struct json *params = json_array_create_1(json_string_create("text"));

    fake_call_done(c);
    fake_call_init(c);
    json_array_add(params, json_string_create(a));
    if (b) {
        json_array_add(params, json_string_create(b));
    }
    if (d) {
        json_array_add(params, json_string_create(d));
    }
    method_call(&agent, "probe", params, &c->up);
    json_destroy(params);
}

static size_t
n_guests(size_t tenant)
{
    const struct policy *p = agent.reconciler.policy;

    for (size_t i = 0; i < p->tenants[tenant].n_guests; i++) {
        const struct policy_guest *g = &p->tenants[tenant].guests[i];

        assert_ptr_equal(g->interfaces[0].guest, g);
    }
    return p->tenants[tenant].n_guests;
}

static void
assert_canaries(bool there)
{
    assert_int_equal(n_guests(0), there ? 3 : 1);
    assert_int_equal(n_guests(1), there ? 3 : 1);
    assert_int_equal(agent.reconciler.policy->n_interfaces, there ? 6 : 2);
}

static void
they_have_what_nobody_has(void **state OVS_UNUSED)
{
    for (int i = 0; i < 50; i++) {
        struct policy *p;

        ask(&call, "begin", "acme/web", "globex");
        assert_int_equal(call.status, 0);
        assert_canaries(true);
        fake_settle(&agent);
        assert_true(agent.reconciler.converged);
        p = policy_of(call.output);
        assert_int_equal(p->n_tenants, 2);
        for (size_t t = 0; t < 2; t++) {
            const struct policy_tenant *tenant = &p->tenants[t];

            assert_int_equal(tenant->has_defaults, t == 1);
            assert_int_equal(tenant->networks[0].vlan, 110 + 10 * t);
            assert_int_equal(tenant->n_guests, 2);
            for (size_t g = 0; g < 2; g++) {
                const struct policy_interface *ifc =
                    &tenant->guests[g].interfaces[0];
                const struct addr *a = &ifc->addresses[0].addr;

                assert_memory_equal(ifc->mac.ea, "\x02\x63\x70", 3);
                assert_int_equal(ifc->device[6], '0' + 2 * t + g);
                if (t) {
                    assert_int_equal(ifc->n_addresses, 1);
                    assert_false(a->b[14] == 0 && a->b[15] == 3);
                    continue;
                }
                /* Of 10.0.0.0/29, .2 and .6 are left. */
                assert_int_equal(ifc->n_addresses, 2);
                assert_true(a->b[3] == 2 || a->b[3] == 6);
                assert_int_not_equal(
                    a->b[3],
                    tenant->guests[!g].interfaces[0].addresses[0].addr.b[3]);
            }
        }
        policy_free(p);
        canaries_end(&agent, "test");
        assert_canaries(false);
        fake_settle(&agent);
    }
}

static void
what_cannot_be(void **state OVS_UNUSED)
{
    static const struct {
        const char *a, *b, *why;
    } vectors[] = {
        { "acme/web", "nobody", "nobody: no tenant" },
        { "acm", "globex", "acm: no tenant" },
        { "acme/none", "globex", "acme/none: no network" },
        { "acme", "globex", "the tenant has 2 networks" },
        { "acme/db", "globex", "" },
        { "acme/db", "empty", "" },
        { "empty/net", "globex", "" },
        { "acme/web", "acme/web", "two tenants" },
        { "globex", "hall/lobby", "a shared network" },
        { "", "globex", ": no tenant" },
        { "acme/web/", "globex", "no network" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        ask(&call, "begin", vectors[i].a, vectors[i].b);
        if (!vectors[i].why[0]) {
            /* Of 10.0.1.0/30, .1 and .2 are free: just enough. */
            assert_int_equal(call.status, 0);
            fake_settle(&agent);
            canaries_end(&agent, "test");
            fake_settle(&agent);
            continue;
        }
        assert_int_equal(call.status, 2);
        assert_non_null(strstr(call.output, vectors[i].why));
        assert_canaries(false);
    }
    ask(&call, "hold", NULL, NULL);
    assert_int_equal(call.status, 2);
    ask(&call, "begin", "acme/web", NULL);
    assert_int_equal(call.status, 2);
    ask(&call, "end", "x", NULL);
    assert_int_equal(call.status, 2);
}

static void
one_probe_at_a_time(void **state OVS_UNUSED)
{
    ask(&call, "begin", "acme/web", "globex");
    ask(&hold, "hold", NULL, NULL);
    fake_settle(&agent);
    ask(&call, "begin", "acme/web", "globex");
    assert_int_equal(call.status, 2);
    ask(&call, "hold", NULL, NULL);
    assert_int_equal(call.status, 2);
    assert_int_equal(hold.answers, 0);
    assert_canaries(true);
}

static void
they_end_with_the_one_who_holds_them(void **state OVS_UNUSED)
{
    ask(&call, "begin", "acme/web", "globex");
    ask(&hold, "hold", NULL, NULL);
    fake_settle(&agent);
    assert_canaries(true);
    hold.up.gone = true;
    agent_run(&agent);
    assert_canaries(false);
    assert_int_equal(hold.answers, 1);
    fake_settle(&agent);
    assert_true(agent.reconciler.converged);
}

static void
they_end_when_asked_to(void **state OVS_UNUSED)
{
    ask(&call, "begin", "acme/web", "globex");
    ask(&hold, "hold", NULL, NULL);
    fake_settle(&agent);
    ask(&call, "end", "10", NULL);
    assert_canaries(false);
    assert_int_equal(hold.answers, 1);
    assert_int_equal(call.answers, 0); /* Not before the kernel has it. */
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
}

static void
another_policy_ends_them(void **state OVS_UNUSED)
{
    ask(&call, "begin", "acme/web", "globex");
    ask(&hold, "hold", NULL, NULL);
    fake_settle(&agent);
    canaries_end(&agent, "another policy has been applied");
    reconciler_set_policy(&agent.reconciler, policy_of(text));
    fake_settle(&agent);
    assert_int_equal(hold.answers, 1);
    assert_non_null(strstr(hold.output, "another policy"));
    assert_canaries(false);
}

static void
not_while_the_agent_is_at_work(void **state OVS_UNUSED)
{
    reconciler_set_policy(&agent.reconciler, policy_of(text));
    ask(&call, "begin", "acme/web", "globex");
    assert_int_equal(call.status, 2);
    assert_non_null(strstr(call.output, "not settled"));
    fake_settle(&agent);
    assert_canaries(false);
}

int
main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(they_have_what_nobody_has),
        T(what_cannot_be),
        T(one_probe_at_a_time),
        T(they_end_with_the_one_who_holds_them),
        T(they_end_when_asked_to),
        T(another_policy_ends_them),
        T(not_while_the_agent_is_at_work),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
