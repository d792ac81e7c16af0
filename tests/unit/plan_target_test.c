/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which ports go down before a repair, and which when a change is refused. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/linux/target.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

enum { UPLINK = 5, A = 7, B = 8 };

static const struct object table = { .kind = OBJECT_NFT_TABLE };
static const struct object own_element = { .kind = OBJECT_NFT_ELEMENT,
                                           .ifindex = A };
static const struct object common_element = { .kind = OBJECT_NFT_ELEMENT,
                                              .segment = 110 };
static const struct object neighbours_element = { .kind = OBJECT_NFT_ELEMENT,
                                                  .segment = 110,
                                                  .owner = 9 };
static const struct object own_chain = { .kind = OBJECT_NFT_CHAIN,
                                         .ifindex = A };
static const struct object own_qdisc = { .kind = OBJECT_QDISC, .ifindex = A };
static const struct object pass = { .kind = OBJECT_FILTER,
                                    .segment = 110,
                                    .key = { 0, 0, 0, 1, 0, 2, 0, 0, 0, 9 },
                                    .key_len = 10 };
static const struct object drop = { .kind = OBJECT_FILTER,
                                    .segment = 110,
                                    .key = { 0, 0, 0, 1, 0, 3, 0, 0, 0, 1 },
                                    .key_len = 10 };
static const struct object uplink_pass = { .kind = OBJECT_FILTER,
                                           .ifindex = UPLINK,
                                           .key = { 0, 0, 0, 3, 0, 2, 0, 0, 0,
                                                    9 },
                                           .key_len = 10 };
static const struct object uplink_drop = { .kind = OBJECT_FILTER,
                                           .ifindex = UPLINK,
                                           .key = { 0, 0, 0, 3, 0, 3, 0, 0, 0,
                                                    1 },
                                           .key_len = 10 };
static const struct object uplink_vlan = { .kind = OBJECT_VLAN,
                                           .ifindex = UPLINK };
static const struct object uplink_qdisc = { .kind = OBJECT_QDISC,
                                            .ifindex = UPLINK };
static const struct object own_module = { .kind = OBJECT_MODULE_PORT,
                                          .ifindex = A };
static const struct object module_segment = { .kind = OBJECT_MODULE_SEGMENT,
                                              .segment = 110 };
static const struct object module_host = { .kind = OBJECT_MODULE_HOST };
static const struct object link_up = { .kind = OBJECT_UP, .ifindex = A };

/* A in segment 110, B in 120, and an uplink. */
struct world {
    struct policy_host host;
    struct plan_segment segments[2];
    struct plan_port ports[2];
    struct plan plan;
    struct change changes[4];
    struct targets targets;
};

/* Which guards are wanted. */
enum { NFT = 1, MODULE = 2 };

/* All of 'o1' to 'o3' that are not NULL differ: 'op'. */
static void
init_guards(struct world *w, int guards, enum change_op op,
            const struct object *o1, const struct object *o2,
            const struct object *o3)
{
    const struct object *differ[] = { o1, o2, o3 };
    struct changes changes = { .n = 0 };
    struct objects want = { .n = 0 };

    if (guards & MODULE) {
        objects_add(&want, &own_module);
    }
    if (guards & NFT) {
        objects_add(&want, &table);
    }

    memset(w, 0, sizeof *w);
    changes.v = w->changes;
    w->segments[0].id = 110;
    w->segments[1].id = 120;
    w->ports[0] =
        (struct plan_port){ .ifindex = A, .segment = &w->segments[0] };
    w->ports[1] =
        (struct plan_port){ .ifindex = B, .segment = &w->segments[1] };
    w->plan = (struct plan){ .host = &w->host,
                             .uplink = UPLINK,
                             .segments = w->segments,
                             .n_segments = 2,
                             .ports = w->ports,
                             .n_ports = 2 };
    for (size_t i = 0; i < ARRAY_SIZE(differ); i++) {
        if (differ[i]) {
            w->changes[changes.n++] = (struct change){
                op,
                op == CHANGE_DEL ? NULL : differ[i],
                op == CHANGE_ADD ? NULL : differ[i],
            };
        }
    }
    targets_init(&w->targets, &w->plan, &want, &changes);
    objects_done(&want);
}

/* All of 'o1' to 'o3' that are not NULL are missing. */
static void
init(struct world *w, const struct object *o1, const struct object *o2,
     const struct object *o3)
{
    init_guards(w, NFT, CHANGE_ADD, o1, o2, o3);
}

static bool
unfenced(const struct world *w, uint32_t ifindex)
{
    return !targets_find(&w->targets, ifindex)->fenced;
}

static bool
failed(const struct world *w, uint32_t ifindex)
{
    return targets_find(&w->targets, ifindex)->failed;
}

