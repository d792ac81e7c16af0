/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The meaning of groups. A direction that none of an interface's groups has
 * rules for follows the tenant's defaults; otherwise the union of the groups'
 * rules decides, as in Kubernetes' NetworkPolicy. Used by the dataplane to
 * judge running connections, and by tests as what rules in a kernel have to
 * agree with. */

#include <cordon-config.h>
#include "plan/rule.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "unaligned.h"
#include "util.h"

/* ICMPv6 types: MLD's are 130 to 132 (RFC 2710) and 143 (RFC 3810), neighbour
 * and router discovery's 133 to 137 (RFC 4861). */
#define MLD_FIRST 130
#define ND_FIRST 133
#define ND_LAST 137
#define MLD2_REPORT 143

bool
rule_filtered(const struct policy_interface *i)
{
    return i->n_groups || i->guest->tenant->has_defaults;
}

bool
rule_stateful(const struct policy_interface *i)
{
    for (size_t j = 0; j < i->n_groups; j++) {
        if (!i->groups[j]->stateless) {
            return true;
        }
    }
    return !i->n_groups && rule_filtered(i);
}

/* True if one of the groups has rules for 'direction'. */
static bool
has_rules(const struct policy_interface *i, enum policy_direction direction)
{
    for (size_t j = 0; j < i->n_groups; j++) {
        if (i->groups[j]->has[direction]) {
            return true;
        }
    }
    return false;
}

bool
rule_restricted(const struct policy_interface *i,
                enum policy_direction direction)
{
    return rule_filtered(i)
           && (has_rules(i, direction) || !i->guest->tenant->allow[direction]);
}

/* Calls 'cb' with the addresses of those of 'tenant' in 'network' that are
 * believed in DHCP, until it returns true. */
