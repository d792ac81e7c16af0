/* SPDX-License-Identifier: GPL-3.0-or-later */

/* nftables: tables, chains, rules chain by chain, sets, elements set by set,
 * objects and flow tables, and what netfilter's hooks call; all of one
 * generation of the ruleset, or all of it again. A dump of all rules at once
 * would take the kernel time that grows with their square. */

#include <cordon-config.h>
#include "audit/collect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "util.h"

enum part {
    TABLE,
    CHAIN,
    RULE,
    SET,
    ELEMENT,
    OBJECT,
    FLOWTABLE,
    HOOKS,
    N_PARTS
};

static const char *const names[N_PARTS] = {
    [TABLE] = "nft.table",         [CHAIN] = "nft.chain",
    [RULE] = "nft.rule",           [SET] = "nft.set",
    [ELEMENT] = "nft.element",     [OBJECT] = "nft.object",
    [FLOWTABLE] = "nft.flowtable", [HOOKS] = "nf.hooks",
};

struct turn {
    struct snapshot_buffer buffers[N_PARTS];
    uint32_t generation;
    int error, hooks_error;
};

static struct nlmsghdr *
request(char buf[COLLECT_REQUEST], int type, uint8_t family, bool dump)
{
    struct nlmsghdr *nlh = collect_request(
        buf, NFNL_SUBSYS_NFTABLES << 8 | type, dump ? NLM_F_DUMP : 0);
    struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);

    nfg->nfgen_family = family;
    nfg->version = NFNETLINK_V0;
    return nlh;
}

static int
read_generation(struct collector *c, uint32_t *ret_generation)
{
    char buf[COLLECT_REQUEST];
    struct nlmsghdr *nlh = request(buf, NFT_MSG_GETGEN, AF_UNSPEC, false);
    struct snapshot_buffer b = { .data = NULL };
    const struct nlattr *attr;
    int error;

    error = collect_dump(c, c->netfilter, nlh, &b);
    if (!error) {
        error = -EPROTO;
        nlh = ALIGNED_CAST(struct nlmsghdr *, b.data);
        mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
            if (mnl_attr_get_type(attr) == NFTA_GEN_ID
                && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
                *ret_generation = ntohl(mnl_attr_get_u32(attr));
                error = 0;
            }
        }
    }
    snapshot_buffer_done(&b);
    return error;
}

static int
dump_all(struct collector *c, int type, struct snapshot_buffer *out)
{
    char buf[COLLECT_REQUEST];

    return collect_dump(c, c->netfilter, request(buf, type, AF_UNSPEC, true),
                        out);
}

/* A dump 'type' for each of the messages in 'list': of what a chain or a set
 * has. 'table' and 'name' are the attributes that name it there, 'want_table'
 * and 'want_name' those of the request. */
struct each {
    int type;
    int table, name;
    int want_table, want_name;
};

static int
dump_each(struct collector *c, const struct each *e,
          const struct snapshot_buffer *list, struct snapshot_buffer *out)
{
    size_t at = 0;

    while (at < list->n) {
        const struct nlmsghdr *item =
            ALIGNED_CAST(const struct nlmsghdr *, list->data + at);
        const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(item);
        const char *table = NULL, *name = NULL;
        const struct nlattr *attr;
        char buf[COLLECT_REQUEST];
        struct nlmsghdr *nlh;
        int error;

        at += NLMSG_ALIGN(item->nlmsg_len);
        if (mnl_nlmsg_get_payload_len(item) < sizeof *nfg) {
            return -EPROTO;
        }
        mnl_attr_for_each (attr, item, sizeof *nfg) {
            int type = mnl_attr_get_type(attr);

            if ((type == e->table || type == e->name)
                && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
                *(type == e->table ? &table : &name) = mnl_attr_get_str(attr);
            }
        }
        nlh = request(buf, e->type, nfg->nfgen_family, true);
        if (!table || !name
            || !mnl_attr_put_strz_check(nlh, COLLECT_REQUEST, e->want_table,
                                        table)
            || !mnl_attr_put_strz_check(nlh, COLLECT_REQUEST, e->want_name,
                                        name)) {
            return -EPROTO;
        }
        error = collect_dump(c, c->netfilter, nlh, out);
        if (error) {
            /* It was there a moment ago. */
            return error == -ENOENT ? -EAGAIN : error;
        }
    }
    return 0;
}

static int
read_ruleset(struct collector *c, struct snapshot_buffer b[N_PARTS])
{
    static const struct each rules = {
        .type = NFT_MSG_GETRULE,
        .table = NFTA_CHAIN_TABLE,
        .name = NFTA_CHAIN_NAME,
        .want_table = NFTA_RULE_TABLE,
        .want_name = NFTA_RULE_CHAIN,
    };
    static const struct each elements = {
        .type = NFT_MSG_GETSETELEM,
        .table = NFTA_SET_TABLE,
        .name = NFTA_SET_NAME,
        .want_table = NFTA_SET_ELEM_LIST_TABLE,
        .want_name = NFTA_SET_ELEM_LIST_SET,
    };
    int error;

    error = dump_all(c, NFT_MSG_GETTABLE, &b[TABLE]);
    error = error ? error : dump_all(c, NFT_MSG_GETCHAIN, &b[CHAIN]);
    error = error ? error : dump_each(c, &rules, &b[CHAIN], &b[RULE]);
    error = error ? error : dump_all(c, NFT_MSG_GETSET, &b[SET]);
    error = error ? error : dump_each(c, &elements, &b[SET], &b[ELEMENT]);
    error = error ? error : dump_all(c, NFT_MSG_GETOBJ, &b[OBJECT]);
    error = error ? error : dump_all(c, NFT_MSG_GETFLOWTABLE, &b[FLOWTABLE]);
    return error;
}

static void
read_turn(struct collector *c, struct turn *t)
{
    uint32_t after;
    int error;

    for (size_t i = 0; i < N_PARTS; i++) {
        t->buffers[i].n = 0;
    }
    t->hooks_error = collect_hooks(c, &t->buffers[HOOKS]);
    t->error = read_generation(c, &t->generation);
    if (t->error) {
        /* A kernel without nftables does not know the message. */
        if (t->error == -EINVAL) {
            t->error = -EOPNOTSUPP;
        }
        return;
    }
    t->error = read_ruleset(c, t->buffers);
    error = read_generation(c, &after);
    if (!t->error) {
        t->error = error ? error : t->generation == after ? 0 : -EAGAIN;
    }
}

void
collect_nft(struct collector *c)
{
    struct turn t = { .error = 0 };
    unsigned int tries = 0;

    do {
        if (tries) {
            collect_pause(tries);
        }
        read_turn(c, &t);
    } while (++tries < c->tries
             && (t.error == -EAGAIN || t.hooks_error == -EAGAIN));

    for (size_t i = 0; i < N_PARTS; i++) {
        struct snapshot_part *part;

        part = collect_add(c, names[i], i == HOOKS ? t.hooks_error : t.error,
                           &t.buffers[i]);
        part->tries = tries;
        part->generation = i == HOOKS || t.error ? 0 : t.generation;
    }
}
