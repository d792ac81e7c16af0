/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which guard is wanted, step by step as one takes over from the other. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/linux/fence.h"
#include "dataplane/linux/group.h"
#include "dataplane/linux/lock.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/progress.h"
#include "plan_fixture.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

struct world {
    struct policy *policy;
    struct json *json;
    struct inventory *inventory;
    struct plan *plan;
    struct arena *arena;
    struct objects have; /* What the kernel holds. */
};

static char *
path_of(const char *folder, const char *file)
{
    const char *srcdir = getenv("srcdir");

    return xasprintf("%s/tests/golden/%s/%s", srcdir ? srcdir : ".", folder,
                     file);
}

static int
set_up(void **state, const char *folder)
{
    struct world *w = xzalloc(sizeof *w);
    struct ds errors = DS_EMPTY_INITIALIZER;
    char *path = path_of(folder, "policy.yaml");

    assert_int_equal(policy_load(path, &errors, &w->policy), 0);
    free(path);
    path = path_of(folder, "inventory.json");
    w->json = json_from_file(path);
    free(path);
    assert_int_not_equal(w->json->type, JSON_STRING); /* An error. */
    w->inventory = fixture_inventory(w->json);
    w->plan = desire(w->policy, w->inventory);
    w->arena = arena_new();
    ds_destroy(&errors);
    *state = w;
    return 0;
}

static int
setup(void **state)
{
    return set_up(state, "plan/two_tenants");
}

static int
setup_groups(void **state)
{
    return set_up(state, "group/tenants");
}

static int
teardown(void **state)
{
    struct world *w = *state;

    objects_done(&w->have);
    arena_free(w->arena);
    plan_free(w->plan);
    inventory_free(w->inventory);
    json_destroy(w->json);
    policy_free(w->policy);
    free(w);
    return 0;
}

/* Wants, and then has what it wanted: of 'kinds' only, for the others are
 * still being written. Returns the name of what was wanted. */
static const char *
step(struct world *w, uint32_t kinds)
{
    struct objects want = { .n = 0 }, got = { .n = 0 };
    const char *name;

    fence_want(w->plan, &w->have, w->arena, &want);
    objects_sort(&want);
    name = fence_name(&want);
    for (size_t i = 0; i < want.n; i++) {
        if (KIND(want.v[i].kind) & kinds) {
            objects_add(&got, &want.v[i]);
        }
    }
    for (size_t i = 0; i < w->have.n; i++) {
        if (!(KIND(w->have.v[i].kind) & kinds)) {
            objects_add(&got, &w->have.v[i]);
        }
    }
    objects_sort(&got);
    objects_done(&w->have);
    objects_done(&want);
    w->have = got;
    return name;
}

static bool
has(const struct world *w, enum object_kind kind)
{
    return objects_find_kind(&w->have, kind) != NULL;
}

static void
set_guard(struct world *w, enum policy_guard guard)
{
    w->policy->host.guard = guard;
}

/* As if somebody had loaded it. */
static void
load_module(struct world *w)
{
    objects_add(&w->have, &(struct object){ .kind = OBJECT_MODULE_HOST,
                                            .text = "fresh" });
    objects_sort(&w->have);
}

static void
test_without_module(void **state)
{
    struct world *w = *state;

    assert_string_equal(step(w, KINDS_FENCE), "nftables");
    assert_string_equal(step(w, KINDS_FENCE), "nftables");
    assert_true(has(w, OBJECT_NFT_TABLE) && has(w, OBJECT_QDISC));
    assert_false(has(w, OBJECT_MODULE_PORT));
}

/* With the module from the start, nftables is never set up. */
static void
test_with_module(void **state)
{
    struct world *w = *state;

    load_module(w);
    assert_string_equal(step(w, KINDS_FENCE), "module");
    assert_true(has(w, OBJECT_MODULE_PORT));
    assert_false(has(w, OBJECT_NFT_TABLE) || has(w, OBJECT_QDISC));

    /* Nor for a port that comes later. */
    w->have.n--;
    assert_string_equal(step(w, KINDS_FENCE), "module");
}