static bool
each_server_of(const struct policy_tenant *tenant,
               const struct policy_network *network, rule_server_cb *cb,
               void *aux)
{
    for (size_t i = 0; tenant->serves && i < tenant->n_guests; i++) {
        const struct policy_guest *guest = &tenant->guests[i];

        for (size_t j = 0; j < guest->n_interfaces; j++) {
            const struct policy_interface *ifc = &guest->interfaces[j];

            if (ifc->network != network
                || !(ifc->dhcp_server || ifc->router)) {
                continue;
            }
            for (size_t k = 0; k < ifc->n_addresses; k++) {
                if (prefix_is_host(&ifc->addresses[k])
                    && cb(&ifc->addresses[k].addr, aux)) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool
rule_each_dhcp_server(const struct policy_interface *ifc, rule_server_cb *cb,
                      void *aux)
{
    const struct policy_network *n = ifc->network;
    const struct policy_tenant *tenant = ifc->guest->tenant;

    for (size_t i = 0; i < n->n_gateways; i++) {
        for (size_t j = 0; j < n->gateways[i].n_addresses; j++) {
            if (cb(&n->gateways[i].addresses[j], aux)) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < n->n_services; i++) {
        const struct policy_service *s = &n->services[i];

        for (size_t j = 0; s->dhcp && j < s->n_addresses; j++) {
            if (cb(&s->addresses[j], aux)) {
                return true;
            }
        }
    }
    return (n->tenant && n->tenant != tenant
            && each_server_of(n->tenant, n, cb, aux))
           || each_server_of(tenant, n, cb, aux);
}

static bool
is_address(const struct addr *a, void *b)
{
    return !addr_cmp(a, b);
}

/* What a DHCP client sends: to all, or to whom it may believe. */
static bool
to_server(const struct policy_interface *ifc, const struct rule_flow *f)
{
    static const struct addr all = { AF_INET, { 255, 255, 255, 255 } };
    struct addr dst = f->dst;

    return (dst.family == AF_INET ? !addr_cmp(&dst, &all)
                                  : addr_is_multicast(&dst))
           || rule_each_dhcp_server(ifc, is_address, &dst);
}

static bool
is_dhcp(const struct policy_interface *ifc, const struct rule_flow *f,
        uint16_t server, uint16_t client)
{
    return (f->sport == server && f->dport == client)
           || (f->sport == client && f->dport == server && to_server(ifc, f));
}

bool
rule_essential(const struct policy_interface *ifc, const struct rule_flow *f)
{
    bool ipv6 = f->src.family == AF_INET6;

    switch (f->protocol) {
    case IPPROTO_UDP:
        return ipv6 ? is_dhcp(ifc, f, 547, 546) : is_dhcp(ifc, f, 67, 68);

    case IPPROTO_IGMP:
        return !ipv6 && addr_is_multicast(&f->dst);

    case IPPROTO_ICMPV6:
        return ipv6
               && ((f->type >= ND_FIRST && f->type <= ND_LAST)
                   || (((f->type >= MLD_FIRST && f->type < ND_FIRST)
                        || f->type == MLD2_REPORT)
                       && addr_is_multicast(&f->dst)));
    }
    return false;
}

bool
rule_is_member(const struct policy_interface *i,
               const struct policy_group *group)
{
    for (size_t j = 0; j < i->n_groups; j++) {
        if (i->groups[j] == group) {
            return true;
        }
    }
    return false;
}

typedef bool address_cb(const struct prefix *, void *aux);

/* Calls 'cb' with what rule_members() returns, until it returns true. */
static bool
each_address(const struct policy_interface *i, address_cb *cb, void *aux)
{
    for (size_t j = 0; j < i->n_addresses; j++) {
        if (cb(&i->addresses[j], aux)) {
            return true;
        }
    }
    for (size_t j = 0; j < i->n_extra; j++) {
        for (size_t k = 0; k < i->extra[j].n_addresses; k++) {
            if (cb(&i->extra[j].addresses[k], aux)) {
                return true;
            }
        }
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        for (size_t k = 0; k < i->vrrp[j].n_addresses; k++) {
            const struct addr *a = &i->vrrp[j].addresses[k];

            if (cb(&(struct prefix){ *a, addr_bits(a) }, aux)) {
                return true;
            }
        }
    }
    return false;
}

static bool
each_member_address(const struct policy_group *group, address_cb *cb,
                    void *aux)
{
    const struct policy_tenant *t = group->tenant;

    for (size_t i = 0; i < t->n_guests; i++) {
        for (size_t j = 0; j < t->guests[i].n_interfaces; j++) {
            const struct policy_interface *ifc = &t->guests[i].interfaces[j];

            if (rule_is_member(ifc, group) && each_address(ifc, cb, aux)) {
                return true;
            }
        }
    }
    return false;
}

static bool
holds_address(const struct prefix *p, void *addr_)
{
    return !addr_is_link_local(&p->addr) && prefix_contains_addr(p, addr_);
}

static bool
walk_members(const struct policy_group *group, const struct addr *a,
             const void *aux OVS_UNUSED)
{
    return each_member_address(group, holds_address,
                               CONST_CAST(struct addr *, a));
}

/* What rule_allows_by() was given about members. */
struct members {
    rule_member_cb *is_member;
    const void *aux;
};

static bool
peer_matches(const struct policy_peer *peer, const struct addr *a,
             const struct members *m)
{
    switch (peer->kind) {
    case PEER_ANY:
        return true;

    case PEER_PREFIX:
        return prefix_contains_addr(&peer->prefix, a);

    case PEER_GROUP:
        return m->is_member(peer->group, a, m->aux);

    case PEER_NETWORK:
        for (size_t i = 0; i < peer->network->n_subnets; i++) {
            if (prefix_contains_addr(&peer->network->subnets[i], a)) {
                return true;
            }
        }
        return false;
    }
    return false;
}

static bool
has_ports(uint8_t protocol)
{
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
           || protocol == IPPROTO_SCTP;
}

static bool
service_matches(const struct policy_rule *r, const struct rule_flow *f)
{
    for (size_t i = 0; i < r->n_ports; i++) {
        const struct policy_ports *p = &r->ports[i];

        if (p->protocol != POLICY_PROTOCOL_ANY && p->protocol != f->protocol) {
            continue;
        }
        if (has_ports(f->protocol)
            && (f->dport < p->first || f->dport > p->last)) {
            continue;
        }
        if ((p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6)
            && ((r->icmp_type >= 0 && r->icmp_type != f->type)
                || (r->icmp_code >= 0 && r->icmp_code != f->code))) {
            continue;
        }
        return true;
    }
    return false;
}

static bool
rule_matches(const struct policy_rule *r, enum policy_direction direction,
             const struct rule_flow *f, const struct members *m)
{
    const struct addr *a = direction == POLICY_INGRESS ? &f->src : &f->dst;

    if (!service_matches(r, f)) {
        return false;
    }
    for (size_t i = 0; i < r->n_peers; i++) {
        if (peer_matches(&r->peers[i], a, m)) {
            return true;
        }
    }
    return false;
}

bool
rule_allows_by(const struct policy_interface *ifc,
               enum policy_direction direction, const struct rule_flow *flow,
               rule_member_cb *is_member, const void *aux,
               const struct policy_rule **ret_rule)
{
    const struct members m = { is_member, aux };
    const struct policy_rule *found = NULL;

    for (size_t i = 0; i < ifc->n_groups && !found; i++) {
        const struct policy_group *g = ifc->groups[i];

        for (size_t j = 0; j < g->n_rules[direction] && !found; j++) {
            if (rule_matches(&g->rules[direction][j], direction, flow, &m)) {
                found = &g->rules[direction][j];
            }
        }
    }
    if (ret_rule) {
        *ret_rule = found;
    }
    return found || !rule_restricted(ifc, direction)
           || rule_essential(ifc, flow);
}

bool
rule_allows(const struct policy_interface *ifc,
            enum policy_direction direction, const struct rule_flow *flow,
            const struct policy_rule **ret_rule)
{
    return rule_allows_by(ifc, direction, flow, walk_members, NULL, ret_rule);
}

/* Growing arrays, of IPv4 and of IPv6. */
struct gather {
    struct prefix *v[2];
    size_t n[2], allocated[2];
    bool sorted; /* IPv6: in order, without duplicates. */
};

static bool
add_address(const struct prefix *p, void *g_)
{
    struct gather *g = g_;
    int f = p->addr.family == AF_INET6;

    if (addr_is_link_local(&p->addr)) {
        return false;
    }
    if (g->n[f] == g->allocated[f]) {
        g->v[f] = x2nrealloc(g->v[f], &g->allocated[f], sizeof *g->v[f]);
    }
    if (f && g->n[f] && prefix_cmp(&g->v[f][g->n[f] - 1], p) >= 0) {
        g->sorted = false;
    }
    g->v[f][g->n[f]++] = *p;
    return false;
}

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_cmp(a, b);
}

/* Sorts numbers of 40 bits, byte by byte from the last: of thousands, several
 * times as fast as qsort(). */
static void
sort_numbers(uint64_t *v, size_t n)
{
    uint64_t *spare = xmalloc(n * sizeof *spare);
    uint64_t *from = v, *to = spare;

    for (int shift = 0; shift < 40; shift += 8) {
        size_t at[256] = { 0 }, before = 0;
        uint64_t *sorted = to;

        for (size_t i = 0; i < n; i++) {
            at[from[i] >> shift & 0xff]++;
        }
        if (at[from[0] >> shift & 0xff] == n) {
            continue; /* All have the same. */
        }
        for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
            size_t here = at[i];

            at[i] = before;
            before += here;
        }
        for (size_t i = 0; i < n; i++) {
            to[at[from[i] >> shift & 0xff]++] = from[i];
        }
        to = from;
        from = sorted;
    }
    if (from != v) {
        memcpy(v, from, n * sizeof *v);
    }
    free(spare);
}

/* Sorts IPv4 as prefix_cmp() does, by numbers, and leaves one of each. Returns
 * how many. */
static size_t
sort_ip4(struct prefix *v, size_t n)
{
    uint64_t *numbers = xmalloc(n * sizeof *numbers);
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        numbers[i] =
            (uint64_t) ntohl(get_unaligned_be32((ovs_be32 *) v[i].addr.b)) << 8
            | v[i].len;
    }
    sort_numbers(numbers, n);
    for (size_t i = 0; i < n; i++) {
        if (!i || numbers[i] != numbers[i - 1]) {
            put_unaligned_be32((ovs_be32 *) v[kept].addr.b,
                               htonl(numbers[i] >> 8));
            v[kept++].len = numbers[i];
        }
    }
    free(numbers);
    return kept;
}

/* Takes what has been gathered of a family, each once. Returns how many. */
static size_t
take_sorted(const struct gather *g, int family, struct prefix *to)
{
    struct prefix *v = g->v[family];
    size_t n = g->n[family], kept = 0;
    bool sorted = family ? g->sorted : true;

    if (!family && n) {
        n = sort_ip4(v, n);
    } else if (!sorted) {
        qsort(v, n, sizeof *v, compare_prefixes);
    }
    for (size_t i = 0; i < n; i++) {
        if (sorted || !kept || prefix_cmp(&to[kept - 1], &v[i])) {
            to[kept++] = v[i];
        }
    }
    return kept;
}

size_t
rule_members(const struct policy_group *group, struct arena *arena,
             struct prefix **ret_prefixes)
{
    struct gather g = { .sorted = true };
    struct prefix *all;
    size_t n = 0;

    each_member_address(group, add_address, &g);
    all = ARENA_ARRAY(arena, struct prefix, g.n[0] + g.n[1]);
    for (int f = 0; f < 2; f++) {
        n += take_sorted(&g, f, all + n);
        free(g.v[f]);
    }
    *ret_prefixes = all;
    return n;
}
