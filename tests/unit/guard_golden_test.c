/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Golden files of the guard: tests/golden/guard/NAME/policy.yaml and
 * inventory.json, with what guard_want() makes of them: rules.txt, the shared
 * chains, and objects.txt, all else but the sets' constants.
 *
 *     guard_golden_test [--update]
 *
 * --update writes the golden files anew; read the diff before you commit it. */

#include <cordon-config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/linux/guard.h"
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

static const char *const names[] = { "every_role", "closed" };

static const char *root; /* tests/golden/guard. */
static bool update;

static bool
compare(const char *name, const char *file, const struct ds *seen)
{
    char *path = xasprintf("%s/%s/%s", root, name, file);
    struct ds golden = DS_EMPTY_INITIALIZER;
    FILE *stream = fopen(path, update ? "w" : "r");
    bool same = update;
    int c;

    if (!stream) {
        ovs_fatal(errno, "%s", path);
    }
    if (update) {
        fputs(ds_cstr_ro(seen), stream);
    } else {
        while ((c = getc(stream)) != EOF) {
            ds_put_char(&golden, c);
        }
        same = !strcmp(ds_cstr(&golden), ds_cstr_ro(seen));
        if (!same) {
            printf("FAIL %s; expected:\n%sseen:\n%s", path, ds_cstr(&golden),
                   ds_cstr_ro(seen));
        }
    }
    fclose(stream);
    free(path);
    ds_destroy(&golden);
    return same;
}

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
        bool chain =
            o->kind == OBJECT_NFT_CHAIN || o->kind == OBJECT_NFT_RULES;

        if (shared != (chain && !o->ifindex) || is_constant(o)) {
            continue;
        }
        if (!shared) {
            object_format(o, ds);
            ds_put_char(ds, '\n');
        } else if (o->kind == OBJECT_NFT_RULES) {
            ds_put_format(ds, "%s\n%s\n\n", o->name, o->text);
        }
    }
}

static bool
run(const char *name)
{
    char *policy_path = xasprintf("%s/%s/policy.yaml", root, name);
    char *inventory_path = xasprintf("%s/%s/inventory.json", root, name);
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
    guard_want(plan, arena, &want);
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
    ok &= compare(name, "rules.txt", &text);
    print(&want, false, &text);
    ok &= compare(name, "objects.txt", &text);

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
    const char *srcdir = getenv("srcdir");
    char *dir = xasprintf("%s/tests/golden/guard", srcdir ? srcdir : ".");
    size_t passed = 0;

    set_program_name(argv[0]);
    root = dir;
    update = argc > 1 && !strcmp(argv[1], "--update");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        passed += run(names[i]);
    }
    printf("%zu passed, %zu failed\n", passed, ARRAY_SIZE(names) - passed);
    free(dir);
    return passed == ARRAY_SIZE(names) ? 0 : 1;
}
