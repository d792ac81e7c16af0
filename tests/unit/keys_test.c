/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keys of many objects, and objects that stand for many. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "util.h"

static struct arena *arena;

/* Keys of two bytes, in the order given. */
static struct object_keys
make(const char *letters)
{
    struct object_keys k = { .len = 2 };

    for (; *letters; letters++) {
        const uint8_t key[2] = { 7, *letters };

        keys_append(&k, key, arena);
    }
    return k;
}

static void
assert_keys(const struct object_keys *k, const char *letters)
{
    assert_int_equal(k->n, strlen(letters));
    for (size_t i = 0; i < k->n; i++) {
        assert_int_equal(keys_at(k, i)[0], 7);
        assert_int_equal(keys_at(k, i)[1], letters[i]);
    }
}

static void
test_sort(void **state OVS_UNUSED)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "a", "a" },
        { "abc", "abc" },
        { "cba", "abc" },
        { "aabb", "ab" },
        { "aaaa", "a" },
        { "abcb", "abc" },
        { "zyzyx", "xyz" },
        { "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct object_keys k = make(cases[i][0]);

        keys_sort(&k);
        assert_keys(&k, cases[i][1]);
    }
}

static void
test_insert_and_remove(void **state OVS_UNUSED)
{
    struct object_keys k = make("");
    struct object_keys *copy;
    uint8_t key[2] = { 7 };

    for (const char *p = "mbxbmaz"; *p; p++) {
        key[1] = *p;
        keys_insert(&k, key, arena);
    }
    assert_keys(&k, "abmxz");
    copy = keys_copy(&k, arena);
    for (const char *p = "bqzb"; *p; p++) {
        key[1] = *p;
        keys_remove(&k, key);
    }
    assert_keys(&k, "amx");
    assert_keys(copy, "abmxz");
}

static void
test_equal_and_common(void **state OVS_UNUSED)
{
    struct object_keys a = make("abcf"), b = make("bcdfg"),
                       same = make("abcf");
    struct object_keys none = make(""), longer = { .len = 3 };

    assert_true(keys_equal(&a, &same));
    assert_false(keys_equal(&a, &b));
    assert_false(keys_equal(&a, &none));
    keys_append(&longer, (const uint8_t *) "\7ab", arena);
    assert_false(keys_equal(&a, &longer));
    assert_keys(keys_common(&a, &b, arena), "bcf");
    assert_keys(keys_common(&b, &a, arena), "bcf");
    assert_keys(keys_common(&a, &none, arena), "");
    assert_keys(keys_common(&a, &same, arena), "abcf");
    assert_int_equal(keys_common(&a, &longer, arena)->n, 0);
}

static void
describe(const struct object *o, struct ds *ds)
{
    ds_put_format(ds, "%c", o->key[1]);
}

/* An element of "set" that stands for those of 'keys', or one. */
static struct object
element(const struct object_keys *keys, char letter, uint32_t value)
{
    return (struct object){
        .kind = OBJECT_GROUP_ELEMENT,
        .name = "set",
        .keys = keys,
        .key = { keys ? 0 : 7, keys ? 0 : letter },
        .key_len = keys ? 0 : 2,
        .value = { value },
        .describe = describe,
    };
}

/* An array of three: one before, the elements, one after. */
static void
fill(struct objects *os, const struct object_keys *keys, uint32_t value)
{
    struct object around = { .kind = OBJECT_GROUP_SET, .name = "set" };
    struct object o = element(keys, 0, value);

    objects_add(os, &around);
    if (keys) {
        objects_add(os, &o);
    }
    around.kind = OBJECT_MASTER;
    objects_add(os, &around);
    objects_sort(os);
}

