/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who shares a segment: VLANs of bridges are nodes, and what carries frames
 * from one to another joins them. Joining too much costs proofs, never
 * soundness. */

#include <cordon-config.h>
#include "audit/audit_private.h"

#include <netinet/in.h>

#include <linux/if_bridge.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/ruleset.h"
#include "hash.h"
#include "lib/arena.h"
#include "openvswitch/hmap.h"
#include "util.h"

#define ANY_VLAN UINT16_MAX

struct node {
    struct hmap_node hmap;
    uint32_t ifindex;
    uint16_t vid;
    size_t index;
};

struct audit_domains {
    struct hmap nodes;
    size_t *up; /* Union-find. */
    size_t n, allocated;
};

static size_t
node(const struct audit *a, uint32_t ifindex, uint16_t vid)
{
    struct audit_domains *d = a->domains;
    uint32_t hash = hash_2words(ifindex, vid);
    struct node *n;

    HMAP_FOR_EACH_WITH_HASH (n, hmap, hash, &d->nodes) {
        if (n->ifindex == ifindex && n->vid == vid) {
            return n->index;
        }
    }
    n = xmalloc(sizeof *n);
    n->ifindex = ifindex;
    n->vid = vid;
    n->index = d->n;
    hmap_insert(&d->nodes, &n->hmap, hash);
    if (d->n == d->allocated) {
        d->up = x2nrealloc(d->up, &d->allocated, sizeof *d->up);
    }
    d->up[d->n] = d->n;
    return d->n++;
}

static size_t
root(const struct audit *a, size_t i)
{
    while (a->domains->up[i] != i) {
        i = a->domains->up[i];
    }
    return i;
}

static void
join(const struct audit *a, size_t x, size_t y)
{
    a->domains->up[root(a, x)] = root(a, y);
}

size_t
audit_domain(const struct audit *a, uint32_t bridge, uint16_t vid)
{
    return root(a, node(a, bridge, vid));
}

void
audit_domains(struct audit *a)
{
    a->domains = xzalloc(sizeof *a->domains);
    hmap_init(&a->domains->nodes);
}

void
audit_domains_free(struct audit *a)
{
    struct node *n;

    if (a->domains) {
        HMAP_FOR_EACH_POP (n, hmap, &a->domains->nodes) {
            free(n);
        }
        hmap_destroy(&a->domains->nodes);
        free(a->domains->up);
        free(a->domains);
    }
}

/* The domains that a device leads into: by what tag ('vids', 0: none,
 * ANY_VLAN: all) its frames are in which ('nodes'). */
struct leads {
    uint16_t *vids;
    size_t *nodes, n;
};

static void
lead(struct leads *l, uint16_t vid, size_t to)
{
    l->vids[l->n] = vid;
    l->nodes[l->n++] = to;
}

static struct leads
leads_of(const struct audit *a, const struct host_link *link)
{
    const struct host_link *bridge =
        link->bridge ? link : host_link(a->host, link->master);
    struct leads l = {
        .vids = ARENA_ARRAY(a->arena, uint16_t, link->n_vlans + 1),
        .nodes = ARENA_ARRAY(a->arena, size_t, link->n_vlans + 1),
    };

    if (!bridge || !bridge->bridge || (!link->bridge && !link->port)) {
        lead(&l, ANY_VLAN, node(a, link->ifindex, 0));
    } else if (!bridge->bridge->vlan_filtering) {
        lead(&l, ANY_VLAN, node(a, bridge->ifindex, 0));
    } else {
        for (size_t i = 0; i < link->n_vlans; i++) {
            const struct host_vlan *v = &link->vlans[i];
            bool plain = v->untagged || v->pvid;

            lead(&l, plain ? 0 : v->vid, node(a, bridge->ifindex, v->vid));
        }
    }
    return l;
}

/* Two devices that hand each other's frames on as they are. */
static void
join_links(const struct audit *a, const struct host_link *x,
           const struct host_link *y)
{
    struct leads lx = leads_of(a, x), ly = leads_of(a, y);

    for (size_t i = 0; i < lx.n; i++) {
        for (size_t j = 0; j < ly.n; j++) {
            if (lx.vids[i] == ly.vids[j] || lx.vids[i] == ANY_VLAN
                || ly.vids[j] == ANY_VLAN) {
                join(a, lx.nodes[i], ly.nodes[j]);
            }
        }
    }
}

