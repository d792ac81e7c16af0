/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What golden files cannot show of the policy parser: files that cannot be
 * read, limits, all errors in one run. */

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

#include "lib/diag.h"
#include "openvswitch/dynamic-string.h"
#include "policy/parse.h"
#include "policy/policy.h"
#include "util.h"

/* A directory for files, made anew for each test. */
static char scratch[] = "/tmp/cordon-policy-test-XXXXXX";

static int
setup(void **state OVS_UNUSED)
{
    strcpy(&scratch[strlen(scratch) - 6], "XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int
teardown(void **state OVS_UNUSED)
{
    char *command = xasprintf("rm -rf '%s'", scratch);
    int status = system(command);

    free(command);
    return status;
}

static char *
write_file(const char *name, const char *text, size_t length)
{
    char *path = xasprintf("%s/%s", scratch, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
    return path;
}

static size_t
count(const char *haystack, const char *needle)
{
    size_t n = 0;

    while ((haystack = strstr(haystack, needle))) {
        haystack += strlen(needle);
        n++;
    }
    return n;
}

/* Loads 'path', which has to fail with 'error' and say 'what'. */
static void
fails(const char *path, int error, const char *what)
{
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy = (struct policy *) &errors;

    assert_int_equal(policy_load(path, &errors, &policy), error);
    assert_ptr_equal(policy, &errors); /* Untouched. */
    if (!strstr(ds_cstr(&errors), what)) {
        fail_msg("no \"%s\" in: %s", what, ds_cstr(&errors));
    }
    ds_destroy(&errors);
}

static void
unreadable(void **state OVS_UNUSED)
{
    static const char includes[] =
        "version: 1\ninclude: [ large.yaml, fifo ]\n";
    char *missing = xasprintf("%s/missing.yaml", scratch);
    char *large = write_file("large.yaml", "", 0);
    char *including, *deep, *with_fifo, *fifo;

    fails(missing, -ENOENT, "missing.yaml: error: No such file");
    fails("", -ENOENT, "error: No such file");

    assert_int_equal(truncate(large, 16 * 1024 * 1024 + 1), 0);
    fails(large, -EFBIG, "large.yaml: error: too large");
    including = write_file("including.yaml", includes, strlen(includes));
    free(missing);
    missing = xasprintf("%s/fifo", scratch);
    assert_int_equal(mkfifo(missing, 0600), 0);
    fails(including, -EINVAL,
          "including.yaml:2:12: error: cannot read "
          "\"large.yaml\": too large");
    /* Nobody waits for the other end of a pipe. */
    fails(including, -EINVAL, "error: cannot read \"fifo\": not a file;");
    fails(missing, -ENXIO, "/fifo: error: not a file;");
    fails("/dev/zero", -ENXIO, "/dev/zero: error: not a file;");
    with_fifo = xasprintf("%s/d", scratch);
    assert_int_equal(mkdir(with_fifo, 0700), 0);
    fifo = xasprintf("%s/x.yaml", with_fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    fails(with_fifo, -EINVAL, "/d/x.yaml: error: not a file;");
    free(with_fifo);
    free(fifo);

    /* A chain of includes, each harmless. */
    for (int i = 0; i < 20; i++) {
        char *name = xasprintf("%d.yaml", i);
        char *text = xasprintf("version: 1\ninclude: [ %d.yaml ]\n", i + 1);

        free(write_file(name, text, strlen(text)));
        free(name);
        free(text);
    }
    deep = xasprintf("%s/0.yaml", scratch);
    fails(deep, -EINVAL, "/15.yaml:2:12: error: includes are more than 16");
    free(deep);
    free(including);
    free(large);
    free(missing);
}

/* People may give a policy by a pipe, but no agent waits for one. */
static void
piped(void **state OVS_UNUSED)
{
    static const char good[] = "version: 1\nhost: { uplink: eth1 }\n";
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    int fds[2];
    char *path;

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], good, strlen(good)), strlen(good));
    path = xasprintf("/proc/self/fd/%d", fds[0]);
    fails(path, -ENXIO, "error: not a file; put the policy into one");
    close(fds[1]);
    assert_int_equal(policy_read(path, &errors, &policy), 0);
    assert_string_equal(policy->host.uplink, "eth1");
    policy_free(policy);
    close(fds[0]);
    free(path);
}

static void
one_of_two(void **state OVS_UNUSED)
{
    static const char good[] = "version: 1\nhost: { uplink: eth1 }\n";
    char *path = write_file("good.yaml", good, strlen(good));
    struct ds errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;

    assert_int_equal(policy_load(path, &errors, &policy), 0);
    assert_int_equal(errors.length, 0);
    assert_string_equal(policy->host.uplink, "eth1");
    assert_string_equal(policy->host.bridge, "cordon0");
    assert_int_equal(policy->host.mark_mask, POLICY_MARK_MASK);
    assert_string_equal(policy->host.where.file, path);
    assert_int_equal(policy->host.where.line, 2);
    assert_int_equal(policy->host.where.column, 7);
    assert_int_equal(policy->host.uplink_where.column, 17);
    policy_free(policy);

    assert_int_equal(
        policy_parse("memory", good, strlen(good), &errors, &policy), 0);
    assert_string_equal(policy->host.where.file, "memory");
    policy_free(policy);
    policy_free(NULL);
    assert_int_equal(policy_parse("memory", "version: 1\ninclude: [x]", 23,
                                  &errors, &policy),
                     -EINVAL);
    assert_non_null(strstr(ds_cstr(&errors),
                           "memory:2:10: error: "
                           "\"include\" is possible in files only"));
    ds_destroy(&errors);
    free(path);
}

/* Each of 1,000 interfaces has three errors, and all of them are told, in the
 * order of the text. */
static void
every_error(void **state OVS_UNUSED)
{
    enum { N = 1000 };
    struct ds text = DS_EMPTY_INITIALIZER, errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;
    unsigned int before = 0;

    ds_put_cstr(&text, "version: 1\ntenants:\n  acme:\n    networks: { web: "
                       "{ vlan: 1, subnets: [10.0.0.0/8] } }\n    guests:\n");
    for (int i = 0; i < N; i++) {
        ds_put_format(&text,
                      "      web%d: { interfaces: [ { mac: "
                      "02:00:00:00:00:01, addresses: [10.0.0.1/8], network: "
                      "wbe, mtu: 1500 } ] }\n",
                      i);
    }
    assert_int_equal(
        policy_parse("all", text.string, text.length, &errors, &policy),
        -EINVAL);
    assert_int_equal(count(ds_cstr(&errors), ": error: "), 3 * N);
    assert_int_equal(count(ds_cstr(&errors), "bits set past"), N);
    assert_int_equal(count(ds_cstr(&errors), "has no network \"wbe\""), N);
    assert_int_equal(count(ds_cstr(&errors), "unknown key \"mtu\""), N);
    for (const char *s = ds_cstr(&errors); (s = strstr(s, "all:")); s++) {
        unsigned int line = atoi(s + 4);

        assert_true(line >= before);
        before = line;
    }
    assert_int_equal(before, N + 5);
    ds_destroy(&text);
    ds_destroy(&errors);
}

/* So many that nobody reads them: the first, and how many more. */
static void
too_many_errors(void **state OVS_UNUSED)
{
    struct ds text = DS_EMPTY_INITIALIZER, errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;

    ds_put_cstr(&text, "version: 1\n");
    for (int i = 0; i < DIAG_MAX + 7; i++) {
        ds_put_format(&text, "key%d:\n", i);
    }
    assert_int_equal(
        policy_parse("many", text.string, text.length, &errors, &policy),
        -EINVAL);
    assert_int_equal(count(ds_cstr(&errors), ": error: unknown key"),
                     DIAG_MAX);
    assert_non_null(strstr(ds_cstr(&errors), "\nerror: 7 more errors; "));
    ds_destroy(&text);
    ds_destroy(&errors);
}

/* Appends 'n' times 's', between 'before' and 'after', and returns what the
 * policy made of it says: nothing if it is good. */
static char *
repeated(const char *before, const char *s, size_t n, const char *after)
{
    struct ds text = DS_EMPTY_INITIALIZER, errors = DS_EMPTY_INITIALIZER;
    struct policy *policy = NULL;

    ds_put_cstr(&text, before);
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(&text, s);
    }
    ds_put_cstr(&text, after);
    policy_parse("r", text.string, text.length, &errors, &policy);
    policy_free(policy);
    ds_destroy(&text);
    return ds_steal_cstr(&errors);
}

