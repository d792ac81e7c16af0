/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sorts the ports of bridges by VLAN. */

#include <cordon-config.h>
#include "audit/report_lane.h"

#include <stdlib.h>
#include <string.h>

#include "audit/host.h"
#include "audit/report_private.h"
#include "policy/policy.h"
#include "util.h"

bool
report_is_trunk(const struct audit *a, const struct host_link *link)
{
    bool tagged = false;

    if (!link->port || report_port_of(a, link)) {
        return false;
    }
    if (a->policy && a->policy->host.uplink
        && !strcmp(a->policy->host.uplink, link->name)) {
        return true;
    }
    for (size_t i = 0; i < link->n_vlans; i++) {
        tagged = tagged || !link->vlans[i].untagged;
    }
    return tagged || link->type == HOST_LINK_PHYSICAL
           || link->type == HOST_LINK_BOND || link->type == HOST_LINK_TEAM;
}

static struct report_lane *
lane(struct report_lanes *l, const struct host_link *bridge, uint16_t vid)
{
    struct report_lane *new;

    /* The last ones are the likely ones. */
    for (size_t i = l->n_lanes; i-- > 0;) {
        if (l->lanes[i].bridge == bridge && l->lanes[i].vid == vid) {
            return &l->lanes[i];
        }
    }
    if (l->n_lanes == l->allocated_lanes) {
        l->lanes = x2nrealloc(l->lanes, &l->allocated_lanes, sizeof *l->lanes);
    }
    new = &l->lanes[l->n_lanes++];
    *new = (struct report_lane){ .bridge = bridge, .vid = vid };
    return new;
}

static void
add(struct report_lane *l, const struct host_link *link)
{
    if (l->n_links == l->allocated_links) {
        l->links = x2nrealloc(l->links, &l->allocated_links, sizeof *l->links);
    }
    l->links[l->n_links++] = link;
}

static int
lane_cmp(const void *a_, const void *b_)
{
    const struct report_lane *a = a_, *b = b_;

    if (a->bridge != b->bridge) {
        return !a->bridge                                ? 1
               : !b->bridge                              ? -1
               : a->bridge->ifindex < b->bridge->ifindex ? -1
                                                         : 1;
    }
    return (int) a->vid - (int) b->vid;
}

/* A device that is a port of a bridge. */
static void
add_port(struct report_lanes *l, const struct audit *a,
         const struct host_link *link, const struct host_link *bridge)
{
    bool trunk = report_is_trunk(a, link);

    if (!bridge->bridge->vlan_filtering) {
        struct report_lane *only = lane(l, bridge, 0);

        if (!trunk) {
            add(only, link);
        }
        return;
    }
    for (size_t i = 0; i < link->n_vlans; i++) {
        struct report_lane *in = lane(l, bridge, link->vlans[i].vid);

        if (!trunk) {
            add(in, link);
        }
    }
    if (!link->n_vlans && !trunk) {
        add(lane(l, NULL, 0), link);
    }
}

void
report_lanes_init(struct report_lanes *l, const struct audit *a)
{
    *l = (struct report_lanes){ NULL, 0, 0 };
    for (size_t i = 0; i < a->host->n_links; i++) {
        const struct host_link *link = &a->host->links[i];
        const struct host_link *bridge =
            link->port ? host_link(a->host, link->port->bridge) : NULL;

        if (bridge && bridge->bridge) {
            add_port(l, a, link, bridge);
        } else if (report_port_of(a, link)) {
            add(lane(l, NULL, 0), link);
        }
        if (link->bridge && !link->bridge->vlan_filtering) {
            lane(l, link, 0)->host = true;
        } else if (link->bridge) {
            for (size_t j = 0; j < link->n_vlans; j++) {
                lane(l, link, link->vlans[j].vid)->host = true;
            }
        }
    }
    if (l->n_lanes) {
        qsort(l->lanes, l->n_lanes, sizeof *l->lanes, lane_cmp);
    }
}

void
report_lanes_done(struct report_lanes *l)
{
    for (size_t i = 0; i < l->n_lanes; i++) {
        free(l->lanes[i].links);
    }
    free(l->lanes);
}
