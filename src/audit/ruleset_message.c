/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads messages of nftables: tables, chains, sets, objects, flowtables, rules,
 * elements, and which belongs to what. What is odd makes the ruleset, or that
 * part of it, unknown. ruleset.c calls this. */

#include <cordon-config.h>
#include "audit/ruleset.h"

#include <netinet/in.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "audit/attrs.h"
#include "audit/ruleset_private.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Type of user data that is a comment, as nft writes it. */
#define USERDATA_TABLE_COMMENT 0
#define USERDATA_RULE_COMMENT 0

/* NFTA_SET_TYPE and NFTA_SET_COUNT, of newer kernels: how a set is kept, and
 * how much is in it. */
#define SET_MAX (NFTA_SET_EXPRESSIONS + 2)

static void
problem(struct ruleset_maker *m, const char *what, const char *name)
{
    if (m->problems) {
        ds_put_format(m->problems, "nftables: %s%s%s\n", what, name ? " " : "",
                      name ? name : "");
    }
}

/* Something is there, of which nobody knows what. */
static void
incomplete(struct ruleset_maker *m, const char *what, const char *name)
{
    m->ruleset->incomplete = true;
    problem(m, what, name);
}

/* Sets 'm->table' to the one that attribute 'type' names. False if there is
 * none. */
static bool
set_table(struct ruleset_maker *m, const struct ruleset_message *msg,
          struct attrs *as, int type)
{
    const char *name = attrs_string(as, type);

    if (!name) {
        return false;
    }
    if (!m->table || m->table->family != msg->family
        || strcmp(m->table->name, name)) {
        m->table =
            ruleset_find_name(&m->tables_by_name, msg->family, name, "");
    }
    return m->table;
}

static const char *
text(struct ruleset_maker *m, struct attrs *as, int type)
{
    const char *s = attrs_string(as, type);

    return s ? arena_strdup(m->arena, s) : "";
}

static void
read_table(struct ruleset_maker *m, const struct ruleset_message *msg)
{
    struct ruleset_table *t = &m->tables[m->ruleset->n_tables];
    const void *userdata;
    struct attrs as;
    size_t n;

    attrs_read(&as, msg->attrs, msg->n, NFTA_TABLE_MAX);
    t->family = msg->family;
    t->name = text(m, &as, NFTA_TABLE_NAME);
    attrs_u64(&as, NFTA_TABLE_HANDLE, &t->handle);
    attrs_u32(&as, NFTA_TABLE_FLAGS, &t->flags);
    userdata = attrs_bytes(&as, NFTA_TABLE_USERDATA, &n);
    t->comment = ruleset_comment(m, userdata, n, USERDATA_TABLE_COMMENT);
    if (!*t->name
        || ruleset_find_name(&m->tables_by_name, t->family, t->name, "")) {
        incomplete(m, "a table without a name of its own:", t->name);
        return;
    }
    if (as.odd) {
        incomplete(m, "not all that is said of a table is known:", t->name);
    }
    ruleset_name(&m->tables_by_name, t->family, t->name, "", t);
    m->ruleset->n_tables++;
}

/* Names of devices, in an array of the arena. */
static const char *const *
read_devices(struct ruleset_maker *m, const struct nlattr *list, size_t *ret_n,
             bool *odd)
{
    const struct nlattr *a = NULL;
    const char **devices;
    size_t n = 0;

    while ((a = attrs_next(list, a))) {
        n++;
    }
    devices = ARENA_ARRAY(m->arena, const char *, n + 1);
    n = 0;
    while ((a = attrs_next(list, a))) {
        size_t len = mnl_attr_get_payload_len(a);
        const char *s = mnl_attr_get_payload(a);

        if (mnl_attr_get_type(a) != NFTA_DEVICE_NAME || !len
            || !memchr(s, '\0', len)) {
            *odd = true;
        } else {
            devices[n++] = arena_strdup(m->arena, s);
        }
    }
    *ret_n = n;
    return devices;
}

static void
read_hook(struct ruleset_maker *m, struct ruleset_chain *c, struct attrs *as)
{
    uint32_t x = NF_ACCEPT;
    struct attrs hook;

    if (!as->tb[NFTA_CHAIN_HOOK]) {
        return;
    }
    attrs_nested(&hook, as, NFTA_CHAIN_HOOK, NFTA_HOOK_MAX);
    c->base = true;
    c->type = text(m, as, NFTA_CHAIN_TYPE);
    attrs_u32(as, NFTA_CHAIN_POLICY, &x);
    c->policy = x;
    c->hook = attrs_need_u32(&hook, NFTA_HOOK_HOOKNUM);
    c->priority = attrs_need_u32(&hook, NFTA_HOOK_PRIORITY);
    if (hook.tb[NFTA_HOOK_DEVS]) {
        c->devices =
            read_devices(m, hook.tb[NFTA_HOOK_DEVS], &c->n_devices, &hook.odd);
    } else if (hook.tb[NFTA_HOOK_DEV]) {
        const char **devices = ARENA_ARRAY(m->arena, const char *, 1);

        devices[0] = text(m, &hook, NFTA_HOOK_DEV);
        c->devices = devices;
        c->n_devices = 1;
    }
    if (hook.odd || (c->policy != NF_ACCEPT && c->policy != NF_DROP)) {
        as->odd = true;
    }
}

