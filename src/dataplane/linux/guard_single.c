/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A request for one element of a set. Called by guard_cache.c. */

#include <cordon-config.h>
#include "dataplane/linux/guard_single.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include <libnftnl/set.h>

#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"
#include "plan/object.h"
#include "util.h"

/* Where the kernel looks for a key of four bytes in a set of limited size
 * (nft_hash_get(), net/netfilter/nft_set_hash.c) is not where it puts it
 * (nft_jhash()). Of sets with intervals, it gives the element that the key is
 * in. */
bool
guard_is_single(const struct object *o)
{
    const struct nft_table *t = nft_table_of(o);
    const struct nft_set_def *set;

    if (!t || o->kind != nft_kind(t, NFT_PART_ELEMENT)) {
        return false;
    }
    set = t->set_by_name(o->name);
    return set && set->kind == NFT_SET_PLAIN
           && (!set->size || nft_set_key_len(set) != 4);
}

struct answer {
    const struct nft_table *table;
    const struct object *asked;
    struct object *object;
    size_t n;
};

static int
take(struct nftnl_set_elem *elem, void *a_)
{
    struct answer *a = a_;

    if (nft_element_parse(a->table->set_by_name(a->asked->name), elem,
                          a->object)) {
        a->object->kind = a->asked->kind;
        a->object->name = a->asked->name;
        a->n += !object_cmp(a->object, a->asked);
    }
    return 0;
}

static int
parse(const struct nlmsghdr *nlh, void *a_)
{
    struct answer *a = a_;
    struct nftnl_set *s = nftnl_set_alloc();

    if (s && nftnl_set_elems_nlmsg_parse(nlh, s) >= 0) {
        nftnl_set_elem_foreach(s, take, a);
    }
    nftnl_set_free(s);
    if (a->n != 1) {
        errno = EBADMSG;
        return MNL_CB_ERROR;
    }
    return MNL_CB_STOP;
}

int
guard_read_single(struct nft *nft, const struct object *o,
                  struct object *ret_object)
{
    const struct nft_table *t = nft_table_of(o);
    struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
    struct nftnl_set *s = nftnl_set_alloc();
    struct object found;
    struct answer a = { t, o, &found, 0 };
    uint8_t buf[2 * NFT_REQUEST_MAX];
    struct nlmsghdr *nlh;
    int error;

    if (!elem || !s) {
        out_of_memory();
    }
    nftnl_set_set_str(s, NFTNL_SET_TABLE, t->name);
    nftnl_set_set_str(s, NFTNL_SET_NAME, o->name);
    nft_element_put(t->set_by_name(o->name), o, elem);
    nftnl_set_elem_add(s, elem);
    nlh = nft_request(nft, buf, NFT_MSG_GETSETELEM, t->family, 0);
    nftnl_set_elems_nlmsg_build_payload(nlh, s);
    nftnl_set_free(s);
    error = nft_dump(nft, nlh, parse, &a);
    if (!error && !a.n) {
        error = -EBADMSG;
    }
    if (!error) {
        *ret_object = found;
    }
    return error;
}
