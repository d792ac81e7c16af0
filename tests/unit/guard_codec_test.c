/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the guard writes is what it reads: rules, sets and elements go to
 * netlink messages and back. */

#include <cordon-config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "dataplane/linux/group.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft_memo.h"
#include "dataplane/linux/nft_rule.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_set.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "plan/object.h"
#include "policy/policy.h"
#include "util.h"

static char buf[65536];

/* A line to a rule, to a message, to a rule, to a line. */
static void
check_line(const char *line, size_t n)
{
    struct nftnl_rule *out = nftnl_rule_alloc(), *in = nftnl_rule_alloc();
    struct ds seen = DS_EMPTY_INITIALIZER;
    char *expected = xmemdup0(line, n);
    struct nlmsghdr *nlh;

    assert_int_equal(nft_rule_put(line, n, out), 0);
    nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWRULE, NFPROTO_NETDEV, 0, 1);
    nftnl_rule_nlmsg_build_payload(nlh, out);
    assert_int_equal(nftnl_rule_nlmsg_parse(nlh, in), 0);
    nft_rule_parse(in, &seen);
    assert_string_equal(ds_cstr(&seen), expected);
    ds_destroy(&seen);
    free(expected);
    nftnl_rule_free(out);
    nftnl_rule_free(in);
}

/* All rules that the guard has, for hosts with few and many endpoints, with
 * and without a log of drops. */
static void
check_rules(size_t n_underlay, bool logs)
{
    struct prefix underlay[16];
    struct policy_host host = {
        .mark_mask = 0x0fff0000,
        .underlay = underlay,
        .n_underlay = n_underlay,
    };
    struct arena *arena = arena_new();
    struct objects want = { .n = 0 };
    size_t n_lines = 0;

    for (size_t i = 0; i < n_underlay; i++) {
        char *s = xasprintf(i % 2 ? "fd00:%zx::/%zu" : "10.%zu.0.0/%zu", i,
                            16 + i / 2);

        assert_true(prefix_parse(s, &underlay[i]));
        free(s);
    }
    guard_want_rules(&host, logs, arena, &want);
    for (size_t i = 0; i < want.n; i++) {
        const char *line = want.v[i].text;

        while (want.v[i].kind == OBJECT_NFT_RULES && *line) {
            size_t n = strcspn(line, "\n");

            check_line(line, n);
            n_lines++;
            line += n + (line[n] == '\n');
        }
    }
    assert_true(n_lines > 300);
    objects_done(&want);
    arena_free(arena);
}

static void
test_guard_rules(void **state OVS_UNUSED)
{
    check_rules(0, false);
    check_rules(4, true);
    check_rules(16, false);
}

static void
test_lines(void **state OVS_UNUSED)
{
    static const char *const lines[] = {
        "accept",
        "drop",
        "return",
        "goto x",
        "jump in-4",
        "iif == 0000000a; accept",
        "mark & ffff0000 == 00640000; accept",
        "ip6.dst & ffffffffffffffff0000000000000000 == "
        "fd000000000000000000000000000000; drop",
        "!iif . eth.src . ip.src in pair4; drop",
        "ip.len 0014-05dc; accept",
        "mark = vlan.tci & 0fff map vlan; accept",
        "iif in storm; pkttype = 03; accept",
        "#0000002a . mark & ffff0000 . eth.src in neighbours; accept",
        "ll3:1 & 7f . nh17:1 & 7f in equal8",
        "count drops iif . oif . #00000013; drop",
        "nh42:2 & fff8 . ip6.plen in fits6; th12:1 >= 50; ll3:5 != "
        "0102030405; accept",
        "ibrname != 636f72646f6e30000000000000000000; accept",
        "ct.state & 00000002 != 00000000; ct.mark & 00000001 == 00000000",
        "ct.status & 00000008 == 00000000; jump connections",
        "ct.mark = ct.mark | 00000004",
        "ct.dir == 01; ct.zone != 0000",
        "ct.zone = iif map tracked; goto tracked",
        "ct.zone = mark & ffff0000 . eth.dst map tracked-macs",
        "eth.dst & 010000000000 == 010000000000; notrack; accept",
        "iif vmap egress",
        "oif . mark & ffff0000 vmap ingress; drop",
        "mark = mark | 00008000",
        "mark = mark & ffff7fff",
        "connections > 00001000; goto drop-connections-to",
        "iif in logged; log 636f 00000060 egress:spoofed-mac",
        "l4proto == 06; ip.src in acme/web/4; dport 1f40-1fa3; accept",
    };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        check_line(lines[i], strlen(lines[i]));
    }
}

