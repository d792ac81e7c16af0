/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Decodes a ruleset, and knows what in it has a name. Messages are read in
 * ruleset_message.c, expressions in ruleset_expr.c, sets in ruleset_set.c; what
 * is asked of a ruleset is in ruleset_find.c.
 *
 * All messages are gone through twice: first for what others point to, then
 * for rules and elements. */

#include <cordon-config.h>
#include "audit/ruleset.h"

#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ruleset_private.h"
#include "audit/snapshot.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Whether 'nlh' is a message of nftables. */
static bool
read_message(const struct nlmsghdr *nlh, struct ruleset_message *ret)
{
    const struct nfgenmsg *g;

    if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof *g
        || nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES) {
        return false;
    }
    g = mnl_nlmsg_get_payload(nlh);
    *ret = (struct ruleset_message){
        .type = nlh->nlmsg_type & 0xff,
        .family = g->nfgen_family,
        .attrs = mnl_nlmsg_get_payload_offset(nlh, sizeof *g),
        .n = nlh->nlmsg_len - MNL_NLMSG_HDRLEN - sizeof *g,
    };
    return true;
}

const void *
ruleset_copy(struct ruleset_maker *m, const void *p, size_t n)
{
    return n ? memcpy(arena_alloc(m->arena, n), p, n) : NULL;
}

const char *
ruleset_comment(struct ruleset_maker *m, const void *userdata, size_t n,
                uint8_t type)
{
    const uint8_t *p = userdata;

    while (n >= 2 && (size_t) p[1] + 2 <= n) {
        if (p[0] == type && p[1] && !p[1 + p[1]]) {
            return arena_strdup(m->arena, (const char *) p + 2);
        }
        n -= p[1] + 2;
        p += p[1] + 2;
    }
    return "";
}

/* Key of what is found by name: family, table and name. */
static void
key(struct ds *s, uint8_t family, const char *table, const char *name)
{
    ds_put_format(s, "%u %s\n%s", family, table, name);
}

void *
ruleset_find_name(const struct shash *names, uint8_t family, const char *table,
                  const char *name)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    void *found;

    key(&s, family, table, name);
    found = shash_find_data(names, ds_cstr(&s));
    ds_destroy(&s);
    return found;
}

void
ruleset_name(struct shash *names, uint8_t family, const char *table,
             const char *name, const void *data)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    key(&s, family, table, name);
    shash_add_once(names, ds_cstr(&s), data);
    ds_destroy(&s);
}

const struct ruleset_chain *
ruleset_maker_chain(const struct ruleset_maker *m, const char *name)
{
    return ruleset_find_name(&m->chains_by_name, m->table->family,
                             m->table->name, name);
}

struct ruleset_set *
ruleset_maker_set(const struct ruleset_maker *m, const char *name)
{
    return ruleset_find_name(&m->sets_by_name, m->table->family,
                             m->table->name, name);
}

const struct ruleset_object *
ruleset_maker_object(const struct ruleset_maker *m, const char *name,
                     uint32_t type)
{
    const struct ruleset_object *o;
    char *s = xasprintf("%u %s", type, name);

    o = ruleset_find_name(&m->objects_by_name, m->table->family,
                          m->table->name, s);
    free(s);
    return o;
}

static size_t
count(const struct ruleset_message *messages, size_t n, uint8_t type)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        found += messages[i].type == type;
    }
    return found;
}

/* Rules and elements, of which it is now known what they belong to. */
static void
read_contents(struct ruleset_maker *m, const struct ruleset_message *messages,
              size_t n)
{
    size_t n_chains = m->ruleset->n_chains, n_sets = m->ruleset->n_sets;
    struct ruleset_gathered g = {
        .elements = xcalloc(n_sets + 1, sizeof *g.elements),
        .rules = xcalloc(n_chains + 1, sizeof *g.rules),
        .allocated = xcalloc(n_chains + 1, sizeof *g.allocated),
    };

    ruleset_messages_read(m, messages, n, NFT_MSG_NEWSETELEM, &g);
    for (size_t i = 0; i < n_sets; i++) {
        ruleset_elements_finish(m, &m->sets[i], &g.elements[i]);
    }
    ruleset_messages_read(m, messages, n, NFT_MSG_NEWRULE, &g);
    for (size_t i = 0; i < n_chains; i++) {
        struct ruleset_chain *c = &m->chains[i];

        c->rules = ruleset_copy(m, g.rules[i], c->n_rules * sizeof *c->rules);
        free(g.rules[i]);
    }
    free(g.elements);
    free(g.rules);
    free(g.allocated);
}