static void
assert_diff(const struct object_keys *want, const struct object_keys *have,
            uint32_t value, const char *expected)
{
    struct objects w = { .n = 0 }, h = { .n = 0 };
    struct changes ch = { .n = 0 };
    struct ds ds = DS_EMPTY_INITIALIZER;

    fill(&w, want, value);
    fill(&h, have, 1);
    diff(&w, &h, &ch);
    for (size_t i = 0; i < ch.n; i++) {
        const struct object *o = change_object(&ch.v[i]);

        assert_null(o->keys);
        assert_int_equal(o->key_len, 2);
        assert_string_equal(o->name, "set");
        assert_int_equal(o->kind, OBJECT_GROUP_ELEMENT);
        ds_put_format(&ds, "%c%c", "+~-"[ch.v[i].op], o -> key[1]);
    }
    assert_string_equal(ds_cstr(&ds), expected);
    ds_destroy(&ds);
    changes_done(&ch);
    objects_done(&w);
    objects_done(&h);
}

/* What differs is told key by key; what does not, not at all. */
static void
test_diff(void **state OVS_UNUSED)
{
    struct object_keys a = make("abcf"), b = make("bcdfg"),
                       same = make("abcf");
    struct object_keys none = make("");

    assert_diff(&a, &same, 1, "");
    assert_diff(&a, &b, 1, "+a-d-g");
    assert_diff(&b, &a, 1, "-a+d+g");
    assert_diff(&a, NULL, 1, "+a+b+c+f");
    assert_diff(NULL, &a, 1, "-a-b-c-f");
    assert_diff(&a, &none, 1, "+a+b+c+f");
    assert_diff(NULL, &none, 1, "");
    assert_diff(&a, &b, 2, "+a~b~c-d~f-g");
}

/* One of many keys is found, and no other. */
static void
test_find(void **state OVS_UNUSED)
{
    struct object_keys keys = make("abcf");
    struct objects os = { .n = 0 };
    struct object o = element(&keys, 0, 0);

    assert_null(objects_find(&os, &o));
    fill(&os, &keys, 1);
    assert_ptr_equal(objects_find(&os, &o), &os.v[1]);
    o = element(NULL, 'c', 0);
    assert_ptr_equal(objects_find(&os, &o), &os.v[1]);
    o = element(NULL, 'd', 0);
    assert_null(objects_find(&os, &o));
    o.key_len = 1;
    assert_null(objects_find(&os, &o));
    o = element(NULL, 'c', 0);
    o.name = "other";
    assert_null(objects_find(&os, &o));
    o = (struct object){ .kind = OBJECT_MASTER, .name = "set" };
    assert_ptr_equal(objects_find(&os, &o), &os.v[2]);
    objects_done(&os);
}

static void
test_format(void **state OVS_UNUSED)
{
    struct object_keys keys = make("abf");
    struct object o = element(&keys, 0, 0);
    struct ds ds = DS_EMPTY_INITIALIZER;

    object_format(&o, &ds);
    assert_string_equal(ds_cstr(&ds), "group element set = a, b, f");
    ds_destroy(&ds);
}

/* The elements of a set in which there was none: how long they are is known
 * with the first. */
static void
test_first_of_none(void **state OVS_UNUSED)
{
    const struct object_keys none = { .n = 0 };
    struct object_keys *k = keys_copy(&none, arena);
    const uint8_t key[4] = { 1, 2, 3, 4 };
    const uint8_t *next;

    k->len = sizeof key;
    keys_insert(k, key, arena);
    next = arena_alloc(arena, 64);
    assert_int_equal(k->n, 1);
    assert_memory_equal(keys_at(k, 0), key, sizeof key);
    assert_true(next + 64 <= k->v || next >= k->v + sizeof key);
}

static int
setup(void **state OVS_UNUSED)
{
    arena = arena_new();
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    arena_free(arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_insert_and_remove),
        cmocka_unit_test(test_first_of_none),
        cmocka_unit_test(test_equal_and_common),
        cmocka_unit_test(test_diff),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_format),
    };

    return cmocka_run_group_tests_name("keys", tests, setup, teardown);
}
