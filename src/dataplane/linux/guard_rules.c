/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes objects of the chains in guard_chains.h, and of those that are the
 * same thing many times over: counting and dropping by reason, walking
 * options, comparing lengths. */

#include <cordon-config.h>
#include "dataplane/linux/guard_rules.h"

#include <netinet/in.h>
#include <string.h>

#include "dataplane/linux/guard_chains.h"
#include "dataplane/linux/logged.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_text.h"
#include "lib/arena.h"
#include "lib/reason.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "policy/policy.h"
#include "util.h"

/* More endpoints than this are looked up in a set on the common path, too. */
#define UNDERLAY_MAX 4

struct maker {
    struct arena *arena;
    struct objects *objects;
    char *mark;          /* "mark & ffff0000" */
    char *not_underlay4; /* "ip.dst & ... != ...; ", or "" */
    char *not_underlay6;
    bool logs;
};

static void
add_chain(struct maker *m, const char *name, struct ds *rules)
{
    nft_text_chain(&guard_table, name, rules, m->arena, m->objects);
}

static void
add_chains(struct maker *m, const struct guard_chain *chains)
{
    const struct nft_word words[] = {
        { "$mark", m->mark },
        { "$not-underlay4", m->not_underlay4 },
        { "$not-underlay6", m->not_underlay6 },
        { NULL, NULL },
    };
    struct ds rules = DS_EMPTY_INITIALIZER;

    for (; chains->name; chains++) {
        for (const char *const *r = chains->rules; *r; r++) {
            nft_text_add(&rules, *r, words);
        }
        add_chain(m, chains->name, &rules);
    }
    ds_destroy(&rules);
}

/* Counting must not decide: if the set is full, the frame is dropped
 * uncounted. */
static void
add_drop_chains(struct maker *m)
{
    struct ds rules = DS_EMPTY_INITIALIZER;

    for (unsigned int i = 1; i <= REASON_MAX; i++) {
        if (i > REASON_NFT_MAX && i != REASON_NOT_GATEWAY) {
            continue;
        }
        ds_put_format(&rules, "count " GUARD_SET_DROPS " iif . oif . #%08x\n",
                      i);
        if (m->logs) {
            logged_rule(i, true, 0, &rules);
            logged_rule(i, false, 0, &rules);
        }
        ds_put_cstr(&rules, "drop");
        add_chain(m, arena_printf(m->arena, "drop-%s", reason_name(i)),
                  &rules);
    }
    ds_destroy(&rules);
}

/* Neighbour Discovery: for each place, counted from the network header, where
 * options may begin, a chain that walks them from there on, to 'last' at most.
 * Options say their length in units of 8 bytes; here are one and two, which is
 * all that hosts send. A link-layer address is the frame's source, and there
 * is none from "::" (RFC 4861, section 4). */
static void
add_option_chains(struct maker *m, const char *prefix, unsigned int first,
                  unsigned int last)
{
    struct ds rules = DS_EMPTY_INITIALIZER;

    for (unsigned int start = first; start <= last; start += 8) {
        for (unsigned int at = start; at <= last; at += 8) {
            ds_put_format(&rules, "ip6.plen == %04x; return\n", at - 40);
            if (at + 16 <= last) {
                ds_put_format(&rules,
                              "nh%u:1 > 02; nh%u:1 == 02; goto %s-%u\n", at,
                              at + 1, prefix, at + 16);
            }
            if (at < last) {
                ds_put_format(&rules,
                              "nh%u:1 != 01; goto drop-nd-spoof\n"
                              "nh%u:1 01-02; ip6.src == "
                              "00000000000000000000000000000000; "
                              "goto drop-spoofed-ip\n"
                              "nh%u:1 01-02; !iif . eth.src . nh%u:6 in "
                              "same; goto drop-nd-spoof\n",
                              at + 1, at, at, at + 2);
            }
        }
        ds_put_cstr(&rules, "goto drop-nd-spoof");
        add_chain(m, arena_printf(m->arena, "%s-%u", prefix, start), &rules);
    }
    ds_destroy(&rules);
}

/* A chain that does 'good' if TCP's header, options included, fits in the
 * packet, whose length 'field' counts from 'base' bytes before it. Data
 * offsets of 4 and less are 'small'. */
