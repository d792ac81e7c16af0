/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Golden files of the plan: tests/golden/plan/NAME/policy.yaml and
 * inventory.json, with the plan that desire() makes of them (plan.txt) and
 * what the dataplane `linux` wants for it, the guard aside (objects.txt).
 *
 *     plan_golden_test [--update] [NAME...]
 *
 * --update writes the golden files anew; read the diff before you commit it.
 * With a file foreign.json, objects that were found in the kernel are judged
 * first: [ { "kind": "qdisc", "device": NAME, "text": WHAT } ]. */

#include <cordon-config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/dataplane.h"
#include "golden.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "plan_fixture.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "svec.h"
#include "util.h"

static struct golden golden; /* tests/golden/plan. */

static struct json *
read_json(const char *name, const char *file)
{
    char *path = golden_path(&golden, name, file);
    struct json *json = json_from_file(path);

    if (json->type == JSON_STRING) {
        ovs_fatal(0, "%s: %s", path, json_string(json));
    }
    free(path);
    return json;
}

/* Judges the objects of foreign.json, if there is one. */
static void
judge(const char *name, struct plan *plan, const struct inventory *inv,
      struct arena *arena)
{
    char *path = golden_path(&golden, name, "foreign.json");
    struct objects have = { .n = 0 };
    struct json *json;

    if (!access(path, F_OK)) {
        json = read_json(name, "foreign.json");
        for (size_t i = 0; i < json_array(json)->n; i++) {
            const struct shash *o = json_object(json_array(json)->elems[i]);
            const char *device = json_string(shash_find_data(o, "device"));
            const char *kind = json_string(shash_find_data(o, "kind"));
            const struct inventory_link *l;
            struct object object = { .foreign = true };

            l = inventory_link_by_name(inv, device);
            object.kind = !strcmp(kind, "filter")  ? OBJECT_FILTER
                          : !strcmp(kind, "qdisc") ? OBJECT_QDISC
                                                   : OBJECT_BRIDGE;
            object.ifindex =
                l && object.kind != OBJECT_BRIDGE ? l->ifindex : 0;
            object.device = arena_strdup(arena, device);
            object.text =
                arena_strdup(arena, json_string(shash_find_data(o, "text")));
            objects_add(&have, &object);
        }
        json_destroy(json);
    }
    plan_judge(plan, &have);
    objects_done(&have);
    free(path);
}

static void
print_objects(const struct objects *os, struct ds *ds)
{
    for (size_t i = 0; i < os->n; i++) {
        if (!(KIND(os->v[i].kind) & KINDS_GUARD)) {
            object_format(&os->v[i], ds);
            ds_put_char(ds, '\n');
        }
    }
}

static bool
run(const char *name)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct objects want = { .n = 0 }, have = { .n = 0 };
    struct arena *arena = arena_new();
    char *path = golden_path(&golden, name, "policy.yaml");
    struct json *json = read_json(name, "inventory.json");
    struct inventory *inv = fixture_inventory(json);
    struct policy *policy;
    struct plan *plan;
    bool ok;

    if (policy_load(path, &text, &policy)) {
        ovs_fatal(0, "%s", ds_cstr(&text));
    }
    plan = desire(policy, inv);
    judge(name, plan, inv, arena);
    ds_clear(&text);
    fixture_print_plan(plan, &text);
    ok = golden_compare(&golden, name, "plan.txt", &text);

    dataplane_linux.want(plan, &have, arena, &want);
    for (size_t i = 1; i < want.n; i++) {
        if (object_cmp(&want.v[i - 1], &want.v[i]) >= 0) {
            printf("FAIL %s: wanted twice, or not sorted\n", name);
            ok = false;
        }
    }
    ds_clear(&text);
    print_objects(&want, &text);
    ok &= golden_compare(&golden, name, "objects.txt", &text);

    objects_done(&want);
    plan_free(plan);
    policy_free(policy);
    inventory_free(inv);
    json_destroy(json);
    arena_free(arena);
    ds_destroy(&text);
    free(path);
    return ok;
}

static void
find_names(struct svec *names)
{
    DIR *dir = opendir(golden.root);
    struct dirent *e;

    if (!dir) {
        ovs_fatal(errno, "%s", golden.root);
    }
    while ((e = readdir(dir))) {
        if (e->d_name[0] != '.') {
            svec_add(names, e->d_name);
        }
    }
    closedir(dir);
    svec_sort(names);
}

int
main(int argc, char *argv[])
{
    struct svec names = SVEC_EMPTY_INITIALIZER;
    size_t passed = 0;

    set_program_name(argv[0]);
    golden_init(&golden, "plan");
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--update")) {
            golden.update = true;
        } else {
            svec_add(&names, argv[i]);
        }
    }
    if (!names.n) {
        find_names(&names);
    }
    for (size_t i = 0; i < names.n; i++) {
        passed += run(names.names[i]);
    }
    printf("%zu passed, %zu failed\n", passed, names.n - passed);
    argc = passed && passed == names.n ? 0 : 1;
    svec_destroy(&names);
    golden_done(&golden);
    return argc;
}
