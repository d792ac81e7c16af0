/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The frames that cordon probe plays, as port security judges them, and what
 * is concluded from where they were seen. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/probe.h"
#include "lib/reason.h"
#include "packets.h"
#include "policy/policy.h"
#include "policy_text.h"
#include "util.h"

static const char text[] =
    "version: 1\n"
    "host: { underlay: [192.0.2.0/24] }\n"
    "tenants:\n"
    "  acme:\n"
    "    networks:\n"
    "      net: { vlan: 110, subnets: [10.0.0.0/24, \"fd00::/64\"],\n"
    "        gateways: [ { mac: \"02:00:00:00:00:01\",\n"
    "                      addresses: [10.0.0.1, \"fd00::1\"] } ] }\n"
    "    guests:\n"
    "      cordon-probe-0:\n"
    "        interfaces:\n"
    "        - { mac: \"02:63:70:01:02:00\", network: net,\n"
    "            device: cprobe0, addresses: [10.0.0.20, \"fd00::20\"] }\n"
    "      cordon-probe-1:\n"
    "        interfaces:\n"
    "        - { mac: \"02:63:70:01:02:01\", network: net,\n"
    "            device: cprobe1, addresses: [10.0.0.21, \"fd00::21\"] }\n"
    "  globex:\n%s"
    "    networks: { net: { vlan: 120, subnets: [10.0.0.0/24] } }\n"
    "    guests:\n"
    "      cordon-probe-2:\n"
    "        interfaces:\n"
    "        - { mac: \"02:63:70:01:02:02\", network: net,\n"
    "            device: cprobe2, addresses: [10.0.0.30] }\n"
    "      cordon-probe-3:\n"
    "        interfaces:\n"
    "        - { mac: \"02:63:70:01:02:03\", network: net,\n"
    "            device: cprobe3, addresses: [10.0.0.31] }\n";

static struct probe *
make(const char *more)
{
    char *s = xasprintf(text, more), *error;
    struct probe *p;

    error = probe_new(policy_of(s),
                      (struct eth_addr) ETH_ADDR_C(2, 0, 0, 0, 0, fe), &p);
    assert_null(error);
    free(s);
    return p;
}

/* Has every frame seen where it has to be. */
static void
play(struct probe *p)
{
    probe_begin(p, 0x12345678);
    for (size_t i = 0; i < p->n_results; i++) {
        const struct probe_frame *f = &p->frames.v[i];

        for (unsigned int place = 0; place < PROBE_N_PLACES; place++) {
            if (p->results[i].must & 1u << place) {
                probe_seen(p, place, f->data, f->n);
            }
        }
    }
}

static size_t
count(const struct probe *p, enum probe_verdict verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_results; i++) {
        n += p->results[i].verdict == verdict;
    }
    return n;
}

/* The result of the frame called 'name' between two canaries. */
static struct probe_result *
find(const struct probe *p, const char *name, size_t from, size_t to)
{
    for (size_t i = 0; i < p->n_results; i++) {
        struct probe_result *r = &p->results[i];

        if (!strcmp(r->name, name) && r->from == from && r->to == to) {
            return r;
        }
    }
    fail_msg("no frame \"%s\" from %zu to %zu", name, from, to);
    return NULL;
}

