/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From a rule of a policy to rules of nftables: one for each of its ranges of
 * ports and each of its peers. What they mean is what rule_allows() says. A
 * load from the transport header matches in no fragment but the first. Pure;
 * called by group_want.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_rules.h"

#include <netinet/in.h>

#include "dataplane/linux/nft_text.h"
#include "lib/addr.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

char *
group_chain_name(struct arena *arena, const struct policy_group *g,
                 enum policy_direction direction)
{
    return arena_printf(arena, "%s/%s/%s", g->tenant->name, g->name,
                        direction == POLICY_INGRESS ? "in" : "out");
}

static bool
has_port(int protocol)
{
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
           || protocol == IPPROTO_SCTP;
}

/* What is looked at of the transport: "l4proto == 06; dport == 0050; ". */
static void
put_service(const struct policy_rule *rule, const struct policy_ports *p,
            struct ds *ds)
{
    if (p->protocol == POLICY_PROTOCOL_ANY) {
        return;
    }
    ds_put_format(ds, "l4proto == %02x; ", p->protocol);
    if (has_port(p->protocol)) {
        if (p->first == p->last) {
            ds_put_format(ds, "dport == %04x; ", p->first);
        } else if (p->first || p->last != UINT16_MAX) {
            ds_put_format(ds, "dport %04x-%04x; ", p->first, p->last);
        }
    } else if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
        if (rule->icmp_type >= 0) {
            ds_put_format(ds, "th0:1 == %02x; ", rule->icmp_type);
        }
        if (rule->icmp_code >= 0) {
            ds_put_format(ds, "th1:1 == %02x; ", rule->icmp_code);
        }
    }
}

/* A rule that is being written: 'service' is what is in front of what is
 * looked at of the peer. */
struct lines {
    struct ds *out;
    const char *service;
    uint32_t judged;
    bool ingress;
};

static void
put_line(struct lines *l, const char *peer)
{
    if (l->out->length) {
        ds_put_char(l->out, '\n');
    }
    ds_put_format(l->out, "%s%smark = mark | %08" PRIx32 "; return",
                  l->service, peer, l->judged);
}

static const char *
address_field(const struct lines *l, int family)
{
    return family == AF_INET ? (l->ingress ? "ip.src" : "ip.dst")
                             : (l->ingress ? "ip6.src" : "ip6.dst");
}

static const char *
protocol_of(int family)
{
    return family == AF_INET ? "protocol == 0800; " : "protocol == 86dd; ";
}

static void
put_prefix(struct lines *l, const struct prefix *p)
{
    size_t n = addr_len(&p->addr);
    struct prefix masked = *p;
    struct ds ds = DS_EMPTY_INITIALIZER;

    prefix_clear_host_bits(&masked);
    ds_put_cstr(&ds, protocol_of(p->addr.family));
    if (p->len) {
        ds_put_cstr(&ds, address_field(l, p->addr.family));
        if (!prefix_is_host(p)) {
            uint8_t mask[16] = { 0 };

            for (unsigned int bit = 0; bit < p->len; bit++) {
                mask[bit / 8] |= 0x80 >> bit % 8;
            }
            ds_put_cstr(&ds, " & ");
            nft_text_hex(&ds, mask, n);
        }
        ds_put_cstr(&ds, " == ");
        nft_text_hex(&ds, masked.addr.b, n);
        ds_put_cstr(&ds, "; ");
    }
    put_line(l, ds_cstr(&ds));
    ds_destroy(&ds);
}

/* A line for each of the sets that the members are in. */
static void
put_members(struct lines *l, const struct group_members *m,
            struct arena *arena)
{
    for (size_t i = 0; i < ARRAY_SIZE(m->sets); i++) {
        const struct group_set *s = &m->sets[i];

        if (s->keys.n) {
            put_line(l, arena_printf(arena, "%s%s%s in %s; ",
                                     protocol_of(s->family),
                                     s->hosts ? "" : "protocol . ",
                                     address_field(l, s->family), s->name));
        }
    }
}

static void
put_peer(struct lines *l, const struct policy_peer *peer, struct arena *arena,
         group_members_cb *find, void *aux)
{
    switch (peer->kind) {
    case PEER_ANY:
        put_line(l, "");
        return;

    case PEER_PREFIX:
        put_prefix(l, &peer->prefix);
        return;

    case PEER_GROUP:
        put_members(l, find(peer->group, aux), arena);
        return;

    case PEER_NETWORK:
        for (size_t i = 0; i < peer->network->n_subnets; i++) {
            put_prefix(l, &peer->network->subnets[i]);
        }
        return;
    }
    OVS_NOT_REACHED();
}

void
group_rule_lines(const struct policy_rule *rule,
                 enum policy_direction direction, uint32_t judged,
                 struct arena *arena, group_members_cb *find, void *aux,
                 struct ds *out)
{
    struct ds service = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < rule->n_ports; i++) {
        struct lines l = { .out = out,
                           .judged = judged,
                           .ingress = direction == POLICY_INGRESS };

        ds_clear(&service);
        put_service(rule, &rule->ports[i], &service);
        l.service = ds_cstr(&service);
        for (size_t j = 0; j < rule->n_peers; j++) {
            put_peer(&l, &rule->peers[j], arena, find, aux);
        }
    }
    ds_destroy(&service);
}
