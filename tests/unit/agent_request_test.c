/* SPDX-License-Identifier: GPL-3.0-or-later */

/* plug, unplug and apply on a fake host: answers come when the kernel holds
 * what they wait for, and every other case is an error and a closed port. */

#include <cordon-config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/request.h"
#include "agent_fake.h"
#include "lib/arena.h"
#include "openvswitch/vlog.h"
#include "policy/policy.h"
#include "timeval.h"
#include "util.h"

static struct agent agent;
static struct fake_call call;

static int
setup(void **state OVS_UNUSED)
{
    fake_init();
    fake_agent_init(&agent, true);
    fake_call_init(&call);
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_call_done(&call);
    fake_done();
    return 0;
}

static void
later(void)
{
    agent.reconciler.retry_at = 0;
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
}

static void
plug_opens(void **state OVS_UNUSED)
{
    request_plug(&agent, &call.up, "veth0", 10);
    agent_run(&agent);
    assert_int_equal(call.answers, 0); /* Not before it is open. */
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
    assert_non_null(strstr(call.output, "acme/web1/0"));
    assert_int_equal(fake_count(OBJECT_UP, 0), 1);
}

static void
plug_waits_for_device(void **state OVS_UNUSED)
{
    fake.there[0] = false;
    request_plug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 0);
    fake.there[0] = true;
    later();
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
}

static void
plug_times_out(void **state OVS_UNUSED)
{
    static const char *const devices[] = { "veth9", "veth0" };

    fake.apply_error = 0;
    fake.there[0] = false;
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        fake_call_done(&call);
        fake_call_init(&call);
        request_plug(&agent, &call.up, devices[i], 0);
        fake_settle(&agent);
        assert_int_equal(call.answers, 1);
        assert_int_equal(call.status, 1);
        assert_non_null(strstr(call.output, "no such device"));
    }
}

static void
plug_without_policy(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_agent_init(&agent, false);
    request_plug(&agent, &call.up, "veth0", 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
    assert_non_null(strstr(call.output, "no policy"));
    assert_int_equal(fake.kernel.n, 0);
}

/* Whatever step the kernel refuses: an answer with its words, a closed port,
 * and it stays closed when the kernel would take it later, until it is
 * plugged again. */
static void
plug_failure_stays_closed(void **state OVS_UNUSED)
{
    static const enum object_kind kinds[] = {
        OBJECT_NFT_ELEMENT,
        OBJECT_VLAN,
        OBJECT_UP,
    };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct fake_call again;

        teardown(NULL);
        setup(NULL);
        fake.fail_kind = kinds[i];
        fake.fail_ifindex = FAKE_IFINDEX;
        request_plug(&agent, &call.up, "veth0", 10);
        fake_settle(&agent);
        later();
        assert_int_equal(call.answers, 1);
        assert_int_equal(call.status, 1);
        assert_non_null(strstr(call.output, "the kernel says no"));
        assert_int_equal(fake_count(OBJECT_UP, 0), 0);
        assert_int_equal(fake_state(&agent, 1), PORT_OPEN);

        fake.fail_kind = -1;
        later();
        assert_int_equal(fake_count(-1, 0), 0);
        assert_int_equal(fake_state(&agent, 0), PORT_FAILED);

        fake_call_init(&again);
        request_plug(&agent, &again.up, "veth0", 10);
        fake_settle(&agent);
        assert_int_equal(again.status, 0);
        assert_int_equal(fake_count(OBJECT_UP, 0), 1);
        fake_call_done(&again);
    }
}

/* The script has been killed: nobody will write hotplug-status. */
static void
plug_given_up_stays_closed(void **state OVS_UNUSED)
{
    fake.there[0] = false;
    request_plug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    fake.there[0] = true;
    call.up.gone = true;
    later();
    later();
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);
    assert_int_equal(fake_state(&agent, 0), PORT_FAILED);
}

static void
unreadable_kernel_is_no_success(void **state OVS_UNUSED)
{
    fake.observe_error = -EIO;
    request_plug(&agent, &call.up, "veth0", 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
    assert_non_null(strstr(call.output, "cannot read"));
}

static void
unplug_leaves_nothing(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    assert_int_equal(fake_count(-1, 0), 3);
    request_unplug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
    assert_int_equal(fake_count(-1, 0), 0);
    assert_int_equal(fake_count(-1, 1), 3);
    later();
    assert_int_equal(fake_count(-1, 0), 0);

    /* A new device under the old name is not held. */
    fake.ifindex[0] = 77;
    later();
    assert_int_equal(fake_count(OBJECT_UP, 0), 1);
}

static void
unplug_of_absent_device(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    fake.there[0] = false;
    request_unplug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
    assert_non_null(strstr(call.output, "no such device"));
    assert_int_equal(fake_count(-1, 0), 0);
}

/* A device that the policy does not name: it is left alone, and not said to
 * be closed; nor is it held when the policy names it later. */
static void
unplug_of_no_port(void **state OVS_UNUSED)
{
    struct policy *policy = fake_policy();

    policy->tenants[1].guests[0].interfaces[0].device = "veth9";
    reconciler_set_policy(&agent.reconciler, policy);
    fake_settle(&agent);
    request_unplug(&agent, &call.up, "veth1", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
    assert_non_null(strstr(call.output, "the device of no port"));

    reconciler_set_policy(&agent.reconciler, fake_policy());
    fake_settle(&agent);
    assert_int_equal(fake_state(&agent, 1), PORT_OPEN);
}

static void
unplug_without_policy(void **state OVS_UNUSED)
{
    agent_done(&agent);
    fake_agent_init(&agent, false);
    request_unplug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 2);
    assert_non_null(strstr(call.output, "there is no policy"));
}

/* What an earlier turn read says nothing about this one. */
static void
unplug_of_unreadable_kernel(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    fake.observe_error = -EIO;
    request_unplug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 0);
    assert_int_equal(fake_count(-1, 0), 3);
    fake.observe_error = 0;
    later();
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
    assert_int_equal(fake_count(-1, 0), 0);
}

