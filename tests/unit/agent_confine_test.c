/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a confined process may still do, and what it may not. Each try is made
 * in a process of its own. Skipped without root. */

#include <cordon-config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/confine.h"
#include "inventory/inventory.h"
#include "inventory/xenstore.h"
#include "lib/arena.h"
#include "openvswitch/vlog.h"
#include "ovs-thread.h"
#include "timeval.h"
#include "util.h"
#include "xenstored_fake.h"

/* Runs 'f' confined; its result, or minus the signal that ended it. */
static int
confined(int (*f)(void))
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        _exit(confine() ? 99 : f());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
read_links(void)
{
    struct inventory *inv;

    if (inventory_read(NULL, &inv)) {
        return 1;
    }
    inventory_free(inv);
    return 0;
}

static int
write_file(void)
{
    char path[] = "/tmp/cordon-confine.XXXXXX";
    int fd = mkstemp(path);

    return fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) || unlink(path);
}

static void *
thread(void *aux)
{
    *(int *) aux = 0;
    return NULL;
}

static int
start_thread(void)
{
    int result = 1;

    xpthread_join(ovs_thread_create("test", thread, &result), NULL);
    return result;
}

/* libxenstore starts a thread of its own. */
static int
read_xenstore(void)
{
    struct inventory inv = { .arena = arena_new() };
    struct xenstore *xs = xenstore_new();
    int result;

    xenstore_run(xs);
    xenstore_read(xs, &inv);
    result = !inv.xen || !xenstore_known(xs) || inv.n_domains != 0;
    xenstore_free(xs);
    arena_free(inv.arena);
    return result;
}

static int
run_program(void)
{
    execl("/bin/true", "true", (char *) NULL);
    return 1;
}

static int
start_process(void)
{
    pid_t pid = fork();

    if (!pid) {
        _exit(0);
    }
    return pid > 0;
}

static int
trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static int
leave_namespace(void)
{
    return unshare(CLONE_NEWNET) == 0;
}

static int
mount_something(void)
{
    return mount("none", "/mnt", "tmpfs", 0, NULL) == 0;
}

static int
change_owner(void)
{
    return chown("/tmp", 1, 1) == 0;
}

static int
become_other(void)
{
    return setuid(1) == 0;
}

static int
regain(void)
{
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

static int
packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0; /* CAP_NET_RAW is kept. */
}

static void
tries(void **state OVS_UNUSED)
{
    static const struct {
        const char *name;
        int (*function)(void);
        int result;
    } vectors[] = {
        { "read links", read_links, 0 },
        { "write a file", write_file, 0 },
        { "start a thread", start_thread, 0 },
        { "open a packet socket", packet_socket, 0 },
        { "run a program", run_program, -SIGSYS },
        { "start a process", start_process, 0 },
        { "trace", trace, -SIGSYS },
        { "leave the namespace", leave_namespace, -SIGSYS },
        { "mount", mount_something, -SIGSYS },
        { "change an owner", change_owner, 0 },
        { "become another user", become_other, 0 },
        { "keep capabilities", regain, 0 },
    };

    if (geteuid()) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        int result = confined(vectors[i].function);

        if (result != vectors[i].result) {
            fail_msg("%s: %d instead of %d", vectors[i].name, result,
                     vectors[i].result);
        }
    }
}

static void
xenstore(void **state OVS_UNUSED)
{
    char dir[] = "/tmp/cordon-confine.XXXXXX";
    char *path;
    pid_t pid;

    if (geteuid()) {
        skip();
    }
    assert_non_null(mkdtemp(dir));
    path = xasprintf("%s/socket", dir);
    setenv("XENSTORED_RUNDIR", dir, 1);
    pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        xenstored_fake(path);
    }
    for (int i = 0; i < 500 && access(path, F_OK); i++) {
        xnanosleep(10 * 1000 * 1000);
    }
    assert_int_equal(confined(read_xenstore), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink(path);
    rmdir(dir);
    free(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries),
        cmocka_unit_test(xenstore),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
