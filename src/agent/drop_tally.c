/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Counters of what is not logged. drop_log.c keeps them. */

#include <cordon-config.h>
#include "agent/drop_tally.h"

#include <stdlib.h>

#include "hash.h"
#include "util.h"

void
tallies_clear(struct hmap *tallies)
{
    struct tally *t;

    HMAP_FOR_EACH_POP (t, node, tallies) {
        free(t);
    }
}

struct tally *
tally_find(const struct hmap *tallies, uint32_t ifindex, unsigned int reason)
{
    struct tally *t;

    HMAP_FOR_EACH_WITH_HASH (t, node, hash_2words(ifindex, reason), tallies) {
        if (t->ifindex == ifindex && t->reason == reason) {
            return t;
        }
    }
    return NULL;
}

struct tally *
tally_get(struct hmap *tallies, uint32_t ifindex, unsigned int reason)
{
    struct tally *t = tally_find(tallies, ifindex, reason);

    if (!t) {
        t = xzalloc(sizeof *t);
        t->ifindex = ifindex;
        t->reason = reason;
        hmap_insert(tallies, &t->node, hash_2words(ifindex, reason));
    }
    return t;
}

void
tally_count(struct hmap *tallies, uint32_t ifindex, unsigned int reason,
            uint64_t packets)
{
    bool known = tally_find(tallies, ifindex, 0);
    struct tally *t = tally_get(tallies, ifindex, reason);

    if (packets < t->counted) {
        t->counted = 0;
    }
    t->missing += known ? packets - t->counted : 0;
    t->counted = packets;
}

void
tally_settle(struct tally *t, uint64_t late)
{
    t->missing -= t->logged;
    t->missing = MAX(t->missing, -(int64_t) late);
    t->logged = 0;
}