static void
test_unfenced(void **state OVS_UNUSED)
{
    static const struct {
        const struct object *missing[3];
        bool a, b, uplink;
    } v[] = {
        { { NULL }, false, false, false },
        /* One of the two holds. */
        { { &table }, false, false, false },
        { { &own_chain }, false, false, false },
        { { &own_qdisc }, false, false, false },
        { { &drop }, false, false, false },
        /* Neither does. */
        { { &table, &own_qdisc }, true, false, false },
        { { &table, &drop }, true, false, false },
        { { &own_chain, &own_qdisc }, true, false, false },
        { { &table, &uplink_qdisc }, false, false, true },
        { { &table, &uplink_drop }, false, false, true },
        /* What a policy changes. */
        { { &own_element, &own_qdisc }, false, false, false },
        { { &own_element, &common_element, &pass }, false, false, false },
        { { &common_element, &uplink_pass }, false, false, false },
        { { &table, &pass, &uplink_pass }, false, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        struct world w;

        init(&w, v[i].missing[0], v[i].missing[1], v[i].missing[2]);
        assert_int_equal(unfenced(&w, A), v[i].a);
        assert_int_equal(unfenced(&w, B), v[i].b);
        assert_int_equal(unfenced(&w, UPLINK), v[i].uplink);
        targets_done(&w.targets);
    }
}

/* With the kernel module beside nftables, or in its place. */
static void
test_module(void **state OVS_UNUSED)
{
    static const struct {
        int guards;
        enum change_op op;
        const struct object *differ[3];
        bool a, b;
    } v[] = {
        { MODULE, CHANGE_ADD, { NULL }, false, false },
        { MODULE, CHANGE_ADD, { &own_module }, true, false },
        { MODULE, CHANGE_ADD, { &module_segment }, true, false },
        { MODULE, CHANGE_ADD, { &module_host }, true, true },
        /* What a policy changes. */
        { MODULE, CHANGE_MOD, { &own_module, &module_segment }, false, false },
        /* The other guard goes. */
        { MODULE, CHANGE_DEL, { &table, &own_qdisc, &drop }, false, false },
        /* One takes over from the other. */
        { MODULE | NFT, CHANGE_ADD, { &own_module }, false, false },
        { MODULE | NFT, CHANGE_ADD, { &table, &own_qdisc }, false, false },
        { MODULE | NFT,
          CHANGE_ADD,
          { &own_module, &table, &own_qdisc },
          true,
          false },
        { NFT, CHANGE_DEL, { &own_module }, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        struct world w;

        init_guards(&w, v[i].guards, v[i].op, v[i].differ[0], v[i].differ[1],
                    v[i].differ[2]);
        assert_int_equal(unfenced(&w, A), v[i].a);
        assert_int_equal(unfenced(&w, B), v[i].b);
        targets_done(&w.targets);
    }
}

static void
test_refused(void **state OVS_UNUSED)
{
    static const struct {
        const struct object *refused;
        bool a, b, uplink;
    } v[] = {
        { &own_qdisc, true, false, false },
        { &link_up, true, false, false },
        { &drop, true, false, false },
        { &uplink_qdisc, false, false, true },
        { &uplink_drop, false, false, true },
        { &uplink_pass, false, false, false },
        { &uplink_vlan, false, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        struct world w;

        init(&w, v[i].refused, NULL, NULL);
        targets_fail(&w.targets, v[i].refused);
        assert_int_equal(failed(&w, A), v[i].a);
        assert_int_equal(failed(&w, B), v[i].b);
        assert_int_equal(failed(&w, UPLINK), v[i].uplink);
        targets_done(&w.targets);
    }
}

/* The guard says for which device its change was refused, or for all. */
static void
test_guard_refused(void **state OVS_UNUSED)
{
    static const struct {
        const struct object *missing;
        uint32_t ifindex, segment;
        bool a, b, uplink;
    } v[] = {
        { &own_element, A, 0, true, false, false },
        { &own_element, B, 0, false, false, false },
        { &own_element, 0, 0, true, false, false },
        { &own_element, 0, 110, true, false, false },
        { &own_element, 0, 120, false, false, false },
        /* A's neighbours do not suffer for what is A's in their segment. */
        { &common_element, 0, 0, false, false, false },
        { &common_element, 0, 110, false, false, false },
        { &neighbours_element, 0, 110, false, false, false },
        { &table, 0, 0, true, true, true },
        { &table, 0, 110, true, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        struct world w;

        init(&w, v[i].missing, NULL, NULL);
        targets_fail_guard(&w.targets, v[i].ifindex, v[i].segment);
        assert_int_equal(failed(&w, A), v[i].a);
        assert_int_equal(failed(&w, B), v[i].b);
        assert_int_equal(failed(&w, UPLINK), v[i].uplink);
        targets_done(&w.targets);
    }
}

static void
test_up(void **state OVS_UNUSED)
{
    struct world w;

    init(&w, &own_element, NULL, NULL);
    assert_true(targets_find(&w.targets, A)->up);
    targets_done(&w.targets);
    init(&w, &link_up, NULL, NULL);
    assert_false(targets_find(&w.targets, A)->up);
    assert_true(targets_find(&w.targets, B)->up);
    assert_null(targets_find(&w.targets, 9));
    targets_done(&w.targets);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unfenced), cmocka_unit_test(test_module),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_guard_refused),
        cmocka_unit_test(test_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
