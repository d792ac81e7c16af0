/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages of nflog: what the kernel sends for a frame in each place where
 * rules log, and the same cut off and damaged. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "dataplane/linux/logged.h"
#include "dataplane/linux/nflog.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static const uint8_t frame[] = "\x02\0\0\0\0\2\x02\0\0\0\0\1\x08\0"
                               "\x45\0\0\x20\0\0\0\0\x40\x11\0\0"
                               "\x0a\0\0\1\x0a\0\0\2\x9c\x40\x23\x28";
#define FRAME_LEN (sizeof frame - 1)

struct packet {
    uint8_t family, hook;
    const char *prefix;
    uint32_t in, out, physin, physout;
    bool vlan;
    uint16_t type;      /* Of the message, 0: a packet. */
    bool header_inside; /* The payload begins with the Ethernet header. */
};

static void
put_index(struct nlmsghdr *nlh, uint16_t type, uint32_t ifindex)
{
    if (ifindex) {
        mnl_attr_put_u32(nlh, type, htonl(ifindex));
    }
}

static struct nlmsghdr *
build(const struct packet *p, void *buf)
{
    const struct nfulnl_msg_packet_hdr hdr = { htons(0x0800), p->hook, 0 };
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *nfg;
    size_t skip = p->header_inside ? 0 : 14;

    nlh->nlmsg_type =
        p->type ? p->type : NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
    nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
    nfg->nfgen_family = p->family;
    mnl_attr_put(nlh, NFULA_PACKET_HDR, sizeof hdr, &hdr);
    mnl_attr_put_strz(nlh, NFULA_PREFIX, p->prefix);
    put_index(nlh, NFULA_IFINDEX_INDEV, p->in);
    put_index(nlh, NFULA_IFINDEX_OUTDEV, p->out);
    put_index(nlh, NFULA_IFINDEX_PHYSINDEV, p->physin);
    put_index(nlh, NFULA_IFINDEX_PHYSOUTDEV, p->physout);
    if (p->vlan) {
        struct nlattr *nest = mnl_attr_nest_start(nlh, NFULA_VLAN);

        mnl_attr_put_u16(nlh, NFULA_VLAN_PROTO, htons(0x8100));
        mnl_attr_put_u16(nlh, NFULA_VLAN_TCI, htons(200));
        mnl_attr_nest_end(nlh, nest);
    }
    mnl_attr_put(nlh, NFULA_L2HDR, 14, frame);
    mnl_attr_put(nlh, NFULA_PAYLOAD, FRAME_LEN - skip, frame + skip);
    return nlh;
}

static const struct packet from_guest = {
    .family = NFPROTO_NETDEV,
    .hook = NF_NETDEV_INGRESS,
    .prefix = "egress:spoofed-mac",
    .in = 7,
};

static void
check(const struct packet *p, uint32_t ifindex, unsigned int reason, bool from)
{
    uint64_t buf[128];
    struct dropped_frame f;

    assert_true(nflog_parse(build(p, buf), &f));
    assert_int_equal(f.ifindex, ifindex);
    assert_int_equal(f.reason, reason);
    assert_int_equal(f.from, from);
    if (p->vlan) {
        assert_int_equal(f.n, FRAME_LEN + 4);
        assert_memory_equal(f.bytes, frame, 12);
        assert_memory_equal(f.bytes + 12, "\x81\0\0\xc8", 4);
        assert_memory_equal(f.bytes + 16, frame + 12, FRAME_LEN - 12);
    } else {
        assert_int_equal(f.n, FRAME_LEN);
        assert_memory_equal(f.bytes, frame, FRAME_LEN);
    }
}

static void
test_places(void **state OVS_UNUSED)
{
    struct packet p = from_guest;

    check(&p, 7, REASON_SPOOFED_MAC, true);
    p.vlan = true;
    check(&p, 7, REASON_SPOOFED_MAC, true);
    p = (struct packet){
        .family = NFPROTO_NETDEV,
        .hook = NF_NETDEV_EGRESS,
        .prefix = "ingress:not-addressed",
        .out = 8,
        .header_inside = true,
    };
    check(&p, 8, REASON_NOT_ADDRESSED, false);
    p = (struct packet){
        .family = NFPROTO_BRIDGE,
        .hook = NF_INET_FORWARD,
        .prefix = "ingress:group-ingress",
        .in = 2,
        .out = 2,
        .physin = 7,
        .physout = 8,
    };
    check(&p, 8, REASON_GROUP_INGRESS, false);
    p.prefix = "egress:group-egress";
    check(&p, 7, REASON_GROUP_EGRESS, true);
}

static void
test_none_of_ours(void **state OVS_UNUSED)
{
    static const char *const prefixes[] = {
        "", "egress:", "egress:nothing", "spoofed-mac", "ingress", "in:storm",
    };
    struct packet p = from_guest;
    struct dropped_frame f;
    uint64_t buf[128];

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        p.prefix = prefixes[i];
        assert_false(nflog_parse(build(&p, buf), &f));
    }
    p = from_guest;
    p.in = 0;
    assert_false(nflog_parse(build(&p, buf), &f));
    p = from_guest;
    p.type = NFNL_SUBSYS_NFTABLES << 8 | NFULNL_MSG_PACKET;
    assert_false(nflog_parse(build(&p, buf), &f));
}

/* Every reason's rule is told by its prefix. */
static void
test_prefixes(void **state OVS_UNUSED)
{
    for (unsigned int i = 1; i <= REASON_MAX; i++) {
        for (int from = 0; from < 2 && reason_name(i); from++) {
            struct ds rule = DS_EMPTY_INITIALIZER;
            unsigned int reason;
            bool was;

            logged_rule(i, from, 0, &rule);
            ds_chomp(&rule, '\n');
            assert_true(logged_prefix(strrchr(ds_cstr(&rule), ' ') + 1,
                                      &reason, &was));
            assert_int_equal(reason, i);
            assert_int_equal(was, from);
            ds_destroy(&rule);
        }
    }
}

/* An own allocation of just that size, so that reading past the end is
 * found. */
static void
parse(const void *message, size_t n)
{
    struct nlmsghdr *copy = xmemdup(message, n);
    struct dropped_frame f = { .n = 0 };

    if (n >= sizeof *copy) {
        copy->nlmsg_len = n;
        nflog_parse(copy, &f);
        assert_true(f.n <= sizeof f.bytes);
    }
    free(copy);
}

static void
test_damaged(void **state OVS_UNUSED)
{
    struct packet p = from_guest;
    uint64_t buf[128], bad[128];
    struct nlmsghdr *nlh;
    uint32_t x = 1;

    p.vlan = true;
    nlh = build(&p, buf);
    for (size_t n = 16; n <= nlh->nlmsg_len; n++) {
        parse(nlh, n);
    }
    for (int i = 0; i < 20000; i++) {
        memcpy(bad, buf, nlh->nlmsg_len);
        for (int j = 0; j < 3; j++) {
            x = x * 1664525 + 1013904223;
            ((uint8_t *) bad)[20 + (x >> 8) % (nlh->nlmsg_len - 20)] = x >> 24;
        }
        parse(bad, nlh->nlmsg_len);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_none_of_ours),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
