/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is written about an entry is read as the same entry, and never fails to
 * say which it is; what is no entry is refused. */

#include <cordon-config.h>

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <netlink/msg.h>

#include "dataplane/linux/conntrack.h"
#include "lib/addr.h"
#include "util.h"

/* Ports are type and code of ICMP. */
static const struct {
    uint8_t protocol;
    const char *src, *dst;
    uint16_t a, b, icmp_id;
} vectors[] = {
    { IPPROTO_TCP, "10.0.0.1", "10.0.0.2", 50000, 80, 0 },
    { IPPROTO_UDP, "10.0.0.1", "10.0.0.2", 53, 53, 0 },
    { IPPROTO_SCTP, "fd00::1", "fd00::2", 5000, 9000, 0 },
    { IPPROTO_TCP, "fd00::1", "2001:db8::2", 1, 65535, 0 },
    { IPPROTO_GRE, "10.0.0.1", "10.0.0.2", 0, 17, 0 },
    { IPPROTO_ICMP, "10.0.0.1", "10.0.0.2", 8, 0, 4711 },
    { IPPROTO_ICMPV6, "fd00::1", "fd00::2", 128, 0, 65535 },
    { IPPROTO_ESP, "10.0.0.1", "10.0.0.2", 0, 0, 0 },
    { 253, "fd00::1", "fd00::2", 0, 0, 0 },
};

static struct conntrack_entry
entry(size_t i)
{
    struct conntrack_entry e = { .zone = 110, .id = 0xdeadbeef };
    struct rule_flow *f = &e.flow;

    f->protocol = vectors[i].protocol;
    assert_true(addr_parse(vectors[i].src, &f->src));
    assert_true(addr_parse(vectors[i].dst, &f->dst));
    if (f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_ICMPV6) {
        f->type = vectors[i].a;
        f->code = vectors[i].b;
        e.icmp_id = vectors[i].icmp_id;
    } else {
        f->sport = vectors[i].a;
        f->dport = vectors[i].b;
    }
    return e;
}

static const struct nlattr *
find(const struct nlmsghdr *nlh, int type)
{
    const struct nlattr *attr;

    mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attr) == type) {
            return attr;
        }
    }
    return NULL;
}

static void
test_identity(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct conntrack_entry e = entry(i), parsed;
        struct nl_msg *msg = conntrack_mark(&e, 0xff, CT_MARK_BLOCKED);
        const struct nlmsghdr *nlh = nlmsg_hdr(msg);

        assert_int_equal(nlh->nlmsg_type,
                         NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
        /* An entry that has gone must not come back. */
        assert_false(nlh->nlmsg_flags & NLM_F_CREATE);
        assert_non_null(find(nlh, CTA_TUPLE_ORIG));
        assert_null(find(nlh, CTA_TUPLE_REPLY));
        assert_null(find(nlh, CTA_STATUS));
        assert_null(find(nlh, CTA_TIMEOUT));
        assert_int_equal(ntohl(mnl_attr_get_u32(find(nlh, CTA_MARK_MASK))),
                         CT_MARK_BLOCKED);

        assert_int_equal(conntrack_parse(nlh, &parsed), 0);
        e.mark = CT_MARK_BLOCKED; /* Nothing outside of the mask. */
        assert_int_equal(parsed.zone, e.zone);
        assert_int_equal(parsed.id, e.id);
        assert_int_equal(parsed.mark, e.mark);
        assert_int_equal(parsed.icmp_id, e.icmp_id);
        assert_int_equal(parsed.flow.protocol, e.flow.protocol);
        assert_int_equal(addr_cmp(&parsed.flow.src, &e.flow.src), 0);
        assert_int_equal(addr_cmp(&parsed.flow.dst, &e.flow.dst), 0);
        assert_int_equal(parsed.flow.sport, e.flow.sport);
        assert_int_equal(parsed.flow.dport, e.flow.dport);
        assert_int_equal(parsed.flow.type, e.flow.type);
        assert_int_equal(parsed.flow.code, e.flow.code);
        nlmsg_free(msg);
    }
}

/* What deletes says which: kernels that are told less delete all. */
static void
test_delete(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct conntrack_entry e = entry(i), parsed;
        struct nl_msg *msg = conntrack_delete(&e);
        const struct nlmsghdr *nlh = nlmsg_hdr(msg);

        assert_int_equal(nlh->nlmsg_type,
                         NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE);
        assert_non_null(find(nlh, CTA_TUPLE_ORIG));
        assert_true(mnl_attr_get_payload_len(find(nlh, CTA_TUPLE_ORIG)) > 0);
        assert_int_equal(ntohl(mnl_attr_get_u32(find(nlh, CTA_ID))), e.id);
        assert_int_equal(conntrack_parse(nlh, &parsed), 0);
        assert_int_equal(parsed.zone, e.zone);
        assert_int_equal(addr_cmp(&parsed.flow.src, &e.flow.src), 0);
        assert_int_equal(addr_cmp(&parsed.flow.dst, &e.flow.dst), 0);
        assert_int_equal(parsed.flow.dport, e.flow.dport);
        nlmsg_free(msg);
    }
}

/* A message that ends early is no entry; nor is one without a tuple. */
static void
test_refused(void **state OVS_UNUSED)
{
    struct conntrack_entry e = entry(0), parsed;
    struct nl_msg *msg = conntrack_mark(&e, 1, 1);
    struct nlmsghdr *nlh = nlmsg_hdr(msg);
    uint8_t buf[256] = { 0 };
    uint32_t whole = nlh->nlmsg_len;
    uint32_t tuple = (const uint8_t *) find(nlh, CTA_TUPLE_ORIG)
                     - (const uint8_t *) nlh
                     + find(nlh, CTA_TUPLE_ORIG)->nla_len;

    for (uint32_t len = NLMSG_HDRLEN; len < tuple; len++) {
        nlh->nlmsg_len = len;
        assert_int_equal(conntrack_parse(nlh, &parsed), -EPROTO);
    }
    nlh->nlmsg_len = whole;
    assert_int_equal(conntrack_parse(nlh, &parsed), 0);
    nlmsg_free(msg);

    nlh = mnl_nlmsg_put_header(buf);
    nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
    mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
    mnl_attr_put_u32(nlh, CTA_MARK, htonl(1));
    assert_int_equal(conntrack_parse(nlh, &parsed), -EPROTO);
}

/* How many there are, of all zones; what does not say it is no "none". */
static void
test_count(void **state OVS_UNUSED)
{
    uint8_t buf[256] = { 0 };
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    uint32_t n = 4711;

    nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS;
    assert_int_equal(conntrack_parse_count(nlh, &n), -EPROTO);
    mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
    mnl_attr_put_u32(nlh, CTA_STATS_GLOBAL_MAX_ENTRIES, 0);
    assert_int_equal(conntrack_parse_count(nlh, &n), -EPROTO);
    mnl_attr_put_u16(nlh, CTA_STATS_GLOBAL_ENTRIES, 0);
    assert_int_equal(conntrack_parse_count(nlh, &n), -EPROTO);
    assert_int_equal(n, 4711);
    mnl_attr_put_u32(nlh, CTA_STATS_GLOBAL_ENTRIES, htonl(3));
    assert_int_equal(conntrack_parse_count(nlh, &n), 0);
    assert_int_equal(n, 3);
    nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
    assert_int_equal(conntrack_parse_count(nlh, &n), -EPROTO);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_count),
    };

    return cmocka_run_group_tests_name("conntrack", tests, NULL, NULL);
}
