/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reconciler on a fake host: it opens what the policy names, stage by
 * stage, repairs drift, and a failure of any step leaves that port closed and
 * no other. */

#include <cordon-config.h>

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent_fake.h"
#include "inventory/inventory.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

static struct agent agent;

static int
setup(void **state OVS_UNUSED)
{
    fake_init();
    fake_agent_init(&agent, true);
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_done();
    return 0;
}

/* Lets the pauses after notifications and failures pass. */
static void
later(void)
{
    xnanosleep(30 * 1000 * 1000);
    agent.reconciler.retry_at = 0;
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
}

static void
opens(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    assert_true(agent.reconciler.converged);
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        assert_int_equal(fake_state(&agent, i), PORT_OPEN);
        assert_int_equal(fake_count(-1, i), 3);
    }
    /* One stage a turn, and one turn to see that it holds. */
    assert_int_equal(agent.reconciler.turns, 4);
    assert_int_equal(agent.reconciler.writes, 3);
    assert_int_equal(agent.reconciler.messages, 6);
    assert_int_equal(agent.reconciler.drifts, 0);
}

static void
does_nothing_without_policy(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_agent_init(&agent, false);
    fake_settle(&agent);
    later();
    assert_int_equal(fake.n_observes, 0);
    assert_int_equal(fake.kernel.n, 0);
}

static void
restart_writes_nothing(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    agent_done(&agent);
    fake_agent_init(&agent, true);
    fake_settle(&agent);
    assert_true(agent.reconciler.converged);
    assert_int_equal(agent.reconciler.writes, 0);
    assert_int_equal(agent.reconciler.messages, 0);
    assert_int_equal(agent.reconciler.drifts, 0);
    assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
}

static void
repairs_drift(void **state OVS_UNUSED)
{
    static const enum object_kind kinds[] = {
        OBJECT_NFT_ELEMENT,
        OBJECT_VLAN,
        OBJECT_UP,
    };
    struct object extra = {
        .kind = OBJECT_VLAN,
        .ifindex = FAKE_IFINDEX,
        .name = "",
        .key_len = 1,
        .key = { 99 },
        .text = "x",
    };

    fake_settle(&agent);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        fake_remove(kinds[i], 0);
        later();
        assert_int_equal(agent.reconciler.drifts, i + 1);
        assert_int_equal(fake_count(kinds[i], 0), 1);
        assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
    }
    objects_add(&fake.kernel, &extra);
    later();
    assert_int_equal(agent.reconciler.drifts, ARRAY_SIZE(kinds) + 1);
    assert_int_equal(fake_count(OBJECT_VLAN, 0), 1);
}

/* The device goes and comes back under its old name. */
static void
replaced_device_starts_afresh(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    fake.there[0] = false;
    later();
    assert_int_equal(fake_count(-1, 0), 0);
    for (size_t i = 0; i < fake.kernel.n; i++) {
        assert_true(fake.kernel.v[i].ifindex != FAKE_IFINDEX
                    || fake.kernel.v[i].kind != OBJECT_NFT_ELEMENT);
    }
    assert_int_equal(fake_state(&agent, 1), PORT_OPEN);

    fake.there[0] = true;
    fake.ifindex[0] = 77;
    reconciler_dirty(&agent.reconciler);
    agent_run(&agent);
    assert_int_equal(fake_state(&agent, 0), PORT_QUARANTINED);
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);
    fake_settle(&agent);
    assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
    assert_int_equal(agent.reconciler.drifts, 0);
}

/* Each step in turn is refused by the kernel, with and without a word. */
static void
failure_closes_one_port(void **state OVS_UNUSED)
{
    static const enum object_kind kinds[] = {
        OBJECT_NFT_ELEMENT,
        OBJECT_VLAN,
        OBJECT_UP,
    };

    for (size_t i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
        const struct port_status *status;

        teardown(NULL);
        setup(NULL);
        fake.fail_kind = kinds[i / 2];
        fake.fail_ifindex = FAKE_IFINDEX;
        fake.silent = i % 2;
        fake_settle(&agent);
        later();
        assert_int_equal(fake_state(&agent, 0), PORT_FAILED);
        assert_int_equal(fake_count(OBJECT_UP, 0), 0);
        assert_int_equal(fake_state(&agent, 1), PORT_OPEN);
        assert_true(agent.reconciler.settled);
        assert_false(agent.reconciler.converged);
        status = &agent.reconciler.now->status[0];
        assert_non_null(strstr(status->why, fake.silent
                                                ? "does not hold"
                                                : "the kernel says no"));

        /* And opens once the kernel takes it. */
        fake.fail_kind = -1;
        later();
        assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
        assert_true(agent.reconciler.converged);
    }
}

/* A port that never opens is no reason to write without end, nor to be late
 * with another's drift. */
static void
failure_is_retried_with_pauses(void **state OVS_UNUSED)
{
    uint64_t writes;

    fake.fail_kind = OBJECT_VLAN;
    fake.fail_ifindex = FAKE_IFINDEX;
    fake_settle(&agent);
    writes = agent.reconciler.writes;
    for (int i = 0; i < 20; i++) {
        reconciler_dirty(&agent.reconciler);
        fake_settle(&agent);
    }
    assert_int_equal(agent.reconciler.writes, writes);

    fake_remove(OBJECT_UP, 1);
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
    assert_int_equal(fake_count(OBJECT_UP, 1), 1);
    assert_int_equal(agent.reconciler.drifts, 1);
}

