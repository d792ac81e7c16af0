/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the kernel to objects, a table after the other. A reading is of one
 * generation of the ruleset, or it is made again. A table of ours that another
 * version has made is reported alone, which makes diff() want all else anew, and
 * guard_apply.c replace the table in the same transaction. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <errno.h>

#include <linux/netfilter/nf_tables.h>

#include "dataplane/linux/guard_private.h"
#include "dataplane/linux/guard_table.h"
#include "dataplane/linux/nft.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_memo.h"
#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"
#include "lib/arena.h"
#include "plan/keys.h"
#include "plan/object.h"

static int
dump(struct nft *nft, uint16_t type, uint16_t table_attr, mnl_cb_t cb,
     struct guard_table *r)
{
    uint8_t buf[NFT_REQUEST_MAX];
    struct nlmsghdr *nlh =
        nft_request(nft, buf, type, r->table->family, NLM_F_DUMP);

    if (table_attr) {
        mnl_attr_put_strz(nlh, table_attr, r->table->name);
    }
    return nft_dump(nft, nlh, cb, r);
}

int
guard_dump_elements(struct nft *nft, const struct nft_table *table,
                    const char *set, mnl_cb_t cb, void *aux)
{
    uint8_t buf[NFT_REQUEST_MAX];
    struct nlmsghdr *nlh =
        nft_request(nft, buf, NFT_MSG_GETSETELEM, table->family, NLM_F_DUMP);

    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table->name);
    mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
    return nft_dump(nft, nlh, cb, aux);
}

/* Adds the object that all elements of a set are. */
static void
add_packed(struct guard_table *r)
{
    struct object o = { .kind = nft_kind(r->table, NFT_PART_ELEMENT),
                        .name = r->set_name,
                        .keys = r->keys };

    keys_sort(r->keys);
    nft_element_finish(r->set, &o);
    objects_add(r->objects, &o);
}

/* Elements of sets that rules fill are nobody's wish. */
static int
read_elements(struct nft *nft, struct guard_table *r, size_t first)
{
    size_t n = r->objects->n;

    for (size_t i = first; i < n; i++) {
        const struct object *o = &r->objects->v[i];
        int error;

        if (o->kind != nft_kind(r->table, NFT_PART_SET)) {
            continue;
        }
        r->set = r->table->set_by_name(o->name);
        r->set_name = o->name;
        if (!r->set || r->set->kind == NFT_SET_FROM_PACKETS) {
            continue;
        }
        r->keys =
            r->set->packed ? arena_alloc(r->arena, sizeof *r->keys) : NULL;
        error = guard_dump_elements(nft, r->table, r->set_name,
                                    guard_table_take_elements, r);
        if (error) {
            return error;
        }
        if (r->keys) {
            add_packed(r);
        }
    }
    return 0;
}
static void
report_table(struct guard_table *r)
{
    const char *const texts[] = {
        [TABLE_OURS] = r->table->comment,
        [TABLE_OTHER_VERSION] = "of another version",
        [TABLE_FOREIGN] = "not made by cordon",
    };

    if (r->state != TABLE_NONE) {
        objects_add(r->objects, &(struct object){
                                    .kind = nft_kind(r->table, NFT_PART_TABLE),
                                    .name = r->table->name,
                                    .text = texts[r->state],
                                    .foreign = r->state == TABLE_FOREIGN });
    }
}

static int
read_parts(struct nft *nft, struct guard_table *r, size_t first)
{
    int error =
        dump(nft, NFT_MSG_GETSET, NFTA_SET_TABLE, guard_table_take_set, r);

    error = error ? error
                  : dump(nft, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE,
                         guard_table_take_chain, r);
    error = error ? error
                  : dump(nft, NFT_MSG_GETRULE, NFTA_RULE_TABLE,
                         guard_table_take_rule, r);
    if (!error && !r->other_sets) {
        error = read_elements(nft, r, first);
    }
    return error;
}

static int
read_table(struct nft *nft, const struct nft_table *table, struct arena *arena,
           struct objects *objects)
{
    struct guard_table r;
    size_t first = objects->n;
    int error;

    guard_table_init(&r, table, arena, objects);
    error = dump(nft, NFT_MSG_GETTABLE, 0, guard_table_take_table, &r);
    if (!error && r.state == TABLE_OURS) {
        error = read_parts(nft, &r, first);
    }
    if (!error && r.other_sets) {
        r.state = TABLE_OTHER_VERSION;
        objects->n = first;
    } else if (!error) {
        guard_table_add_chains(&r);
    }
    nft_memo_sweep(table);
    if (!error) {
        report_table(&r);
    }
    guard_table_done(&r);
    return error;
}

int
guard_observe_table(struct nft *nft, const struct nft_table *table,
                    uint32_t generation, struct arena *arena,
                    struct objects *objects)
{
    size_t start = objects->n;
    uint32_t after;
    int error = read_table(nft, table, arena, objects);

    error = error ? error : nft_generation(nft, &after);
    if (error || after != generation) {
        objects->n = start;
        /* A set that a dump was about to read may have gone. */
        return error && error != -ENOENT ? error : -EINTR;
    }
    return 0;
}

static int
read_all(struct nft *nft, struct arena *arena, struct objects *objects)
{
    uint32_t generation;
    int error = nft_generation(nft, &generation);

    for (size_t i = 0; i < NFT_N_TABLES && !error; i++) {
        error = guard_observe_table(nft, nft_tables[i], generation, arena,
                                    objects);
    }
    return error;
}

int
guard_observe(struct arena *arena, struct objects *objects)
{
    size_t start = objects->n;
    int error = -EINTR;

    for (int i = 0; i < GUARD_TRIES && error == -EINTR; i++) {
        objects->n = start;
        error = read_all(guard_nft(), arena, objects);
    }
    if (error) {
        objects->n = start;
    }
    return error;
}
