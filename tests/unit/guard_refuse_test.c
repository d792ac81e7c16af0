/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of a transaction of which the kernel refuses a message: a rule
 * of one group, of tests/golden/group/tenants. The kernel is this file. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef skip

/* All of nft.c but its way to the kernel. */
#define nft_batch_send kernel_batch_send
#include "../../src/dataplane/linux/nft.c"
#undef nft_batch_send

#include <libnftnl/rule.h>

#include "dataplane/dataplane.h"
#include "dataplane/linux/group.h"
#include "dataplane/linux/guard.h"
#include "inventory/inventory.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "plan/object.h"
#include "plan/plan.h"
#include "plan_fixture.h"
#include "policy/parse.h"
#include "policy/policy.h"

static const char *refused; /* The chain whose second rule is refused. */
static struct ds taken;     /* Chains that rules were taken for. */
static unsigned int tries;

int nft_batch_send(struct nft *, struct nft_batch *, struct nft_refusal **,
                   size_t *);

int
nft_batch_send(struct nft *nft OVS_UNUSED, struct nft_batch *b,
               struct nft_refusal **ret_refusals, size_t *ret_n)
{
    size_t seen = 0;

    tries++;
    finish_last(b);
    ds_clear(&taken);
    for (size_t i = 0; i < b->n; i++) {
        const struct nlmsghdr *nlh = (void *) (b->data + b->messages[i].at);
        struct nftnl_rule *r;
        const char *chain;

        if (b->messages[i].left_out
            || (nlh->nlmsg_type & 0xff) != NFT_MSG_NEWRULE) {
            continue;
        }
        r = nftnl_rule_alloc();
        assert_int_equal(nftnl_rule_nlmsg_parse(nlh, r), 0);
        chain = nftnl_rule_get_str(r, NFTNL_RULE_CHAIN);
        ds_put_format(&taken, " %s", chain);
        if (refused && !strcmp(chain, refused) && ++seen == 2) {
            *ret_refusals = xzalloc(sizeof **ret_refusals);
            **ret_refusals =
                (struct nft_refusal){ .message = i, .error = -ENOMEM };
            *ret_n = 1;
            nftnl_rule_free(r);
            return -ECANCELED;
        }
        nftnl_rule_free(r);
    }
    return 0;
}

static void
note_closed(uint32_t ifindex, void *closed_)
{
    ds_put_format(closed_, " %" PRIu32, ifindex);
}

struct world {
    struct policy *policy;
    struct json *json;
    struct inventory *inventory;
    struct plan *plan;
    struct arena *arena;
    struct objects want, have;
    struct changes changes;
};

static void
world_init(struct world *w)
{
    const char *srcdir = getenv("srcdir");
    char *path = xasprintf("%s/tests/golden/group/tenants/policy.yaml",
                           srcdir ? srcdir : ".");
    struct ds errors = DS_EMPTY_INITIALIZER;

    memset(w, 0, sizeof *w);
    assert_int_equal(policy_load(path, &errors, &w->policy), 0);
    free(path);
    path = xasprintf("%s/tests/golden/group/tenants/inventory.json",
                     srcdir ? srcdir : ".");
    w->json = json_from_file(path);
    free(path);
    w->inventory = fixture_inventory(w->json);
    w->plan = desire(w->policy, w->inventory);
    w->arena = arena_new();
    group_want(w->plan, w->arena, &w->want);
    objects_sort(&w->want);
    diff(&w->want, &w->have, &w->changes);
    ds_destroy(&errors);
}

static void
world_done(struct world *w)
{
    changes_done(&w->changes);
    objects_done(&w->want);
    arena_free(w->arena);
    plan_free(w->plan);
    inventory_free(w->inventory);
    json_destroy(w->json);
    policy_free(w->policy);
}

static bool
has_word(const struct ds *ds, const char *word)
{
    char *padded = xasprintf("%s ", ds->length ? ds->string : "");
    char *needle = xasprintf(" %s ", word);
    bool found = strstr(padded, needle);

    free(padded);
    free(needle);
    return found;
}

/* 11 and 12 are in group web, 13, 15 and 16 are not. */
static void
test_group_refused(void **state OVS_UNUSED)
{
    struct ds closed = DS_EMPTY_INITIALIZER;
    const struct guard_closer closer = { note_closed, &closed };
    struct apply_error *errors = NULL;
    size_t n_errors = 0;
    struct world w;

    world_init(&w);
    tries = 0;
    refused = "acme/web/in";
    assert_true(guard_apply(&w.changes, &closer, w.arena, &errors, &n_errors)
                >= 0);
    assert_int_equal(tries, 2);
    assert_string_equal(ds_cstr(&closed), " 11 12");
    assert_int_equal(n_errors, 2);
    for (size_t i = 0; i < n_errors; i++) {
        assert_int_equal(errors[i].ifindex, 11 + i);
        assert_int_equal(errors[i].error, -ENOMEM);
        /* The second of the rule's ports is in its line. */
        assert_non_null(strstr(errors[i].message,
                               "tenants/policy.yaml:12:13: nf_tables: "));
    }
    assert_false(has_word(&taken, "acme/web/in"));
    assert_false(has_word(&taken, "in-11") || has_word(&taken, "in-12"));
    assert_true(has_word(&taken, "out-13") && has_word(&taken, "new-15"));
    assert_true(has_word(&taken, "acme/bare/out"));
    assert_true(has_word(&taken, "judge"));
    free(errors);
    ds_destroy(&closed);
    world_done(&w);
}

static void
test_nothing_refused(void **state OVS_UNUSED)
{
    struct ds closed = DS_EMPTY_INITIALIZER;
    const struct guard_closer closer = { note_closed, &closed };
    struct apply_error *errors = NULL;
    size_t n_errors = 0;
    struct world w;

    world_init(&w);
    tries = 0;
    refused = NULL;
    assert_true(guard_apply(&w.changes, &closer, w.arena, &errors, &n_errors)
                >= 0);
    assert_int_equal(tries, 1);
    assert_int_equal(n_errors, 0);
    assert_int_equal(closed.length, 0);
    assert_true(has_word(&taken, "acme/web/in") && has_word(&taken, "in-11"));
    ds_destroy(&closed);
    world_done(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_refused),
        cmocka_unit_test(test_nothing_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_destroy(&taken);
    return failed;
}
