/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the kernel to objects. A reading is of one generation of the ruleset,
 * or it is made again.
 *
 * A table of our name without our comment is foreign. Ours of another version
 * is reported alone, which makes diff() want all else anew, and
 * guard_apply.c replace the table in the same transaction. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_rule.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "plan/object.h"
#include "util.h"

/* Tries to see one generation from beginning to end. */
#define TRIES 20

struct reading {
    struct arena *arena;
    struct objects *objects;
    enum { TABLE_NONE, TABLE_OURS, TABLE_OTHER_VERSION, TABLE_FOREIGN } table;
    bool other_sets;               /* Sets are not as this version has them. */
    const struct nft_set_def *set; /* Whose elements are being read. */
    struct shash chains;           /* Name -> struct chain. */
};

/* A chain and its rules so far. */
struct chain {
    struct object chain;
    struct ds rules;
};

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

static int
parse_table(const struct nlmsghdr *nlh, void *r_)
{
    struct reading *r = r_;
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
    if (nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY) == NFPROTO_NETDEV && name
        && !strcmp(name, GUARD_TABLE)) {
        data = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &len);
        if (data) {
            nftnl_udata_parse(data, len, find_comment, &comment);
        }
        r->table = strncmp(comment, "cordon ", 7) ? TABLE_FOREIGN
                   : strcmp(comment, GUARD_TABLE_COMMENT)
                           || nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS)
                       ? TABLE_OTHER_VERSION
                       : TABLE_OURS;
    }
    nftnl_table_free(t);
    return MNL_CB_OK;
}

static bool
in_our_table(uint32_t family, const char *table)
{
    return family == NFPROTO_NETDEV && table && !strcmp(table, GUARD_TABLE);
}

static int
parse_set(const struct nlmsghdr *nlh, void *r_)
{
    struct reading *r = r_;
    struct nftnl_set *s = nftnl_set_alloc();

    if (!s || nftnl_set_nlmsg_parse(nlh, s) < 0) {
        nftnl_set_free(s);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    if (in_our_table(nftnl_set_get_u32(s, NFTNL_SET_FAMILY),
                     nftnl_set_get_str(s, NFTNL_SET_TABLE))) {
        const char *name = nftnl_set_get_str(s, NFTNL_SET_NAME);
        const struct nft_set_def *def = guard_set_by_name(name);
        struct ds seen = DS_EMPTY_INITIALIZER;
        struct ds own = DS_EMPTY_INITIALIZER;

        nft_set_parse(s, &seen);
        if (def) {
            nft_set_format(def, &own);
            r->other_sets |= strcmp(ds_cstr(&seen), ds_cstr(&own));
        }
        objects_add(r->objects,
                    &(struct object){
                        .kind = OBJECT_NFT_SET,
                        .name = arena_strdup(r->arena, name),
                        .text = arena_strdup(r->arena, ds_cstr(&seen)) });
        ds_destroy(&seen);
        ds_destroy(&own);
    }
    nftnl_set_free(s);
    return MNL_CB_OK;
}

/* The device that a base chain's name says. */
static uint32_t
ifindex_of_name(const char *name)
{
    unsigned int x;
    int n;

    return (sscanf(name, "in-%u%n", &x, &n) == 1
            || sscanf(name, "out-%u%n", &x, &n) == 1)
                   && !name[n]
               ? x
               : 0;
}

/* Says what a base chain is: as guard_want.c does if it is as it should be,
 * with another text otherwise. */
static const char *
describe_base(struct arena *arena, const struct nftnl_chain *c,
              uint32_t ifindex)
{
    uint32_t hook = nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM);
    int32_t priority = nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO);
    uint32_t policy = nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY);
    const char *device = nftnl_chain_get_str(c, NFTNL_CHAIN_DEV);
    const char *name = nftnl_chain_get_str(c, NFTNL_CHAIN_NAME);

    if (priority == GUARD_PRIORITY && policy == NF_DROP && ifindex && device
        && if_nametoindex(device) == ifindex) {
        if (hook == NF_NETDEV_INGRESS && !strncmp(name, "in-", 3)) {
            return GUARD_BASE_INGRESS;
        } else if (hook == NF_NETDEV_EGRESS && !strncmp(name, "out-", 4)) {
            return GUARD_BASE_EGRESS;
        }
    }
    return arena_printf(arena, "hook %u device %s priority %d policy %s", hook,
                        device ? device : "(none)", priority,
                        policy == NF_DROP ? "drop" : "accept");
}

static int
parse_chain(const struct nlmsghdr *nlh, void *r_)
{
    struct reading *r = r_;
    struct nftnl_chain *c = nftnl_chain_alloc();

    if (!c || nftnl_chain_nlmsg_parse(nlh, c) < 0) {
        nftnl_chain_free(c);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    if (in_our_table(nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY),
                     nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE))) {
        bool base = nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM);
        struct chain *chain = xzalloc(sizeof *chain);
        struct object *o = &chain->chain;

        o->kind = OBJECT_NFT_CHAIN;
        o->name =
            arena_strdup(r->arena, nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
        o->ifindex = ifindex_of_name(o->name);
        o->text = base ? describe_base(r->arena, c, o->ifindex) : "regular";
        ds_init(&chain->rules);
        if (!shash_add_once(&r->chains, o->name, chain)) {
            free(chain);
        }
    }
    nftnl_chain_free(c);
    return MNL_CB_OK;
}

