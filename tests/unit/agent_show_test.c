/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What show and diff print of groups, rules and rates, on a fake host. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/method.h"
#include "agent_fake.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "policy/policy.h"
#include "policy_text.h"
#include "util.h"

static const char policy_text[] =
    "version: 1\n"
    "tenants:\n"
    "  acme:\n"
    "    defaults: { egress: deny }\n"
    "    networks: { web: { vlan: 110, subnets: [10.0.0.0/24] } }\n"
    "    groups:\n"
    "      web:\n"
    "        description: web servers\n"
    "        ingress:\n"
    "          - { allow: tcp, ports: [80, \"8000-8099\"], from: any, "
    "description: the shop }\n"
    "          - { allow: any, from: [\"group:web\", \"network:web\", "
    "0.0.0.0/0] }\n"
    "      ping:\n"
    "        stateless: true\n"
    "        egress: [ { allow: icmp, type: 8, code: 0, to: any }, { allow: "
    "47, to: 192.0.2.1 } ]\n"
    "    guests:\n"
    "      web1:\n"
    "        interfaces:\n"
    "          - { mac: \"02:00:00:00:00:01\", addresses: [10.0.0.11], "
    "network: web, groups: [web, ping], rate: { ingress: 1500kbit, egress: "
    "100Mbit }, burst: { ingress: 2MiB }, packet_rate: 5000, device: veth0 }\n"
    "  globex:\n"
    "    community: true\n"
    "    networks: { web: { vlan: 120, subnets: [10.0.0.0/24], shared: true, "
    "services: { dns: { mac: \"02:00:00:00:00:02\", addresses: [10.0.0.2, "
    "169.254.169.254], dhcp: true, device: svc0 }, far: { mac: "
    "\"02:00:00:00:00:03\", addresses: [10.0.0.3] } } } }\n"
    "  initech:\n"
    "    guests:\n"
    "      web1:\n"
    "        uuid: 6f3a7c52-61c1-4d6b-9d59-0b1c8f2f7a01\n"
    "        interfaces:\n"
    "          - { mac: \"02:00:00:00:00:01\", addresses: [10.0.0.11], "
    "network: globex/web, device: veth1 }\n";

static struct agent agent;

static int
setup(void **state OVS_UNUSED)
{
    fake_init();
    fake_agent_init(&agent, false);
    reconciler_set_policy(&agent.reconciler, policy_of(policy_text));
    fake_settle(&agent);
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_done();
    return 0;
}

/* Calls 'method' with the space-separated 'params'. */
static void
call_method(const char *method, const char *params, struct fake_call *call)
{
    struct json *array = json_array_create_empty();
    char *words = xstrdup(params), *save = NULL;

    for (char *word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        json_array_add(array, json_string_create(word));
    }
    fake_call_init(call);
    method_call(&agent, method, array, &call->up);
    assert_int_equal(call->answers, 1);
    json_destroy(array);
    free(words);
}

/* The answer, blanks in a row as one, has each of the 'lines' in this
 * order. */
static void
says(const char *method, const char *params, int status,
     const char *const *lines)
{
    struct ds squeezed = DS_EMPTY_INITIALIZER;
    struct fake_call call;
    const char *at;

    call_method(method, params, &call);
    for (const char *s = call.output; *s; s++) {
        if (*s != ' ' || ds_last(&squeezed) != ' ') {
            ds_put_char(&squeezed, *s);
        }
    }
    at = ds_cstr(&squeezed);
    assert_int_equal(call.status, status);
    for (; *lines; lines++) {
        at = strstr(at, *lines);
        if (!at) {
            fail_msg("no \"%s\" (there) in\n%s", *lines, ds_cstr(&squeezed));
        }
        at += strlen(*lines);
    }
    ds_destroy(&squeezed);
    fake_call_done(&call);
}

static void
tenants(void **state OVS_UNUSED)
{
    static const char *const text[] = {
        "acme web (VLAN 110) - ingress deny, egress deny no no 1 1 1 0\n",
        "globex web (VLAN 120, shared) web:dns (device svc0), web:far - yes "
        "no 0 0 0 0\n",
        "TENANT GROUP INTERFACES STATELESS DESCRIPTION\n",
        "acme web 1 no web servers\n",
        "acme ping 1 yes",
        "acme web ingress tcp 80,8000-8099 from any the shop test:10:13",
        "any from group:web, network:web, 0.0.0.0/0",
        "acme ping egress icmp type 8 code 0 to any",
        "47 to 192.0.2.1",
        NULL,
    };
    static const char *const json[] = {
        "{\"description\":\"web servers\",\"group\":\"web\","
        "\"interfaces\":1,\"stateless\":false,\"tenant\":\"acme\"}",
        "{\"at\":\"test:10:13\",\"description\":\"the shop\","
        "\"direction\":\"ingress\",\"group\":\"web\","
        "\"rule\":\"tcp 80,8000-8099 from any\",\"tenant\":\"acme\"}",
        "\"defaults\":\"ingress deny, egress deny\"",
        NULL,
    };

    says("show", "text tenants", 0, text);
    says("show", "json tenants", 0, json);
}

