/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Port security as sets against the corpus: each frame that is to pass is in
 * the port's set, each that is to be dropped is not. And sets against frames:
 * an example out of a set is a frame of that set. */

#include <cordon-config.h>
#include "audit/spec.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "util.h"

/* The attacker of the corpus, tests/model/cast.py. */
static struct prefix
prefix(const char *s)
{
    struct prefix p;

    assert_true(prefix_parse(s, &p));
    return p;
}

#define MAX_PAIRS 6

struct cast {
    struct eth_addr macs[2];
    struct spec_pair pairs[MAX_PAIRS];
    struct prefix others[8], underlay[2], subnets[2];
    uint8_t vrids[1];
    struct spec spec;
};

static void
cast_init(struct cast *c, bool declared, const char *link_local)
{
    static const char *const others[] = {
        "10.0.0.12", "fd00::c", "fe80::ff:fe00:c",
        "10.0.0.1",  "fd00::1", "fe80::ff:fe00:1"
    };
    size_t n = 0, macs = 1;

    memset(c, 0, sizeof *c);
    c->macs[0] = (struct eth_addr){ { { 2, 0, 0, 0, 0, 0x0a } } };
    c->pairs[n++].prefix = prefix("10.0.0.10");
    c->pairs[n++].prefix = prefix("fd00::a");
    if (link_local && !strcmp(link_local, "any")) {
        c->pairs[n].prefix = prefix("fe80::/64");
        c->pairs[n++].free = true;
    } else {
        c->pairs[n++].prefix = prefix(link_local && strcmp(link_local, "eui64")
                                          ? link_local
                                          : "fe80::ff:fe00:a");
    }
    if (declared) {
        c->pairs[n++].prefix = prefix("10.9.0.0/24");
    }
    for (size_t i = 0; i < n; i++) {
        c->pairs[i].mac = c->macs[0];
    }
    if (declared) {
        c->macs[macs] = (struct eth_addr){ { { 0, 0, 0x5e, 0, 1, 5 } } };
        c->pairs[n].mac = c->macs[macs++];
        c->pairs[n++].prefix = prefix("10.0.0.250");
        c->vrids[0] = 5;
        c->spec.n_vrids = 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        c->others[i] = prefix(others[i]);
    }
    c->underlay[0] = prefix("192.0.2.0/24");
    c->underlay[1] = prefix("fd00:ffff::/64");
    c->subnets[0] = prefix("10.0.0.0/24");
    c->subnets[1] = prefix("fd00::/64");
    c->spec.macs = c->macs;
    c->spec.n_macs = macs;
    c->spec.pairs = c->pairs;
    c->spec.n_pairs = n;
    c->spec.others = c->others;
    c->spec.n_others = ARRAY_SIZE(others);
    c->spec.underlay = c->underlay;
    c->spec.n_underlay = 2;
    c->spec.subnets = c->subnets;
    c->spec.n_subnets = 2;
    c->spec.vrids = c->vrids;
}

enum judged { ALLOWED, FORBIDDEN, UNKNOWN };

/* Sets '*ret_reason' of what is forbidden. */
static enum judged
judge(const struct spec *s, const uint8_t *frame, size_t n,
      const char **ret_reason)
{
    enum judged judged = UNKNOWN;
    bool found = false;

    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct header h;
        struct spec_emit e;

        header_make(&h, i / 2, i % 2, HEADER_INGRESS);
        if (!header_has(&h, h.domain, frame, n, 0)) {
            bits_release(region, BITS_NONE);
            continue;
        }
        assert_false(found); /* The shapes do not overlap... */
        found = true;
        spec_emit(s, &h, &e);
        judged = header_has(&h, e.unknown, frame, n, 0) ? UNKNOWN : ALLOWED;
        for (enum reason r = 1; r <= REASON_MAX; r++) {
            if (header_has(&h, e.bad[r], frame, n, 0)) {
                *ret_reason = reason_name(r);
                judged = FORBIDDEN;
                break;
            }
        }
        bits_release(region, BITS_NONE);
    }
    if (!found) { /* ...and every frame has one, if its tag is whole. */
        assert_true(n < 18);
        return FORBIDDEN;
    }
    return judged;
}

static enum judged
judge_all(const struct spec *s, const struct json *frames,
          const char **ret_reason)
{
    enum judged all = ALLOWED;

    for (size_t i = 0; i < json_array(frames)->n; i++) {
        const char *hex = json_string(json_array(frames)->elems[i]);
        size_t n = strlen(hex) / 2;
        uint8_t *frame = xmalloc(n + 1);
        enum judged one;

        for (size_t j = 0; j < n; j++) {
            bool ok;

            frame[j] = hexits_value(&hex[2 * j], 2, &ok);
            assert_true(ok);
        }
        one = n < 14 ? FORBIDDEN : judge(s, frame, n, ret_reason);
        if (one == FORBIDDEN || all == ALLOWED) {
            all = one;
        }
        free(frame);
    }
    return all;
}