/* What the agent itself has written so far is no drift when it goes. */
static void
unplug_during_setup(void **state OVS_UNUSED)
{
    fake.there[0] = false;
    fake_settle(&agent);
    fake.there[0] = true;
    reconciler_dirty(&agent.reconciler);
    agent_run(&agent);
    assert_int_equal(fake_count(OBJECT_NFT_ELEMENT, 0), 1);
    assert_int_equal(fake_count(OBJECT_UP, 0), 0);

    request_unplug(&agent, &call.up, "veth0", 10);
    fake_settle(&agent);
    assert_int_equal(call.status, 0);
    assert_int_equal(fake_count(-1, 0), 0);
    assert_int_equal(agent.reconciler.drifts, 0);
}

static void
unplug_that_fails(void **state OVS_UNUSED)
{
    fake_settle(&agent);
    fake.fail_kind = OBJECT_UP;
    fake.fail_ifindex = FAKE_IFINDEX;
    request_unplug(&agent, &call.up, "veth0", 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
}

static void
apply_waits_until_settled(void **state OVS_UNUSED)
{
    request_apply(&agent, &call.up, 10);
    agent_run(&agent);
    assert_int_equal(call.answers, 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
    assert_non_null(strstr(call.output, "acme/web1/0"));
    assert_non_null(strstr(call.output, "globex/web1/0"));
}

/* A guest that has not all of its devices, or does not run, is no failure. */
static void
apply_with_absent_port(void **state OVS_UNUSED)
{
    struct policy *policy = fake_policy();
    struct policy_guest *guest = &policy->tenants[0].guests[0];
    struct policy_interface *two;

    two = ARENA_ARRAY(policy->arena, struct policy_interface, 2);
    two[0] = two[1] = guest->interfaces[0];
    two[1].port = "acme/web1/1";
    two[1].device = "veth9";
    guest->interfaces = two;
    guest->n_interfaces = 2;
    reconciler_set_policy(&agent.reconciler, policy);
    fake.there[1] = false;
    request_apply(&agent, &call.up, 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 0);
    assert_non_null(strstr(call.output, "absent"));
    assert_int_equal(fake_state(&agent, 0), PORT_OPEN);
}

static void
apply_with_failed_port(void **state OVS_UNUSED)
{
    fake.fail_kind = OBJECT_VLAN;
    fake.fail_ifindex = FAKE_IFINDEX;
    call.up.json = true;
    request_apply(&agent, &call.up, 10);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
    assert_non_null(strstr(call.output, "\"converged\":false"));
    assert_non_null(strstr(call.output, "the kernel says no"));
}

static void
apply_deadline(void **state OVS_UNUSED)
{
    fake.observe_error = -EIO;
    request_apply(&agent, &call.up, 0);
    fake_settle(&agent);
    assert_int_equal(call.answers, 1);
    assert_int_equal(call.status, 1);
}

/* Many wait at once; each gets its own answer, exactly one. */
static void
many_wait(void **state OVS_UNUSED)
{
    struct fake_call calls[200];

    fake.there[1] = false;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        fake_call_init(&calls[i]);
        request_plug(&agent, &calls[i].up, i % 2 ? "veth1" : "veth0", 10);
    }
    fake_settle(&agent);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        assert_int_equal(calls[i].answers, i % 2 ? 0 : 1);
    }
    requests_done(&agent); /* The agent stops: those left are told. */
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        assert_int_equal(calls[i].answers, 1);
        assert_int_equal(calls[i].status, i % 2 ? 2 : 0);
        fake_call_done(&calls[i]);
    }
}

int
main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(plug_opens),
        T(plug_waits_for_device),
        T(plug_times_out),
        T(plug_without_policy),
        T(plug_failure_stays_closed),
        T(plug_given_up_stays_closed),
        T(unreadable_kernel_is_no_success),
        T(unplug_leaves_nothing),
        T(unplug_of_absent_device),
        T(unplug_of_no_port),
        T(unplug_without_policy),
        T(unplug_of_unreadable_kernel),
        T(unplug_during_setup),
        T(unplug_that_fails),
        T(apply_waits_until_settled),
        T(apply_with_absent_port),
        T(apply_with_failed_port),
        T(apply_deadline),
        T(many_wait),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
