/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Domains and vifs as xenstored tells them, through libxenstore; xenstored is
 * a fake one in a process of its own. */

#include <cordon-config.h>

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <xenstore.h>

#include "inventory/inventory.h"
#include "inventory/xenstore.h"
#include "lib/arena.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "timeval.h"
#include "util.h"
#include "uuid.h"
#include "xenstored_fake.h"

#define UUID_A "01234567-89ab-cdef-0123-456789abcdef"
#define BACKEND "/local/domain/0/backend/vif/"

static char dir[] = "/tmp/cordon-xenstore.XXXXXX";
static pid_t pid = -1;
static struct xs_handle *toolstack;
static struct xenstore *xs;

static void
start_xenstored(void)
{
    char *path = xasprintf("%s/socket", dir);

    pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        xenstored_fake(path);
    }
    for (int i = 0; i < 500 && !toolstack; i++) {
        toolstack = xs_open(XS_OPEN_SOCKETONLY);
        if (!toolstack) {
            xnanosleep(10 * 1000 * 1000);
        }
    }
    assert_non_null(toolstack);
    free(path);
}

static void
stop_xenstored(void)
{
    char *path;

    xs_close(toolstack);
    toolstack = NULL;
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = -1;
        path = xasprintf("%s/socket", dir);
        unlink(path);
        free(path);
    }
}

static void
put(const char *path, const char *value)
{
    assert_true(xs_write(toolstack, XBT_NULL, path, value, strlen(value)));
}

static int
setup(void **state OVS_UNUSED)
{
    start_xenstored();
    xs = xenstore_new();
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    xenstore_free(xs);
    stop_xenstored();
    return 0;
}

static struct inventory *
read_now(void)
{
    struct inventory *inv = xzalloc(sizeof *inv);

    inv->arena = arena_new();
    xenstore_run(xs);
    xenstore_read(xs, inv);
    return inv;
}

/* Waits until xenstore_run() tells of a change, at most 'ms'. */
static bool
wait_changed(int ms)
{
    long long int deadline = time_msec() + ms;

    while (time_msec() < deadline) {
        if (xenstore_run(xs)) {
            return true;
        }
        xenstore_wait(xs);
        poll_timer_wait_until(deadline);
        poll_block();
    }
    return false;
}

static void
domain(unsigned int domid, const char *vm, const char *name)
{
    char path[80];

    snprintf(path, sizeof path, "/local/domain/%u/vm", domid);
    put(path, vm);
    snprintf(path, sizeof path, "/local/domain/%u/name", domid);
    put(path, name);
}

static void
reads_domains_and_vifs(void **state OVS_UNUSED)
{
    struct inventory *inv;
    struct uuid uuid;

    domain(5, "/vm/" UUID_A, "web1");
    domain(11, "/vm/" UUID_A "-2", "web2--incoming");
    domain(0, "/vm/00000000-0000-0000-0000-000000000000", "Domain-0");
    put(BACKEND "5/0/mac", "00:16:3e:00:00:01");
    put(BACKEND "5/0/script", "/etc/xen/scripts/vif-cordon");
    put(BACKEND "5/0/frontend", "/local/domain/5/device/vif/0");
    put(BACKEND "5/10/mac", "00:16:3e:00:00:02");
    put(BACKEND "5/10/vifname", "web1-b");
    put(BACKEND "11/0/handle", "0");
    /* What the guest says of itself is not read. */
    put("/local/domain/5/device/vif/0/mac", "00:16:3e:66:66:66");

    inv = read_now();
    assert_true(inv->xen);
    assert_true(xenstore_known(xs));
    assert_int_equal(inv->n_domains, 2);
    assert_int_equal(inv->domains[0].domid, 5);
    assert_string_equal(inv->domains[0].name, "web1");
    assert_true(uuid_from_string(&uuid, UUID_A));
    assert_true(uuid_equals(&inv->domains[0].uuid, &uuid));
    assert_int_equal(inv->domains[1].domid, 11);
    assert_string_equal(inv->domains[1].name, "web2--incoming");
    assert_int_equal(inv->n_vifs, 3);
    assert_int_equal(inv->vifs[0].domid, 5);
    assert_int_equal(inv->vifs[0].handle, 0);
    assert_true(inv->vifs[0].has_mac);
    assert_int_equal(inv->vifs[0].mac.ea[5], 1);
    assert_string_equal(inv->vifs[0].script, "vif-cordon");
    assert_string_equal(inv->vifs[0].vifname, "");
    assert_int_equal(inv->vifs[1].handle, 10);
    assert_string_equal(inv->vifs[1].vifname, "web1-b");
    assert_int_equal(inv->vifs[2].domid, 11);
    assert_false(inv->vifs[2].has_mac);
    inventory_free(inv);
}

