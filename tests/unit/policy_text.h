/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_TESTS_UNIT_POLICY_TEXT_H
#define CORDON_TESTS_UNIT_POLICY_TEXT_H 1

/* Include it behind cmocka.h. */

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"

/* The policy that 'text' is; if it is none the test fails. The caller owns
 * it. */
static inline struct policy *
policy_of(const char *text)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;

    if (policy_parse("test", text, strlen(text), &errors, &policy)) {
        fail_msg("%s", ds_cstr(&errors));
    }
    ds_destroy(&errors);
    return policy;
}

#endif /* tests/unit/policy_text.h */