/* What cannot be read is unknown: nothing is written. */
static void
unreadable_changes_nothing(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    fake_remove(OBJECT_UP, 0);

    fake.observe_error = -ENOBUFS;
    later();
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);
    assert_false(agent.reconciler.settled);
    assert_non_null(agent.reconciler.problem);

    fake.observe_error = 0;
    fake.inventory_error = -EIO;
    later();
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);

    fake.inventory_error = 0;
    later();
    assert_int_equal(fake_count(OBJECT_UP, 0), 1);
    assert_null(agent.reconciler.problem);
}

static void
apply_error_is_of_all(void **state OVS_UNUSED)
{
    fake.apply_error = -EPERM;
    fake_settle(&agent);
    later();
    assert_int_equal(fake.kernel.n, 0);
    for (unsigned int i = 0; i < FAKE_PORTS; i++) {
        assert_int_equal(fake_state(&agent, i), PORT_FAILED);
    }
    assert_int_equal(agent.reconciler.writes, 0);
}

/* Somebody who undoes our work must not take all of the processor. */
static void
fight_is_bounded(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    agent.reconciler.turns = 0;
    for (int i = 0; i < 100; i++) {
        if (fake_count(OBJECT_UP, 0)) {
            fake_remove(OBJECT_UP, 0);
        }
        agent_run(&agent);
    }
    assert_true(agent.reconciler.turns < 40);
}

/* A notification brings a turn, soon but not at once again and again. */
static void
notifications_make_turns(void **state OVS_UNUSED)
{
    uint64_t turns;

    fake_settle(&agent);
    xnanosleep(100 * 1000 * 1000);
    agent_run(&agent); /* For what it heard of itself. */
    turns = agent.reconciler.turns;
    agent_run(&agent);
    assert_int_equal(agent.reconciler.turns, turns);

    fake.changed = true;
    fake_remove(OBJECT_UP, 0);
    for (int i = 0; i < 100 && !fake_count(OBJECT_UP, 0); i++) {
        agent_run(&agent);
        xnanosleep(1000 * 1000);
    }
    assert_int_equal(fake_count(OBJECT_UP, 0), 1);
}

/* Turns until nothing is due, and the judging that is due then. */
static unsigned int
judges(void)
{
    unsigned int before = fake.n_judges;

    fake_settle(&agent);
    agent_run(&agent);
    return fake.n_judges - before;
}

/* However slow the test is, what is to be judged later is not due yet. */
static void
no_time_passes(void)
{
    assert_true(agent.reconciler.rejudge.at > 0);
    assert_true(agent.reconciler.rejudge.at < LLONG_MAX);
    agent.reconciler.rejudge.at += 3600 * 1000;
}

/* Running connections are judged once the rules hold, again a second later,
 * and then no more until rules change. */
static void
judges_connections(void **state OVS_UNUSED)
{
    agent_run(&agent);
    /* Rules are being written: what an agent before this one left. */
    assert_int_equal(fake.n_judges, 1);
    assert_int_equal(judges(), 1);
    no_time_passes();
    assert_int_equal(judges(), 0);
    agent.reconciler.rejudge.at = time_msec(); /* The second has passed. */
    assert_int_equal(judges(), 1);
    later();
    assert_int_equal(judges(), 0);

    /* What is no rule decides nothing; a rule does, if it was repaired. */
    fake_remove(OBJECT_UP, 0);
    later();
    assert_int_equal(fake.n_judges, 3);
    fake_remove(OBJECT_NFT_ELEMENT, 0);
    later();
    assert_int_equal(fake.n_judges, 4);

    reconciler_set_policy(&agent.reconciler, fake_policy());
    assert_int_equal(judges(), 1);
    agent.reconciler.next_resync = 0;
    reconciler_dirty(&agent.reconciler);
    assert_int_equal(judges(), 1);

    /* An agent may have died between the rules and this. */
    agent_done(&agent);
    fake_agent_init(&agent, true);
    assert_int_equal(judges(), 1);
}

/* What cannot be judged is shown and tried again. */
static void
judging_fails(void **state OVS_UNUSED)
{
    fake.judge_error = -ENOBUFS;
    assert_int_equal(judges(), 2); /* Ahead of the rules, and with them. */
    no_time_passes();
    assert_int_equal(judges(), 0); /* Not without a pause. */
    assert_non_null(agent.reconciler.rejudge.problem);
    assert_int_equal(fake_state(&agent, 0), PORT_OPEN);

    fake.judge_error = 0;
    agent.reconciler.rejudge.at = time_msec();
    assert_int_equal(judges(), 1);
    assert_null(agent.reconciler.rejudge.problem);
}

/* A rule that the kernel does not take keeps nobody else's connections. */
static void
judges_without_failed_rules(void **state OVS_UNUSED)
{
    fake.fail_kind = OBJECT_NFT_ELEMENT;
    fake.fail_ifindex = FAKE_IFINDEX;
    fake_settle(&agent);
    later();
    assert_int_equal(fake_state(&agent, 0), PORT_FAILED);
    assert_true(fake.n_judges > 0);
    for (int i = 0; i < 20; i++) {
        later();
    }
    /* Ahead of the rules, with them, and a second later. */
    assert_true(fake.n_judges <= 3);

    fake.fail_kind = -1;
    fake.n_judges = 0;
    later();
    assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
    assert_true(fake.n_judges > 0);
}

int
main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(opens),
        T(does_nothing_without_policy),
        T(restart_writes_nothing),
        T(repairs_drift),
        T(replaced_device_starts_afresh),
        T(failure_closes_one_port),
        T(failure_is_retried_with_pauses),
        T(unreadable_changes_nothing),
        T(apply_error_is_of_all),
        T(fight_is_bounded),
        T(notifications_make_turns),
        T(judges_connections),
        T(judging_fails),
        T(judges_without_failed_rules),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
