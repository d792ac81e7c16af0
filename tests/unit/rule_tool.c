/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rule_tool POLICY: what rules say of flows, for tests that know it from
 * somewhere else. Reads lines
 *
 *     PORT ingress|egress PROTOCOL SRC DST SPORT DPORT TYPE CODE
 *
 * from standard input and answers each with "allow" or "deny". Exits 0; 1 for
 * a policy that has errors or a line that makes no sense, 2 for wrong
 * usage. */

#include <cordon-config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "openvswitch/dynamic-string.h"
#include "plan/rule.h"
#include "policy/parse.h"
#include "policy/policy.h"

static const struct policy_interface *
find_port(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_tenants; i++) {
        const struct policy_tenant *t = &policy->tenants[i];

        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                if (!strcmp(t->guests[j].interfaces[k].port, name)) {
                    return &t->guests[j].interfaces[k];
                }
            }
        }
    }
    return NULL;
}

static bool
answer(const struct policy *policy, const char *line)
{
    char port[64], direction[8], src[ADDR_STRLEN], dst[ADDR_STRLEN];
    const struct policy_interface *interface;
    struct rule_flow f;

    if (sscanf(line,
               "%63s %7s %" SCNu8 " %45s %45s %" SCNu16 " %" SCNu16 " %" SCNu8
               " %" SCNu8,
               port, direction, &f.protocol, src, dst, &f.sport, &f.dport,
               &f.type, &f.code)
            != 9
        || !addr_parse(src, &f.src) || !addr_parse(dst, &f.dst)) {
        return false;
    }
    interface = find_port(policy, port);
    if (!interface) {
        return false;
    }
    puts(rule_allows(interface,
                     !strcmp(direction, "ingress") ? POLICY_INGRESS
                                                   : POLICY_EGRESS,
                     &f, NULL)
             ? "allow"
             : "deny");
    return true;
}

int
main(int argc, char *argv[])
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    char line[256];
    int status = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: rule_tool POLICY <FLOWS\n");
        return 2;
    }
    if (policy_load(argv[1], &errors, &policy)) {
        fputs(ds_cstr(&errors), stderr);
        ds_destroy(&errors);
        return 1;
    }
    while (!status && fgets(line, sizeof line, stdin)) {
        if (!answer(policy, line)) {
            fprintf(stderr, "rule_tool: bad line: %s", line);
            status = 1;
        }
    }
    policy_free(policy);
    ds_destroy(&errors);
    return status;
}
