/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_DATAPLANE_LINUX_GROUP_H
#define CORDON_DATAPLANE_LINUX_GROUP_H 1

/* Tenants' rules in nftables: the table "bridge cordon". All of it is objects
 * of kinds OBJECT_GROUP_*.
 *
 * What a frame passes: 'track' puts frames of ports whose replies pass into
 * conntrack's zone of their segment. 'judge' lets connections pass that both
 * ends have agreed to; of others it asks the rules of the port that a frame
 * comes from ('from'), then those of the port that it goes to ('to'), and
 * counts those that open a connection. What passes has a bit of skb->mark set
 * (plan_judged_bit()), without which the lock lets nothing out of a segment
 * that has such ports: so a table that is gone opens nothing.
 *
 * What a rule allows returns with the bit set, and does not "accept": so the
 * two sides are one after the other, and not the one below the other. The
 * kernel goes through the whole tree of chains whenever rules are added, and
 * would take the product of both. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/linux/nft_set.h"
#include "dataplane/linux/nft_table.h"

struct arena;
struct objects;
struct plan;
struct plan_port;
struct plan_segment;
struct policy_host;

extern const struct nft_table group_table;
extern const struct nft_set_def group_sets[];
extern const size_t group_n_sets;

/* True if tenants' rules are asked about this port, which may open. */
bool group_filters(const struct plan *, const struct plan_port *);

/* True if there is such a port; if there is one in 'segment'. */
bool group_wanted(const struct plan *);
bool group_in_segment(const struct plan *, uint32_t segment);

/* Appends what the table should hold for 'plan', nothing if nobody asks for
 * rules. Unsorted. Pure. */
void group_want(const struct plan *, struct arena *, struct objects *);

/* The same for what stands there before, and after: the kernel tracks all
 * frames from before it knows the table's rules until after it has forgotten
 * them, in no segment's zone. Meanwhile none of ours are tracked. */
void group_want_untracked(const struct plan *, struct arena *,
                          struct objects *);

/* Makes the rules of the table among 'objects', which is to go, let everything
 * pass first: while the kernel lets go of it, rules that find sets empty, and
 * frames that are not tracked any more, would drop. Returns false if they did
 * so before. */
bool group_let_pass(struct objects *objects);

/* What of the table is there. */
enum group_extent { GROUP_NONE, GROUP_UNTRACKED, GROUP_WHOLE };
enum group_extent group_extent(const struct objects *have);

/* True if 'have' holds the chain that sets the bit, as it should be. */
bool group_judges(const struct plan *, const struct objects *have);

#endif /* src/dataplane/linux/group.h */
