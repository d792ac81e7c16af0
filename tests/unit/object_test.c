/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Objects and the merge walk over two arrays of them. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "plan/progress.h"
#include "util.h"

static struct object
vlan(uint32_t ifindex, uint16_t vid, const char *text)
{
    struct object o = {
        .kind = OBJECT_VLAN,
        .ifindex = ifindex,
        .key = { vid >> 8, vid },
        .key_len = 2,
        .text = text,
    };

    return o;
}

static struct object
named(enum object_kind kind, const char *name, const char *text)
{
    struct object o = { .kind = kind, .name = name, .text = text };

    return o;
}

/* What 'changes' are, one letter and device each, in their order. */
static void
assert_changes(const struct changes *ch, const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < ch->n; i++) {
        change_format(&ch->v[i], &ds);
        ds_put_char(&ds, '\n');
    }
    assert_string_equal(ds_cstr(&ds), expected);
    ds_destroy(&ds);
}

static void
assert_diff(const struct object *want, size_t n_want,
            const struct object *have, size_t n_have, const char *expected)
{
    struct objects w = { .n = 0 }, h = { .n = 0 };
    struct changes ch = { .n = 0 };

    for (size_t i = 0; i < n_want; i++) {
        objects_add(&w, &want[i]);
    }
    for (size_t i = 0; i < n_have; i++) {
        objects_add(&h, &have[i]);
    }
    objects_sort(&w);
    objects_sort(&h);
    diff(&w, &h, &ch);
    assert_changes(&ch, expected);
    changes_done(&ch);
    objects_done(&w);
    objects_done(&h);
}

static void
test_diff_nothing(void **state OVS_UNUSED)
{
    struct object o[] = { vlan(2, 110, "tagged"), vlan(3, 110, "tagged") };

    assert_diff(NULL, 0, NULL, 0, "");
    assert_diff(o, 2, o, 2, "");
}

static void
test_diff_ends(void **state OVS_UNUSED)
{
    struct object o[] = { vlan(2, 110, "tagged"), vlan(3, 110, "tagged") };

    assert_diff(o, 2, NULL, 0,
                "+ vlan #2 110 = tagged\n+ vlan #3 110 = tagged\n");
    assert_diff(NULL, 0, o, 2,
                "- vlan #2 110 = tagged\n- vlan #3 110 = tagged\n");
    assert_diff(o, 2, o, 1, "+ vlan #3 110 = tagged\n");
    assert_diff(o + 1, 1, o, 2, "- vlan #2 110 = tagged\n");
}

static void
test_diff_mixed(void **state OVS_UNUSED)
{
    struct object want[] = {
        named(OBJECT_BRIDGE, "cordon0", "up"),
        vlan(2, 110, "pvid untagged"),
        vlan(2, 300, "tagged"),
        vlan(4, 110, "tagged"),
    };
    struct object have[] = {
        vlan(4, 110, "tagged"),
        vlan(2, 110, "tagged"),
        vlan(2, 44, "tagged"),
        named(OBJECT_BRIDGE, "cordon0", "down"),
    };

    assert_diff(want, ARRAY_SIZE(want), have, ARRAY_SIZE(have),
                "~ bridge cordon0 = up (was down)\n"
                "- vlan #2 44 = tagged\n"
                "~ vlan #2 110 = pvid untagged (was tagged)\n"
                "+ vlan #2 300 = tagged\n");
}

/* What is not ours is neither removed nor taken for what is wanted. */
static void
test_diff_foreign(void **state OVS_UNUSED)
{
    struct object want[] = { vlan(2, 110, "tagged") };
    struct object have[] = { vlan(2, 110, "tagged"), vlan(3, 110, "x") };

    have[0].foreign = have[1].foreign = true;
    assert_diff(NULL, 0, have, 2, "");
    assert_diff(want, 1, have, 2, "+ vlan #2 110 = tagged\n");
}

static void
test_compare(void **state OVS_UNUSED)
{
    struct object a = vlan(2, 1, "tagged"), b = a;

    assert_int_equal(object_cmp(&a, &b), 0);
    b.text = "untagged";
    assert_int_equal(object_cmp(&a, &b), 0);
    assert_false(object_same(&a, &b));
    b = a;
    b.value[3] = 1;
    assert_false(object_same(&a, &b));
    b = a;
    b.device = "vif1.0";
    b.segment = 7;
    assert_int_equal(object_cmp(&a, &b), 0);
    assert_true(object_same(&a, &b));
    b.name = "";
    assert_int_equal(object_cmp(&a, &b), 0);

    b = vlan(2, 2, "tagged");
    assert_true(object_cmp(&a, &b) < 0 && object_cmp(&b, &a) > 0);
    b = a;
    b.key_len = 1;
    assert_true(object_cmp(&b, &a) < 0 && object_cmp(&a, &b) > 0);
    b = a;
    b.name = "x";
    assert_true(object_cmp(&a, &b) < 0 && object_cmp(&b, &a) > 0);
    b = a;
    b.ifindex = 1;
    assert_true(object_cmp(&b, &a) < 0 && object_cmp(&a, &b) > 0);
    b = a;
    b.kind = OBJECT_UP;
    assert_true(object_cmp(&a, &b) < 0 && object_cmp(&b, &a) > 0);
}

static void
assert_format(const struct object *o, const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    object_format(o, &ds);
    assert_string_equal(ds_cstr(&ds), expected);
    ds_destroy(&ds);
}

