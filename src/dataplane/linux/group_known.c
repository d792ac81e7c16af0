/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What of groups follows from the policy alone: their members and the text of
 * their rules. A policy's groups never change - canaries, the guests that come
 * and go while it is in force, are in none -, so what has been made of the
 * policy that was asked about last is kept, and it with that. Called by
 * group_want.c and group_used.c. */

#include <cordon-config.h>
#include "dataplane/linux/group_maker.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "packets.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

struct known {
    struct hmap_node node; /* By group. */
    const struct policy_group *group;
    struct group_members members;                 /* No group: not made yet. */
    struct group_text texts[POLICY_N_DIRECTIONS]; /* No text: the same. */
};

static struct {
    const struct policy *policy; /* NULL: none yet. */
    struct arena *arena;         /* Keeps the policy's. */
    struct hmap groups;
} known = { .groups = HMAP_INITIALIZER(&known.groups) };

void
group_known_policy(const struct policy *policy, struct arena *arena)
{
    if (known.policy != policy) {
        hmap_clear(&known.groups);
        arena_free(known.arena);
        known.arena = arena_new();
        arena_keep(known.arena, policy->arena);
        known.policy = policy;
    }
    arena_keep(arena, known.arena);
}

static struct known *
find(const struct policy_group *group)
{
    uint32_t hash = hash_pointer(group, 0);
    struct known *k;

    HMAP_FOR_EACH_WITH_HASH (k, node, hash, &known.groups) {
        if (k->group == group) {
            return k;
        }
    }
    k = arena_alloc(known.arena, sizeof *k);
    k->group = group;
    hmap_insert(&known.groups, &k->node, hash);
    return k;
}

/* The set of 'm' that 'p' is in. */
static struct group_set *
set_of(struct group_members *m, const struct prefix *p)
{
    bool ipv4 = p->addr.family == AF_INET;

    return &m->sets[2 * !ipv4 + (p->len != (ipv4 ? 32 : 128))];
}

/* Leaves out prefixes that lie in another: sorted, a prefix follows those
 * that it lies in. Counts in 'n' those of each set. */
static size_t
drop_covered(struct group_members *m, size_t n[ARRAY_SIZE(m->sets)])
{
    const struct prefix *last = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < m->n; i++) {
        const struct prefix *p = &m->prefixes[i];
        struct group_set *s = set_of(m, p);

        if (last && prefix_contains(last, p)) {
            continue;
        }
        if (kept < i) {
            m->prefixes[kept] = *p;
        }
        if (!s->hosts) {
            last = &m->prefixes[kept];
        }
        n[s - m->sets]++;
        kept++;
    }
    return kept;
}

/* Adds the key of the element that is 'p', no host, of 'n' bytes of address:
 * nft_set.h says how it looks. */
static void
add_prefix(struct object_keys *keys, const struct prefix *p, size_t n)
{
    ovs_be16 type = htons(n == 4 ? ETH_TYPE_IP : ETH_TYPE_IPV6);
    uint8_t key[OBJECT_KEY_MAX] = { 0 };

    memcpy(key, &type, sizeof type);
    memcpy(key + 4, p->addr.b, n);
    key[4 + n] = p->len;
    keys_append(keys, key, known.arena);
}

/* Finds the sets of 'm', and what is in them: in the order of keys, for that
 * is how members are sorted. */
static void
fill_sets(struct group_members *m)
{
    static const char *const suffixes[] = { "4", "4p", "6", "6p" };
    size_t n[ARRAY_SIZE(m->sets)] = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(m->sets); i++) {
        m->sets[i].family = i < 2 ? AF_INET : AF_INET6;
        m->sets[i].hosts = !(i % 2);
    }
    m->n = drop_covered(m, n);
    for (size_t i = 0; i < ARRAY_SIZE(m->sets); i++) {
        struct group_set *s = &m->sets[i];
        size_t len = s->family == AF_INET ? 4 : 16;

        if (n[i]) {
            s->name =
                arena_printf(known.arena, "%s/%s/%s", m->group->tenant->name,
                             m->group->name, suffixes[i]);
            s->keys.len = s->hosts ? len : 4 + len + 1;
            keys_reserve(&s->keys, n[i], known.arena);
        }
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct prefix *p = &m->prefixes[i];
        struct group_set *s = set_of(m, p);

        if (s->hosts) {
            keys_append(&s->keys, p->addr.b, known.arena);
        } else {
            add_prefix(&s->keys, p, addr_len(&p->addr));
        }
    }
}

const struct group_members *
group_known_members(const struct policy_group *group)
{
    struct known *k = find(group);
    struct group_members *m = &k->members;

    if (!m->group) {
        m->group = group;
        m->n = rule_members(group, known.arena, &m->prefixes);
        fill_sets(m);
    }
    return m;
}

static const struct group_members *
find_members(const struct policy_group *group, void *aux OVS_UNUSED)
{
    return group_known_members(group);
}

/* Says for each line that has been added to 'lines' since it had 'before'
 * bytes that it is of 'rule'. */
static void
add_where(const struct policy_rule *rule, const struct ds *lines,
          size_t before, const char ***where, size_t *n)
{
    const char *s = arena_printf(known.arena, "%s:%u:%u", rule->where.file,
                                 rule->where.line, rule->where.column);
    /* The first line of all has no line feed in front. */
    size_t n_lines = !before && lines->length;

    for (size_t i = before; i < lines->length; i++) {
        n_lines += lines->string[i] == '\n';
    }
    *where = xrealloc(*where, (*n + n_lines + 1) * sizeof **where);
    while (n_lines--) {
        (*where)[(*n)++] = s;
    }
}

const struct group_text *
group_known_text(const struct policy_group *g, enum policy_direction d)
{
    uint32_t judged = plan_judged_bit(known.policy->host.mark_mask);
    struct group_text *text = &find(g)->texts[d];
    struct ds lines = DS_EMPTY_INITIALIZER;
    const char **where = NULL;
    size_t n = 0;

    if (text->text) {
        return text;
    }
    for (size_t i = 0; i < g->n_rules[d]; i++) {
        size_t before = lines.length;

        group_rule_lines(&g->rules[d][i], d, judged, known.arena, find_members,
                         NULL, &lines);
        add_where(&g->rules[d][i], &lines, before, &where, &n);
    }
    text->chain = group_chain_name(known.arena, g, d);
    text->text = arena_strdup(known.arena, ds_cstr(&lines));
    text->where = ARENA_ARRAY(known.arena, const char *, n + 1);
    if (n) {
        memcpy(text->where, where, n * sizeof *where);
    }
    text->n_where = n;
    free(where);
    ds_destroy(&lines);
    return text;
}
