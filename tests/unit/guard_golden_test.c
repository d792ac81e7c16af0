/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Golden files of the guard: tests/golden/guard/NAME/policy.yaml and
 * inventory.json, with what guard_want() makes of them: rules.txt, the shared
 * chains, and objects.txt, all else but the sets' constants. And
 * tests/golden/group/NAME, the same of group_want().
 *
 *     guard_golden_test [--update]
 *
 * --update writes the golden files anew; read the diff before you commit it. */

#include <cordon-config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/guard.h"
#include "golden.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan_fixture.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

typedef void want_cb(const struct plan *, struct arena *, struct objects *);

static const struct {
    const char *folder, *name;
    want_cb *want;
} cases[] = {
    { "guard", "every_role", guard_want }, { "guard", "closed", guard_want },
    { "guard", "shared", guard_want },     { "group", "tenants", group_want },
    { "group", "none", group_want },       { "guard", "logged", guard_want },
    { "group", "logged", group_want },     { "group", "services", group_want },
};

static struct golden golden; /* tests/golden/FOLDER. */

static bool
is_constant(const struct object *o)
{
    static const char *const sets[] = {
        "alert", "equal8", "upper6", "parts6", "fits4", "fits6",
    };

    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        if (o->kind == OBJECT_NFT_ELEMENT && !strcmp(o->name, sets[i])) {
            return true;
        }
    }
    return false;
}

/* Prints shared chains with their rules, or all else. */
static void
print(const struct objects *os, bool shared, struct ds *ds)
{
    ds_clear(ds);
    for (size_t i = 0; i < os->n; i++) {
        const struct object *o = &os->v[i];
        bool rules =
            o->kind == OBJECT_NFT_RULES || o->kind == OBJECT_GROUP_RULES;
        bool chain = rules || o->kind == OBJECT_NFT_CHAIN
                     || o->kind == OBJECT_GROUP_CHAIN;

        if (shared != (chain && !o->ifindex) || is_constant(o)) {
            continue;
        }
        if (!shared) {
            object_format(o, ds);
            ds_put_char(ds, '\n');
        } else if (rules) {
            ds_put_format(ds, "%s\n%s\n\n", o->name, o->text);
        }
    }
}

static bool
run(const char *name, want_cb *want_objects)
{
    char *policy_path = golden_path(&golden, name, "policy.yaml");
    char *inventory_path = golden_path(&golden, name, "inventory.json");
    struct ds text = DS_EMPTY_INITIALIZER;
    struct json *json = json_from_file(inventory_path);
    struct arena *arena = arena_new();
    struct objects want = { .n = 0 };
    struct inventory *inv;
    struct policy *policy;
    struct plan *plan;
    bool ok = true;

    if (policy_load(policy_path, &text, &policy)) {
        ovs_fatal(0, "%s", ds_cstr(&text));
    }
    inv = fixture_inventory(json);
    plan = desire(policy, inv);
    want_objects(plan, arena, &want);
    objects_sort(&want);
    for (size_t i = 1; i < want.n; i++) {
        if (!object_cmp(&want.v[i - 1], &want.v[i])) {
            ds_clear(&text);
            object_format(&want.v[i], &text);
            printf("FAIL %s: wanted twice: %s\n", name, ds_cstr(&text));
            ok = false;
        }
    }
    print(&want, true, &text);
    ok &= golden_compare(&golden, name, "rules.txt", &text);
    print(&want, false, &text);
    ok &= golden_compare(&golden, name, "objects.txt", &text);

    objects_done(&want);
    plan_free(plan);
    inventory_free(inv);
    policy_free(policy);
    arena_free(arena);
    json_destroy(json);
    ds_destroy(&text);
    free(policy_path);
    free(inventory_path);
    return ok;
}

int
main(int argc, char *argv[])
{
    size_t passed = 0;

    set_program_name(argv[0]);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        golden_init(&golden, cases[i].folder);
        golden.update = argc > 1 && !strcmp(argv[1], "--update");
        passed += run(cases[i].name, cases[i].want);
        golden_done(&golden);
    }
    printf("%zu passed, %zu failed\n", passed, ARRAY_SIZE(cases) - passed);
    return passed == ARRAY_SIZE(cases) ? 0 : 1;
}