static const char *
text(const struct json *entry, const char *key)
{
    const struct json *v = shash_find_data(json_object(entry), key);

    return v && v->type == JSON_STRING ? json_string(v) : NULL;
}

/* What depends on more than one frame, or on other things than the frame, or
 * is more than its header. */
static bool
is_about_more(const char *id)
{
    static const char *const ids[] = {
        "A047", "A048", "A082", "A104", "A133", "A232", /* Whom it is for. */
        "A102", /* A server that no interface is declared to be. */
        "A342", "A343", "A347", "A350", "A352", /* Of the host. */
        "A323", "A324", "A326", /* Lengths that the page leaves open. */
        "A200",                 /* Overlapping fragments. */
    };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        if (!strcmp(ids[i], id)) {
            return true;
        }
    }
    return false;
}

static void
check_corpus(const char *name, size_t at_least)
{
    char *path = xasprintf("%s/tests/corpus/%s",
                           getenv("srcdir") ? getenv("srcdir") : ".", name);
    FILE *file = fopen(path, "re");
    struct ds line = DS_EMPTY_INITIALIZER;
    size_t n = 0, wrong = 0;

    if (!file) {
        fail_msg("%s: cannot open", path);
    }
    while (!ds_get_line(&line, file)) {
        struct json *entry = json_from_string(ds_cstr(&line));
        const char *verdict = text(entry, "verdict"), *id = text(entry, "id");
        const char *reason = "";
        const struct json *frames;
        bool pass = !strcmp(verdict, "PASS") || !strcmp(verdict, "PASS*")
                    || !strncmp(verdict, "POLICY(PASS", 11);
        bool drop = !strcmp(verdict, "DROP") || !strcmp(verdict, "DROP(1st)")
                    || !strcmp(verdict, "POLICY(DROP)");
        struct cast c;
        enum judged judged;

        frames = shash_find_data(json_object(entry), "frames");
        if ((pass || drop) && frames && !is_about_more(id)) {
            cast_init(&c, !strcmp(verdict, "PASS*"),
                      text(entry, "link_local"));
            judged = judge_all(&c.spec, frames, &reason);
            if (judged != (pass ? ALLOWED : FORBIDDEN)) {
                print_error("%s %s: %s: %s %s\n", id, verdict,
                            text(entry, "title"),
                            judged == UNKNOWN   ? "unknown"
                            : judged == ALLOWED ? "allowed"
                                                : "forbidden",
                            reason);
                wrong++;
            }
            n++;
        }
        json_destroy(entry);
    }
    ds_destroy(&line);
    fclose(file);
    free(path);
    assert_false(bits_failed());
    assert_int_equal(wrong, 0);
    assert_true(n >= at_least);
}

static void
test_corpus(void **state OVS_UNUSED)
{
    check_corpus("port-security.jsonl", 225);
}

static void
test_more(void **state OVS_UNUSED)
{
    check_corpus("more.jsonl", 60);
}

/* Each reason of each shape: the example breaks that rule. */
static void
test_examples(void **state OVS_UNUSED)
{
    size_t n = 0;
    struct cast c;

    cast_init(&c, false, NULL);
    for (int i = 0; i < 2 * HEADER_N_SHAPES; i++) {
        size_t region = bits_region();
        struct spec_emit e;
        struct header h;

        header_make(&h, i / 2, i % 2, HEADER_INGRESS);
        spec_emit(&c.spec, &h, &e);
        for (enum reason r = 1; r <= REASON_MAX; r++) {
            uint8_t frame[2048];
            size_t len;

            if (e.bad[r] == BITS_NONE) {
                continue;
            }
            len = header_example(&h, e.bad[r], frame, sizeof frame, NULL);
            assert_true(len >= 14 && len <= sizeof frame);
            assert_true(header_has(&h, e.bad[r], frame, len, 0));
            n++;
        }
        bits_release(region, BITS_NONE);
    }
    assert_false(bits_failed());
    assert_true(n > 60);
}

/* Without addresses nothing is held against a source. */
static void
test_unknown_addresses(void **state OVS_UNUSED)
{
    static const struct eth_addr mac = { { { 2, 0, 0, 0, 0, 0x0a } } };
    static const struct spec s = { .macs = &mac, .n_macs = 1 };
    struct spec_emit e;
    struct header h;

    header_make(&h, HEADER_IP4, false, HEADER_INGRESS);
    spec_emit(&s, &h, &e);
    assert_true(
        bits_disjoint(e.bad[REASON_SPOOFED_IP], bits_u8(&h.nh[12], 10)));
    assert_false(e.bad[REASON_SPOOFED_MAC] == BITS_NONE);
}

static int
setup(void **state OVS_UNUSED)
{
    return header_init(20 << 20);
}

static int
teardown(void **state OVS_UNUSED)
{
    header_done();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_unknown_addresses),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