/* Text that would take libfyaml, or us, very long or much memory. */
static void
bounded(void **state OVS_UNUSED)
{
    static const struct {
        const char *before, *s;
        size_t n;
        const char *after, *says;
    } vectors[] = {
        { "version: ", "[", 1000, "", "r:1:41: error: nested more than" },
        { "version: 1\n", "- ", 1000, "", "not YAML" },
        { "? ", "? ", 1000, "", "nested more than 32" },
        { "", "[", 3 << 20, "", "r:1:2097154: error: the line is longer" },
        { "version: 1\n", "%", 3, "\n", "r:2:1: error: directives (%)" },
        { "%YAML 1.2", "2", 3, "\n---\nversion: 1\n", "directives (%)" },
        { "%YAML 1.2", " ", 3, "\n---\nversion: 1\n", "" },
        { "version: 1\n", " ", 65534, "#\n", "" },
        { "version: 1\n", " ", 65536, "#\n", "more than 65,536 blanks" },
        { "version: 1\nhost: {", "\n\t ", 30000, "}", "65,536 blanks" },
        { "version: 1\ninclude: [", "1,\n", 1000001, "]",
          "more than 1000000 values" },
        { "version: 1\n#", "x", 2000000, "\n", "" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *says = repeated(vectors[i].before, vectors[i].s, vectors[i].n,
                              vectors[i].after);

        if (*vectors[i].says ? !strstr(says, vectors[i].says) : *says) {
            fail_msg("%zu: not \"%s\" but %.200s", i, vectors[i].says, says);
        }
        free(says);
    }
}

/* Two of one MAC and address are one error, however many others there are;
 * one prefix around everybody is one error, not one each. */
static void
one_conflict_each(void **state OVS_UNUSED)
{
    enum { N = 200 };
    struct ds text = DS_EMPTY_INITIALIZER, errors = DS_EMPTY_INITIALIZER;
    struct policy *policy;

    ds_put_cstr(&text, "version: 1\ntenants: { acme: { networks: { web: "
                       "{ vlan: 1, subnets: [10.0.0.0/8] } }, guests: {\n");
    for (int i = 0; i < N; i++) {
        ds_put_format(&text,
                      "web%d: { interfaces: [ { mac: "
                      "02:00:00:00:00:%02x, addresses: [10.0.0.%d], network: "
                      "web } ] },\n",
                      i, i == 150 ? 7 : i, i + 1);
    }
    ds_put_cstr(&text, "all: { interfaces: [ { mac: 02:00:00:00:01:00, "
                       "addresses: [10.0.0.0/24], network: web } ] } } } }\n");
    assert_int_equal(
        policy_parse("all", text.string, text.length, &errors, &policy),
        -EINVAL);
    assert_int_equal(count(ds_cstr(&errors), ": error: "), 2);
    assert_non_null(strstr(ds_cstr(&errors),
                           "all:153:32: error: MAC "
                           "02:00:00:00:00:07 is already that of "
                           "acme/web7/0 in network \"web\" (all:10:30)"));
    assert_non_null(strstr(ds_cstr(&errors), "all:203:60: error: 10.0.0.0/24 "
                                             "overlaps 10.0.0."));
    ds_destroy(&text);
    ds_destroy(&errors);
}

/* Makes a policy of 'before', 'n' times 'item' with its number, and 'after',
 * and expects it to say 'says': nothing if it is good. */
static void
counted(const char *before, const char *item, int n, const char *after,
        const char *says)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    char *errors;

    for (int i = 0; i < n; i++) {
        for (const char *s = item; *s; s++) {
            if (*s == '#') {
                ds_put_format(&text, "%d", i);
            } else {
                ds_put_char(&text, *s);
            }
        }
    }
    errors = repeated(before, ds_cstr(&text), 1, after);
    if (*says ? !strstr(errors, says) : *errors) {
        fail_msg("%d: not \"%s\" but %.400s", n, says, errors);
    }
    free(errors);
    ds_destroy(&text);
}