static void
read_chain(struct ruleset_maker *m, const struct ruleset_message *msg)
{
    struct ruleset_chain *c = &m->chains[m->ruleset->n_chains];
    struct attrs as;

    attrs_read(&as, msg->attrs, msg->n, NFTA_CHAIN_MAX);
    if (!set_table(m, msg, &as, NFTA_CHAIN_TABLE)) {
        incomplete(m, "a chain of no table", NULL);
        return;
    }
    c->table = m->table;
    c->name = text(m, &as, NFTA_CHAIN_NAME);
    c->type = "";
    c->index = m->ruleset->n_chains;
    attrs_u64(&as, NFTA_CHAIN_HANDLE, &c->handle);
    attrs_u32(&as, NFTA_CHAIN_FLAGS, &c->flags);
    read_hook(m, c, &as);
    if (!*c->name || ruleset_maker_chain(m, c->name)) {
        incomplete(m, "a chain without a name of its own:", c->name);
        *c = (struct ruleset_chain){ 0 };
        return;
    }
    if (as.odd) {
        c->unknown = true;
        problem(m, "not all that is said of a chain is known:", c->name);
    }
    ruleset_name(&m->chains_by_name, c->table->family, c->table->name, c->name,
                 c);
    m->ruleset->n_chains++;
}

static void
read_set(struct ruleset_maker *m, const struct ruleset_message *msg)
{
    struct ruleset_set *s = &m->sets[m->ruleset->n_sets];
    struct attrs as;

    attrs_read(&as, msg->attrs, msg->n, SET_MAX);
    if (!set_table(m, msg, &as, NFTA_SET_TABLE)) {
        incomplete(m, "a set of no table", NULL);
        return;
    }
    s->table = m->table;
    s->name = text(m, &as, NFTA_SET_NAME);
    s->index = m->ruleset->n_sets;
    if (!*s->name || ruleset_maker_set(m, s->name)) {
        incomplete(m, "a set without a name of its own:", s->name);
        *s = (struct ruleset_set){ 0 };
        return;
    }
    ruleset_set_read(m, &as, s);
    if (as.odd) {
        s->unknown = true;
        problem(m, "not all that is said of a set is known:", s->name);
    }
    ruleset_name(&m->sets_by_name, s->table->family, s->table->name, s->name,
                 s);
    m->ruleset->n_sets++;
}

static void
read_object(struct ruleset_maker *m, const struct ruleset_message *msg)
{
    static const char *const exprs[] = {
        [NFT_OBJECT_COUNTER] = "counter",
        [NFT_OBJECT_QUOTA] = "quota",
        [NFT_OBJECT_LIMIT] = "limit",
        [NFT_OBJECT_CONNLIMIT] = "connlimit",
        [NFT_OBJECT_CT_HELPER] = "ct helper",
        [NFT_OBJECT_TUNNEL] = "tunnel key",
        [NFT_OBJECT_CT_TIMEOUT] = "ct timeout",
        [NFT_OBJECT_SECMARK] = "secmark",
        [NFT_OBJECT_CT_EXPECT] = "ct expectation",
        [NFT_OBJECT_SYNPROXY] = "synproxy",
    };
    struct ruleset_object *o = &m->objects[m->ruleset->n_objects];
    const char *kind = "object";
    struct expr *e;
    struct attrs as;
    char *name;

    attrs_read(&as, msg->attrs, msg->n, NFTA_OBJ_MAX);
    if (!set_table(m, msg, &as, NFTA_OBJ_TABLE)) {
        incomplete(m, "an object of no table", NULL);
        return;
    }
    o->table = m->table;
    o->name = text(m, &as, NFTA_OBJ_NAME);
    o->type = attrs_need_u32(&as, NFTA_OBJ_TYPE);
    attrs_u64(&as, NFTA_OBJ_HANDLE, &o->handle);
    if (o->type < ARRAY_SIZE(exprs) && exprs[o->type]) {
        kind = exprs[o->type];
    }
    o->expr = e = arena_alloc(m->arena, sizeof *e);
    ruleset_expr_named(m, kind, as.tb[NFTA_OBJ_DATA], e);
    if (as.odd) {
        e->kind = EXPR_UNKNOWN;
    }
    name = xasprintf("%u %s", o->type, o->name);
    ruleset_name(&m->objects_by_name, m->table->family, m->table->name, name,
                 o);
    free(name);
    m->ruleset->n_objects++;
}

