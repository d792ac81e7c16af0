/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What groups and defaults allow: each flow that may be opened stands beside
 * one that may not. */

#include <cordon-config.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/arena.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

static struct prefix
prefix(const char *s)
{
    struct prefix p;

    if (!prefix_parse(s, &p)) {
        fail_msg("%s is no prefix", s);
    }
    return p;
}

static struct addr
addr(const char *s)
{
    return prefix(s).addr;
}

/* "tcp 10.0.0.5 1000 10.0.0.2 80", "icmp 10.0.0.5 8 10.0.0.2 0" (type and
 * code), "47 10.0.0.5 0 10.0.0.2 0". */
static struct rule_flow
flow(const char *s)
{
    static const struct {
        const char *name;
        uint8_t protocol;
    } names[] = {
        { "tcp", IPPROTO_TCP },   { "udp", IPPROTO_UDP },
        { "sctp", IPPROTO_SCTP }, { "icmp", IPPROTO_ICMP },
        { "esp", IPPROTO_ESP },   { "icmpv6", IPPROTO_ICMPV6 },
    };
    char protocol[8], src[ADDR_STRLEN], dst[ADDR_STRLEN];
    unsigned int a, b, number;
    struct rule_flow f = { .protocol = 0 };

    assert_int_equal(
        sscanf(s, "%7s %45s %u %45s %u", protocol, src, &a, dst, &b), 5);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(protocol, names[i].name)) {
            f.protocol = names[i].protocol;
        }
    }
    if (!f.protocol && sscanf(protocol, "%u", &number) == 1) {
        f.protocol = number;
    }
    f.src = addr(src);
    f.dst = addr(dst);
    if (f.protocol == IPPROTO_ICMP || f.protocol == IPPROTO_ICMPV6) {
        f.type = a;
        f.code = b;
    } else {
        f.sport = a;
        f.dport = b;
    }
    return f;
}

/* A tenant with two networks. web1 and web2 are in group web, db1 in db and
 * ping, none1 in no group, flat1 in a stateless one. */
struct world {
    struct policy_tenant tenant;
    struct policy_network networks[2];
    struct policy_group groups[5];
    struct policy_guest guests[6];
    struct policy_interface interfaces[6];
    const struct policy_group *of_web[1], *of_db[2], *of_flat[1], *of_both[2];
    const struct policy_group *of_closed[1];
    struct prefix subnets[2][2], addresses[6][2], extra_address;
    struct policy_pair extra;
    struct policy_vrrp vrrp;
    struct policy_gateway gateway;
    struct addr virtual, router;
};

enum { WEB1, WEB2, DB1, NONE1, FLAT1, BOTH1 };
enum { G_WEB, G_DB, G_PING, G_FLAT, G_CLOSED };

static struct policy_ports http[] = { { IPPROTO_TCP, 80, 80 },
                                      { IPPROTO_TCP, 8000, 8099 } };
static struct policy_ports all[] = { { POLICY_PROTOCOL_ANY, 0, 65535 } };
static struct policy_ports sql[] = { { IPPROTO_TCP, 5432, 5432 } };
static struct policy_ports icmp[] = { { IPPROTO_ICMP, 0, 65535 } };
static struct policy_ports icmp6[] = { { IPPROTO_ICMPV6, 0, 65535 } };
static struct policy_ports gre[] = { { 47, 0, 65535 } };
static struct policy_ports sctp[] = { { IPPROTO_SCTP, 9000, 9000 } };
static struct policy_ports dns[] = { { IPPROTO_UDP, 53, 53 } };

static struct policy_peer any[] = { { .kind = PEER_ANY } };
static struct policy_peer to_web[1], to_db[1], network_b[1], prefixes[2];

static struct policy_rule web_in[2], web_out[3], db_in[3], ping_in[2];

static struct policy_rule
rule(const char *description, struct policy_ports *ports, size_t n_ports,
     struct policy_peer *peers, size_t n_peers)
{
    return (struct policy_rule){
        .description = description,
        .ports = ports,
        .n_ports = n_ports,
        .icmp_type = -1,
        .icmp_code = -1,
        .peers = peers,
        .n_peers = n_peers,
    };
}

