/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Running connections: each that is blocked stands beside one that is
 * allowed, and beside what is none of ours. */

#include <cordon-config.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/prefix_map.h"
#include "plan/ends.h"
#include "plan/plan.h"
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

enum { CLIENT, SERVER, OPEN, ROUTER, OTHER, N };

/* A tenant whose client may reach 80, whose server is reached at 80 and 22 by
 * the group of the client alone; 'open' is in no group, 'router' in that of
 * the server. 'other' is another tenant's, with the server's address. */
struct world {
    struct policy_tenant tenants[2];
    struct policy_network network;
    struct policy_guest guests[N];
    struct policy_interface interfaces[N];
    struct policy_group groups[2]; /* The client's, the server's. */
    const struct policy_group *of_client[1], *of_server[1];
    struct policy_rule out, in;
    struct policy_ports out_ports[2], in_ports[3];
    struct policy_peer any, group;
    struct prefix client_address;
    struct plan_segment segments[2];
    struct plan_pair pairs[N][3];
    struct plan_port ports[N];
    struct plan plan;
};

static void
init(struct world *w)
{
    static const char *const addresses[N][3] = {
        [CLIENT] = { "10.0.0.1", "fd00::1", "fe80::/64" },
        [SERVER] = { "10.0.0.2", "fd00::2", "fe80::/64" },
        [OPEN] = { "10.0.0.3", "fd00::3", "fe80::/64" },
        [ROUTER] = { "10.0.0.4", "192.0.2.0/24", "10.0.0.0/8" },
        [OTHER] = { "10.0.0.2", "fd00::2", "10.0.0.99" },
    };

    memset(w, 0, sizeof *w);
    w->any = (struct policy_peer){ .kind = PEER_ANY };
    w->group =
        (struct policy_peer){ .kind = PEER_GROUP, .group = &w->groups[0] };
    w->out_ports[0] = (struct policy_ports){ IPPROTO_TCP, 80, 80 };
    w->out_ports[1] = (struct policy_ports){ IPPROTO_UDP, 53, 53 };
    w->in_ports[0] = (struct policy_ports){ IPPROTO_TCP, 80, 80 };
    w->in_ports[1] = (struct policy_ports){ IPPROTO_TCP, 22, 22 };
    w->in_ports[2] = (struct policy_ports){ IPPROTO_UDP, 53, 53 };
    w->out = (struct policy_rule){ "", w->out_ports, 2, -1,
                                   -1, &w->any,      1, { NULL, 0, 0 } };
    w->in = (struct policy_rule){ "", w->in_ports, 3, -1,
                                  -1, &w->group,   1, { NULL, 0, 0 } };
    w->groups[0].tenant = w->groups[1].tenant = &w->tenants[0];
    w->groups[0].has[POLICY_EGRESS] = w->groups[1].has[POLICY_INGRESS] = true;
    w->groups[0].rules[POLICY_EGRESS] = &w->out;
    w->groups[1].rules[POLICY_INGRESS] = &w->in;
    w->groups[0].n_rules[POLICY_EGRESS] =
        w->groups[1].n_rules[POLICY_INGRESS] = 1;
    w->of_client[0] = &w->groups[0];
    w->of_server[0] = &w->groups[1];

    w->segments[0] = (struct plan_segment){ .id = 110, .vlan = 110 };
    w->segments[1] = (struct plan_segment){ .id = 120, .vlan = 120 };
    w->client_address = prefix("10.0.0.1");
    for (int i = 0; i < N; i++) {
        struct policy_tenant *t = &w->tenants[i == OTHER];
        struct policy_interface *ifc = &w->interfaces[i];

        w->guests[i] = (struct policy_guest){ .tenant = t,
                                              .interfaces = ifc,
                                              .n_interfaces = 1 };
        ifc->guest = &w->guests[i];
        ifc->groups = i == CLIENT ? w->of_client : w->of_server;
        ifc->n_groups = i == CLIENT || i == SERVER || i == ROUTER;
        for (int j = 0; j < 3; j++) {
            w->pairs[i][j].address = prefix(addresses[i][j]);
        }
        w->ports[i] = (struct plan_port){
            .interface = ifc,
            .segment = &w->segments[i == OTHER],
            .pairs = w->pairs[i],
            .n_pairs = 3,
        };
    }
    w->interfaces[CLIENT].addresses = &w->client_address;
    w->interfaces[CLIENT].n_addresses = 1;
    for (int i = 0; i < 2; i++) {
        w->tenants[i].allow[POLICY_EGRESS] = true;
    }
    w->tenants[0].groups = w->groups;
    w->tenants[0].n_groups = 2;
    w->tenants[0].guests = w->guests;
    w->tenants[0].n_guests = OTHER;
    w->plan.ports = w->ports;
    w->plan.n_ports = N;
}

static struct rule_flow
flow(const char *src, const char *dst, uint16_t dport)
{
    return (struct rule_flow){ .protocol = IPPROTO_TCP,
                               .src = prefix(src).addr,
                               .dst = prefix(dst).addr,
                               .sport = 50000,
                               .dport = dport };
}