static const struct ruleset *
decode(const struct ruleset_message *messages, size_t n, bool unread,
       struct ds *problems)
{
    static const uint8_t types[] = {
        NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN,     NFT_MSG_NEWOBJ,
        NFT_MSG_NEWSET,   NFT_MSG_NEWFLOWTABLE,
    };
    struct arena *arena = arena_new();
    struct ruleset *rs = arena_alloc(arena, sizeof *rs);
    struct ruleset_maker m = {
        .arena = arena,
        .problems = problems,
        .ruleset = rs,
        .tables = ARENA_ARRAY(arena, struct ruleset_table,
                              count(messages, n, NFT_MSG_NEWTABLE) + 1),
        .chains = ARENA_ARRAY(arena, struct ruleset_chain,
                              count(messages, n, NFT_MSG_NEWCHAIN) + 1),
        .sets = ARENA_ARRAY(arena, struct ruleset_set,
                            count(messages, n, NFT_MSG_NEWSET) + 1),
        .objects = ARENA_ARRAY(arena, struct ruleset_object,
                               count(messages, n, NFT_MSG_NEWOBJ) + 1),
        .flowtables =
            ARENA_ARRAY(arena, struct ruleset_flowtable,
                        count(messages, n, NFT_MSG_NEWFLOWTABLE) + 1),
        .tables_by_name = SHASH_INITIALIZER(&m.tables_by_name),
        .chains_by_name = SHASH_INITIALIZER(&m.chains_by_name),
        .sets_by_name = SHASH_INITIALIZER(&m.sets_by_name),
        .objects_by_name = SHASH_INITIALIZER(&m.objects_by_name),
    };

    *rs = (struct ruleset){
        .arena = arena,
        .tables = m.tables,
        .chains = m.chains,
        .sets = m.sets,
        .objects = m.objects,
        .flowtables = m.flowtables,
        .incomplete = unread,
    };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        ruleset_messages_read(&m, messages, n, types[i], NULL);
    }
    read_contents(&m, messages, n);
    shash_destroy(&m.tables_by_name);
    shash_destroy(&m.chains_by_name);
    shash_destroy(&m.sets_by_name);
    shash_destroy(&m.objects_by_name);
    return rs;
}

const struct ruleset *
ruleset_decode(const struct snapshot *snapshot, struct ds *problems)
{
    size_t n_parts, n = 0, allocated = 0;
    const struct snapshot_part *parts = snapshot_parts(snapshot, &n_parts);
    struct ruleset_message *messages = NULL;
    const struct ruleset *rs;
    uint32_t generation = 0;
    bool unread = false;

    for (size_t i = 0; i < n_parts; i++) {
        const struct nlmsghdr *nlh = NULL;

        if (strncmp(parts[i].name, "nft.", 4)) {
            continue;
        }
        if (parts[i].kind == SNAPSHOT_UNREAD) {
            unread = true;
            ds_put_format(problems, "%s: %s\n", parts[i].name, parts[i].why);
        } else if (parts[i].kind == SNAPSHOT_NETLINK) {
            generation = parts[i].generation;
            while ((nlh = snapshot_next(&parts[i], nlh))) {
                if (n == allocated) {
                    messages =
                        x2nrealloc(messages, &allocated, sizeof *messages);
                }
                n += read_message(nlh, &messages[n]);
            }
        }
    }
    rs = decode(messages, n, unread, problems);
    CONST_CAST(struct ruleset *, rs)->generation = generation;
    free(messages);
    return rs;
}

const struct ruleset *
ruleset_decode_messages(const void *data, size_t size, struct ds *problems)
{
    const struct nlmsghdr *nlh = data;
    struct ruleset_message *messages = NULL;
    size_t n = 0, allocated = 0;
    const struct ruleset *rs;

    while (size >= sizeof *nlh && nlh->nlmsg_len >= sizeof *nlh
           && nlh->nlmsg_len <= size) {
        size_t step = MIN(MNL_ALIGN(nlh->nlmsg_len), size);

        if (n == allocated) {
            messages = x2nrealloc(messages, &allocated, sizeof *messages);
        }
        n += read_message(nlh, &messages[n]);
        nlh = ALIGNED_CAST(const struct nlmsghdr *, (const char *) nlh + step);
        size -= step;
    }
    rs = decode(messages, n, size > 0, problems);
    free(messages);
    return rs;
}

void
ruleset_free(const struct ruleset *rs)
{
    if (rs) {
        arena_free(rs->arena);
    }
}
