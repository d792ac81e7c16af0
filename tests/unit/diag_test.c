/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How an error in a file is told: the guess at what was meant, the place, the
 * line and the mark below it. */

#include <cordon-config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/diag.h"
#include "lib/utf8.h"
#include "openvswitch/dynamic-string.h"
#include "policy/field.h"
#include "util.h"

static void
guesses(void **state OVS_UNUSED)
{
    static const char *const words[] = {
        "vlan", "subnets", "gateways", "link_local", "mac",
    };
    static const struct {
        const char *word, *meant;
    } vectors[] = {
        { "vlna", "vlan" },
        { "vla", "vlan" },
        { "VLAN", "vlan" },
        { "vlans", "vlan" },
        { "wlan", "vlan" },
        { "subnet", "subnets" },
        { "gatways", "gateways" },
        { "gatewya", "gateways" },
        { "LinkLocal", NULL },
        { "link-local", "link_local" },
        { "mca", "mac" },
        { "ma", "mac" },
        { "m", NULL },
        { "", NULL },
        { "colour", NULL },
        { "vlanvlanvlanvlanvlanvlanvlan", NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const char *meant =
            suggest(vectors[i].word, words, ARRAY_SIZE(words), sizeof *words);

        if (!nullable_string_is_equal(meant, vectors[i].meant)) {
            fail_msg("\"%s\": %s", vectors[i].word, meant ? meant : "NULL");
        }
    }
    assert_null(suggest("vlan", NULL, 0, sizeof *words));
}

static void
utf8(void **state OVS_UNUSED)
{
    static const struct {
        const char *s;
        size_t n, length;
    } vectors[] = {
        { "a", 1, 1 },
        { "\0", 1, 1 },
        { "\x7f", 1, 1 },
        { "\x80", 1, 0 },
        { "\xc1\xbf", 2, 0 },
        { "\xc2\x80", 2, 2 },
        { "\xc2", 1, 0 },
        { "\xc2\xc2", 2, 0 },
        { "\xe0\x9f\xbf", 3, 0 },
        { "\xe0\xa0\x80", 3, 3 },
        { "\xed\x9f\xbf", 3, 3 },
        { "\xed\xa0\x80", 3, 0 },
        { "\xee\x80\x80", 3, 3 },
        { "\xef\xbf", 2, 0 },
        { "\xf0\x8f\xbf\xbf", 4, 0 },
        { "\xf0\x90\x80\x80", 4, 4 },
        { "\xf4\x8f\xbf\xbf", 4, 4 },
        { "\xf4\x90\x80\x80", 4, 0 },
        { "\xf5\x80\x80\x80", 4, 0 },
        { "\xff", 1, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        assert_int_equal(utf8_character(vectors[i].s, vectors[i].n),
                         vectors[i].length);
    }
}

/* Text to locate in, where, and what diag_format() makes of it. */
static const struct {
    const char *text;
    size_t offset;
    const char *formatted;
} diags[] = {
    { "", 0, "f:1:1: error: m\n\n^\n" },
    { "ab", 1, "f:1:2: error: m\nab\n ^\n" },
    { "ab", 2, "f:1:3: error: m\nab\n  ^\n" },
    { "a\nb", 2, "f:2:1: error: m\nb\n^\n" },
    { "a\r\nb\r\n", 3, "f:2:1: error: m\nb\n^\n" },
    { "a\rb", 2, "f:2:1: error: m\nb\n^\n" },
    { "\tb", 1, "f:1:2: error: m\n b\n ^\n" },
    { "\xc3\xa4"
      "b",
      2,
      "f:1:2: error: m\n\xc3\xa4"
      "b\n ^\n" },
    { "\x1b[31mb", 5, "f:1:6: error: m\n?[31mb\n     ^\n" },
    { "\xe2\x80\xae"
      "b",
      3, "f:1:2: error: m\n?b\n ^\n" },
    { "\xe2\x80\x93"
      "b",
      3,
      "f:1:2: error: m\n\xe2\x80\x93"
      "b\n ^\n" },
    { "\xff"
      "b",
      1, "f:1:2: error: m\n?b\n ^\n" },
};

static void
errors_written(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(diags); i++) {
        struct diag_source source = {
            .name = "f",
            .text = diags[i].text,
            .length = strlen(diags[i].text),
        };
        struct diag_place place = {
            .source = &source,
            .offset = diags[i].offset,
        };
        struct ds text = DS_EMPTY_INITIALIZER;
        struct diag diag = { .n = 0 };

        diag_locate(&place);
        diag_add(&diag, &place, "%s", "m");
        diag_format(&diag, &text);
        assert_string_equal(ds_cstr(&text), diags[i].formatted);
        diag_done(&diag);
        ds_destroy(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guesses),
        cmocka_unit_test(utf8),
        cmocka_unit_test(errors_written),
    };

    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
