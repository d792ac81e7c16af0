/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The log of drops on a fake host whose first tenant wants one: what is
 * written, and what is told of what is not. */

#include <cordon-config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/drop_log.h"
#include "agent/reconcile.h"
#include "agent_fake.h"
#include "dataplane/dataplane.h"
#include "lib/reason.h"
#include "openvswitch/json.h"
#include "policy/policy.h"
#include "util.h"

#define LOGS FAKE_IFINDEX        /* The port of the tenant that logs... */
#define OTHER (FAKE_IFINDEX + 1) /* ...and of one that does not. */

static struct {
    struct dropped_frame frames[512];
    size_t n, at;
    uint64_t counted[2]; /* By the ports. */
    bool listening;
    int error;
} kernel;

static int
dropped(size_t max, dropped_cb *cb, void *aux)
{
    if (kernel.error) {
        return kernel.error;
    }
    kernel.listening = true;
    for (size_t i = 0; i < max && kernel.at < kernel.n; i++) {
        cb(&kernel.frames[kernel.at++], aux);
    }
    return kernel.at < kernel.n ? -EAGAIN : 0;
}

static void
unlisten(void)
{
    kernel.listening = false;
}

static int
drops(struct drop_count **ret_drops, size_t *ret_n)
{
    *ret_drops = xcalloc(2, sizeof **ret_drops);
    for (size_t i = 0; i < 2; i++) {
        (*ret_drops)[i] = (struct drop_count){
            .ifindex = FAKE_IFINDEX + i,
            .reason = REASON_SPOOFED_MAC,
            .packets = kernel.counted[i],
        };
    }
    *ret_n = 2;
    return 0;
}

/* The kernel drops 'n' frames of the port and passes on 'passed' of them. */
static void
drop(uint32_t ifindex, size_t n, size_t passed)
{
    kernel.counted[ifindex - FAKE_IFINDEX] += n;
    for (size_t i = 0; i < passed; i++) {
        struct dropped_frame *f = &kernel.frames[kernel.n++];

        *f = (struct dropped_frame){
            .ifindex = ifindex,
            .from = true,
            .reason = REASON_SPOOFED_MAC,
            .n = 14,
            .bytes = "\x02\0\0\0\0\2\x02\0\0\0\0\1\x88\xcc",
        };
    }
}

struct fixture {
    struct agent agent;
    struct dataplane dataplane;
    struct drop_log *log;
    char *dir, *path;
};

static void
want(struct fixture *f, bool logs)
{
    struct policy *p = fake_policy();

    p->tenants[0].log = logs;
    p->tenants[0].guests[0].interfaces[0].where =
        (struct policy_where){ "p.yaml", 12, 3 };
    reconciler_set_policy(&f->agent.reconciler, p);
    fake_settle(&f->agent);
}

static int
set_up(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);
    char template[] = "/tmp/drop-log-XXXXXX";

    memset(&kernel, 0, sizeof kernel);
    fake_init();
    fake_agent_init(&f->agent, false);
    f->dataplane = fake_dataplane;
    f->dataplane.dropped = dropped;
    f->dataplane.unlisten = unlisten;
    f->dataplane.drops = drops;
    f->agent.reconciler.dataplane = &f->dataplane;
    assert_non_null(mkdtemp(template));
    f->dir = xasprintf("%s/new", template);
    f->path = xasprintf("%s/drops.jsonl", f->dir);
    f->log = drop_log_new(f->path);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    drop_log_free(f->log);
    agent_done(&f->agent);
    fake_done();
    unlink(f->path);
    rmdir(f->dir);
    *strrchr(f->dir, '/') = '\0';
    rmdir(f->dir);
    free(f->path);
    free(f->dir);
    free(f);
    return 0;
}

static void
run(struct fixture *f)
{
    for (int i = 0; i < 20; i++) {
        drop_log_run(f->log, &f->agent.reconciler);
    }
}

/* The lines of the file; of the last, 'ret_last'. -1: there is no file. */
static int
read_lines(const struct fixture *f, struct json **ret_last)
{
    FILE *file = fopen(f->path, "re");
    char line[2048];
    int n = 0;

    *ret_last = NULL;
    if (!file) {
        return -1;
    }
    while (fgets(line, sizeof line, file)) {
        json_destroy(*ret_last);
        *ret_last = json_from_string(line);
        assert_int_equal((*ret_last)->type, JSON_OBJECT);
        n++;
    }
    fclose(file);
    return n;
}