static void
set_rules(struct policy_group *g, enum policy_direction direction,
          struct policy_rule *rules, size_t n)
{
    g->has[direction] = true;
    g->rules[direction] = rules;
    g->n_rules[direction] = n;
}

static void
init(struct world *w)
{
    static const char *const guests[][2] = {
        { "10.0.0.1", "fd00::1" },   { "10.0.0.2", "fd00::2" },
        { "10.0.1.1", "fd00:1::1" }, { "10.0.0.4", "fd00::4" },
        { "10.0.0.5", "fd00::5" },   { "10.0.0.6", "fd00::6" },
    };

    memset(w, 0, sizeof *w);
    w->tenant = (struct policy_tenant){
        .name = "acme",
        .allow = { [POLICY_INGRESS] = false, [POLICY_EGRESS] = true },
        .groups = w->groups,
        .n_groups = ARRAY_SIZE(w->groups),
        .networks = w->networks,
        .n_networks = ARRAY_SIZE(w->networks),
        .guests = w->guests,
        .n_guests = ARRAY_SIZE(w->guests),
    };
    w->subnets[0][0] = prefix("10.0.0.0/24");
    w->subnets[0][1] = prefix("fd00::/64");
    w->subnets[1][0] = prefix("10.0.1.0/24");
    w->subnets[1][1] = prefix("fd00:1::/64");
    for (size_t i = 0; i < ARRAY_SIZE(w->networks); i++) {
        w->networks[i] = (struct policy_network){
            .tenant = &w->tenant,
            .subnets = w->subnets[i],
            .n_subnets = 2,
            .gateways = &w->gateway,
            .n_gateways = 1,
        };
    }
    w->router = addr("10.0.0.254");
    w->gateway.addresses = &w->router;
    w->gateway.n_addresses = 1;
    for (size_t i = 0; i < ARRAY_SIZE(w->groups); i++) {
        w->groups[i].tenant = &w->tenant;
    }
    w->groups[G_FLAT].stateless = true;

    for (size_t i = 0; i < ARRAY_SIZE(w->guests); i++) {
        w->guests[i] = (struct policy_guest){
            .tenant = &w->tenant,
            .interfaces = &w->interfaces[i],
            .n_interfaces = 1,
        };
        for (size_t j = 0; j < 2; j++) {
            w->addresses[i][j] = prefix(guests[i][j]);
        }
        w->interfaces[i] = (struct policy_interface){
            .guest = &w->guests[i],
            .network = &w->networks[i == DB1],
            .addresses = w->addresses[i],
            .n_addresses = 2,
        };
    }
    w->extra_address = prefix("192.0.2.0/28");
    w->extra = (struct policy_pair){ .addresses = &w->extra_address,
                                     .n_addresses = 1 };
    w->interfaces[WEB2].extra = &w->extra;
    w->interfaces[WEB2].n_extra = 1;
    w->virtual = addr("10.0.0.254");
    w->vrrp = (struct policy_vrrp){ 7, &w->virtual, 1 };
    w->interfaces[WEB2].vrrp = &w->vrrp;
    w->interfaces[WEB2].n_vrrp = 1;

#define JOIN(GUEST, ARRAY, ...)                                \
    do {                                                       \
        const struct policy_group *joined[] = { __VA_ARGS__ }; \
                                                               \
        memcpy(w->ARRAY, joined, sizeof joined);               \
        w->interfaces[GUEST].groups = w->ARRAY;                \
        w->interfaces[GUEST].n_groups = ARRAY_SIZE(joined);    \
    } while (0)
    JOIN(WEB1, of_web, &w->groups[G_WEB]);
    JOIN(WEB2, of_web, &w->groups[G_WEB]);
    JOIN(DB1, of_db, &w->groups[G_DB], &w->groups[G_PING]);
    JOIN(FLAT1, of_flat, &w->groups[G_FLAT]);
    JOIN(BOTH1, of_both, &w->groups[G_CLOSED], &w->groups[G_FLAT]);

    to_web[0] =
        (struct policy_peer){ .kind = PEER_GROUP, .group = &w->groups[G_WEB] };
    to_db[0] =
        (struct policy_peer){ .kind = PEER_GROUP, .group = &w->groups[G_DB] };
    network_b[0] = (struct policy_peer){ .kind = PEER_NETWORK,
                                         .network = &w->networks[1] };
    prefixes[0] = (struct policy_peer){ .kind = PEER_PREFIX,
                                        .prefix = prefix("198.51.100.0/24") };
    prefixes[1] = (struct policy_peer){ .kind = PEER_PREFIX,
                                        .prefix = prefix("2001:db8::/32") };

    web_in[0] = rule("shop", http, 2, any, 1);
    web_in[1] = rule("peers", all, 1, to_web, 1);
    web_out[0] = rule("to db", sql, 1, to_db, 1);
    web_out[1] = rule("resolver", dns, 1, prefixes, 2);
    web_out[2] = rule("tunnel", gre, 1, network_b, 1);
    db_in[0] = rule("sql", sql, 1, to_web, 1);
    db_in[1] = rule("echo6", icmp6, 1, to_web, 1);
    db_in[1].icmp_type = 128;
    db_in[1].icmp_code = 0;
    db_in[2] = rule("stream", sctp, 1, network_b, 1);
    ping_in[0] = rule("echo", icmp, 1, any, 1);
    ping_in[0].icmp_type = 8;
    ping_in[1] = rule("tunnels", gre, 1, any, 1);
    set_rules(&w->groups[G_WEB], POLICY_INGRESS, web_in, 2);
    set_rules(&w->groups[G_WEB], POLICY_EGRESS, web_out, 3);
    set_rules(&w->groups[G_DB], POLICY_INGRESS, db_in, 3);
    set_rules(&w->groups[G_PING], POLICY_INGRESS, ping_in, 2);
    set_rules(&w->groups[G_CLOSED], POLICY_EGRESS, NULL, 0);
}