static void
test_takes_over(void **state)
{
    struct world *w = *state;

    step(w, KINDS_FENCE);
    load_module(w);
    /* Until all of it has been read back, both. */
    assert_string_equal(step(w, 0), "nftables and module");
    assert_string_equal(step(w, KIND(OBJECT_MODULE_HOST)),
                        "nftables and module");
    assert_string_equal(step(w, KINDS_MODULE), "nftables and module");
    assert_true(has(w, OBJECT_NFT_TABLE) && has(w, OBJECT_QDISC));
    assert_string_equal(step(w, KINDS_FENCE), "module");
    assert_false(has(w, OBJECT_NFT_TABLE));
    assert_string_equal(step(w, KINDS_FENCE), "module");
    /* What stays costs nobody a frame. */
    assert_true(has(w, OBJECT_QDISC));
}

static void
test_gives_back(void **state)
{
    struct world *w = *state;

    load_module(w);
    step(w, KINDS_FENCE);
    set_guard(w, GUARD_NFTABLES);
    assert_string_equal(step(w, 0), "nftables and module");
    assert_string_equal(step(w, KINDS_GUARD), "nftables and module");
    assert_string_equal(step(w, KINDS_LOCK), "nftables and module");
    assert_true(has(w, OBJECT_MODULE_PORT));
    assert_string_equal(step(w, KINDS_FENCE), "nftables");
    /* It has been let go of, and still is there. */
    assert_false(has(w, OBJECT_MODULE_PORT));
    assert_true(has(w, OBJECT_MODULE_HOST));
    assert_string_equal(step(w, KINDS_FENCE), "nftables");
}

/* A host that must have the module is not opened by nftables. */
static void
test_required(void **state)
{
    struct world *w = *state;

    set_guard(w, GUARD_MODULE);
    assert_string_equal(step(w, 0), "module");
    assert_string_equal(step(w, KINDS_FENCE), "module");
    assert_false(has(w, OBJECT_NFT_TABLE));
}

/* The lock asks for the bit from when what sets it is there, until nobody
 * asks for rules; what sets it goes after that. */
static void
test_groups(void **state)
{
    struct world *w = *state;

    step(w, KINDS_LOCK);
    assert_false(lock_asks(&w->have) || has(w, OBJECT_GROUP_TABLE));
    /* Nothing is tracked while the kernel learns to keep segments apart. */
    step(w, KINDS_FENCE);
    assert_true(has(w, OBJECT_GROUP_TABLE) && has(w, OBJECT_GROUP_RULES));
    assert_false(has(w, OBJECT_GROUP_SET));
    step(w, KINDS_FENCE);
    assert_true(has(w, OBJECT_GROUP_TABLE) && has(w, OBJECT_GROUP_ELEMENT));
    assert_false(lock_asks(&w->have));
    step(w, KINDS_FENCE);
    assert_true(lock_asks(&w->have));

    /* Somebody takes the table away. */
    for (size_t i = 0; i < w->have.n; i++) {
        if (KIND(w->have.v[i].kind) & KINDS_GROUPS) {
            w->have.v[i].foreign = true; /* Not ours, so as good as gone. */
        }
    }
    step(w, KINDS_LOCK);
    assert_true(lock_asks(&w->have));
    step(w, KINDS_FENCE);
    assert_true(lock_asks(&w->have) && has(w, OBJECT_GROUP_ELEMENT));
}

static void
remove_rules(struct world *w)
{
    for (size_t i = 0; i < w->policy->n_tenants; i++) {
        struct policy_tenant *t = &w->policy->tenants[i];

        t->has_defaults = false;
        for (size_t j = 0; j < t->n_guests; j++) {
            for (size_t k = 0; k < t->guests[j].n_interfaces; k++) {
                t->guests[j].interfaces[k].n_groups = 0;
            }
        }
    }
}

static void
test_groups_go(void **state)
{
    struct world *w = *state;

    step(w, KINDS_FENCE);
    step(w, KINDS_FENCE);
    step(w, KINDS_FENCE);
    remove_rules(w);
    step(w, KINDS_NFT);
    assert_true(lock_asks(&w->have) && has(w, OBJECT_GROUP_TABLE));
    step(w, KINDS_FENCE);
    assert_false(lock_asks(&w->have));
    assert_true(has(w, OBJECT_GROUP_TABLE));
    step(w, KINDS_FENCE); /* All passes. */
    assert_true(has(w, OBJECT_GROUP_SET));
    assert_false(group_judges(w->plan, &w->have));
    step(w, KINDS_FENCE);
    assert_true(has(w, OBJECT_GROUP_TABLE) && has(w, OBJECT_GROUP_RULES));
    assert_false(has(w, OBJECT_GROUP_SET));
    step(w, KINDS_FENCE);
    assert_false(has(w, OBJECT_GROUP_TABLE) || has(w, OBJECT_GROUP_RULES));
    step(w, KINDS_FENCE);
    assert_false(has(w, OBJECT_GROUP_TABLE) || lock_asks(&w->have));
}

