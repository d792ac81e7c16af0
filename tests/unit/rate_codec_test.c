/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is written of rates is what is read, and what is not ours is not taken
 * for it. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "dataplane/linux/rate.h"
#include "dataplane/linux/ratemsg.h"
#include "dataplane/linux/tcmsg.h"
#include "util.h"

static const uint64_t rates[] = {
    1, 1000, 125000, 25000000, UINT32_MAX, UINT64_C(5000000000),
};

static void
test_shaper(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        for (int set = 0; set < 2; set++) {
            struct nl_msg *msg = set ? ratemsg_set_shaper(7, rates[i], 65536)
                                     : ratemsg_new_shaper(7, rates[i], 65536);
            struct tc_queue q;

            assert_int_equal(ratemsg_parse_queue(nlmsg_hdr(msg), &q), 1);
            assert_int_equal(q.form, TC_QUEUE_SHAPER);
            assert_int_equal(q.ifindex, 7);
            assert_int_equal(q.rate, rates[i]);
            assert_int_equal(q.burst, ratemsg_ticks(rates[i], 65536));
            nlmsg_free(msg);
        }
    }
}

/* Parses a message after 'change' has been made to it. */
static enum tc_queue_form
form_of(struct nl_msg *msg, void (*change)(struct tcmsg *))
{
    struct tc_queue q;

    if (change) {
        change(nlmsg_data(nlmsg_hdr(msg)));
    }
    assert_int_equal(ratemsg_parse_queue(nlmsg_hdr(msg), &q), 1);
    nlmsg_free(msg);
    return q.form;
}

static void
other_handle(struct tcmsg *tcm)
{
    tcm->tcm_handle = 0x80010000;
}

static void
default_handle(struct tcmsg *tcm)
{
    tcm->tcm_handle = 0;
}

static void
test_forms(void **state OVS_UNUSED)
{
    struct nl_msg *msg = ratemsg_new_shaper(7, 1000, 65536);
    struct tc_queue q;

    assert_int_equal(form_of(ratemsg_new_inner(7), NULL), TC_QUEUE_INNER);
    assert_int_equal(form_of(ratemsg_new_inner(7), other_handle),
                     TC_QUEUE_ODD);
    assert_int_equal(form_of(ratemsg_new_shaper(7, 1000, 65536), other_handle),
                     TC_QUEUE_OTHER);

    /* What the kernel has put there by itself is nobody's. */
    default_handle(nlmsg_data(nlmsg_hdr(msg)));
    assert_int_equal(ratemsg_parse_queue(nlmsg_hdr(msg), &q), 0);
    nlmsg_free(msg);
}

static void
check_police(uint64_t rate, uint64_t packets)
{
    struct tc_filter in, out = {
        .block = TC_BLOCK_POLICE | 9,
        .prio = TC_PRIO_POLICE,
        .handle = 1,
        .form = TC_FORM_POLICE,
        .limits = {
            .ifindex = 9,
            .rate = rate,
            .burst = rate ? ratemsg_ticks(rate, 100000) : 0,
            .packets = packets,
        },
    };
    struct nl_msg *msg = tcmsg_new_filter(&out);

    assert_int_equal(tcmsg_parse_filter(nlmsg_hdr(msg), &in), 1);
    assert_int_equal(in.form, TC_FORM_POLICE);
    assert_int_equal(in.block, out.block);
    assert_memory_equal(&in.limits, &out.limits, sizeof in.limits);
    nlmsg_free(msg);
}

static void
test_police(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
        check_police(rates[i], 0);
        check_police(rates[i], 20000);
        check_police(0, rates[i]);
    }
}

/* The actions of one port are not those of another, and a filter elsewhere is
 * no police. */
static void
test_not_police(void **state OVS_UNUSED)
{
    static const uint32_t blocks[] = { TC_BLOCK_POLICE | 8, 0xc0000001, 9 };

    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        struct tc_filter in, out = {
            .block = blocks[i],
            .prio = TC_PRIO_POLICE,
            .handle = 1,
            .form = TC_FORM_POLICE,
            .limits = { .ifindex = 9, .packets = 7 },
        };
        struct nl_msg *msg = tcmsg_new_filter(&out);

        assert_int_equal(tcmsg_parse_filter(nlmsg_hdr(msg), &in), 1);
        assert_int_equal(in.form, TC_FORM_OTHER);
        nlmsg_free(msg);
    }
}

static void
test_numbers(void **state OVS_UNUSED)
{
    assert_int_equal(rate_bytes(0), 0);
    assert_int_equal(rate_bytes(1), 1);
    assert_int_equal(rate_bytes(8000), 1000);
    assert_int_equal(ratemsg_ticks(1000, 64), 1000000);
    assert_int_equal(ratemsg_ticks(0, 65536), 0);
    assert_int_equal(ratemsg_ticks(1, UINT32_MAX), UINT32_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shaper),  cmocka_unit_test(test_forms),
        cmocka_unit_test(test_police),  cmocka_unit_test(test_not_police),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