/* Without 'rule': nothing allows it, or nothing need. */
static const struct {
    int interface;
    enum policy_direction direction;
    const char *flow;
    bool allowed;
    const char *rule;
} vectors[] = {
#define IN POLICY_INGRESS
#define OUT POLICY_EGRESS
    /* Ports and protocols. */
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 80", true, "shop" },
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 81", false, NULL },
    { WEB1, IN, "tcp 203.0.113.9 80 10.0.0.1 999", false, NULL },
    { WEB1, IN, "udp 203.0.113.9 999 10.0.0.1 80", false, NULL },
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 8000", true, "shop" },
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 7999", false, NULL },
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 8099", true, "shop" },
    { WEB1, IN, "tcp 203.0.113.9 999 10.0.0.1 8100", false, NULL },
    { WEB1, IN, "tcp 2001:db8::9 999 fd00::1 80", true, "shop" },
    { WEB1, IN, "tcp 2001:db8::9 999 fd00::1 22", false, NULL },
    { DB1, IN, "sctp 10.0.1.9 1 10.0.1.1 9000", true, "stream" },
    { DB1, IN, "sctp 10.0.1.9 1 10.0.1.1 9001", false, NULL },
    { DB1, IN, "47 10.0.0.4 0 10.0.1.1 0", true, "tunnels" },
    { DB1, IN, "esp 10.0.0.4 0 10.0.1.1 0", false, NULL },
    /* Groups as peers: members by address, on any host. */
    { WEB1, IN, "udp 10.0.0.2 53 10.0.0.1 53", true, "peers" },
    { WEB1, IN, "udp 10.0.0.4 53 10.0.0.1 53", false, NULL },
    { WEB1, IN, "esp fd00::2 0 fd00::1 0", true, "peers" },
    { WEB1, IN, "esp fd00::4 0 fd00::1 0", false, NULL },
    { WEB1, IN, "tcp 192.0.2.3 9 10.0.0.1 22", true, "peers" },
    { WEB1, IN, "tcp 192.0.2.16 9 10.0.0.1 22", false, NULL },
    { WEB1, IN, "tcp 10.0.0.254 9 10.0.0.1 22", true, "peers" },
    { WEB1, IN, "tcp 10.0.0.253 9 10.0.0.1 22", false, NULL },
    { DB1, IN, "tcp 10.0.0.1 9 10.0.1.1 5432", true, "sql" },
    { DB1, IN, "tcp 10.0.0.5 9 10.0.1.1 5432", false, NULL },
    { WEB1, OUT, "tcp 10.0.0.1 9 10.0.1.1 5432", true, "to db" },
    { WEB1, OUT, "tcp 10.0.0.1 9 10.0.1.2 5432", false, NULL },
    /* Prefixes and networks. */
    { WEB1, OUT, "udp 10.0.0.1 9 198.51.100.53 53", true, "resolver" },
    { WEB1, OUT, "udp 10.0.0.1 9 198.51.101.53 53", false, NULL },
    { WEB1, OUT, "udp fd00::1 9 2001:db8::53 53", true, "resolver" },
    { WEB1, OUT, "udp fd00::1 9 2001:db9::53 53", false, NULL },
    { WEB1, OUT, "47 10.0.0.1 0 10.0.1.77 0", true, "tunnel" },
    { WEB1, OUT, "47 10.0.0.1 0 10.0.0.77 0", false, NULL },
    { WEB1, OUT, "47 fd00::1 0 fd00:1::77 0", true, "tunnel" },
    { WEB1, OUT, "47 fd00::1 0 fd00::77 0", false, NULL },
    /* Types of ICMP. */
    { DB1, IN, "icmp 203.0.113.9 8 10.0.1.1 0", true, "echo" },
    { DB1, IN, "icmp 203.0.113.9 13 10.0.1.1 0", false, NULL },
    { DB1, IN, "icmp 203.0.113.9 8 10.0.1.1 3", true, "echo" },
    { DB1, IN, "icmpv6 fd00::1 128 fd00:1::1 0", true, "echo6" },
    { DB1, IN, "icmpv6 fd00::1 128 fd00:1::1 1", false, NULL },
    { DB1, IN, "icmpv6 fd00::4 128 fd00:1::1 0", false, NULL },
    /* A union of groups; a direction without rules follows the defaults. */
    { DB1, OUT, "tcp 10.0.1.1 9 203.0.113.9 25", true, NULL },
    { FLAT1, OUT, "tcp 10.0.0.5 9 203.0.113.9 25", true, NULL },
    { FLAT1, IN, "tcp 10.0.0.1 9 10.0.0.5 25", false, NULL },
    { BOTH1, OUT, "tcp 10.0.0.6 9 203.0.113.9 25", false, NULL },
    /* Neither groups nor defaults. */
    { NONE1, IN, "tcp 203.0.113.9 9 10.0.0.4 22", true, NULL },
    { NONE1, OUT, "tcp 10.0.0.4 9 203.0.113.9 22", true, NULL },
    /* What no group has a say in. */
    { BOTH1, OUT, "udp 10.0.0.6 68 255.255.255.255 67", true, NULL },
    { BOTH1, OUT, "udp 10.0.0.6 68 10.0.0.254 67", true, NULL },
    { BOTH1, OUT, "udp 10.0.0.6 68 10.0.0.2 67", false, NULL },
    { BOTH1, OUT, "udp 10.0.0.6 67 255.255.255.255 67", false, NULL },
    { BOTH1, OUT, "udp 10.0.0.6 68 10.0.0.2 68", false, NULL },
    { BOTH1, IN, "udp 10.0.0.2 67 10.0.0.6 68", true, NULL },
    { BOTH1, IN, "udp 10.0.0.2 69 10.0.0.6 68", false, NULL },
    { BOTH1, OUT, "udp fd00::6 546 ff02::1:2 547", true, NULL },
    { BOTH1, OUT, "udp fd00::6 546 fd00::2 547", false, NULL },
    { BOTH1, OUT, "udp 10.0.0.6 546 10.0.0.2 547", false, NULL },
    { BOTH1, OUT, "udp fd00::6 68 fd00::2 67", false, NULL },
    { BOTH1, OUT, "icmpv6 fd00::6 135 fd00::2 0", true, NULL },
    { BOTH1, OUT, "icmpv6 fd00::6 143 ff02::16 0", true, NULL },
    { BOTH1, OUT, "icmpv6 fd00::6 129 fd00::2 0", false, NULL },
    { BOTH1, OUT, "icmpv6 fd00::6 138 fd00::2 0", false, NULL },
    { BOTH1, OUT, "2 10.0.0.6 0 224.0.0.22 0", true, NULL },
    { BOTH1, OUT, "icmp 10.0.0.6 135 10.0.0.2 0", false, NULL },
#undef IN
#undef OUT
};

