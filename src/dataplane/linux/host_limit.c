/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What all of the namespace shares must be enough for what each port may
 * have, or one tenant's keep out another's: entries of conntrack, memory of
 * fragments. Called by sysctl.c. */

#include <cordon-config.h>
#include "dataplane/linux/host_limit.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/linux/group.h"
#include "lib/arena.h"
#include "plan/plan.h"
#include "plan/rule.h"
#include "policy/policy.h"
#include "util.h"

/* Entries in a bucket of conntrack's hash table, at most, on average. */
#define CHAIN 4

/* Seconds that fragments wait for the others. */
#define FRAGMENT_TIME 3

/* What the fragments of a port take that come within that time, from it and
 * to it (GROUP_FRAGMENTS, with what the kernel needs for each), and what those
 * of all ports may. */
#define FRAGMENT_BYTES (UINT64_C(4) << 20)
#define FRAGMENT_BYTES_MAX (UINT64_C(256) << 20)

const char *const host_limit_names[HOST_N_LIMITS] = {
    "net/netfilter/nf_conntrack_tcp_loose",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_buckets",
    "net/ipv4/ipfrag_time",
    "net/netfilter/nf_conntrack_frag6_timeout",
    "net/ipv4/ipfrag_high_thresh",
    "net/netfilter/nf_conntrack_frag6_high_thresh",
};

size_t
host_limits(const struct plan *plan, struct host_limit *limits)
{
    uint64_t connections = HOST_CONNECTIONS, fragments = 0;

    if (!plan_filtered(plan)) {
        return 0;
    }
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct plan_port *port = &plan->ports[i];

        if (group_filters(plan, port) && rule_stateful(port->interface)) {
            connections += 2 * (uint64_t) port->interface->max_connections;
            fragments += FRAGMENT_BYTES;
        }
    }
    connections = MIN(connections, INT_MAX);
    fragments = MIN(fragments, FRAGMENT_BYTES_MAX);

    const struct host_limit wanted[] = {
        /* A connection is opened by its first packet, not by one from its
         * middle. */
        { host_limit_names[0], LIMIT_EXACTLY, 0 },
        { host_limit_names[1], LIMIT_AT_LEAST, connections },
        { host_limit_names[2], LIMIT_AT_LEAST, connections / CHAIN },
        { host_limit_names[3], LIMIT_AT_MOST, FRAGMENT_TIME },
        { host_limit_names[4], LIMIT_AT_MOST, FRAGMENT_TIME },
        { host_limit_names[5], LIMIT_AT_LEAST, fragments },
        { host_limit_names[6], LIMIT_AT_LEAST, fragments },
    };

    memcpy(limits, wanted, sizeof wanted);
    return ARRAY_SIZE(wanted);
}

const char *
host_limit_text(const struct host_limit *l, struct arena *arena)
{
    return arena_printf(arena, "%" PRIu64, l->value);
}

bool
host_limit_holds(const struct host_limit *l, const char *text)
{
    uint64_t value;
    int n = 0;

    if (sscanf(text, "%" SCNu64 "%n", &value, &n) != 1 || text[n]) {
        return false;
    }
    switch (l->relation) {
    case LIMIT_EXACTLY:
        return value == l->value;

    case LIMIT_AT_LEAST:
        return value >= l->value;

    case LIMIT_AT_MOST:
        return value <= l->value;
    }
    OVS_NOT_REACHED();
}
