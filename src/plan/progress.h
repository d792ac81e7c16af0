/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_PLAN_PROGRESS_H
#define CORDON_PLAN_PROGRESS_H 1

/* What of each port differs from what is wanted: changes, summed up by the
 * device, the segment or the whole host that they concern. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/object.h"

/* A set of kinds of objects. */
#define KIND(KIND) (1u << (KIND))
#define KINDS_HOST (KIND(OBJECT_BRIDGE) | KIND(OBJECT_SYSCTL))
#define KINDS_MODULE                                        \
    (KIND(OBJECT_MODULE_HOST) | KIND(OBJECT_MODULE_SEGMENT) \
     | KIND(OBJECT_MODULE_PORT))
#define KINDS_GUARD                                                         \
    (KIND(OBJECT_NFT_TABLE) | KIND(OBJECT_NFT_SET) | KIND(OBJECT_NFT_CHAIN) \
     | KIND(OBJECT_NFT_RULES) | KIND(OBJECT_NFT_ELEMENT))
#define KINDS_GROUPS                                       \
    (KIND(OBJECT_GROUP_TABLE) | KIND(OBJECT_GROUP_SET)     \
     | KIND(OBJECT_GROUP_CHAIN) | KIND(OBJECT_GROUP_RULES) \
     | KIND(OBJECT_GROUP_ELEMENT))
#define KINDS_NFT (KINDS_GUARD | KINDS_GROUPS)
#define KINDS_LOCK (KIND(OBJECT_QDISC) | KIND(OBJECT_FILTER))
#define KINDS_FENCE (KINDS_MODULE | KINDS_NFT | KINDS_LOCK)
#define KINDS_RATE (KIND(OBJECT_SHAPE) | KIND(OBJECT_POLICE))
#define KINDS_SEGMENT                                              \
    (KIND(OBJECT_MASTER) | KIND(OBJECT_BRPORT) | KIND(OBJECT_VLAN) \
     | KIND(OBJECT_FDB))

struct progress_item {
    uint32_t id;
    uint32_t kinds;
};

struct progress {
    uint32_t shared;               /* Kinds that differ for all. */
    struct progress_item *devices; /* By ifindex. */
    size_t n_devices;
    struct progress_item *segments; /* By segment. */
    size_t n_segments;
};

/* Sums up 'changes'. The caller frees with progress_done(). */
void progress_init(struct progress *, const struct changes *changes);
void progress_done(struct progress *);

/* The kinds of objects that differ for the port on 'ifindex' in 'segment' (0:
 * the uplink). */
uint32_t progress_kinds(const struct progress *, uint32_t ifindex,
                        uint32_t segment);

/* Those of objects on 'ifindex' alone. */
uint32_t progress_own_kinds(const struct progress *, uint32_t ifindex);

#endif /* src/plan/progress.h */
