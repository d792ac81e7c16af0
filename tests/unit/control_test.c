/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The control socket: what is answered, what garbage does, and who is let
 * in. */

#include <cordon-config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control.h"
#include "agent/request.h"
#include "agent_fake.h"
#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

static struct agent agent;
static struct control *control;

static int
setup(void **state OVS_UNUSED)
{
    fake_init();
    fake_agent_init(&agent, true);
    fake_settle(&agent);
    control = control_new();
    return 0;
}

static int
teardown(void **state OVS_UNUSED)
{
    agent_done(&agent);
    control_close(control);
    fake_done();
    return 0;
}

static int
connect_pair(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                     0);
    assert_int_equal(control_serve(control, fds[1]), 0);
    return fds[0];
}

/* Sends 'n' bytes and returns all that comes back, until the other side
 * closes, which '*ret_closed' tells, or nothing more comes. */
static char *
exchange(int fd, const char *bytes, size_t n, bool *ret_closed)
{
    struct ds in = DS_EMPTY_INITIALIZER;
    size_t sent = 0;
    int idle = 0;

    *ret_closed = false;
    while (idle < 20 && !*ret_closed) {
        ssize_t r;
        char c[512];

        if (sent < n) {
            r = send(fd, bytes + sent, n - sent, MSG_NOSIGNAL);
            sent += r > 0 ? r : 0;
        }
        control_run(control, &agent);
        agent_run(&agent);
        r = recv(fd, c, sizeof c, 0);
        if (r > 0) {
            ds_put_buffer(&in, c, r);
            idle = 0;
        } else if (!r || errno != EAGAIN) {
            *ret_closed = true;
        } else {
            idle++;
        }
    }
    return ds_steal_cstr(&in);
}

static char *
call(const char *method, const char *params)
{
    char *request, *reply;
    bool closed;
    int fd = connect_pair();

    request = xasprintf("{\"id\":7,\"method\":\"%s\",\"params\":%s}", method,
                        params);
    reply = exchange(fd, request, strlen(request), &closed);
    assert_false(closed);
    assert_non_null(strstr(reply, "\"id\":7"));
    close(fd);
    free(request);
    return reply;
}

static void
answers(void **state OVS_UNUSED)
{
    static const struct {
        const char *method, *params, *status, *contains;
    } vectors[] = {
        { "version", "[\"json\"]", "0", PACKAGE_VERSION },
        { "show", "[\"text\"]", "0", "converged" },
        { "show", "[\"json\"]", "0", "\\\"writes\\\":3" },
        { "show", "[\"text\",\"ports\"]", "0", "acme/web1/0" },
        { "show", "[\"text\",\"tenants\"]", "0", "VLAN 110" },
        { "show", "[\"json\",\"drops\"]", "0", "spoofed-mac" },
        { "show", "[\"text\",\"port\",\"veth0\"]", "0", "other orders" },
        { "show", "[\"text\",\"port\",\"acme/web1/0\"]", "0", "veth0" },
        { "show", "[\"text\",\"port\",\"nobody\"]", "1", "no port" },
        { "show", "[\"text\",\"port\"]", "2", "show [" },
        { "show", "[\"text\",\"ports\",\"x\"]", "2", "show [" },
        { "show", "[\"text\",\"nonsense\"]", "2", "show [" },
        { "diff", "[\"json\"]", "0", "\\\"changes\\\":[]" },
        { "diff", "[\"json\",\"relative\"]", "2", "absolute" },
        { "diff", "[\"json\",\"/nonexistent/p\"]", "2", "cannot be read" },
        { "apply", "[\"json\",\"5\",\"/nonexistent/p\"]", "2",
          "cannot be read, nothing is changed" },
        { "apply", "[\"json\",\"5\",\"p\"]", "2", "absolute" },
        { "apply", "[\"json\",\"-5\",\"/p\"]", "2", "timeout" },
        { "apply", "[\"json\",\"99999\",\"/p\"]", "2", "timeout" },
        { "apply", "[\"json\",\"5\"]", "2", "number of arguments" },
        { "plug", "[\"json\",\"5\",\"veth0\"]", "0", "open" },
        { "plug", "[\"json\",\"0\",\"veth9\"]", "1", "no such device" },
        { "plug", "[\"json\",\"5\",\"../../etc\"]", "2", "device" },
        { "plug", "[\"json\",\"5\",\"a-name-that-is-too-long\"]", "2",
          "device" },
        { "plug", "[\"json\",\"x\",\"veth0\"]", "2", "timeout" },
        { "unplug", "[\"json\",\"5\",\"veth0\"]", "0", "closed" },
        { "log", "[\"json\",\"nonsense:nonsense\"]", "2", "nonsense" },
        { "nonsense", "[\"json\"]", "2", "no such method" },
        { "show", "[]", "2", "number of parameters" },
        { "show", "[\"xml\"]", "2", "text" },
        { "show", "[1]", "2", "strings" },
        { "show", "[\"text\",null]", "2", "strings" },
        { "show", "[\"text\",[\"ports\"]]", "2", "strings" },
        { "show", "[\"text\",\"po\\u0001rts\"]", "2", "control character" },
        { "show", "[\"text\",\"1\",\"2\",\"3\",\"4\"]", "2", "number" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *reply = call(vectors[i].method, vectors[i].params);
        char *status = xasprintf("\"status\":%s", vectors[i].status);

        if (!strstr(reply, status) || !strstr(reply, vectors[i].contains)) {
            fail_msg("%s %s: %s", vectors[i].method, vectors[i].params, reply);
        }
        free(status);
        free(reply);
    }
}

/* A kernel that says "no such thing", or that there is no such set, is not the
 * same as a port or a word that is not known. */
static void
drops_unreadable(void **state OVS_UNUSED)
{
    static const int errors[] = { -ENOENT, -EINVAL, -EPERM };

    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        static const char *const params[] = {
            "[\"text\",\"drops\"]",
            "[\"text\",\"port\",\"veth0\"]",
        };

        fake.drops_error = errors[i];
        for (size_t j = 0; j < ARRAY_SIZE(params); j++) {
            char *reply = call("show", params[j]);

            assert_non_null(strstr(reply, "\"status\":2"));
            assert_non_null(strstr(reply, "cannot read the kernel"));
            free(reply);
        }
    }
}