static void
test_allows(void **state OVS_UNUSED)
{
    struct world w;

    init(&w);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct rule_flow f = flow(vectors[i].flow);
        const struct policy_rule *r = NULL;
        bool allowed = rule_allows(&w.interfaces[vectors[i].interface],
                                   vectors[i].direction, &f, &r);

        if (allowed != vectors[i].allowed) {
            fail_msg("#%zu %s: %s", i, vectors[i].flow,
                     allowed ? "allowed" : "not allowed");
        }
        if (!vectors[i].rule != !r
            || (r && strcmp(r->description, vectors[i].rule))) {
            fail_msg("#%zu %s: by rule %s", i, vectors[i].flow,
                     r ? r->description : "none");
        }
    }
}

static void
test_defaults(void **state OVS_UNUSED)
{
    struct rule_flow in = flow("tcp 203.0.113.9 9 10.0.0.4 22");
    struct rule_flow out = flow("tcp 10.0.0.4 9 203.0.113.9 22");
    const struct policy_interface *none, *web, *flat;
    struct world w;

    init(&w);
    none = &w.interfaces[NONE1];
    web = &w.interfaces[WEB1];
    flat = &w.interfaces[FLAT1];
    assert_false(rule_filtered(none));
    assert_false(rule_stateful(none));
    assert_false(rule_restricted(none, POLICY_INGRESS));
    assert_true(rule_filtered(web));
    assert_true(rule_filtered(flat));

    w.tenant.has_defaults = true;
    assert_true(rule_filtered(none));
    assert_true(rule_stateful(none));
    assert_true(rule_restricted(none, POLICY_INGRESS));
    assert_false(rule_restricted(none, POLICY_EGRESS));
    assert_false(rule_allows(none, POLICY_INGRESS, &in, NULL));
    assert_true(rule_allows(none, POLICY_EGRESS, &out, NULL));

    w.tenant.allow[POLICY_INGRESS] = true;
    w.tenant.allow[POLICY_EGRESS] = false;
    assert_true(rule_allows(none, POLICY_INGRESS, &in, NULL));
    assert_false(rule_allows(none, POLICY_EGRESS, &out, NULL));
    assert_false(rule_restricted(none, POLICY_INGRESS));
    assert_true(rule_restricted(none, POLICY_EGRESS));
    /* Where groups have rules, defaults say nothing. */
    assert_true(rule_restricted(web, POLICY_INGRESS));
}

