/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Addresses, routes, rules and neighbours. */

#include <cordon-config.h>
#include "audit/host_private.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/nlattr.h"
#include "util.h"

static uint8_t
limited(uint8_t len, uint8_t family)
{
    return MIN(len, family == AF_INET ? 32 : 128);
}

/* A prefix of a route or rule; without attribute all of 'family'. */
static struct prefix
prefix_of(const struct nlattr *attr, uint8_t len, uint8_t family)
{
    struct prefix p = { .addr = host_addr(attr) };

    if (!p.addr.family) {
        p.addr.family = family;
    } else {
        p.len = limited(len, p.addr.family);
    }
    return p;
}

static void
address_cb(struct host_build *b OVS_UNUSED, const struct host_message *m,
           void *list)
{
    const struct ifaddrmsg *ifa = m->header;
    struct nlattr *tb[IFA_MAX + 1];
    struct host_address *a;
    struct addr local, address;

    host_attrs(m, tb, IFA_MAX);
    local = host_addr(tb[IFA_LOCAL]);
    address = host_addr(tb[IFA_ADDRESS]);
    a = host_list_add(list, sizeof *a);
    a->ifindex = ifa->ifa_index;
    a->scope = ifa->ifa_scope;
    a->flags = attr_u32(tb[IFA_FLAGS], ifa->ifa_flags);
    a->prefix.addr = local.family ? local : address;
    a->prefix.len = limited(ifa->ifa_prefixlen, a->prefix.addr.family);
    if (local.family && address.family && addr_cmp(&local, &address)) {
        a->peer = address;
    }
}

static int
compare_addresses(const void *a_, const void *b_)
{
    const struct host_address *a = a_, *b = b_;
    int c = a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;

    return c ? c : prefix_cmp(&a->prefix, &b->prefix);
}

/* RTA_VIA: a gateway of another family. */
static struct addr
via_of(const struct nlattr *attr)
{
    struct addr a = { .family = 0 };
    size_t n = attr ? nla_len(attr) : 0;
    const char *data = attr ? nla_data(attr) : NULL;
    uint16_t family;

    if (n < sizeof family) {
        return a;
    }
    memcpy(&family, data, sizeof family);
    if (n - sizeof family == 4 || n - sizeof family == 16) {
        a.family = family;
        memcpy(a.b, data + sizeof family, n - sizeof family);
    }
    return a;
}

static void
add_hop(struct host_list *hops, uint32_t ifindex, struct nlattr **tb)
{
    struct host_next_hop *hop = host_list_add(hops, sizeof *hop);

    hop->ifindex = ifindex;
    hop->gateway =
        tb[RTA_GATEWAY] ? host_addr(tb[RTA_GATEWAY]) : via_of(tb[RTA_VIA]);
    hop->encap = !!tb[RTA_ENCAP];
}

/* RTA_MULTIPATH: structs with attributes of their own. */
static void
decode_multipath(struct host_build *b, const struct nlattr *multipath,
                 struct host_list *hops)
{
    const char *p = nla_data(multipath);
    size_t rest = nla_len(multipath);

    while (rest >= sizeof(struct rtnexthop)) {
        struct nlattr *tb[RTA_MAX + 1];
        struct rtnexthop nh;

        memcpy(&nh, p, sizeof nh);
        if (nh.rtnh_len < sizeof nh || nh.rtnh_len > rest) {
            host_unknown(b, 0, "a route's next hops cannot be read");
            return;
        }
        nla_parse(
            tb, RTA_MAX,
            ALIGNED_CAST(struct nlattr *, CONST_CAST(char *, p + sizeof nh)),
            nh.rtnh_len - sizeof nh, NULL);
        add_hop(hops, nh.rtnh_ifindex, tb);
        if ((size_t) RTNH_ALIGN(nh.rtnh_len) >= rest) {
            return;
        }
        rest -= RTNH_ALIGN(nh.rtnh_len);
        p += RTNH_ALIGN(nh.rtnh_len);
    }
}

static void
route_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct rtmsg *rtm = m->header;
    struct host_list hops = { .items = NULL };
    struct nlattr *tb[RTA_MAX + 1];
    struct host_route *r;

    host_attrs(m, tb, RTA_MAX);
    r = host_list_add(list, sizeof *r);
    *r = (struct host_route){
        .family = rtm->rtm_family,
        .type = rtm->rtm_type,
        .scope = rtm->rtm_scope,
        .protocol = rtm->rtm_protocol,
        .table = attr_u32(tb[RTA_TABLE], rtm->rtm_table),
        .destination =
            prefix_of(tb[RTA_DST], rtm->rtm_dst_len, rtm->rtm_family),
        .source = prefix_of(tb[RTA_SRC], rtm->rtm_src_len, rtm->rtm_family),
        .preferred = host_addr(tb[RTA_PREFSRC]),
        .tos = rtm->rtm_tos,
        .metric = attr_u32(tb[RTA_PRIORITY], 0),
        .input = attr_u32(tb[RTA_IIF], 0),
        .by_id = !!tb[RTA_NH_ID],
    };
    if (tb[RTA_MULTIPATH]) {
        decode_multipath(b, tb[RTA_MULTIPATH], &hops);
    } else if (tb[RTA_OIF] || tb[RTA_GATEWAY] || tb[RTA_VIA]) {
        add_hop(&hops, attr_u32(tb[RTA_OIF], 0), tb);
    }
    r->hops = host_list_take(b, &hops, sizeof *r->hops, &r->n_hops);
}