/* Beside the module there is a lock for them, and no other table. */
static void
test_groups_with_module(void **state)
{
    struct world *w = *state;

    load_module(w);
    assert_string_equal(step(w, KINDS_FENCE), "module");
    assert_true(has(w, OBJECT_GROUP_TABLE) && has(w, OBJECT_QDISC));
    assert_false(has(w, OBJECT_NFT_TABLE));
    step(w, KINDS_FENCE);
    step(w, KINDS_FENCE);
    assert_true(lock_asks(&w->have));
}

static void
limit_all(struct world *w)
{
    for (size_t t = 0; t < w->policy->n_tenants; t++) {
        const struct policy_tenant *tenant = &w->policy->tenants[t];

        for (size_t g = 0; g < tenant->n_guests; g++) {
            for (size_t i = 0; i < tenant->guests[g].n_interfaces; i++) {
                struct policy_interface *port =
                    &tenant->guests[g].interfaces[i];

                port->rate[POLICY_INGRESS] =
                    (struct policy_rate){ 1000000, 65536 };
                port->packet_rate = 100;
            }
        }
    }
}

static uint32_t
ingress_block(const struct world *w)
{
    const struct object *o = objects_find_kind(&w->have, OBJECT_QDISC);

    while (!o->ifindex || o->ifindex == w->plan->uplink) {
        o++;
    }
    assert_int_equal(o->kind, OBJECT_QDISC);
    return o->value[0];
}

static bool
module_polices(const struct world *w)
{
    for (size_t i = 0; i < w->have.n; i++) {
        const struct object *o = &w->have.v[i];

        if (o->kind == OBJECT_MODULE_PORT && strstr(o->text, "100 frames/s")) {
            return true;
        }
    }
    return false;
}

/* tc polices where nftables guard; the module takes no device that tc acts on,
 * and where it guards, polices itself. */
static void
test_police(void **state)
{
    struct world *w = *state;

    step(w, KINDS_FENCE | KINDS_RATE);
    assert_false(has(w, OBJECT_SHAPE) || has(w, OBJECT_POLICE));
    assert_int_equal(ingress_block(w), LOCK_BLOCK_INGRESS);
    limit_all(w);
    step(w, KINDS_FENCE | KINDS_RATE);
    assert_true(has(w, OBJECT_SHAPE) && has(w, OBJECT_POLICE));
    assert_int_not_equal(ingress_block(w), LOCK_BLOCK_INGRESS);

    load_module(w);
    assert_string_equal(step(w, KINDS_FENCE), "nftables");
    assert_false(has(w, OBJECT_MODULE_PORT));
    assert_int_equal(ingress_block(w), LOCK_BLOCK_INGRESS);
    assert_string_equal(step(w, KINDS_RATE), "nftables");
    assert_true(has(w, OBJECT_SHAPE));
    assert_false(has(w, OBJECT_POLICE));
    assert_string_equal(step(w, KINDS_FENCE | KINDS_RATE),
                        "nftables and module");
    assert_string_equal(step(w, KINDS_FENCE | KINDS_RATE), "module");
    assert_true(has(w, OBJECT_SHAPE));
    assert_false(has(w, OBJECT_POLICE));
    assert_true(module_polices(w));

    set_guard(w, GUARD_NFTABLES);
    assert_string_equal(step(w, KINDS_FENCE | KINDS_RATE),
                        "nftables and module");
    assert_false(has(w, OBJECT_POLICE));
    assert_string_equal(step(w, KINDS_FENCE | KINDS_RATE), "nftables");
    assert_false(has(w, OBJECT_POLICE) || has(w, OBJECT_MODULE_PORT));
    step(w, KINDS_FENCE | KINDS_RATE);
    assert_true(has(w, OBJECT_POLICE));
    assert_int_not_equal(ingress_block(w), LOCK_BLOCK_INGRESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_module, setup, teardown),
        cmocka_unit_test_setup_teardown(test_with_module, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_required, setup, teardown),
        cmocka_unit_test_setup_teardown(test_groups, setup_groups, teardown),
        cmocka_unit_test_setup_teardown(test_groups_go, setup_groups,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_groups_with_module, setup_groups,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_police, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
