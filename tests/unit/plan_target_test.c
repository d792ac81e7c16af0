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
static const struct object own_chain = { .kind = OBJECT_NFT_CHAIN,
                                         .ifindex = A };
static const struct object own_qdisc = { .kind = OBJECT_QDISC, .ifindex = A };
static const struct object pass = { .kind = OBJECT_FILTER,
                                    .segment = 110,
                                    .key = { 0, 0, 0, 1, 0, 1, 0, 0, 0, 9 },
                                    .key_len = 10 };
static const struct object drop = { .kind = OBJECT_FILTER,
                                    .segment = 110,
                                    .key = { 0, 0, 0, 1, 0, 2, 0, 0, 0, 1 },
                                    .key_len = 10 };
static const struct object uplink_pass = { .kind = OBJECT_FILTER,
                                           .ifindex = UPLINK,
                                           .key = { 0, 0, 0, 3, 0, 1, 0, 0, 0,
                                                    9 },
                                           .key_len = 10 };
static const struct object uplink_drop = { .kind = OBJECT_FILTER,
                                           .ifindex = UPLINK,
                                           .key = { 0, 0, 0, 3, 0, 2, 0, 0, 0,
                                                    1 },
                                           .key_len = 10 };
static const struct object uplink_vlan = { .kind = OBJECT_VLAN,
                                           .ifindex = UPLINK };
static const struct object uplink_qdisc = { .kind = OBJECT_QDISC,
                                            .ifindex = UPLINK };
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

/* All of 'o1' to 'o3' that are not NULL are missing. */
static void
init(struct world *w, const struct object *o1, const struct object *o2,
     const struct object *o3)
{
    const struct object *missing[] = { o1, o2, o3 };
    struct changes changes = { .n = 0 };

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
    for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
        if (missing[i]) {
            w->changes[changes.n++] =
                (struct change){ CHANGE_ADD, missing[i], NULL };
        }
    }
    targets_init(&w->targets, &w->plan, &changes);
}

static bool
unfenced(const struct world *w, uint32_t ifindex)
{
    return target_is_unfenced(targets_find(&w->targets, ifindex));
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
        uint32_t ifindex;
        bool a, b, uplink;
    } v[] = {
        { &own_element, A, true, false, false },
        { &own_element, B, false, false, false },
        { &own_element, 0, true, false, false },
        /* A's neighbours do not suffer for what is A's in their segment. */
        { &common_element, 0, false, false, false },
        { &table, 0, true, true, true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
        struct world w;

        init(&w, v[i].missing, NULL, NULL);
        targets_fail_guard(&w.targets, v[i].ifindex);
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
        cmocka_unit_test(test_unfenced),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_guard_refused),
        cmocka_unit_test(test_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
