/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Values of xenstore nodes: what is taken and, mostly, what is not. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/xenvalue.h"
#include "packets.h"
#include "util.h"
#include "uuid.h"

/* With its length, so that it may hold a NUL. */
struct value {
    const char *s;
    size_t length;
};
#define V(S)            \
    {                   \
        S, sizeof S - 1 \
    }

static void
numbers(void **state OVS_UNUSED)
{
    static const struct {
        struct value v;
        uint32_t max;
        bool ok;
        uint32_t number;
    } vectors[] = {
        { V("0"), 10, true, 0 },
        { V("7"), 10, true, 7 },
        { V("32751"), 0x7fef, true, 32751 },
        { V("32752"), 0x7fef, false, 0 },
        { V("4294967295"), UINT32_MAX, true, UINT32_MAX },
        { V("4294967296"), UINT32_MAX, false, 0 },
        { V("99999999999"), UINT32_MAX, false, 0 },
        { V(""), 10, false, 0 },
        { V("07"), 10, false, 0 },
        { V("00"), 10, false, 0 },
        { V("-1"), 10, false, 0 },
        { V("+1"), 10, false, 0 },
        { V(" 1"), 10, false, 0 },
        { V("1 "), 10, false, 0 },
        { V("1\n"), 10, false, 0 },
        { V("1\0"), 10, false, 0 },
        { V("0x1"), 10, false, 0 },
        { V("1e0"), 10, false, 0 },
        { V("../1"), 10, false, 0 },
        { V("\xd9\xa1"), 10, false, 0 }, /* An Arabic digit. */
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint32_t n = 0;

        assert_int_equal(xenvalue_number(vectors[i].v.s, vectors[i].v.length,
                                         vectors[i].max, &n),
                         vectors[i].ok);
        assert_int_equal(n, vectors[i].number);
    }
}

static void
macs(void **state OVS_UNUSED)
{
    static const struct eth_addr mac = ETH_ADDR_C(00, 16, 3e, aa, bb, 01);
    static const struct value good[] = {
        V("00:16:3e:aa:bb:01"),
        V("00:16:3E:AA:BB:01"),
    };
    static const struct value bad[] = {
        V(""),
        V("00:16:3e:aa:bb"),
        V("00:16:3e:aa:bb:01\n"),
        V("00:16:3e:aa:bb:0"),
        V("00-16-3e-aa-bb-01"),
        V("00163eaabb01"),
        V("00:16:3e:aa:bb:0g"),
        V("00:16:3e:aa:bb:0\0"),
        V(" 0:16:3e:aa:bb:01"),
        V("00:16:3e:aa:bb:01:02"),
        V("0x:16:3e:aa:bb:01"),
        V("+0:16:3e:aa:bb:01"),
    };
    struct eth_addr m;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(xenvalue_mac(good[i].s, good[i].length, &m));
        assert_true(eth_addr_equals(m, mac));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(xenvalue_mac(bad[i].s, bad[i].length, &m));
    }
}

static void
vms(void **state OVS_UNUSED)
{
#define U "01234567-89ab-cdef-0123-456789abcdef"
    static const struct value good[] = {
        V("/vm/" U),
        V("/vm/" U "-1"),
        V("/vm/" U "-12"),
        V("/vm/01234567-89AB-CDEF-0123-456789ABCDEF"),
    };
    static const struct value bad[] = {
        V(""),
        V(U),
        V("/vm/"),
        V("/VM/" U),
        V("/vm/" U "/"),
        V("/vm/" U "-"),
        V("/vm/" U "-x"),
        V("/vm/" U "-1-1"),
        V("/vm/" U "\0"),
        V("//vm/" U),
        V("/vm//" U),
        V("/vm/01234567-89ab-cdef-0123-456789abcde"),
        V("/vm/0123456789abcdef0123456789abcdef0000"),
        V("/vm/01234567-89ab-cdef-0123-456789abcdeg"),
    };
    struct uuid uuid, u;

    assert_true(uuid_from_string(&uuid, U));
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(xenvalue_vm(good[i].s, good[i].length, &u));
        assert_true(uuid_equals(&u, &uuid));
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(xenvalue_vm(bad[i].s, bad[i].length, &u));
    }
}

static void
names(void **state OVS_UNUSED)
{
    static const struct {
        struct value v;
        const char *name; /* NULL: refused. */
        const char *base;
    } vectors[] = {
        { V("web1"), "web1", "web1" },
        { V("web1--incoming"), "web1--incoming", "web1--incoming" },
        { V("/etc/xen/scripts/vif-cordon"), NULL, "vif-cordon" },
        { V("a/b"), "a/b", "b" },
        { V("123456789012345"), "123456789012345", "123456789012345" },
        { V("1234567890123456"), NULL, NULL },
        { V(""), NULL, NULL },
        { V("/"), "/", NULL },
        { V("dir/"), "dir/", NULL },
        { V("two words"), NULL, NULL },
        { V("a\tb"), NULL, NULL },
        { V("a\nb"), NULL, NULL },
        { V("a\0b"), NULL, NULL },
        { V("\033[2J"), NULL, NULL },
        { V("caf\xc3\xa9"), NULL, NULL },
        { V("\x7f"), NULL, NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const struct value *v = &vectors[i].v;
        char name[16];

        memset(name, 'x', sizeof name);
        if (xenvalue_name(v->s, v->length, 15, name)) {
            assert_non_null(vectors[i].name);
            assert_string_equal(name, vectors[i].name);
        } else {
            assert_null(vectors[i].name);
        }
        if (xenvalue_basename(v->s, v->length, 15, name)) {
            assert_non_null(vectors[i].base);
            assert_string_equal(name, vectors[i].base);
        } else {
            assert_null(vectors[i].base);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(macs),
        cmocka_unit_test(vms),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