/* Ends the connection, and nothing else; the next one is served. */
static void
garbage(void **state OVS_UNUSED)
{
#define G(S)            \
    {                   \
        S, sizeof S - 1 \
    }
    static const struct {
        const char *s;
        size_t n;
    } vectors[] = {
        G("garbage "),
        G("\0\0\0\0"),
        G("GET / HTTP/1.0\r\n\r\n"),
        G("{\"id\":1}"),
        G("[1,2,3]"),
        G("{}{}{}"),
        G("\"string\""),
        G("{\"id\":1,\"method\":5,\"params\":[]}"),
        G("{\"id\":1,\"method\":\"show\"}"),
        G("{\"id\":1,\"method\":\"show\",\"params\":{}}"),
        G("{\"id\":null,\"method\":\"show\",\"params\":[\"text\"]}"),
        G("{\"id\":1,\"result\":1,\"error\":null}"),
        G("]]]]]]"),
        G("{\"id\":1,,}"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        int fd = connect_pair();
        char *reply;
        bool closed;

        free(exchange(fd, vectors[i].s, vectors[i].n, &closed));
        if (!closed) {
            fail_msg("vector %" PRIuSIZE " is still connected", i);
        }
        close(fd);
        reply = call("show", "[\"text\"]");
        assert_non_null(strstr(reply, "converged"));
        free(reply);
    }
}

/* A message without end, and one that is only nested. */
static void
too_much(void **state OVS_UNUSED)
{
    char *bytes = xmalloc(1 << 20);

    for (int i = 0; i < 2; i++) {
        int fd = connect_pair();
        bool closed;

        memset(bytes, i ? '[' : 'a', 1 << 20);
        memcpy(bytes, "{\"id\":\"", i ? 0 : 7);
        free(exchange(fd, bytes, 1 << 20, &closed));
        assert_true(closed);
        close(fd);
    }
    free(bytes);
}

static void
bytes_one_by_one(void **state OVS_UNUSED)
{
    static const char s[] = "{\"id\":1,\"method\":\"version\","
                            "\"params\":[\"text\"]}";
    int fd = connect_pair();
    bool closed;
    char *reply = NULL;

    for (size_t i = 0; i < sizeof s - 1; i++) {
        free(reply);
        reply = exchange(fd, s + i, 1, &closed);
        assert_false(closed);
    }
    assert_non_null(strstr(reply, "agent: "));
    free(reply);
    close(fd);
}

/* Many requests wait on many connections; those whose peer has gone are
 * given up, the others get their answers. */
static void
many_wait(void **state OVS_UNUSED)
{
    static const char s[] = "{\"id\":1,\"method\":\"plug\","
                            "\"params\":[\"text\",\"30\",\"veth1\"]}";
    int fds[100];
    bool closed;

    fake.there[1] = false;
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = connect_pair();
        assert_int_equal(send(fds[i], s, sizeof s - 1, 0), sizeof s - 1);
    }
    for (int i = 0; i < 5; i++) {
        control_run(control, &agent);
        fake_settle(&agent);
    }
    assert_int_equal(ovs_list_size(&agent.requests), ARRAY_SIZE(fds));
    for (size_t i = 0; i < ARRAY_SIZE(fds); i += 2) {
        close(fds[i]);
    }
    for (int i = 0; i < 5; i++) {
        control_run(control, &agent);
        fake_settle(&agent);
    }
    assert_int_equal(ovs_list_size(&agent.requests), ARRAY_SIZE(fds) / 2);

    fake.there[1] = true;
    reconciler_dirty(&agent.reconciler);
    fake_settle(&agent);
    assert_true(ovs_list_is_empty(&agent.requests));
    for (size_t i = 1; i < ARRAY_SIZE(fds); i += 2) {
        char *reply = exchange(fds[i], "", 0, &closed);

        assert_false(closed);
        assert_non_null(strstr(reply, "\"status\":0"));
        free(reply);
        close(fds[i]);
    }
}