/* Conditions of a rule that are not in struct host_rule. That of all users is
 * none. */
static bool
has_other_condition(const struct fib_rule_hdr *frh, struct nlattr **tb)
{
    struct fib_rule_uid_range uids;

    return frh->tos || tb[FRA_FLOW] || tb[FRA_TUN_ID] || tb[FRA_IP_PROTO]
           || tb[FRA_SPORT_RANGE] || tb[FRA_DPORT_RANGE]
           || attr_u8(tb[FRA_L3MDEV], 0)
           || attr_u32(tb[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX) != UINT32_MAX
           || attr_u32(tb[FRA_SUPPRESS_IFGROUP], UINT32_MAX) != UINT32_MAX
           || (host_bytes(tb[FRA_UID_RANGE], &uids, sizeof uids)
               && (uids.start || uids.end != UINT32_MAX));
}

static void
rule_cb(struct host_build *b, const struct host_message *m, void *list)
{
    const struct fib_rule_hdr *frh = m->header;
    struct nlattr *tb[FRA_MAX + 1];
    struct host_rule *r;

    host_attrs(m, tb, FRA_MAX);
    r = host_list_add(list, sizeof *r);
    *r = (struct host_rule){
        .family = frh->family,
        .action = frh->action,
        .priority = attr_u32(tb[FRA_PRIORITY], 0),
        .table = attr_u32(tb[FRA_TABLE], frh->table),
        .input = tb[FRA_IIFNAME] ? host_text(b, tb[FRA_IIFNAME]) : NULL,
        .output = tb[FRA_OIFNAME] ? host_text(b, tb[FRA_OIFNAME]) : NULL,
        .mark = attr_u32(tb[FRA_FWMARK], 0),
        .mark_mask = attr_u32(tb[FRA_FWMASK], tb[FRA_FWMARK] ? UINT32_MAX : 0),
        .invert = frh->flags & FIB_RULE_INVERT,
        .understood = !has_other_condition(frh, tb),
    };
    if (tb[FRA_SRC]) {
        r->source = prefix_of(tb[FRA_SRC], frh->src_len, frh->family);
    }
    if (tb[FRA_DST]) {
        r->destination = prefix_of(tb[FRA_DST], frh->dst_len, frh->family);
    }
}

static int
compare_rules(const void *a_, const void *b_)
{
    const struct host_rule *a = a_, *b = b_;
    int c = a->family < b->family ? -1 : a->family > b->family;

    return c ? c : a->priority < b->priority ? -1 : a->priority > b->priority;
}

static void
neighbor_cb(struct host_build *b OVS_UNUSED, const struct host_message *m,
            void *list)
{
    const struct ndmsg *ndm = m->header;
    struct nlattr *tb[NDA_MAX + 1];
    struct host_neighbor *n;

    host_attrs(m, tb, NDA_MAX);
    n = host_list_add(list, sizeof *n);
    n->ifindex = ndm->ndm_ifindex;
    n->state = ndm->ndm_state;
    n->proxy = ndm->ndm_flags & NTF_PROXY;
    n->addr = host_addr(tb[NDA_DST]);
    host_bytes(tb[NDA_LLADDR], &n->mac, ETH_ALEN);
}

void
host_decode_routes(struct host_build *b)
{
    struct host_list addresses = { .items = NULL }, routes = addresses;
    struct host_list rules = addresses, neighbors = addresses;
    struct host *host = b->host;
    struct host_address *a;
    struct host_rule *r;

    host_each_message(b, "addr", sizeof(struct ifaddrmsg), address_cb,
                      &addresses);
    a = host_list_take(b, &addresses, sizeof *a, &host->n_addresses);
    if (a) {
        qsort(a, host->n_addresses, sizeof *a, compare_addresses);
    }
    host->addresses = a;

    host_each_message(b, "route4", sizeof(struct rtmsg), route_cb, &routes);
    host_each_message(b, "route6", sizeof(struct rtmsg), route_cb, &routes);
    host->routes =
        host_list_take(b, &routes, sizeof *host->routes, &host->n_routes);

    host_each_message(b, "rule4", sizeof(struct fib_rule_hdr), rule_cb,
                      &rules);
    host_each_message(b, "rule6", sizeof(struct fib_rule_hdr), rule_cb,
                      &rules);
    r = host_list_take(b, &rules, sizeof *r, &host->n_rules);
    if (r) {
        qsort(r, host->n_rules, sizeof *r, compare_rules);
    }
    host->rules = r;

    host_each_message(b, "neigh", sizeof(struct ndmsg), neighbor_cb,
                      &neighbors);
    host_each_message(b, "neigh.proxy", sizeof(struct ndmsg), neighbor_cb,
                      &neighbors);
    host->neighbors = host_list_take(b, &neighbors, sizeof *host->neighbors,
                                     &host->n_neighbors);
}
