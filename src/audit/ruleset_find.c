/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is asked of a decoded ruleset: what is hooked where, what has a name,
 * what element a key finds. */

#include <cordon-config.h>
#include "audit/ruleset.h"

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static bool
has_device(const struct ruleset_chain *c, const char *device)
{
    for (size_t i = 0; i < c->n_devices; i++) {
        if (!strcmp(c->devices[i], device)) {
            return true;
        }
    }
    return false;
}

static bool
is_called(const struct ruleset_chain *c, uint8_t family, uint32_t hook,
          const char *device)
{
    uint8_t its = c->table->family;

    if (!c->base || c->table->flags & NFT_TABLE_F_DORMANT) {
        return false;
    }
    if (family == NFPROTO_NETDEV) {
        if (its == NFPROTO_INET) {
            if (c->hook != NF_INET_INGRESS || hook != NF_NETDEV_INGRESS) {
                return false;
            }
        } else if (its != NFPROTO_NETDEV || c->hook != hook) {
            return false;
        }
        return device && has_device(c, device);
    }
    return c->hook == hook
           && (its == family
               || (its == NFPROTO_INET
                   && (family == NFPROTO_IPV4 || family == NFPROTO_IPV6)));
}

/* By priority; of the same priority, those that came last go first
 * (nf_hook_entries_grow()). */
static int
compare_called(const void *a_, const void *b_)
{
    const struct ruleset_chain *a = *(const struct ruleset_chain *const *) a_;
    const struct ruleset_chain *b = *(const struct ruleset_chain *const *) b_;

    if (a->priority != b->priority) {
        return a->priority < b->priority ? -1 : 1;
    }
    return a->index > b->index ? -1 : a->index < b->index;
}

const struct ruleset_chain **
ruleset_hook(const struct ruleset *rs, uint8_t family, uint32_t hook,
             const char *device, size_t *ret_n)
{
    const struct ruleset_chain **chains = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; i < rs->n_chains; i++) {
        if (is_called(&rs->chains[i], family, hook, device)) {
            if (n == allocated) {
                chains = x2nrealloc(chains, &allocated, sizeof *chains);
            }
            chains[n++] = &rs->chains[i];
        }
    }
    if (n) {
        qsort(chains, n, sizeof *chains, compare_called);
    }
    *ret_n = n;
    return chains;
}

const struct ruleset_table *
ruleset_table(const struct ruleset *rs, uint8_t family, const char *name)
{
    for (size_t i = 0; i < rs->n_tables; i++) {
        if (rs->tables[i].family == family
            && !strcmp(rs->tables[i].name, name)) {
            return &rs->tables[i];
        }
    }
    return NULL;
}

const struct ruleset_chain *
ruleset_chain(const struct ruleset_table *t, const struct ruleset *rs,
              const char *name)
{
    for (size_t i = 0; i < rs->n_chains; i++) {
        if (rs->chains[i].table == t && !strcmp(rs->chains[i].name, name)) {
            return &rs->chains[i];
        }
    }
    return NULL;
}

const struct ruleset_set *
ruleset_set(const struct ruleset_table *t, const struct ruleset *rs,
            const char *name)
{
    for (size_t i = 0; i < rs->n_sets; i++) {
        if (rs->sets[i].table == t && !strcmp(rs->sets[i].name, name)) {
            return &rs->sets[i];
        }
    }
    return NULL;
}

/* Is 'key' in 'e', which is not catchall? */
static bool
contains(const struct ruleset_set *s, const struct ruleset_element *e,
         const uint8_t *key)
{
    size_t at = 0;

    if (!(s->flags & NFT_SET_INTERVAL) || s->n_fields <= 1) {
        return memcmp(key, e->from, s->key_len) >= 0
               && memcmp(key, e->to, s->key_len) <= 0;
    }
    for (size_t i = 0; i < s->n_fields; i++) {
        if (memcmp(key + at, e->from + at, s->fields[i]) < 0
            || memcmp(key + at, e->to + at, s->fields[i]) > 0) {
            return false;
        }
        at += ROUND_UP(s->fields[i], 4);
    }
    return true;
}

const struct ruleset_element *
ruleset_element_catchall(const struct ruleset_set *s)
{
    size_t n = s->n_elements;

    return n && s->elements[n - 1].catchall ? &s->elements[n - 1] : NULL;
}

const struct ruleset_element *
ruleset_element_of(const struct ruleset_set *s, const uint8_t *key)
{
    size_t low = 0, high = s->n_elements;

    while (high && s->elements[high - 1].catchall) {
        high--;
    }
    if (!s->ordered) {
        for (size_t i = 0; i < high; i++) {
            if (contains(s, &s->elements[i], key)) {
                return &s->elements[i];
            }
        }
        return NULL;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (memcmp(s->elements[mid].to, key, s->key_len) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < s->n_elements && !s->elements[low].catchall
                   && contains(s, &s->elements[low], key)
               ? &s->elements[low]
               : NULL;
}

const struct ruleset_element *
ruleset_element(const struct ruleset_set *s, const uint8_t *key)
{
    const struct ruleset_element *e = ruleset_element_of(s, key);

    return e ? e : ruleset_element_catchall(s);
}

const char *
ruleset_family_name(uint8_t family)
{
    switch (family) {
    case NFPROTO_INET:
        return "inet";
    case NFPROTO_IPV4:
        return "ip";
    case NFPROTO_IPV6:
        return "ip6";
    case NFPROTO_ARP:
        return "arp";
    case NFPROTO_BRIDGE:
        return "bridge";
    case NFPROTO_NETDEV:
        return "netdev";
    default:
        return "unknown";
    }
}

const char *
ruleset_hook_name(uint8_t family, uint32_t hook)
{
    static const char *const netdev[] = { "netdev ingress", "netdev egress" };
    static const char *const arp[] = { "arp input", "arp output",
                                       "arp forward" };
    static const char *const bridge[] = {
        "bridge prerouting", "bridge input",       "bridge forward",
        "bridge output",     "bridge postrouting",
    };
    static const char *const ip[] = { "ip prerouting", "ip input",
                                      "ip forward", "ip output",
                                      "ip postrouting" };
    static const char *const ip6[] = { "ip6 prerouting", "ip6 input",
                                       "ip6 forward", "ip6 output",
                                       "ip6 postrouting" };

    switch (family) {
    case NFPROTO_NETDEV:
        return hook < ARRAY_SIZE(netdev) ? netdev[hook] : "netdev";
    case NFPROTO_ARP:
        return hook < ARRAY_SIZE(arp) ? arp[hook] : "arp";
    case NFPROTO_BRIDGE:
        return hook < ARRAY_SIZE(bridge) ? bridge[hook] : "bridge";
    case NFPROTO_IPV4:
        return hook < ARRAY_SIZE(ip) ? ip[hook] : "ip";
    case NFPROTO_IPV6:
        return hook < ARRAY_SIZE(ip6) ? ip6[hook] : "ip6";
    default:
        return ruleset_family_name(family);
    }
}
