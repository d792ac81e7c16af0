/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Exit statuses of cordon: 0 holds, 1 does not hold, 2 could not tell. With
 * no agent, and with one on a fake host in another process. */

#include <cordon-config.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control.h"
#include "agent_fake.h"
#include "cli/command.h"
#include "fatal-signal.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "util.h"

static char dir[] = "/tmp/cordon-cli.XXXXXX";
static char *ctl, *good, *bad, *out;

static const char good_text[] =
    "version: 1\n"
    "tenants:\n"
    "  acme:\n"
    "    networks: { web: { vlan: 110, subnets: [10.0.0.0/24] } }\n"
    "    guests:\n"
    "      web1: { interfaces: [ { mac: \"00:16:3e:00:00:01\","
    " addresses: [10.0.0.11], network: web } ] }\n";
static const char bad_text[] = "version: 1\nnonsense: 1\n";

/* Runs "cordon --control SOCKET WORDS"; output goes to 'out'. */
static int
run(const char *words)
{
    char *argv[16] = { "cordon", "--control", ctl };
    char *copy = xstrdup(words), *save = NULL;
    int argc = 3, status, saved[2];

    for (char *w = strtok_r(copy, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        argv[argc++] = !strcmp(w, "GOOD") ? good : !strcmp(w, "BAD") ? bad : w;
    }
    fflush(stdout);
    fflush(stderr);
    saved[0] = dup(1);
    saved[1] = dup(2);
    assert_non_null(freopen(out, "w", stdout));
    assert_int_equal(dup2(1, 2), 2);
    status = command_run(argc, argv);
    fflush(stdout);
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    close(saved[0]);
    close(saved[1]);
    free(copy);
    return status;
}

static bool
printed(const char *what)
{
    char text[16384];
    FILE *f = fopen(out, "r");
    size_t n = fread(text, 1, sizeof text - 1, f);

    fclose(f);
    text[n] = '\0';
    return strstr(text, what) != NULL;
}

struct vector {
    const char *words;
    int status;
    const char *contains;
};

static void
try(const struct vector *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int status = run(v[i].words);

        if (status != v[i].status) {
            fail_msg("cordon %s: status %d instead of %d", v[i].words, status,
                     v[i].status);
        } else if (!printed(v[i].contains)) {
            fail_msg("cordon %s: does not print '%s'", v[i].words,
                     v[i].contains);
        }
    }
}

static void
without_agent(void **state OVS_UNUSED)
{
    static const struct vector vectors[] = {
        { "apply GOOD", 2, "is cordond running?" },
        { "diff", 2, "is cordond running?" },
        { "diff GOOD", 2, "is cordond running?" },
        { "show", 2, "is cordond running?" },
        { "show port x", 2, "is cordond running?" },
        { "plug vif1.0", 2, "is cordond running?" },
        { "unplug vif1.0", 2, "is cordond running?" },
        { "log dbg", 2, "is cordond running?" },
        { "exit", 2, "is cordond running?" },
        { "--json show", 2, "{\"error\":\"no agent" },
        { "show --json", 2, "{\"error\":\"no agent" },
        { "check --offline GOOD", 0, "valid: yes" },
        { "--json check --offline GOOD", 0, "\"valid\":true" },
        { "check --offline BAD", 1, ":2:1: error:" },
        { "--json check --offline BAD", 1, "{\"error\":" },
        { "check --offline /nonexistent", 2, "No such file" },
        { "apply /nonexistent", 2, "No such file" },
        { "version", 0, PACKAGE_VERSION },
        { "--version", 0, PACKAGE_VERSION },
        { "--help", 0, "exit status" },
        { "show --help", 0, "exit status" },
        { "", 2, "which command?" },
        { "nonsense", 2, "no such command" },
        { "--nonsense show", 2, "--help" },
        { "check", 2, "usage: cordon check" },
        { "check --nonsense GOOD", 2, "usage: cordon check" },
        { "apply", 2, "usage: cordon apply" },
        { "apply --timeout 0 GOOD", 2, "--timeout" },
        { "apply --timeout x GOOD", 2, "--timeout" },
        { "plug", 2, "usage: cordon plug" },
        { "plug --no-wait vif1.0", 2, "usage: cordon plug" },
        { "plug a b", 2, "usage: cordon plug" },
        { "show a b c", 2, "usage: cordon show" },
        { "diff a b", 2, "usage: cordon diff" },
        { "version x", 2, "usage: cordon version" },
        { "log", 2, "usage: cordon log" },
        { "exit now", 2, "usage: cordon exit" },
    };

    try(vectors, ARRAY_SIZE(vectors));
}

/* An agent of two ports; the second's device is not there. */
static void
serve(void)
{
    struct control *control;
    struct agent agent;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fake_init();
    fake.there[1] = false;
    fake_agent_init(&agent, true);
    if (control_open(ctl, &control)) {
        _exit(1);
    }
    while (!agent.exiting) {
        control_run(control, &agent);
        agent_run(&agent);
        control_wait(control);
        agent_wait(&agent);
        poll_block();
    }
    agent_done(&agent);
    control_flush(control);
    control_close(control);
    fake_done();
    _exit(0);
}

static void
with_agent(void **state OVS_UNUSED)
{
    static const struct vector vectors[] = {
        { "plug veth0", 0, "state: open" },
        { "plug --timeout 1 veth1", 1, "no such device" },
        { "show", 0, "state: converged" },
        { "--json show", 0, "\"state\":\"converged\"" },
        { "show ports", 0, "PORT" },
        { "show port veth0", 0, "vlan: 110" },
        { "show port nobody", 1, "no port" },
        { "show nonsense", 2, "show [" },
        { "diff", 0, "changes: none" },
        { "diff BAD", 1, ":2:1: error:" },
        { "diff GOOD", 1, "remove" },
        { "apply BAD", 1, "nothing is changed" },
        { "show ports", 0, "acme/web1/0" },
        { "unplug veth0", 0, "state: closed" },
        { "show ports", 0, "unplugged" },
        { "plug veth0", 0, "state: open" },
        { "log console:off", 0, "" },
        { "log x:y:z", 2, "" },
        { "exit", 0, "" },
    };
    pid_t pid = fork();
    int status;

    if (!pid) {
        serve();
    }
    for (int i = 0; i < 500 && run("show") == 2; i++) {
        xnanosleep(10 * 1000 * 1000);
    }
    try(vectors, ARRAY_SIZE(vectors));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(run("show"), 2);
}

static char *
write_file(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    fputs(text, f);
    fclose(f);
    return path;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_agent),
        cmocka_unit_test(with_agent),
    };
    int failed;

    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    if (!mkdtemp(dir)) {
        return 99;
    }
    ctl = xasprintf("%s/ctl", dir);
    out = xasprintf("%s/out", dir);
    good = write_file("good.yaml", good_text);
    bad = write_file("bad.yaml", bad_text);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(good);
    unlink(bad);
    unlink(out);
    rmdir(dir);
    free(ctl);
    free(out);
    free(good);
    free(bad);
    return failed;
}
