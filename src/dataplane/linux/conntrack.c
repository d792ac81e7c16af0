/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Messages of NFNL_SUBSYS_CTNETLINK are built and parsed by
 * libnetfilter-conntrack; they travel by lib/nlsock.h. Called by cut.c.
 *
 * An entry is addressed by zone and original tuple, and its id goes with them,
 * which kernels compare only where they delete. So what is meant for an entry
 * that has just ended may find the next one between the same two ends, in the
 * other direction: one that the rules have let in since, which is judged for
 * itself the next time. */

#include <cordon-config.h>
#include "dataplane/linux/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <netlink/msg.h>

#include "lib/nlsock.h"
#include "util.h"

#define TRIES 5            /* Of a dump. */
#define REQUEST_BYTES 1024 /* More than any entry's tuple needs. */

static struct nf_conntrack *
new_entry(void)
{
    struct nf_conntrack *ct = nfct_new();

    if (!ct) {
        out_of_memory();
    }
    return ct;
}

static bool
is_icmp(uint8_t protocol)
{
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* Parses addresses. False if they are not there. */
static bool
get_addresses(const struct nf_conntrack *ct, struct rule_flow *f)
{
    bool ipv6 = f->src.family == AF_INET6;
    const void *src, *dst;

    src = nfct_get_attr(ct, ipv6 ? ATTR_ORIG_IPV6_SRC : ATTR_ORIG_IPV4_SRC);
    dst = nfct_get_attr(ct, ipv6 ? ATTR_ORIG_IPV6_DST : ATTR_ORIG_IPV4_DST);
    if (!src || !dst) {
        return false;
    }
    memcpy(f->src.b, src, addr_len(&f->src));
    memcpy(f->dst.b, dst, addr_len(&f->dst));
    return true;
}

/* An attribute that has not been given is 0. */
static bool
get_entry(const struct nf_conntrack *ct, struct conntrack_entry *e)
{
    struct rule_flow *f = &e->flow;

    if (!nfct_attr_is_set(ct, ATTR_ORIG_L3PROTO)
        || !nfct_attr_is_set(ct, ATTR_ORIG_L4PROTO)) {
        return false;
    }
    e->zone = nfct_get_attr_u16(ct, ATTR_ZONE);
    e->id = nfct_get_attr_u32(ct, ATTR_ID);
    e->mark = nfct_get_attr_u32(ct, ATTR_MARK);
    f->protocol = nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO);
    f->src.family = f->dst.family = nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO);
    if (f->src.family != AF_INET && f->src.family != AF_INET6) {
        return false;
    }
    if (is_icmp(f->protocol)) {
        f->type = nfct_get_attr_u8(ct, ATTR_ICMP_TYPE);
        f->code = nfct_get_attr_u8(ct, ATTR_ICMP_CODE);
        e->icmp_id = ntohs(nfct_get_attr_u16(ct, ATTR_ICMP_ID));
    } else {
        f->sport = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_SRC));
        f->dport = ntohs(nfct_get_attr_u16(ct, ATTR_ORIG_PORT_DST));
    }
    return get_addresses(ct, f);
}

int
conntrack_parse(const struct nlmsghdr *nlh, struct conntrack_entry *ret_entry)
{
    struct conntrack_entry e = { .zone = 0 };
    struct nf_conntrack *ct = new_entry();
    bool good = mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg)
                && nfct_nlmsg_parse(nlh, ct) >= 0 && get_entry(ct, &e);

    nfct_destroy(ct);
    if (good) {
        *ret_entry = e;
    }
    return good ? 0 : -EPROTO;
}

static struct nl_msg *
new_message(const struct nlmsghdr *nlh)
{
    struct nl_msg *msg = nlmsg_convert(CONST_CAST(struct nlmsghdr *, nlh));

    if (!msg) {
        out_of_memory();
    }
    return msg;
}

/* Starts a message in 'buf', zeroed and of REQUEST_BYTES. */
static struct nlmsghdr *
start_message(void *buf, int type, uint8_t family)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    struct nfgenmsg *nfg;

    nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
    nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
    nfg->nfgen_family = family;
    nfg->version = NFNETLINK_V0;
    return nlh;
}

/* True if the message names an entry. */
static bool
has_tuple(const struct nlmsghdr *nlh)
{
    const struct nlattr *attr;

    mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG) {
            return mnl_attr_get_payload_len(attr) > 0;
        }
    }
    return false;
}

