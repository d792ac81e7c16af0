/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Allowances, token buckets by tenant and class. drop_log.c keeps them. */

#include <cordon-config.h>
#include "agent/drop_allowance.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "lib/reason.h"
#include "openvswitch/token-bucket.h"
#include "util.h"

/* Lines of one allowance: so many a second, and at once. */
#define RATE 100
#define BURST 200

enum class {
    CLASS_FROM,   /* What guests send. */
    CLASS_RULES,  /* To them: what their rules do not allow. */
    CLASS_OTHERS, /* To them: what the guard spares them. */
};

struct allowance {
    struct hmap_node node;
    char *tenant;
    enum class class;
    struct token_bucket bucket;
};

void
allowances_clear(struct hmap *allowances)
{
    struct allowance *a;

    HMAP_FOR_EACH_POP (a, node, allowances) {
        free(a->tenant);
        free(a);
    }
}

bool
allowance_take(struct hmap *allowances, const char *tenant, bool from,
               unsigned int reason)
{
    enum class class = from                       ? CLASS_FROM
                       : reason_is_others(reason) ? CLASS_OTHERS
                                                  : CLASS_RULES;
    uint32_t hash = hash_string(tenant, class);
    struct allowance *a;

    HMAP_FOR_EACH_WITH_HASH (a, node, hash, allowances) {
        if (a->class == class && !strcmp(a->tenant, tenant)) {
            return token_bucket_withdraw(&a->bucket, 1000);
        }
    }
    a = xzalloc(sizeof *a);
    a->tenant = xstrdup(tenant);
    a->class = class;
    /* Tokens are thousandths, which come every millisecond. */
    token_bucket_init(&a->bucket, RATE, BURST * 1000);
    hmap_insert(allowances, &a->node, hash);
    return token_bucket_withdraw(&a->bucket, 1000);
}