static void
read_flowtable(struct ruleset_maker *m, const struct ruleset_message *msg)
{
    struct ruleset_flowtable *f = &m->flowtables[m->ruleset->n_flowtables];
    struct attrs as, hook;
    uint32_t priority = 0;

    attrs_read(&as, msg->attrs, msg->n, NFTA_FLOWTABLE_MAX);
    if (!set_table(m, msg, &as, NFTA_FLOWTABLE_TABLE)) {
        incomplete(m, "a flowtable of no table", NULL);
        return;
    }
    f->table = m->table;
    f->name = text(m, &as, NFTA_FLOWTABLE_NAME);
    attrs_nested(&hook, &as, NFTA_FLOWTABLE_HOOK, NFTA_FLOWTABLE_HOOK_MAX);
    attrs_u32(&hook, NFTA_FLOWTABLE_HOOK_PRIORITY, &priority);
    f->priority = priority;
    if (hook.tb[NFTA_FLOWTABLE_HOOK_DEVS]) {
        f->devices = read_devices(m, hook.tb[NFTA_FLOWTABLE_HOOK_DEVS],
                                  &f->n_devices, &hook.odd);
    }
    if (as.odd || hook.odd) {
        incomplete(m,
                   "not all that is said of a flowtable is known:", f->name);
    }
    m->ruleset->n_flowtables++;
}

static bool
has_unknown(const struct expr *exprs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct expr *e = &exprs[i];

        if (e->kind == EXPR_UNKNOWN
            || (e->kind == EXPR_DYNSET
                && has_unknown(e->dynset.exprs, e->dynset.n_exprs))) {
            return true;
        }
    }
    return false;
}

static void
read_rule(struct ruleset_maker *m, const struct ruleset_message *msg,
          struct ruleset_gathered *g)
{
    const struct ruleset_chain *found;
    struct ruleset_chain *c;
    struct ruleset_rule *r;
    const void *userdata;
    const char *name;
    struct attrs as;
    size_t n;

    attrs_read(&as, msg->attrs, msg->n, NFTA_RULE_MAX);
    name = attrs_string(&as, NFTA_RULE_CHAIN);
    if (!set_table(m, msg, &as, NFTA_RULE_TABLE) || !name
        || !(found = ruleset_maker_chain(m, name))) {
        incomplete(m, "a rule of no chain", NULL);
        return;
    }
    c = &m->chains[found->index];
    if (c->n_rules == g->allocated[c->index]) {
        g->rules[c->index] =
            x2nrealloc(g->rules[c->index], &g->allocated[c->index], sizeof *r);
    }
    r = &g->rules[c->index][c->n_rules++];
    m->ruleset->n_rules++;
    *r = (struct ruleset_rule){ .chain = c };
    attrs_u64(&as, NFTA_RULE_HANDLE, &r->handle);
    userdata = attrs_bytes(&as, NFTA_RULE_USERDATA, &n);
    r->comment = ruleset_comment(m, userdata, n, USERDATA_RULE_COMMENT);
    if (as.tb[NFTA_RULE_EXPRESSIONS]) {
        r->exprs = ruleset_exprs(m, as.tb[NFTA_RULE_EXPRESSIONS], &r->n_exprs);
    }
    r->unknown = has_unknown(r->exprs, r->n_exprs);
    if (as.odd) {
        c->unknown = true;
        problem(m, "not all that is said of a rule is known, in chain",
                c->name);
    }
}

static void
read_elements(struct ruleset_maker *m, const struct ruleset_message *msg,
              struct ruleset_gathered *g)
{
    struct ruleset_set *s;
    const char *name;
    struct attrs as;

    attrs_read(&as, msg->attrs, msg->n, NFTA_SET_ELEM_LIST_MAX);
    name = attrs_string(&as, NFTA_SET_ELEM_LIST_SET);
    if (!set_table(m, msg, &as, NFTA_SET_ELEM_LIST_TABLE) || !name
        || !(s = ruleset_maker_set(m, name))) {
        incomplete(m, "elements of no set", NULL);
        return;
    }
    if (as.odd) {
        s->unknown = true;
    }
    if (as.tb[NFTA_SET_ELEM_LIST_ELEMENTS]) {
        ruleset_elements_read(m, s, as.tb[NFTA_SET_ELEM_LIST_ELEMENTS],
                              &g->elements[s->index]);
    }
}

void
ruleset_messages_read(struct ruleset_maker *m,
                      const struct ruleset_message *messages, size_t n,
                      uint8_t type, struct ruleset_gathered *g)
{
    for (size_t i = 0; i < n; i++) {
        const struct ruleset_message *msg = &messages[i];

        if (msg->type != type) {
            continue;
        } else if (type == NFT_MSG_NEWTABLE) {
            read_table(m, msg);
        } else if (type == NFT_MSG_NEWCHAIN) {
            read_chain(m, msg);
        } else if (type == NFT_MSG_NEWSET) {
            read_set(m, msg);
        } else if (type == NFT_MSG_NEWOBJ) {
            read_object(m, msg);
        } else if (type == NFT_MSG_NEWFLOWTABLE) {
            read_flowtable(m, msg);
        } else if (type == NFT_MSG_NEWRULE) {
            read_rule(m, msg, g);
        } else if (type == NFT_MSG_NEWSETELEM) {
            read_elements(m, msg, g);
        }
    }
}