static void
odd_values(void **state OVS_UNUSED)
{
    struct inventory *inv;
    char huge[3000];

    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    domain(1, "/vm/nonsense", "evil");
    domain(2, "/vm/" UUID_A, huge);
    domain(3, huge, "evil");
    domain(4, "/vm/" UUID_A, "two words\n");
    put("/local/domain/05/vm", "/vm/" UUID_A);
    put("/local/domain/99999/vm", "/vm/" UUID_A);
    put("/local/domain/x/vm", "/vm/" UUID_A);
    put(BACKEND "2/0/mac", huge);
    put(BACKEND "2/1/mac", "");
    assert_true(xs_write(toolstack, XBT_NULL, BACKEND "2/2/mac",
                         "00:16:3e:00:00:0\0", 17));
    put(BACKEND "2/3/script", "evil script");
    put(BACKEND "2/3/vifname", "a-name-that-is-too-long");
    put(BACKEND "2/03/mac", "00:16:3e:00:00:01");
    put(BACKEND "2/70000/mac", "00:16:3e:00:00:01");

    inv = read_now();
    assert_int_equal(inv->n_domains, 2);
    assert_int_equal(inv->domains[0].domid, 2);
    assert_string_equal(inv->domains[0].name, "");
    assert_int_equal(inv->domains[1].domid, 4);
    assert_string_equal(inv->domains[1].name, "");
    assert_int_equal(inv->n_vifs, 4);
    for (size_t i = 0; i < inv->n_vifs; i++) {
        assert_false(inv->vifs[i].has_mac);
        assert_string_equal(inv->vifs[i].script, "");
        assert_string_equal(inv->vifs[i].vifname, "");
    }
    inventory_free(inv);
}

/* Nodes that the guest could write are not believed. */
static void
guest_writable(void **state OVS_UNUSED)
{
    struct xs_permissions theirs[] = { { 6, XS_PERM_NONE } };
    struct xs_permissions shared[] = {
        { 0, XS_PERM_NONE },
        { 7, XS_PERM_READ | XS_PERM_WRITE },
    };
    struct xs_permissions usual[] = {
        { 0, XS_PERM_NONE },
        { 8, XS_PERM_READ },
    };
    struct inventory *inv;

    domain(6, "/vm/" UUID_A, "victim");
    domain(7, "/vm/" UUID_A, "victim");
    domain(8, "/vm/" UUID_A, "victim");
    assert_true(xs_set_permissions(toolstack, XBT_NULL, "/local/domain/6/vm",
                                   theirs, 1));
    assert_true(xs_set_permissions(toolstack, XBT_NULL, "/local/domain/7/name",
                                   shared, 2));
    assert_true(xs_set_permissions(toolstack, XBT_NULL, "/local/domain/8/name",
                                   usual, 2));
    inv = read_now();
    assert_int_equal(inv->n_domains, 2);
    assert_int_equal(inv->domains[0].domid, 7);
    assert_string_equal(inv->domains[0].name, "");
    assert_int_equal(inv->domains[1].domid, 8);
    assert_string_equal(inv->domains[1].name, "victim");
    inventory_free(inv);
}

static void
watches(void **state OVS_UNUSED)
{
    struct inventory *inv;

    inventory_free(read_now());
    while (wait_changed(200)) {
        inventory_free(read_now()); /* The first event of each watch. */
    }

    domain(5, "/vm/" UUID_A, "web1");
    put(BACKEND "5/0/mac", "00:16:3e:00:00:01");
    assert_true(wait_changed(2000));
    inv = read_now();
    assert_int_equal(inv->n_domains, 1);
    assert_int_equal(inv->n_vifs, 1);
    inventory_free(inv);
    while (wait_changed(200)) {
        inventory_free(read_now());
    }

    /* What the backend writes all the time does not matter. */
    put(BACKEND "5/0/state", "4");
    put(BACKEND "5/0/hotplug-status", "connected");
    assert_false(wait_changed(300));

    put(BACKEND "5/0/mac", "00:16:3e:00:00:09");
    assert_true(wait_changed(2000));
    inv = read_now();
    assert_int_equal(inv->vifs[0].mac.ea[5], 9);
    inventory_free(inv);

    assert_true(xs_rm(toolstack, XBT_NULL, BACKEND "5/0"));
    assert_true(wait_changed(2000));
    inv = read_now();
    assert_int_equal(inv->n_vifs, 0);
    inventory_free(inv);
}

/* xenstored dies: what was read counts until it is there again. */
static void
restart(void **state OVS_UNUSED)
{
    struct inventory *inv;

    domain(5, "/vm/" UUID_A, "web1");
    inv = read_now();
    assert_int_equal(inv->n_domains, 1);
    inventory_free(inv);

    stop_xenstored();
    assert_true(wait_changed(3000));
    xenstore_refresh(xs);
    inv = read_now();
    assert_false(inv->xen);
    assert_int_equal(inv->n_domains, 1);
    inventory_free(inv);

    start_xenstored();
    assert_true(wait_changed(5000));
    inv = read_now();
    assert_true(inv->xen);
    assert_int_equal(inv->n_domains, 0);
    inventory_free(inv);
}

static void
absent(void **state OVS_UNUSED)
{
    struct inventory *inv;

    stop_xenstored();
    inv = read_now();
    assert_false(inv->xen);
    assert_false(xenstore_known(xs));
    assert_int_equal(inv->n_domains, 0);
    assert_int_equal(inv->n_vifs, 0);
    inventory_free(inv);
}

int
main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(reads_domains_and_vifs),
        T(odd_values),
        T(guest_writable),
        T(watches),
        T(restart),
        T(absent),
    };
    int failed;

    signal(SIGPIPE, SIG_IGN);
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    if (!mkdtemp(dir)) {
        return 99;
    }
    setenv("XENSTORED_RUNDIR", dir, 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