static void
test_bad_lines(void **state OVS_UNUSED)
{
    static const char *const lines[] = {
        "",
        "accept drop",
        "accept;",
        "goto",
        "ip.src == 0a00000",
        "ip.src == 0a000g00",
        "ip.source == 0a000001",
        "iif . eth.src == 01",
        "!ip.src == 0a000001",
        "ip.src in",
        "ip.src & ff == 0a000001",
        "ip.len 0014-05dc0",
        "ip.len 0014",
        "iif 00000001-00000002",
        "mark = iif",
        "pkttype = 0003",
        "pkttype = #03",
        "pkttype = ",
        "count drops",
        "nh0:0 == 00",
        "nh0:17 in s",
        "xx0:4 == 00000000",
        "#0001 in s",
        "iif . oif @m in s",
        "iif @ in s",
        "iif @m in s",
        "iif @m == 00000001",
        "notrack 1",
        "log",
        "log 636f",
        "log 636f 00000060",
        "log 6f 00000060 x",
        "log 636f 60 x",
        "log 636f 00000060 x y",
        "ct.zone = 0001",
        "ct.zone = iif in tracked",
        "ct.state & 02 != 00",
        "ct.id == 00000001",
        "mark = mark | 8000",
        "mark = iif | 00008000",
        "mark = mark & 8000",
        "connections < 00001000",
        "connections > 1000",
        "iif vmap",
        "!iif vmap egress",
    };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct nftnl_rule *rule = nftnl_rule_alloc();

        if (nft_rule_put(lines[i], strlen(lines[i]), rule) != -EINVAL) {
            fail_msg("taken: %s", lines[i]);
        }
        nftnl_rule_free(rule);
    }
}

/* What others put into a rule is shown, and like no line of ours. */
static void
test_foreign_expressions(void **state OVS_UNUSED)
{
    static const char *const expressions[] = { "counter", "log", "limit" };

    for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
        struct nftnl_rule *rule = nftnl_rule_alloc();
        struct ds seen = DS_EMPTY_INITIALIZER;

        nftnl_rule_add_expr(rule, nftnl_expr_alloc(expressions[i]));
        assert_int_equal(nft_rule_put("iif in macs; accept", 19, rule), 0);
        nft_rule_parse(rule, &seen);
        assert_int_equal(ds_cstr(&seen)[0], '[');
        assert_non_null(strstr(ds_cstr(&seen), "; iif in macs; accept"));
        ds_destroy(&seen);
        nftnl_rule_free(rule);
    }
}

/* What is known of one table's rules is; what nobody has asked for between two
 * sweeps is forgotten. */
static void
test_memo(void **state OVS_UNUSED)
{
    const char a[] = "a", b[] = "b";

    assert_null(nft_memo_find(&guard_table, a, 1));
    nft_memo_add(&guard_table, a, 1, "accept");
    nft_memo_add(&guard_table, b, 1, "drop");
    nft_memo_add(&guard_table, "", 0, "");
    assert_string_equal(nft_memo_find(&guard_table, a, 1), "accept");
    assert_string_equal(nft_memo_find(&guard_table, b, 1), "drop");
    assert_string_equal(nft_memo_find(&guard_table, "", 0), "");
    assert_null(nft_memo_find(&guard_table, "ab", 2));
    assert_null(nft_memo_find(&group_table, a, 1));

    nft_memo_sweep(&guard_table);
    assert_non_null(nft_memo_find(&guard_table, a, 1));
    nft_memo_sweep(&group_table);
    nft_memo_sweep(&guard_table);
    assert_non_null(nft_memo_find(&guard_table, a, 1));
    assert_null(nft_memo_find(&guard_table, b, 1));
    nft_memo_clear();
    assert_null(nft_memo_find(&guard_table, a, 1));
}

static void
test_sets(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < guard_n_sets; i++) {
        struct nftnl_set *out = nftnl_set_alloc(), *in = nftnl_set_alloc();
        struct ds expected = DS_EMPTY_INITIALIZER;
        struct ds seen = DS_EMPTY_INITIALIZER;
        struct nlmsghdr *nlh;

        nft_set_put(&guard_sets[i], out);
        nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWSET, NFPROTO_NETDEV, 0, 1);
        nftnl_set_nlmsg_build_payload(nlh, out);
        assert_int_equal(nftnl_set_nlmsg_parse(nlh, in), 0);
        nft_set_format(&guard_sets[i], &expected);
        nft_set_parse(in, &seen);
        assert_string_equal(ds_cstr(&seen), ds_cstr(&expected));
        assert_true(nft_set_key_len(&guard_sets[i]) <= OBJECT_KEY_MAX);
        ds_destroy(&expected);
        ds_destroy(&seen);
        nftnl_set_free(out);
        nftnl_set_free(in);
    }
}