static void
add_tcp_chain(struct maker *m, const char *name, const char *field,
              unsigned int base, const char *small, const char *good,
              const char *bad)
{
    struct ds rules = DS_EMPTY_INITIALIZER;

    ds_put_format(&rules, "%s < %04x; %s", field, base + 20, bad);
    ds_put_format(&rules, "\nth12:1 < 50; %s", small);
    for (unsigned int words = 5; words < 15; words++) {
        ds_put_format(&rules, "\n%s >= %04x; th12:1 < %02x; %s", field,
                      base + words * 4, (words + 1) << 4, good);
    }
    ds_put_format(&rules, "\n%s >= %04x; th12:1 >= f0; %s", field, base + 60,
                  good);
    ds_put_format(&rules, "\n%s", bad);
    add_chain(m, name, &rules);
    ds_destroy(&rules);
}

static void
add_element(struct maker *m, const char *set, const void *key, size_t len)
{
    struct object o = {
        .kind = OBJECT_NFT_ELEMENT,
        .name = set,
        .key_len = len,
    };

    memcpy(o.key, key, len);
    nft_element_finish(guard_set_by_name(set), &o);
    objects_add(m->objects, &o);
}

/* Starts the object that a set of constants is; returns its keys. */
static struct object_keys *
add_packed(struct maker *m, const char *set, size_t len)
{
    struct object_keys *keys = arena_alloc(m->arena, sizeof *keys);

    keys->len = len;
    add_element(m, set, "", 0);
    m->objects->v[m->objects->n - 1].keys = keys;
    return keys;
}

/* Adds a set of 'n' constants of 'len' bytes each. */
static void
add_keys(struct maker *m, const char *set, const void *v, size_t n, size_t len)
{
    struct object_keys *keys = add_packed(m, set, len);

    for (size_t i = 0; i < n; i++) {
        keys_append(keys, (const uint8_t *) v + i * len, m->arena);
    }
    keys_sort(keys);
}

static void
add_fit(struct maker *m, struct object_keys *keys, uint16_t from, uint16_t to,
        uint16_t len)
{
    const ovs_be16 key[8] = {
        [0] = htons(from), [4] = htons(to), [6] = htons(len)
    };

    keys_append(keys, (const uint8_t *) key, m->arena);
}

/* All offsets of later fragments, in units of 'unit' 8ths, with the lengths
 * that end within 'end'. What is longer than a jumbo frame fits nowhere. */
static void
add_fits(struct maker *m, const char *set, unsigned int unit, unsigned int end,
         unsigned int common)
{
    const unsigned int jumbo = 9216;
    unsigned int low = (end - jumbo) / 8, high = (end - common) / 8;
    struct object_keys *keys = add_packed(m, set, 8 * sizeof(ovs_be16));

    add_fit(m, keys, 0, low * unit, jumbo);
    add_fit(m, keys, (low + 1) * unit, high * unit, common);
    for (unsigned int at = high + 1; at <= 8191; at++) {
        add_fit(m, keys, at * unit, at * unit, end - at * 8);
    }
    keys_sort(keys);
}

static void
add_constants(struct maker *m)
{
    static const uint8_t uppers[] = {
        IPPROTO_HOPOPTS,  IPPROTO_TCP, IPPROTO_UDP,
        IPPROTO_FRAGMENT, IPPROTO_GRE, IPPROTO_ESP,
        IPPROTO_ICMPV6,   112,         IPPROTO_SCTP,
    };
    static const uint8_t parts[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ESP, IPPROTO_ICMPV6, IPPROTO_SCTP,
    };
    static const uint8_t alerts[][6] = {
        { 5, 2, 0, 0, 1, 0 }, { 1, 0, 5, 2, 0, 0 }, { 5, 2, 0, 0, 0, 0 },
        { 0, 5, 2, 0, 0, 0 }, { 0, 0, 5, 2, 0, 0 },
    };

    uint8_t equal[256][8] = { { 0 } };

    for (size_t i = 0; i < ARRAY_SIZE(equal); i++) {
        equal[i][0] = equal[i][4] = i;
    }
    add_keys(m, "upper6", uppers, ARRAY_SIZE(uppers), sizeof uppers[0]);
    add_keys(m, "parts6", parts, ARRAY_SIZE(parts), sizeof parts[0]);
    add_keys(m, "alert", alerts, ARRAY_SIZE(alerts), sizeof alerts[0]);
    add_keys(m, "equal8", equal, ARRAY_SIZE(equal), sizeof equal[0]);
    add_fits(m, "fits4", 1, 65535, 1500);
    add_fits(m, "fits6", 8, 65535 + 8, 1460);
}