/* A guest may tag its frames as it likes. */
static bool
is_port(const struct audit *a, const struct host_link *link)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        if (a->ports[i].link == link) {
            return true;
        }
    }
    return false;
}

/* A VLAN device: frames of that VLAN of 'lower' are its own untagged ones. */
static void
join_vlan(const struct audit *a, const struct host_link *link)
{
    const struct host_link *lower = host_link(a->host, link->lower);
    struct leads own = leads_of(a, link), below;
    size_t at;

    if (!lower) {
        return;
    }
    if (lower->bridge && lower->bridge->vlan_filtering) {
        at = node(a, lower->ifindex, link->vlan_id);
    } else if (lower->bridge) {
        at = node(a, lower->ifindex, 0);
    } else {
        at = node(a, lower->ifindex, link->vlan_id);
        below = leads_of(a, lower);
        for (size_t i = 0; i < below.n; i++) {
            if (lower->port
                && (below.vids[i] == link->vlan_id || is_port(a, lower)
                    || below.vids[i] == ANY_VLAN)) {
                join(a, at, below.nodes[i]);
            }
        }
    }
    for (size_t i = 0; i < own.n; i++) {
        if (own.vids[i] == 0 || own.vids[i] == ANY_VLAN) {
            join(a, at, own.nodes[i]);
        }
    }
}

static bool
has_address(const struct audit *a, const struct host_link *link)
{
    for (size_t i = 0; i < a->host->n_addresses; i++) {
        if (a->host->addresses[i].ifindex == link->ifindex) {
            return true;
        }
    }
    return false;
}

/* Devices that hand what they get to IP, which sends it on. */
static void
join_router(struct audit *a)
{
    size_t router = node(a, 0, 0);

    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];
        struct leads l;

        if (!link->up || link->type == HOST_LINK_LOOPBACK || link->master
            || (!host_forwards(a->host, link, AF_INET)
                && !host_forwards(a->host, link, AF_INET6))
            || (!has_address(a, link) && link->disable_ipv6)
            || audit_is_shut(a, link)) {
            continue;
        }
        l = leads_of(a, link);
        for (size_t j = 0; j < l.n; j++) {
            join(a, l.nodes[j], router);
        }
    }
}

/* Which bits of the mark a META_SET expression may change. */
static uint32_t
changed_bits(const struct ruleset_rule *rule, size_t at)
{
    const struct expr *set = &rule->exprs[at];
    const struct expr *bitwise = NULL;
    uint32_t changed = 0;

    for (size_t i = at; i-- > 0;) {
        const struct expr *e = &rule->exprs[i];

        if (!bitwise && e->kind == EXPR_BITWISE && e->dreg == set->sreg
            && e->len == 4 && e->bitwise.mask && e->bitwise.xor) {
            bitwise = e;
            for (size_t b = 0; b < 4; b++) {
                changed |= (uint32_t) (uint8_t) (~e->bitwise.mask[b]
                                                 | e->bitwise.xor [b])
                           << 8 * b;
            }
        } else if (bitwise && e->kind == EXPR_META
                   && e->meta.key == NFT_META_MARK
                   && e->dreg == bitwise->sreg) {
            return changed;
        } else if (e->dreg == set->sreg && e->kind != EXPR_CMP
                   && e->kind != EXPR_META_SET && e->kind <= EXPR_BYTEORDER
                   && e->kind >= EXPR_PAYLOAD && e != bitwise) {
            return UINT32_MAX;
        }
    }
    return UINT32_MAX;
}

/* Chains of ports have been evaluated; an uplink's set marks of what comes
 * from outside or another namespace, on the way to which marks are lost, and a
 * bridge's own of what ends in the host. Those of devices between two bridges
 * might change a mark on its way. */
static bool
is_on_the_way(const struct audit *a, const struct ruleset_chain *chain)
{
    for (size_t i = 0; i < chain->n_devices; i++) {
        const struct host_link *link =
            host_link_by_name(a->host, chain->devices[i]);

        if (link && !is_port(a, link) && !link->bridge && !link->elsewhere
            && link->type != HOST_LINK_PHYSICAL) {
            return true;
        }
    }
    return false;
}