static const char *
field(const struct json *json, const char *name)
{
    const struct json *value = shash_find_data(json_object(json), name);

    assert_non_null(value);
    return json_string(value);
}

static int
count_lines(const struct fixture *f)
{
    struct json *last;
    int n = read_lines(f, &last);

    json_destroy(last);
    return n;
}

/* Nobody listens, and there is no file, as long as nobody wants a log. */
static void
test_off(void **state)
{
    struct fixture *f = *state;

    run(f); /* Without a policy. */
    want(f, false);
    drop(LOGS, 1, 1);
    run(f);
    assert_false(kernel.listening);
    assert_int_equal(count_lines(f), -1);
    want(f, true);
    run(f);
    assert_true(kernel.listening);
    want(f, false);
    run(f);
    assert_false(kernel.listening);
}

static void
test_frame(void **state)
{
    struct fixture *f = *state;
    struct json *line;

    want(f, true);
    run(f);
    assert_int_equal(count_lines(f), -1); /* Nothing has been dropped. */
    drop(LOGS, 1, 1);
    drop(OTHER, 1, 1);
    run(f);
    assert_int_equal(read_lines(f, &line), 1);
    assert_string_equal(field(line, "tenant"), "acme");
    assert_string_equal(field(line, "guest"), "web1");
    assert_string_equal(field(line, "port"), "acme/web1/0");
    assert_string_equal(field(line, "device"), "veth0");
    assert_string_equal(field(line, "direction"), "egress");
    assert_string_equal(field(line, "reason"), "spoofed-mac");
    assert_string_equal(field(line, "where"), "p.yaml:12");
    assert_string_equal(field(line, "source_mac"), "02:00:00:00:00:01");
    assert_string_equal(field(line, "ethertype"), "0x88cc");
    json_destroy(line);
}

/* More of one tenant at once than it may log. */
static void
test_flood(void **state)
{
    struct fixture *f = *state;

    want(f, true);
    run(f);
    drop(LOGS, 400, 400);
    run(f);
    assert_in_range(count_lines(f), 200, 300);
}

/* The frames that the kernel passes on were not the guest's, but dropped for
 * 'reason' on their way to it. */
static void
were_others(enum reason reason)
{
    for (size_t i = kernel.at; i < kernel.n; i++) {
        kernel.frames[i].from = false;
        kernel.frames[i].reason = reason;
    }
}

/* What others send does not keep out of the log what a tenant's guests do, nor
 * what its rules drop. */
static void
test_others(void **state)
{
    struct fixture *f = *state;
    int before;

    want(f, true);
    run(f);
    drop(LOGS, 240, 240);
    were_others(REASON_NOT_GATEWAY);
    run(f);
    before = count_lines(f);
    assert_in_range(before, 200, 239);
    drop(LOGS, 10, 10);
    were_others(REASON_NOT_ADDRESSED);
    drop(LOGS, 20, 20);
    run(f);
    assert_in_range(count_lines(f), before + 20, before + 29);
    before = count_lines(f);
    drop(LOGS, 30, 30);
    were_others(REASON_GROUP_INGRESS);
    run(f);
    assert_in_range(count_lines(f), before + 30, before + 39);
}

/* A file that takes nothing, and one that does in its place. */
static void
test_full(void **state)
{
    struct fixture *f = *state;

    want(f, true);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    assert_int_equal(symlink("/dev/full", f->path), 0);
    drop(LOGS, 3, 3);
    run(f);
    assert_int_equal(unlink(f->path), 0);
    run(f);
    assert_int_equal(count_lines(f), -1);
    drop_log_reopen(f->log);
    run(f);
    assert_int_equal(count_lines(f), 3);
}

/* Where nobody can listen, that is tried again later, not at once. */
static void
test_busy(void **state)
{
    struct fixture *f = *state;

    want(f, true);
    kernel.error = -EBUSY;
    run(f);
    kernel.error = 0;
    drop(LOGS, 1, 1);
    run(f);
    assert_false(kernel.listening);
    assert_int_equal(count_lines(f), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_busy, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
