/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads whom a rule is about. */

#include <cordon-config.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MAX_PEERS = 256, /* Of a rule. */
};

static const char group_prefix[] = "group:", network_prefix[] = "network:";

/* True if ICMP of the rule's protocol comes from or goes to 'p'. */
static bool
check_family(struct build *b, const struct node *node,
             const struct policy_rule *rule, const struct prefix *p)
{
    int protocol = rule->n_ports ? rule->ports->protocol : -1;
    bool v6 = p->addr.family == AF_INET6;

    if (protocol == (v6 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
        build_error(b, node, "%.60s is IPv%d, which has no %s; allow %s there",
                    node->text, v6 ? 6 : 4, v6 ? "icmp" : "icmpv6",
                    v6 ? "icmpv6" : "icmp");
        return false;
    }
    return true;
}

/* Reads one peer, false if it is wrong. */
static bool
read_peer(struct build *b, const struct node *node,
          const struct policy_tenant *tenant, const struct policy_rule *rule,
          struct policy_peer *peer)
{
    const char *s;

    if (!scalar_string(b, node, "a peer", &s)) {
        return false;
    }
    if (!strcmp(s, "any")) {
        peer->kind = PEER_ANY;
        return true;
    }
    if (!strncmp(s, group_prefix, strlen(group_prefix))) {
        peer->kind = PEER_GROUP;
        peer->group = group_find(b, node, &s[strlen(group_prefix)], tenant);
        build_once(&b->group_peers, tenant->name, node);
        return peer->group;
    }
    if (!strncmp(s, network_prefix, strlen(network_prefix))) {
        peer->kind = PEER_NETWORK;
        if (strchr(s, '/')) {
            build_error(b, node,
                        "\"%.60s\" is another tenant's; rules name networks "
                        "of their own tenant, write its subnets",
                        s);
            return false;
        }
        peer->network =
            network_find(b, node, &s[strlen(network_prefix)], tenant);
        return peer->network;
    }
    for (size_t i = 0; i < tenant->n_groups; i++) {
        if (!strcmp(tenant->groups[i].name, s)) {
            build_error(b, node,
                        "\"%.60s\" is no peer; did you mean \"group:%s\"?", s,
                        s);
            return false;
        }
    }
    peer->kind = PEER_PREFIX;
    return scalar_peer(b, node, &peer->prefix)
           && check_family(b, node, rule, &peer->prefix);
}

void
peers_read(struct build *b, const struct node *node,
           const struct policy_tenant *tenant, struct policy_rule *rule)
{
    if (!node || node->broken) {
        return;
    }
    if (node->type != NODE_SEQUENCE) {
        rule->peers = ARENA_ARRAY(b->arena, struct policy_peer, 1);
        rule->n_peers = read_peer(b, node, tenant, rule, rule->peers);
        return;
    }
    if (!list_check(b, node, 1, MAX_PEERS, "peers")) {
        return;
    }
    rule->peers = ARENA_ARRAY(b->arena, struct policy_peer, node->n);
    NODE_FOR_EACH (item, node) {
        rule->n_peers +=
            read_peer(b, item, tenant, rule, &rule->peers[rule->n_peers]);
    }
}