static const struct {
    const char *name;
    unsigned int reason;
} vectors[] = {
    { "arp reply", 0 },
    { "arp request", 0 },
    { "arp probe for an own address", 0 },
    { "neighbour advertisement", 0 },
    { "neighbour solicitation", 0 },
    { "neighbour solicitation to its group", 0 },
    { "udp over ipv4", 0 },
    { "icmp echo", 0 },
    { "udp over ipv6", 0 },
    { "icmpv6 echo", 0 },
    { "to a mac of nobody", 0 },
    { "ipv4 fragment", 0 },
    { "ipv6 fragment", 0 },
    { "source mac of nobody", REASON_SPOOFED_MAC },
    { "source mac of another guest", REASON_SPOOFED_MAC },
    { "source mac of the receiver", REASON_SPOOFED_MAC },
    { "source mac of the bridge", REASON_SPOOFED_MAC },
    { "source mac of a group", REASON_SPOOFED_MAC },
    { "source mac zero", REASON_SPOOFED_MAC },
    { "source mac of a vif", REASON_SPOOFED_MAC },
    { "source mac of the gateway", REASON_SPOOFED_MAC },
    { "broadcast from the mac of another guest", REASON_SPOOFED_MAC },
    { "ipv4 source of nobody", REASON_SPOOFED_IP },
    { "ipv4 source 0.0.0.0", REASON_SPOOFED_IP },
    { "ipv4 source of loopback", REASON_SPOOFED_IP },
    { "ipv4 source of a group", REASON_SPOOFED_IP },
    { "ipv4 source of broadcast", REASON_SPOOFED_IP },
    { "ipv4 source of the receiver", REASON_SPOOFED_IP },
    { "ipv4 source of the gateway", REASON_SPOOFED_IP },
    { "ipv6 source of nobody", REASON_SPOOFED_IP },
    { "ipv6 source ::", REASON_SPOOFED_IP },
    { "ipv6 source of loopback", REASON_SPOOFED_IP },
    { "ipv6 source of a group", REASON_SPOOFED_IP },
    { "ipv6 link-local source of nobody", REASON_SPOOFED_IP },
    { "ipv6 source of the receiver", REASON_SPOOFED_IP },
    { "ipv6 source of the gateway", REASON_SPOOFED_IP },
    { "arp for the address of nobody", REASON_ARP_SPOOF },
    { "arp for the address of the receiver", REASON_ARP_SPOOF },
    { "arp with the mac of nobody", REASON_ARP_SPOOF },
    { "reverse arp in arp", REASON_ARP_MALFORMED },
    { "arp of another length", REASON_ARP_MALFORMED },
    { "arp for the gateway", REASON_ARP_SPOOF },
    { "arp as the gateway", REASON_SPOOFED_MAC },
    { "advertisement for the address of nobody", REASON_ND_SPOOF },
    { "advertisement for the receiver", REASON_ND_SPOOF },
    { "advertisement with the mac of nobody", REASON_ND_SPOOF },
    { "advertisement of a router", REASON_ND_SPOOF },
    { "advertisement from afar", REASON_ND_SPOOF },
    { "advertisement behind destination options", REASON_ND_SPOOF },
    { "advertisement in a fragment", REASON_ND_SPOOF },
    { "solicitation with the mac of nobody", REASON_ND_SPOOF },
    { "advertisement for the gateway", REASON_ND_SPOOF },
    { "router advertisement", REASON_ROGUE_RA },
    { "router advertisement behind hop-by-hop", REASON_ROGUE_RA },
    { "router advertisement behind destination options", REASON_ROGUE_RA },
    { "router advertisement in a fragment", REASON_ROGUE_RA },
    { "redirect", REASON_ROGUE_RA },
    { "dhcp answer", REASON_ROGUE_DHCP },
    { "dhcpv6 answer", REASON_ROGUE_DHCP },
    { "icmp redirect", REASON_ROGUE_ROUTER },
    { "icmp router advertisement", REASON_ROGUE_ROUTER },
    { "vlan 0", REASON_TAGGED },
    { "own vlan", REASON_TAGGED },
    { "vlan of the other", REASON_TAGGED },
    { "service tag of the other", REASON_TAGGED },
    { "tag 0x9100 of the other", REASON_TAGGED },
    { "two tags, own outside", REASON_TAGGED },
    { "two tags, 0 outside", REASON_TAGGED },
    { "service tag and tag", REASON_TAGGED },
    { "unknown ethertype", REASON_ETHERTYPE },
    { "mpls", REASON_ETHERTYPE },
    { "pppoe", REASON_ETHERTYPE },
    { "rarp", REASON_ETHERTYPE },
    { "ip in 802.3 and snap", REASON_LLC },
    { "llc to the bridges' group", REASON_LLC },
    { "llc", REASON_LLC },
    { "lldp", REASON_CONTROL_MAC },
    { "ip to a switches' group", REASON_CONTROL_MAC },
    { "unicast ip to a group", REASON_MAC_IP_MISMATCH },
    { "ipv4 source route", REASON_IP_OPTIONS },
    { "ipv4 tiny first fragment", REASON_FRAGMENT },
    { "ipv4 fragment at 8", REASON_FRAGMENT },
    { "ipv4 fragment past the end", REASON_FRAGMENT },
    { "ipv4 fragment over another", REASON_FRAGMENT },
    { "ipv6 tiny first fragment", REASON_FRAGMENT },
    { "ipv6 fragment with a chain in it", REASON_EXT_HEADER },
    { "ipv6 fragment past the end", REASON_FRAGMENT },
    { "ipv6 fragment over another", REASON_FRAGMENT },
    { "hop-by-hop ahead of udp", REASON_EXT_HEADER },
    { "destination options ahead of udp", REASON_EXT_HEADER },
    { "routing header ahead of udp", REASON_EXT_HEADER },
    { "ah ahead of udp", REASON_EXT_HEADER },
    { "icmp error about a packet of others", REASON_ICMP_EMBEDDED },
};

