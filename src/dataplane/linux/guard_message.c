/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Objects as messages of nf_tables: tables, their sets, chains and rules.
 * Called by guard_apply.c, which says in which order. */

#include <cordon-config.h>
#include "dataplane/linux/guard_message.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_rule.h"
#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"
#include "plan/object.h"
#include "util.h"

/* The high half of tags of object_users; no segment's number. */
#define TAG_USERS (UINT64_C(0x80000000) << 32)

uint64_t
guard_tag(const struct object *o)
{
    uint32_t owner = o->ifindex ? o->ifindex : o->owner;

    return o->users ? TAG_USERS | o->users->group
           : owner  ? owner
                    : (uint64_t) o->segment << 32;
}

/* Starts a message of the table that 'o' is of. */
static struct nlmsghdr *
add(struct nft_batch *batch, const struct object *o, uint16_t type,
    uint16_t flags)
{
    return nft_batch_add(batch, type, nft_table_of(o)->family, flags,
                         guard_tag(o));
}

static const char *
table_name(const struct object *o)
{
    return nft_table_of(o)->name;
}

void
guard_del_table(struct nft_batch *batch, const struct object *o)
{
    struct nlmsghdr *nlh = add(batch, o, NFT_MSG_DELTABLE, 0);

    mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table_name(o));
}

void
guard_add_table(struct nft_batch *batch, const struct object *o)
{
    struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
    struct nlmsghdr *nlh =
        add(batch, o, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);

    mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table_name(o));
    nftnl_udata_put_strz(udata, NFTNL_UDATA_TABLE_COMMENT,
                         nft_table_of(o)->comment);
    mnl_attr_put(nlh, NFTA_TABLE_USERDATA, nftnl_udata_buf_len(udata),
                 nftnl_udata_buf_data(udata));
    nftnl_udata_buf_free(udata);
}

void
guard_flush_rules(struct nft_batch *batch, const struct object *o)
{
    struct nlmsghdr *nlh = add(batch, o, NFT_MSG_DELRULE, 0);

    mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table_name(o));
    mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, o->name);
}

void
guard_del_chain(struct nft_batch *batch, const struct object *o)
{
    struct nlmsghdr *nlh = add(batch, o, NFT_MSG_DELCHAIN, 0);

    mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, table_name(o));
    mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, o->name);
}

void
guard_del_set(struct nft_batch *batch, const struct object *o)
{
    struct nlmsghdr *nlh = add(batch, o, NFT_MSG_DELSET, 0);

    mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table_name(o));
    mnl_attr_put_strz(nlh, NFTA_SET_NAME, o->name);
}

void
guard_add_set(struct nft_batch *batch, const struct object *o)
{
    struct nftnl_set *s = nftnl_set_alloc();
    struct nlmsghdr *nlh =
        add(batch, o, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);

    if (!s) {
        out_of_memory();
    }
    nft_set_put(nft_table_of(o)->set_by_name(o->name), s);
    nftnl_set_set_str(s, NFTNL_SET_TABLE, table_name(o));
    nftnl_set_set_str(s, NFTNL_SET_NAME, o->name);
    nftnl_set_set_u32(s, NFTNL_SET_ID, batch->n);
    nftnl_set_nlmsg_build_payload(nlh, s);
    nftnl_set_free(s);
}

/* Those of a device take it by its name. Whether the name was still that
 * device's when the kernel looked is seen when the chain is read back.
 *
 * The kernel hooks a base chain at once, and fills it when the transaction is
 * made (nf_tables_addchain(), nf_tables_commit()): one that drops would drop
 * what comes in between, though another guard has the device. */
int
guard_add_chain(struct nft_batch *batch, const struct object *o)
{
    const struct nft_base *base = nft_base_of(nft_table_of(o), o);
    struct nftnl_chain *c;
    struct nlmsghdr *nlh;
    char device[IF_NAMESIZE];

    if (base && base->device && !if_indextoname(o->ifindex, device)) {
        return -errno;
    }
    nlh = add(batch, o, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
    c = nftnl_chain_alloc();
    if (!c) {
        out_of_memory();
    }
    nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table_name(o));
    nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, o->name);
    if (base) {
        nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
        nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, base->hook);
        nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, base->priority);
        nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
        if (base->device) {
            nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
        }
    }
    nftnl_chain_nlmsg_build_payload(nlh, c);
    nftnl_chain_free(c);
    return 0;
}

int
guard_add_rules(struct nft_batch *batch, const struct object *o)
{
    const char *line = o->text;

    for (size_t i = 0; line && *line; i++) {
        size_t n = strcspn(line, "\n");
        struct nftnl_rule *r = nftnl_rule_alloc();
        struct nlmsghdr *nlh;
        int error;

        if (!r) {
            out_of_memory();
        }
        error = nft_rule_put(line, n, r);
        if (!error) {
            nlh = add(batch, o, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
            if (o->users && i < o->users->n_where) {
                batch->messages[batch->n - 1].where = o->users->where[i];
            }
            nftnl_rule_set_str(r, NFTNL_RULE_TABLE, table_name(o));
            nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, o->name);
            nftnl_rule_nlmsg_build_payload(nlh, r);
        }
        nftnl_rule_free(r);
        if (error) {
            return error;
        }
        line += n + (line[n] == '\n');
    }
    return 0;
}

static void
set_policy(struct nft_batch *batch, const struct object *o, uint32_t policy)
{
    struct nlmsghdr *nlh = add(batch, o, NFT_MSG_NEWCHAIN, 0);

    mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, table_name(o));
    mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, o->name);
    mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(policy));
}

void
guard_finish_chain(struct nft_batch *batch, const struct object *o)
{
    const struct nft_base *base = nft_base_of(nft_table_of(o), o);

    if (base && base->policy != NF_ACCEPT) {
        set_policy(batch, o, base->policy);
    }
}

void
guard_accept_chain(struct nft_batch *batch, const struct object *o)
{
    set_policy(batch, o, NF_ACCEPT);
}
