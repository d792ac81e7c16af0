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
#include <sys/stat.h>
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
static char *ctl, *good, *bad, *out, *link_, *fifo;

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
        argv[argc++] = !strcmp(w, "GOOD")   ? good
                       : !strcmp(w, "BAD")  ? bad
                       : !strcmp(w, "LINK") ? link_
                       : !strcmp(w, "FIFO") ? fifo
                                            : w;
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
        { "diff -- GOOD", 2, "is cordond running?" },
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
        { "-h", 0, "exit status" },
        { "plug -h", 0, "exit status" },
        { "diff -h", 0, "exit status" },
        { "apply -- -h", 2, "-h: No such file" },
        { "", 2, "which command?" },
        { "nonsense", 2, "no such command" },
        { "--nonsense show", 2, "cordon: --nonsense is no option; try" },
        { "-n show", 2, "cordon: -n is no option; try 'cordon --help'" },
        { "--json --nonsense", 2, "{\"error\":\"--nonsense is no option" },
        { "--control", 2, "--control needs a value; try" },
        { "check", 2, "usage: cordon check" },
        { "check --nonsense GOOD", 2, "usage: cordon check" },
        { "apply", 2, "usage: cordon apply" },
        { "apply --timeout 0 GOOD", 2, "--timeout" },
        { "apply --timeout x GOOD", 2, "--timeout" },
        { "plug", 2, "usage: cordon plug" },
        { "plug --no-wait vif1.0", 2, "usage: cordon plug" },
        { "plug a b", 2, "usage: cordon plug" },
        { "show a b c", 2, "usage: cordon show" },
        { "show --foo", 2, "usage: cordon show" },
        { "show nonsense", 2, "usage: cordon show" },
        { "show port", 2, "usage: cordon show" },
        { "show drops x", 2, "usage: cordon show" },
        { "diff --foo", 2, "usage: cordon diff" },
        { "log --foo", 2, "usage: cordon log" },
        { "show --json --foo", 2, "{\"error\":\"--foo is no option; usage" },
        { "check --offline=1 GOOD", 2, "cordon: --offline takes no value;" },
        { "check -x GOOD", 2, "cordon: -x is no option; usage: cordon check" },
        { "plug --timeout", 2, "cordon: --timeout needs a value; usage" },
        { "snapshot f --foo", 2, "cordon: --foo is no option; usage" },
        { "witness -i", 2, "cordon: -i needs a value; usage" },
        { "trace --foo", 2, "cordon: --foo is no option; usage" },
        { "audit --foo", 2, "cordon: --foo is no option; usage" },
        { "probe --foo", 2, "cordon: --foo is no option; usage" },
        { "--json show a b c", 2, "{\"error\":\"usage: cordon show" },
        { "--json apply", 2, "{\"error\":\"usage: cordon apply" },
        { "--json check", 2, "{\"error\":\"usage: cordon check" },
        { "--json plug --timeout 0 x", 2, "{\"error\":\"--timeout" },
        { "--json", 2, "{\"error\":\"which command?" },
        { "--json nonsense", 2, "{\"error\":\"nonsense: no such command" },
        { "--answer-timeout 0 show", 2, "--answer-timeout" },
        { "diff a b", 2, "usage: cordon diff" },
        { "version x", 2, "usage: cordon version\n" },
        { "log", 2, "usage: cordon log" },
        { "exit now", 2, "usage: cordon exit\n" },
        { "audit --policy /nonexistent", 2, "that is there\n" },
        { "--json audit --policy /nonexistent", 2, "that is there\"}" },
        { "--json check --offline BAD", 1, "\\n^\"}\n" },
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

static pid_t
start(void)
{
    pid_t pid = fork();

    if (!pid) {
        serve();
    }
    for (int i = 0; i < 500 && run("show") == 2; i++) {
        xnanosleep(10 * 1000 * 1000);
    }
    return pid;
}

/* An agent that is there but stopped is given up; one that lives is waited
 * for, however long it takes it to answer. */
static void
with_stopped_agent(void **state OVS_UNUSED)
{
    static const struct vector lives[] = {
        { "--answer-timeout 1 plug --timeout 3 veth1", 1, "no such device" },
    };
    static const struct vector stopped[] = {
        { "--answer-timeout 1 show", 2, "has not answered for 1 seconds" },
        { "--answer-timeout 1 --json apply GOOD", 2, "{\"error\":" },
    };
    pid_t pid = start();
    int status;

    try(lives, ARRAY_SIZE(lives));
    assert_int_equal(kill(pid, SIGSTOP), 0);
    alarm(20); /* A command that waits for good is a failure, not a hang. */
    try(stopped, ARRAY_SIZE(stopped));
    alarm(0);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(run("exit"), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
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
        { "diff", 0, "changes: none" },
        { "diff BAD", 1, ":2:1: error:" },
        { "diff GOOD", 1, "remove" },
        { "diff FIFO", 2, "/fifo: error: not a file;" },
        { "apply FIFO", 2, "/fifo: error: not a file;" },
        { "--json apply FIFO", 2, "put the policy into one\"}" },
        { "apply BAD", 1, "nothing is changed" },
        { "show ports", 0, "acme/web1/0" },
        { "apply BAD", 1, ":2:1: error:" },
        { "unplug veth9", 1, "no such device" },
        { "unplug veth0", 0, "state: closed" },
        { "show ports", 0, "unplugged" },
        { "plug veth0", 0, "state: open" },
        { "log console:off", 0, "" },
        { "log x:y:z", 2, "" },
        { "apply LINK", 0, "link.yaml" },
        { "show", 0, "link.yaml" },
        { "exit", 0, "" },
    };
    pid_t pid = start();
    int status;

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
        cmocka_unit_test(with_stopped_agent),
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
    link_ = xasprintf("%s/link.yaml", dir);
    fifo = xasprintf("%s/fifo", dir);
    if (symlink("good.yaml", link_) || mkfifo(fifo, 0600)) {
        return 99;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(good);
    unlink(bad);
    unlink(link_);
    unlink(fifo);
    unlink(out);
    rmdir(dir);
    free(ctl);
    free(out);
    free(good);
    free(bad);
    free(link_);
    free(fifo);
    return failed;
}
