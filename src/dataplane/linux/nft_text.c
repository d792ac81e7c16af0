/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Makes text of rules and objects of that. Used by guard_rules.c and
 * group_rules.c. Pure. */

#include <cordon-config.h>
#include "dataplane/linux/nft_text.h"

#include <string.h>

#include "dataplane/linux/nft_table.h"
#include "lib/arena.h"
#include "openvswitch/dynamic-string.h"

void
nft_text_add(struct ds *rules, const char *rule, const struct nft_word *words)
{
    if (rules->length) {
        ds_put_char(rules, '\n');
    }
    while (*rule) {
        const struct nft_word *w = words;

        for (; *rule == '$' && w->word; w++) {
            size_t n = strlen(w->word);

            if (!strncmp(rule, w->word, n)) {
                ds_put_cstr(rules, w->with);
                rule += n;
                break;
            }
        }
        if (*rule && *rule != '$') {
            ds_put_char(rules, *rule++);
        }
    }
}

void
nft_text_hex(struct ds *ds, const void *p_, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *to = ds_put_uninit(ds, 2 * n);
    const uint8_t *p = p_;

    for (size_t i = 0; i < n; i++) {
        *to++ = digits[p[i] >> 4];
        *to++ = digits[p[i] & 15];
    }
}

void
nft_text_chain(const struct nft_table *table, const char *name,
               struct ds *rules, struct arena *arena, struct objects *objects)
{
    objects_add(objects,
                &(struct object){ .kind = nft_kind(table, NFT_PART_CHAIN),
                                  .name = name,
                                  .text = "regular" });
    objects_add(objects, &(struct object){
                             .kind = nft_kind(table, NFT_PART_RULES),
                             .name = name,
                             .text = arena_strdup(arena, ds_cstr(rules)) });
    ds_clear(rules);
}
