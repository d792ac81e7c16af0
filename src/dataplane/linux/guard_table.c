/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the kernel's messages to objects, of one table. */

#include <cordon-config.h>
#include "dataplane/linux/guard_table.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_memo.h"
#include "dataplane/linux/nft_rule.h"
#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "plan/keys.h"
#include "plan/object.h"
#include "util.h"

/* A chain and its rules so far. */
struct chain {
    struct object chain;
    struct ds rules;
};

void
guard_table_init(struct guard_table *r, const struct nft_table *table,
                 struct arena *arena, struct objects *objects)
{
    *r = (struct guard_table){ .table = table,
                               .arena = arena,
                               .objects = objects };
    shash_init(&r->chains);
}

static int
find_comment(const struct nftnl_udata *attr, void *comment_)
{
    const char **comment = comment_;
    uint8_t len = nftnl_udata_len(attr);
    const char *s = nftnl_udata_get(attr);

    if (nftnl_udata_type(attr) == NFTNL_UDATA_TABLE_COMMENT && len
        && !s[len - 1]) {
        *comment = s;
    }
    return 0;
}

int
guard_table_take_table(const struct nlmsghdr *nlh, void *r_)
{
    struct guard_table *r = r_;
    struct nftnl_table *t = nftnl_table_alloc();
    const char *comment = "", *name;
    uint32_t len;
    const void *data;

    if (!t || nftnl_table_nlmsg_parse(nlh, t) < 0) {
        nftnl_table_free(t);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    name = nftnl_table_get_str(t, NFTNL_TABLE_NAME);
    if (nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY) == r->table->family && name
        && !strcmp(name, r->table->name)) {
        data = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &len);
        if (data) {
            nftnl_udata_parse(data, len, find_comment, &comment);
        }
        r->state = strncmp(comment, "cordon ", 7) ? TABLE_FOREIGN
                   : strcmp(comment, r->table->comment)
                           || nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS)
                       ? TABLE_OTHER_VERSION
                       : TABLE_OURS;
    }
    nftnl_table_free(t);
    return MNL_CB_OK;
}

static bool
in_table(const struct guard_table *r, uint32_t family, const char *table)
{
    return family == r->table->family && table
           && !strcmp(table, r->table->name);
}

int
guard_table_take_set(const struct nlmsghdr *nlh, void *r_)
{
    struct guard_table *r = r_;
    struct nftnl_set *s = nftnl_set_alloc();

    if (!s || nftnl_set_nlmsg_parse(nlh, s) < 0) {
        nftnl_set_free(s);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    if (in_table(r, nftnl_set_get_u32(s, NFTNL_SET_FAMILY),
                 nftnl_set_get_str(s, NFTNL_SET_TABLE))) {
        const char *name = nftnl_set_get_str(s, NFTNL_SET_NAME);
        const struct nft_set_def *def = r->table->set_by_name(name);
        struct ds seen = DS_EMPTY_INITIALIZER;
        struct ds own = DS_EMPTY_INITIALIZER;

        nft_set_parse(s, &seen);
        if (def) {
            nft_set_format(def, &own);
            r->other_sets |= strcmp(ds_cstr(&seen), ds_cstr(&own));
        }
        objects_add(r->objects,
                    &(struct object){
                        .kind = nft_kind(r->table, NFT_PART_SET),
                        .name = arena_strdup(r->arena, name),
                        .text = arena_strdup(r->arena, ds_cstr(&seen)) });
        ds_destroy(&seen);
        ds_destroy(&own);
    }
    nftnl_set_free(s);
    return MNL_CB_OK;
}

/* The device that the name of a chain of its own says. */
static uint32_t
ifindex_of_name(const char *name)
{
    static const char *const stems[] = { "in-", "out-", "new-", "take-",
                                         "heard-" };
    unsigned int x;
    int n;

    for (size_t i = 0; i < ARRAY_SIZE(stems); i++) {
        size_t len = strlen(stems[i]);

        if (!strncmp(name, stems[i], len)
            && sscanf(name + len, "%u%n", &x, &n) == 1 && !name[len + n]) {
            return x;
        }
    }
    return 0;
}

/* Says what a base chain is: as our own are called if it is one, with another
 * text otherwise. */
static const char *
describe_base(struct guard_table *r, const struct nftnl_chain *c,
              uint32_t ifindex)
{
    uint32_t hook = nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM);
    int32_t priority = nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO);
    uint32_t policy = nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY);
    const char *device = nftnl_chain_get_str(c, NFTNL_CHAIN_DEV);

    for (const struct nft_base *b = r->table->bases; b->text; b++) {
        if (hook == b->hook && priority == b->priority && policy == b->policy
            && (b->device
                    ? ifindex && device && if_nametoindex(device) == ifindex
                    : !device)) {
            return b->text;
        }
    }
    return arena_printf(r->arena, "hook %u device %s priority %d policy %s",
                        hook, device ? device : "(none)", priority,
                        policy == NF_DROP ? "drop" : "accept");
}

