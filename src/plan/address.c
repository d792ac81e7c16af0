/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a port may send from and receives: the MACs and the pairs of MAC and
 * prefix that its interface declares. Called by desire(). */

#include <cordon-config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "plan/build.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "util.h"

static void
add_mac(struct plan_port *port, struct eth_addr mac)
{
    port->macs[port->n_macs++] = mac;
}

static void
add_pair(struct plan_port *port, struct eth_addr mac, struct prefix p)
{
    port->pairs[port->n_pairs++] = (struct plan_pair){ mac, p };
}

static struct prefix
host_prefix(const struct addr *a)
{
    return (struct prefix){ *a, addr_bits(a) };
}

static struct prefix
link_local(const struct policy_interface *i)
{
    struct addr a = { .family = AF_INET6, .b = { 0xfe, 0x80 } };

    switch (i->link_local) {
    case LINK_LOCAL_EUI64:
        a = addr_eui64(i->mac);
        break;

    case LINK_LOCAL_ADDRESS:
        a = i->link_local_address;
        break;

    case LINK_LOCAL_ANY:
        return (struct prefix){ a, 64 };
    }
    return host_prefix(&a);
}

/* A virtual router's MAC goes with its addresses and, for advertisements,
 * with those of the interface itself (RFC 5798 section 5.1). */
static void
add_virtual_router(struct plan_port *port, const struct policy_vrrp *v,
                   bool ipv6)
{
    const struct policy_interface *i = port->interface;
    struct eth_addr mac = virtual_router_mac(v, ipv6);
    int family = ipv6 ? AF_INET6 : AF_INET;
    bool used = false;

    for (size_t j = 0; j < v->n_addresses; j++) {
        if (v->addresses[j].family == family) {
            add_pair(port, mac, host_prefix(&v->addresses[j]));
            used = true;
        }
    }
    if (!used) {
        return;
    }
    add_mac(port, mac);
    for (size_t j = 0; j < i->n_addresses; j++) {
        if (i->addresses[j].addr.family == family) {
            add_pair(port, mac, i->addresses[j]);
        }
    }
    if (ipv6) {
        add_pair(port, mac, link_local(i));
    }
}

static int
compare_macs(const void *a, const void *b)
{
    return mac_cmp(*(const struct eth_addr *) a, *(const struct eth_addr *) b);
}

static int
compare_pairs(const void *a_, const void *b_)
{
    const struct plan_pair *a = a_, *b = b_;
    int c = mac_cmp(a->mac, b->mac);

    return c ? c : prefix_cmp(&a->address, &b->address);
}

/* Removes equal neighbours from a sorted array. Returns how many remain. */
static size_t
unique(void *array, size_t n, size_t size,
       int (*cmp)(const void *, const void *))
{
    uint8_t *a = array;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (!kept || cmp(a + (kept - 1) * size, a + i * size)) {
            memmove(a + kept++ * size, a + i * size, size);
        }
    }
    return kept;
}

void
port_addresses(struct plan_port *port, struct arena *arena)
{
    const struct policy_interface *i = port->interface;
    size_t macs = 1 + i->n_extra + 2 * i->n_vrrp;
    size_t pairs = i->n_addresses + 1;

    for (size_t j = 0; j < i->n_extra; j++) {
        pairs += i->extra[j].n_addresses;
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        pairs += i->vrrp[j].n_addresses + i->n_addresses + 1;
    }
    port->macs = ARENA_ARRAY(arena, struct eth_addr, macs);
    port->pairs = ARENA_ARRAY(arena, struct plan_pair, pairs);

    add_mac(port, i->mac);
    for (size_t j = 0; j < i->n_addresses; j++) {
        add_pair(port, i->mac, i->addresses[j]);
    }
    add_pair(port, i->mac, link_local(i));
    for (size_t j = 0; j < i->n_extra; j++) {
        const struct policy_pair *e = &i->extra[j];

        add_mac(port, e->mac);
        for (size_t k = 0; k < e->n_addresses; k++) {
            add_pair(port, e->mac, e->addresses[k]);
        }
    }
    for (size_t j = 0; j < i->n_vrrp; j++) {
        add_virtual_router(port, &i->vrrp[j], false);
        add_virtual_router(port, &i->vrrp[j], true);
    }

    qsort(port->macs, port->n_macs, sizeof *port->macs, compare_macs);
    port->n_macs =
        unique(port->macs, port->n_macs, sizeof *port->macs, compare_macs);
    qsort(port->pairs, port->n_pairs, sizeof *port->pairs, compare_pairs);
    port->n_pairs =
        unique(port->pairs, port->n_pairs, sizeof *port->pairs, compare_pairs);
}
