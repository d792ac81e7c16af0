/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to be done to come from one sorted array of objects to another:
 * one merge walk. Pure; called by the reconciler and by `cordon diff`. */

#include <cordon-config.h>
#include "plan/object.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static void
changes_add(struct changes *ch, enum change_op op, const struct object *want,
            const struct object *have)
{
    if (ch->n == ch->allocated) {
        ch->v = x2nrealloc(ch->v, &ch->allocated, sizeof *ch->v);
    }
    ch->v[ch->n++] = (struct change){ op, want, have };
}

void
changes_done(struct changes *ch)
{
    free(ch->v);
    memset(ch, 0, sizeof *ch);
}

void
diff(const struct objects *want, const struct objects *have,
     struct changes *ch)
{
    size_t w = 0, h = 0;

    while (w < want->n || h < have->n) {
        const struct object *wo = w < want->n ? &want->v[w] : NULL;
        const struct object *ho = h < have->n ? &have->v[h] : NULL;
        int c;

        if (ho && ho->foreign) {
            h++;
            continue;
        }
        c = !wo ? 1 : !ho ? -1 : object_cmp(wo, ho);
        if (c < 0) {
            changes_add(ch, CHANGE_ADD, wo, NULL);
            w++;
        } else if (c > 0) {
            changes_add(ch, CHANGE_DEL, NULL, ho);
            h++;
        } else {
            if (!object_same(wo, ho)) {
                changes_add(ch, CHANGE_MOD, wo, ho);
            }
            w++;
            h++;
        }
    }
}