static int
parse_rule(const struct nlmsghdr *nlh, void *r_)
{
    struct reading *r = r_;
    struct nftnl_rule *rule = nftnl_rule_alloc();

    if (!rule || nftnl_rule_nlmsg_parse(nlh, rule) < 0) {
        nftnl_rule_free(rule);
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    if (in_our_table(nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY),
                     nftnl_rule_get_str(rule, NFTNL_RULE_TABLE))) {
        struct chain *c = shash_find_data(
            &r->chains, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));

        if (c) {
            if (c->rules.length) {
                ds_put_char(&c->rules, '\n');
            }
            nft_rule_parse(rule, &c->rules);
        }
    }
    nftnl_rule_free(rule);
    return MNL_CB_OK;
}

static int
parse_element(struct nftnl_set_elem *elem, void *r_)
{
    struct reading *r = r_;
    struct object o;

    if (!nft_element_parse(r->set, elem, r->arena, &o)) {
        r->other_sets = true;
        return 0;
    }
    objects_add(r->objects, &o);
    return 0;
}

static int
parse_elements(const struct nlmsghdr *nlh, void *r_)
{
    struct reading *r = r_;
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

static int
dump(struct nft *nft, uint16_t type, uint16_t table_attr, mnl_cb_t cb,
     struct reading *r)
{
    uint8_t buf[NFT_REQUEST_MAX];
    struct nlmsghdr *nlh = nft_request(nft, buf, type, NLM_F_DUMP);

    if (table_attr) {
        mnl_attr_put_strz(nlh, table_attr, GUARD_TABLE);
    }
    return nft_dump(nft, nlh, cb, r);
}

int
guard_dump_elements(struct nft *nft, const char *set, mnl_cb_t cb, void *aux)
{
    uint8_t buf[NFT_REQUEST_MAX];
    struct nlmsghdr *nlh =
        nft_request(nft, buf, NFT_MSG_GETSETELEM, NLM_F_DUMP);

    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, GUARD_TABLE);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
    return nft_dump(nft, nlh, cb, aux);
}

/* Elements of sets that rules fill are nobody's wish. */
static int
read_elements(struct nft *nft, struct reading *r)
{
    size_t n = r->objects->n;

    for (size_t i = 0; i < n; i++) {
        const struct object *o = &r->objects->v[i];
        int error;

        if (o->kind != OBJECT_NFT_SET) {
            continue;
        }
        r->set = guard_set_by_name(o->name);
        if (!r->set || r->set->kind == NFT_SET_FROM_PACKETS) {
            continue;
        }
        error = guard_dump_elements(nft, r->set->name, parse_elements, r);
        if (error) {
            return error;
        }
    }
    return 0;
}

static void
add_chains(struct reading *r)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &r->chains) {
        struct chain *c = node->data;

        objects_add(r->objects, &c->chain);
        objects_add(r->objects,
                    &(struct object){
                        .kind = OBJECT_NFT_RULES,
                        .ifindex = c->chain.ifindex,
                        .name = c->chain.name,
                        .text = arena_strdup(r->arena, ds_cstr(&c->rules)) });
    }
}

static void
forget_chains(struct reading *r)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &r->chains) {
        struct chain *c = node->data;

        ds_destroy(&c->rules);
    }
    shash_destroy_free_data(&r->chains);
    shash_init(&r->chains);
}

static int
read_once(struct nft *nft, struct reading *r)
{
    uint32_t before, after;
    int error;

    error = nft_generation(nft, &before);
    error = error ? error : dump(nft, NFT_MSG_GETTABLE, 0, parse_table, r);
    if (!error && r->table == TABLE_OURS) {
        error = dump(nft, NFT_MSG_GETSET, NFTA_SET_TABLE, parse_set, r);
        error = error ? error
                      : dump(nft, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE,
                             parse_chain, r);
        error =
            error ? error
                  : dump(nft, NFT_MSG_GETRULE, NFTA_RULE_TABLE, parse_rule, r);
        if (!error && !r->other_sets) {
            error = read_elements(nft, r);
        }
    }
    error = error ? error : nft_generation(nft, &after);
    return error ? error : before == after ? 0 : -EINTR;
}

static void
report_table(struct reading *r)
{
    static const char *const texts[] = {
        [TABLE_OURS] = GUARD_TABLE_COMMENT,
        [TABLE_OTHER_VERSION] = "of another version",
        [TABLE_FOREIGN] = "not made by cordon",
    };

    if (r->table != TABLE_NONE) {
        objects_add(r->objects,
                    &(struct object){ .kind = OBJECT_NFT_TABLE,
                                      .name = GUARD_TABLE,
                                      .text = texts[r->table],
                                      .foreign = r->table == TABLE_FOREIGN });
    }
}

int
guard_observe(struct arena *arena, struct objects *objects)
{
    size_t start = objects->n;
    struct reading r;
    int error = 0;

    for (int i = 0; i < TRIES; i++) {
        objects->n = start;
        r = (struct reading){ .arena = arena, .objects = objects };
        shash_init(&r.chains);
        error = read_once(guard_nft(), &r);
        /* A set that a dump was about to read may have gone. */
        if (error != -EINTR && error != -ENOENT) {
            break;
        }
        forget_chains(&r);
    }
    if (!error && r.table == TABLE_OURS && r.other_sets) {
        r.table = TABLE_OTHER_VERSION;
        objects->n = start;
    } else if (!error) {
        add_chains(&r);
    }
    forget_chains(&r);
    if (error) {
        objects->n = start;
        return error;
    }
    report_table(&r);
    return 0;
}