/* Sets that differ are told apart. */
static void
test_sets_differ(void **state OVS_UNUSED)
{
    const struct nft_set_def defs[] = {
        { "s", { NFT_TYPE_DEVICE }, .size = 10 },
        { "s", { NFT_TYPE_DEVICE }, .size = 11 },
        { "s", { NFT_TYPE_MARK }, .size = 10 },
        { "s", { NFT_TYPE_DEVICE }, .map = true, .size = 10 },
        { "s", { NFT_TYPE_DEVICE }, .jump = "out", .size = 10 },
        { "s", { NFT_TYPE_DEVICE, NFT_TYPE_IP4 }, .size = 10 },
        { "s",
          { NFT_TYPE_DEVICE, NFT_TYPE_IP4 },
          NFT_SET_PREFIXES,
          .size = 10 },
    };
    struct ds texts[ARRAY_SIZE(defs)];

    for (size_t i = 0; i < ARRAY_SIZE(defs); i++) {
        ds_init(&texts[i]);
        nft_set_format(&defs[i], &texts[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(ds_cstr(&texts[i]), ds_cstr(&texts[j]));
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(defs); i++) {
        ds_destroy(&texts[i]);
    }
}

/* What is passed through nftnl_set_elem_foreach(). */
struct reading {
    const struct nft_set_def *def;
    struct arena *arena;
    struct object o;
    size_t n;
};

static int
read_element(struct nftnl_set_elem *elem, void *reading_)
{
    struct reading *r = reading_;

    assert_true(nft_element_parse(r->def, elem, &r->o));
    r->n++;
    return 0;
}

static void
check_element(const struct nft_set_def *def, struct object *o)
{
    struct nftnl_set *out = nftnl_set_alloc(), *in = nftnl_set_alloc();
    struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
    struct reading r = { .def = def, .arena = arena_new() };
    struct nlmsghdr *nlh;

    o->kind = OBJECT_NFT_ELEMENT;
    o->name = def->name;
    nft_element_finish(def, o);
    nft_element_put(def, o, elem);
    nftnl_set_set_str(out, NFTNL_SET_TABLE, GUARD_TABLE);
    nftnl_set_set_str(out, NFTNL_SET_NAME, def->name);
    nftnl_set_elem_add(out, elem);
    nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWSETELEM, NFPROTO_NETDEV, 0, 1);
    nftnl_set_elems_nlmsg_build_payload(nlh, out);
    assert_int_equal(nftnl_set_elems_nlmsg_parse(nlh, in), 0);
    nftnl_set_elem_foreach(in, read_element, &r);
    assert_int_equal(r.n, 1);
    assert_int_equal(object_cmp(o, &r.o), 0);
    assert_true(object_same(o, &r.o));
    arena_free(r.arena);
    nftnl_set_free(out);
    nftnl_set_free(in);
}

static void
test_elements(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < guard_n_sets; i++) {
        const struct nft_set_def *def = &guard_sets[i];
        uint32_t len = nft_set_key_len(def);
        struct object o = { .key_len = len };

        for (uint32_t j = 0; j < len; j++) {
            o.key[j] = j + 1;
        }
        o.value[0] = def->map || def->limit ? 0x00640000 : 0;
        if (def->kind == NFT_SET_PREFIXES) {
            continue; /* Below. */
        } else if (def->kind == NFT_SET_RANGES) {
            memset(o.key + len, 0x77, len);
            o.key_len = 2 * len;
        }
        check_element(def, &o);
    }
}

static void
test_prefixes(void **state OVS_UNUSED)
{
    static const struct {
        const char *set, *prefix;
    } cases[] = {
        { "addrs4", "0.0.0.0/0" },         { "addrs4", "10.9.0.0/16" },
        { "addrs4", "10.9.8.0/22" },       { "addrs4", "10.9.8.6/31" },
        { "addrs6", "fd00::/8" },          { "addrs6", "fe80::/64" },
        { "addrs6", "fd00:a:b:c:8::/77" }, { "addrs6", "fd00::2/127" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const uint32_t ifindex = 7;
        struct object o = { .key_len = 0 };
        struct prefix p;

        assert_true(prefix_parse(cases[i].prefix, &p));
        memcpy(o.key, &ifindex, 4);
        memcpy(o.key + 4, p.addr.b, addr_len(&p.addr));
        o.key_len = 4 + addr_len(&p.addr) + 1;
        o.key[o.key_len - 1] = p.len;
        check_element(guard_set_by_name(cases[i].set), &o);
        assert_string_equal(o.name, cases[i].set);
        assert_int_equal(o.ifindex, 7);
    }
}

/* A verdict that is not the one of the element is no error, and seen. */
static void
test_jumps(void **state OVS_UNUSED)
{
    static const struct nft_set_def def = {
        "egress", { NFT_TYPE_DEVICE }, .jump = "out", .size = 10
    };
    static const struct {
        int verdict;
        const char *chain;
    } others[] = {
        { NFT_JUMP, "out-8" },
        { NFT_GOTO, "out-7" },
        { NF_ACCEPT, NULL },
    };
    const uint32_t ifindex = 7;
    struct arena *arena = arena_new();
    struct object o = { .key_len = 4, .value = { 1 } }, seen;

    memcpy(o.key, &ifindex, 4);
    check_element(&def, &o);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

        nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, &ifindex, 4);
        nftnl_set_elem_set_u32(elem, NFTNL_SET_ELEM_VERDICT,
                               others[i].verdict);
        if (others[i].chain) {
            nftnl_set_elem_set_str(elem, NFTNL_SET_ELEM_CHAIN,
                                   others[i].chain);
        }
        assert_true(nft_element_parse(&def, elem, &seen));
        assert_int_equal(seen.value[0], 0);
        nftnl_set_elem_free(elem);
    }
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_rules),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_foreign_expressions),
        cmocka_unit_test(test_memo),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_sets_differ),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_jumps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
