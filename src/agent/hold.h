/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AGENT_HOLD_H
#define CORDON_AGENT_HOLD_H 1

/* Devices that stay closed although the policy would open them: unplugged, or
 * their plug has failed, until they are plugged again or go away. */

#include "openvswitch/hmap.h"

struct inventory;
struct inventory_link;
struct plan;

struct holds {
    struct hmap by_ifindex;
};

void holds_init(struct holds *);
void holds_done(struct holds *);

/* Holds 'link' closed because of 'why', which is copied. */
void holds_add(struct holds *, const struct inventory_link *link,
               const char *why);
void holds_remove(struct holds *, const struct inventory_link *link);

/* Forgets devices that are not in 'inventory' any more and closes the ports
 * of 'plan' on the others. */
void holds_apply(struct holds *, const struct inventory *inventory,
                 struct plan *plan);

#endif /* src/agent/hold.h */
