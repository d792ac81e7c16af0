/* SPDX-License-Identifier: GPL-3.0-or-later */

/* States of ports: what has been read back decides. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

/* A plan of one port, #7 in segment 110, and what is wanted for it. */
struct world {
    struct policy_host host;
    struct policy_interface interface;
    struct plan_segment segment;
    struct plan_port port;
    struct plan_port *pointer;
    struct plan plan;
    struct objects want, have;
};

static const struct object wanted[] = {
    { .kind = OBJECT_BRIDGE, .name = "cordon0", .text = "up" },
    { .kind = OBJECT_SYSCTL, .ifindex = 7, .text = "0" },
    { .kind = OBJECT_NFT_RULES, .name = "in", .text = "drop" },
    { .kind = OBJECT_NFT_ELEMENT, .ifindex = 7, .name = "macs" },
    { .kind = OBJECT_QDISC, .ifindex = 7, .text = "clsact" },
    { .kind = OBJECT_FILTER, .segment = 110, .key = { 1 }, .key_len = 1 },
    { .kind = OBJECT_MASTER, .ifindex = 7, .text = "cordon0" },
    { .kind = OBJECT_BRPORT, .ifindex = 7, .text = "locked" },
    { .kind = OBJECT_VLAN, .ifindex = 7, .key = { 0, 110 }, .key_len = 2 },
    { .kind = OBJECT_UP, .ifindex = 7, .text = "up" },
};

static void
init(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->host.bridge = "cordon0";
    w->segment = (struct plan_segment){ .id = 110, .vlan = 110 };
    w->port = (struct plan_port){
        .name = "acme/web1/0",
        .interface = &w->interface,
        .ifindex = 7,
        .segment = &w->segment,
    };
    w->pointer = &w->port;
    w->plan = (struct plan){
        .arena = arena_new(),
        .host = &w->host,
        .segments = &w->segment,
        .n_segments = 1,
        .ports = &w->port,
        .n_ports = 1,
        .by_ifindex = &w->pointer,
        .n_by_ifindex = 1,
    };
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        objects_add(&w->want, &wanted[i]);
    }
}

static void
done(struct world *w)
{
    objects_done(&w->want);
    objects_done(&w->have);
    arena_free(w->plan.arena);
}

static void
assert_state(struct world *w, enum port_state expected, const char *why)
{
    struct changes changes = { .n = 0 };
    struct port_status s;

    diff(&w->want, &w->have, &changes);
    port_states(&w->plan, &w->have, &changes, &s);
    changes_done(&changes);
    assert_string_equal(port_state_name(s.state), port_state_name(expected));
    if (why) {
        assert_non_null(s.why);
        assert_string_equal(s.why, why);
    } else {
        assert_null(s.why);
    }
}

/* As objects appear, from nothing to open. */
static void
test_from_nothing(void **state OVS_UNUSED)
{
    static const enum port_state expected[] = {
        PORT_QUARANTINED, PORT_QUARANTINED, PORT_QUARANTINED, /* - bridge... */
        PORT_QUARANTINED, /* Shared rules alone. */
        PORT_FENCING,     /* An element. */
        PORT_FENCING,     /* Qdisc. */
        PORT_FENCED,      /* Filter: the whole fence. */
        PORT_FENCED,      PORT_FENCED,      PORT_FENCED,      PORT_OPEN,
    };
    struct world w;

    init(&w);
    for (size_t i = 0; i <= ARRAY_SIZE(wanted); i++) {
        assert_state(&w, expected[i], NULL);
        if (i < ARRAY_SIZE(wanted)) {
            objects_add(&w.have, &wanted[i]);
        }
    }
    done(&w);
}

/* Whatever one thing is missing, the port is not open; and it is fenced
 * only if nothing of guard, lock and host is missing. */
static void
test_each_missing(void **state OVS_UNUSED)
{
    for (size_t missing = 0; missing < ARRAY_SIZE(wanted); missing++) {
        bool fence = object_stage(&wanted[missing]) < STAGE_SEGMENT;
        struct world w;

        init(&w);
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
            if (i != missing) {
                objects_add(&w.have, &wanted[i]);
            }
        }
        assert_state(&w, fence ? PORT_FENCING : PORT_FENCED, NULL);
        done(&w);
    }
}

/* More than wanted is not as wanted. */
static void
test_too_much(void **state OVS_UNUSED)
{
    struct object element = wanted[3];
    struct world w;

    init(&w);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        objects_add(&w.have, &wanted[i]);
    }
    assert_state(&w, PORT_OPEN, NULL);
    element.key[0] = 1;
    element.key_len = 1;
    objects_add(&w.have, &element);
    objects_sort(&w.have);
    assert_state(&w, PORT_FENCING, NULL);
    done(&w);
}

static void
test_closed(void **state OVS_UNUSED)
{
    struct object foreign = {
        .kind = OBJECT_QDISC,
        .ifindex = 7,
        .device = "vif1.0",
        .foreign = true,
        .text = "ingress",
    };
    struct world w;

    init(&w);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        objects_add(&w.have, &wanted[i]);
    }
    assert_state(&w, PORT_OPEN, NULL);
    objects_add(&w.have, &foreign);
    objects_sort(&w.have);
    plan_judge(&w.plan, &w.have);
    assert_state(&w, PORT_FAILED, "foreign qdisc vif1.0 = ingress");

    /* Another's does not matter, the host's does. */
    for (size_t i = 0; i < w.have.n; i++) {
        if (w.have.v[i].foreign) {
            w.have.v[i].ifindex = 8;
        }
    }
    plan_judge(&w.plan, &w.have);
    assert_null(w.port.foreign);
    for (size_t i = 0; i < w.have.n; i++) {
        if (w.have.v[i].foreign) {
            w.have.v[i].ifindex = 0;
        }
    }
    plan_judge(&w.plan, &w.have);
    assert_state(&w, PORT_FAILED, "foreign qdisc vif1.0 = ingress");

    plan_judge(&w.plan, &w.want);
    w.port.problem = "no";
    assert_state(&w, PORT_FAILED, "no");
    w.plan.host_problem = "host";
    assert_state(&w, PORT_FAILED, "host");
    w.port.ifindex = 0;
    assert_state(&w, PORT_ABSENT, NULL);
    done(&w);
}

static void
test_mark(void **state OVS_UNUSED)
{
    assert_int_equal(segment_mark(110, 0xffff0000), 110 << 16);
    assert_int_equal(segment_mark(4094, 0x0000fff0), 4094 << 4);
    assert_int_equal(segment_mark(1, 0xffffffff), 1);
    assert_int_equal(segment_mark(1, 0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_nothing),
        cmocka_unit_test(test_each_missing),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
