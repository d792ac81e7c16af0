/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who depends on what has been read: what an object's name and key say of it.
 * Pure; called by guard_cache.c. */

#include <cordon-config.h>
#include "dataplane/linux/guard.h"

#include <string.h>

#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/guard_shared.h"
#include "dataplane/linux/nft_set.h"
#include "plan/object.h"
#include "plan/progress.h"

/* Nobody depends on a MAC that is taken to be local and is not: of the frames
 * from the uplink, the fewer pass. Nor on what is left of a group, of a
 * community, or of tracking what goes to a MAC. */
void
guard_scope(uint32_t mark_mask, struct object *o)
{
    const struct nft_set_def *set;
    uint32_t mark;

    if (KIND(o->kind) & KINDS_GROUPS && !o->ifindex
        && (strchr(o->name, '/') || o->kind == OBJECT_GROUP_ELEMENT)) {
        o->segment = OBJECT_NO_SEGMENT;
    }
    if (guard_is_community(o)) {
        o->segment = OBJECT_NO_SEGMENT;
    }
    if (o->kind != OBJECT_NFT_ELEMENT || o->ifindex || !mark_mask) {
        return;
    }
    set = guard_set_by_name(o->name);
    if (!strcmp(o->name, GUARD_SET_LOCAL)) {
        o->segment = OBJECT_NO_SEGMENT;
    } else if (set && set->fields[0] == NFT_TYPE_MARK) {
        /* Ahead of the segment, neighbours have their community. */
        memcpy(&mark, &o->key[set->fields[1] == NFT_TYPE_MARK ? 4 : 0],
               sizeof mark);
        o->segment = (mark & mark_mask) >> __builtin_ctz(mark_mask);
    }
}
