/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Text in the audit's page stays text, whatever a name holds. */

#include <cordon-config.h>
#include "audit/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
test_text(void **state OVS_UNUSED)
{
    static const struct {
        const char *in, *out;
    } vectors[] = {
        { "", "" },
        { "vif1.0", "vif1.0" },
        { "<script>", "&lt;script&gt;" },
        { "a&amp;b", "a&amp;amp;b" },
        { "\"' onload=", "&quot;&#39; onload=" },
        { "]]>", "]]&gt;" },
        { "-->", "--&gt;" },
        { "%s%n", "%s%n" },
        { "a\tb\nc\x1b[1m\x7f", "a\\x09b\\x0ac\\x1b[1m\\x7f" },
        { "b\xc3\xbc\xc3\x9f", "b\xc3\xbc\xc3\x9f" },
        { "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
        /* Not UTF-8: alone, too long a form, surrogate, cut off. */
        { "\xff\xfe", "\\xff\\xfe" },
        { "\xc0\xbc", "\\xc0\\xbc" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
        { "\xe2\x82", "\\xe2\\x82" },
        { "\xc3<", "\\xc3&lt;" },
        /* Control characters of Latin 1, right to left, no width, BOM, not a
         * character. */
        { "\xc2\x85", "\\x85" },
        { "\xe2\x80\xae"
          "abc",
          "\\u202eabc" },
        { "\xe2\x80\x8b", "\\u200b" },
        { "\xef\xbb\xbf", "\\ufeff" },
        { "\xef\xbf\xbf", "\\uffff" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        html_text(&s, vectors[i].in);
        assert_string_equal(ds_cstr(&s), vectors[i].out);
        ds_destroy(&s);
    }
}

static void
test_element(void **state OVS_UNUSED)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    html_element(&s, "td class='x'", "<");
    html_format(&s, "b", "%s %d", "&", 1);
    assert_string_equal(ds_cstr(&s), "<td class='x'>&lt;</td><b>&amp; 1</b>");
    ds_destroy(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_element),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