static void
exits(void **state OVS_UNUSED)
{
    free(call("exit", "[\"text\"]"));
    assert_true(agent.exiting);
}

static void
socket_file(void **state OVS_UNUSED)
{
    char dir[] = "/tmp/cordon-control.XXXXXX";
    char *sub, *path;
    struct control *c, *other;
    struct stat s;

    assert_non_null(mkdtemp(dir));
    sub = xasprintf("%s/run", dir);
    path = xasprintf("%s/ctl", sub);
    assert_int_equal(control_open(path, &c), 0);
    assert_int_equal(stat(sub, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0700);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);

    /* Somebody serves it already. */
    assert_int_equal(control_open(path, &other), -EADDRINUSE);
    control_close(c);
    assert_int_equal(access(path, F_OK), -1);

    /* Others could put their own socket there. */
    assert_int_equal(chmod(sub, 0777), 0);
    assert_int_equal(control_open(path, &c), -EPERM);
    rmdir(sub);
    rmdir(dir);
    free(sub);
    free(path);
}

/* Another user is turned away even if the file lets him in. */
static void
other_user(void **state OVS_UNUSED)
{
    char dir[] = "/tmp/cordon-control.XXXXXX";
    char *path, byte;
    pid_t pid;
    int fd, status;

    if (geteuid()) {
        skip();
    }
    assert_non_null(mkdtemp(dir));
    path = xasprintf("%s/ctl", dir);
    control_close(control);
    assert_int_equal(control_open(path, &control), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(path, 0666), 0);
    pid = fork();
    if (!pid) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };

        ovs_strlcpy(un.sun_path, path, sizeof un.sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (setuid(65534) || connect(fd, (struct sockaddr *) &un, sizeof un)) {
            _exit(1);
        }
        _exit(recv(fd, &byte, 1, 0) == 0 ? 0 : 2); /* Closed at once. */
    }
    while (!waitpid(pid, &status, WNOHANG)) {
        control_run(control, &agent);
        xnanosleep(1000 * 1000);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    /* Root is let in the same way. */
    fd = make_unix_socket(SOCK_STREAM, true, NULL, path);
    assert_true(fd >= 0);
    {
        static const char s[] = "{\"id\":1,\"method\":\"version\","
                                "\"params\":[\"text\"]}";
        bool closed;
        char *reply = exchange(fd, s, sizeof s - 1, &closed);

        assert_false(closed);
        assert_non_null(strstr(reply, "agent: "));
        free(reply);
    }
    close(fd);
    unlink(path);
    rmdir(dir);
    free(path);
}

int
main(void)
{
#define T(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(answers),  T(drops_unreadable), T(garbage),
        T(too_much), T(many_wait),        T(bytes_one_by_one),
        T(exits),    T(socket_file),      T(other_user),
    };

    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