static void
test_format(void **state OVS_UNUSED)
{
    struct object o = vlan(7, 110, "pvid untagged");

    assert_format(&o, "vlan #7 110 = pvid untagged");
    o.device = "vif1.0";
    assert_format(&o, "vlan vif1.0 110 = pvid untagged");

    o = (struct object){
        .kind = OBJECT_FDB,
        .ifindex = 7,
        .device = "vif1.0",
        .key = { 0, 110, 0, 0x16, 0x3e, 0, 0, 1 },
        .key_len = 8,
        .text = "static sticky",
    };
    assert_format(&o, "fdb vif1.0 00:16:3e:00:00:01 vlan 110 = static sticky");

    o = (struct object){
        .kind = OBJECT_NFT_ELEMENT,
        .name = "macs",
        .key = { 1, 0xab },
        .key_len = 2,
        .value = { 5, 0x10 },
    };
    assert_format(&o, "element macs 01ab = 0x5 0x10");
}

/* Which ports wait for which object. */
static void
test_concerns(void **state OVS_UNUSED)
{
    struct object device = vlan(7, 110, ""), segment = vlan(0, 110, ""),
                  shared = vlan(0, 110, "");

    segment.segment = 110;
    assert_true(object_concerns(&device, 7, 120));
    assert_false(object_concerns(&device, 8, 110));
    assert_true(object_concerns(&segment, 7, 110));
    assert_false(object_concerns(&segment, 7, 120));
    assert_false(object_concerns(&segment, 7, 0));
    assert_true(object_concerns(&shared, 7, 120));
    assert_true(object_concerns(&shared, 9, 0));
}

static void
test_progress(void **state OVS_UNUSED)
{
    struct object device = vlan(7, 110, ""), segment = vlan(0, 110, ""),
                  shared = vlan(0, 110, ""), other = vlan(7, 120, "");
    struct change v[] = {
        { CHANGE_ADD, &device, NULL },
        { CHANGE_DEL, NULL, &segment },
        { CHANGE_MOD, &other, &other },
    };
    struct changes ch = { .v = v, .n = ARRAY_SIZE(v) };
    struct progress p;

    device.kind = OBJECT_QDISC;
    segment.kind = OBJECT_FILTER;
    segment.segment = 110;
    progress_init(&p, &ch);
    assert_int_equal(progress_kinds(&p, 7, 110), KIND(OBJECT_QDISC)
                                                     | KIND(OBJECT_FILTER)
                                                     | KIND(OBJECT_VLAN));
    assert_int_equal(progress_kinds(&p, 7, 120),
                     KIND(OBJECT_QDISC) | KIND(OBJECT_VLAN));
    assert_int_equal(progress_kinds(&p, 8, 110), KIND(OBJECT_FILTER));
    assert_int_equal(progress_kinds(&p, 8, 120), 0);
    assert_int_equal(progress_kinds(&p, 8, 0), 0);
    progress_done(&p);

    shared.kind = OBJECT_BRIDGE;
    v[0].want = &shared;
    progress_init(&p, &ch);
    assert_int_equal(progress_kinds(&p, 8, 0), KIND(OBJECT_BRIDGE));
    progress_done(&p);
}

static void
test_stages(void **state OVS_UNUSED)
{
    /* Sorted objects are in the order of stages, so that apply() need not
     * sort changes again. */
    enum object_stage last = STAGE_HOST;

    for (int kind = OBJECT_BRIDGE; kind <= OBJECT_UP; kind++) {
        struct object o = { .kind = kind };

        assert_true(object_stage(&o) >= last);
        last = object_stage(&o);
    }
    assert_int_equal(last, STAGE_OPEN);
}

/* Objects of one key stay in their order: value[0] is where each was. */
static void
assert_sorted(const uint16_t *keys, size_t n)
{
    struct objects os = { .n = 0 };
    uint64_t before = 0, after = 0;

    for (size_t i = 0; i < n; i++) {
        struct object o = vlan(1, keys[i], NULL);

        o.value[0] = i;
        objects_add(&os, &o);
        before += keys[i] * (i + 1);
    }
    objects_sort(&os);
    assert_int_equal(os.n, n);
    for (size_t i = 0; i < n; i++) {
        const struct object *o = &os.v[i];

        assert_int_equal(o->key[0] << 8 | o->key[1], keys[o->value[0]]);
        after += keys[o->value[0]] * (o->value[0] + 1);
        if (i) {
            int c = object_cmp(o - 1, o);

            assert_true(c < 0 || (!c && o[-1].value[0] < o->value[0]));
        }
    }
    assert_int_equal(before, after);
    objects_done(&os);
}

static void
test_sort(void **state OVS_UNUSED)
{
    static const uint16_t cases[][6] = {
        { 1, 2, 3, 4, 5, 6 }, { 6, 5, 4, 3, 2, 1 }, { 1, 1, 1, 1, 1, 1 },
        { 4, 5, 6, 1, 2, 3 }, { 2, 1, 2, 1, 2, 1 }, { 1, 3, 5, 2, 4, 6 },
    };
    uint16_t many[1000];
    uint32_t x = 1;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (size_t n = 0; n <= 6; n++) {
            assert_sorted(cases[i], n);
        }
    }
    for (size_t n = 1; n <= ARRAY_SIZE(many); n += 111) {
        for (size_t i = 0; i < n; i++) {
            x = x * 1664525 + 1013904223;
            many[i] = x >> 22;
        }
        assert_sorted(many, n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diff_nothing),
        cmocka_unit_test(test_diff_ends),
        cmocka_unit_test(test_diff_mixed),
        cmocka_unit_test(test_diff_foreign),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_concerns),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_stages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
