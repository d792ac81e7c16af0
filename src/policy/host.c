/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads "host": what concerns this host alone. */

#include <cordon-config.h>
#include <inttypes.h>
#include <string.h>

#include "lib/arena.h"
#include "policy/build.h"
#include "policy/field.h"
#include "policy/node.h"
#include "policy/scalar.h"
#include "util.h"

enum {
    MAX_UNDERLAY = 64,
    SEGMENT_BITS = 12, /* Room for a VLAN id. */
};

struct host_nodes {
    const struct node *uplink, *bridge, *dataplane, *guard, *underlay,
        *mark_mask;
};

static const struct field host_fields[] = {
    FIELD(struct host_nodes, uplink, FIELD_OPTIONAL),
    FIELD(struct host_nodes, bridge, FIELD_OPTIONAL),
    FIELD(struct host_nodes, dataplane, FIELD_OPTIONAL),
    FIELD(struct host_nodes, guard, FIELD_OPTIONAL),
    FIELD(struct host_nodes, underlay, FIELD_OPTIONAL),
    FIELD(struct host_nodes, mark_mask, FIELD_OPTIONAL),
    FIELDS_END,
};

static void
read_dataplane(struct build *b, const struct node *node,
               struct policy_host *host)
{
    const char *name;

    if (!scalar_string(b, node, "a dataplane's name", &name)) {
        return;
    }
    if (strcmp(name, "linux")) {
        build_error(b, node,
                    "dataplane \"%.60s\" is not there%s; write linux%s", name,
                    !strcmp(name, "ovs") ? " yet" : "",
                    !strcmp(name, "guard")
                        ? ", the kernel module is chosen by \"guard: module\""
                        : "");
        return;
    }
    host->dataplane = DATAPLANE_LINUX;
}

static void
read_guard(struct build *b, const struct node *node, struct policy_host *host)
{
    static const char *const names[] = {
        [GUARD_AUTO] = "auto",
        [GUARD_MODULE] = "module",
        [GUARD_NFTABLES] = "nftables",
    };
    const char *name;

    if (!scalar_string(b, node, "a guard's name", &name)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(name, names[i])) {
            host->guard = i;
            return;
        }
    }
    build_error(b, node,
                "there is no guard \"%.60s\"; write auto, module or nftables",
                name);
}

/* Adds 'p' to the underlay, which has no two prefixes that overlap. */
static void
add_underlay(struct policy_host *host, const struct prefix *p)
{
    size_t n = 0;

    for (size_t i = 0; i < host->n_underlay; i++) {
        if (prefix_contains(&host->underlay[i], p)) {
            return;
        }
    }
    for (size_t i = 0; i < host->n_underlay; i++) {
        if (!prefix_contains(p, &host->underlay[i])) {
            host->underlay[n++] = host->underlay[i];
        }
    }
    host->underlay[n++] = *p;
    host->n_underlay = n;
}

static void
read_underlay(struct build *b, const struct node *node,
              struct policy_host *host)
{
    if (!list_check(b, node, 0, MAX_UNDERLAY, "prefixes")) {
        return;
    }
    host->underlay = ARENA_ARRAY(b->arena, struct prefix, node->n);
    NODE_FOR_EACH (item, node) {
        struct prefix p;

        if (scalar_underlay(b, item, &p)) {
            add_underlay(host, &p);
        }
    }
}

static void
read_mark_mask(struct build *b, const struct node *node,
               struct policy_host *host)
{
    uint32_t ones;
    int64_t mask;

    if (!scalar_integer(b, node, 1, UINT32_MAX, &mask)) {
        return;
    }
    ones = mask >> raw_ctz(mask);
    if (ones & (ones + 1)) {
        build_error(b, node,
                    "\"mark_mask\" %#" PRIx64 " has gaps; its bits "
                    "must be neighbours, as in 0xffff0000",
                    mask);
    } else if (count_1bits(ones) < SEGMENT_BITS) {
        build_error(b, node,
                    "\"mark_mask\" %#" PRIx64 " has %u bits; a VLAN "
                    "needs at least %d, as in 0xffff0000",
                    mask, count_1bits(ones), SEGMENT_BITS);
    } else if (mask == UINT32_MAX) {
        build_error(b, node,
                    "\"mark_mask\" %#" PRIx64 " leaves no bit for tenants' "
                    "rules; leave one, as in 0xffff0000",
                    mask);
    } else {
        host->mark_mask = mask;
    }
}

void
host_read(struct build *b, const struct node *value, struct policy_host *host)
{
    struct host_nodes nodes = { .uplink = NULL };
    const char *name;

    host->where = build_where(value);
    if (!fields_read(b, value, value, "\"host\"", host_fields, &nodes)) {
        return;
    }
    if (scalar_device(b, nodes.uplink, &name)) {
        host->uplink = arena_strdup(b->arena, name);
        host->uplink_where = build_where(nodes.uplink);
        b->uplink = nodes.uplink;
    }
    if (scalar_device(b, nodes.bridge, &name)) {
        host->bridge = arena_strdup(b->arena, name);
        b->bridge = nodes.bridge;
    }
    read_dataplane(b, nodes.dataplane, host);
    read_guard(b, nodes.guard, host);
    read_underlay(b, nodes.underlay, host);
    read_mark_mask(b, nodes.mark_mask, host);
}