int
guard_table_take_chain(const struct nlmsghdr *nlh, void *r_)
{
    struct guard_table *r = r_;
    struct nftnl_chain *c = nftnl_chain_alloc();

    if (!c || nftnl_chain_nlmsg_parse(nlh, c) < 0) {
        nftnl_chain_free(c);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    if (in_table(r, nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY),
                 nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE))) {
        bool base = nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM);
        struct chain *chain = xzalloc(sizeof *chain);
        struct object *o = &chain->chain;

        o->kind = nft_kind(r->table, NFT_PART_CHAIN);
        o->name =
            arena_strdup(r->arena, nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
        o->ifindex = ifindex_of_name(o->name);
        o->text = base ? describe_base(r, c, o->ifindex) : "regular";
        ds_init(&chain->rules);
        if (!shash_add_once(&r->chains, o->name, chain)) {
            free(chain);
        }
    }
    nftnl_chain_free(c);
    return MNL_CB_OK;
}

/* The line that a rule is whose expressions are 'attr', or none: NULL. Returns
 * NULL if they cannot be decoded. */
static const char *
find_line(const struct nlmsghdr *nlh, const struct nft_table *table,
          const struct nlattr *attr)
{
    const void *p = attr ? mnl_attr_get_payload(attr) : "";
    size_t n = attr ? mnl_attr_get_payload_len(attr) : 0;
    const char *known = nft_memo_find(table, p, n);
    struct ds line = DS_EMPTY_INITIALIZER;
    struct nftnl_rule *rule;

    if (known) {
        return known;
    }
    rule = nftnl_rule_alloc();
    if (rule && nftnl_rule_nlmsg_parse(nlh, rule) >= 0) {
        nft_rule_parse(rule, &line);
        nft_memo_add(table, p, n, ds_cstr(&line));
    }
    nftnl_rule_free(rule);
    ds_destroy(&line);
    return nft_memo_find(table, p, n);
}

static const char *
attr_text(const struct nlattr *attr)
{
    return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0
               ? mnl_attr_get_str(attr)
               : "";
}

int
guard_table_take_rule(const struct nlmsghdr *nlh, void *r_)
{
    const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[NFTA_RULE_MAX + 1] = { NULL };
    const struct nlattr *attr;
    struct guard_table *r = r_;
    struct chain *c;

    if (mnl_nlmsg_get_payload_len(nlh) < sizeof *nfg) {
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    mnl_attr_for_each (attr, nlh, sizeof *nfg) {
        if (mnl_attr_type_valid(attr, NFTA_RULE_MAX) > 0) {
            tb[mnl_attr_get_type(attr)] = attr;
        }
    }
    c = in_table(r, nfg->nfgen_family, attr_text(tb[NFTA_RULE_TABLE]))
            ? shash_find_data(&r->chains, attr_text(tb[NFTA_RULE_CHAIN]))
            : NULL;
    if (c) {
        const char *line = find_line(nlh, r->table, tb[NFTA_RULE_EXPRESSIONS]);

        if (!line) {
            errno = EBADMSG;
            return MNL_CB_ERROR;
        }
        if (c->rules.length) {
            ds_put_char(&c->rules, '\n');
        }
        ds_put_cstr(&c->rules, line);
    }
    return MNL_CB_OK;
}

static int
parse_element(struct nftnl_set_elem *elem, void *r_)
{
    struct guard_table *r = r_;
    struct object o;

    if (!nft_element_parse(r->set, elem, &o)) {
        r->other_sets = true;
        return 0;
    }
    if (r->keys) {
        r->keys->len = o.key_len;
        keys_append(r->keys, o.key, r->arena);
        return 0;
    }
    o.kind = nft_kind(r->table, NFT_PART_ELEMENT);
    o.name = r->set_name;
    objects_add(r->objects, &o);
    return 0;
}

int
guard_table_take_elements(const struct nlmsghdr *nlh, void *r_)
{
    struct guard_table *r = r_;
    struct nftnl_set *s = nftnl_set_alloc();
    int error;

    error = !s || nftnl_set_elems_nlmsg_parse(nlh, s) < 0;
    if (!error) {
        nftnl_set_elem_foreach(s, parse_element, r);
    }
    nftnl_set_free(s);
    if (error) {
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    return MNL_CB_OK;
}
void
guard_table_add_chains(struct guard_table *r)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &r->chains) {
        struct chain *c = node->data;

        objects_add(r->objects, &c->chain);
        objects_add(r->objects,
                    &(struct object){
                        .kind = nft_kind(r->table, NFT_PART_RULES),
                        .ifindex = c->chain.ifindex,
                        .name = c->chain.name,
                        .text = arena_strdup(r->arena, ds_cstr(&c->rules)) });
    }
}

void
guard_table_done(struct guard_table *r)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &r->chains) {
        struct chain *c = node->data;

        ds_destroy(&c->rules);
    }
    shash_destroy_free_data(&r->chains);
}