static const struct {
    uint32_t segment;
    const char *src, *dst;
    uint16_t dport;
    enum ends_verdict verdict;
} vectors[] = {
    /* Both ends are here: both decide. */
    { 110, "10.0.0.1", "10.0.0.2", 80, ENDS_ALLOWED },
    { 110, "10.0.0.1", "10.0.0.2", 22, ENDS_BLOCKED }, /* By the client. */
    { 110, "10.0.0.3", "10.0.0.2", 80, ENDS_BLOCKED }, /* By the server. */
    { 110, "10.0.0.1", "10.0.0.3", 80, ENDS_ALLOWED },
    { 110, "10.0.0.1", "10.0.0.3", 81, ENDS_BLOCKED },
    /* It matters who opened it. */
    { 110, "10.0.0.2", "10.0.0.1", 80, ENDS_BLOCKED },
    { 110, "10.0.0.2", "10.0.0.3", 9, ENDS_ALLOWED },
    /* The other end is behind the uplink. */
    { 110, "10.0.0.1", "203.0.113.9", 80, ENDS_ALLOWED },
    { 110, "10.0.0.1", "203.0.113.9", 25, ENDS_BLOCKED },
    { 110, "203.0.113.9", "10.0.0.2", 80, ENDS_BLOCKED },
    { 110, "203.0.113.9", "10.0.0.3", 80, ENDS_FOREIGN },
    /* A group is of IPv4 members here. */
    { 110, "fd00::1", "fd00::3", 80, ENDS_ALLOWED },
    { 110, "fd00::1", "fd00::2", 80, ENDS_BLOCKED },
    /* The longest prefix tells whose an address is. */
    { 110, "10.0.0.1", "192.0.2.7", 80, ENDS_ALLOWED },
    { 110, "203.0.113.9", "192.0.2.7", 80, ENDS_BLOCKED },
    { 110, "203.0.113.9", "10.9.9.9", 80, ENDS_BLOCKED },
    { 110, "203.0.113.9", "11.9.9.9", 80, ENDS_FOREIGN },
    /* Of many, one that allows it is enough. */
    { 110, "fe80::1", "fe80::2", 25, ENDS_ALLOWED },
    /* Equal addresses in another segment, and a segment of nobody's. */
    { 120, "10.0.0.1", "10.0.0.2", 22, ENDS_FOREIGN },
    { 130, "10.0.0.1", "10.0.0.2", 22, ENDS_FOREIGN },
};

/* Of two ends' verdicts the greater holds. */
static enum ends_verdict
judge(const struct ends *ends, uint32_t segment, const struct rule_flow *f)
{
    enum ends_verdict src = ends_judge(ends, segment, f, POLICY_EGRESS);
    enum ends_verdict dst = ends_judge(ends, segment, f, POLICY_INGRESS);

    return MAX(src, dst);
}

static void
test_judge(void **state OVS_UNUSED)
{
    struct world w;
    struct ends *ends;

    init(&w);
    ends = ends_new(&w.plan);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct rule_flow f =
            flow(vectors[i].src, vectors[i].dst, vectors[i].dport);
        enum ends_verdict v = judge(ends, vectors[i].segment, &f);

        if (v != vectors[i].verdict) {
            fail_msg("#%zu: verdict %d", i, v);
        }
    }
    ends_free(ends);
}

/* An end whose groups are stateless judges each frame, not connections. */
static void
test_stateless(void **state OVS_UNUSED)
{
    struct rule_flow f = flow("10.0.0.3", "10.0.0.2", 80);
    struct ends *ends;
    struct world w;

    init(&w);
    assert_true(ends_wanted(&w.plan));
    w.groups[1].stateless = true;
    assert_true(ends_wanted(&w.plan));
    ends = ends_new(&w.plan);
    assert_int_equal(judge(ends, 110, &f), ENDS_FOREIGN);
    w.groups[0].stateless = true;
    assert_false(ends_wanted(&w.plan));
    ends_free(ends);
}

static void
test_at(void **state OVS_UNUSED)
{
    struct rule_flow f = flow("10.0.0.1", "10.0.0.2", 80);
    struct ends *ends;
    struct world w;

    init(&w);
    ends = ends_new(&w.plan);
    assert_true(ends_at(ends, 110, &f, &w.ports[CLIENT]));
    assert_true(ends_at(ends, 110, &f, &w.ports[SERVER]));
    assert_false(ends_at(ends, 110, &f, &w.ports[OPEN]));
    assert_false(ends_at(ends, 110, &f, &w.ports[ROUTER]));
    assert_false(ends_at(ends, 110, &f, &w.ports[OTHER]));
    assert_true(ends_at(ends, 120, &f, &w.ports[OTHER]));
    ends_free(ends);
}

static const char *
longest(const struct prefix_map *map, uint64_t scope, const char *s)
{
    struct addr a = prefix(s).addr;
    const struct prefix_node *node = prefix_map_find(map, scope, &a);

    return node ? node->value : NULL;
}

static void
test_prefix_map(void **state OVS_UNUSED)
{
    static const char *const prefixes[] = { "10.0.0.0/8", "10.1.0.0/16",
                                            "10.1.2.3", "fd00::/8" };
    const struct prefix_node *node;
    struct prefix_map map;
    struct prefix p;

    prefix_map_init(&map);
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        p = prefix(prefixes[i]);
        prefix_map_add(&map, 1, &p, prefixes[i]);
        prefix_map_add(&map, 1, &p, prefixes[i]);
    }
    assert_string_equal(longest(&map, 1, "10.1.2.3"), "10.1.2.3");
    assert_string_equal(longest(&map, 1, "10.1.2.4"), "10.1.0.0/16");
    assert_string_equal(longest(&map, 1, "10.2.2.4"), "10.0.0.0/8");
    assert_string_equal(longest(&map, 1, "fd00::5"), "fd00::/8");
    assert_null(longest(&map, 1, "11.0.0.0"));
    assert_null(longest(&map, 1, "fe00::1"));
    assert_null(longest(&map, 2, "10.1.2.3"));

    p = prefix("10.1.2.3");
    prefix_map_add(&map, 1, &p, "more");
    node = prefix_map_find(&map, 1, &p.addr);
    assert_string_equal(node->next->value, "more");
    assert_null(node->next->next);
    prefix_map_done(&map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_stateless),
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_prefix_map),
    };

    return cmocka_run_group_tests_name("plan_ends", tests, NULL, NULL);
}