static void
every_frame_is_what_its_name_says(void **state OVS_UNUSED)
{
    struct probe *p = make("");
    size_t wrong = 0;

    probe_begin(p, 1);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        for (size_t to = 1; to < 3; to++) {
            const struct probe_result *r = find(p, vectors[i].name, 0, to);

            if (r->reason != vectors[i].reason) {
                print_error("%s to %zu: %s, not %s\n", r->name, to,
                            r->reason ? reason_name(r->reason) : "pass",
                            vectors[i].reason ? reason_name(vectors[i].reason)
                                              : "pass");
                wrong++;
            }
        }
    }
    assert_int_equal(wrong, 0);
    probe_free(p);
}

/* nftables does not know one fragment of another. */
static void
fragments_that_overlap_need_the_module(void **state OVS_UNUSED)
{
    static const char *const names[] = { "ipv4 fragment over another",
                                         "ipv6 fragment over another" };
    struct probe *p = make("");

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        p->policy->host.guard = GUARD_NFTABLES;
        probe_begin(p, 1);
        assert_int_equal(find(p, names[i], 0, 1)->may,
                         1u << 1 | 1u << PROBE_UPLINK);
        assert_int_equal(find(p, names[i], 0, 1)->must, 0);
        p->policy->host.guard = GUARD_MODULE;
        probe_begin(p, 1);
        assert_int_equal(find(p, names[i], 0, 1)->may, 0);
    }
    probe_free(p);
}

static void
what_is_sent_in_a_network_stays_there(void **state OVS_UNUSED)
{
    struct probe *p = make("");
    const struct probe_result *r;

    probe_begin(p, 1);
    for (size_t i = 0; i < p->n_results; i++) {
        r = &p->results[i];
        assert_false((r->must | r->may) & (1u << PROBE_HOST | 1u << r->from));
        assert_false((r->must | r->may) & 1u << probe_other(r->from));
        assert_false(r->must & ~r->may);
        assert_false(r->reason && r->may);
    }
    r = find(p, "udp over ipv4", 0, 1);
    assert_int_equal(r->must, 1u << 1);
    assert_int_equal(r->may, 1u << 1 | 1u << PROBE_UPLINK);
    assert_int_equal(find(p, "udp over ipv4", 0, 2)->must, 0);
    assert_int_equal(find(p, "arp request", 3, 2)->must, 1u << 2);
    assert_int_equal(find(p, "arp request", 3, 1)->must, 1u << 2);
    assert_int_equal(find(p, "to a mac of nobody", 0, 1)->may,
                     1u << PROBE_UPLINK);
    probe_free(p);
}

static void
a_tenants_rules_may_keep_ip_back(void **state OVS_UNUSED)
{
    struct probe *p = make("    defaults: { ingress: deny }\n");

    probe_begin(p, 1);
    assert_int_equal(find(p, "udp over ipv4", 2, 3)->must, 0);
    assert_int_equal(find(p, "arp reply", 2, 3)->must, 1u << 3);
    assert_int_equal(find(p, "neighbour advertisement", 2, 3)->must, 1u << 3);
    assert_int_equal(find(p, "udp over ipv4", 0, 1)->must, 1u << 1);
    probe_free(p);
}

static void
a_good_host(void **state OVS_UNUSED)
{
    struct probe *p = make("");

    play(p);
    assert_true(probe_is_complete(p));
    probe_end(p);
    assert_int_equal(count(p, PROBE_LEAKED) + count(p, PROBE_LOST), 0);
    assert_true(count(p, PROBE_PASSED) > 50);
    assert_true(count(p, PROBE_HELD) > 200);
    probe_free(p);
}

