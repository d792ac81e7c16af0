/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What `cordon diff` announces: pairs of policies, and what becomes of the
 * ports' defaults. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/filtering.h"
#include "policy/policy.h"
#include "policy_text.h"
#include "util.h"

/* A policy with an interface of guest web1, and more of what is given. */
static struct policy *
make(const char *tenant, const char *interface)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct policy *policy;

    ds_put_format(
        &text,
        "version: 1\n"
        "tenants:\n"
        "  globex: {}\n"
        "  acme:\n"
        "    networks: { web: { vlan: 1, subnets: [10.0.0.0/24] } }\n"
        "    groups:\n"
        "      in: { ingress: [ { allow: tcp, from: any } ] }\n"
        "      in2: { ingress: [] }\n"
        "      out: { egress: [ { allow: any, to: any } ] }\n"
        "      none: {}\n"
        "      less: { stateless: true, ingress: [] }\n"
        "%s"
        "    guests:\n"
        "      web1: { interfaces: [ { mac: 02:00:00:00:00:01, "
        "addresses: [10.0.0.1], network: web%s } ] }\n",
        tenant, interface);
    policy = policy_of(ds_cstr(&text));
    ds_destroy(&text);
    return policy;
}

#define CUT "; connections made before are cut\n"

static const struct {
    const char *tenant[2], *interface[2]; /* Before and after. */
    const char *changes;
} vectors[] = {
    { { "", "" }, { "", "" }, "" },
    /* From one host's usual policy to one with groups, and back. */
    { { "", "" },
      { "", ", groups: [in]" },
      "ingress is now denied unless a group allows it" CUT },
    { { "", "" },
      { "", ", groups: [out, in]" },
      "ingress is now denied unless a group allows it" CUT
      "egress is now denied unless a group allows it" CUT },
    { { "", "" },
      { "", ", groups: [none]" },
      "ingress is now denied unless a group allows it" CUT },
    { { "", "" },
      { "", ", groups: [less]" },
      "ingress is now denied unless a group allows it\n" },
    { { "", "" },
      { "", ", groups: [less, in]" },
      "ingress is now denied unless a group allows it" CUT },
    { { "", "" },
      { ", groups: [in]", "" },
      "ingress is no longer filtered\n" },
    /* By defaults alone. */
    { { "", "    defaults: {}\n" },
      { "", "" },
      "ingress is now denied unless a group allows it" CUT },
    { { "", "    defaults: { ingress: allow }\n" },
      { "", "" },
      "connections are now tracked; those made before are cut\n" },
    { { "    defaults: { ingress: allow }\n", "" }, { "", "" }, "" },
    { { "    defaults: { egress: deny }\n", "" },
      { "", "" },
      "ingress is no longer filtered\negress is no longer filtered\n" },
    { { "    defaults: {}\n", "    defaults: { ingress: allow }\n" },
      { "", "" },
      "ingress is now allowed by default\n" },
    { { "    defaults: {}\n", "    defaults: { egress: deny }\n" },
      { "", "" },
      "egress is now denied unless a group allows it\n" },
    /* Defaults that its groups leave nothing to. */
    { { "", "    defaults: {}\n" },
      { ", groups: [in]", ", groups: [in]" },
      "" },
    { { "", "    defaults: { ingress: allow }\n" },
      { ", groups: [in]", ", groups: [in]" },
      "" },
    { { "", "    defaults: { egress: deny }\n" },
      { ", groups: [in]", ", groups: [in]" },
      "egress is now denied unless a group allows it\n" },
    /* Other groups. */
    { { "", "" }, { ", groups: [in]", ", groups: [in2]" }, "" },
    { { "", "" },
      { ", groups: [in]", ", groups: [in, out]" },
      "egress is now denied unless a group allows it\n" },
    { { "", "" },
      { ", groups: [in, out]", ", groups: [in]" },
      "egress is now allowed by default\n" },
    { { "", "" },
      { ", groups: [in]", ", groups: [less]" },
      "connections are no longer tracked: replies pass only if a rule allows "
      "them\n" },
    { { "", "" },
      { ", groups: [less]", ", groups: [in]" },
      "connections are now tracked; those made before are cut\n" },
};

static void
changes(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct policy *before =
            make(vectors[i].tenant[0], vectors[i].interface[0]);
        struct policy *after =
            make(vectors[i].tenant[1], vectors[i].interface[1]);
        struct ds text = DS_EMPTY_INITIALIZER;
        struct arena *arena = arena_new();
        struct filtering_change *found;
        size_t n = filtering_changes(before, after, arena, &found);

        for (size_t j = 0; j < n; j++) {
            assert_string_equal(found[j].port, "acme/web1/0");
            ds_put_format(&text, "%s\n", found[j].text);
        }
        if (strcmp(ds_cstr(&text), vectors[i].changes)) {
            fail_msg("%zu: not\n%sbut\n%s", i, vectors[i].changes,
                     ds_cstr(&text));
        }
        ds_destroy(&text);
        arena_free(arena);
        policy_free(before);
        policy_free(after);
    }
}

/* Who has no before changes nothing. */
static void
no_before(void **state OVS_UNUSED)
{
    static const char other[] = "version: 1\ntenants: { acme: { networks: { "
                                "web: { vlan: 1, subnets: [10.0.0.0/24] } } } "
                                "}\n";
    struct policy *after = make("", ", groups: [in]");
    struct policy *before = policy_of(other);
    struct arena *arena = arena_new();
    struct filtering_change *found;

    assert_int_equal(filtering_changes(before, after, arena, &found), 0);
    assert_int_equal(filtering_changes(after, before, arena, &found), 0);
    assert_int_equal(filtering_changes(NULL, after, arena, &found), 0);
    assert_int_equal(filtering_changes(after, NULL, arena, &found), 0);
    assert_int_equal(filtering_changes(after, after, arena, &found), 0);
    arena_free(arena);
    policy_free(before);
    policy_free(after);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes),
        cmocka_unit_test(no_before),
    };

    return cmocka_run_group_tests_name("filtering", tests, NULL, NULL);
}