/* Starts a message about 'e' in 'buf', of REQUEST_BYTES. */
static struct nlmsghdr *
start_request(void *buf, int type, const struct conntrack_entry *e)
{
    const struct rule_flow *f = &e->flow;
    bool ipv6 = f->src.family == AF_INET6;
    struct nf_conntrack *ct = new_entry();
    struct nlmsghdr *nlh = start_message(buf, type, f->src.family);
    int error;

    nfct_set_attr_u8(ct, ATTR_ORIG_L3PROTO, f->src.family);
    nfct_set_attr_u8(ct, ATTR_ORIG_L4PROTO, f->protocol);
    nfct_set_attr(ct, ipv6 ? ATTR_ORIG_IPV6_SRC : ATTR_ORIG_IPV4_SRC,
                  f->src.b);
    nfct_set_attr(ct, ipv6 ? ATTR_ORIG_IPV6_DST : ATTR_ORIG_IPV4_DST,
                  f->dst.b);
    if (is_icmp(f->protocol)) {
        nfct_set_attr_u8(ct, ATTR_ICMP_TYPE, f->type);
        nfct_set_attr_u8(ct, ATTR_ICMP_CODE, f->code);
        nfct_set_attr_u16(ct, ATTR_ICMP_ID, htons(e->icmp_id));
    } else {
        nfct_set_attr_u16(ct, ATTR_ORIG_PORT_SRC, htons(f->sport));
        nfct_set_attr_u16(ct, ATTR_ORIG_PORT_DST, htons(f->dport));
    }
    nfct_set_attr_u16(ct, ATTR_ZONE, e->zone);
    error = nfct_nlmsg_build(nlh, ct);
    nfct_destroy(ct);
    /* What libnetfilter-conntrack does not write. */
    mnl_attr_put_u32(nlh, CTA_ID, htonl(e->id));
    ovs_assert(error >= 0 && has_tuple(nlh));
    return nlh;
}

struct nl_msg *
conntrack_mark(const struct conntrack_entry *e, uint32_t mark, uint32_t mask)
{
    uint8_t buf[REQUEST_BYTES] = { 0 };
    struct nlmsghdr *nlh = start_request(buf, IPCTNL_MSG_CT_NEW, e);

    mnl_attr_put_u32(nlh, CTA_MARK, htonl(mark & mask));
    mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(mask));
    return new_message(nlh);
}

struct nl_msg *
conntrack_delete(const struct conntrack_entry *e)
{
    uint8_t buf[REQUEST_BYTES] = { 0 };

    return new_message(start_request(buf, IPCTNL_MSG_CT_DELETE, e));
}

static int
add_entry(const struct nlmsghdr *nlh, void *es_)
{
    struct conntrack_entries *es = es_;
    struct conntrack_entry e;
    int error;

    if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_CTNETLINK) {
        return 0;
    }
    error = conntrack_parse(nlh, &e);
    if (error || !e.zone) {
        return error;
    }
    if (es->n == es->allocated) {
        es->v = x2nrealloc(es->v, &es->allocated, sizeof *es->v);
    }
    es->v[es->n++] = e;
    return 0;
}

int
conntrack_parse_count(const struct nlmsghdr *nlh, uint32_t *ret_n)
{
    const struct nlattr *attr;

    if (nlh->nlmsg_type
            != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS)
        || mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg)) {
        return -EPROTO;
    }
    mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
        if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_ENTRIES
            && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
            *ret_n = ntohl(mnl_attr_get_u32(attr));
            return 0;
        }
    }
    return -EPROTO;
}

static int
take_count(const struct nlmsghdr *nlh, void *n)
{
    return conntrack_parse_count(nlh, n);
}

/* True if there is no entry at all, of no zone: a dump goes through all
 * buckets of the host's table to find that. */
static bool
is_empty(struct nlsock *sock)
{
    uint8_t buf[REQUEST_BYTES] = { 0 };
    uint32_t n = 1;

    return !nlsock_get(sock,
                       new_message(start_message(buf, IPCTNL_MSG_CT_GET_STATS,
                                                 AF_UNSPEC)),
                       take_count, &n)
           && !n;
}

int
conntrack_read(struct nlsock *sock, struct conntrack_entries *es)
{
    int error = -EAGAIN;

    *es = (struct conntrack_entries){ .v = NULL };
    if (is_empty(sock)) {
        return 0;
    }
    for (int i = 0; i < TRIES && (error == -EAGAIN || error == -ENOBUFS);
         i++) {
        uint8_t buf[REQUEST_BYTES] = { 0 };

        es->n = 0;
        error = nlsock_dump(
            sock,
            new_message(start_message(buf, IPCTNL_MSG_CT_GET, AF_UNSPEC)),
            add_entry, es);
    }
    return error;
}

void
conntrack_done(struct conntrack_entries *es)
{
    free(es->v);
    *es = (struct conntrack_entries){ .v = NULL };
}
