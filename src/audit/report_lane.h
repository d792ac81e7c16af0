/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_REPORT_LANE_H
#define CORDON_AUDIT_REPORT_LANE_H 1

/* What the drawing is of: the segments of each bridge, and who is in them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct host_link;

/* A segment: a VLAN of a bridge. */
struct report_lane {
    const struct host_link *bridge; /* NULL: what is in no bridge. */
    uint16_t vid;                   /* 0: the bridge does not filter VLANs. */
    const struct host_link **links; /* Its ports but trunks, by ifindex. */
    size_t n_links, allocated_links;
    bool host; /* The bridge device itself is in it. */
};

struct report_lanes {
    struct report_lane *lanes; /* By bridge and VLAN; that of no bridge
                                * last. */
    size_t n_lanes, allocated_lanes;
};

void report_lanes_init(struct report_lanes *, const struct audit *);
void report_lanes_done(struct report_lanes *);

/* True for a port of a bridge that carries its VLANs to somewhere else. */
bool report_is_trunk(const struct audit *, const struct host_link *);

#endif /* src/audit/report_lane.h */
