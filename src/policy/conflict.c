/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What two parts of a policy claim and only one can have: MACs and addresses
 * within a network, virtual routers, device names, the underlay.
 *
 * MACs are found by a hash table. Prefixes either nest or are apart, so one
 * walk over them in order, with a stack of those that enclose the present
 * one, finds all that overlap. Of two that conflict, the later one in the
 * text is told. */

#include <cordon-config.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "packets.h"
#include "policy/build.h"
#include "policy/node.h"
#include "util.h"

enum { CLAIM_OWNER_LEN = 80 };

/* Writes "acme/web1/0", "a gateway" or "service dns" to 'buf' and returns
 * it. */
static const char *
claim_owner(const struct claim *c, char buf[CLAIM_OWNER_LEN])
{
    if (c->interface) {
        return c->interface->port;
    }
    snprintf(buf, CLAIM_OWNER_LEN, "%s%.63s",
             c->service ? "service " : "a gateway",
             c->service ? c->service->name : "");
    return buf;
}

static int
place_cmp(const struct diag_place *a, const struct diag_place *b)
{
    if (a->source->rank != b->source->rank) {
        return a->source->rank < b->source->rank ? -1 : 1;
    }
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Puts the one that stands later in the text into '*a'. */
static void
later_first(struct claim **a, struct claim **b)
{
    if (place_cmp(&(*a)->node->place, &(*b)->node->place) < 0) {
        struct claim *swap = *a;

        *a = *b;
        *b = swap;
    }
}

/* True if 'a' and 'b' are interfaces of different tenants. */
static bool
are_strangers(const struct claim *a, const struct claim *b)
{
    return a->interface && b->interface
           && a->interface->guest->tenant != b->interface->guest->tenant;
}

/* What to do where 'a' and 'b', one of which is a gateway, conflict. */
static const char *
gateway_advice(const struct claim *a, const struct claim *b)
{
    const struct policy_interface *i =
        a->interface ? a->interface : b->interface;

    return i && i->guest->tenant != i->network->tenant
               ? "only a guest of the network's tenant can be the gateway"
               : "a guest that is the gateway needs \"router: true\"";
}

/* True if the interface of 'c' takes part in virtual router 'id'. */
static bool
has_vrrp(const struct claim *c, uint8_t id)
{
    for (size_t i = 0; c->interface && i < c->interface->n_vrrp; i++) {
        if (c->interface->vrrp[i].id == id) {
            return true;
        }
    }
    return false;
}

/* True if 'a' and 'b' may both have what they claim: an interface and itself,
 * a router and the gateway that it is, members of one virtual router. */
static bool
belong_together(const struct claim *a, const struct claim *b)
{
    if (a->kind == CLAIM_SERVICE || b->kind == CLAIM_SERVICE
        || are_strangers(a, b)) {
        return false;
    }
    if (a->kind == CLAIM_GATEWAY && b->kind == CLAIM_GATEWAY) {
        return true;
    }
    if (a->kind == CLAIM_GATEWAY || b->kind == CLAIM_GATEWAY) {
        return (a->interface ? a : b)->interface->router;
    }
    if (a->kind == CLAIM_VRRP && has_vrrp(b, a->vrrp)) {
        return true;
    }
    if (b->kind == CLAIM_VRRP && has_vrrp(a, b->vrrp)) {
        return true;
    }
    return a->interface == b->interface;
}

struct mac_node {
    struct hmap_node hmap_node;
    struct claim *claim;
};

static void
report_mac(struct build *b, struct claim *late, struct claim *early)
{
    const char *advice = "give each interface its own";
    char owner[CLAIM_OWNER_LEN];

    later_first(&late, &early);
    if (late->kind == CLAIM_SERVICE || early->kind == CLAIM_SERVICE) {
        advice = "a service has one of its own";
    } else if (late->kind == CLAIM_GATEWAY || early->kind == CLAIM_GATEWAY) {
        advice = gateway_advice(late, early);
    } else if (late->kind == CLAIM_VRRP && early->kind == CLAIM_VRRP) {
        advice = "use another id";
    }
    build_error(b, late->node,
                "MAC " ETH_ADDR_FMT " is already that of %s in "
                "network \"%s\" (%s:%u:%u); %s",
                ETH_ADDR_ARGS(late->mac), claim_owner(early, owner),
                late->network->name, early->node->place.source->name,
                early->node->place.line, early->node->place.column, advice);
}

static void
check_macs(struct build *b)
{
    struct hmap table = HMAP_INITIALIZER(&table);
    struct mac_node *nodes = xcalloc(b->macs.n, sizeof *nodes);

    for (size_t i = 0; i < b->macs.n; i++) {
        struct claim *c = &b->macs.v[i];
        uint32_t hash = hash_bytes(c->mac.ea, sizeof c->mac.ea,
                                   hash_pointer(c->network, 0));
        struct mac_node *other;

        if (!c->network) {
            continue;
        }
        HMAP_FOR_EACH_WITH_HASH (other, hmap_node, hash, &table) {
            if (other->claim->network == c->network
                && eth_addr_equals(other->claim->mac, c->mac)
                && !belong_together(c, other->claim)) {
                report_mac(b, c, other->claim);
                break;
            }
        }
        nodes[i].claim = c;
        hmap_insert(&table, &nodes[i].hmap_node, hash);
    }
    hmap_destroy(&table);
    free(nodes);
}

static int
claim_cmp(const void *a_, const void *b_)
{
    const struct claim *a = a_, *b = b_;
    int c;

    if (a->network != b->network) {
        return (uintptr_t) a->network < (uintptr_t) b->network ? -1 : 1;
    }
    c = prefix_cmp(&a->address, &b->address);
    return c ? c : place_cmp(&a->node->place, &b->node->place);
}

/* True if 'c' is what an interface or a service has as its link-local
 * address. */
static bool
is_own_link_local(const struct claim *c)
{
    return c->kind == CLAIM_LINK_LOCAL
           || (c->kind == CLAIM_SERVICE
               && addr_is_link_local(&c->address.addr));
}

static struct eth_addr
own_mac(const struct claim *c)
{
    return c->interface ? c->interface->mac : c->service->mac;
}

/* True if 'a' and 'b', whose addresses overlap, may both stand. */
static bool
addresses_agree(const struct claim *a, const struct claim *b)
{
    if (a->kind == CLAIM_OWN && b->kind == CLAIM_OWN) {
        return false; /* Twice for one interface, too. */
    }
    if (a->kind == CLAIM_GATEWAY && b->kind == CLAIM_GATEWAY) {
        return false;
    }
    if (a->kind == CLAIM_EXTRA && b->kind == CLAIM_EXTRA
        && !are_strangers(a, b)) {
        return true; /* Stand-ins for each other. */
    }
    if (is_own_link_local(a) && is_own_link_local(b)
        && eth_addr_equals(own_mac(a), own_mac(b))) {
        return true; /* Told as a MAC there twice. */
    }
    return belong_together(a, b);
}

static void
report_address(struct build *b, struct claim *late, struct claim *early)
{
    char buf[PREFIX_STRLEN], other[PREFIX_STRLEN], owner[CLAIM_OWNER_LEN];
    const char *advice = "give each interface its own";

    later_first(&late, &early);
    if (late->told) {
        return; /* Once, however many it takes in. */
    }
    late->told = true;
    if (late->kind == CLAIM_SERVICE || early->kind == CLAIM_SERVICE) {
        advice = "a service has its own";
    } else if (late->kind == CLAIM_GATEWAY && early->kind == CLAIM_GATEWAY) {
        advice = "write it once";
    } else if (late->kind == CLAIM_GATEWAY || early->kind == CLAIM_GATEWAY) {
        advice = gateway_advice(late, early);
    } else if (late->interface == early->interface) {
        advice = "write it once";
    } else if (late->kind == CLAIM_LINK_LOCAL) {
        advice = "give each interface its own MAC and \"link_local\"";
    }
    prefix_format(&late->address, buf);
    prefix_format(&early->address, other);
    if (!strcmp(buf, other)) {
        build_error(b, late->node,
                    "%s is already an address of %s in "
                    "network \"%s\" (%s:%u:%u); %s",
                    buf, claim_owner(early, owner), late->network->name,
                    early->node->place.source->name, early->node->place.line,
                    early->node->place.column, advice);
    } else {
        build_error(b, late->node,
                    "%s overlaps %s of %s in network \"%s\" "
                    "(%s:%u:%u); %s",
                    buf, other, claim_owner(early, owner), late->network->name,
                    early->node->place.source->name, early->node->place.line,
                    early->node->place.column, advice);
    }
}

static void
check_addresses(struct build *b)
{
    struct claim **stack = xcalloc(b->addresses.n, sizeof *stack);
    size_t depth = 0;

    if (b->addresses.n) {
        qsort(b->addresses.v, b->addresses.n, sizeof *b->addresses.v,
              claim_cmp);
    }
    for (size_t i = 0; i < b->addresses.n; i++) {
        struct claim *c = &b->addresses.v[i];

        if (!c->network) {
            continue;
        }
        while (depth
               && (stack[depth - 1]->network != c->network
                   || !prefix_contains(&stack[depth - 1]->address,
                                       &c->address))) {
            depth--;
        }
        for (size_t j = 0; j < depth; j++) {
            if (!addresses_agree(stack[j], c)) {
                report_address(b, c, stack[j]);
            }
        }
        stack[depth++] = c;
    }
    free(stack);
}

/* Nobody can send to the underlay, so nobody may be there. */
static void
check_underlay(struct build *b)
{
    const struct policy_host *host = &b->policy->host;

    for (size_t i = 0; i < b->addresses.n; i++) {
        const struct claim *c = &b->addresses.v[i];

        for (size_t j = 0; j < host->n_underlay; j++) {
            if (prefix_overlaps(&c->address, &host->underlay[j])) {
                char buf[PREFIX_STRLEN], underlay[PREFIX_STRLEN];

                build_error(b, c->node,
                            "%s overlaps the host's underlay %s, "
                            "which no guest may send to; use other addresses",
                            prefix_format(&c->address, buf),
                            prefix_format(&host->underlay[j], underlay));
                break;
            }
        }
    }
}

/* Returns the virtual router that 'c' is about, or NULL. */
static const struct policy_vrrp *
claim_vrrp(const struct claim *c)
{
    for (size_t i = 0; c->kind == CLAIM_VRRP && i < c->interface->n_vrrp;
         i++) {
        if (c->interface->vrrp[i].id == c->vrrp) {
            return &c->interface->vrrp[i];
        }
    }
    return NULL;
}

/* Those who share a virtual router's id in a network have to be the same
 * virtual router: same addresses. */
static void
check_vrrp(struct build *b)
{
    struct hmap table = HMAP_INITIALIZER(&table);
    struct mac_node *nodes = xcalloc(b->macs.n, sizeof *nodes);

    for (size_t i = 0; i < b->macs.n; i++) {
        struct claim *c = &b->macs.v[i];
        const struct policy_vrrp *mine = claim_vrrp(c);
        uint32_t hash = hash_pointer(c->network, c->vrrp);
        struct mac_node *other;
        bool known = false;

        if (!mine || !c->network) {
            continue;
        }
        HMAP_FOR_EACH_WITH_HASH (other, hmap_node, hash, &table) {
            const struct policy_vrrp *theirs = claim_vrrp(other->claim);

            if (other->claim->network != c->network || theirs->id != mine->id
                || are_strangers(c, other->claim)) {
                continue;
            }
            known = true;
            if (theirs->n_addresses != mine->n_addresses
                || memcmp(theirs->addresses, mine->addresses,
                          mine->n_addresses * sizeof *mine->addresses)) {
                struct claim *late = c, *early = other->claim;

                later_first(&late, &early);
                build_error(b, late->node,
                            "virtual router %u of %s has other "
                            "addresses in network \"%s\" (%s:%u:%u); write "
                            "the same ones, or use another id",
                            mine->id, early->interface->port, c->network->name,
                            early->node->place.source->name,
                            early->node->place.line,
                            early->node->place.column);
            }
            break;
        }
        if (!known) {
            nodes[i].claim = c;
            hmap_insert(&table, &nodes[i].hmap_node, hash);
        }
    }
    hmap_destroy(&table);
    free(nodes);
}

static void
check_devices(struct build *b)
{
    const struct policy_host *host = &b->policy->host;
    const struct node *node;

    node = host->uplink ? shash_find_data(&b->devices, host->uplink) : NULL;
    if (node) {
        build_error(b, node,
                    "device \"%s\" is the host's uplink; bind "
                    "another",
                    host->uplink);
    }
    node = shash_find_data(&b->devices, host->bridge);
    if (node) {
        build_error(b, node,
                    "device \"%s\" is the host's bridge; bind "
                    "another",
                    host->bridge);
    }
    if (host->uplink && !strcmp(host->uplink, host->bridge)) {
        build_error(b, b->uplink,
                    "the uplink \"%s\" is also the bridge; name "
                    "the trunk device, cordon makes the bridge itself",
                    host->uplink);
    }
}

void
conflicts_check(struct build *b)
{
    check_devices(b);
    check_macs(b);
    check_addresses(b);
    check_underlay(b);
    check_vrrp(b);
}