static void
service(void **state OVS_UNUSED)
{
    static const char *const here[] = {
        "service: globex/web:dns\n",
        "device: svc0\n",
        "state: absent\n",
        "vlan: 120\n",
        "mac: 02:00:00:00:00:02\n",
        "dhcp: yes\n",
        "addresses:\n",
        " 10.0.0.2/24\n",
        " 169.254.169.254\n",
        "subnets:\n",
        " 10.0.0.0/24\n",
        NULL,
    };
    static const char *const elsewhere[] = {
        "service: globex/web:far\n",
        "state: not on this host\n",
        NULL,
    };
    static const char *const none[] = {
        "globex/web:nothing: no service of the policy in force",
        NULL,
    };

    says("show", "text service globex/web:dns", 0, here);
    says("show", "text service globex/web:far", 0, elsewhere);
    says("show", "text service globex/web:nothing", 1, none);
}

static void
port(void **state OVS_UNUSED)
{
    static const char *const filtered[] = {
        "ingress: denied unless allowed\n",
        "egress: denied unless allowed\n",
        "stateful: yes\n",
        "rate_ingress: 1500kbit, burst 2MiB\n",
        "rate_egress: 100Mbit, burst 125000 bytes\n",
        "packet_rate: 5000\n",
        "ping (stateless)\n",
        "web: web servers\n",
        "ping egress icmp type 8 code 0 to any",
        "web ingress tcp 80,8000-8099 from any the shop",
        NULL,
    };
    static const char *const open[] = {
        "network: globex/web\n",
        "ingress: not filtered\n",
        "egress: not filtered\n",
        "stateful: no\n",
        "rate_ingress: unlimited\n",
        "groups: none\n",
        "rules: none\n",
        NULL,
    };

    says("show", "text port veth0", 0, filtered);
    says("show", "text port initech/web1/0", 0, open);
}

/* `cordon diff` of a file with 'text' has the 'lines'. */
static void
diff_says(const char *text, const char *const *lines)
{
    char path[] = "/tmp/cordon-show-test-XXXXXX", *params;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    params = xasprintf("text %s", path);
    says("diff", params, 1, lines);
    unlink(path);
    free(params);
}

/* A host whose policy has no groups gets one that has, and back. */
static void
diff_announces(void **state OVS_UNUSED)
{
    static const char *const same[] = { "filtering: none\n", NULL };
    static const char *const closed[] = {
        "PORT CHANGE\n",
        "acme/web1/0 ingress is now denied unless a group allows it; "
        "connections made before are cut\n",
        "changes:",
        NULL,
    };
    static const char *const opened[] = {
        "PORT CHANGE\n",
        "acme/web1/0 ingress is no longer filtered\n",
        "acme/web1/0 egress is no longer filtered\n",
        NULL,
    };
    static const char plain[] =
        "version: 1\n"
        "tenants:\n"
        "  acme:\n"
        "    networks: { web: { vlan: 110, subnets: [10.0.0.0/24] } }\n"
        "    guests:\n"
        "      web1:\n"
        "        interfaces: [ { mac: \"02:00:00:00:00:01\", addresses: "
        "[10.0.0.11], network: web, device: veth0 } ]\n";
    static const char groups[] =
        "version: 1\n"
        "tenants:\n"
        "  acme:\n"
        "    networks: { web: { vlan: 110, subnets: [10.0.0.0/24] } }\n"
        "    groups: { web: { ingress: [ { allow: tcp, from: any } ] } }\n"
        "    guests:\n"
        "      web1:\n"
        "        interfaces: [ { mac: \"02:00:00:00:00:01\", addresses: "
        "[10.0.0.11], network: web, groups: [web], device: veth0 } ]\n";

    says("diff", "text", 0, same);
    diff_says(plain, opened);
    reconciler_set_policy(&agent.reconciler, policy_of(plain));
    fake_settle(&agent);
    diff_says(groups, closed);
    reconciler_set_policy(&agent.reconciler, policy_of(groups));
    fake_settle(&agent);
    says("diff", "text", 0, same);
}

/* What comes in steps is announced as a whole. */
static void
diff_looks_ahead(void **state OVS_UNUSED)
{
    static const char *const all[] = {
        "add element from #10 = x\n",
        "add vlan #10 28160 = x\n",
        "add link #10 = x\n",
        NULL,
    };
    static const char *const none[] = { "changes: none\n", NULL };

    fake_done();
    fake_init();
    fake.stepwise = true;
    says("diff", "text", 1, all);
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
    assert_int_equal(fake_count(OBJECT_UP, 0), 1);
    says("diff", "text", 0, none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tenants, setup, teardown),
        cmocka_unit_test_setup_teardown(service, setup, teardown),
        cmocka_unit_test_setup_teardown(port, setup, teardown),
        cmocka_unit_test_setup_teardown(diff_announces, setup, teardown),
        cmocka_unit_test_setup_teardown(diff_looks_ahead, setup, teardown),
    };

    return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