static void
add_underlay_element(struct maker *m, const struct prefix *p)
{
    bool v4 = p->addr.family == AF_INET;
    size_t n = addr_len(&p->addr);
    uint8_t key[OBJECT_KEY_MAX] = { 0 };
    ovs_be16 type = htons(v4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);

    memcpy(key, &type, sizeof type);
    memcpy(key + 4, p->addr.b, n);
    key[4 + n] = p->len;
    add_element(m, v4 ? "underlay4" : "underlay6", key, 4 + n + 1);
}

/* Appends the comparison that no destination within 'p' passes. */
static void
put_not_within(struct ds *ds, const struct prefix *p)
{
    bool v4 = p->addr.family == AF_INET;
    unsigned int n = v4 ? 4 : MAX(1, DIV_ROUND_UP(p->len, 8));

    if (v4) {
        ds_put_cstr(ds, "ip.dst");
    } else if (n == 16) {
        ds_put_cstr(ds, "ip6.dst");
    } else {
        ds_put_format(ds, "nh24:%u", n);
    }
    if (p->len != 8 * n) {
        ds_put_cstr(ds, " & ");
        for (unsigned int i = 0; i < n; i++) {
            int bits = (int) p->len - 8 * (int) i;

            ds_put_format(ds, "%02x",
                          bits >= 8   ? 0xff
                          : bits <= 0 ? 0
                                      : (0xff00 >> bits) & 0xff);
        }
    }
    ds_put_cstr(ds, " != ");
    for (unsigned int i = 0; i < n; i++) {
        ds_put_format(ds, "%02x", p->addr.b[i]);
    }
    ds_put_cstr(ds, "; ");
}

static char *
not_underlay(struct maker *m, const struct policy_host *host, int family)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n = 0;
    char *s;

    for (size_t i = 0; i < host->n_underlay; i++) {
        if (host->underlay[i].addr.family == family) {
            put_not_within(&ds, &host->underlay[i]);
            n++;
        }
    }
    if (n > UNDERLAY_MAX) {
        ds_clear(&ds);
        ds_put_cstr(&ds, family == AF_INET
                             ? "!protocol . ip.dst in underlay4; "
                             : "!protocol . ip6.dst in underlay6; ");
    }
    s = arena_strdup(m->arena, ds_cstr(&ds));
    ds_destroy(&ds);
    return s;
}

static bool
is_within_another(const struct policy_host *host, size_t i)
{
    for (size_t j = 0; j < host->n_underlay; j++) {
        if (i != j && prefix_contains(&host->underlay[j], &host->underlay[i])
            && (j < i
                || !prefix_contains(&host->underlay[i], &host->underlay[j]))) {
            return true;
        }
    }
    return false;
}

void
guard_want_rules(const struct policy_host *host, bool logs,
                 struct arena *arena, struct objects *objects)
{
    struct maker m = { .arena = arena, .objects = objects, .logs = logs };

    m.mark = arena_printf(arena, "mark & %08x", host->mark_mask);
    m.not_underlay4 = not_underlay(&m, host, AF_INET);
    m.not_underlay6 = not_underlay(&m, host, AF_INET6);

    add_chains(&m, guard_chains_fast);
    add_chains(&m, guard_chains_frame);
    add_chains(&m, guard_chains_ip4);
    add_chains(&m, guard_chains_ip6);
    add_chains(&m, guard_chains_icmp6);
    add_chains(&m, guard_chains_out);
    add_chains(&m, guard_chains_shared);
    add_chains(&m, guard_chains_uplink);
    add_tcp_chain(&m, "in4-tcp", "ip.len", 20, "goto drop-malformed", "return",
                  "goto drop-malformed");
    add_tcp_chain(&m, "in4-first-tcp", "ip.len", 20, "return", "return",
                  "goto drop-fragment");
    add_tcp_chain(&m, "in6-tcp", "ip6.plen", 0, "goto drop-malformed",
                  "return", "goto drop-malformed");
    add_tcp_chain(&m, "in6-first-tcp", "ip6.plen", 8, "return", "return",
                  "goto drop-fragment");
    /* Solicitations and advertisements, as far as the 128 bytes of a frame go
     * that netback copies; router solicitations. */
    add_option_chains(&m, "nd", 64, 112);
    add_option_chains(&m, "rs", 48, 80);
    add_drop_chains(&m);

    add_constants(&m);
    for (size_t i = 0; i < host->n_underlay; i++) {
        if (!is_within_another(host, i)) {
            add_underlay_element(&m, &host->underlay[i]);
        }
    }
}