static void
test_stateful(void **state OVS_UNUSED)
{
    struct world w;

    init(&w);
    assert_true(rule_stateful(&w.interfaces[WEB1]));
    assert_true(rule_stateful(&w.interfaces[DB1]));
    assert_false(rule_stateful(&w.interfaces[FLAT1]));
    assert_true(rule_stateful(&w.interfaces[BOTH1])); /* One is stateful. */
}

static void
test_members(void **state OVS_UNUSED)
{
    static const char *const members[] = {
        "10.0.0.1",     "10.0.0.2", "10.0.0.254",
        "192.0.2.0/28", "fd00::1",  "fd00::2",
    };
    struct arena *arena = arena_new();
    struct prefix *v;
    struct world w;
    size_t n;

    init(&w);
    n = rule_members(&w.groups[G_WEB], arena, &v);
    assert_int_equal(n, ARRAY_SIZE(members));
    for (size_t i = 0; i < n; i++) {
        char buf[PREFIX_STRLEN];

        assert_string_equal(prefix_format(&v[i], buf), members[i]);
    }

    /* An address that two have is one; a link-local one is none. */
    w.addresses[WEB2][0] = prefix("10.0.0.1");
    w.addresses[WEB2][1] = prefix("fe80::1");
    assert_int_equal(rule_members(&w.groups[G_WEB], arena, &v), n - 2);

    w.groups[G_WEB].has[POLICY_INGRESS] = false;
    assert_false(rule_is_member(&w.interfaces[NONE1], &w.groups[G_WEB]));
    assert_true(rule_is_member(&w.interfaces[DB1], &w.groups[G_PING]));
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allows),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_stateful),
        cmocka_unit_test(test_members),
    };

    return cmocka_run_group_tests_name("plan_rule", tests, NULL, NULL);
}