/* As many as are possible, and one more. */
static void
limits(void **state OVS_UNUSED)
{
    static const char network[] =
        "version: 1\ntenants: { acme: { networks: { web: { vlan: 1, subnets: "
        "[10.0.0.0/8], services: {\n";
    static const struct {
        const char *before, *item;
        int n;
        const char *after, *says;
    } vectors[] = {
        { network, "s#: {},\n", 65, "} } } } }", "has 65 services" },
        { "version: 1\ntenants: { acme: { groups: { web: { ingress: [ { "
          "allow: "
          "tcp, from: any, ports: [ ",
          "#, ", 64, "] } ] } } } }", "" },
        { "version: 1\ntenants: { acme: { groups: { web: { ingress: [ { "
          "allow: "
          "tcp, from: any, ports: [ ",
          "#, ", 65, "] } ] } } } }", "has 65 ports; at most 64" },
        { "version: 1\ntenants: { acme: { groups: { web: { ingress: [ { "
          "allow: "
          "tcp, from: [ ",
          "10.0.0.#, ", 256, "] } ] } } } }", "" },
        { "version: 1\ntenants: { acme: { groups: { web: { ingress: [ { "
          "allow: "
          "tcp, from: [ ",
          "10.0.#.0, ", 257, "] } ] } } } }", "has 257 peers; at most 256" },
        { "version: 1\ntenants: { acme: { groups: { web: { egress: [ ",
          "{ allow: #, to: any }, ", 256, "] } } } }", "" },
        { "version: 1\ntenants: { acme: { groups: { web: { egress: [ ",
          "{ allow: any, to: 10.0.0.0/8 }, ", 1001, "] } } } }",
          "has 1001 rules; at most 1000" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        counted(vectors[i].before, vectors[i].item, vectors[i].n,
                vectors[i].after, vectors[i].says);
    }
}

/* Every beginning of a policy is a policy or has an error, never both. */
static void
truncated(void **state OVS_UNUSED)
{
    static const char text[] =
        "version: 1\n"
        "host: { uplink: eth1, mark_mask: 0xffff0000 }\n"
        "tenants:\n"
        "  acme:\n"
        "    networks:\n"
        "      web: { vlan: 1, subnets: [10.0.0.0/8, \"fd00::/64\"] }\n"
        "    guests:\n"
        "      \"web1\":\n"
        "        interfaces:\n"
        "          - mac: 'fe:00:00:00:00:01'\n"
        "            addresses: [ 10.0.0.1 ]\n"
        "            network: >-\n"
        "              web\n";
    size_t good = 0;

    for (size_t n = 0; n < sizeof text; n++) {
        struct ds errors = DS_EMPTY_INITIALIZER;
        struct policy *policy = NULL;
        int error = policy_parse("t", text, n, &errors, &policy);

        assert_int_equal(!error, policy != NULL);
        assert_int_equal(!error, errors.length == 0);
        assert_true(!error || error == -EINVAL);
        good += !error;
        policy_free(policy);
        ds_destroy(&errors);
    }
    assert_true(good > 3 && good < sizeof text / 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
        cmocka_unit_test(piped),
        cmocka_unit_test_setup_teardown(one_of_two, setup, teardown),
        cmocka_unit_test(every_error),
        cmocka_unit_test(too_many_errors),
        cmocka_unit_test(bounded),
        cmocka_unit_test(one_conflict_each),
        cmocka_unit_test(limits),
        cmocka_unit_test(truncated),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