/* Marks that rules and filters between the ports may rewrite. */
static uint32_t
rewritten_bits(struct audit *a)
{
    uint32_t changed = 0;

    for (size_t i = 0; i < a->ruleset->n_chains; i++) {
        const struct ruleset_chain *chain = &a->ruleset->chains[i];

        if (chain->table->family == NFPROTO_NETDEV) {
            if (chain->base && is_on_the_way(a, chain)) {
                changed = UINT32_MAX;
            }
            continue;
        }
        if (chain->unknown) {
            changed = UINT32_MAX;
        }
        for (size_t j = 0; j < chain->n_rules; j++) {
            const struct ruleset_rule *rule = &chain->rules[j];

            if (rule->unknown) {
                changed = UINT32_MAX;
            }
            for (size_t k = 0; k < rule->n_exprs; k++) {
                const struct expr *e = &rule->exprs[k];
                uint32_t bits_of_it;

                if (e->kind != EXPR_META_SET || e->meta.key != NFT_META_MARK) {
                    continue;
                }
                bits_of_it = changed_bits(rule, k);
                if (bits_of_it & ~changed) {
                    audit_find(a, AUDIT_NOTE, "mark-writer", "",
                               "%s %s %s sets bits %#x of the mark",
                               ruleset_family_name(chain->table->family),
                               chain->table->name, chain->name, bits_of_it);
                }
                changed |= bits_of_it;
            }
        }
    }
    for (size_t i = 0; i < a->host->n_filters; i++) {
        const struct host_filter *f = &a->host->filters[i];

        for (size_t j = 0; j < f->n_actions; j++) {
            const struct host_action *x = &f->actions[j];

            if (x->kind == HOST_ACTION_SKBEDIT && x->sets_mark) {
                changed |= x->mark_mask;
            }
        }
    }
    return changed;
}

void
audit_rewritten(struct audit *a)
{
    struct bits_byte vars[4];
    uint32_t changed = rewritten_bits(a);

    header_mark(vars);
    a->rewritten = BITS_ALL;
    for (size_t i = 32; i-- > 0;) {
        if (changed >> (31 - i) & 1) {
            a->rewritten = bits_and(a->rewritten, vars[i / 8].bit[i % 8]);
        }
    }
}

void
audit_joins(struct audit *a)
{
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i], *other;

        if (!link->up) {
            continue;
        }
        other = link->peer ? host_link(a->host, link->peer) : NULL;
        if (link->type == HOST_LINK_VETH && other
            && link->ifindex < other->ifindex) {
            join_links(a, link, other);
        } else if (link->type == HOST_LINK_VLAN) {
            join_vlan(a, link);
        } else if (link->type == HOST_LINK_MACVLAN
                   || link->type == HOST_LINK_IPVLAN) {
            other = host_link(a->host, link->lower);
            if (other) {
                join_links(a, link, other);
            }
        } else if (link->type == HOST_LINK_VXLAN
                   || link->type == HOST_LINK_TUNNEL) {
            audit_assume(a,
                         "what is at the other end of %s keeps its "
                         "segments apart",
                         link->name);
        }
        if (link->port && link->port->backup) {
            other = host_link(a->host, link->port->backup);
            if (other) {
                join_links(a, link, other);
            }
        }
    }
    join_router(a);
}

bool
audit_is_routed(struct audit *a, size_t domain)
{
    return root(a, node(a, 0, 0)) == domain;
}

/* Where frames of the port go, and come from. */
static void
port_domains(struct audit *a, struct audit_port *port)
{
    struct leads l = leads_of(a, port->link);
    size_t *in = ARENA_ARRAY(a->arena, size_t, l.n + 1);
    size_t *out = ARENA_ARRAY(a->arena, size_t, l.n + 1);
    size_t n_in = 0;

    for (size_t i = 0; i < l.n; i++) {
        out[i] = root(a, l.nodes[i]);
        in[n_in++] = out[i]; /* Tagged ones, too: some guard may pass them. */
    }
    port->domains = in;
    port->n_domains = n_in;
    port->hears = out;
    port->n_hears = l.n;
}

void
audit_port_domains(struct audit *a)
{
    for (size_t i = 0; i < a->n_ports; i++) {
        port_domains(a, &a->ports[i]);
    }
}
