/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a scalar without quotes is: null, boolean, number or string, by the
 * core schema of YAML 1.2 (section 10.3.2), which takes in JSON's. */

#include <cordon-config.h>
#include "policy/plain.h"

#include <string.h>

static bool
is_one_of(const char *s, const char *const *words)
{
    for (; *words; words++) {
        if (**words == *s && !strcmp(s, *words)) {
            return true;
        }
    }
    return false;
}

enum node_type
plain_type(const char *s)
{
    static const char *const nulls[] = {
        "", "~", "null", "Null", "NULL", NULL
    };
    static const char *const bools[] = { "true",  "True",  "TRUE", "false",
                                         "False", "FALSE", NULL };
    static const char *const floats[] = { ".inf", ".Inf", ".INF", ".nan",
                                          ".NaN", ".NAN", NULL };
    const char digits[] = "0123456789";
    const char *p = s + (*s == '-' || *s == '+');
    size_t whole, fraction = 0;

    if (is_one_of(s, nulls)) {
        return NODE_NULL;
    } else if (is_one_of(s, bools)) {
        return NODE_BOOL;
    } else if (is_one_of(p, floats)) {
        return NODE_FLOAT;
    } else if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o')) {
        const char *set = s[1] == 'x' ? "0123456789abcdefABCDEF" : "01234567";

        return s[2] && !s[2 + strspn(&s[2], set)] ? NODE_INTEGER : NODE_STRING;
    }
    whole = strspn(p, digits);
    p += whole;
    if (!*p && whole) {
        return NODE_INTEGER;
    }
    if (*p == '.') {
        fraction = strspn(++p, digits);
        p += fraction;
    }
    if (!whole && !fraction) {
        return NODE_STRING;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        if (!strspn(p, digits)) {
            return NODE_STRING;
        }
        p += strspn(p, digits);
    }
    return *p ? NODE_STRING : NODE_FLOAT;
}