/* The number of 'r', of which the frame is the same. */
static const struct probe_frame *
frame_of(const struct probe *p, const struct probe_result *r)
{
    return &p->frames.v[r - p->results];
}

static void
leaks_are_found(void **state OVS_UNUSED)
{
    struct probe *p = make("");
    const struct probe_frame *f;
    uint8_t seen[2048] = { 0 };

    play(p);
    /* Forbidden, and tagged on its way out. */
    f = frame_of(p, find(p, "ipv4 source of nobody", 0, 1));
    memcpy(seen, f->data, 12);
    memcpy(&seen[16], &f->data[12], f->n - 12);
    probe_seen(p, PROBE_UPLINK, seen, f->n + 4);
    /* Allowed, but at the other tenant's. */
    f = frame_of(p, find(p, "udp over ipv6", 2, 0));
    probe_seen(p, 0, f->data, f->n);
    /* To the host. */
    f = frame_of(p, find(p, "arp request", 1, 0));
    probe_seen(p, PROBE_HOST, f->data, f->n);
    probe_end(p);
    assert_int_equal(count(p, PROBE_LEAKED), 3);
    assert_int_equal(find(p, "ipv4 source of nobody", 0, 1)->leaked,
                     1u << PROBE_UPLINK);
    assert_int_equal(find(p, "udp over ipv6", 2, 0)->leaked, 1u << 0);
    assert_int_equal(find(p, "arp request", 1, 0)->leaked, 1u << PROBE_HOST);

    /* They stay found when all is well later. */
    play(p);
    probe_end(p);
    assert_int_equal(count(p, PROBE_LEAKED), 3);
    probe_free(p);
}

static void
what_does_not_arrive_is_lost(void **state OVS_UNUSED)
{
    struct probe *p = make("");

    play(p);
    find(p, "arp reply", 3, 2)->got = 0;
    assert_false(probe_is_complete(p));
    probe_end(p);
    assert_int_equal(count(p, PROBE_LOST), 1);
    assert_int_equal(count(p, PROBE_LEAKED), 0);
    probe_free(p);
}

static void
frames_of_others_are_not_noted(void **state OVS_UNUSED)
{
    struct probe *p = make("");
    struct probe_frames old;
    const struct probe_frame *f;

    play(p);
    /* Of an earlier run, and cut off in the mark. */
    probe_frames_make(&p->stations, 0x12345679, &old);
    for (size_t i = 0; i < old.n; i++) {
        probe_seen(p, 2, old.v[i].data, old.v[i].n);
    }
    probe_frames_done(&old);
    f = frame_of(p, find(p, "unknown ethertype", 0, 1));
    for (size_t n = 0; n < ETH_HEADER_LEN + PROBE_MARK_LEN; n++) {
        probe_seen(p, 2, f->data, n);
    }
    probe_end(p);
    assert_int_equal(count(p, PROBE_LEAKED), 0);
    probe_seen(p, 2, f->data, ETH_HEADER_LEN + PROBE_MARK_LEN);
    probe_end(p);
    assert_int_equal(count(p, PROBE_LEAKED), 1);
    probe_free(p);
}

static void
every_frame_has_its_mark(void **state OVS_UNUSED)
{
    struct probe *p = make("");

    probe_begin(p, 7);
    for (size_t i = 0; i < p->frames.n; i++) {
        const struct probe_frame *f = &p->frames.v[i];

        if (!memmem(f->data, f->n, f->mark, sizeof f->mark)) {
            fail_msg("%s has no mark", f->name);
        }
        /* Spoofs are for canaries alone. */
        if (!eth_addr_is_multicast(*(struct eth_addr *) f->data)) {
            assert_memory_equal(f->data, "\x02\x63\x70", 3);
        } else {
            assert_memory_equal(f->data + 6, "\x02\x63\x70", 3);
        }
    }
    probe_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_what_its_name_says),
        cmocka_unit_test(fragments_that_overlap_need_the_module),
        cmocka_unit_test(what_is_sent_in_a_network_stays_there),
        cmocka_unit_test(a_tenants_rules_may_keep_ip_back),
        cmocka_unit_test(a_good_host),
        cmocka_unit_test(leaks_are_found),
        cmocka_unit_test(what_does_not_arrive_is_lost),
        cmocka_unit_test(frames_of_others_are_not_noted),
        cmocka_unit_test(every_frame_has_its_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
