/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How long a policy of 10,000 interfaces takes to parse and validate, in CPU
 * time, and how much memory. Measured on five shapes, of which the worst
 * counts: 100 tenants of 100 guests in YAML's block style; 10,000 guests in
 * one network; the same as JSON in a single line; 10,000 guests of 100
 * tenants with 20 groups of 10 rules each; 10,000 tenants of a guest each in
 * one shared network. */

#include <cordon-config.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

enum { N = 10000 };

static void
many_tenants(struct ds *text)
{
    ds_put_cstr(text, "version: 1\nhost:\n  uplink: eth1\ntenants:\n");
    for (int t = 0; t < 100; t++) {
        ds_put_format(text,
                      "  tenant-%d:\n"
                      "    networks:\n"
                      "      web:\n"
                      "        vlan: %d\n"
                      "        subnets: [10.0.0.0/16, \"fd00:a::/64\"]\n"
                      "        gateways:\n"
                      "          - mac: \"00:16:3e:00:00:fe\"\n"
                      "            addresses: [10.0.0.1, \"fe80::1\"]\n"
                      "    guests:\n",
                      t, t + 1);
        for (int g = 0; g < N / 100; g++) {
            ds_put_format(text,
                          "      web-%d-%d:\n"
                          "        interfaces:\n"
                          "          - mac: \"02:00:00:00:00:%02x\"\n"
                          "            addresses: [10.0.1.%d, "
                          "\"fd00:a::%x\"]\n"
                          "            network: web\n",
                          t, g, g, g + 1, g + 2);
        }
    }
}

static void
one_network(struct ds *text)
{
    ds_put_cstr(text, "version: 1\ntenants: { acme: { networks: { web: { "
                      "vlan: 1, subnets: [10.0.0.0/8, \"fd00:a::/64\"] } },\n"
                      "guests: {\n");
    for (int g = 0; g < N; g++) {
        ds_put_format(text,
                      "web%d: { interfaces: [ { mac: 02:00:00:00:%02x:%02x, "
                      "addresses: [10.1.%d.%d, \"fd00:a::%x\"], network: web, "
                      "extra: [ { addresses: [10.2.0.1] } ] } ] },\n",
                      g, g / 250, g % 250, g / 250, g % 250 + 1, g + 1);
    }
    ds_put_cstr(text, "} } }\n");
}

static void
one_line(struct ds *text)
{
    ds_put_cstr(text, "{\"version\":1,\"tenants\":{\"acme\":{\"networks\":{"
                      "\"web\":{\"vlan\":1,\"subnets\":[\"10.0.0.0/8\"]}},"
                      "\"guests\":{");
    for (int g = 0; g < N; g++) {
        ds_put_format(text,
                      "%s\"web%d\":{\"interfaces\":[{\"mac\":"
                      "\"02:00:00:00:%02x:%02x\",\"addresses\":"
                      "[\"10.1.%d.%d\"],\"network\":\"web\"}]}",
                      g ? "," : "", g, g / 250, g % 250, g / 250, g % 250 + 1);
    }
    ds_put_cstr(text, "}}}}");
}

static void
many_groups(struct ds *text)
{
    ds_put_cstr(text, "version: 1\ntenants:\n");
    for (int t = 0; t < 100; t++) {
        ds_put_format(text,
                      "  tenant-%d:\n"
                      "    defaults: { ingress: deny }\n"
                      "    networks:\n"
                      "      web: { vlan: %d, subnets: [10.0.0.0/16] }\n"
                      "    groups:\n",
                      t, t + 1);
        for (int g = 0; g < 20; g++) {
            ds_put_format(text, "      group-%d: { ingress: [\n", g);
            for (int r = 0; r < 10; r++) {
                ds_put_format(text,
                              "        { allow: tcp, ports: [%d, \"80-90\"], "
                              "from: [ any, \"group:group-%d\" ], "
                              "description: rule %d },\n",
                              r, (g + r) % 20, r);
            }
            ds_put_cstr(text, "      ] }\n");
        }
        ds_put_cstr(text, "    guests:\n");
        for (int g = 0; g < N / 100; g++) {
            ds_put_format(text,
                          "      web-%d-%d: { interfaces: [ { "
                          "mac: \"02:00:00:00:00:%02x\", "
                          "addresses: [10.0.1.%d], network: web, "
                          "groups: [group-%d, group-%d], rate: 200Mbit } ] "
                          "}\n",
                          t, g, g, g + 1, g % 20, (g + 1) % 20);
        }
    }
}

static void
one_shared(struct ds *text)
{
    ds_put_cstr(text, "version: 1\ntenants:\n");
    for (int g = 0; g < N; g++) {
        ds_put_format(
            text,
            "  customer-%d:\n"
            "    groups: { web: { ingress: [ { allow: tcp, ports: [80, 443], "
            "from: any }, { allow: any, from: \"group:web\" } ] } }\n"
            "    guests: { c%d: { interfaces: [ { mac: "
            "\"02:00:00:00:%02x:%02x\", addresses: [10.1.%d.%d], network: "
            "hoster/public, groups: [web], rate: 100Mbit } ] } }\n",
            g, g, g / 250, g % 250, g / 250, g % 250 + 1);
    }
    ds_put_cstr(text, "  hoster: { networks: { public: { vlan: 300, shared: "
                      "true, subnets: [10.0.0.0/8] } } }\n");
}

/* Returns the seconds that reading what 'generate' makes takes. */
static double
measure(void (*generate)(struct ds *))
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    clock_t start, end;

    generate(&text);
    start = clock();
    if (policy_parse("bench", text.string, text.length, &errors, &policy)) {
        fputs(ds_cstr(&errors), stderr);
        exit(1);
    }
    end = clock();
    if (policy->n_interfaces != N) {
        fprintf(stderr, "%zu interfaces\n", policy->n_interfaces);
        exit(1);
    }
    policy_free(policy);
    ds_destroy(&text);
    ds_destroy(&errors);
    return (double) (end - start) / CLOCKS_PER_SEC;
}

static void
print_figure(const char *name, double value, const char *unit, double budget)
{
    printf("{\"name\": \"%s\", \"value\": %.4g, \"unit\": \"%s\", "
           "\"budget\": %g, \"ok\": %s}\n",
           name, value, unit, budget, value <= budget ? "true" : "false");
}

int
main(void)
{
    double seconds = measure(many_tenants);
    struct rusage usage;

    seconds = MAX(seconds, measure(one_network));
    seconds = MAX(seconds, measure(one_line));
    seconds = MAX(seconds, measure(many_groups));
    seconds = MAX(seconds, measure(one_shared));
    if (getrusage(RUSAGE_SELF, &usage)) {
        perror("getrusage");
        return 1;
    }
    print_figure("policy.parse_10000.seconds", seconds, "s CPU", 1);
    print_figure("policy.parse_10000.mib", usage.ru_maxrss / 1024.0, "MiB",
                 100);
    return 0;
}
