/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_DROP_TALLY_H
#define CORDON_AGENT_DROP_TALLY_H 1

/* How many dropped frames have not been logged: for each port and reason, what
 * the kernel has counted less what was logged. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

/* A reason why a port drops frames. Reason 0 stands for the port, whose
 * counters are known since then. */
struct tally {
    struct hmap_node node; /* In the tallies. */
    uint32_t ifindex;
    unsigned int reason;
    uint64_t counted; /* By the kernel, when last asked. */
    int64_t missing;  /* Counted, less logged. */
    uint64_t logged;  /* Since the kernel was last asked. */
};

/* 'tallies' is an hmap of struct tally. */
void tallies_clear(struct hmap *tallies);

/* NULL if there is none. */
struct tally *tally_find(const struct hmap *tallies, uint32_t ifindex,
                         unsigned int reason);

/* Makes it if there is none. */
struct tally *tally_get(struct hmap *tallies, uint32_t ifindex,
                        unsigned int reason);

/* Takes in what the kernel has counted. What a port has counted before it was
 * known, and a counter that starts anew, is nothing that is missing. */
void tally_count(struct hmap *tallies, uint32_t ifindex, unsigned int reason,
                 uint64_t packets);

/* Takes off what was logged, of which 'late' frames in all may not have been
 * counted yet. */
void tally_settle(struct tally *, uint64_t late);

#endif /* src/agent/drop_tally.h */
